"""Clients that mean harm: each loses its connection, the log says why, and others are served meanwhile."""

import contextlib
import socket
import time

import pytest
from http2_client import Http2Client, message
from http2_frames import (
    CONTINUATION,
    DATA,
    GOAWAY,
    PING,
    PREFACE,
    PRIORITY,
    REQUEST,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    frame,
    headers,
    literal,
)
from server import eventually

LIMIT = 30
MIB = 1 << 20
# The server may grow by while a flood runs: what every client may have, 1000 streams with an instance each, and buffers.
FLOOD_MEMORY = 64 * MIB
FLOOD_TIME = 3  # seconds of its processor a whole flood may cost; generous, for a slow machine
ENHANCE_YOUR_CALM = 11


def goaways(received: bytes) -> list[int]:
    """The error codes of the GOAWAY frames among them."""
    codes = []
    while len(received) >= 9:
        length = int.from_bytes(received[:3], "big")
        if received[3] == GOAWAY:
            codes.append(int.from_bytes(received[13:17], "big"))
        received = received[9 + length :]
    return codes


def attack(server, pieces, limit: float = LIMIT) -> list[int]:
    """Sends the pieces until the server ends the connection; the codes of its GOAWAYs."""
    received = b""
    with socket.create_connection(server.host_and_port, timeout=limit) as connection:
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                connection.sendall(piece)
        with contextlib.suppress(ConnectionError):
            while part := connection.recv(65_536):
                received += part
    return goaways(received)


def assert_calls(client) -> None:
    """It makes a call, and that is answered."""
    stream = client.open("/echo.Echo/Unary")
    client.send(stream, message(b"hello"), end=True)
    assert client.answer(stream).data == message(b"hello")


def assert_serves(server) -> None:
    with Http2Client(server) as client:
        assert_calls(client)


def bomb() -> bytes:
    """4 KiB of dynamic table in one field, referred to ten thousand times."""
    big = b"\x40\x01a\x7f" + bytes([(4000 - 127) & 0x7F | 0x80, (4000 - 127) >> 7]) + b"v" * 4000
    return REQUEST + big + b"\xbe" * 10_000


FLOODS = {
    "rapid resets": (lambda i: headers(2 * i + 1) + frame(RST_STREAM, 0, 2 * i + 1, bytes(4)), "reset flood"),
    "errors that force resets": (
        lambda i: headers(2 * i + 1) + frame(WINDOW_UPDATE, 0, 2 * i + 1, b"\x7f\xff\xff\xff"),  # beyond 2^31-1
        "error flood",
    ),
    "SETTINGS": (lambda i: frame(SETTINGS, 0, 0, bytes([0, 4]) + i.to_bytes(4, "big")), "control flood"),
    "PINGs": (lambda i: frame(PING, 0, 0, bytes(8)), "control flood"),
    "WINDOW_UPDATEs": (lambda i: frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\1"), "control flood"),
    "PRIORITYs": (lambda i: frame(PRIORITY, 0, 3, b"\0\0\0\1\7"), "control flood"),
    "unknown frames": (lambda i: frame(0xBE, 0, 0), "control flood"),
    "empty DATA": (lambda i: (headers(1) if i == 0 else b"") + frame(DATA, 0, 1), "control flood"),
    "CONTINUATIONs": (lambda i: frame(CONTINUATION, 0, 1) if i else headers(1, REQUEST, 0), "header flood"),
    "header lists that unpack to megabytes": (lambda i: headers(2 * i + 1, bomb()), "header flood"),
}


@pytest.fixture
def watched(serve):
    # Pings are limited by their interval too; here their number counts.
    server = serve("echo", "--workers", "1", "--min-ping-interval", "0")
    assert_serves(server)  # it has made what its first call takes
    return server


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_ends_its_connection_costs_little_and_harms_nobody(watched, name, sanitized):
    make, reason = FLOODS[name]
    with Http2Client(watched) as neighbour:
        stream = neighbour.open("/echo.Echo/BidiStream")
        memory, time_used = watched.resident_bytes(), watched.processor_seconds()

        def flood():
            yield PREFACE
            for n in range(1000):  # not all are sent: the server ends the connection before
                yield b"".join(make(100 * n + i) for i in range(100))
                grown = watched.resident_bytes() - memory
                assert sanitized or grown < FLOOD_MEMORY, f"the server grew by {grown / MIB:.1f} MiB"
                if n % 10 == 0:  # the neighbour is served meanwhile
                    assert_calls(neighbour)

        codes = attack(watched, flood())
        watched.wait_for_log(rf"ended the connection of \S+: {reason} \(")
        assert set(codes) <= {ENHANCE_YOUR_CALM}  # a client that sends on may lose it to a reset of the socket
        assert watched.processor_seconds() - time_used < FLOOD_TIME
        neighbour.send(stream, message(b"still here"), end=True)
        assert neighbour.answer(stream).data == message(b"still here")
    assert_serves(watched)


def test_a_connection_that_does_not_open_in_time_is_closed(serve):
    server = serve("echo", "--workers", "1", "--handshake-timeout", "1000")
    with Http2Client(server) as client, contextlib.ExitStack() as connections:
        assert_calls(client)
        silent = []
        for said in (b"", PREFACE[:10], PREFACE[:24]):
            silent.append(connections.enter_context(socket.create_connection(server.host_and_port, timeout=LIMIT)))
            silent[-1].sendall(said)
        for connection in silent:
            while connection.recv(65_536):
                pass
        eventually(lambda: server.log.count(": handshake timeout (") == len(silent), "all three are logged")
        assert_calls(client)  # it has been silent for longer, but it is open


def test_connections_beyond_those_the_server_may_have_are_closed(serve):
    server = serve("echo", "--workers", "2", "--max-connections", "2")
    with contextlib.ExitStack() as connections:
        clients = [connections.enter_context(Http2Client(server)) for _ in range(2)]
        for client in clients:
            assert_calls(client)
        assert attack(server, [PREFACE]) == []
        server.wait_for_log(r"info host: ended the connection of \S+: too many connections \(")
        for client in clients:
            assert_calls(client)

    def served_again() -> bool:  # once the server has heard that they are gone
        with contextlib.suppress(AssertionError, ConnectionError):
            assert_serves(server)
            return True

    eventually(served_again, "there is room again")


def test_a_stream_takes_no_more_than_its_window(serve):
    server = serve("conformance", "--workers", "1", "--stream-window", "100000")
    with Http2Client(server) as client:
        client.read_until(lambda: client.h2.remote_settings.initial_window_size != 65_535)
        assert client.h2.remote_settings.initial_window_size == 100_000


def test_headers_that_do_not_end_in_time_end_the_connection(serve):
    server = serve("echo", "--workers", "1", "--header-timeout", "200")
    for begun in (headers(1, REQUEST, 0), headers(1)[:20], headers(1)[:5]):
        assert attack(server, [PREFACE + begun]) == [ENHANCE_YOUR_CALM]
    server.wait_for_log("slow headers")
    assert_serves(server)


def test_a_slow_body_is_not_slow_headers(serve):
    server = serve("echo", "--workers", "1", "--header-timeout", "100")
    with Http2Client(server) as client:
        stream = client.open("/echo.Echo/Unary")
        for byte in message(b"slow"):
            client.send(stream, bytes([byte]))
            time.sleep(0.05)
        client.send(stream, b"", end=True)
        assert client.answer(stream).data == message(b"slow")


def test_answers_that_nobody_takes_end_the_connection(serve):
    server = serve("echo", "--workers", "1", "--stall-timeout", "400")
    window_of_nothing = frame(SETTINGS, 0, 0, bytes([0, 4, 0, 0, 0, 0]))
    calls = b"".join(headers(i) + frame(DATA, 0, i, message(b"x" * 1000)) for i in range(1, 201, 2))
    assert attack(server, [PREFACE + window_of_nothing + calls]) == [ENHANCE_YOUR_CALM]
    server.wait_for_log("stalled output")
    assert_serves(server)


def test_a_connection_without_answers_to_take_may_be_silent(serve):
    server = serve("echo", "--workers", "1", "--stall-timeout", "100", "--header-timeout", "100")
    with Http2Client(server) as client:
        stream = client.open("/echo.Echo/BidiStream")
        time.sleep(0.5)
        client.send(stream, message(b"x"), end=True)
        assert client.answer(stream).data == message(b"x")


@pytest.mark.parametrize(
    "field",
    [
        literal(b"Upper-Case", b"x"),
        literal(b"connection", b"close"),
        literal(b"transfer-encoding", b"chunked"),
        literal(b"", b"x"),
        literal(b":path", b"/again"),
        literal(b":unknown", b"x"),
        literal(b"te", b"gzip"),
        literal(b"a b", b"x"),
        literal(b"a", b"x\r\ny: z"),
        literal(b"a", b"\0"),
    ],
)
def test_a_field_that_http_forbids_resets_its_stream_only(everything, field):
    with socket.create_connection(everything.host_and_port, timeout=LIMIT) as connection:
        connection.sendall(PREFACE + headers(1, REQUEST + field) + frame(PING, 0, 0, b"are we !"))
        received = b""
        while b"are we !" not in received:  # the answer to the PING: the connection lives
            part = connection.recv(65_536)
            assert part, "the server closed the connection"
            received += part
    resets = frame(RST_STREAM, 0, 1, b"\0\0\0\1")  # PROTOCOL_ERROR
    assert resets in received, received


def test_the_log_is_not_flooded_by_connections(watched):
    for _ in range(60):
        attack(watched, [PREFACE + headers(5) + headers(3)])
    watched.wait_for_log("protocol error .a stream id below")
    assert watched.log.count("ended the connection") < 60
