"""Protobuf's own test files compile as what protoc-gen-wasm-grpc makes of them: those of its version 21, which has no editions, read
by the protoc of that time, and those of version 27 by a current one, with files of the editions among them."""

import concurrent.futures
import os
import pathlib
import subprocess
import sys

import pytest

SOURCES = pathlib.Path(os.environ["WASM_GRPC_TEST_SOURCES"])
FILES = pathlib.Path(os.environ["WASM_GRPC_TEST_PROTOBUF"])
PLUGIN = os.environ["WASM_GRPC_TEST_PLUGIN"]
OF_THAT_TIME = [os.environ["WASM_GRPC_TEST_PROTOC"]]
CURRENT = [sys.executable, "-m", "grpc_tools.protoc"]
FLAGS = ["-std=c++20", "-Wall", "-Wextra", "-Wshadow", "-Werror", f"-I{SOURCES / 'sdk/cpp/include'}",
         f"-idirafter{SOURCES / 'sdk/c/include'}"]
GUEST = ["clang++-19", "--target=wasm32-wasi", "-fno-exceptions", "-fno-rtti", "-mbulk-memory", "-D_WASI_EMULATED_SIGNAL", *FLAGS]
HOST = ["g++", *FLAGS]
INCLUDES_FIRST = '#include "wasm_grpc/guest.h"\n#include "wasm_grpc/guest/client.h"\n#include "wasm_grpc/guest/wire_field.h"\n'
pytestmark = pytest.mark.timeout(900)


def run(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=200)


def at_once(work, names):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(work, names))


class Version:
    """The test files of a version, as C++; `refused` are those that protoc itself does not take, with what it says."""

    def __init__(self, name, protoc, folder):
        root = FILES / name
        if not root.exists():
            pytest.skip(f"protobuf's test files are not there: the crate protobuf-src of tests/protoc/{name} could not be fetched")
        self.out = folder
        self.names = sorted(str(path.relative_to(root)) for path in (root / "google/protobuf").glob("*.proto"))
        command = [*protoc, f"--plugin=protoc-gen-wasm-grpc={PLUGIN}", f"--wasm-grpc_out={folder}", f"-I{root}"]
        made = at_once(lambda name: run(*command, name), self.names)
        self.refused = {name: one.stderr for name, one in zip(self.names, made) if one.returncode != 0}
        for said in self.refused.values():
            assert "--wasm-grpc_out" not in said, said  # then it was the plugin
        # What all of them include is read once.
        (folder / "first.h").write_text(INCLUDES_FIRST)
        first = run(*GUEST, "-x", "c++-header", folder / "first.h", "-o", folder / "first.pch")
        assert first.returncode == 0, first.stderr

    def compiled(self, name):
        """What the compiler says against it."""
        source = self.out / name.replace(".proto", ".guest.cc")
        return run(*GUEST, f"-I{self.out}", "-fsyntax-only", "-include-pch", self.out / "first.pch", source).stderr

    def check(self, names):
        """Compiles these, but those that were refused; how many they were."""
        names = [name for name in names if name not in self.refused]
        bad = [said[:2000] for said in at_once(self.compiled, names) if said]
        assert not bad, "\n".join(bad)
        return len(names)


@pytest.fixture(scope="module")
def version_27(tmp_path_factory):
    return Version("protobuf_27", CURRENT, tmp_path_factory.mktemp("protobuf_27"))


def test_all_files_without_editions_compile(tmp_path):
    version = Version("protobuf_21", OF_THAT_TIME, tmp_path)
    assert version.refused == {}
    assert "google/protobuf/unittest.proto" in version.names
    assert version.check(version.names) > 40


def test_files_of_editions_and_new_ones_compile_wherever_protoc_takes_them(version_27):
    # A current protoc holds these to rules that came after them.
    lazy, removed = "Extensions cannot be marked as unverified_lazy", "VALUE_FUTURE has been removed"
    for name, said in version_27.refused.items():
        assert lazy in said or removed in said, f"{name}: {said}"
    old = FILES / "protobuf_21"
    editions = [name for name in version_27.names if "\nedition = " in (FILES / "protobuf_27" / name).read_text()]
    assert version_27.check({*editions, *(name for name in version_27.names if not (old / name).exists())}) > 15


def test_names_that_are_macros_compile_everywhere(version_27, tmp_path):
    unit = tmp_path / "unit.cc"
    unit.write_text('#include <climits>\n#include <cmath>\n#include <csignal>\n#include "google/protobuf/unittest_proto3_bad_macros.guest.cc"\n')
    for compiler in (GUEST, HOST):
        made = run(*compiler, f"-I{version_27.out}", "-fsyntax-only", unit)
        assert made.returncode == 0, made.stderr
