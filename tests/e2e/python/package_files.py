"""The packages of this build, made once for all tests of a run; or those in the folder WASM_GRPC_TEST_PACKAGES, which are there."""

import functools
import os
import pathlib
import platform
import subprocess

BUILD_LIMIT = 900
ROOT = pathlib.Path(__file__).parents[3]
# Processors by Debian's names, as the kernel has them.
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
BUILD = pathlib.Path(os.environ.get("WASM_GRPC_TEST_BUILD", ""))


def run(*command, **options) -> str:
    """What a command prints; it is to do what it was asked."""
    done = subprocess.run(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=BUILD_LIMIT, **options
    )
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}"
    return done.stdout


@functools.cache
def made_packages() -> pathlib.Path:
    """The folder they are in."""
    if "WASM_GRPC_TEST_PACKAGES" in os.environ:
        return pathlib.Path(os.environ["WASM_GRPC_TEST_PACKAGES"])
    run(ROOT / "scripts" / "package", BUILD, env={**os.environ, "WASM_GRPC_PACKAGE_COMPRESSION": "gzip"})
    return BUILD / "packages"


def only(folder: pathlib.Path, pattern: str) -> pathlib.Path:
    (file,) = folder.glob(pattern)
    return file


def debian_architecture() -> str:
    """What they are for, as Debian names it."""
    return only(made_packages(), "wasm-grpc_*.deb").stem.rpartition("_")[2]


@functools.cache
def emulator() -> list[str]:
    """What runs programs of theirs here: nothing, or qemu-user, with the libraries of their processor."""
    if MACHINES[debian_architecture()] == platform.machine():
        return []
    return [f"qemu-{MACHINES[debian_architecture()]}-static", "-L", run(ROOT / "scripts" / "arm64-sysroot").strip()]
