"""Writes the character classes the pre-tokenizers split by, from Unicode 15.1, the version llama.cpp uses.

    pip install --target /tmp/unicode unicodedata2==15.1.0
    PYTHONPATH=/tmp/unicode python3 tests/llamacpp/categories.py
"""

import pathlib
import subprocess

import unicodedata2

TARGET = pathlib.Path(__file__).parents[2] / "src-tauri/crates/worker/src/tokenizer/pre/categories.rs"
CLASSES = {"L": "Letter", "N": "Number", "M": "Mark", "P": "Punctuation", "S": "Symbol"}

assert unicodedata2.unidata_version == "15.1.0"
ranges = {name: [] for name in CLASSES.values()}
for code in range(0x80, 0x110000):
    name = CLASSES.get(unicodedata2.category(chr(code))[0])
    if name is None:
        continue
    if ranges[name] and ranges[name][-1][1] == code - 1:
        ranges[name][-1][1] = code
    else:
        ranges[name].append([code, code])

lines = [
    "//! Character classes beyond ASCII as of Unicode 15.1; written by `tests/llamacpp/categories.py`, not by hand.",
    "",
    "use super::characters::Class;",
    "",
    "/// Each class with its code points, as first and last of each run.",
    "#[rustfmt::skip]",
    f"pub(super) const CLASSES: [(Class, &[(u32, u32)]); {len(ranges)}] = [",
]
for name, runs in ranges.items():
    lines.append(f"    (Class::{name}, &[")
    for at in range(0, len(runs), 6):
        cells = " ".join(f"({first:#x}, {last:#x})," for first, last in runs[at : at + 6])
        lines.append(f"        {cells}")
    lines.append("    ]),")
lines.append("];")
TARGET.write_text("\n".join(lines) + "\n")
