"""Cases of grpc/doc/interop-test-descriptions.md that the client of grpc-go lacks, against the guest interop."""

import grpc
import pytest
import test_service_pb2 as messages
import test_service_pb2_grpc

LIMIT = 90
REQUEST_SIZE = 271_828
RESPONSE_SIZE = 314_159


@pytest.fixture
def service(serve, connect):
    """service(...) is a stub of the test service, on a server of its own with these flags."""

    def start(*flags: str):
        return test_service_pb2_grpc.TestServiceStub(connect(serve("interop", *flags)))

    return start


def large_request() -> messages.SimpleRequest:
    return messages.SimpleRequest(response_size=RESPONSE_SIZE, payload=messages.Payload(body=bytes(REQUEST_SIZE)))


def test_concurrent_large_unary(service):
    # 1000 at once on one channel, as the description says; the server lets as many streams in.
    unary_call = service().UnaryCall
    calls = [unary_call.future(large_request(), timeout=LIMIT) for _ in range(1000)]
    expected = bytes(RESPONSE_SIZE)
    assert all(call.result().payload.body == expected for call in calls)


def test_cacheable_unary_says_how_long_a_proxy_may_keep_the_answer(service):
    response, call = service().CacheableUnaryCall.with_call(messages.SimpleRequest(), timeout=LIMIT)
    assert int(response.payload.body) > 0
    assert ("cache-control", "max-age=60, public") in call.initial_metadata()


def test_half_duplex_answers_after_the_last_request(service):
    sizes = [31_415, 9, 2_653, 58_979]
    requests = [
        messages.StreamingOutputCallRequest(response_parameters=[messages.ResponseParameters(size=size)])
        for size in sizes
    ]
    replies = service().HalfDuplexCall(iter(requests), timeout=LIMIT)
    assert [len(reply.payload.body) for reply in replies] == sizes


@pytest.mark.parametrize("request_", [{"response_type": 1}, {"response_size": -1}, {"response_size": 1 << 30}], ids=str)
def test_a_payload_that_cannot_be_is_an_invalid_argument(service, failure, request_):
    with failure(grpc.StatusCode.INVALID_ARGUMENT):
        service().UnaryCall(messages.SimpleRequest(**request_), timeout=LIMIT)
