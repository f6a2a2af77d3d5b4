"""The packages of this build, made once for all tests of a run."""

import functools
import os
import pathlib
import subprocess

BUILD_LIMIT = 900
ROOT = pathlib.Path(__file__).parents[3]
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
    run(ROOT / "scripts" / "package", BUILD, env={**os.environ, "WASM_GRPC_PACKAGE_COMPRESSION": "gzip"})
    return BUILD / "packages"


def only(folder: pathlib.Path, pattern: str) -> pathlib.Path:
    (file,) = folder.glob(pattern)
    return file
