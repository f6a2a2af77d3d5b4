"""Many calls at once: over one connection, more than it may have, and more than there are instances."""

import concurrent.futures
import threading

import conformance_pb2 as conformance
import conformance_pb2_grpc
import echo_pb2
import echo_pb2_grpc
import grpc
import pytest
from outbox import Outbox
from server import eventually

LIMIT = 40
EMPTY = conformance.Empty()


def open_echo_streams(channel, count):
    """Opens `count` bidi streams and waits until each has answered: so many instances are in use at once."""
    stub = echo_pb2_grpc.EchoStub(channel)
    streams = []
    for i in range(count):
        outbox = Outbox(echo_pb2.Message(payload=b"open %d" % i))
        streams.append((outbox, stub.BidiStream(outbox, timeout=LIMIT)))
    for i, (_, replies) in enumerate(streams):
        assert next(replies).payload == b"open %d" % i
    return streams


def close_echo_streams(streams):
    for i, (outbox, replies) in enumerate(streams):
        outbox.send(echo_pb2.Message(payload=b"close %d" % i))
        outbox.end()
        assert [reply.payload for reply in replies] == [b"close %d" % i]


def test_100_streams_are_open_at_once_over_one_connection(everywhere):
    close_echo_streams(open_echo_streams(everywhere, 100))


def test_300_unary_calls_at_once_get_each_its_own_answer(everywhere):
    stub = echo_pb2_grpc.EchoStub(everywhere)
    calls = [stub.Unary.future(echo_pb2.Message(payload=b"%d" % i), timeout=LIMIT) for i in range(300)]
    assert [call.result().payload for call in calls] == [b"%d" % i for i in range(300)]


def test_calls_beyond_the_streams_a_connection_may_have_wait_at_the_client(serve, connect):
    channel = connect(serve("echo", "--max-concurrent-streams", "4"))
    streams = open_echo_streams(channel, 4)
    fifth = echo_pb2_grpc.EchoStub(channel).Unary.future(echo_pb2.Message(payload=b"fifth"), timeout=LIMIT)
    with pytest.raises(grpc.FutureTimeoutError):
        fifth.result(timeout=0.3)
    close_echo_streams(streams)
    assert fifth.result().payload == b"fifth"


def test_two_connections_do_not_share_that_limit(serve, connect):
    server = serve("echo", "--max-concurrent-streams", "4")
    streams = [open_echo_streams(connect(server), 4) for _ in range(3)]
    for four in streams:
        close_echo_streams(four)


def test_concurrent_streams_have_an_instance_each(serve, connect):
    # Two that wait are in an instance each; the call beside them is answered by a third.
    stub = conformance_pb2_grpc.GuestStub(connect(serve("conformance", "--workers", "1", "--instances", "3")))
    assert [stub.Count(EMPTY, timeout=LIMIT).number for _ in range(3)] == [1, 2, 3]
    first, second = (stub.WaitCancel(Outbox(), timeout=LIMIT) for _ in range(2))
    next(first), next(second)
    assert stub.Count(EMPTY, timeout=LIMIT).number == 1  # the instance that had counted is taken
    first.cancel()
    second.cancel()


def test_an_instance_is_used_again_and_keeps_its_memory(serve, connect):
    stub = conformance_pb2_grpc.GuestStub(connect(serve("conformance", "--workers", "1")))
    assert [stub.Count(EMPTY, timeout=LIMIT).number for _ in range(50)] == list(range(1, 51))


def test_calls_beyond_the_instances_wait_for_one(serve, connect):
    stub = conformance_pb2_grpc.GuestStub(connect(serve("conformance", "--workers", "1", "--instances", "2")))
    request = conformance.SleepRequest(milliseconds=20, by_wait=True)
    calls = [stub.Sleep.future(request, timeout=LIMIT) for _ in range(30)]
    assert [call.result() for call in calls] == [EMPTY] * 30


def test_fewer_instances_than_workers_serve_all_the_same(serve, connect):
    server = serve("echo", "--workers", "4", "--instances", "2")
    stubs = [echo_pb2_grpc.EchoStub(connect(server)) for _ in range(6)]
    calls = [stubs[i % 6].Unary.future(echo_pb2.Message(payload=b"%d" % i), timeout=LIMIT) for i in range(120)]
    assert [call.result().payload for call in calls] == [b"%d" % i for i in range(120)]


def test_calls_beyond_those_that_may_wait_are_resource_exhausted(serve, connect):
    server = serve("conformance", "--workers", "1", "--instances", "2", "--max-waiting-calls", "3")
    stub = conformance_pb2_grpc.GuestStub(connect(server))
    holders = [stub.WaitCancel(Outbox(), timeout=LIMIT) for _ in range(2)]
    for holder in holders:
        next(holder)
    calls = [stub.Count.future(EMPTY, timeout=LIMIT) for _ in range(10)]
    # Seven are refused while the instances are held; the three that wait are served once they are free.
    eventually(lambda: sum(call.done() for call in calls) == 7, "seven of ten calls have ended")
    refused = [call for call in calls if call.done()]
    assert {call.code() for call in refused} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert "try again" in refused[0].details()
    for holder in holders:
        holder.cancel()
    assert all(call.result().number > 0 for call in calls if call not in refused)


def test_a_waiting_call_that_is_cancelled_gives_up_its_place(serve, connect):
    server = serve("conformance", "--workers", "1", "--instances", "1", "--max-waiting-calls", "1")
    stub = conformance_pb2_grpc.GuestStub(connect(server))
    holder = stub.WaitCancel(Outbox(), timeout=LIMIT)
    next(holder)
    for _ in range(5):
        with pytest.raises(grpc.RpcError) as waited:
            stub.Count(EMPTY, timeout=0.2)
        assert waited.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED  # not RESOURCE_EXHAUSTED
    holder.cancel()
    assert stub.Count(EMPTY, timeout=LIMIT).number == 1


def test_modules_share_the_instances_without_starving_each_other(serve, connect):
    channel = connect(serve("conformance", "echo", "--workers", "1", "--instances", "1"))
    stub, echo = conformance_pb2_grpc.GuestStub(channel), echo_pb2_grpc.EchoStub(channel)
    for i in range(5):  # each takes the only instance from the other
        assert stub.Count(EMPTY, timeout=LIMIT).number == 1
        assert echo.Unary(echo_pb2.Message(payload=b"%d" % i), timeout=LIMIT).payload == b"%d" % i


def test_many_connections_at_once_are_all_served(everything, connect):
    start = threading.Barrier(20)

    def call(i):
        stub = echo_pb2_grpc.EchoStub(channels[i])
        start.wait(LIMIT)
        return [stub.Unary(echo_pb2.Message(payload=b"%d" % n), timeout=LIMIT).payload for n in range(20)]

    channels = [connect(everything) for _ in range(20)]
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        assert list(pool.map(call, range(20))) == [[b"%d" % n for n in range(20)]] * 20


def test_a_connection_is_kept_and_used_again(everything, connect):
    stub = conformance_pb2_grpc.GuestStub(connect(everything))
    assert len({stub.Info(EMPTY, timeout=LIMIT).peer for _ in range(20)}) == 1
    other = conformance_pb2_grpc.GuestStub(connect(everything))
    assert other.Info(EMPTY, timeout=LIMIT).peer != stub.Info(EMPTY, timeout=LIMIT).peer
