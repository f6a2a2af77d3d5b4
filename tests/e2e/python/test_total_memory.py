"""--max-total-memory: one guest takes all it can get, and those beside it are served on."""

import re
import subprocess

import grpc
import helloworld_pb2 as hello
import helloworld_pb2_grpc as hello_grpc
import pytest
from server import Server, eventually

LIMIT = 60
MIB = 1 << 20

# Grows its memory as long as it can, and holds it until its client leaves.
GREEDY = r"""(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "wait" (func $wait (param i32 i32 i64) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/bad.Guest/Hold")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 15) (i32.const 0) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param i32 i32) (result i32)
    (loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    (drop (call $wait (local.get 0) (i32.const 0) (i64.const -1)))
    (i32.const 0)))"""


@pytest.fixture
def greedy(tmp_path):
    file = tmp_path / "greedy.wat"
    file.write_text(GREEDY)
    return file


def greet(channel):
    return hello_grpc.GreeterStub(channel).SayHello(hello.HelloRequest(name="you"), timeout=LIMIT).message


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("mode", ["shared", "fresh"])
def test_a_module_is_served_while_another_has_all_the_memory_it_can_get(
    program, guest, connect, greedy, tmp_path, workers, mode
):
    flags = ["--workers", workers, "--instance-mode", mode, "--max-total-memory", 64 * MIB, "--max-memory", 16 * MIB]
    server = Server(tmp_path, [program, "serve", greedy, guest("greeter"), "--listen", "127.0.0.1:0", *flags])
    try:
        hold = [connect(server) for _ in range(20)]
        held = [channel.unary_unary("/bad.Guest/Hold").future(b"") for channel in hold]
        server.wait_for_log(r"greedy: its instances have \d+ MiB of memory and want more")
        for _ in range(20):
            assert greet(connect(server)) == "Hello you"
        assert not any(call.done() for call in held), "those that find no room wait, and fail only at a deadline"
        with pytest.raises(grpc.RpcError) as late:
            connect(server).unary_unary("/bad.Guest/Hold")(b"", timeout=0.2)
        assert late.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        assert server.resident_bytes() < 400 * MIB
        for call in held:
            call.cancel()
        assert len(re.findall("want more", server.log)) <= 10
        # What was taken is free again.
        again = connect(server).unary_unary("/bad.Guest/Hold").future(b"")
        eventually(lambda: greet(connect(server)) == "Hello you", "the greeter is served")
        assert not again.done()
        again.cancel()
    finally:
        server.stop()


def test_a_module_that_does_not_fit_is_refused_in_one_line(program, greedy):
    for bytes_of_all in ("1", "65535"):
        command = [program, "serve", greedy, "--listen", "127.0.0.1:0", "--max-total-memory", bytes_of_all]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT)
        assert done.returncode == 1
        assert "was refused more" in done.stderr and "all guests together" in done.stderr
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("bytes_of_all", ["0", str(1 << 50)])
def test_the_default_and_the_largest_limit_serve(program, guest, connect, tmp_path, bytes_of_all):
    command = [program, "serve", guest("greeter"), "--listen", "127.0.0.1:0", "--max-total-memory", bytes_of_all]
    server = Server(tmp_path, command)
    try:
        assert greet(connect(server)) == "Hello you"
    finally:
        server.stop()
