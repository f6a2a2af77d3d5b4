"""What builds for 64-bit ARM: cmake/arm64.cmake, with Debian's libraries in a folder, run by qemu-user."""

import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[3]
TOOLS = ("mmdebstrap", "aarch64-linux-gnu-g++", "qemu-aarch64-static", "ninja", "readelf")

PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(smoke LANGUAGES CXX)
set(CMAKE_CXX_STANDARD 20)
find_package(PkgConfig REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Protobuf REQUIRED)
find_package(CURL REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
pkg_check_modules(NGHTTP2 REQUIRED IMPORTED_TARGET libnghttp2)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3>=3.37)
add_executable(smoke main.cc ${SOURCES}/src/rpc/base64.cc)
target_include_directories(smoke PRIVATE ${SOURCES}/src ${SOURCES}/include)
target_link_libraries(smoke PRIVATE OpenSSL::SSL ZLIB::ZLIB protobuf::libprotobuf PkgConfig::NGHTTP2 PkgConfig::SQLITE)
add_custom_command(OUTPUT said.txt COMMAND smoke > said.txt DEPENDS smoke)
add_custom_target(said ALL DEPENDS said.txt)
"""
PROGRAM = """
#include <google/protobuf/stubs/common.h>
#include <nghttp2/nghttp2.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <sys/utsname.h>
#include <zlib.h>
#include <iostream>
#include "rpc/base64.h"
int main() {
  GOOGLE_PROTOBUF_VERIFY_VERSION;
  utsname here{};
  uname(&here);
  std::cout << here.machine << " " << wasm_grpc::rpc::padded_base64("arm64") << "\\n"
            << nghttp2_version(0)->version_str << sqlite3_libversion() << zlibVersion() << OpenSSL_version(OPENSSL_VERSION);
}
"""

pytestmark = pytest.mark.timeout(300)


def test_what_is_compiled_for_arm64_runs_with_the_libraries_that_are_linked(tmp_path):
    for tool in TOOLS:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is missing: install mmdebstrap g++-aarch64-linux-gnu qemu-user-static ninja-build")
    (tmp_path / "CMakeLists.txt").write_text(PROJECT)
    (tmp_path / "main.cc").write_text(PROGRAM)
    sysroot = subprocess.run([ROOT / "scripts" / "arm64-sysroot"], capture_output=True, text=True, timeout=200)
    if sysroot.returncode != 0:
        pytest.skip(f"Debian's packages cannot be reached: {sysroot.stderr[-300:]}")
    toolchain = f"-DCMAKE_TOOLCHAIN_FILE={ROOT / 'cmake' / 'arm64.cmake'}"
    for command in (
        ["cmake", "-S", tmp_path, "-B", tmp_path / "build", "-G", "Ninja", toolchain, f"-DSOURCES={ROOT}"],
        ["cmake", "--build", tmp_path / "build"],
    ):
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=250)
        assert done.returncode == 0, done.stdout + done.stderr
    header = subprocess.run(["readelf", "-h", tmp_path / "build" / "smoke"], capture_output=True, text=True, timeout=20)
    assert "AArch64" in header.stdout
    assert (tmp_path / "build" / "said.txt").read_text().startswith("aarch64 YXJtNjQ=\n")


def test_an_engine_is_not_built_for_arguments_that_are_not_understood(tmp_path):
    """Before anything is built."""
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "WASM_GRPC_CACHE": str(tmp_path), "HOME": str(tmp_path)}
    for arguments, complaint in {("--taget", "x"): "unknown argument '--taget'", ("--target",): "--target needs a name"}.items():
        done = subprocess.run(
            [ROOT / "scripts" / "build-engine", *arguments], capture_output=True, text=True, env=environment, timeout=20
        )
        assert done.returncode != 0 and complaint in done.stderr, done.stderr
    assert not list(tmp_path.iterdir())
