"""Guests that fail: the call ends, the client learns no internals, the log has it all, and the next call works."""

import conformance_pb2 as conformance
import conformance_pb2_grpc
import grpc
import pytest
from server import Server, eventually

LIMIT = 40
EMPTY = conformance.Empty()
MIB = 1 << 20


@pytest.fixture
def server(serve):
    return serve("conformance", "--workers", "1", "--instances", "2")


@pytest.fixture
def stub(server, connect):
    return conformance_pb2_grpc.GuestStub(connect(server))


def assert_tells_nothing_of_the_host(message: str):
    for word in ("wasm", "trap", "unreachable", "0x", "/", ".cc", "instance", "conformance"):
        assert word not in message, message


@pytest.mark.parametrize("method, log", [("Trap", "unreachable"), ("Overflow", "out of bounds memory access"), ("Exit", "code 3")])
def test_a_failure_is_internal_to_the_client_and_explained_in_the_log(server, stub, failure, method, log):
    assert stub.Count(EMPTY, timeout=LIMIT).number == 1
    with failure(grpc.StatusCode.INTERNAL) as failed:
        getattr(stub, method)(EMPTY, timeout=LIMIT)
    assert_tells_nothing_of_the_host(failed.details)
    server.wait_for_log(rf"error conformance: /test\.Guest/{method}: .*{log}")
    assert stub.Count(EMPTY, timeout=LIMIT).number == 1  # a new instance: nothing is left of the one that failed


def test_a_trap_is_logged_with_the_guests_stack(server, stub, failure):
    with failure(grpc.StatusCode.INTERNAL):
        stub.Trap(EMPTY, timeout=LIMIT)
    server.wait_for_log(
        r"error conformance: /test\.Guest/Trap: wasm trap: .*unreachable.*\n"
        r"    in \(anonymous namespace\)::trap\(.*\n"
        r"(?s:.*)    in wasm_grpc_call"
    )


def test_a_failure_leaves_the_other_calls_of_its_connection_alone(server, stub, failure):
    sleepers = [stub.Sleep.future(conformance.SleepRequest(milliseconds=500, by_wait=True), timeout=LIMIT)]
    for _ in range(20):
        with failure(grpc.StatusCode.INTERNAL):
            stub.Trap(EMPTY, timeout=LIMIT)
    assert [sleeper.result() for sleeper in sleepers] == [EMPTY]


def test_failures_of_many_calls_at_once_leave_the_server_whole(stub):
    calls = [stub.Trap.future(EMPTY, timeout=LIMIT) for _ in range(50)]
    assert {call.code() for call in calls} == {grpc.StatusCode.INTERNAL}
    assert stub.Count(EMPTY, timeout=LIMIT).number == 1


def test_what_a_guest_prints_is_logged_with_its_name(server, stub):
    stub.Print(conformance.TextRequest(text="hello log"), timeout=LIMIT)
    server.wait_for_log(r"info conformance: out: hello log method=/test\.Guest/Print call=\d+\n")
    server.wait_for_log(r"warning conformance: err: hello log method=/test\.Guest/Print call=\d+\n")
    server.wait_for_log(r"warning conformance: log: hello log method=/test\.Guest/Print call=\d+\n")
    assert "hello log" not in server.stdout


# Prints "half" and no line feed, and ends with the status that its message says.
PRINTS_HALF_A_LINE = """(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/half.Line/Print") (data (i32.const 32) "half")
  (data (i32.const 40) "\\20\\00\\00\\00\\04\\00\\00\\00")  ;; the place and length of that
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 16) (i32.const 0) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param i32 i32) (result i32)
    (drop (call $fd_write (i32.const 1) (i32.const 40) (i32.const 1) (i32.const 64)))
    (i32.const 10)))"""


def test_a_line_that_a_call_leaves_half_printed_is_logged_at_its_end(program, connect, failure, tmp_path):
    (tmp_path / "half.wat").write_text(PRINTS_HALF_A_LINE)
    server = Server(tmp_path, [program, "serve", tmp_path / "half.wat", "--workers", "1", "--listen", "127.0.0.1:0"])
    try:
        print_half = connect(server).unary_unary("/half.Line/Print")
        for n in range(1, 4):  # by one and the same instance
            with failure(grpc.StatusCode.ABORTED):
                print_half(b"", timeout=LIMIT)
            eventually(lambda: server.log.count("info half: half\n") == n, f"{n} lines are logged: {server.log}")
    finally:
        server.stop()


def test_a_guest_cannot_forge_log_lines(server, stub):
    stub.Print(conformance.TextRequest(text="x\n2026-01-01 error host: forged\r\x1b[2J"), timeout=LIMIT)
    server.wait_for_log(r"warning conformance: log: x")
    server.wait_for_log(r"warning conformance: err: x")
    lines = server.log.splitlines()
    forged = [line for line in lines if "forged" in line]
    assert forged and all(" conformance: " in line for line in forged)
    assert "\x1b" not in server.log and "\r" not in server.log


def test_lines_below_the_log_level_are_dropped(serve, connect, failure):
    server = serve("conformance", "--log-level", "error")
    stub = conformance_pb2_grpc.GuestStub(connect(server))
    stub.Print(conformance.TextRequest(text="hello log"), timeout=LIMIT)
    with failure(grpc.StatusCode.INTERNAL):
        stub.Trap(EMPTY, timeout=LIMIT)
    server.wait_for_log("/test.Guest/Trap")
    assert "hello log" not in server.log


def test_memory_beyond_the_limit_is_refused_to_the_guest(serve, connect, failure):
    server = serve("conformance", "--workers", "1", "--instances", "1", "--max-memory", str(32 * MIB))
    stub = conformance_pb2_grpc.GuestStub(connect(server))
    assert stub.Grow(conformance.NumberRequest(number=16), timeout=LIMIT).number == 16
    with failure(grpc.StatusCode.RESOURCE_EXHAUSTED) as refused:
        stub.Grow(conformance.NumberRequest(number=32), timeout=LIMIT)
    assert refused.details == "malloc gave nothing"  # the guest's own words: it lives on
    kept = stub.Grow(conformance.NumberRequest(number=0), timeout=LIMIT).number
    assert 16 < kept <= 32


def test_a_guest_that_has_used_its_cpu_time_is_killed(serve, connect, failure):
    server = serve("conformance", "--workers", "1", "--instances", "2", "--max-cpu-time", "200")
    stub = conformance_pb2_grpc.GuestStub(connect(server))
    sleeper = stub.Sleep.future(conformance.SleepRequest(milliseconds=1000, by_wait=True), timeout=LIMIT)
    with failure(grpc.StatusCode.RESOURCE_EXHAUSTED) as killed:
        stub.Spin(EMPTY)  # without a deadline
    assert killed.details == "the call used its 200 ms of CPU time"
    server.wait_for_log(r"warning conformance: /test\.Guest/Spin: used its 200 ms of CPU time")
    assert stub.Count(EMPTY, timeout=LIMIT).number == 1  # of a new instance
    assert sleeper.result() == EMPTY  # to wait costs nothing
