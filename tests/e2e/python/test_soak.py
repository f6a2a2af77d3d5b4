"""Everything at once, for WASM_GRPC_SOAK_SECONDS: good clients beside every kind of bad one.

Each actor runs in a thread of its own, over and over. A reply that is wrong, a call that ends otherwise than it should, or
one that does not end fails the test; so does memory that grows, and a server that does not stop as it should.
"""

import collections
import contextlib
import os
import random
import statistics
import threading
import time

import conformance_pb2 as conformance
import conformance_pb2_grpc
import echo_pb2
import echo_pb2_grpc
import grpc
import pytest
from http2_client import Http2Client
from outbox import Outbox
from server import eventually

SECONDS = float(os.environ.get("WASM_GRPC_SOAK_SECONDS", "7"))
LIMIT = 60  # for one call: a slow machine is no error
EMPTY = conformance.Empty()
MIB = 1 << 20
Code = grpc.StatusCode


class Soak:
    """The actors, and what came of their calls."""

    def __init__(self, server, connect):
        self.server = server
        self.connect = connect
        self.ended = collections.Counter()  # (actor, status) -> calls
        self.failures = []
        self._stop = threading.Event()
        self._threads = []

    def add(self, actor, *arguments) -> None:
        self._threads.append(threading.Thread(target=self._repeat, args=(actor, arguments), name=actor.__name__))

    def _repeat(self, actor, arguments) -> None:
        try:
            channel = self.connect(self.server)
            while not self._stop.is_set():
                actor(self, channel, *arguments)
        except Exception as error:  # of the thread: the test reports it
            self.failures.append(f"{actor.__name__}: {type(error).__name__}: {error}")

    def end(self, actor: str, call, *allowed: Code) -> None:
        """Waits for the end of a call, which is to be one of those."""
        code = call.code()  # waits
        self.ended[actor, code.name] += 1
        if code not in allowed:
            raise AssertionError(f"ended with {code.name} ({call.details()}), which is none of {allowed}")

    def run(self, seconds: float) -> list:
        """Lets them act; how much memory the server had meanwhile."""
        for thread in self._threads:
            thread.start()
        memory = []
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up and not self.failures and self.server.runs():
            memory.append(self.server.resident_bytes())
            time.sleep(0.1)
        self._stop.set()
        for thread in self._threads:
            thread.join(LIMIT)
            if thread.is_alive():
                self.failures.append(f"{thread.name}: a call had not ended after {LIMIT} s")
        return memory


def random_message() -> echo_pb2.Message:
    size = random.choice((0, 5, 100, 5000, 100_000))
    return echo_pb2.Message(payload=random.randbytes(size))


def calls_echo(soak, channel):
    echo = echo_pb2_grpc.EchoStub(channel)
    messages = [random_message() for _ in range(random.randint(1, 5))]
    assert echo.Unary(messages[0], timeout=LIMIT) == messages[0]
    assert list(echo.BidiStream(iter(messages), timeout=LIMIT)) == messages
    assert echo.ClientStream(iter(messages), timeout=LIMIT).payload == b"".join(m.payload for m in messages)
    repeated = echo.ServerStream(echo_pb2.Repeat(count=20, payload=messages[0].payload), timeout=LIMIT)
    assert list(repeated) == [messages[0]] * 20
    soak.ended["calls_echo", "OK"] += 4


def comes_and_goes(soak, _):
    with contextlib.closing(soak.connect(soak.server)) as channel:
        message = random_message()
        assert echo_pb2_grpc.EchoStub(channel).Unary(message, timeout=LIMIT) == message
    soak.ended["comes_and_goes", "OK"] += 1


def cancels(soak, channel):
    stub = conformance_pb2_grpc.GuestStub(channel)
    calls = [stub.WaitCancel(Outbox(), timeout=LIMIT) for _ in range(5)]
    calls += [stub.Flood(conformance.NumberRequest(number=1000), timeout=LIMIT) for _ in range(5)]
    if random.random() < 0.5:
        for call in calls:
            next(call)
    for call in calls:
        call.cancel()
        soak.end("cancels", call, Code.CANCELLED)


def spins(soak, channel):
    stub = conformance_pb2_grpc.GuestStub(channel)
    calls = [stub.Spin.future(EMPTY, timeout=random.uniform(0.01, 0.2)) for _ in range(2)]
    for call in calls:
        soak.end("spins", call, Code.DEADLINE_EXCEEDED)


def fails(soak, channel):
    stub = conformance_pb2_grpc.GuestStub(channel)
    for method in (stub.Trap, stub.Overflow, stub.Exit):
        soak.end("fails", method.future(EMPTY, timeout=LIMIT), Code.INTERNAL)


def takes_memory(soak, channel):
    stub = conformance_pb2_grpc.GuestStub(channel)
    calls = [stub.Grow.future(conformance.NumberRequest(number=random.randint(1, 64)), timeout=LIMIT) for _ in range(3)]
    for call in calls:
        soak.end("takes_memory", call, Code.OK, Code.RESOURCE_EXHAUSTED)


def reads_slowly(soak, channel):
    stub = conformance_pb2_grpc.GuestStub(channel)
    call = stub.Flood(conformance.NumberRequest(number=10_000), timeout=LIMIT)
    for _ in range(5):
        next(call)
        time.sleep(0.02)
    call.cancel()
    soak.end("reads_slowly", call, Code.CANCELLED)


def resets_until_it_is_thrown_out(soak, _):
    with contextlib.suppress(ConnectionError, AssertionError, TimeoutError):
        with Http2Client(soak.server) as client:
            for _ in range(3000):
                client.h2.reset_stream(client.open("/echo.Echo/BidiStream"))
            client.flush()
            client.read_until(lambda: client.goaway is not None)
    soak.ended["resets_until_it_is_thrown_out", "thrown out"] += 1
    time.sleep(0.05)


def breaks_its_connection(soak, _):
    client = Http2Client(soak.server)
    for _ in range(random.randint(1, 20)):
        client.open(random.choice(("/echo.Echo/BidiStream", "/test.Guest/WaitCancel", "/test.Guest/PollCancel")))
    client.break_connection()
    soak.ended["breaks_its_connection", "gone"] += 1
    time.sleep(0.05)


ACTORS = (calls_echo, calls_echo, calls_echo, comes_and_goes, cancels, spins, fails, takes_memory, reads_slowly,
          resets_until_it_is_thrown_out, breaks_its_connection)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("mode", ["shared", "fresh"])
def test_everything_at_once(serve, connect, sanitized, workers, mode):
    if mode == "fresh" and workers == 2 and SECONDS < 60:
        pytest.skip("three of the four are enough for a short run")
    flags = ["--workers", str(workers), "--instance-mode", mode, "--instances", "200", "--max-memory", str(48 * MIB),
             "--max-kept-memory", str(16 * MIB), "--instance-idle-timeout", "500", "--max-instance-calls", "1000"]
    server = serve("conformance", "echo", *flags)
    soak = Soak(server, connect)
    for actor in ACTORS:
        soak.add(actor)
    memory = soak.run(SECONDS)

    assert not soak.failures, soak.failures
    assert server.runs()
    seen = {actor for actor, _ in soak.ended}
    assert seen == {actor.__name__ for actor in ACTORS}, "each has come to the end of a call"
    message = random_message()
    assert echo_pb2_grpc.EchoStub(connect(server)).Unary(message, timeout=LIMIT) == message
    print(f"{workers} workers, {mode}: {dict(soak.ended)}")
    if not sanitized:
        part = len(memory) // 4
        early, late = (statistics.median(memory[from_:from_ + part]) / MIB for from_ in (part, 3 * part))
        print(f"resident: {early:.0f} MiB in the second quarter, {late:.0f} MiB in the last")
        assert late < early * 1.3 + 32
        eventually(lambda: server.resident_bytes() < 150 * MIB, "the instances of the load are gone, and their memory")
