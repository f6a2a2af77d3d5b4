"""Guests that mean harm: each call gets its status, and the module beside them is served right after."""

import pathlib
import re
import subprocess

import grpc
import helloworld_pb2 as hello
import helloworld_pb2_grpc as hello_grpc
import pytest
from server import Server

GUESTS = pathlib.Path(__file__).parents[2] / "hostile" / "guests"
LIMIT = 60

CODE = grpc.StatusCode
MISDEEDS = {
    "Pointer": CODE.INTERNAL,
    "Recursion": CODE.INTERNAL,
    "MemoryBomb": CODE.RESOURCE_EXHAUSTED,
    "Endless": CODE.DEADLINE_EXCEEDED,
    "Exit": CODE.INTERNAL,
    "LogFlood": CODE.ABORTED,
    "Metadata": CODE.FAILED_PRECONDITION,
    "Foreign": CODE.NOT_FOUND,
    "WrongCode": CODE.UNKNOWN,
}


@pytest.fixture(scope="module")
def server(program, guest, tmp_path_factory):
    modules = [GUESTS / "misbehaves.wat", guest("greeter")]
    folder = tmp_path_factory.mktemp("hostile_guests")
    command = [program, "serve", *modules, "--workers", "1", "--listen", "127.0.0.1:0", "--max-memory", str(16 << 20)]
    server = Server(folder, command)
    yield server
    server.stop()


@pytest.mark.parametrize("name", MISDEEDS)
def test_a_call_that_ends_badly_has_its_status_and_its_neighbours_are_served(server, connect, failure, name):
    # The guest may add more response metadata than this client takes by itself.
    channel = connect(server, max_metadata_size=1 << 17, absolute_max_metadata_size=1 << 18)
    misbehave = channel.unary_unary(f"/bad.Guest/{name}")
    with failure(MISDEEDS[name]):
        misbehave(b"", timeout=1 if name == "Endless" else LIMIT)
    greeting = hello_grpc.GreeterStub(channel).SayHello(hello.HelloRequest(name="you"), timeout=LIMIT)
    assert greeting.message == "Hello you"


def test_what_guests_write_into_the_log_cannot_pose_as_the_host(server, connect, failure):
    with failure(MISDEEDS["LogFlood"]):
        connect(server).unary_unary("/bad.Guest/LogFlood")(b"", timeout=LIMIT)
    server.wait_for_log(r"escape \\x1b\[31m\\x0a2026-01-01 error host: all is lost")
    assert "\x1b" not in server.log
    assert not re.search(r"^2026-01-01 error", server.log, re.MULTILINE)


EXPORTS = (
    '(memory (export "memory") 1) (func (export "wasm_grpc_start") {start})'
    '(func (export "wasm_grpc_call") (param i32 i32) (result i32) (i32.const 0))'
)
MODULES = {
    # The engine's own description of this type would end the process.
    "a type of its own": ('(module (func (export "wasm_grpc_start") (param v128)))', "(v128) -> ()"),
    "an escape in a name": (r'(module (import "env" "\1b[31m\0a" (func))' + EXPORTS.format(start="") + ")", r"env.\x1b[31m\x0a"),
    "a start that hangs": ("(module " + EXPORTS.format(start="(loop (br 0))") + ")", "did not finish within 200 ms"),
}


@pytest.mark.parametrize("what", MODULES)
def test_a_module_that_cannot_be_served_is_refused_in_one_line(program, tmp_path, what):
    text, reason = MODULES[what]
    module = tmp_path / "module.wat"
    module.write_text(text)
    command = [program, "serve", module, "--listen", "127.0.0.1:0", "--start-timeout", "200"]
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT)
    assert result.returncode == 1
    assert reason in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stderr.rstrip("\n").isprintable()
