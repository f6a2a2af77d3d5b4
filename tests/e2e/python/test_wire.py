"""The protocol itself, frame by frame, and what the server says to those who do not speak it."""

import socket
import subprocess

import pytest
from http2_client import GRPC, Http2Client, message
from http2_frames import GOAWAY, PREFACE, frame

LIMIT = 20


@pytest.fixture
def client(everything):
    with Http2Client(everything) as client:
        yield client


def exchange(server, sent: bytes, limit: float = LIMIT) -> bytes:
    """Sends bytes and returns all that comes until the server closes the connection."""
    with socket.create_connection(server.host_and_port, timeout=limit) as connection:
        connection.sendall(sent)
        received = b""
        try:
            while part := connection.recv(65_536):
                received += part
        except ConnectionResetError:
            pass
        return received


def test_a_call_is_answered_by_headers_a_message_and_trailers(client):
    stream = client.open("/echo.Echo/Unary")
    client.send(stream, message(b"hello"), end=True)
    answer = client.answer(stream)
    assert answer.headers[":status"] == "200"
    assert answer.headers["content-type"] == "application/grpc"
    assert answer.data == message(b"hello")
    assert answer.trailers["grpc-status"] == "0"
    assert not answer.trailers_only


@pytest.mark.parametrize("content_type", ["application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8"])
def test_every_grpc_content_type_is_served(client, content_type):
    stream = client.open("/echo.Echo/Unary", {**GRPC, "content-type": content_type})
    client.send(stream, message(b"x"), end=True)
    assert client.answer(stream).status == 0


@pytest.mark.parametrize("content_type", ["application/xml", "text/html", "application/grpcx", "application/grpc-webby", ""])
def test_another_content_type_is_http_415(client, content_type):
    stream = client.open("/echo.Echo/Unary", {**GRPC, "content-type": content_type}, end=True)
    answer = client.answer(stream)
    assert answer.headers[":status"] == "415"
    assert b"application/grpc" in answer.data and "grpc-status" not in answer.headers


def test_no_content_type_is_http_415(client):
    stream = client.open("/echo.Echo/Unary", {"te": "trailers"}, end=True)
    assert client.answer(stream).headers[":status"] == "415"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_another_http_method_is_405_and_says_which_is_right(client, method):
    answer = client.answer(client.open("/echo.Echo/Unary", {}, method=method, end=True))
    assert (answer.headers[":status"], answer.headers["allow"]) == ("405", "POST")


@pytest.mark.parametrize("path", ["/echo.Echo/Nothing", "/no.Service/Unary", "/", "/echo.Echo", "/a/b/c", "/echo.Echo/Unary?x"])
def test_an_unknown_path_is_unimplemented_in_one_frame(client, path):
    answer = client.answer(client.open(path, end=True))
    assert answer.headers[":status"] == "200"
    assert (answer.status, answer.trailers_only, answer.data) == (12, True, b"")
    assert answer.headers["grpc-message"] and answer.headers["content-type"] == "application/grpc"


def test_a_message_sent_byte_by_byte_arrives(client):
    stream = client.open("/echo.Echo/Unary")
    whole = message(b"split everywhere")
    for i in range(len(whole)):
        client.send(stream, whole[i : i + 1])
    client.send(stream, b"", end=True)
    answer = client.answer(stream)
    assert (answer.data, answer.status) == (whole, 0)


def test_many_messages_in_one_frame_arrive_each(client):
    stream = client.open("/echo.Echo/BidiStream")
    whole = b"".join(message(b"%d" % i) for i in range(1000))
    client.send(stream, whole, end=True)
    answer = client.answer(stream)
    assert (answer.data, answer.status) == (whole, 0)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 7, 11, 64, 1000])
def test_messages_that_cross_frames_arrive(client, size):
    stream = client.open("/echo.Echo/BidiStream")
    whole = b"".join(message(bytes([i]) * i) for i in range(60))
    for start in range(0, len(whole), size):
        client.send(stream, whole[start : start + size])
    client.send(stream, b"", end=True)
    answer = client.answer(stream)
    assert (answer.data, answer.status) == (whole, 0)


@pytest.mark.parametrize(
    "body, status",
    [
        (b"\0\0\0", 13),  # ends within the prefix
        (b"\0\0\0\0\5abc", 13),  # ends within the message
        (b"\2\0\0\0\1a", 13),  # a flag that is neither 0 nor 1
        (b"\1\0\0\0\1a", 13),  # compressed, without saying how
        (b"\0\xff\xff\xff\xff", 8),  # 4 GiB announced
    ],
)
def test_a_malformed_message_is_an_error_of_its_call_only(client, body, status):
    bad = client.open("/echo.Echo/Unary")
    client.send(bad, body, end=True)
    assert client.answer(bad).status == status
    good = client.open("/echo.Echo/Unary")
    client.send(good, message(b"good"), end=True)
    assert client.answer(good).data == message(b"good")


@pytest.mark.parametrize("timeout", ["", "5", "S", "-1S", "1s", "123456789S", "1 S", "S1"])
def test_a_malformed_timeout_is_refused(client, timeout):
    stream = client.open("/echo.Echo/Unary", {**GRPC, "grpc-timeout": timeout})
    client.send(stream, message(b""), end=True)
    assert client.answer(stream).status == 13


@pytest.mark.parametrize("timeout", ["99999999H", "1H", "20M", "60S", "60000m", "60000000u", "99999999n"])
def test_every_unit_of_timeouts_is_known(client, timeout):
    stream = client.open("/test.Guest/Deadline", {**GRPC, "grpc-timeout": timeout})
    client.send(stream, message(b""), end=True)
    assert client.answer(stream).status == 0


def test_a_timeout_of_nothing_has_passed(client):
    stream = client.open("/test.Guest/Count", {**GRPC, "grpc-timeout": "0S"})
    client.send(stream, message(b""), end=True)
    assert client.answer(stream).status == 4


def test_the_protocols_own_headers_do_not_reach_the_guest(client):
    stream = client.open("/test.Guest/EchoMetadata", {**GRPC, "grpc-secret": "a", "grpc-accept-encoding": "gzip", "x-a": "b"})
    client.send(stream, message(b""), end=True)
    answer = client.answer(stream)
    assert answer.status == 0 and answer.headers["x-a"] == "b"
    assert b"x-a" in answer.data and b"grpc-" not in answer.data and b"trailers" not in answer.data


def test_an_answer_that_comes_before_the_request_has_ended_ends_the_call(client):
    stream = client.open("/echo.Echo/ClientStream")
    client.send(stream, message(b"\x0a\xff"))  # not an echo.Message; the stream stays open
    assert client.answer(stream).status == 3
    other = client.open("/echo.Echo/Unary")
    client.send(other, message(b"x"), end=True)
    assert client.answer(other).status == 0


def test_curl_without_http2_is_told_what_this_is(everything):
    done = subprocess.run(
        ["curl", "-sS", "--max-time", str(LIMIT), "--http1.1", f"http://{everything.address}/"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and "gRPC" in done.stdout, done


@pytest.mark.parametrize("garbage", [b"\0" * 64, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), b"hello\r\n" * 20])
def test_garbage_closes_the_connection_and_harms_nobody(everything, client, garbage):
    exchange(everything, garbage)
    stream = client.open("/echo.Echo/Unary")
    client.send(stream, message(b"x"), end=True)
    assert client.answer(stream).status == 0


def test_garbage_after_the_preface_closes_the_connection(everything):
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    answer = exchange(everything, preface + bytes(9) + b"\xff" * 4000)
    assert answer[3:4] == b"\x04"  # the server's SETTINGS; then it ends


def test_a_client_that_leaves_politely_is_not_logged_as_breaking_the_protocol(serve):
    server = serve("echo")
    last_of_all_streams = bytes([0x7F, 0xFF, 0xFF, 0xFF])  # what grpc-go names when it closes a connection
    exchange(server, PREFACE + frame(GOAWAY, 0, 0, last_of_all_streams + bytes(4)))
    exchange(server, PREFACE + frame(GOAWAY, 0, 1, bytes(8)))  # but GOAWAY belongs to no stream
    server.wait_for_log("ended the connection of .*protocol error")
    assert server.log.count("ended the connection") == 1, server.log


def test_a_flood_of_resets_ends_its_connection_and_harms_nobody(serve):
    server = serve("echo", "--workers", "1")
    with Http2Client(server) as flooder:

        def flood():
            for _ in range(20_000):
                flooder.h2.reset_stream(flooder.open("/echo.Echo/Unary"))
                flooder.flush()

        with pytest.raises(OSError):  # the server has closed it
            flood()
    with Http2Client(server) as other:
        stream = other.open("/echo.Echo/Unary")
        other.send(stream, message(b"x"), end=True)
        assert other.answer(stream).status == 0
