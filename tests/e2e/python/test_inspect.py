"""`inspect`: what it says of modules that are known."""

import json
import subprocess

import pytest

LIMIT = 30


@pytest.fixture
def inspect(program, guest):
    def run(name, *flags):
        done = subprocess.run(
            [program, "inspect", guest(name), *flags], capture_output=True, text=True, timeout=LIMIT, check=True
        )
        return done.stdout

    return run


def test_text_shows_the_abi_the_methods_and_their_kinds(inspect, guest):
    lines = inspect("route_guide").splitlines()
    assert "name:     route_guide" in lines
    assert "abi:      wasm_grpc_1" in lines
    assert f"size:     {guest('route_guide').stat().st_size} bytes" in lines
    for method in (
        "GetFeature (unary) routeguide.Point -> routeguide.Feature",
        "ListFeatures (server streaming) routeguide.Rectangle -> stream routeguide.Feature",
        "RecordRoute (client streaming) stream routeguide.Point -> routeguide.RouteSummary",
        "RouteChat (bidirectional streaming) stream routeguide.RouteNote -> stream routeguide.RouteNote",
    ):
        assert f"  /routeguide.RouteGuide/{method}" in lines
    assert "  wasm_grpc_1.recv (i32, i32, i32) -> i32" in lines


def test_json_has_all_of_it_for_programs(inspect, guest):
    greeter = json.loads(inspect("greeter", "--json"))
    assert greeter["name"] == "greeter"
    assert greeter["abi"] == "wasm_grpc_1"
    assert greeter["size"] == guest("greeter").stat().st_size
    assert greeter["memory"]["minimum_bytes"] % 65536 == 0
    assert 0 < greeter["memory"]["minimum_bytes"] <= greeter["memory"]["maximum_bytes"] == 128 << 20
    assert greeter["methods"] == [
        {
            "path": "/helloworld.Greeter/SayHello",
            "service": "helloworld.Greeter",
            "method": "SayHello",
            "kind": "unary",
            "client_streaming": False,
            "server_streaming": False,
            "request_type": "helloworld.HelloRequest",
            "response_type": "helloworld.HelloReply",
        },
        {
            "path": "/helloworld.Greeter/SayHelloStreamReply",
            "service": "helloworld.Greeter",
            "method": "SayHelloStreamReply",
            "kind": "server streaming",
            "client_streaming": False,
            "server_streaming": True,
            "request_type": "helloworld.HelloRequest",
            "response_type": "helloworld.HelloReply",
        },
    ]
    assert {"module": "wasm_grpc_1", "name": "send", "type": "(i32, i32, i32) -> i32"} in greeter["imports"]
    assert {entry["module"] for entry in greeter["imports"]} <= {"wasm_grpc_1", "wasi_snapshot_preview1"}


def test_methods_of_a_module_without_descriptors_have_no_types(inspect):
    assert "  /helloworld.Greeter/SayHello (unary)" in inspect("greeter_by_hand").splitlines()
    methods = json.loads(inspect("greeter_by_hand", "--json"))["methods"]
    assert [method.get("request_type") for method in methods] == [None, None]


def test_json_tells_the_kinds_apart(inspect):
    methods = json.loads(inspect("echo", "--json"))["methods"]
    assert {m["method"]: (m["client_streaming"], m["server_streaming"]) for m in methods} == {
        "Unary": (False, False),
        "ClientStream": (True, False),
        "ServerStream": (False, True),
        "BidiStream": (True, True),
    }
