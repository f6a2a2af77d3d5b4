"""Listening on a name: on all its addresses."""

import re
import shutil
import socket
import subprocess

import grpc
import helloworld_pb2
import helloworld_pb2_grpc
import pytest
from server import Server

LIMIT = 30


@pytest.fixture
def inside(tmp_path) -> list:
    """What a command begins with for which "both.test" has addresses of both families; skips where that cannot be."""
    try:
        with socket.socket(socket.AF_INET6) as six:
            six.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 both.test\n::1 both.test\n")
    command = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts]
    if not shutil.which("unshare") or subprocess.run([*command, "true"], capture_output=True, timeout=LIMIT).returncode:
        pytest.skip("needs root and mount namespaces, for a name that the server alone knows")
    return command


def greet(target: str) -> str:
    with grpc.insecure_channel(target, [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]) as channel:
        stub = helloworld_pb2_grpc.GreeterStub(channel)
        return stub.SayHello(helloworld_pb2.HelloRequest(name=target), timeout=LIMIT).message


def test_all_addresses_of_a_name_are_listened_on(program, guest, tmp_path, inside):
    server = Server(tmp_path, [*inside, program, "serve", guest("greeter"), "--listen", "both.test:0"])
    try:
        targets = re.findall(r"^listening on (.*)$", server.stdout, re.MULTILINE)
        assert sorted(target.rpartition(":")[0] for target in targets) == ["127.0.0.1", "[::1]"]
        assert len({target.rpartition(":")[2] for target in targets}) == 1, "the port is the same"
        for target in targets:
            assert greet(target) == f"Hello {target}"
    finally:
        server.stop()


def test_a_name_is_refused_where_one_of_its_addresses_cannot_be_had(program, guest, serve, inside):
    port = serve("echo").host_and_port[1]  # of 127.0.0.1 only
    command = [*inside, program, "serve", guest("greeter"), "--listen", f"both.test:{port}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done.stderr
    said = f"cannot listen on both.test:{port}: 127.0.0.1:{port}: another program uses this port; stop it or choose another"
    assert said in done.stderr


def test_localhost_is_served(serve):
    server = serve("greeter", "--listen", "localhost:0")
    targets = re.findall(r"^listening on (.*)$", server.stdout, re.MULTILINE)[1:]
    assert targets
    for target in targets:
        assert greet(target) == f"Hello {target}"
