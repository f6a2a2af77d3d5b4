"""HTTP that a guest in Go serves beside gRPC."""

import pytest
from http2_client import Http2Client


@pytest.fixture
def client(everything_in_go):
    with Http2Client(everything_in_go) as client:
        yield client


def test_a_page_is_answered_with_its_length(client):
    answer = client.ask("/go/page?lang=en")
    assert (answer.headers[":status"], answer.headers["content-type"]) == ("200", "text/plain")
    assert answer.data == b"the page /go/page?lang=en"
    assert answer.headers["content-length"] == str(len(answer.data))


def test_head_is_answered_as_get_without_the_body(client):
    answer = client.ask("/go/page", method="HEAD")
    assert answer.headers[":status"] == "200"
    assert answer.headers["content-length"] == str(len("the page /go/page"))
    assert answer.data == b""


def test_a_handler_sets_the_status(client):
    answer = client.ask("/go/none")
    assert (answer.headers[":status"], answer.data) == ("404", b"no such page")


def test_method_headers_and_body_reach_the_handler(client):
    answer = client.ask("/go/echo", {"x-one": "1"}, method="PUT", body=b"body")
    assert (answer.headers["request-method"], answer.headers["x-one"]) == ("PUT", "1")
    assert answer.data == b"body"


def test_a_large_body_is_answered_while_it_is_still_sent(client):
    # In turns, so that neither side's window is ever full: the client here does not watch the server's.
    piece = bytes(range(256)) * 64
    stream = client.open("/go/echo", {}, method="POST")
    client.send(stream, piece)
    for _ in range(255):
        before = len(client.answers[stream].data)
        client.read_until(lambda: len(client.answers[stream].data) > before)
        client.read_until(lambda: len(client.answers[stream].data) % len(piece) == 0)
        client.send(stream, piece)
    client.send(stream, b"", end=True)
    assert client.answer(stream).data == piece * 256


def test_a_large_answer_that_is_written_at_once_arrives_whole(client):
    size = 10_000_001
    answer = client.ask(f"/go/digits/{size}")
    assert len(answer.data) == size
    assert answer.data == (b"0123456789" * (size // 10 + 1))[:size]


def test_an_error_before_the_first_piece_is_answered_by_its_status(client):
    answer = client.ask("/go/fail")
    assert (answer.headers[":status"], answer.data) == ("403", b"not for you\n")


def test_an_error_after_the_first_piece_breaks_the_answer_off_and_nothing_else(client):
    answer = client.ask("/go/fail-late")
    assert answer.headers[":status"] == "200"
    assert answer.reset is not None
    assert client.ask("/go/page").data == b"the page /go/page"
