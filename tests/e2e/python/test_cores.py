"""One client, all cores: long calls of a connection are lent to idle workers, and nobody notices."""

import os
import pathlib
import random
import re
import threading
import time

import conformance_pb2 as conformance
import conformance_pb2_grpc
import grpc
import pytest
from outbox import Outbox
from server import eventually

LIMIT = 50
EMPTY = conformance.Empty()


def burned(thousands: int) -> int:
    """What Burn replies: a step is an affine map; two of them, one after the other, are one too."""
    multiplier, addend = 1, 0  # so far
    step_multiplier, step_addend = 1664525, 1013904223  # of 1, 2, 4, ... steps
    steps = thousands * 1000
    while steps:
        if steps & 1:
            multiplier, addend = multiplier * step_multiplier, addend * step_multiplier + step_addend
        step_multiplier, step_addend = step_multiplier**2, (step_multiplier + 1) * step_addend
        multiplier, addend, step_multiplier, step_addend = (
            value & 0xFFFFFFFF for value in (multiplier, addend, step_multiplier, step_addend)
        )
        steps >>= 1
    return (multiplier + addend) & 0xFFFFFFFF


def worker_seconds(server) -> list[float]:
    """CPU time of each worker thread, the busiest first. At first a thread may not have its name yet."""
    seconds = [0.0, 0.0]
    for task in pathlib.Path(f"/proc/{server.pid}/task").iterdir():
        if re.fullmatch(r"worker-\d+\n", (task / "comm").read_text()):
            fields = (task / "stat").read_text().rpartition(")")[2].split()
            seconds.append((int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"))
    return sorted(seconds, reverse=True)


def burn_until(stub, server, done, thousands: int) -> None:
    """Makes many calls at once, and looks at every reply, until `done` of the workers' seconds."""
    give_up = time.monotonic() + 50
    while not done(worker_seconds(server)):
        assert time.monotonic() < give_up, f"the workers have used {worker_seconds(server)} s"
        request = conformance.NumberRequest(number=thousands)
        for call in [stub.Burn.future(request, timeout=LIMIT) for _ in range(32)]:
            assert call.result().number == burned(thousands)


@pytest.mark.parametrize("thousands", [1000, 20_000], ids=["long_calls", "calls_of_many_slices"])
def test_the_calls_of_one_connection_run_on_all_workers(serve, connect, thousands):
    server = serve("conformance", "--workers", "2")
    stub = conformance_pb2_grpc.GuestStub(connect(server))
    burn_until(stub, server, lambda seconds: seconds[1] > 0.05, thousands)


def test_they_run_on_one_worker_when_work_is_not_shared(serve, connect):
    server = serve("conformance", "--workers", "2", "--no-share-work")
    stub = conformance_pb2_grpc.GuestStub(connect(server))
    burn_until(stub, server, lambda seconds: seconds[0] > 0.5, 1000)
    assert worker_seconds(server)[1] < 0.05


def test_streams_of_long_messages_are_answered_in_order(serve, connect):
    server = serve("conformance", "--workers", "2")
    stub = conformance_pb2_grpc.GuestStub(connect(server))
    numbers = [random.Random(1).choice([1, 1000, 20_000]) for _ in range(20)]
    streams = [stub.BurnEach((conformance.NumberRequest(number=n) for n in numbers), timeout=LIMIT) for _ in range(8)]
    for stream in streams:
        assert [reply.number for reply in stream] == [burned(n) for n in numbers]


def mix(stub, seed: int, errors: list) -> None:
    """A client that does all kinds of things, well and badly."""
    dice = random.Random(seed)

    def burn():
        thousands = dice.choice([1, 1000, 10_000])
        assert stub.Burn(conformance.NumberRequest(number=thousands), timeout=LIMIT).number == burned(thousands)

    def fail(call, request, code, **more):
        with pytest.raises(grpc.RpcError) as error:
            call(request, **more)
        assert error.value.code() == code, error.value

    def cancel():
        call = stub.Burn.future(conformance.NumberRequest(number=50_000), timeout=LIMIT)
        with pytest.raises(grpc.FutureTimeoutError):
            call.result(timeout=dice.choice([0, 0.002]))
        call.cancel()

    def stream():
        numbers = [dice.choice([1, 1000, 10_000]) for _ in range(3)]
        replies = stub.BurnEach((conformance.NumberRequest(number=n) for n in numbers), timeout=LIMIT)
        assert [reply.number for reply in replies] == [burned(n) for n in numbers]

    def give_up_a_stream():
        outbox = Outbox()
        outbox.send(conformance.NumberRequest(number=10_000))
        replies = stub.BurnEach(outbox, timeout=LIMIT)
        next(replies)
        outbox.send(conformance.NumberRequest(number=50_000))
        replies.cancel()

    actions = [
        burn, burn, stream, cancel, give_up_a_stream,
        lambda: fail(stub.Spin, EMPTY, grpc.StatusCode.DEADLINE_EXCEEDED, timeout=0.05),
        lambda: fail(stub.Trap, EMPTY, grpc.StatusCode.INTERNAL, timeout=LIMIT),
        lambda: fail(stub.Exit, EMPTY, grpc.StatusCode.INTERNAL, timeout=LIMIT),
    ]  # fmt: skip
    try:
        for _ in range(15):
            dice.choice(actions)()
    except BaseException as error:  # pytest's own among them
        errors.append(error)


def test_all_kinds_of_ends_on_lent_calls(serve, connect):
    server = serve("conformance", "--workers", "2")
    stub = conformance_pb2_grpc.GuestStub(connect(server))
    errors = []
    clients = [threading.Thread(target=mix, args=(stub, seed, errors)) for seed in range(8)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert not errors
    assert stub.Burn(conformance.NumberRequest(number=1), timeout=LIMIT).number == burned(1)


def begin_streams(stub, count: int) -> list:
    """Streams whose guests are in the middle of a long message."""
    streams = []
    for _ in range(count):
        outbox = Outbox(conformance.NumberRequest(number=1))
        replies = stub.BurnEach(outbox, timeout=LIMIT)
        assert next(replies).number == burned(1)
        streams.append((outbox, replies))
    for outbox, _ in streams:
        outbox.send(conformance.NumberRequest(number=100_000))
        outbox.end()
    return streams


def test_a_server_that_stops_finishes_lent_calls_first(serve, connect):
    server = serve("conformance", "--workers", "2")
    streams = begin_streams(conformance_pb2_grpc.GuestStub(connect(server)), 6)
    eventually(lambda: worker_seconds(server)[1] > 0.02, "calls have moved", LIMIT)
    server.send_stop_signal()
    for _, replies in streams:
        assert len(list(replies)) == 1
    assert server.wait_for_exit() == 0


def test_a_server_that_stops_at_once_cuts_off_lent_calls(serve, connect):
    server = serve("conformance", "--workers", "2", "--drain-timeout", "600000")
    stub = conformance_pb2_grpc.GuestStub(connect(server))
    spins = [stub.Spin.future(EMPTY, timeout=LIMIT) for _ in range(4)]
    eventually(lambda: worker_seconds(server)[1] > 0.05, "calls have moved", LIMIT)
    server.send_stop_signal()
    eventually(lambda: "once more to stop at once" in server.stdout, "it says that it stops")
    server.send_stop_signal()
    assert server.wait_for_exit() == 0
    assert {spin.code() for spin in spins} == {grpc.StatusCode.UNAVAILABLE}
