"""The embed_grpcpp example: a grpc::Server with a native service and a guest."""

import os
import pathlib
import subprocess

import grpc
import pytest
from server import Server

LIMIT = 20
PROGRAM = pathlib.Path(os.environ["WASM_GRPC_TEST_EMBED_GRPCPP"])


@pytest.fixture
def server(guest, tmp_path):
    server = Server(tmp_path, [PROGRAM, guest("echo"), "127.0.0.1:0"])
    yield server
    server.stop()


def text(value: bytes) -> bytes:
    """The value as field 1 of a protobuf message."""
    return bytes([0x0A, len(value)]) + value


def test_the_guest_and_the_native_service_answer_on_one_channel(server, connect):
    channel = connect(server)
    for _ in range(10):
        assert channel.unary_unary("/echo.Echo/Unary")(text(b"hello"), timeout=LIMIT) == text(b"hello")
        assert channel.unary_unary("/embed.Native/Reverse")(text(b"stressed"), timeout=LIMIT) == text(b"desserts")


def test_the_guest_answers_a_stream(server, connect):
    sent = [text(b"one"), text(b""), text(b"three")]
    assert list(connect(server).stream_stream("/echo.Echo/BidiStream")(iter(sent), timeout=LIMIT)) == sent


def test_what_neither_serves_is_unimplemented(server, connect, failure):
    with failure(grpc.StatusCode.UNIMPLEMENTED):
        connect(server).unary_unary("/no.Such/Method")(b"", timeout=LIMIT)


def test_it_ends_in_peace_with_a_stream_open(server, connect):
    replies = connect(server).unary_stream("/grpc.health.v1.Health/Watch")(b"", timeout=LIMIT)
    next(replies)
    server.stop()
    with pytest.raises(grpc.RpcError):
        next(replies)


def test_a_guest_that_is_missing_is_an_error(tmp_path):
    done = subprocess.run([PROGRAM, tmp_path / "none.wasm"], stderr=subprocess.PIPE, text=True, timeout=LIMIT)
    assert done.returncode == 1
    assert done.stderr.startswith("embed_grpcpp: ") and "none.wasm" in done.stderr
