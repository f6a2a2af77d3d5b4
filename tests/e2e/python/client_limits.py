"""Rows of the table of limits (limits.py): what a client may do."""

import contextlib
import http.client
import socket
import time

import conformance_pb2 as conformance
import conformance_pb2_grpc
import grpc
import pytest
from http2_client import GRPC, Http2Client, message
from http2_frames import (
    CONTINUATION,
    END_HEADERS,
    PING,
    PREFACE,
    REQUEST,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    frame,
    headers,
    literal,
)
from limits import (
    DEADLINE_EXCEEDED,
    GRPC_,
    LIMIT,
    MIB,
    OVER_ALL,
    OVER_HTTP2,
    RESOURCE_EXHAUSTED,
    Trial,
    held_elsewhere,
    is_ended,
    limit,
)
from server import eventually

# A request by frames, to a guest of the protocol.
HTTP_REQUEST = b"\x82\x86" + literal(b":path", b"/page") + literal(b":authority", b"localhost")  # GET, http
NO_HURRY = ("--overhead-burst", 1_000_000, "--min-ping-interval", 0)


def block_of(trial: Trial) -> bytes:
    return REQUEST if trial.over == GRPC_ else HTTP_REQUEST


@contextlib.contextmanager
def wire(server):
    """A connection by the byte, open."""
    with socket.create_connection(server.host_and_port, timeout=LIMIT) as connection:
        connection.sendall(PREFACE + frame(SETTINGS, 1, 0))
        yield connection


def assert_answers(connection) -> None:
    """The connection lives: a PING comes back."""
    connection.sendall(frame(PING, 0, 0, b"are we !"))
    received = b""
    while b"are we !" not in received:
        part = connection.recv(65_536)
        assert part, "the server ended the connection"
        received += part


def assert_ends(connection) -> None:
    with contextlib.suppress(ConnectionError):
        while connection.recv(65_536):
            pass


def ends_after(begin: float, value_ms: int) -> None:
    """The server has waited as long as it says, and up to twice that and a little, as slow machines do."""
    waited = time.monotonic() - begin
    assert value_ms / 1000 - 0.05 <= waited < 2 * value_ms / 1000 + 5, waited


# ---- Sizes ----


@limit("--max-message-size", 1000, 6 * MIB)
def message_size(trial: Trial):
    server = trial.serve("echo", "--stream-window", 1 << 20)
    echo = trial.channel(server).unary_unary("/echo.Echo/Unary")
    assert echo(bytes(trial.value), timeout=LIMIT) == bytes(trial.value)
    with pytest.raises(grpc.RpcError) as refused:
        echo(bytes(trial.value + 1), timeout=LIMIT)
    assert refused.value.code() == RESOURCE_EXHAUSTED


def list_size(trial: Trial, path: str, fields: dict) -> int:
    method = "POST" if trial.over == GRPC_ else "GET"
    all_fields = {":method": method, ":scheme": "http", ":path": path, ":authority": "localhost", **fields}
    return sum(len(name) + len(value) + 32 for name, value in all_fields.items())


@limit("--max-header-size", 2000, 40_000, OVER_ALL)
def header_size(trial: Trial):
    server = trial.serve(trial.guest)
    path = "/echo.Echo/Unary" if trial.over == GRPC_ else "/page"
    if trial.over == OVER_ALL[2]:
        # Counted as HTTP/2 would be, to which it becomes; what of that is its own is left open here.
        def status(size: int) -> int:
            client = trial.http1(server)
            client.request("GET", path, headers={f"x-{i}": "v" * 900 for i in range(size // 1000)})
            return client.getresponse().status

        assert status(trial.value * 8 // 10) == 200
        assert status(trial.value * 12 // 10) == 431
        return
    own = {**GRPC, "x-long": ""} if trial.over == GRPC_ else {"x-long": ""}
    room = trial.value - list_size(trial, path, own)
    assert trial.ask(server, path, {"x-long": "v" * room}) == trial.fine
    refused = RESOURCE_EXHAUSTED.value[0] if trial.over == GRPC_ else 431
    assert trial.ask(server, path, {"x-long": "v" * (room + 1)}) == refused


@limit("--max-continuations", 2, 20, OVER_HTTP2)
def continuations(trial: Trial):
    server = trial.serve(trial.guest)
    block = block_of(trial)

    def request(count: int) -> bytes:
        pieces = [block] + [literal(b"x-%d" % i, b"v") for i in range(count)]
        frames = [headers(1, pieces[0], 0 if count else END_HEADERS)]
        return b"".join(
            frames + [frame(CONTINUATION, END_HEADERS if i == count else 0, 1, pieces[i]) for i in range(1, count + 1)]
        )

    with wire(server) as connection:
        connection.sendall(request(trial.value))
        assert_answers(connection)
    with wire(server) as connection:
        connection.sendall(request(trial.value + 1))
        assert_ends(connection)
    server.wait_for_log("header flood")


@limit("--stream-window", None, 150_000, OVER_HTTP2, because="the default is the least")
def stream_window(trial: Trial):
    with Http2Client(trial.serve(trial.guest), LIMIT) as client:
        client.read_until(lambda: client.h2.remote_settings.initial_window_size != 65_535)
        assert client.h2.remote_settings.initial_window_size == trial.value


@limit("--max-large-input", 9_000_000, 90_000_000)
def large_input(trial: Trial):
    size, streams = 4_000_000, 30
    server = trial.serve("echo", "--max-concurrent-streams", streams)
    with Http2Client(server, LIMIT) as client:
        client.read_until(lambda: client.h2.remote_settings.max_concurrent_streams == streams)
        opened = [client.open("/echo.Echo/Unary") for _ in range(streams)]
        for stream in opened:
            client.send(stream, b"\0" + size.to_bytes(4, "big"))
        # Streams whose message is let in whole are told so; the connection's own window is not of interest here.
        def let_in() -> int:
            windows = [client.h2.streams[stream].outbound_flow_control_window for stream in opened]
            return sum(window > 1_000_000 for window in windows)

        client.read_until(lambda: let_in() == trial.value // size)
        client.h2.ping(b"are we !")
        client.flush()
        client.read_until(lambda: client.pongs > 0)
        assert let_in() == trial.value // size, "further ones wait for their turn"


# ---- Numbers ----


@limit("--max-concurrent-streams", 3, 1200, OVER_HTTP2)
def concurrent_streams(trial: Trial):
    server = trial.serve(trial.guest)
    with Http2Client(server, LIMIT) as client:
        client.read_until(lambda: client.h2.remote_settings.max_concurrent_streams == trial.value)
        path = "/echo.Echo/BidiStream" if trial.over == GRPC_ else "/echo"
        opened = [trial.open(client, path, end=False) for _ in range(trial.value)]
        for stream in opened:
            client.send(stream, message(b"x") if trial.over == GRPC_ else b"x", end=True)
        assert all(trial.status_of(client, stream) == trial.fine for stream in opened)


@limit("--max-connections", 2, None, OVER_ALL, because="10,000 connections are opened in test_overload.py")
def connections(trial: Trial):
    server = trial.serve(trial.guest)
    with contextlib.ExitStack() as stack:
        for _ in range(trial.value):
            if trial.over == OVER_ALL[2]:
                client = trial.http1(server)
                client.request("GET", "/page")
                assert client.getresponse().read()
                stack.callback(client.close)
            else:
                client = stack.enter_context(Http2Client(server, LIMIT))
                path = "/echo.Echo/Unary" if trial.over == GRPC_ else "/page"
                assert trial.status_of(client, trial.open(client, path)) == trial.fine
        with socket.create_connection(server.host_and_port, timeout=LIMIT) as one_more:
            assert_ends(one_more)
    server.wait_for_log("too many connections")


def resets(trial: Trial, first: int, count: int) -> bytes:
    block = block_of(trial)
    ids = range(2 * first + 1, 2 * (first + count) + 1, 2)
    return b"".join(headers(i, block) + frame(RST_STREAM, 0, i, b"\0\0\0\x08") for i in ids)


@limit("--reset-burst", 20, 1500, OVER_HTTP2)
def reset_burst(trial: Trial):
    server = trial.serve(trial.guest, "--resets-per-second", 1, *NO_HURRY)
    with wire(server) as connection:
        connection.sendall(resets(trial, 0, trial.value))
        assert_answers(connection)
        connection.sendall(resets(trial, trial.value, 40))
        assert_ends(connection)
    server.wait_for_log("reset flood")


@limit("--resets-per-second", 50, 1000, OVER_HTTP2)
def resets_per_second(trial: Trial):
    burst = 100
    server = trial.serve(trial.guest, "--reset-burst", burst, *NO_HURRY)
    with wire(server) as connection:
        connection.sendall(resets(trial, 0, burst))
        assert_answers(connection)
        time.sleep(1.2 * burst / trial.value)
        connection.sendall(resets(trial, burst, burst))
        assert_answers(connection)
        connection.sendall(resets(trial, 2 * burst, 10_000))
        assert_ends(connection)


@limit("--overhead-burst", 500, 20_000, OVER_HTTP2)
def overhead_burst(trial: Trial):
    server = trial.serve(trial.guest, "--overhead-per-second", 1, "--min-ping-interval", 0)
    with wire(server) as connection:
        # Not PINGs, whose answers would wait for us to read; SETTINGS count as 100.
        connection.sendall(frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\1") * (trial.value - 300))
        assert_answers(connection)
        connection.sendall(frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\1") * 400)
        assert_ends(connection)
    server.wait_for_log("control flood")


@limit("--overhead-per-second", 200, 5000, OVER_HTTP2)
def overhead_per_second(trial: Trial):
    burst = 1000
    server = trial.serve(trial.guest, "--overhead-burst", burst, "--min-ping-interval", 0)
    with wire(server) as connection:
        connection.sendall(frame(PING, 0, 0, bytes(8)) * 600)
        assert_answers(connection)
        time.sleep(1.2 * 700 / trial.value)
        connection.sendall(frame(PING, 0, 0, bytes(8)) * 600)
        assert_answers(connection)
        with contextlib.suppress(ConnectionError):
            connection.sendall(frame(PING, 0, 0, bytes(8)) * 40_000)
        assert_ends(connection)


# ---- Times of connections ----


@limit("--handshake-timeout", 300, 10_500, OVER_ALL)
def handshake_timeout(trial: Trial):
    server = trial.serve(trial.guest)
    begun = {OVER_ALL[0]: b"", OVER_ALL[1]: PREFACE[:10], OVER_ALL[2]: b"GET / HTTP/1.1\r\n"}[trial.over]
    begin = time.monotonic()
    with socket.create_connection(server.host_and_port, timeout=LIMIT) as connection:
        connection.sendall(begun)
        assert_ends(connection)
    ends_after(begin, trial.value)
    server.wait_for_log("handshake timeout")


@limit("--header-timeout", 300, 10_500, OVER_ALL)
def header_timeout(trial: Trial):
    server = trial.serve(trial.guest)
    with socket.create_connection(server.host_and_port, timeout=LIMIT) as connection:
        if trial.over == OVER_ALL[2]:
            connection.sendall(b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\n")
        else:
            connection.sendall(PREFACE + headers(1, block_of(trial), 0))
        begin = time.monotonic()
        assert_ends(connection)
    ends_after(begin, trial.value)


@limit("--stall-timeout", 400, None, OVER_HTTP2, because="there is none by default")
def stall_timeout(trial: Trial):
    server = trial.serve(trial.guest)
    window_of_nothing = frame(SETTINGS, 0, 0, bytes([0, 4, 0, 0, 0, 0]))
    with socket.create_connection(server.host_and_port, timeout=LIMIT) as connection:
        calls = [
            headers(i, block_of(trial), END_HEADERS | (0 if trial.over == GRPC_ else 1))
            + (frame(0, 1, i, message(b"x" * 1000)) if trial.over == GRPC_ else b"")
            for i in range(1, 41, 2)
        ]
        connection.sendall(PREFACE + window_of_nothing + b"".join(calls))
        assert_ends(connection)
    server.wait_for_log("stalled output")


@limit("--max-connection-idle", None, 300, OVER_ALL, because="there is none by default")
def connection_idle(trial: Trial):
    ends_by_itself(trial, trial.serve(trial.guest))


@limit("--max-connection-age", None, 300, OVER_ALL, because="there is none by default")
def connection_age(trial: Trial):
    ends_by_itself(trial, trial.serve(trial.guest))


def ends_by_itself(trial: Trial, server) -> None:
    if trial.over == OVER_ALL[2]:
        client = trial.http1(server)
        client.request("GET", "/page")
        assert client.getresponse().read()
        assert_ends(client.sock)
        return
    with Http2Client(server, LIMIT) as client:
        path = "/echo.Echo/Unary" if trial.over == GRPC_ else "/page"
        assert trial.status_of(client, trial.open(client, path)) == trial.fine
        assert is_ended(client)


@limit("--max-connection-age-grace", None, 300, OVER_HTTP2, because="there is no limit by default")
def connection_age_grace(trial: Trial):
    server = trial.serve(trial.guest, "--max-connection-age", 100)
    begin = time.monotonic()
    with Http2Client(server, LIMIT) as client:
        trial.open(client, "/echo.Echo/BidiStream" if trial.over == GRPC_ else "/echo", end=False)
        with contextlib.suppress(AssertionError, ConnectionError):
            client.read_until(lambda: False)  # until it is closed, with the call open
    assert time.monotonic() - begin < LIMIT / 2


# ---- Times of calls ----


def silent_request(trial: Trial, server) -> int:
    """The status of a request that is begun and not gone on with."""
    if trial.over == OVER_ALL[2]:
        with socket.create_connection(server.host_and_port, timeout=LIMIT) as connection:
            connection.sendall(b"POST /limited HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n")
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            return answer.status
    with Http2Client(server, LIMIT) as client:
        path = "/echo.Echo/BidiStream" if trial.over == GRPC_ else "/limited"
        return trial.status_of(client, trial.open(client, path, end=False))


@limit("--request-idle-timeout", None, 400, OVER_ALL, because="there is none by default")
def request_idle_timeout(trial: Trial):
    begin = time.monotonic()
    status = silent_request(trial, trial.serve(trial.guest))
    assert status == (DEADLINE_EXCEEDED.value[0] if trial.over == GRPC_ else 408)
    assert time.monotonic() - begin > trial.value / 1000


@limit("--max-call-time", None, 400, OVER_ALL, because="there is none by default")
def call_time(trial: Trial):
    begin = time.monotonic()
    status = silent_request(trial, trial.serve(trial.guest))
    assert status == (DEADLINE_EXCEEDED.value[0] if trial.over == GRPC_ else 504)
    assert time.monotonic() - begin > trial.value / 1000


@limit("--shutdown-delay", None, 3000, because="there is none by default")
def shutdown_delay(trial: Trial):
    server = trial.serve(trial.guest)
    begin = time.monotonic()
    server.send_stop_signal()
    eventually(lambda: "stopping" in server.stdout, "it has heard")
    assert trial.ask(server, "/echo.Echo/Unary", body=b"x") == trial.fine, "a call on a new connection"
    assert server.wait_for_exit() == 0
    assert time.monotonic() - begin >= trial.value / 1000


@limit("--drain-timeout", 300, None, OVER_HTTP2, because="the default is half a minute")
def drain_timeout(trial: Trial):
    server = trial.serve(trial.guest)
    with Http2Client(server, LIMIT) as client:
        path = "/echo.Echo/BidiStream" if trial.over == GRPC_ else "/echo"
        stream = trial.open(client, path, end=False)
        client.send(stream, message(b"x") if trial.over == GRPC_ else b"x")
        client.read_until(lambda: client.answers[stream].data)
        begin = time.monotonic()
        server.send_stop_signal()
        assert server.wait_for_exit() == 0
        assert trial.value / 1000 <= time.monotonic() - begin < 10


# ---- Calls that wait ----


@limit("--max-waiting-calls", 3, 1500)
def waiting_calls(trial: Trial):
    server = trial.serve("conformance", "--instances", 1, "--max-concurrent-streams", 4000)
    stub = conformance_pb2_grpc.GuestStub(trial.channel(server))
    with_one = stub.Sleep.future(conformance.SleepRequest(milliseconds=60_000, by_wait=True), timeout=LIMIT)
    time.sleep(0.2)  # it has the instance
    more = 7
    calls = [stub.Count.future(conformance.Empty(), timeout=LIMIT) for _ in range(trial.value + more)]
    refused = eventually(lambda: [c for c in calls if c.done()][more - 1 :] and [c for c in calls if c.done()], "refusals")
    time.sleep(0.2)
    refused = [call for call in calls if call.done()]
    assert len(refused) == more
    assert {call.code() for call in refused} == {RESOURCE_EXHAUSTED}
    with_one.cancel()
    assert all(call.result() for call in calls if call not in refused)


held_elsewhere("--max-window-growth", "no near client sees it",
               "tests/e2e/python/test_far_clients.py: test_windows_grow_with_the_way_to_a_client",
               "tests/e2e/python/test_far_clients.py: test_windows_grow_by_no_more_than_they_may_together")
BY_TIME = "its defaults are minutes and hours: with values of a fraction of a second"
held_elsewhere("--keepalive-time", BY_TIME, "tests/http2/life_test.cc: ASilentClientThatAnswersPingsStays",
               "tests/http2/life_test.cc: AClientThatAnswersNothingIsDropped",
               "tests/e2e/python/test_http1.py: test_an_exchange_that_takes_long_is_not_cut_by_keepalive")
held_elsewhere("--keepalive-timeout", BY_TIME, "tests/http2/life_test.cc: AClientThatAnswersNothingIsDropped")
held_elsewhere("--min-ping-interval", BY_TIME, "tests/http2/life_test.cc: TooManyPingsEndTheConnectionAndSaySo",
               "tests/http2/life_test.cc: CanBeSwitchedOff")
held_elsewhere("--max-unread-output", "its default is a quarter of the machine's memory",
               "tests/http2/output_budget_test.cc: AConnectionThatLeavesMoreThanHalfOfAllUnreadIsEnded",
               "tests/http2/output_budget_test.cc: AClientMayPauseWhileThereIsRoomAndReadLater",
               "tests/e2e/python/test_backpressure.py: test_a_client_that_leaves_too_much_unread_is_cut_off_and_others_are_not")
held_elsewhere("--registry-timeout", "no client sees it", "tests/registry/fetch_test.cc: ASilentRegistryIsNotWaitedForBeyondTheTimeout")
held_elsewhere("--registry-cache-size", "no client sees it", "tests/registry/cache_test.cc: WhatWasNotUsedForLongestMakesRoom")
