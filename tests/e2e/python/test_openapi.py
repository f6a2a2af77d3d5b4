"""`inspect --openapi`: a document that tools which know OpenAPI take."""

import json
import pathlib
import subprocess
import sys

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

LIMIT = 30
ROOT = pathlib.Path(__file__).parents[3]


@pytest.fixture
def document(program):
    def run(file, *flags):
        done = subprocess.run(
            [program, "inspect", file, "--openapi", *flags], capture_output=True, text=True, timeout=LIMIT, check=True
        )
        return json.loads(done.stdout)

    return run


def leb128(number):
    """A number as a module has it."""
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


@pytest.fixture
def library(guest, tmp_path):
    """A module that describes, beside its own, the services of tests/facade/rest/library, with all kinds of rules."""
    descriptors = tmp_path / "library.desc"
    subprocess.run(
        [
            sys.executable,
            "-m",
            "grpc_tools.protoc",
            f"-I{ROOT / 'tests/facade/rest/library'}",
            f"-I{ROOT / 'sdk/protos'}",
            "--include_imports",
            "--include_source_info",
            f"--descriptor_set_out={descriptors}",
            "library.proto",
        ],
        check=True,
        timeout=LIMIT,
    )
    name = b"wasm_grpc.descriptors"
    section = leb128(len(name)) + name + descriptors.read_bytes()
    module = tmp_path / "library.wasm"
    module.write_bytes(guest("greeter").read_bytes() + b"\0" + leb128(len(section)) + section)
    return module


@pytest.mark.parametrize("name", ["greeter", "route_guide", "described"])
def test_is_valid(document, guest, name):
    made = document(guest(name))
    OpenAPIV31SpecValidator(made).validate()
    assert made["paths"]


def test_is_valid_for_all_kinds_of_rules(document, library):
    made = document(library, "--no-start")
    OpenAPIV31SpecValidator(made).validate()
    assert {"/v1/books:search", "/v1/shelves/{name}", "/library.Library/GetBook"} <= made["paths"].keys()


def test_has_the_rules_and_the_paths_of_connect(document, guest):
    paths = document(guest("route_guide"))["paths"]
    assert list(paths) == ["/routeguide.RouteGuide/GetFeature", "/v1/features", "/v1/features/{latitude}/{longitude}"]
    assert [parameter["name"] for parameter in paths["/v1/features/{latitude}/{longitude}"]["get"]["parameters"]] == [
        "latitude",
        "longitude",
    ]


def test_needs_descriptors(program):
    golden = ROOT / "tests/abi/golden/closed.wat"
    done = subprocess.run([program, "inspect", golden, "--openapi"], capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode != 0
    assert "has no descriptors to make a document of" in done.stderr
