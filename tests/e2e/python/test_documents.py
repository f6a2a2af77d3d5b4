"""The lines of curl in the documents work as they are typed, and give what the documents show."""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[3]
SERVED_AT = "127.0.0.1:50051"  # in all documents


def commands() -> list:
    """Each command, with what the block after it shows of the answer."""
    found = []
    for document in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        text = document.read_text()
        for match in re.finditer(r"^ *(curl (?:[^\n]*\\\n)*[^\n]*)$(?:\n```\n\n```\n(HTTP/.*?)\n```)?", text, re.MULTILINE | re.DOTALL):
            if SERVED_AT in match[1]:
                line = text.count("\n", 0, match.start()) + 1
                found.append(pytest.param(match[1], match[2], id=f"{document.relative_to(ROOT)}:{line}"))
    return found


@pytest.mark.parametrize("command, shown", commands())
def test_a_line_of_curl_works_as_it_is_typed(everything, command, shown):
    quiet = "curl --silent --show-error --noproxy '*' --max-time 20 --write-out '\\n%{http_code}' "
    typed = command.replace("curl ", quiet, 1).replace(SERVED_AT, everything.address)
    out = subprocess.run(["sh", "-c", typed], capture_output=True, text=True, timeout=60)
    assert out.returncode == 0, out.stderr
    answer, _, status = out.stdout.replace("\r\n", "\n").rpartition("\n")
    if shown is None:
        assert status == "200", answer
        return
    head, _, body = answer.partition("\n\n")
    shown_head, _, shown_body = shown.partition("\n\n")
    assert body == shown_body
    assert set(shown_head.split("\n")) <= set(head.split("\n"))


def test_the_readme_and_the_page_about_the_web_have_such_lines():
    assert {"README.md", "docs/web.md"} <= {command.id.partition(":")[0] for command in commands()}
