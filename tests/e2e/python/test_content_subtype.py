"""Messages that the client says are not protobuf: handlers of bytes get them and are told, all others refuse them."""

import helloworld_pb2
import pytest
from http2_client import GRPC, Http2Client, message

LIMIT = 40
OK, UNIMPLEMENTED = 0, 12


def call(server, path: str, subtype: str, payload: bytes):
    with Http2Client(server, LIMIT) as client:
        stream = client.open(path, GRPC | {"content-type": "application/grpc" + subtype})
        client.send(stream, message(payload), end=True)
        return client.answer(stream)


HELLO = helloworld_pb2.HelloRequest(name="World").SerializeToString()


@pytest.mark.parametrize("subtype", ["", "+proto", "+Proto", ";charset=utf-8", "+proto; a=b"])
def test_protobuf_has_several_names(everything, subtype):
    answer = call(everything, "/helloworld.Greeter/SayHello", subtype, HELLO)
    assert answer.status == OK
    assert answer.headers["content-type"] == "application/grpc"


@pytest.mark.parametrize(
    "path",
    [
        "/helloworld.Greeter/SayHello",  # generated
        "/routeguide.RouteGuide/ListFeatures",
        "/routeguide.RouteGuide/RecordRoute",
        "/routeguide.RouteGuide/RouteChat",
        "/grpc.health.v1.Health/Check",  # the host's own
        "/grpc.health.v1.Health/Watch",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    ],
)
def test_services_of_protobuf_refuse_other_formats(everything, path):
    answer = call(everything, path, "+foo", HELLO)
    assert answer.status == UNIMPLEMENTED
    assert answer.data == b""
    assert "protobuf" in (answer.trailers or answer.headers)["grpc-message"]


def test_so_do_coroutines(serve):
    answer = call(serve("chat"), "/chat.Chat/Join", "+foo", b"")
    assert answer.status == UNIMPLEMENTED


@pytest.mark.parametrize("path", ["/helloworld.Greeter/SayHello", "/routeguide.RouteGuide/RouteChat"])
def test_so_do_guests_in_go(everything_in_go, path):
    assert call(everything_in_go, path, "", HELLO if "hello" in path else b"").status == OK
    assert call(everything_in_go, path, "+foo", HELLO).status == UNIMPLEMENTED


def test_handlers_of_bytes_get_them_and_are_answered_for_in_kind(everything):
    answer = call(everything, "/echo.Echo/Unary", "+foo", b"any bytes")
    assert answer.status == OK
    assert answer.data == message(b"any bytes")
    assert answer.headers["content-type"] == "application/grpc+foo"


def test_handlers_of_bytes_are_told(everything):
    def subtype(sent: str) -> str:
        answer = call(everything, "/test.Guest/ContentSubtype", sent, b"")
        assert answer.status == OK
        return answer.data[5:].decode()

    assert [subtype(sent) for sent in ("", "+proto", "+Foo", "+foo;a=b")] == ["", "", "foo", "foo"]


def test_a_subtype_that_is_none_is_another_content_type(everything):
    answer = call(everything, "/echo.Echo/Unary", "+a b", b"")
    assert answer.headers[":status"] == "415"
