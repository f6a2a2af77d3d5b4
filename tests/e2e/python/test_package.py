"""What `cmake --install` puts down is enough for others: a guest and a program are built with it, and work together.

The sources are in tests/package; they are copied away, so that nothing of this tree can be found by accident.
"""

import os
import pathlib
import shutil
import subprocess

import grpc
import new_project
import pytest
from server import Server

LIMIT = 20
BUILD_LIMIT = 200
CONSUMERS = pathlib.Path(os.environ.get("WASM_GRPC_TEST_CONSUMERS", ""))
CMAKE = os.environ.get("WASM_GRPC_TEST_CMAKE", "cmake")

pytestmark = pytest.mark.timeout(BUILD_LIMIT)


def run(*command) -> str:
    done = subprocess.run(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=BUILD_LIMIT
    )
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}"
    return done.stdout


def build(project: str, folder: pathlib.Path, *settings) -> pathlib.Path:
    """Copies a project to `folder`, builds it there, and returns the build folder."""
    source, built = folder / project, folder / f"{project}-build"
    shutil.copytree(CONSUMERS / project, source)
    generator = os.environ["WASM_GRPC_TEST_GENERATOR"]
    run(CMAKE, "-S", source, "-B", built, "-G", generator, "-DCMAKE_BUILD_TYPE=Release", *settings)
    run(CMAKE, "--build", built)
    return built


@pytest.fixture(scope="module")
def prefix(tmp_path_factory) -> pathlib.Path:
    """Where the build was installed; moved after that, for a package must not know where it was put."""
    folder = tmp_path_factory.mktemp("package")
    run(CMAKE, "--install", os.environ["WASM_GRPC_TEST_BUILD"], "--prefix", folder / "first")
    (folder / "first").rename(folder / "moved")
    return folder / "moved"


@pytest.fixture(scope="module")
def shout(prefix, tmp_path_factory) -> pathlib.Path:
    """The guest of tests/package/guest, built beside the host's compiler."""
    built = build("guest", tmp_path_factory.mktemp("beside"), f"-DCMAKE_PREFIX_PATH={prefix}")
    return built / "guests" / "shout.wasm"


def assert_shouts(channel, failure):
    method = channel.unary_unary("/package.Test/Shout")
    assert method(b"hello, package", timeout=LIMIT) == b"HELLO, PACKAGE"
    with failure(grpc.StatusCode.INVALID_ARGUMENT) as refused:
        method(b"", timeout=LIMIT)
    assert refused.details == "there is nothing to shout"


def test_the_installed_program_serves_a_guest_built_with_the_installed_sdk(prefix, shout, connect, failure, tmp_path):
    server = Server(tmp_path, [prefix / "bin" / "wasm-grpc", "serve", shout, "--listen", "127.0.0.1:0"])
    try:
        assert_shouts(connect(server), failure)
    finally:
        server.stop()


def test_the_installed_library_serves_it_from_a_program_of_ones_own(prefix, shout, connect, failure, tmp_path):
    built = build("program", tmp_path, f"-DCMAKE_PREFIX_PATH={prefix}")
    server = Server(tmp_path, [built / "program", shout])
    try:
        assert_shouts(connect(server), failure)
        assert connect(server).unary_unary("/package.Native/Count")(b"12345", timeout=LIMIT) == b"\5"
    finally:
        server.stop()


def test_the_installed_component_serves_it_from_a_grpc_server_of_ones_own(prefix, shout, connect, failure, tmp_path):
    if not list(prefix.glob("lib*/**/WasmGrpcGrpcppTargets.cmake")):
        pytest.skip("built without grpc++")
    built = build("grpcpp", tmp_path, f"-DCMAKE_PREFIX_PATH={prefix}")
    server = Server(tmp_path, [built / "grpcpp_program", shout])
    try:
        assert_shouts(connect(server), failure)
    finally:
        server.stop()


def test_a_guest_built_under_the_toolchain_file_works_too(prefix, connect, failure, tmp_path):
    (toolchain,) = prefix.glob("lib*/**/WasmGrpcGuest/wasi-toolchain.cmake")
    built = build("guest", tmp_path, "--toolchain", toolchain, f"-DWasmGrpcGuest_DIR={toolchain.parent}")
    (guest,) = built.rglob("shout.wasm")
    server = Server(tmp_path, [prefix / "bin" / "wasm-grpc", "serve", guest, "--listen", "127.0.0.1:0"])
    try:
        assert_shouts(connect(server), failure)
    finally:
        server.stop()


def test_the_installed_program_makes_projects_that_use_the_installed_sdk(prefix, tmp_path):
    new_project.make(prefix / "bin" / "wasm-grpc", tmp_path / "hello")
    new_project.build(tmp_path / "hello")
    assert "100% tests passed" in new_project.test(tmp_path / "hello")
    found = (tmp_path / "hello" / "build" / "CMakeCache.txt").read_text()
    for what in ("WasmGrpcGuest_DIR:PATH", "WASM_GRPC_PROTOC_PLUGIN:FILEPATH", "WASM_GRPC:FILEPATH"):
        assert f"\n{what}={prefix}/" in found, f"{what} is not what was installed"


def test_the_package_asks_for_a_version_it_has(prefix, tmp_path):
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(newer CXX)\nfind_package(WasmGrpc 0.2 REQUIRED)\n"
    )
    done = subprocess.run(
        [CMAKE, "-S", tmp_path, "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={prefix}"],
        capture_output=True,
        text=True,
        timeout=BUILD_LIMIT,
    )
    assert done.returncode != 0 and "0.2" in done.stderr
