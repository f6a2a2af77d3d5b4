"""Serving behind a proxy."""

import contextlib
import os
import socket
import subprocess
import threading

import conformance_pb2
import conformance_pb2_grpc
import grpc
import helloworld_pb2
import helloworld_pb2_grpc
import pytest
from proxies import free_port, nginx, running


@pytest.fixture
def proxied(serve, tmp_path):
    """The address of nginx in front of a server."""
    block = f"listen 127.0.0.1:{{port}} http2; location / {{ grpc_pass grpc://{serve('greeter').address}; }}"
    with nginx(tmp_path, block) as address:
        yield address


def test_grpc_passes_through_nginx(proxied):
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]
    with grpc.insecure_channel(proxied, options) as channel:
        stub = helloworld_pb2_grpc.GreeterStub(channel)
        for n in range(20):
            assert stub.SayHello(helloworld_pb2.HelloRequest(name=f"{n}"), timeout=20).message == f"Hello {n}"
        replies = stub.SayHelloStreamReply(helloworld_pb2.HelloRequest(name="Ada"), timeout=20)
        assert len([reply.message for reply in replies]) == 3
        with pytest.raises(grpc.RpcError) as refused:
            channel.unary_unary("/helloworld.Greeter/Nothing")(b"", timeout=20)
        assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED


# ---- The PROXY protocol ----

BALANCER = """
defaults
  mode tcp
  timeout connect 10s
  timeout client 60s
  timeout server 60s
frontend front
  bind 127.0.0.1:{port}
  default_backend back
backend back
  server one {upstream} {header}
"""


@pytest.fixture
def balanced(tmp_path):
    """balanced(upstream, header): the port of HAProxy in front of an address."""
    program = os.environ.get("WASM_GRPC_TEST_HAPROXY")
    if program is None:
        pytest.skip("HAProxy is not installed")
    with contextlib.ExitStack() as stack:

        def run(upstream: str, header: str) -> int:
            port = free_port()
            file = tmp_path / f"haproxy-{port}.cfg"
            file.write_text(BALANCER.format(port=port, upstream=upstream, header=header))
            stack.enter_context(running([program, "-db", "-f", file], [port], tmp_path / f"haproxy-{port}.log"))
            return port

        yield run


def peer_through(port: int, source: int) -> str:
    """What a guest is told of a client that connects to the port from a port of its own."""
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]
    with relay(port, source) as near, grpc.insecure_channel(f"127.0.0.1:{near}", options) as channel:
        return conformance_pb2_grpc.GuestStub(channel).Info(conformance_pb2.Empty(), timeout=20).peer


class relay:  # noqa: N801
    """Passes one connection on to a port, from a source port that is known."""

    def __init__(self, port: int, source: int):
        self._target, self._source = port, source

    def __enter__(self) -> int:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._pass_on, daemon=True)
        self._thread.start()
        return self._listener.getsockname()[1]

    def _pass_on(self):
        near, _ = self._listener.accept()
        far = socket.create_connection(("127.0.0.1", self._target), source_address=("127.0.0.1", self._source))
        for one, other in ((near, far), (far, near)):
            threading.Thread(target=self._copy, args=(one, other), daemon=True).start()

    @staticmethod
    def _copy(one, other):
        try:
            while part := one.recv(65_536):
                other.sendall(part)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def __exit__(self, *_):
        self._listener.close()


@pytest.mark.parametrize("header", ["send-proxy", "send-proxy-v2"])
def test_guests_see_the_client_of_a_proxy_that_is_believed(serve, balanced, header):
    server = serve("conformance", "--proxy-protocol", "127.0.0.0/8")
    port = balanced(server.address, header)
    source = free_port()
    assert peer_through(port, source) == f"127.0.0.1:{source}"


def test_a_proxy_that_is_not_believed_is_turned_away(serve, balanced):
    server = serve("conformance", "--proxy-protocol", "192.0.2.0/24")
    port = balanced(server.address, "send-proxy")
    with pytest.raises(grpc.RpcError):
        peer_through(port, free_port())
    server.wait_for_log("malformed HTTP/1.1")


def test_a_connection_from_a_proxy_without_the_header_is_closed(serve):
    server = serve("conformance", "--proxy-protocol", "127.0.0.1")
    with socket.create_connection(server.host_and_port, timeout=20) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.recv(1000) == b""
    server.wait_for_log(r"ended the connection of 127\.0\.0\.1:\d+: bad PROXY header")
    with socket.create_connection(server.host_and_port, timeout=20) as connection:
        connection.sendall(b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_what_is_no_network_is_refused(program, guest):
    command = [program, "serve", guest("echo"), "--proxy-protocol", "somewhere", "--listen", "127.0.0.1:0"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert result.returncode != 0
    assert '"somewhere" is no network; expected one such as 10.0.0.0/8' in result.stderr
