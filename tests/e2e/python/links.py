"""Follows every link in the project's pages of Markdown to a file, and to a heading in one. Links to other hosts are not
followed.

Usage: links.py SOURCE_FOLDER
"""

import os
import pathlib
import re
import subprocess
import sys

LINK = re.compile(r"(?<!!)\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6} +(.*?) *$", re.MULTILINE)


def anchors_of(text: str) -> set[str]:
    """The anchors that forges make of headings: GitHub's rule."""
    anchors: set[str] = set()
    for heading in HEADING.findall(re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        anchor = base = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        number = 0
        while anchor in anchors:
            number += 1
            anchor = f"{base}-{number}"
        anchors.add(anchor)
    return anchors


def complaints_about(page: pathlib.Path, text: str, root: pathlib.Path) -> list[str]:
    complaints = []
    for target in LINK.findall(CODE.sub("", text)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = pathlib.Path(os.path.normpath(page.parent / path)) if path else page
        if not file.exists():
            complaints.append(f"{page.relative_to(root)}: {target} is not there")
        elif anchor and file.suffix == ".md" and anchor not in anchors_of(file.read_text(encoding="utf-8")):
            complaints.append(f"{page.relative_to(root)}: {target}: the page has no such heading")
    return complaints


def main() -> int:
    root = pathlib.Path(sys.argv[1]).resolve()
    assert anchors_of("# A `b`, [c](d): e\n## A\n## A\n") == {"a-b-c-e", "a", "a-1"}
    broken = "[x](nothing.md) [y](README.md#nothing)"
    assert len(complaints_about(root / "README.md", broken, root)) == 2, "a check that takes everything is none"
    listed = subprocess.run(["git", "-C", root, "ls-files", "-z", "*.md"], capture_output=True, text=True)
    names = [name for name in listed.stdout.split("\0") if name]
    pages = [root / name for name in names] or [page for page in root.rglob("*.md") if "build" not in page.relative_to(root).parts]
    complaints = [one for page in pages if page.exists() for one in complaints_about(page, page.read_text(encoding="utf-8"), root)]
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    print(f"{len(pages)} pages, {len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
