"""Calls that a client gives up, and calls that take too long."""

import conformance_pb2 as conformance
import conformance_pb2_grpc
import echo_pb2
import echo_pb2_grpc
import grpc
import pytest
from http2_client import GRPC, Http2Client
from outbox import Outbox
from server import eventually

LIMIT = 40
EMPTY = conformance.Empty()
FOR_A_MINUTE = {
    "nanosleep": conformance.SleepRequest(milliseconds=60_000, by_wait=False),
    "wait": conformance.SleepRequest(milliseconds=60_000, by_wait=True),
}


@pytest.fixture
def single(serve):
    """A server with one instance: whatever happens to it, the next call needs it or another in its place."""
    return serve("conformance", "--workers", "1", "--instances", "1")


@pytest.fixture
def stub(single, connect):
    return conformance_pb2_grpc.GuestStub(connect(single))


@pytest.mark.parametrize("way", FOR_A_MINUTE)
def test_a_sleeping_call_that_is_cancelled_makes_way_at_once(stub, way):
    sleeper = stub.Sleep.future(FOR_A_MINUTE[way], timeout=LIMIT)
    with pytest.raises(grpc.FutureTimeoutError):
        sleeper.result(timeout=0.2)
    sleeper.cancel()
    assert stub.Count(EMPTY, timeout=LIMIT).number == 1


def test_a_guest_that_waits_is_told_that_its_stream_was_cancelled(single, stub):
    stream = stub.WaitCancel(Outbox(), timeout=LIMIT)
    next(stream)
    assert "WaitCancel: cancelled" not in single.log
    stream.cancel()
    single.wait_for_log("conformance: WaitCancel: cancelled")
    assert stub.Count(EMPTY, timeout=LIMIT).number > 0


def test_a_guest_is_told_when_the_connection_is_gone(single, stub, connect):
    channel = connect(single)
    stream = conformance_pb2_grpc.GuestStub(channel).WaitCancel(Outbox(), timeout=LIMIT)
    next(stream)
    channel.close()
    single.wait_for_log("conformance: WaitCancel: cancelled")
    assert stub.Count(EMPTY, timeout=LIMIT).number > 0


@pytest.mark.parametrize("method", ["WaitCancel", "PollCancel"])
@pytest.mark.parametrize("end", ["reset", "lost", "deadline"])
def test_a_guest_finds_out_how_ever_its_call_ends_and_its_instance_goes_on(single, stub, method, end):
    """`lost`: the connection breaks. PollCancel computes all the time, and looks now and then."""
    number = stub.Count(EMPTY, timeout=LIMIT).number
    with Http2Client(single, LIMIT) as client:
        headers = GRPC | ({"grpc-timeout": "300m"} if end == "deadline" else {})
        stream = client.open(f"/test.Guest/{method}", headers)
        client.read_until(lambda: client.answers[stream].data)
        if end == "reset":
            client.h2.reset_stream(stream, 8)
            client.flush()
        elif end == "lost":
            client.break_connection()
        else:
            assert client.answer(stream).status == grpc.StatusCode.DEADLINE_EXCEEDED.value[0]
        single.wait_for_log(f"conformance: {method}: cancelled")
    assert stub.Count(EMPTY, timeout=LIMIT).number == number + 1  # a guest that returns in time keeps its instance


def test_a_spinning_call_that_is_cancelled_is_killed(single, stub):
    spin = stub.Spin.future(EMPTY)
    with pytest.raises(grpc.FutureTimeoutError):
        spin.result(timeout=0.2)
    spin.cancel()
    assert stub.Count(EMPTY, timeout=LIMIT).number == 1
    used = single.processor_seconds()
    with pytest.raises(grpc.RpcError):
        stub.Sleep(FOR_A_MINUTE["wait"], timeout=1)
    assert single.processor_seconds() - used < 0.5  # it spins no more


def test_cancelling_twice_as_many_calls_as_instances_leaves_the_server_whole(serve, connect):
    stub = conformance_pb2_grpc.GuestStub(connect(serve("conformance", "--instances", "10")))
    for _ in range(10):
        calls = [stub.Sleep.future(FOR_A_MINUTE["wait"]) for _ in range(20)]
        for call in calls:
            call.cancel()
    assert stub.Count(EMPTY, timeout=LIMIT).number > 0


@pytest.mark.parametrize("way", FOR_A_MINUTE)
def test_a_sleeping_guest_is_stopped_by_the_deadline(stub, failure, way):
    with failure(grpc.StatusCode.DEADLINE_EXCEEDED):
        stub.Sleep(FOR_A_MINUTE[way], timeout=0.3)
    assert stub.Count(EMPTY, timeout=LIMIT).number > 0


def test_a_spinning_guest_is_stopped_by_the_deadline(single, stub, failure):
    with failure(grpc.StatusCode.DEADLINE_EXCEEDED):
        stub.Spin(EMPTY, timeout=0.3)
    assert stub.Count(EMPTY, timeout=LIMIT).number == 1  # of a new instance


def test_a_waiting_stream_is_stopped_by_the_deadline(single, stub, failure):
    stream = stub.WaitCancel(Outbox(), timeout=0.5)
    with failure(grpc.StatusCode.DEADLINE_EXCEEDED):
        list(stream)
    single.wait_for_log("conformance: WaitCancel: cancelled")


def test_the_server_itself_ends_a_call_past_its_deadline(single, stub, failure):
    # The header alone: to this client the call has no deadline, so the answer can only be the server's.
    with failure(grpc.StatusCode.DEADLINE_EXCEEDED) as late:
        stub.Spin(EMPTY, metadata=[("grpc-timeout", "300m")])
    assert "deadline" in late.details


def test_others_are_served_while_four_calls_spin(serve, connect):
    server = serve("conformance", "--workers", "2")
    spins = [conformance_pb2_grpc.GuestStub(connect(server)).Spin.future(EMPTY) for _ in range(4)]
    started = server.processor_seconds()
    eventually(lambda: server.processor_seconds() > started + 0.2, "they spin")
    for _ in range(5):  # new connections fall to both workers
        stub = conformance_pb2_grpc.GuestStub(connect(server))
        for _ in range(10):
            assert stub.Deadline(EMPTY, timeout=LIMIT).set
    assert not any(spin.done() for spin in spins)
    for spin in spins:
        spin.cancel()


def test_calls_that_wait_cost_no_processor_time(single, stub):
    stream = stub.WaitCancel(Outbox())
    next(stream)
    waiting = stub.Count.future(EMPTY, timeout=LIMIT)  # for the only instance
    used = single.processor_seconds()
    with pytest.raises(grpc.FutureTimeoutError):
        waiting.result(timeout=1)
    assert single.processor_seconds() - used < 0.2
    stream.cancel()
    assert waiting.result().number > 0


def test_the_server_limits_how_long_a_call_may_take_whatever_its_client_allows(serve, connect):
    server = serve("conformance", "--workers", "1", "--instances", "1", "--max-call-time", "500")
    stub = conformance_pb2_grpc.GuestStub(connect(server))
    for arguments in ({}, {"timeout": LIMIT}):
        with pytest.raises(grpc.RpcError) as failed:
            stub.Sleep(FOR_A_MINUTE["wait"], **arguments)
        assert failed.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        assert "the server ended the call: it took longer than the 500 ms" in failed.value.details()
    assert server.wait_for_log(r"info host: ended a call of /test\.Guest/Sleep from \S+: it took longer than the 500 ms")
    assert stub.Count(EMPTY, timeout=LIMIT).number > 0  # in the only instance


def test_a_client_that_opens_a_stream_and_says_nothing_is_sent_away_when_so_wanted(serve, connect):
    server = serve("echo", "--workers", "1", "--request-idle-timeout", "1000")
    stub = echo_pb2_grpc.EchoStub(connect(server))
    outbox = Outbox(echo_pb2.Message(payload=b"one"))
    replies = stub.BidiStream(outbox, timeout=LIMIT)
    assert next(replies).payload == b"one"
    with pytest.raises(grpc.RpcError) as failed:
        next(replies)
    outbox.end()
    assert failed.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert "its client sent nothing for 1000 ms" in failed.value.details()
    with Http2Client(server, LIMIT) as client:  # HTTP/2 or not, a request that never comes
        silent = client.open("/echo.Echo/Unary")
        assert client.answer(silent).status == grpc.StatusCode.DEADLINE_EXCEEDED.value[0]
    assert stub.Unary(echo_pb2.Message(payload=b"two"), timeout=LIMIT).payload == b"two"
