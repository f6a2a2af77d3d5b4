"""What `wasm-grpc new` makes, taken through the steps it names itself."""

import json
import os
import pathlib
import subprocess

LIMIT = 200
CMAKE = pathlib.Path(os.environ.get("WASM_GRPC_TEST_CMAKE", "cmake"))


def run(*command, fails: bool = False, limit: float = LIMIT, **options) -> str:
    """What the command prints; it must succeed, or with `fails`, not."""
    done = subprocess.run(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=limit, **options
    )
    assert (done.returncode != 0) == fails, f"{command}: exit code {done.returncode}:\n{done.stdout}"
    return done.stdout


def make(program, folder: pathlib.Path, *flags) -> str:
    return run(program, "new", folder, *flags)


def build(folder: pathlib.Path) -> None:
    run(CMAKE, "-B", "build", "-G", os.environ.get("WASM_GRPC_TEST_GENERATOR", "Ninja"), cwd=folder)
    run(CMAKE, "--build", "build", cwd=folder)


def test(folder: pathlib.Path, fails: bool = False) -> str:
    return run(CMAKE.parent / "ctest", "--test-dir", "build", "--output-on-failure", cwd=folder, fails=fails)


def stand_in_for_npm(folder: pathlib.Path, asc: str) -> None:
    """What `npm install` does, without the registry: the same version of the compiler, and the SDK where it is."""
    package = json.loads((folder / "package.json").read_text())
    compiler = pathlib.Path(asc).absolute().parent.parent / "assemblyscript"
    assert json.loads((compiler / "package.json").read_text())["version"] == package["devDependencies"]["assemblyscript"]
    sdk = pathlib.Path(package["dependencies"]["wasm-grpc-guest"].removeprefix("file:"))
    modules = folder / "node_modules"
    (modules / ".bin").mkdir(parents=True)
    for name, target in {
        "assemblyscript": compiler,
        "wasm-grpc-guest": sdk,
        ".bin/asc": compiler / "bin" / "asc.js",
        ".bin/wasm-grpc-describe": sdk / "bin" / "describe.js",
    }.items():
        (modules / name).symlink_to(target)
