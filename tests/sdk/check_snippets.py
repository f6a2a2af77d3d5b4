"""Checks that every C, C++, Go, Rust, AssemblyScript, JavaScript, Zig, CMake and TOML snippet of a document stands, line
by line, in a file of the folders, which are compiled.

Usage: check_snippets.py DOCUMENT FOLDER...
"""

import pathlib
import re
import sys


def lines_of(text):
    """The lines without indentation and trailing comments' padding; empty ones do not count."""
    return [re.sub(r"\s+", " ", line.strip()) for line in text.splitlines() if line.strip()]


def contains(haystack, needle):
    return any(haystack[i : i + len(needle)] == needle for i in range(len(haystack) - len(needle) + 1))


def main(document, *folders):
    paths = [path for folder in folders for path in sorted(pathlib.Path(folder).iterdir())]
    files = [lines_of(path.read_text()) for path in paths if path.is_file()]
    snippets = re.findall(r"^```(?:c|cpp|go|rust|ts|js|zig|cmake|toml)\n(.*?)^```", pathlib.Path(document).read_text(), re.M | re.S)
    if not snippets:
        sys.exit(f"{document} has no snippets to check")
    missing = [s for s in snippets if not any(contains(file, lines_of(s)) for file in files)]
    for snippet in missing:
        print(f"not in any file of {', '.join(folders)}:\n{snippet}", file=sys.stderr)
    print(f"{len(snippets) - len(missing)} of {len(snippets)} snippets are compiled code")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
