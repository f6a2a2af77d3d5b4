"""Serving over a unix socket."""

import grpc
import helloworld_pb2
import helloworld_pb2_grpc
import pytest
from server import Server


@pytest.fixture
def path(tmp_path):
    return tmp_path / "grpc.sock"


@pytest.fixture
def server(program, guest, path, tmp_path):
    listen = ["--listen", f"unix:{path}", "--listen", "127.0.0.1:0"]
    server = Server(tmp_path, [program, "serve", guest("greeter"), "--workers", "2", *listen])
    yield server
    server.stop()


def greet(target: str, name: str) -> str:
    with grpc.insecure_channel(target, [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]) as channel:
        stub = helloworld_pb2_grpc.GreeterStub(channel)
        return stub.SayHello(helloworld_pb2.HelloRequest(name=name), timeout=20).message


def test_grpc_clients_reach_every_worker_and_the_tcp_address_beside_it(server, path):
    assert server.address == f"unix:{path}"
    for n in range(5):
        assert greet(f"unix:{path}", f"client {n}") == f"Hello client {n}"
    tcp = [line for line in server.stdout.splitlines() if line.startswith("listening on 127.0.0.1:")]
    assert greet(tcp[0].removeprefix("listening on "), "Ada") == "Hello Ada"


def test_the_file_goes_with_the_server(server, path):
    assert path.is_socket()
    server.stop()
    assert not path.exists()


def test_a_killed_server_leaves_no_file_in_the_way(server, path, program, guest, tmp_path_factory):
    server.kill()
    assert path.is_socket()
    folder = tmp_path_factory.mktemp("second")
    second = Server(folder, [program, "serve", guest("greeter"), "--listen", f"unix:{path}"])
    try:
        assert greet(f"unix:{path}", "again") == "Hello again"
    finally:
        second.stop()
