"""Compression: messages come and go compressed where both sides want that, and no message is more than it may be."""

import gzip
import time
import zlib

import conformance_pb2 as conformance
import conformance_pb2_grpc
import grpc
import pytest
from http2_client import GRPC, Http2Client

LIMIT = 40
MIB = 1 << 20
TEXT = "all work and no play " * 10_000
ENCODERS = {"gzip": gzip.compress, "deflate": zlib.compress}
DECODERS = {"gzip": gzip.decompress, "deflate": zlib.decompress}
UNIMPLEMENTED, INTERNAL, RESOURCE_EXHAUSTED = 12, 13, 8


def frame(payload: bytes, flag: int) -> bytes:
    return bytes([flag]) + len(payload).to_bytes(4, "big") + payload


def frames(data: bytes) -> list[tuple[int, bytes]]:
    """The messages of an answer: their flags and bytes."""
    found = []
    while data:
        size = int.from_bytes(data[1:5], "big")
        assert len(data) >= 5 + size
        found.append((data[0], data[5 : 5 + size]))
        data = data[5 + size :]
    return found


def request(text: str, compress: bool) -> bytes:
    return conformance.CompressRequest(text=text, compress=compress).SerializeToString()


def call(server, data: bytes, method: str = "Compress", **headers):
    with Http2Client(server, LIMIT) as client:
        fields = GRPC | {key.replace("_", "-"): value for key, value in headers.items()}
        stream = client.open(f"/test.Guest/{method}", fields)
        for at in range(0, len(data), 16_384):  # a frame holds no more
            client.send(stream, data[at : at + 16_384], end=at + 16_384 >= len(data))
        return client.answer(stream)


@pytest.mark.parametrize("algorithm", [grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_a_client_that_compresses_gets_what_it_sent(everything, connect, algorithm):
    stub = conformance_pb2_grpc.GuestStub(connect(everything))
    for compress in (False, True):
        reply = stub.Compress(
            conformance.CompressRequest(text=TEXT, compress=compress), compression=algorithm, timeout=LIMIT
        )
        assert reply.text == TEXT and reply.done
        assert reply.encoding == ("gzip" if algorithm == grpc.Compression.Gzip else "deflate")


def test_a_stream_of_compressed_messages_comes_back_compressed(everything, connect):
    stub = conformance_pb2_grpc.GuestStub(connect(everything))
    sent = [conformance.CompressRequest(text=f"{i} {TEXT}", compress=True) for i in range(50)]
    replies = list(stub.CompressEach(iter(sent), compression=grpc.Compression.Gzip, timeout=LIMIT))
    assert [reply.text for reply in replies] == [message.text for message in sent]
    assert {reply.encoding for reply in replies} == {"gzip"}


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_each_message_says_whether_it_is_compressed(everything, encoding):
    messages = [(False, "one"), (True, "two"), (True, ""), (False, "four")]
    data = b"".join(
        frame(ENCODERS[encoding](request(text, on)), 1) if i % 2 else frame(request(text, on), 0)
        for i, (on, text) in enumerate(messages)
    )
    answer = call(
        everything, data, "CompressEach", grpc_encoding=encoding, grpc_accept_encoding=f"{encoding}, br", x_announce="1"
    )
    assert answer.status == 0
    assert answer.headers["grpc-encoding"] == encoding
    assert answer.headers["grpc-accept-encoding"] == "identity, deflate, gzip"
    for i, ((flag, payload), (on, text)) in enumerate(zip(frames(answer.data), messages, strict=True)):
        assert flag == on
        reply = conformance.CompressReply.FromString(DECODERS[encoding](payload) if flag else payload)
        assert reply.done and reply.text == text
        assert reply.encoding == (encoding if i % 2 else "identity")


def test_a_client_that_does_not_speak_of_compression_hears_nothing_of_it(everything):
    answer = call(everything, frame(request("hello", True), 0))
    assert answer.status == 0
    assert not {"grpc-encoding", "grpc-accept-encoding"} & set(answer.headers)
    [(flag, payload)] = frames(answer.data)
    assert flag == 0 and not conformance.CompressReply.FromString(payload).done


def test_gzip_is_preferred_where_both_are_accepted(everything):
    answer = call(everything, frame(request("hello", True), 0), grpc_accept_encoding="identity,deflate,gzip")
    assert answer.headers["grpc-encoding"] == "gzip"
    [(flag, payload)] = frames(answer.data)
    assert flag == 1 and conformance.CompressReply.FromString(gzip.decompress(payload)).text == "hello"


def test_compression_cannot_begin_after_headers_without_it(everything):
    data = frame(request("one", False), 0) + frame(request("two", True), 0)
    answer = call(everything, data, "CompressEach", grpc_accept_encoding="gzip")
    assert answer.status == 0 and "grpc-encoding" not in answer.headers
    assert [flag for flag, _ in frames(answer.data)] == [0, 0]
    assert [conformance.CompressReply.FromString(payload).done for _, payload in frames(answer.data)] == [True, False]


def test_an_unknown_encoding_is_unimplemented_and_told_what_is_known(everything):
    answer = call(everything, frame(b"x", 1), grpc_encoding="snappy")
    assert answer.status == UNIMPLEMENTED
    assert answer.headers["grpc-accept-encoding"] == "identity, deflate, gzip"


@pytest.mark.parametrize("headers", [{}, {"grpc_encoding": "identity"}])
def test_a_marked_message_without_an_encoding_is_internal(everything, headers):
    assert call(everything, frame(gzip.compress(b""), 1), **headers).status == INTERNAL


GOOD = gzip.compress(request("hello", False))


@pytest.mark.parametrize(
    "payload",
    [b"not gzip", GOOD[:-1], GOOD + b"\0", GOOD + GOOD, GOOD[:-8] + bytes(8), zlib.compress(b"")],
    ids=["text", "cut", "trailing byte", "two members", "wrong checksum", "other format"],
)
@pytest.mark.parametrize("method", ["Compress", "CompressEach"])
def test_a_message_that_is_not_what_it_says_is_internal(everything, method, payload):
    answer = call(everything, frame(payload, 1), method, grpc_encoding="gzip")
    assert answer.status == INTERNAL
    assert "gzip" in answer.headers.get("grpc-message", "") + answer.trailers.get("grpc-message", "")


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_marked_message_of_no_bytes_is_an_empty_message(everything, encoding):
    answer = call(everything, frame(b"", 1), "Compress", grpc_encoding=encoding)
    assert answer.status == 0


LARGE = "".join(f"line {i * 7919 % 100_003} of many\n" for i in range(200_000))[: 4 * MIB - 64]


@pytest.mark.parametrize("algorithm", [grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_large_messages_come_and_go_compressed_several_at_once(everything, connect, algorithm):
    stub = conformance_pb2_grpc.GuestStub(connect(everything))
    asked = [conformance.CompressRequest(text=f"{i} {LARGE}"[: len(LARGE)], compress=True) for i in range(6)]
    replies = [stub.Compress.future(message, compression=algorithm, timeout=LIMIT) for message in asked]
    for message, reply in zip(asked, replies, strict=True):
        assert reply.result().done and reply.result().text == message.text


def test_small_messages_after_a_large_one_stay_behind_it(everything, connect):
    stub = conformance_pb2_grpc.GuestStub(connect(everything))
    texts = [LARGE, "small", LARGE[:100_000], "", LARGE, "last"]
    for compress in (lambda i: True, lambda i: i % 2 == 0):
        sent = [conformance.CompressRequest(text=text, compress=compress(i)) for i, text in enumerate(texts)]
        replies = stub.CompressEach(
            iter(sent), compression=grpc.Compression.Gzip, metadata=[("x-announce", "1")], timeout=LIMIT
        )
        assert [reply.text for reply in replies] == texts


def test_calls_cancelled_while_their_messages_are_compressed_leave_the_server_well(serve, connect):
    server = serve("conformance", "--workers", "1")
    stub = conformance_pb2_grpc.GuestStub(connect(server))
    message = conformance.CompressRequest(text=LARGE, compress=True)
    for wait in (0.0, 0.005, 0.02, 0.05, 0.1):
        calls = [stub.Compress.future(message, compression=grpc.Compression.Gzip, timeout=LIMIT) for _ in range(4)]
        time.sleep(wait)
        for each in calls:
            each.cancel()
    assert stub.Compress(message, compression=grpc.Compression.Gzip, timeout=LIMIT).text == LARGE


def test_a_deadline_while_a_message_is_compressed_is_what_the_client_hears(serve, connect):
    server = serve("conformance", "--workers", "1")
    stub = conformance_pb2_grpc.GuestStub(connect(server))
    message = conformance.CompressRequest(text=LARGE, compress=True)
    for timeout in (0.02, 0.04, 0.06, 0.08):
        try:
            assert stub.Compress(message, compression=grpc.Compression.Gzip, timeout=timeout).text == LARGE
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert stub.Compress(message, compression=grpc.Compression.Gzip, timeout=LIMIT).text == LARGE


def bomb(size: int) -> bytes:
    """`size` zero bytes as the payload of a message."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(MIB)) for _ in range(size // MIB)) + packer.flush()


@pytest.mark.memory
def test_a_message_that_grows_beyond_the_limit_costs_a_status_and_not_memory(serve, connect):
    server = serve("conformance", "--workers", "1")
    stub = conformance_pb2_grpc.GuestStub(connect(server))
    stub.Compress(conformance.CompressRequest(text=TEXT), compression=grpc.Compression.Gzip, timeout=LIMIT)
    before = server.resident_bytes()
    payload = bomb(56 * MIB)
    assert len(payload) < 65_000  # so that it fits into the stream's window
    for method in ("Compress", "CompressEach", "Sink"):
        for _ in range(3):
            assert call(server, frame(payload, 1), method, grpc_encoding="gzip").status == RESOURCE_EXHAUSTED
            assert server.resident_bytes() - before < 24 * MIB  # the limit is 4 MiB
    reply = stub.Compress(conformance.CompressRequest(text=TEXT), compression=grpc.Compression.Gzip, timeout=LIMIT)
    assert reply.text == TEXT


def test_the_limit_holds_for_the_decompressed_message_exactly(serve, connect):
    server = serve("conformance", "--max-message-size", "100000")
    stub = conformance_pb2_grpc.GuestStub(connect(server))
    room = 100_000 - len(request("x" * 99_000, False)) + 99_000
    compressed = {"compression": grpc.Compression.Gzip, "timeout": LIMIT}
    assert len(stub.Compress(conformance.CompressRequest(text="x" * room), **compressed).text) == room
    with pytest.raises(grpc.RpcError) as error:
        stub.Compress(conformance.CompressRequest(text="x" * (room + 1)), **compressed)
    assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
