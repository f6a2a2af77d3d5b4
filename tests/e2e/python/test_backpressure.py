"""Flow control: whoever is slow stops the other side, and the server's memory does not grow."""

import contextlib
import pathlib
import socket
import time

import conformance_pb2 as conformance
import conformance_pb2_grpc
import echo_pb2
import echo_pb2_grpc
import pytest
from http2_client import message
from http2_frames import DATA, END_STREAM, PREFACE, REQUEST, SETTINGS, frame, headers, literal
from outbox import Outbox
from server import eventually

LIMIT = 50
EMPTY = conformance.Empty()
MIB = 1 << 20
ALLOWED_GROWTH = 24 * MIB  # an instance, buffers on both sides of a guest, and what the allocator keeps


@pytest.fixture
def server(serve, connect):
    """Warm: it has made an instance of each module and served a few calls."""
    server = serve("conformance", "echo", "--workers", "1")
    channel = connect(server)
    for _ in range(5):
        conformance_pb2_grpc.GuestStub(channel).Count(EMPTY, timeout=LIMIT)
        list(echo_pb2_grpc.EchoStub(channel).ServerStream(echo_pb2.Repeat(count=9, payload=b"x"), timeout=LIMIT))
    return server


def assert_memory_stays(server, before, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        grown = server.resident_bytes() - before
        assert grown < ALLOWED_GROWTH, f"the server grew by {grown / MIB:.1f} MiB"
        time.sleep(0.02)


@pytest.mark.memory
def test_a_slow_reader_stops_the_guest_and_reads_all_of_it_later(server, connect):
    payload = bytes(range(256)) * 64  # 16 KiB; 64 MiB in all
    before = server.resident_bytes()
    replies = echo_pb2_grpc.EchoStub(connect(server)).ServerStream(
        echo_pb2.Repeat(count=4096, payload=payload), timeout=LIMIT
    )
    assert next(replies).payload == payload
    assert_memory_stays(server, before, 1)
    rest = 0
    for reply in replies:
        assert reply.payload == payload
        rest += 1
    assert rest == 4095


@pytest.mark.memory
def test_an_endless_stream_that_nobody_reads_is_stopped_and_ends_with_its_cancellation(server, connect):
    stub = conformance_pb2_grpc.GuestStub(connect(server))
    before = server.resident_bytes()
    flood = stub.Flood(conformance.NumberRequest(number=10_000), timeout=LIMIT)
    next(flood)
    assert_memory_stays(server, before, 1)
    used = server.processor_seconds()
    time.sleep(0.5)
    assert server.processor_seconds() - used < 0.2  # the guest waits, it does not try over and over
    flood.cancel()
    sent = int(server.wait_for_log(r"conformance: Flood: sent (\d+)").group(1))
    assert 1 <= sent * 10_000 < 64 * MIB


@pytest.mark.memory
def test_100_streams_that_nobody_reads_take_little_each(server, connect):
    # Fixed windows of 64 KiB: else this client lets in 4 MiB of each, and chokes on it.
    stub = conformance_pb2_grpc.GuestStub(connect(server, **{"http2.bdp_probe": 0, "http2.lookahead_bytes": 65_535}))
    before = server.resident_bytes()
    floods = [stub.Flood(conformance.NumberRequest(number=1000), timeout=LIMIT) for _ in range(100)]
    for flood in floods:
        next(flood)
    assert_memory_stays(server, before, 1)
    for flood in floods:
        flood.cancel()
    assert stub.Count(EMPTY, timeout=LIMIT).number > 0


@pytest.mark.memory
def test_a_slow_guest_stops_a_fast_sender_and_takes_all_of_it_later(server, connect):
    message = conformance.TextRequest(text="x" * 65_536)
    total = 1024  # 64 MiB
    handed_over = 0

    def requests():
        nonlocal handed_over
        for _ in range(total):
            handed_over += 1
            yield message

    stub = conformance_pb2_grpc.GuestStub(connect(server))
    before = server.resident_bytes()
    sink = stub.Sink.future(requests(), metadata=[("x-pause-ms", "5000")], timeout=LIMIT)
    assert_memory_stays(server, before, 1)
    assert 0 < handed_over < total and not sink.done()
    reply = sink.result()
    assert (reply.messages, reply.bytes) == (total, total * message.ByteSize())


@pytest.mark.memory
def test_calls_beside_a_stopped_stream_go_on_over_the_same_connection(server, connect):
    channel = connect(server)
    stub = conformance_pb2_grpc.GuestStub(channel)
    flood = stub.Flood(conformance.NumberRequest(number=10_000), timeout=LIMIT)
    next(flood)
    sink = stub.Sink.future(
        (conformance.TextRequest(text="x" * 65_536) for _ in range(64)),
        metadata=[("x-pause-ms", "60000")],
        timeout=LIMIT,
    )
    payload = bytes(300_000)
    for _ in range(20):
        assert len(echo_pb2_grpc.EchoStub(channel).Unary(echo_pb2.Message(payload=payload), timeout=LIMIT).payload) > 0
    assert not sink.done()
    flood.cancel()
    sink.cancel()


@pytest.mark.memory
def test_memory_comes_back_to_where_it_was_after_many_large_calls(server, connect):
    echo = connect(server, max_receive_message_length=-1).unary_unary("/echo.Echo/Unary")
    message = bytes(3 * MIB)

    def burst():
        for call in [echo.future(message, timeout=LIMIT) for _ in range(8)]:
            assert call.result() == message
        return server.resident_bytes()

    after_first = burst()
    for _ in range(8):
        last = burst()
    assert last < after_first + ALLOWED_GROWTH


def test_a_guest_that_only_reads_and_one_that_only_writes_do_not_deadlock(server, connect):
    """A bidi stream where the client sends much before it reads anything: both windows are full in between."""
    count, payload = 2000, b"y" * 4096
    outbox = Outbox(*[echo_pb2.Message(payload=payload)] * count)
    outbox.end()
    replies = echo_pb2_grpc.EchoStub(connect(server)).BidiStream(outbox, timeout=LIMIT)
    time.sleep(0.3)
    assert sum(reply.payload == payload for reply in replies) == count


def test_streams_that_end_leave_no_descriptors_behind(server, connect):
    descriptors = pathlib.Path(f"/proc/{server.pid}/fd")
    before = len(list(descriptors.iterdir()))
    for _ in range(20):
        channel = connect(server)
        conformance_pb2_grpc.GuestStub(channel).Count(EMPTY, timeout=LIMIT)
        channel.close()
    eventually(lambda: len(list(descriptors.iterdir())) <= before + 1, "its connections are closed")


def test_a_client_that_leaves_too_much_unread_is_cut_off_and_others_are_not(serve, connect):
    server = serve("conformance", "--workers", "2", "--max-unread-output", str(2 * MIB))
    flood = conformance.NumberRequest(number=1000).SerializeToString()
    others = conformance_pb2_grpc.GuestStub(connect(server))
    with socket.create_connection(server.host_and_port, timeout=LIMIT) as connection:
        window_of_nothing = frame(SETTINGS, 0, 0, bytes([0, 4, 0, 0, 0, 0]))
        block = REQUEST.replace(literal(b":path", b"/echo.Echo/BidiStream"), literal(b":path", b"/test.Guest/Flood"))
        calls = [headers(i, block) + frame(DATA, END_STREAM, i, message(flood)) for i in range(1, 201, 2)]
        connection.sendall(PREFACE + window_of_nothing + b"".join(calls))
        with contextlib.suppress(ConnectionError):
            while connection.recv(65_536):
                pass
    server.wait_for_log("unread output")
    assert others.Count(EMPTY, timeout=LIMIT).number > 0
