"""More than the server can serve at once: it stays small, says so, and is well again when the load is gone."""

import contextlib
import os
import resource
import socket
import time

import conformance_pb2 as conformance
import conformance_pb2_grpc
import echo_pb2
import echo_pb2_grpc
import grpc
import hpack
import pytest
from http2_client import Http2Client, message
from http2_frames import DATA, END_STREAM, HEADERS, PING, PREFACE, SETTINGS, WINDOW_UPDATE, frame, headers
from outbox import Outbox
from server import eventually

LIMIT = 60
EMPTY = conformance.Empty()
MIB = 1 << 20
ECHOED = message(b"\x0a\x05hello")


def test_calls_are_refused_while_all_is_busy_and_served_at_once_when_it_is_not(serve, connect):
    server = serve("conformance", "--workers", "1", "--instances", "4", "--max-waiting-calls", "8")
    stub = conformance_pb2_grpc.GuestStub(connect(server))
    sleep = conformance.SleepRequest(milliseconds=300)
    for _ in range(3):
        calls = [stub.Sleep.future(sleep, timeout=LIMIT) for _ in range(100)]
        codes = [call.code() for call in calls]  # waits for each
        assert codes.count(grpc.StatusCode.OK) >= 12
        assert codes.count(grpc.StatusCode.RESOURCE_EXHAUSTED) == 100 - codes.count(grpc.StatusCode.OK) > 0
        for _ in range(10):
            assert stub.Count(EMPTY, timeout=LIMIT).number > 0


def test_a_client_with_few_streams_keeps_them_while_one_with_many_silent_ones_makes_way(serve, connect):
    server = serve("echo", "conformance", "--workers", "1", "--instances", "16")
    streams = [Outbox() for _ in range(2)]
    echo = echo_pb2_grpc.EchoStub(connect(server))
    replies = [echo.BidiStream(stream, timeout=LIMIT) for stream in streams]
    with Http2Client(server, LIMIT) as crowd:
        for _ in range(30):
            crowd.send(crowd.open("/test.Guest/Sink"), message(b""))

        def exchange(text: bytes) -> None:
            for stream, answers in zip(streams, replies, strict=True):
                stream.send(echo_pb2.Message(payload=text))
                assert next(answers).payload == text

        exchange(b"before")
        server.wait_for_log("warning conformance: calls wait for an instance")
        others = [echo_pb2_grpc.EchoStub(connect(server)) for _ in range(5)]  # more than there is room for
        held = [other.BidiStream(Outbox(echo_pb2.Message()), timeout=LIMIT) for other in others]
        for call in held:
            next(call)
        exchange(b"after")
        crowd.h2.ping(b"are we !")
        crowd.flush()
        crowd.read_until(lambda: crowd.pongs > 0)
        ended = [answer.status for answer in crowd.answers.values() if answer.ended]
        assert set(ended) == {grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]}
        assert len(ended) <= len(held), "no more than were of use"
        for call in held:
            call.cancel()
    for stream in streams:
        stream.end()


def test_a_module_that_takes_all_instances_does_not_starve_another(serve, connect):
    server = serve("conformance", "echo", "--workers", "1", "--instances", "4", "--max-waiting-calls", "1000")
    greedy = conformance_pb2_grpc.GuestStub(connect(server))
    echo = echo_pb2_grpc.EchoStub(connect(server))
    sleep = conformance.SleepRequest(milliseconds=100)
    hogs = [greedy.Sleep.future(sleep, timeout=LIMIT) for _ in range(400)]  # ten seconds of all four
    eventually(lambda: sum(hog.done() for hog in hogs) >= 4, "all instances were taken")
    for i in range(5):
        assert echo.Unary(echo_pb2.Message(payload=b"%d" % i), timeout=LIMIT).payload == b"%d" % i
    assert not all(hog.done() for hog in hogs), "it did not have to wait for all of them"
    for hog in hogs:
        hog.cancel()


class Streams:
    """Echo streams on one connection, by the byte: an HTTP/2 library in Python takes a minute for 10,000."""

    def __init__(self, server, count):
        self._ids = range(1, 2 * count, 2)
        self._socket = socket.create_connection(server.host_and_port, timeout=LIMIT)
        self._socket.sendall(PREFACE + frame(SETTINGS, 1, 0))  # at once: the server waits ten seconds for the first bytes
        self._received = b""
        self._hpack = hpack.Decoder()
        self.echoed = set()
        self.ended_well = set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def open(self) -> None:
        opened = (headers(stream) + frame(DATA, 0, stream, ECHOED) for stream in self._ids)
        self._socket.sendall(b"".join(opened))

    def wait_for_echoes(self) -> None:
        self._read_until(lambda: len(self.echoed) == len(self._ids))

    def end(self) -> None:
        self._socket.sendall(b"".join(frame(DATA, END_STREAM, stream) for stream in self._ids))
        self._read_until(lambda: len(self.ended_well) == len(self._ids))

    def _read_until(self, done) -> None:
        while not done():
            data = self._socket.recv(1 << 16)
            assert data, "the server closed the connection"
            self._received += data
            while len(self._received) >= 9 and len(self._received) >= 9 + int.from_bytes(self._received[:3], "big"):
                end = 9 + int.from_bytes(self._received[:3], "big")
                kind, flags, stream = self._received[3], self._received[4], int.from_bytes(self._received[5:9], "big")
                self._take(kind, flags, stream, self._received[9:end])
                self._received = self._received[end:]

    def _take(self, kind, flags, stream, payload) -> None:
        if kind == DATA:
            assert payload == ECHOED and stream not in self.echoed
            self.echoed.add(stream)
        elif kind == HEADERS:
            fields = dict(self._hpack.decode(payload))
            if flags & END_STREAM:
                assert fields["grpc-status"] == "0", fields
                self.ended_well.add(stream)
        else:
            assert kind in (SETTINGS, WINDOW_UPDATE, PING), kind


@pytest.mark.memory
def test_10000_open_streams_each_have_an_instance_and_are_all_answered(serve):
    server = serve("echo", "--workers", "1", "--instances", "10000", "--max-concurrent-streams", "250")
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(Streams(server, 250)) for _ in range(40)]
        for connection in connections:
            connection.open()
        for connection in connections:
            connection.wait_for_echoes()
        held = server.resident_bytes()
        assert held < 1024 * MIB, f"{held / MIB:.0f} MiB"
        for connection in connections:
            connection.end()
    print(f"10,000 streams: {held / MIB:.0f} MiB")


def test_connections_beyond_the_open_files_wait_and_the_operator_is_told(serve, sanitized):
    if sanitized:
        pytest.skip("UBSan looks at an object through a pipe, and takes it for a wrong one when it may open none")
    server = serve("echo", "--workers", "1")
    used = len(os.listdir(f"/proc/{server.pid}/fd"))
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (used + 10, used + 10))
    with contextlib.ExitStack() as stack:
        for _ in range(30):
            stack.enter_context(socket.create_connection(server.host_and_port, timeout=LIMIT))
        server.wait_for_log("error host: cannot accept connections: .*ulimit -n")
        before = server.processor_seconds()
        time.sleep(1)
        assert server.processor_seconds() - before < 0.5, "it does not try without a pause"
        assert server.log.count("cannot accept connections") == 1
    with Http2Client(server, LIMIT) as client:
        stream = client.open("/echo.Echo/Unary")
        client.send(stream, ECHOED, end=True)
        assert client.answer(stream).data == ECHOED


@pytest.mark.memory
def test_10000_connections_take_little_each(serve):
    server = serve("echo", "--workers", "1")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(10_000, hard - 1000)  # where fewer files may be open, the most there can be
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count + 500), hard))
    before = server.resident_bytes()
    with contextlib.ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        connections = [stack.enter_context(Streams(server, 1)) for _ in range(count)]
        for connection in connections:  # one after the other: there are fewer instances than connections
            connection.open()
            connection.wait_for_echoes()
            connection.end()
        each = (server.resident_bytes() - before) / count
    print(f"{each / 1024:.1f} KiB for each of {count} connections")
    assert each < 64 * 1024


@pytest.mark.memory
def test_more_instances_than_the_system_has_mappings_for_are_warned_of(serve):
    allowed = int(open("/proc/sys/vm/max_map_count").read())
    server = serve("echo", "--workers", "1", "--instances", "12000")
    if allowed < 73_000:
        server.wait_for_log("raise vm.max_map_count")
    else:
        server.stop()
        assert "raise vm.max_map_count" not in server.log
