"""What browsers and curl speak, on the port of gRPC: Connect, gRPC-Web and JSON, over HTTP/1.1 and HTTP/2."""

import base64
import http.client
import json
import subprocess
import time

import conformance_pb2
import helloworld_pb2
import pytest
import route_guide_pb2
from web_client import HTTP_VERSIONS, LIMIT, curl, envelope, envelopes, from_base64

HELLO = "/helloworld.Greeter/SayHello"
LIST = "/routeguide.RouteGuide/ListFeatures"
CHAT = "/routeguide.RouteGuide/RouteChat"
SOME = {"lo": {"latitude": 460000000, "longitude": 90000000}, "hi": {"latitude": 480000000, "longitude": 110000000}}


@pytest.fixture(params=HTTP_VERSIONS)
def version(request):
    return request.param


def test_a_unary_call_in_json(everything, version):
    status, headers, body = curl(everything, HELLO, version, "-H", "content-type: application/json", data=b'{"name":"World"}')
    assert (status, headers["content-type"]) == (200, "application/json")
    assert json.loads(body) == {"message": "Hello World"}
    assert headers["content-length"] == str(len(body))


def test_a_unary_call_in_protobuf(everything, version):
    request = helloworld_pb2.HelloRequest(name="World").SerializeToString()
    status, _, body = curl(everything, HELLO, version, "-H", "content-type: application/proto", data=request)
    assert status == 200
    assert helloworld_pb2.HelloReply.FromString(body).message == "Hello World"


def test_an_error_is_json_with_the_place(everything, version):
    status, headers, body = curl(everything, HELLO, version, "-H", "content-type: application/json", data=b'{"nome":"x"}')
    assert (status, headers["content-type"]) == (400, "application/json")
    error = json.loads(body)
    assert error["code"] == "invalid_argument" and "nome" in error["message"]


def test_a_guest_that_traps_is_an_error_of_the_protocol(everything, version):
    status, _, body = curl(everything, "/test.Guest/Trap", version, "-H", "content-type: application/proto", data=b"")
    assert (status, json.loads(body)["code"]) == (500, "internal")


def test_what_is_at_no_path_is_refused_in_a_way_that_curl_understands(everything, version):
    status, _, body = curl(everything, "/no.Such/Method", version, "-H", "content-type: application/json", data=b"{}")
    assert (status, body[:23]) == (415, b"This is a gRPC server: ")
    status, _, body = curl(everything, "/no.Such/Method", version, "-H", "content-type: application/json",
                           "-H", "connect-protocol-version: 1", data=b"{}")
    assert (status, json.loads(body)["code"]) == (501, "unimplemented")


def test_a_server_stream_in_connect(everything, version):
    request = envelope(json.dumps(SOME).encode())
    status, headers, body = curl(everything, LIST, version, "-H", "content-type: application/connect+json", data=request)
    assert (status, headers["content-type"]) == (200, "application/connect+json")
    *features, (flags, end) = envelopes(body)
    assert len(features) > 10 and all(json.loads(feature)["name"] for _, feature in features)
    assert (flags, json.loads(end)) == (2, {})


def test_a_bidi_stream_is_half_duplex_over_http_1_1(everything, version):
    note = {"location": {"latitude": 1, "longitude": int(time.time()) % 1000}, "message": "here"}
    request = b"".join(envelope(json.dumps(note).encode()) for _ in range(3))
    status, _, body = curl(everything, CHAT, version, "-H", "content-type: application/connect+json", data=request)
    *notes, (flags, _) = envelopes(body)
    assert (status, flags, len(notes)) == (200, 2, 3)  # 0, 1 and 2 notes that were there before


def test_grpc_web(everything, version):
    request = envelope(helloworld_pb2.HelloRequest(name="World").SerializeToString())
    status, headers, body = curl(everything, HELLO, version, "-H", "content-type: application/grpc-web+proto", data=request)
    assert (status, headers["content-type"]) == (200, "application/grpc-web+proto")
    (_, reply), (flags, trailers) = envelopes(body)
    assert helloworld_pb2.HelloReply.FromString(reply).message == "Hello World"
    assert (flags, trailers) == (0x80, b"grpc-status: 0\r\n")


def test_grpc_web_in_text(everything, version):
    request = base64.b64encode(envelope(route_guide_pb2.Rectangle(**{
        corner: route_guide_pb2.Point(**place) for corner, place in SOME.items()}).SerializeToString()))
    status, headers, body = curl(everything, LIST, version, "-H", "content-type: application/grpc-web-text", data=request)
    assert (status, headers["content-type"]) == (200, "application/grpc-web-text")
    *features, (flags, trailers) = envelopes(from_base64(body))
    assert len(features) > 10
    assert (flags, trailers) == (0x80, b"grpc-status: 0\r\n")


def test_grpc_itself_still_needs_http_2(everything):
    status, _, body = curl(everything, HELLO, "--http1.1", "-H", "content-type: application/grpc", data=envelope(b""))
    assert (status, body) == (505, b"gRPC needs HTTP/2.\n")


def test_what_has_no_descriptors_says_so_to_json_and_is_served_in_protobuf(serve, version):
    server = serve("greeter_c")
    status, _, body = curl(server, HELLO, version, "-H", "content-type: application/json", data=b"{}")
    assert status == 415
    assert body == b"The module of this method brings no descriptors, which JSON needs: call it in protobuf.\n"
    request = helloworld_pb2.HelloRequest(name="C").SerializeToString()
    status, _, body = curl(server, HELLO, version, "-H", "content-type: application/proto", data=request)
    assert (status, helloworld_pb2.HelloReply.FromString(body).message) == (200, "Hello C")


def test_health_is_asked_in_json(everything, version):
    status, _, body = curl(everything, "/grpc.health.v1.Health/Check", version, "-H", "content-type: application/json", data=b"{}")
    assert (status, json.loads(body)) == (200, {"status": "SERVING"})


def test_a_body_in_chunks_that_comes_slowly_is_taken_and_the_connection_goes_on(everything):
    connection = http.client.HTTPConnection(*everything.host_and_port, timeout=LIMIT)

    def pieces():
        for piece in (b'{"na', b'me": "Wo', b'rld"}'):
            yield piece
            time.sleep(0.05)

    for _ in range(2):
        connection.request("POST", HELLO, pieces(), {"content-type": "application/json"}, encode_chunked=True)
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())) == (200, {"message": "Hello World"})
    connection.close()


def test_a_stream_comes_as_it_is_sent_over_http_1_1(everything):
    connection = http.client.HTTPConnection(*everything.host_and_port, timeout=LIMIT)
    request = conformance_pb2.SleepRequest(milliseconds=1000).SerializeToString()
    connection.request("POST", "/test.Guest/EarlyHeaders", envelope(request), {"content-type": "application/connect+proto"})
    begun = time.monotonic()
    answer = connection.getresponse()
    early = time.monotonic() - begun
    envelopes(answer.read())
    assert early < time.monotonic() - begun - 0.5, "the head came before the end"
    connection.close()


def test_a_deadline_ends_the_call(everything, version):
    request = conformance_pb2.SleepRequest(milliseconds=10_000).SerializeToString()
    status, _, body = curl(everything, "/test.Guest/Sleep", version, "-H", "content-type: application/proto",
                           "-H", "connect-timeout-ms: 100", data=request)
    assert (status, json.loads(body)["code"]) == (504, "deadline_exceeded")


def test_limits_are_those_of_grpc(serve, version):
    server = serve("greeter", "--max-message-size", "1000")
    large = json.dumps({"name": "x" * 2000}).encode()
    status, _, body = curl(server, HELLO, version, "-H", "content-type: application/json", data=large)
    assert (status, json.loads(body)["code"]) == (429, "resource_exhausted")
    fits = json.dumps({"name": "x" * 900}).encode()
    assert curl(server, HELLO, version, "-H", "content-type: application/json", data=fits)[0] == 200


def test_pages_of_other_origins_are_told_whether_they_may(serve, version):
    server = serve("greeter", "--cors-origin", "https://app.example.com")
    asks = ["-X", "OPTIONS", "-H", "access-control-request-method: POST", "-H", "access-control-request-headers: content-type"]
    status, headers, _ = curl(server, HELLO, version, *asks, "-H", "origin: https://app.example.com")
    assert (status, headers["access-control-allow-origin"]) == (204, "https://app.example.com")
    status, headers, _ = curl(server, HELLO, version, *asks, "-H", "origin: https://evil.example.com")
    assert status == 403 and "access-control-allow-origin" not in headers
    status, headers, _ = curl(server, HELLO, version, "-H", "content-type: application/json",
                              "-H", "origin: https://app.example.com", data=b"{}")
    assert (status, headers["access-control-allow-origin"]) == (200, "https://app.example.com")


def test_an_origin_that_is_none_is_refused_at_the_start(program, guest):
    out = subprocess.run([program, "serve", guest("greeter"), "--cors-origin", "app.example.com"], capture_output=True,
                         text=True, timeout=60)
    assert out.returncode != 0
    assert 'the origin "app.example.com" is none' in out.stderr
