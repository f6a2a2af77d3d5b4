"""wasm-grpc dev: a guest that is built, served, and built and served again when its sources change."""

import os
import shutil
import subprocess

import pytest
import versioned_pb2_grpc
from server import Server, eventually
from versions import version_of

LIMIT = 30


@pytest.fixture
def versions(guest):
    return {version: guest(f"versioned_{version}") for version in (1, 2)}


@pytest.fixture
def project(tmp_path, versions):
    """A folder whose source is the number of a version, and how that is built."""
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "version").write_text("1")
    for version, file in versions.items():
        shutil.copyfile(file, tmp_path / f"{version}.bin")
    return folder


# Whole or not at all, as compilers do it.
BUILD = "cp ../$(cat src/version).bin made.tmp && mv made.tmp made.wasm"


@pytest.fixture
def dev(program, tmp_path_factory):
    servers = []

    def start(*arguments, **process) -> Server:
        command = [program, "dev", *arguments, "--listen", "127.0.0.1:0", "--workers", "1"]
        servers.append(Server(tmp_path_factory.mktemp("dev"), command, **process))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def stub_of(connect, server):
    return versioned_pb2_grpc.VersionedStub(connect(server))


def comes_to(stub, version):
    eventually(lambda: version_of(stub) == version, f"version {version} is served", LIMIT)


def test_a_source_that_changes_is_built_and_served(dev, project, connect):
    server = dev(project, "--build", BUILD, "--module", "made.wasm")
    stub = stub_of(connect, server)
    assert version_of(stub) == 1
    server.wait_for_log(r'access.*/test\.Versioned/Unary')  # each call is told of
    (project / "src" / "version").write_text("2")
    comes_to(stub, 2)
    # So is one in a folder that is new.
    (project / "more").mkdir()
    (project / "more" / "notes").write_text("")
    builds = server.log.count("wasm-grpc: building: ")
    (project / "more" / "notes").write_text("changed")
    eventually(lambda: server.log.count("wasm-grpc: building: ") > builds, "it is built again", LIMIT)


def test_a_build_that_fails_leaves_what_is_served(dev, project, connect):
    server = dev(project, "--build", BUILD, "--module", "made.wasm")
    stub = stub_of(connect, server)
    (project / "src" / "version").write_text("none")
    server.wait_for_log("wasm-grpc: the build failed; what was built before serves on")
    assert version_of(stub) == 1
    (project / "src" / "version").write_text("2")
    comes_to(stub, 2)


def test_a_first_build_that_fails_is_tried_again(program, project, tmp_path):
    (project / "src" / "version").write_text("none")
    socket = tmp_path / "socket"
    command = [program, "dev", project, "--build", BUILD, "--module", "made.wasm", "--listen", f"unix:{socket}"]
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:

        def said(text: str) -> bool:
            assert process.poll() is None, (tmp_path / "log").read_text()
            return text in (tmp_path / "log").read_text()

        eventually(lambda: said("it is tried again when a source changes"), "the build failed", LIMIT)
        (project / "src" / "version").write_text("2")
        eventually(lambda: said("listening on "), "it serves", LIMIT)
    finally:
        process.terminate()
        assert process.wait(LIMIT) == 0


def test_a_module_is_served_and_watched(dev, tmp_path, versions, connect):
    file = tmp_path / "module.wasm"
    shutil.copyfile(versions[1], file)
    stub = stub_of(connect, dev(file))
    assert version_of(stub) == 1
    shutil.copyfile(versions[2], file)
    comes_to(stub, 2)


# The file by which a project is known, the program that builds it, what that is asked, and where the module is then.
KINDS = {
    "CMakeLists.txt": ("cmake", "--build build", "build/guests/a.wasm"),
    "Cargo.toml": ("cargo", "build --release --target wasm32-wasip1", "target/wasm32-wasip1/release/a.wasm"),
    "go.mod": ("go", "build -buildmode=c-shared -o module.wasm .", "module.wasm"),
    "package.json": ("npm", "run build", "build/release.wasm"),
    "build.zig": ("zig", "build", "zig-out/bin/a.wasm"),
}


@pytest.mark.parametrize("file", KINDS)
def test_how_a_project_is_built_is_known_by_its_files(dev, project, tmp_path, connect, file):
    name, asked, module = KINDS[file]
    (project / file).write_text("")
    tools = tmp_path / "tools"
    tools.mkdir()
    place = project / module
    script = f"""#!/bin/sh
case "$*" in
  "{asked}") mkdir -p "{place.parent}" && cp "{tmp_path}/$(cat src/version).bin" "{place}.tmp" && mv "{place}.tmp" "{place}" ;;
  "-B build -G Ninja") mkdir -p build && touch build/CMakeCache.txt ;;
  install) mkdir -p node_modules ;;
  *) echo "unexpected: $*"; exit 1 ;;
esac
"""
    (tools / name).write_text(script)
    (tools / name).chmod(0o755)
    server = dev(project, env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"})
    stub = stub_of(connect, server)
    assert version_of(stub) == 1
    (project / "src" / "version").write_text("2")
    comes_to(stub, 2)


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["nowhere"], "nowhere: there is no such file or folder"),
        (["."], "nothing there says how it is built; expected one of CMakeLists.txt, Cargo.toml, "),
        ([".", "--build", "true"], "--build COMMAND and --module FILE belong together"),
        (["file", "--build", "true", "--module", "m"], "--build and --module go with a folder, and file is a file"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_line(program, tmp_path, arguments, said):
    (tmp_path / "file").write_text("")
    done = subprocess.run([program, "dev", *arguments], capture_output=True, text=True, timeout=LIMIT, cwd=tmp_path)
    assert done.returncode == 1
    assert said in done.stderr and done.stderr.count("\n") == 1
