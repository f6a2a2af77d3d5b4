"""Debian's packages on a Debian with nothing else: installed, served from, removed again without a trace."""

import json
import shutil

import pytest
from debian import Debian
from package_files import BUILD_LIMIT, emulator, made_packages, only
from server import Server

GREETER = "/usr/share/wasm-grpc/modules/greeter.wasm"

pytestmark = pytest.mark.timeout(2 * BUILD_LIMIT)


@pytest.fixture(scope="module")
def machine(debian_base, tmp_path_factory):
    if emulator():
        pytest.skip("packages for another processor are not installed by a test yet")
    packages = made_packages()
    debian = Debian(debian_base, tmp_path_factory.mktemp("debian") / "root")
    debian.run("apt-get", "update", "-q")
    shutil.copy(only(packages, "wasm-grpc_*.deb"), debian.root / "wasm-grpc.deb")
    shutil.copy(only(packages, "wasm-grpc-dev_*.deb"), debian.root / "wasm-grpc-dev.deb")
    yield debian
    shutil.rmtree(debian.root)  # hundreds of megabytes, which pytest would keep


def install(machine, *packages) -> None:
    machine.run("apt-get", "install", "-q", "-y", "--no-install-recommends", *packages)


def test_what_is_installed_serves_and_what_is_removed_is_gone(machine, tmp_path):
    before = machine.files()
    install(machine, "/wasm-grpc.deb")
    server = Server(tmp_path, machine.command("wasm-grpc", "serve", GREETER, "--listen", "127.0.0.1:0"))
    try:
        called = machine.run("wasm-grpc", "call", server.address, "helloworld.Greeter/SayHello", "--json", '{"name": "Debian"}')
        assert json.loads(called) == {"message": "Hello Debian"}
    finally:
        server.stop()
    check = machine.run("wasm-grpc", "check", "-c", "/etc/wasm-grpc/wasm-grpc.toml")
    assert "fine: 1 module" in check
    pull = "wasm-grpc pull localhost:1/a:1 --registry-cache /tmp/cache 2>&1; true"
    assert "apt install libcurl4" in machine.run("sh", "-c", pull), "it says what is missing"

    machine.run("apt-get", "remove", "-q", "-y", "wasm-grpc")
    assert (machine.root / "etc/wasm-grpc/wasm-grpc.toml").exists(), "a config is its user's"
    assert not (machine.root / "usr/bin/wasm-grpc").exists()
    machine.run("apt-get", "purge", "-q", "-y", "--autoremove", "wasm-grpc")
    assert machine.files() == before, "neither more nor less than there was"


def test_the_package_for_developers_goes_with_it(machine):
    install(machine, "/wasm-grpc.deb", "/wasm-grpc-dev.deb")
    assert "wasm_grpc" in machine.run("ls", "/usr/include")
    assert machine.run("ls", "/usr/share/wasm_grpc").split()
    machine.run("apt-get", "purge", "-q", "-y", "--autoremove", "wasm-grpc", "wasm-grpc-dev")
    assert not [name for name in machine.files() if "wasm_grpc" in name or "wasm-grpc/" in name]
