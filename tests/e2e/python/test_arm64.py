"""What builds for 64-bit ARM: cmake/arm64.cmake, with Debian's libraries in a folder, run by qemu-user. The whole program's packages
are tested by `make test-packages ARCH=arm64`."""

import pathlib
import shutil
import subprocess
import zipfile

import pytest

ROOT = pathlib.Path(__file__).parents[3]
TOOLS = ("mmdebstrap", "aarch64-linux-gnu-g++", "qemu-aarch64-static", "ninja", "readelf")

PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(smoke VERSION 1.2.3 LANGUAGES CXX)
include(GNUInstallDirs)
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
install(TARGETS smoke COMPONENT program)
install(FILES main.cc DESTINATION include COMPONENT library)
include(${SOURCES}/deploy/package/packages.cmake)
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


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> pathlib.Path:
    """The folder in which a program was built, with the settings that the project's packages have."""
    folder = tmp_path_factory.mktemp("arm64")
    for tool in TOOLS:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is missing: install mmdebstrap g++-aarch64-linux-gnu qemu-user-static ninja-build")
    (folder / "CMakeLists.txt").write_text(PROJECT)
    (folder / "main.cc").write_text(PROGRAM)
    for name in ("LICENSE", "README.md"):
        (folder / name).write_text("Anything.")
    sysroot = subprocess.run([ROOT / "scripts" / "arm64-sysroot"], capture_output=True, text=True, timeout=200)
    if sysroot.returncode != 0:
        pytest.skip(f"Debian's packages cannot be reached: {sysroot.stderr[-300:]}")
    toolchain = f"-DCMAKE_TOOLCHAIN_FILE={ROOT / 'cmake' / 'arm64.cmake'}"
    for command in (
        ["cmake", "-S", folder, "-B", folder / "build", "-G", "Ninja", toolchain, f"-DSOURCES={ROOT}"],
        ["cmake", "--build", folder / "build"],
        ["cpack", "--config", folder / "build" / "CPackConfig.cmake", "-G", "DEB"],
    ):
        done = subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True, timeout=250)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder / "build"


def test_what_is_compiled_for_arm64_runs_with_the_libraries_that_are_linked(built):
    header = subprocess.run(["readelf", "-h", built / "smoke"], capture_output=True, text=True, timeout=20)
    assert "AArch64" in header.stdout
    assert (built / "said.txt").read_text().startswith("aarch64 YXJtNjQ=\n")


def test_its_debian_package_is_for_arm64_and_names_the_libraries_with_their_versions(built):
    packages = built / "packages"
    assert {path.name for path in packages.glob("*.*deb")} == {
        "wasm-grpc_1.2.3_arm64.deb",
        "wasm-grpc-dbgsym_1.2.3_arm64.ddeb",
        "wasm-grpc-dev_1.2.3_arm64.deb",
    }
    shown = ["dpkg-deb", "--showformat=${Architecture}; ${Depends}", "--show", packages / "wasm-grpc_1.2.3_arm64.deb"]
    said = subprocess.run(shown, capture_output=True, text=True, timeout=20).stdout
    assert said.startswith("arm64; ")
    for dependency in ("libc6 (>= 2.3", "libnghttp2-14 (>= 1.", "libprotobuf32 (>= 3.21", "libsqlite3-0 (>= 3.", "libssl3 (>= 3.0"):
        assert dependency in said


def test_a_wheel_is_for_the_processor_that_is_named(tmp_path):
    program = tmp_path / "wasm-grpc"
    program.write_bytes(b"not looked at")
    make = ["python3", "-B", ROOT / "deploy/wheel/make_wheel.py", "--version", "1.2.3", "--machine", "aarch64", "--program", program]
    done = subprocess.run([*make, "--licences", ROOT / "LICENSE", "--output", tmp_path], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(tmp_path / "wasm_grpc-1.2.3-py3-none-manylinux_2_36_aarch64.whl") as wheel:
        assert b"Tag: py3-none-manylinux_2_36_aarch64" in wheel.read("wasm_grpc-1.2.3.dist-info/WHEEL")


def test_an_engine_is_not_built_for_arguments_that_are_not_understood(tmp_path):
    """Before anything is built."""
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "WASM_GRPC_CACHE": str(tmp_path), "HOME": str(tmp_path)}
    for arguments, complaint in {("--taget", "x"): "unknown argument '--taget'", ("--target",): "--target needs a name"}.items():
        done = subprocess.run(
            [ROOT / "scripts" / "build-engine", *arguments], capture_output=True, text=True, env=environment, timeout=20
        )
        assert done.returncode != 0 and complaint in done.stderr, done.stderr
    assert not list(tmp_path.iterdir())
