"""Makes the Python wheel that carries the program: `pip install` of it puts wasm-grpc on PATH.

There is no Python in it but what a wheel has to have. The same inputs give the same file.

Usage: make_wheel.py --version VERSION --machine MACHINE --program FILE --licences FILE... --output DIR
"""

import argparse
import base64
import hashlib
import pathlib
import zipfile

METADATA = """Metadata-Version: 2.1
Name: wasm-grpc
Version: {version}
Summary: Serves sandboxed WebAssembly modules as gRPC services
License: Apache-2.0
Description-Content-Type: text/markdown

The program wasm-grpc, and nothing else: `wasm-grpc serve MODULE.wasm`, `wasm-grpc --help`.
"""
# The glibc that it needs at least is that of Debian 12, which it is built on.
PLATFORM = "manylinux_2_36_{machine}"
WHEEL = """Wheel-Version: 1.0
Generator: wasm-grpc
Root-Is-Purelib: false
Tag: py3-none-{platform}
"""


def digest(content: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def make(version: str, machine: str, program: pathlib.Path, licences: list[pathlib.Path], output: pathlib.Path) -> pathlib.Path:
    tag = PLATFORM.format(machine=machine)
    info = f"wasm_grpc-{version}.dist-info"
    files = {f"wasm_grpc-{version}.data/scripts/wasm-grpc": program.read_bytes()}
    files |= {f"{info}/licenses/{file.name}": file.read_bytes() for file in licences}
    files[f"{info}/METADATA"] = METADATA.format(version=version).encode()
    files[f"{info}/WHEEL"] = WHEEL.format(platform=tag).encode()
    record = "".join(f"{name},{digest(content)},{len(content)}\n" for name, content in files.items())
    files[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    wheel = output / f"wasm_grpc-{version}-py3-none-{tag}.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if "/scripts/" in name else 0o100644) << 16
            archive.writestr(entry, content)
    return wheel


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--version", required=True)
    arguments.add_argument("--machine", required=True, help="the processor the program is for, as uname -m has it")
    arguments.add_argument("--program", type=pathlib.Path, required=True)
    arguments.add_argument("--licences", type=pathlib.Path, nargs="+", required=True)
    arguments.add_argument("--output", type=pathlib.Path, required=True)
    given = arguments.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    make(given.version, given.machine, given.program, given.licences, given.output)


if __name__ == "__main__":
    main()
