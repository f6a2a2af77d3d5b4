"""Makes what the end-to-end tests need in the build folder: a virtual environment with the packages of requirements.txt,
and the Python code of the .proto files. An environment that has the packages already is kept: then nothing is fetched.

Usage: prepare.py VENV STUBS PROTO...
"""

import hashlib
import pathlib
import shutil
import subprocess
import sys
import venv

API_PROTOS = pathlib.Path(__file__).resolve().parents[3] / "sdk" / "protos"
REQUIREMENTS = pathlib.Path(__file__).with_name("requirements.txt")


def make_environment(folder: pathlib.Path) -> pathlib.Path:
    """Returns the environment's python."""
    python = folder / "bin" / "python"
    stamp = folder / "requirements.sha256"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    venv.create(folder, clear=True, with_pip=True)
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--requirement", REQUIREMENTS], check=True)
    subprocess.run([python, "-m", "pip", "--disable-pip-version-check", "check"], check=True)
    stamp.write_text(wanted)
    return python


def generate_stubs(python: pathlib.Path, stubs: pathlib.Path, protos: list[pathlib.Path]) -> None:
    shutil.rmtree(stubs, ignore_errors=True)
    stubs.mkdir(parents=True)
    # What .proto files import for rules of HTTP.
    protos = [*protos, *sorted(API_PROTOS.rglob("*.proto"))]
    includes = [f"-I{folder}" for folder in sorted({proto.parent for proto in protos if API_PROTOS not in proto.parents})]
    includes.append(f"-I{API_PROTOS}")
    outputs = [f"--python_out={stubs}", f"--grpc_python_out={stubs}"]
    subprocess.run([python, "-m", "grpc_tools.protoc", *includes, *outputs, *protos], check=True)


def main() -> None:
    environment, stubs, *protos = map(pathlib.Path, sys.argv[1:])
    generate_stubs(make_environment(environment), stubs, protos)


if __name__ == "__main__":
    main()
