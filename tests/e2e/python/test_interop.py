"""Cases of grpc/doc/interop-test-descriptions.md that the client of grpc-go lacks, against the guest interop."""

import gzip

import grpc
import pytest
import test_service_pb2 as messages
import test_service_pb2_grpc
from certificates import Authority
from http2_client import GRPC, Http2Client

LIMIT = 90
REQUEST_SIZE = 271_828
RESPONSE_SIZE = 314_159


@pytest.fixture(params=["cleartext", "tls"])
def authority(request, tmp_path):
    """Who signs the server's certificate; None without TLS."""
    return Authority(tmp_path, "authority") if request.param == "tls" else None


@pytest.fixture
def start_server(serve, authority):
    """start_server(...) serves the guest with these flags."""

    def start(*flags: str):
        if authority is not None:
            certificate, key = authority.sign("server", "server", "DNS:localhost,IP:127.0.0.1")
            flags += ("--tls-cert", str(certificate), "--tls-key", str(key))
        return serve("interop", *flags)

    return start


@pytest.fixture
def service(start_server, connect, authority):
    """service(...) is a stub of the test service, on a server of its own with these flags."""

    def start(*flags: str):
        return test_service_pb2_grpc.TestServiceStub(connect(start_server(*flags), authority))

    return start


def large_request() -> messages.SimpleRequest:
    return messages.SimpleRequest(response_size=RESPONSE_SIZE, payload=messages.Payload(body=bytes(REQUEST_SIZE)))


class RawCall:
    """A call frame by frame: grpcio tells neither whether a message came compressed nor lets one of several be so."""

    def __init__(self, client: Http2Client, method: str):
        self._client = client
        headers = {**GRPC, "grpc-encoding": "gzip", "grpc-accept-encoding": "gzip"}
        self._stream = client.open(f"/grpc.testing.TestService/{method}", headers)

    def send(self, message, compress: bool, end: bool = False) -> None:
        payload = message.SerializeToString()
        payload = gzip.compress(payload) if compress else payload
        rest = bytes([compress]) + len(payload).to_bytes(4, "big") + payload
        while rest:
            self._client.read_until(lambda: self._client.h2.local_flow_control_window(self._stream) > 0)
            size = min(self._client.h2.local_flow_control_window(self._stream), 16_384)
            self._client.send(self._stream, rest[:size], end=end and size >= len(rest))
            rest = rest[size:]

    def replies(self, kind) -> list:
        """(compressed, message) of each; the call is to end well."""
        answer = self._client.answer(self._stream)
        assert answer.status == 0, answer.trailers
        found, rest = [], answer.data
        while rest:
            size = int.from_bytes(rest[1:5], "big")
            payload = rest[5 : 5 + size]
            found.append((rest[0] == 1, kind.FromString(gzip.decompress(payload) if rest[0] else payload)))
            rest = rest[5 + size :]
        return found


@pytest.fixture
def raw_call(start_server, authority):
    """raw_call(method) begins a call, each on a connection of its own."""
    clients = []
    server = start_server()

    def begin(method: str) -> RawCall:
        clients.append(Http2Client(server, authority=authority))
        return RawCall(clients[-1], method)

    yield begin
    for client in clients:
        client.__exit__()


def test_client_compressed_unary(service, failure):
    unary_call = service().UnaryCall
    expects_compressed = large_request()
    expects_compressed.expect_compressed.value = True
    expects_plain = large_request()
    expects_plain.expect_compressed.value = False

    with failure(grpc.StatusCode.INVALID_ARGUMENT):
        unary_call(expects_compressed, timeout=LIMIT)
    with failure(grpc.StatusCode.INVALID_ARGUMENT):
        unary_call(expects_plain, compression=grpc.Compression.Gzip, timeout=LIMIT)
    for compression in (grpc.Compression.Gzip, grpc.Compression.Deflate):
        reply = unary_call(expects_compressed, compression=compression, timeout=LIMIT)
        assert len(reply.payload.body) == RESPONSE_SIZE
    assert len(unary_call(expects_plain, timeout=LIMIT).payload.body) == RESPONSE_SIZE


@pytest.mark.parametrize("compressed", [True, False])
def test_server_compressed_unary(raw_call, compressed):
    request = large_request()
    request.response_compressed.value = compressed
    call = raw_call("UnaryCall")
    call.send(request, compress=False, end=True)
    [(came_compressed, reply)] = call.replies(messages.SimpleResponse)
    assert came_compressed == compressed
    assert reply.payload.body == bytes(RESPONSE_SIZE)


def test_client_compressed_streaming(service, raw_call, failure):
    def request(size: int, compressed: bool):
        return messages.StreamingInputCallRequest(
            payload=messages.Payload(body=bytes(size)), expect_compressed=messages.BoolValue(value=compressed)
        )

    with failure(grpc.StatusCode.INVALID_ARGUMENT):
        service().StreamingInputCall(iter([request(27_182, True)]), timeout=LIMIT)
    call = raw_call("StreamingInputCall")
    call.send(request(27_182, True), compress=True)
    call.send(request(45_904, False), compress=False, end=True)
    [(_, reply)] = call.replies(messages.StreamingInputCallResponse)
    assert reply.aggregated_payload_size == 73_086


@pytest.mark.parametrize("order", [[True, False], [False, True]], ids=str)
def test_server_compressed_streaming(raw_call, order):
    sizes = [31_415, 92_653]
    request = messages.StreamingOutputCallRequest()
    for size, compressed in zip(sizes, order, strict=True):
        request.response_parameters.add(size=size).compressed.value = compressed
    call = raw_call("StreamingOutputCall")
    call.send(request, compress=False, end=True)
    replies = call.replies(messages.StreamingOutputCallResponse)
    assert [(compressed, len(reply.payload.body)) for compressed, reply in replies] == list(
        zip(order, sizes, strict=True)
    )


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
