"""Holds docs/life-of-a-call.md to the tree: every file it names is there, every function it names is in the file named
with it, and every folder of src/ is on the way or said to be beside it.

Usage: life_of_a_call.py SOURCE_FOLDER
"""

import pathlib
import re
import sys

CODE = re.compile(r"`([^`\n]+)`")
FUNCTION = re.compile(r"[A-Z]\w*::~?\w+$")
STEP = re.compile(r"^\d+\. ", re.MULTILINE)
LEAST_STEPS = 15


def parts_of(text: str) -> list[str]:
    """The steps, and the paragraphs around them."""
    parts = []
    for paragraph in text.split("\n\n"):
        begins = [found.start() for found in STEP.finditer(paragraph)]
        parts += [paragraph[a:b] for a, b in zip([0, *begins], [*begins, len(paragraph)]) if paragraph[a:b].strip()]
    return parts


def complaints_about(text: str, root: pathlib.Path) -> list[str]:
    complaints = []
    named = set()
    for part in parts_of(text):
        words = CODE.findall(part)
        files = [root / word for word in words if word.startswith("src/") and word != "src/"]
        for file in files:
            named.add(file.relative_to(root).parts[1])
            if not file.exists():
                complaints.append(f"{file.relative_to(root)}: there is no such file")
        sources = "\n".join(file.read_text(encoding="utf-8") for file in files if file.is_file())
        for function in filter(FUNCTION.match, words):
            name = function.rpartition("::")[2]
            if files and not re.search(rf"(?<!\w){re.escape(name)}\(", sources):
                complaints.append(f"{function}: it is in none of the files named with it")
    rooms = {folder.name for folder in (root / "src").iterdir() if folder.is_dir()}
    complaints += [f"src/{room}: it is neither on the way nor beside it" for room in sorted(rooms - named)]
    return complaints


def check_it_bites(root: pathlib.Path) -> None:
    for text, complaint in {
        "1. `src/http2/nothing.cc`": "src/http2/nothing.cc: there is no such file",
        "1. `src/http2/session.cc`, `Session::levitate`": "Session::levitate: it is in none",
        "1. `src/http2/session.cc`": "src/net: it is neither",
    }.items():
        assert any(found.startswith(complaint) for found in complaints_about(text, root)), complaint


def main() -> int:
    root = pathlib.Path(sys.argv[1]).resolve()
    check_it_bites(root)
    text = (root / "docs" / "life-of-a-call.md").read_text(encoding="utf-8")
    steps = len(STEP.findall(text))
    assert steps >= LEAST_STEPS, f"found only {steps} steps"
    complaints = complaints_about(text, root)
    for complaint in complaints:
        print(f"docs/life-of-a-call.md: {complaint}", file=sys.stderr)
    print(f"{steps} steps, {len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
