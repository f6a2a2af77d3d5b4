"""Holds CONTRIBUTING.md to what there is: every file, folder, make target and function that it names.

Usage: contributing.py SOURCE_FOLDER
"""

import pathlib
import re
import sys

PATH = re.compile(r"`([\w.][\w.-]*(?:/[\w.-]*)*)`")
TARGET = re.compile(r"\bmake ([a-z-]+)\b")
# In backticks, and a word rather than a file.
WORDS = re.compile(r"^(?:[a-z0-9]+_[a-z0-9_]+|NO_LIMITS)$")
SECTIONS = ("a setting", "a facade", "a guest language", "an import module")


def complaints_about(text: str, root: pathlib.Path) -> list[str]:
    complaints = [f"there is no {name}" for name in PATH.findall(text) if not WORDS.match(name) and not (root / name).exists()]
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    complaints += [f"there is no make {name}" for name in TARGET.findall(text) if name not in targets]
    for section in SECTIONS:
        body = re.search(rf"^## To add {section}\n(.*?)(?=^## )", text, re.MULTILINE | re.DOTALL)
        steps = body and re.findall(r"^\d+\. .*(?:\n   .*)*", body.group(1), re.MULTILINE)
        if not steps:
            complaints.append(f"nothing says how to add {section}")
        else:
            complaints += [f"{section}: a step without a file: {step}" for step in steps if not PATH.search(step) and "docs/" not in step]
    # Functions and tables that a step names are in the file that it names them of.
    for name, file in re.findall(r"`(\w+)` of `([\w./-]+)`", text):
        if (root / file).is_file() and name not in (root / file).read_text(encoding="utf-8"):
            complaints.append(f"{file} has no {name}")
    return complaints


def main() -> int:
    root = pathlib.Path(sys.argv[1]).resolve()
    text = (root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert complaints_about(text + "\nsee `src/nothing.cc`", root), "a check that takes everything is none"
    complaints = complaints_about(text, root)
    for complaint in complaints:
        print(f"CONTRIBUTING.md: {complaint}", file=sys.stderr)
    print(f"{len(PATH.findall(text))} names, {len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
