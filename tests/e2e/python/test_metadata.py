"""Metadata: what a client sends arrives, and what a guest sends comes back."""

import base64

import conformance_pb2 as conformance
import conformance_pb2_grpc
import grpc
import pytest
from http2_client import GRPC, Http2Client, message
from server import Server

LIMIT = 20


@pytest.fixture
def stub(everywhere):
    return conformance_pb2_grpc.GuestStub(everywhere)


def echo_metadata(stub, *metadata):
    """Sends the metadata; returns what the guest saw, what came as headers, and what came as trailers."""
    reply, call = stub.EchoMetadata.with_call(conformance.Empty(), metadata=metadata, timeout=LIMIT)
    assert reply.refused == 0
    seen = [(entry.key, entry.value) for entry in reply.entries if entry.key != "user-agent"]
    headers = [(key, value) for key, value in call.initial_metadata() if key != "user-agent"]
    trailers = [(key, value) for key, value in call.trailing_metadata() if key != "user-agent"]
    return seen, headers, trailers


def test_travels_both_ways(stub):
    seen, headers, trailers = echo_metadata(stub, ("x-one", "1"), ("x.two_2-", "a b, c"))
    assert seen == [("x-one", b"1"), ("x.two_2-", b"a b, c")]
    assert headers == trailers == [("x-one", "1"), ("x.two_2-", "a b, c")]


def test_repeated_keys_keep_their_order(stub):
    sent = [("x-many", "first"), ("x-other", "between"), ("x-many", "second"), ("x-many", "first")]
    seen, headers, trailers = echo_metadata(stub, *sent)
    assert [value for key, value in seen if key == "x-many"] == [b"first", b"second", b"first"]
    for returned in (headers, trailers):
        assert [value for key, value in returned if key == "x-many"] == ["first", "second", "first"]


def test_empty_values_arrive(stub):
    assert echo_metadata(stub, ("x-empty", ""))[0] == [("x-empty", b"")]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 1000])
def test_binary_values_are_raw_bytes_for_the_guest(stub, size):
    value = bytes((255 - i) % 256 for i in range(size))
    seen, headers, trailers = echo_metadata(stub, ("x-data-bin", value), ("x-data-bin", b"\0"))
    assert seen == [("x-data-bin", value), ("x-data-bin", b"\0")]
    assert headers == trailers == [("x-data-bin", value), ("x-data-bin", b"\0")]


def test_printable_ascii_arrives_as_it_is(stub):
    text = "".join(map(chr, range(0x21, 0x7F)))
    assert echo_metadata(stub, ("x-text", text))[1] == [("x-text", text)]


def test_metadata_of_4_kib_travels_both_ways(stub):
    value = base64.b64encode(bytes(2880)).decode()
    assert echo_metadata(stub, ("x-large", value))[2] == [("x-large", value)]


def test_the_protocols_own_headers_are_not_metadata(stub):
    reply = stub.EchoMetadata(conformance.Empty(), metadata=[("x-a", "b")], timeout=LIMIT)
    keys = {entry.key for entry in reply.entries}
    assert "x-a" in keys
    assert not {key for key in keys if key.startswith((":", "grpc-"))}
    assert not keys & {"te", "content-type", "host"}


# Adds the bytes of the request as a header "KEY: v" and as a trailer, and ends with minus what that returned.
ADDS_METADATA = """(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "metadata_add" (func $add (param i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/metadata.Test/Header") (data (i32.const 32) "/metadata.Test/Trailer") (data (i32.const 64) "v")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 21) (i32.const 0) (i32.const 0) (i32.const 0)))
    (drop (call $method (i32.const 32) (i32.const 22) (i32.const 0) (i32.const 0) (i32.const 1))))
  (func (export "wasm_grpc_call") (param $call i32) (param $where i32) (result i32)
    (i32.sub (i32.const 0)
      (call $add (local.get $call) (local.get $where)
        (i32.const 100) (call $recv (local.get $call) (i32.const 100) (i32.const 1000))
        (i32.const 64) (i32.const 1)))))"""
INVALID = 6  # what ABI 1 calls INVALID, negated


@pytest.fixture(scope="module")
def adder(program, tmp_path_factory):
    folder = tmp_path_factory.mktemp("adder")
    (folder / "adder.wat").write_text(ADDS_METADATA)
    server = Server(folder, [program, "serve", folder / "adder.wat", "--listen", "127.0.0.1:0"])
    yield server
    server.stop()


@pytest.mark.parametrize("where", ["Header", "Trailer"])
@pytest.mark.parametrize(
    "key",
    ["grpc-status", "grpc-message", "grpc-anything", "content-type", "te", ":status", "X-Upper", "a b", "", "connection"],
)
def test_a_guest_cannot_set_reserved_or_malformed_keys(adder, connect, where, key):
    call = connect(adder).unary_unary(f"/metadata.Test/{where}").future(key.encode(), timeout=LIMIT)
    assert call.code().value[0] == INVALID
    assert "v" not in [value for _, value in (*call.initial_metadata(), *call.trailing_metadata())]


@pytest.mark.parametrize("where", ["Header", "Trailer"])
def test_a_guest_can_set_other_keys(adder, connect, where):
    call = connect(adder).unary_unary(f"/metadata.Test/{where}").future(b"x-own", timeout=LIMIT)
    # It sends no message, which is an error of its own.
    assert call.code() == grpc.StatusCode.INTERNAL
    assert ("x-own", "v") in (*call.initial_metadata(), *call.trailing_metadata())


def test_headers_beyond_the_servers_limit_are_resource_exhausted(everywhere, stub, failure):
    too_much = [(f"x-{i}", "y" * 1000) for i in range(20)]
    with failure(grpc.StatusCode.RESOURCE_EXHAUSTED):
        stub.EchoMetadata(conformance.Empty(), metadata=too_much, timeout=LIMIT)
    assert stub.Count(conformance.Empty(), timeout=LIMIT).number > 0  # the connection goes on


# Clients over gRPC core accept 8 KiB at random and 16 KiB at most, unless told otherwise.
TAKES_MUCH = {"max_metadata_size": 64 << 10, "absolute_max_metadata_size": 64 << 10}


def test_response_metadata_beyond_16_kib_is_refused_to_the_guest(everything, connect):
    stub = conformance_pb2_grpc.GuestStub(connect(everything, **TAKES_MUCH))
    metadata = [(f"x-{i}", "y" * 1000) for i in range(12)]  # comes back twice
    reply, call = stub.EchoMetadata.with_call(conformance.Empty(), metadata=metadata, timeout=LIMIT)
    returned = [key for key, _ in (*call.initial_metadata(), *call.trailing_metadata()) if key.startswith("x-")]
    assert len(returned) == 16 and reply.refused == 8


def test_binary_values_come_back_without_padding_and_joined_ones_one_by_one(everything):
    with Http2Client(everything, LIMIT) as client:
        values = {"a-bin": "AA==", "b-bin": "AA", "c-bin": "AAE=, /w,AAEC,", "d-bin": ""}
        stream = client.open("/test.Guest/EchoMetadata", GRPC | values)
        client.send(stream, message(b""), end=True)
        answer = client.answer(stream)
        reply = conformance.MetadataReply.FromString(answer.data[5:])
    seen = [(entry.key, entry.value) for entry in reply.entries]
    parts = [("c-bin", b"\0\1"), ("c-bin", b"\xff"), ("c-bin", b"\0\1\2"), ("c-bin", b"")]
    assert seen == [("a-bin", b"\0"), ("b-bin", b"\0"), *parts, ("d-bin", b"")]
    for fields in (answer.headers, answer.trailers):
        assert (fields["a-bin"], fields["b-bin"], fields["d-bin"]) == ("AA", "AA", "")


def test_the_protocols_fields_are_hidden_from_the_guest_whoever_sends_them(everything):
    hidden = {"grpc-timeout": "20S", "grpc-anything": "x", "grpc-status-details-bin": "AA"}
    with Http2Client(everything, LIMIT) as client:
        stream = client.open("/test.Guest/EchoMetadata", GRPC | hidden | {"x-own": "1"})
        client.send(stream, message(b""), end=True)
        answer = client.answer(stream)
    reply = conformance.MetadataReply.FromString(answer.data[5:])
    assert [entry.key for entry in reply.entries] == ["x-own"]


def test_headers_come_before_the_first_message_when_the_guest_sends_them_early(everywhere, stub):
    replies = stub.EarlyHeaders(conformance.SleepRequest(milliseconds=60_000, by_wait=True), timeout=LIMIT)
    assert ("x-early", "yes") in replies.initial_metadata()  # long before the sleep is over
    replies.cancel()


def test_a_guest_learns_of_the_call_it_serves(everything, stub):
    info = stub.Info(conformance.Empty(), timeout=LIMIT)
    assert info.path == "/test.Guest/Info"
    assert info.authority == everything.address
    assert info.peer.startswith("127.0.0.1:") and info.peer != everything.address
    assert info.tls_peer == ""


def test_a_guest_learns_of_the_deadline(stub):
    left = stub.Deadline(conformance.Empty(), timeout=100)
    assert left.set and 50e9 < left.nanoseconds <= 102e9  # this client rounds it up
    assert not stub.Deadline(conformance.Empty()).set
