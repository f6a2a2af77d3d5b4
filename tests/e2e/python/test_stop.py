"""How a server stops."""

import socket
import time

import conformance_pb2 as conformance
import conformance_pb2_grpc
import echo_pb2
import echo_pb2_grpc
import grpc
import pytest
from http2_frames import PREFACE
from outbox import Outbox
from server import eventually

LIMIT = 40
MAGIC = PREFACE[:24]  # of HTTP/2, without the SETTINGS
EMPTY = conformance.Empty()


def stub_of(channel):
    return conformance_pb2_grpc.GuestStub(channel)


def test_an_idle_server_stops_at_once_with_its_connections_open(serve, connect):
    server = serve("conformance", "--drain-timeout", "600000")
    stub_of(connect(server)).Count(EMPTY, timeout=LIMIT)
    server.send_stop_signal()
    assert server.wait_for_exit() == 0
    assert "stopping" in server.stdout


@pytest.mark.parametrize("first", [b"", MAGIC[:8], MAGIC, b"GET / HTTP/1.1\r\nhost:"])
def test_a_connection_that_has_not_yet_said_what_it_is_holds_no_stop_up(serve, first):
    server = serve("conformance", "--drain-timeout", "600000")
    with socket.create_connection(server.host_and_port) as connection:
        connection.settimeout(LIMIT)
        connection.sendall(first)
        time.sleep(0.2)  # has it taken and read; it answers nothing, by which that could be seen
        server.send_stop_signal()
        assert server.wait_for_exit() == 0


def test_a_running_stream_is_finished_first(serve, connect):
    server = serve("echo")
    outbox = Outbox(echo_pb2.Message(payload=b"before"))
    replies = echo_pb2_grpc.EchoStub(connect(server)).BidiStream(outbox, timeout=LIMIT)
    assert next(replies).payload == b"before"
    server.send_stop_signal()
    eventually(lambda: not server.accepts_connections(), "it accepts no connections any more")
    outbox.send(echo_pb2.Message(payload=b"after"))
    assert next(replies).payload == b"after"
    assert server.runs()
    outbox.end()
    assert list(replies) == [] and replies.code() == grpc.StatusCode.OK
    assert server.wait_for_exit() == 0


def test_a_call_that_sleeps_is_finished_first(serve, connect):
    server = serve("conformance")
    replies = stub_of(connect(server)).EarlyHeaders(
        conformance.SleepRequest(milliseconds=1000, by_wait=True), timeout=LIMIT
    )
    assert ("x-early", "yes") in replies.initial_metadata()  # it has begun
    server.send_stop_signal()
    assert list(replies) == [EMPTY]
    assert server.wait_for_exit() == 0


def test_new_calls_on_an_open_connection_are_not_begun(serve, connect, failure):
    server = serve("conformance", "--workers", "1")
    channel = connect(server, enable_retries=0)
    stream = stub_of(channel).WaitCancel(Outbox(), timeout=LIMIT)
    next(stream)
    server.send_stop_signal()
    eventually(lambda: not server.accepts_connections(), "it accepts no connections any more")
    with failure(grpc.StatusCode.UNAVAILABLE):
        for _ in range(100):  # until the client has heard of the stop
            stub_of(channel).Count(EMPTY, timeout=LIMIT)
    stream.cancel()
    assert server.wait_for_exit() == 0


def test_calls_that_do_not_end_are_cut_off_after_the_drain_timeout(serve, connect, failure):
    server = serve("conformance", "--drain-timeout", "300")
    stream = stub_of(connect(server)).WaitCancel(Outbox(), timeout=LIMIT)
    next(stream)
    spin = stub_of(connect(server)).Spin.future(EMPTY, timeout=LIMIT)
    with pytest.raises(grpc.FutureTimeoutError):
        spin.result(timeout=0.2)
    server.send_stop_signal()
    with failure(grpc.StatusCode.UNAVAILABLE):
        list(stream)
    assert spin.code() == grpc.StatusCode.UNAVAILABLE
    assert server.wait_for_exit() == 0


def test_a_second_signal_stops_at_once(serve, connect):
    server = serve("conformance", "--drain-timeout", "600000")
    stream = stub_of(connect(server)).WaitCancel(Outbox(), timeout=LIMIT)
    next(stream)
    server.send_stop_signal()
    eventually(lambda: "once more to stop at once" in server.stdout, "it says that it stops")
    assert server.runs()
    server.send_stop_signal()
    assert server.wait_for_exit() == 0
    assert stream.code() == grpc.StatusCode.UNAVAILABLE


def test_a_stopped_servers_port_is_free_again(serve, connect):
    first = serve("echo")
    echo_pb2_grpc.EchoStub(connect(first)).Unary(echo_pb2.Message(payload=b"1"), timeout=LIMIT)
    first.send_stop_signal()
    assert first.wait_for_exit() == 0
    second = serve("echo", "--listen", first.address)
    assert first.address in second.stdout
    assert echo_pb2_grpc.EchoStub(connect(first)).Unary(echo_pb2.Message(payload=b"2"), timeout=LIMIT).payload == b"2"
