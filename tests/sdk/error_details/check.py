"""Checks that every.hex, which the SDKs' tests read, is every.txtpb as Google's protobuf encodes it.

Usage: check.py PROTOC, with PROTOC --encode; with --write it makes every.hex.
"""

import pathlib
import subprocess
import sys
import textwrap

HERE = pathlib.Path(__file__).parent
PROTOS = HERE.parents[2] / "sdk/protos"


def encoded(protoc):
    command = [protoc, f"-I{PROTOS}", "--deterministic_output", "--encode=google.rpc.Status",
               "google/rpc/status.proto", "google/rpc/error_details.proto"]  # fmt: skip
    return subprocess.run(command, input=(HERE / "every.txtpb").read_bytes(), stdout=subprocess.PIPE, check=True).stdout


def main(protoc, *flags):
    text = textwrap.fill(encoded(protoc).hex(), 120) + "\n"
    if flags == ("--write",):
        (HERE / "every.hex").write_text(text)
    if (HERE / "every.hex").read_text() != text:
        sys.exit("every.hex is not what every.txtpb is encoded as: check.py PROTOC --write")


if __name__ == "__main__":
    main(*sys.argv[1:])
