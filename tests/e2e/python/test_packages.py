"""What scripts/package makes: packages that are complete, and programs of them that serve. Debian's is installed by
test_install.py."""

import json
import pathlib
import re
import sys
import tarfile
import zipfile

import pytest
from package_files import BUILD_LIMIT, MACHINES, ROOT, debian_architecture, emulator, made_packages, only, run
from server import Server

# What a program may need of the system that it is brought to.
OF_GLIBC = {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
# As readelf calls them.
ELF_MACHINES = {"x86_64": "Advanced Micro Devices X86-64", "aarch64": "AArch64"}

pytestmark = pytest.mark.timeout(BUILD_LIMIT)


@pytest.fixture(scope="module")
def packages() -> pathlib.Path:
    """The folder of all packages of this build."""
    return made_packages()


def needed_libraries(program: pathlib.Path) -> set[str]:
    return set(re.findall(r"\(NEEDED\)\s+Shared library: \[(.+)\]", run("readelf", "-d", program)))


def greets(program: list, module: pathlib.Path, folder: pathlib.Path) -> None:
    """The program serves the module, and calls it."""
    program = [*emulator(), *program]
    server = Server(folder, [*program, "serve", module, "--listen", "127.0.0.1:0"])
    try:
        call = [*program, "call", server.address, "helloworld.Greeter/SayHello", "--json", '{"name": "package"}']
        assert json.loads(run(*call)) == {"message": "Hello package"}
    finally:
        server.stop()


def test_they_are_for_the_processor_that_their_names_say(packages, tmp_path):
    architecture = debian_architecture()
    machine = MACHINES[architecture]
    for package in packages.glob("*.*deb"):
        assert package.stem.endswith(f"_{architecture}")
        assert run("dpkg-deb", "--field", package, "Architecture").strip() == architecture
    for package in packages.glob("*.deb"):
        run("dpkg-deb", "--extract", package, tmp_path / "deb")
    with tarfile.open(only(packages, f"wasm-grpc-*-Linux-{machine}.tar.gz")) as archive:
        archive.extractall(tmp_path / "tar", filter="data")
    with zipfile.ZipFile(only(packages, f"*-py3-none-manylinux_2_36_{machine}.whl")) as wheel:
        wheel.extractall(tmp_path / "wheel")
    programs = [path for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes()[:4] == b"\x7fELF"]
    assert {path.name for path in programs} == {"wasm-grpc", "protoc-gen-wasm-grpc"} and len(programs) == 4
    for program in [*programs, *tmp_path.rglob("*.a"), *packages.glob("*.debug")]:
        machines = set(re.findall(r"Machine:\s+(.+)", run("readelf", "-h", program)))
        assert machines == {ELF_MACHINES[machine]}, program


def test_the_checksums_are_those_of_the_packages(packages):
    assert "FAILED" not in run("sha256sum", "--check", "SHA256SUMS", cwd=packages)
    assert len((packages / "SHA256SUMS").read_text().splitlines()) == len(list(packages.iterdir())) - 1


def test_the_debian_package_has_what_belongs_to_a_program(packages, tmp_path):
    package = only(packages, "wasm-grpc_*.deb")
    run("dpkg-deb", "--extract", package, tmp_path)
    for file in (
        "usr/bin/wasm-grpc",
        "usr/share/man/man1/wasm-grpc.1",
        "usr/share/man/man5/wasm-grpc.toml.5",
        "usr/share/bash-completion/completions/wasm-grpc",
        "usr/share/zsh/vendor-completions/_wasm-grpc",
        "usr/share/fish/vendor_completions.d/wasm-grpc.fish",
        "usr/share/doc/wasm-grpc/copyright",
        "usr/share/doc/wasm-grpc/THIRD-PARTY-LICENCES.txt",
        "usr/share/doc/wasm-grpc/wasm-grpc.cdx.json",
        "usr/share/wasm-grpc/modules/greeter.wasm",
        "etc/wasm-grpc/wasm-grpc.toml",
    ):
        assert (tmp_path / file).is_file(), f"{file} is not in the package"
    units = {file.name for file in (ROOT / "deploy").glob("systemd/*.s*")}
    assert units <= {file.name for file in (tmp_path / "usr/lib/systemd/system").glob("*")}
    assert ".symtab" not in run("readelf", "-S", tmp_path / "usr/bin/wasm-grpc")
    fields = run("dpkg-deb", "--field", package)
    for dependency in ("libc6 (>= 2.3", "libnghttp2-14", "libprotobuf32", "libssl3"):
        assert dependency in fields
    assert run("dpkg-deb", "--info", package, "conffiles").strip() == "/etc/wasm-grpc/wasm-grpc.toml"


def test_the_package_for_developers_has_library_sdks_and_cmake_packages(packages, tmp_path):
    package = only(packages, "wasm-grpc-dev_*.deb")
    run("dpkg-deb", "--extract", package, tmp_path)
    assert (tmp_path / "usr/bin/protoc-gen-wasm-grpc").is_file()
    assert (tmp_path / "usr/include/wasm_grpc/server.h").is_file()
    for name in ("WasmGrpcConfig.cmake", "WasmGrpcGuestConfig.cmake", "libwasm_grpc.a"):
        assert list((tmp_path / "usr/lib").rglob(name)), f"{name} is not in the package"
    for language in ("rust", "go", "zig", "assemblyscript"):
        assert any((tmp_path / "usr/share/wasm_grpc" / language).iterdir())
    version = run("dpkg-deb", "--field", package, "Version").strip()
    assert f"wasm-grpc (= {version})" in run("dpkg-deb", "--field", package, "Depends")


def test_the_symbols_are_in_files_of_their_own(packages, tmp_path):
    debug = only(packages, "*.debug")
    assert ".symtab" in run("readelf", "-S", "--wide", debug)
    with tarfile.open(only(packages, "*.tar.gz")) as archive:
        archive.extractall(tmp_path, filter="data")
    (program,) = tmp_path.glob("*/bin/wasm-grpc")
    number = re.compile(r"Build ID: (\w+)")
    assert number.search(run("readelf", "-n", program)).group(1) == number.search(run("readelf", "-n", debug)).group(1)
    assert list(packages.glob("wasm-grpc-dbgsym_*.ddeb")), "Debian's package has no symbols"


def test_the_tarball_needs_nothing_but_glibc(packages, guest, tmp_path):
    with tarfile.open(only(packages, "*.tar.gz")) as archive:
        archive.extractall(tmp_path, filter="data")
    (program,) = tmp_path.glob("*/bin/wasm-grpc")
    assert needed_libraries(program) <= OF_GLIBC
    versions = re.findall(r"GLIBC_(\d+)\.(\d+)", run("readelf", "-V", program))
    assert max((int(major), int(minor)) for major, minor in versions) <= (2, 36)
    greets([program], guest("greeter"), tmp_path)


def test_the_wheel_puts_the_program_on_the_path(packages, guest, tmp_path):
    wheel = only(packages, "*.whl")
    if emulator():  # pip installs nothing that is for another machine, unless it is told to, and not to run
        there = ["--platform", wheel.stem.rpartition("-")[2], "--only-binary=:all:", "--target", tmp_path / "there"]
        run(sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--no-index", *there, wheel)
        greets([tmp_path / "there/bin/wasm-grpc"], guest("greeter"), tmp_path)
        return
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    pip = [tmp_path / "venv/bin/python", "-m", "pip", "--disable-pip-version-check"]
    run(*pip, "install", "--no-index", wheel)
    greets([tmp_path / "venv/bin/wasm-grpc"], guest("greeter"), tmp_path)
    run(*pip, "uninstall", "--yes", "wasm-grpc")
    assert not (tmp_path / "venv/bin/wasm-grpc").exists()


def test_the_list_of_parts_has_every_crate_once_with_its_licence(packages):
    parts = json.loads(only(packages, "*.cdx.json").read_text())
    assert (parts["bomFormat"], parts["specVersion"]) == ("CycloneDX", "1.5")
    names = [component["purl"] for component in parts["components"]]
    assert len(names) == len(set(names)) > 50
    assert all(component["licenses"] for component in parts["components"])
    for name in ("pkg:cargo/wasmtime@", "pkg:cargo/httparse@", "pkg:deb/debian/libnghttp2-dev@", "pkg:deb/debian/libssl-dev@"):
        assert any(purl.startswith(name) for purl in names), f"{name} is not listed"
    assert not any(purl.startswith("pkg:cargo/syn@") for purl in names), "what only runs in the build is not in the program"
