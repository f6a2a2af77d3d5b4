"""How long instances live: what a call finds of the calls before it, and what the server keeps when calls are over."""

import conformance_pb2 as conformance
import conformance_pb2_grpc
import echo_pb2
import echo_pb2_grpc
import pytest
from outbox import Outbox
from server import eventually

LIMIT = 40
EMPTY = conformance.Empty()
MIB = 1 << 20


@pytest.fixture
def stub_of(connect):
    return lambda server: conformance_pb2_grpc.GuestStub(connect(server))


def counts(stub, calls: int) -> list:
    """What each call finds of the counter in its instance's memory, itself included."""
    return [stub.Count(EMPTY, timeout=LIMIT).number for _ in range(calls)]


def test_shared_instances_keep_their_memory_from_call_to_call(serve, stub_of):
    stub = stub_of(serve("conformance", "--workers", "1", "--instances", "1"))
    assert counts(stub, 4) == [1, 2, 3, 4]


@pytest.mark.parametrize("flags", [(), ("--warm-instances", "0"), ("--kept-slot-memory", "0")])
def test_a_fresh_instance_has_nothing_of_the_calls_before_it(serve, stub_of, flags):
    stub = stub_of(serve("conformance", "--workers", "1", "--instance-mode", "fresh", *flags))
    assert counts(stub, 50) == [1] * 50
    assert stub.Grow(conformance.NumberRequest(number=8), timeout=LIMIT).number == 8
    assert stub.Grow(conformance.NumberRequest(number=0), timeout=LIMIT).number == 0


def test_fresh_instances_serve_all_kinds_of_call(serve, connect):
    echo = echo_pb2_grpc.EchoStub(connect(serve("echo", "--instance-mode", "fresh")))
    messages = [echo_pb2.Message(payload=b"%d" % i) for i in range(5)]
    for message in messages:
        assert echo.Unary(message, timeout=LIMIT) == message
    assert echo.ClientStream(iter(messages), timeout=LIMIT).payload == b"01234"
    replies = echo.ServerStream(echo_pb2.Repeat(count=3, payload=b"x"), timeout=LIMIT)
    assert [reply.payload for reply in replies] == [b"x"] * 3
    assert list(echo.BidiStream(iter(messages), timeout=LIMIT)) == messages


def test_calls_beyond_the_fresh_instances_wait_for_room(serve, stub_of):
    stub = stub_of(serve("conformance", "--workers", "1", "--instances", "2", "--instance-mode", "fresh"))
    calls = [stub.Sleep.future(conformance.SleepRequest(milliseconds=50), timeout=LIMIT) for _ in range(10)]
    assert [call.result() for call in calls] == [EMPTY] * 10


def test_instances_are_replaced_after_their_number_of_calls(serve, stub_of):
    stub = stub_of(serve("conformance", "--workers", "1", "--instances", "1", "--max-instance-calls", "3"))
    assert counts(stub, 7) == [1, 2, 3, 1, 2, 3, 1]


def test_an_instance_that_has_grown_too_much_is_replaced_and_the_operator_told(serve, stub_of):
    server = serve("conformance", "--workers", "1", "--instances", "1", "--max-kept-memory", str(16 * MIB))
    stub = stub_of(server)
    assert counts(stub, 2) == [1, 2]
    stub.Grow(conformance.NumberRequest(number=32), timeout=LIMIT)
    assert counts(stub, 2) == [1, 2]
    server.wait_for_log("conformance: an instance had grown to .* MiB")


@pytest.mark.memory
def test_the_memory_of_a_peak_goes_back_to_the_system(serve, connect):
    server = serve("echo", "--workers", "1", "--instance-idle-timeout", "200")
    echo = echo_pb2_grpc.EchoStub(connect(server))
    chunk = echo_pb2.Message(payload=b"x" * MIB)
    echo.ClientStream(iter([chunk]), timeout=LIMIT)
    before = server.resident_bytes()
    outboxes = [Outbox(chunk, chunk, chunk) for _ in range(20)]
    calls = [echo.ClientStream.future(outbox, timeout=LIMIT) for outbox in outboxes]
    eventually(lambda: server.resident_bytes() > before + 60 * MIB, "twenty guests hold 3 MiB each")
    for outbox in outboxes:
        outbox.end()
    assert {len(call.result().payload) for call in calls} == {3 * MIB}
    eventually(lambda: server.resident_bytes() < before + 32 * MIB, "the memory has gone back")
    assert echo.ClientStream(iter([chunk]), timeout=LIMIT) == chunk
