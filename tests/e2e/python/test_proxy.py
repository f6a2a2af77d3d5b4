"""Serving behind a proxy."""

import os
import socket
import subprocess

import grpc
import helloworld_pb2
import helloworld_pb2_grpc
import pytest
from server import eventually

CONFIGURATION = """
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {{
    listen 127.0.0.1:{port} http2;
    location / {{ grpc_pass grpc://{upstream}; }}
  }}
}}
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def proxied(serve, tmp_path):
    """The address of nginx in front of a server."""
    program = os.environ.get("WASM_GRPC_TEST_NGINX")
    if program is None:
        pytest.skip("nginx is not installed")
    server = serve("greeter")
    port = free_port()
    file = tmp_path / "nginx.conf"
    file.write_text(CONFIGURATION.format(port=port, upstream=server.address))
    process = subprocess.Popen([program, "-p", tmp_path, "-c", file], stderr=subprocess.DEVNULL)
    try:

        def listens():
            assert process.poll() is None, (tmp_path / "error.log").read_text()
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        eventually(listens, "nginx listens")
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


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
