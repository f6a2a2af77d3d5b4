"""`inspect`: what it says of modules that are known."""

import json
import pathlib
import subprocess

import pytest

LIMIT = 30
GOLDEN = pathlib.Path(__file__).parents[2] / "abi" / "golden"


@pytest.fixture
def inspect_file(program):
    def run(file, *flags):
        done = subprocess.run(
            [program, "inspect", file, *flags], capture_output=True, text=True, timeout=LIMIT, check=True
        )
        return done.stdout

    return run


@pytest.fixture
def inspect(inspect_file, guest):
    def run(name, *flags):
        return inspect_file(guest(name), *flags)

    return run


@pytest.fixture
def inspect_golden(inspect_file):
    """Of a guest whose text says all it uses."""

    def run(name, *flags):
        return inspect_file(GOLDEN / f"{name}.wat", *flags)

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
            "style": "handler",
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
            "style": "handler",
            "request_type": "helloworld.HelloRequest",
            "response_type": "helloworld.HelloReply",
        },
    ]
    assert {"module": "wasm_grpc_1", "name": "send", "type": "(i32, i32, i32) -> i32"} in greeter["imports"]
    modules = {entry["module"] for entry in greeter["imports"]}
    assert modules <= {"wasm_grpc_1", "wasm_grpc_1_optional", "wasi_snapshot_preview1"}


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


def test_shows_the_features_of_the_abi_that_a_module_uses(inspect_golden):
    def features(name):
        return json.loads(inspect_golden(name, "--json"))["features"]

    assert features("kind_unary") == ["handlers"]
    assert features("wait") == ["handlers", "waiting"]
    assert features("metadata_list") == ["handlers", "metadata"]
    assert features("metadata_get") == ["handlers", "metadata"]
    assert features("compress_late") == ["handlers", "headers", "compression"]
    assert features("section") == features("descriptors") == ["handlers", "descriptors"]
    assert features("health_set") == ["handlers", "health"]
    assert features("info") == ["handlers", "waiting", "call info"]
    assert features("import_optional") == ["handlers", "waiting", "optional functions"]
    assert features("closed") == [
        *("handlers", "timers", "waiting", "metadata", "headers", "compression", "call info", "deadlines", "log")
    ]
    assert features("placement_key") == ["events", "placement"]
    assert "features: events, placement" in inspect_golden("placement_key").splitlines()


def test_shows_the_style_of_every_method_and_where_events_are_served(inspect_golden):
    styles = json.loads(inspect_golden("styles", "--json"))
    assert {method["method"]: method["style"] for method in styles["methods"]} == {"Call": "handler", "Event": "events"}
    assert styles["placement"] == {"instance": "worker"}
    lines = inspect_golden("styles").splitlines()
    assert "  /golden.Test/Call (bidirectional streaming)" in lines
    assert "  /golden.Test/Event (bidirectional streaming, events)" in lines
    assert "placement: worker" in lines

    assert json.loads(inspect_golden("placement_process", "--json"))["placement"] == {"instance": "process"}
    assert json.loads(inspect_golden("placement_key", "--json"))["placement"] == {"instance": "key", "key": "x-key"}
    assert "placement: key x-key" in inspect_golden("placement_key").splitlines()
    assert "placement" not in json.loads(inspect_golden("kind_unary", "--json"))


def test_does_not_tell_styles_of_a_module_that_is_not_run(inspect_golden):
    module = json.loads(inspect_golden("section", "--json", "--no-start"))
    assert [method["path"] for method in module["methods"]] == ["/golden.Test/Call"]
    assert "style" not in module["methods"][0]
    assert module["features"] == ["handlers", "descriptors"]


GUEST = """(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/a.B/C")
  (func $start
    (drop (call $method (i32.const 0) (i32.const 6) (i32.const 0) (i32.const 0) (i32.const 0))))
  (func $constructors) %s)"""
PLAIN = '(export "wasm_grpc_start" (func $start)) (func (export "wasm_grpc_call") (param i32 i32) (result i32) i32.const 0)'
WRAPPED = """(func (export "wasm_grpc_start") call $constructors call $start)
  (func (export "wasm_grpc_call") (param i32 i32) (result i32) call $constructors i32.const 0)"""


@pytest.mark.parametrize(
    "body, warning",
    [
        (PLAIN, None),
        (f'{PLAIN} (func (export "_initialize"))', None),
        (f'{PLAIN} (func (export "_initialize")) (func (export "_start"))', None),
        (f'{PLAIN} (func (export "_start"))', "it is a command"),
        (f'{PLAIN} (export "__wasm_call_ctors" (func $constructors))', "it exports __wasm_call_ctors"),
        (WRAPPED, "it runs its constructors anew at every call"),
    ],
)
@pytest.mark.parametrize("flags", [[], ["--no-start"]])
def test_warns_of_modules_that_are_not_linked_as_reactors(program, tmp_path, body, warning, flags):
    file = tmp_path / "linked.wat"
    file.write_text(GUEST % body)
    done = subprocess.run(
        [program, "inspect", file, "--json", *flags], capture_output=True, text=True, timeout=LIMIT, check=True
    )
    warnings = json.loads(done.stdout)["warnings"]
    logged = [line for line in done.stderr.splitlines() if " warning host: the module linked: " in line]
    if warning is None:
        assert (warnings, logged) == ([], [])
        return
    assert len(warnings) == len(logged) == 1
    assert warnings[0].startswith(warning)
    assert "link it as a reactor" in warnings[0] and "docs/toolchains.md" in warnings[0]
    assert logged[0].endswith(warnings[0])


def test_shows_the_targets_that_a_module_needs_without_their_being_granted(inspect):
    assert json.loads(inspect("gateway", "--json"))["needed_targets"] == ["greeter", "guide", "weather"]
    assert "needs targets: greeter, guide, weather" in inspect("gateway").splitlines()
    assert json.loads(inspect("greeter", "--json"))["needed_targets"] == []
    assert "needs targets" not in inspect("greeter")


def test_a_target_whose_name_no_terminal_should_see_is_shown_readably(inspect_file, tmp_path):
    text = (GOLDEN / "client_require_refused.wat").read_text()
    file = tmp_path / "odd.wat"
    file.write_text(text.replace('"nowhere"', '"no\\1bhere"').replace("i32.const -4", "i32.const 0"))
    assert "needs targets: no\\x1bhere" in inspect_file(file).splitlines()
