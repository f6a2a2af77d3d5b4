"""The greeter in three formats of messages (docs/message-formats.md): generated, by hand, and FlatBuffers."""

import json
import os
import subprocess

import grpc
import helloworld_pb2
import helloworld_pb2_grpc
import pytest

LIMIT = 20
NAMES = ("", "Ada", "Łukasz", "世界", "🦀" * 1000)


@pytest.fixture(params=["greeter", "greeter_by_hand", "greeter_c"])
def greeter(request, serve, connect):
    return helloworld_pb2_grpc.GreeterStub(connect(serve(request.param)))


def test_the_greeters_of_protobuf_say_the_same(greeter):
    for name in NAMES:
        request = helloworld_pb2.HelloRequest(name=name)
        assert greeter.SayHello(request, timeout=LIMIT).message == f"Hello {name}"
        stream = [reply.message for reply in greeter.SayHelloStreamReply(request, timeout=LIMIT)]
        assert stream == [f"Hello {name}", f"Nice to see you, {name}", f"Take care, {name}"]


def test_the_greeter_in_c_knows_what_is_no_message_of_its(serve, connect, failure):
    channel = connect(serve("greeter_c"))
    say_hello = channel.unary_unary("/helloworld.Greeter/SayHello")
    for bytes_of_no_message in (b"\x0a\x05Ada", b"\x0a", b"\x80", b"\x0b", b"\x02", b"\x0d\0", b"\x80" * 11):
        with failure(grpc.StatusCode.INVALID_ARGUMENT):
            say_hello(bytes_of_no_message, timeout=LIMIT)
    # Fields it does not know: a varint, 8 bytes, a string and 4 bytes; and then its own.
    unknown = b"\x10\xff\x01" + b"\x19" + b"\0" * 8 + b"\x22\x01x" + b"\x2d" + b"\0" * 4
    assert say_hello(unknown + b"\x0a\x03Ada", timeout=LIMIT) == b"\x0a\x09Hello Ada"
    with failure(grpc.StatusCode.RESOURCE_EXHAUSTED):
        say_hello(b"\0" * 70_000, timeout=LIMIT)


class FlatBuffers:
    """Messages to JSON and back, by FlatBuffers' own compiler."""

    def __init__(self, folder):
        self._folder = folder
        self._flatc = os.environ["WASM_GRPC_TEST_FLATC"]
        self._schema = os.environ["WASM_GRPC_TEST_FBS"]

    def _run(self, *arguments):
        command = [self._flatc, "-o", self._folder, *arguments]
        subprocess.run(command, check=True, capture_output=True, timeout=LIMIT)

    def request(self, **fields) -> bytes:
        file = self._folder / "request.json"
        file.write_text(json.dumps(fields))
        self._run("--binary", "--root-type", "flatgreeter.HelloRequest", self._schema, file)
        return (self._folder / "request.bin").read_bytes()

    def reply(self, message: bytes) -> dict:
        file = self._folder / "reply.bin"
        file.write_bytes(message)
        root = ("--root-type", "flatgreeter.HelloReply")
        self._run("--json", "--strict-json", "--raw-binary", *root, self._schema, "--", file)
        return json.loads((self._folder / "reply.json").read_text())


@pytest.fixture
def flatbuffers(tmp_path):
    if not os.environ.get("WASM_GRPC_TEST_FLATC"):
        pytest.skip("FlatBuffers is not installed")
    return FlatBuffers(tmp_path)


@pytest.fixture
def flat_channel(flatbuffers, serve, connect):
    return connect(serve("flatbuffers_greeter"))


def test_a_client_of_bytes_greets_by_flatbuffers(flatbuffers, flat_channel):
    say_hello = flat_channel.unary_unary("/flatgreeter.Greeter/SayHello")
    for name in NAMES:
        reply = say_hello(flatbuffers.request(name=name), timeout=LIMIT)
        assert flatbuffers.reply(reply) == {"message": f"Hello {name}"}
    assert flatbuffers.reply(say_hello(flatbuffers.request(), timeout=LIMIT)) == {"message": "Hello "}


def test_a_client_of_bytes_gets_a_stream_of_flatbuffers(flatbuffers, flat_channel):
    replies = flat_channel.unary_stream("/flatgreeter.Greeter/SayHelloStreamReply")(
        flatbuffers.request(name="Ada"), timeout=LIMIT
    )
    assert [flatbuffers.reply(reply)["message"] for reply in replies] == [
        "Hello Ada", "Nice to see you, Ada", "Take care, Ada"
    ]  # fmt: skip


def test_bytes_that_are_no_flatbuffer_are_refused(flatbuffers, flat_channel, failure):
    good = flatbuffers.request(name="Ada")
    say_hello = flat_channel.unary_unary("/flatgreeter.Greeter/SayHello")
    for bad in (b"", b"\x00", bytes([0xFF]) * 64, good[:-8], good[: len(good) // 2], b"\xff\xff\xff\x7f" + good[4:]):
        with failure(grpc.StatusCode.INVALID_ARGUMENT) as refused:
            say_hello(bad, timeout=LIMIT)
        assert "flatgreeter.HelloRequest" in refused.details
    assert flatbuffers.reply(say_hello(good, timeout=LIMIT)) == {"message": "Hello Ada"}
