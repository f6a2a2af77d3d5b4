"""Checks that the diff which a document shows is that of two files.

Usage: check_diff.py DOCUMENT OLD NEW
"""

import difflib
import pathlib
import re
import sys


def main(document, old, new):
    before, after = (pathlib.Path(file).read_text().splitlines() for file in (old, new))
    diff = list(difflib.unified_diff(before, after, n=1, lineterm=""))[2:]  # without the names of the files
    diff = [re.sub(r"^@@.*", "@@", line) for line in diff]
    shown = re.findall(r"^```diff\n(.*?)^```", pathlib.Path(document).read_text(), re.M | re.S)
    if "\n".join(diff) + "\n" in shown:
        return 0
    print(f"{document} does not show the diff of {old} and {new}, which is:", *diff, sep="\n", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
