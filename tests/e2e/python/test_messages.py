"""Large messages: up to the limit, over it, and through windows smaller than they are."""

import echo_pb2
import echo_pb2_grpc
import grpc
import pytest

LIMIT = 40
MIB = 1 << 20

# The client is not to be the one that refuses.
UNLIMITED = {"max_receive_message_length": -1, "max_send_message_length": -1}


def pattern(size: int) -> bytes:
    """Bytes that show when a part of them is lost, moved or repeated."""
    return b"".join(i.to_bytes(4, "little") for i in range(size // 4 + 1))[:size]


@pytest.fixture
def echo_bytes(everything, connect):
    return connect(everything, **UNLIMITED).unary_unary("/echo.Echo/Unary")


def test_a_message_of_exactly_4_mib_passes(echo_bytes):
    message = pattern(4 * MIB)
    assert echo_bytes(message, timeout=LIMIT) == message


def test_one_byte_more_is_resource_exhausted_and_says_the_limit(echo_bytes, failure):
    with failure(grpc.StatusCode.RESOURCE_EXHAUSTED) as failed:
        echo_bytes(bytes(4 * MIB + 1), timeout=LIMIT)
    assert "4194304" in failed.details and "4194305" in failed.details
    assert echo_bytes(b"next", timeout=LIMIT) == b"next"


@pytest.mark.parametrize("size", [1, 16_383, 16_384, 16_385, 65_530, 65_535, 65_536, 65_537, 1_000_003])
def test_messages_around_the_sizes_of_frames_and_windows_pass(echo_bytes, size):
    message = pattern(size)
    assert echo_bytes(message, timeout=LIMIT) == message


@pytest.mark.parametrize("limit", [1, 1000, 16 * MIB])
def test_the_limit_can_be_set(serve, connect, failure, limit):
    server = serve("echo", "--max-message-size", str(limit))
    echo_bytes = connect(server, **UNLIMITED).unary_unary("/echo.Echo/Unary")
    message = pattern(limit)
    assert echo_bytes(message, timeout=LIMIT) == message
    with failure(grpc.StatusCode.RESOURCE_EXHAUSTED):
        echo_bytes(message + b"!", timeout=LIMIT)


def test_the_limit_holds_for_each_message_of_a_stream(everything, connect, failure):
    bidi = connect(everything, **UNLIMITED).stream_stream("/echo.Echo/BidiStream")
    received = []
    with failure(grpc.StatusCode.RESOURCE_EXHAUSTED):
        for reply in bidi(iter([b"small", bytes(4 * MIB + 1)]), timeout=LIMIT):
            received.append(reply)
    assert received in ([], [b"small"])


def test_many_large_messages_pass_through_one_stream(everything, connect):
    bidi = connect(everything, **UNLIMITED).stream_stream("/echo.Echo/BidiStream")
    sizes = [3 * MIB, 0, 1, 2 * MIB, 70_000, 4 * MIB, 5, MIB]
    replies = list(bidi((pattern(size) for size in sizes), timeout=LIMIT))
    assert replies == [pattern(size) for size in sizes]


def test_large_messages_of_concurrent_calls_do_not_mix(echo_bytes):
    messages = [bytes([i]) * (2 * MIB) for i in range(12)]
    calls = [echo_bytes.future(message, timeout=LIMIT) for message in messages]
    assert [call.result() for call in calls] == messages


def test_a_response_larger_than_the_windows_of_the_client_arrives_whole(everything, connect):
    # A fixed window of 64 KiB: the client does not enlarge it as it measures the connection.
    channel = connect(everything, **UNLIMITED, **{"http2.bdp_probe": 0, "http2.lookahead_bytes": 65_535})
    payload = pattern(MIB)
    replies = echo_pb2_grpc.EchoStub(channel).ServerStream(echo_pb2.Repeat(count=8, payload=payload), timeout=LIMIT)
    assert [reply.payload == payload for reply in replies] == [True] * 8
