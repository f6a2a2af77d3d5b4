"""From nothing to an answer in at most ten commands, in each language: those that its page shows, and `wasm-grpc new` prints, are run
as they are, but for the port."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

import new_project
from server import Server

MOST = 10
LIMIT = 500
SOURCES = pathlib.Path(__file__).parents[3]
HELLO = ('{"name": "World"}', '"text": "Hello, World!"')
pytestmark = pytest.mark.timeout(900)


def commands_of_page(language, heading):
    """The first block of commands below the heading, or behind that line of text."""
    text = (SOURCES / f"docs/guest-{language}.md").read_text()
    block = re.search(rf"^{re.escape(heading)}\n\n((?:    .*\n)+)", text, re.MULTILINE)
    assert block, f"guest-{language}.md has no commands below {heading!r}"
    return [line.strip() for line in block[1].splitlines()]


def said_of(language):
    """How many docs/guests.md says that they are."""
    rows = [line.split("|") for line in (SOURCES / "docs/guests.md").read_text().splitlines() if line.startswith("|")]
    [counts] = [row for row in rows if row[1].strip() == "commands to a first answer"]
    [column] = [at for at, name in enumerate(rows[0]) if name.strip().endswith(f"(guest-{language}.md)")]
    return int(counts[column])


class Walk:
    """A user at a shell, who stays in the folder that `cd` has led to."""

    def __init__(self, folder, environment):
        self.folder = folder
        self.environment = environment
        self.commands = 0

    def run(self, command):
        self.commands += 1
        if command.startswith("cd "):
            self.folder /= command.removeprefix("cd ")
            return ""
        return new_project.run("sh", "-c", command, limit=LIMIT, cwd=self.folder, env=self.environment)

    def serve_and_call(self, serve, call):
        """The server's command and the client's, on a port of the test's; what the client prints."""
        self.commands += 2
        assert serve.startswith("wasm-grpc serve ") and call.startswith("wasm-grpc call 127.0.0.1:50051 ")
        server = Server(self.folder, ["sh", "-c", f"exec {serve} --listen 127.0.0.1:0"], cwd=self.folder, env=self.environment)
        try:
            call = call.replace("127.0.0.1:50051", server.address)
            return new_project.run("sh", "-c", call, cwd=self.folder, env=self.environment)
        finally:
            server.stop()


@pytest.fixture
def walk(program, tmp_path):
    """walk(folders...): with the program, and what is in these folders, on PATH."""

    def begin(*folders, **more):
        path = os.pathsep.join(str(folder) for folder in (program.parent, *folders, os.environ["PATH"]))
        return Walk(tmp_path, os.environ | more | {"PATH": path})

    return begin


def toolchain(language, program):
    """The folders of the compiler, and what else it is to know."""
    if language == "rust":
        found = subprocess.run([SOURCES / "scripts/build-rust-std"], capture_output=True, text=True, timeout=LIMIT)
        if found.returncode == 3:
            pytest.skip("guests in Rust are not built here: " + found.stderr)
        more = dict(line.split("=", 1) for line in found.stdout.splitlines())
        return [more.pop("PATH").split(os.pathsep)[0]], more
    if language == "zig":
        zig = os.environ.get("WASM_GRPC_TEST_ZIG")
        if not zig:
            pytest.skip("guests in Zig are not built here: scripts/guest-toolchains installs Zig")
        return [pathlib.Path(zig).parent], {"ZIG_GLOBAL_CACHE_DIR": str(program.parent / "zig_cache")}
    if language == "assemblyscript":
        asc = os.environ.get("WASM_GRPC_TEST_ASC")
        if not asc:
            pytest.skip("guests in AssemblyScript are not built here: scripts/guest-toolchains installs asc")
        return [], {}
    if language == "go" and not shutil.which("go"):
        pytest.skip("guests in Go are not built here: they need Go 1.24")
    return [], {}


@pytest.mark.parametrize("language", ["cpp", "go", "rust", "zig", "assemblyscript"])
def test_a_service_is_made_built_served_and_called(program, walk, language):
    folders, more = toolchain(language, program)
    user = walk(*folders, **more)
    shown = commands_of_page(language, "## 2. A project" if language == "cpp" else "## A project")
    assert shown[0].startswith("wasm-grpc new ") and shown[1] == "cd hello"
    printed = [line.strip() for line in user.run(shown[0]).splitlines() if line.startswith("  ")]
    for command in shown[1:]:
        assert any(other.startswith(command) for other in printed), f"the page shows {command!r}, and new prints {printed}"

    *steps, serve, call = printed
    for command in steps:
        if command == "npm install":  # what it does, without the registry
            user.commands += 1
            new_project.stand_in_for_npm(user.folder, os.environ["WASM_GRPC_TEST_ASC"])
        else:
            user.run(command)
    request, answer = HELLO
    assert request in call
    assert answer in user.serve_and_call(serve, call)
    assert user.commands == said_of(language) <= MOST


def test_a_greeter_in_c_is_built_served_and_called(walk, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "clang").symlink_to(shutil.which("clang-19"))  # as Debian calls it
    (tmp_path / "wasm-grpc").symlink_to(SOURCES)
    for file in ("greeter_c/greeter_c.c", "greeter/helloworld.proto"):
        shutil.copy(SOURCES / "examples" / file, tmp_path)
    user = walk(tools)
    build, serve, call = commands_of_page("c", "Build it, serve it, call it:")
    user.run(build)
    assert "World" in user.serve_and_call(serve, call)
    assert user.commands == said_of("c") <= MOST
