"""HTTP/2 requests that are not gRPC, to a guest that serves them beside gRPC."""

import json
import subprocess

import pytest
from http2_client import Http2Client, message


@pytest.fixture
def server(serve):
    return serve("http")


@pytest.fixture
def client(server):
    with Http2Client(server) as client:
        yield client


def test_a_page_is_answered_with_its_length(client):
    answer = client.ask("/index.html?lang=en")
    assert answer.headers[":status"] == "200"
    assert answer.headers["content-type"] == "text/plain"
    assert answer.data == b"the page /index.html?lang=en"
    assert answer.headers["content-length"] == str(len(answer.data))
    assert not answer.trailers


def test_head_is_answered_as_get_without_the_body(client):
    answer = client.ask("/x", method="HEAD")
    assert answer.headers[":status"] == "200"
    assert answer.headers["content-length"] == str(len("the page /x"))
    assert answer.data == b""


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_reaches_the_handler_with_its_body(client, method):
    answer = client.ask("/echo", {"content-type": "application/json"}, method=method, body=b"{}")
    assert (answer.headers["request-method"], answer.headers["content-type"]) == (method, "application/json")
    assert answer.data == b"{}"


def test_a_body_is_answered_while_it_is_still_sent(client):
    stream = client.open("/echo", {}, method="POST")
    for piece in [b"first", b"second"]:
        client.send(stream, piece)
        answer = client.answers[stream]
        expected = answer.data + piece
        client.read_until(lambda: answer.data == expected)
    client.send(stream, b"", end=True)
    assert client.answer(stream).data == b"firstsecond"


def test_what_a_handler_does_not_read_does_not_keep_it_from_answering(client):
    answer = client.ask("/limited", method="POST", body=b"x" * 1000)
    assert (answer.headers[":status"], answer.data) == ("413", b"at most 10 bytes")


def test_a_status_of_the_handler_is_one_of_http(client):
    answer = client.ask("/fail")
    assert (answer.headers[":status"], answer.data) == ("403", b"not for you\n")


def test_a_guest_that_fails_is_http_500(client):
    answer = client.ask("/trap")
    assert answer.headers[":status"] == "500"
    assert answer.data == b"the service failed while it handled the call\n"


def test_a_guest_that_fails_late_resets_its_stream_and_nothing_else(client):
    answer = client.ask("/trap-late")
    assert answer.reset is not None
    assert client.ask("/x").data == b"the page /x"


def test_grpc_is_served_on_the_same_connection(client):
    stream = client.open("/test.Http/Echo")
    client.send(stream, message(b"x"), end=True)
    assert client.answer(stream).data == message(b"x")
    unknown = client.answer(client.open("/no.Service/Unary", end=True))
    assert unknown.status == 12, "what says that it is gRPC does not reach a page"
    wrong = client.ask("/test.Http/Echo", {"content-type": "application/json"}, method="POST", body=b"{}")
    assert wrong.headers[":status"] == "415"


def test_without_a_handler_there_is_nothing(everything):
    with Http2Client(everything) as client:
        assert client.ask("/index.html").headers[":status"] == "404"
        assert client.ask("/").headers[":status"] == "200"
        put = client.ask("/", method="PUT")
        assert (put.headers[":status"], put.headers["allow"]) == ("405", "GET, HEAD, POST")


def test_inspect_tells_the_kind(program, guest):
    told = subprocess.run([program, "inspect", "--json", guest("http")], capture_output=True, check=True, timeout=60)
    methods = {method["path"]: method for method in json.loads(told.stdout)["methods"]}
    assert methods["/echo"]["kind"] == "HTTP"
    assert "service" not in methods["/echo"]
