"""Serving over a unix socket."""

import os
import pathlib
import shutil
import stat
import subprocess
import tempfile

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


def greet(target: str, name: str, *options) -> str:
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0), *options]
    with grpc.insecure_channel(target, options) as channel:
        stub = helloworld_pb2_grpc.GreeterStub(channel)
        return stub.SayHello(helloworld_pb2.HelloRequest(name=name), timeout=20).message


def test_grpc_clients_reach_every_worker_and_the_tcp_address_beside_it(server, path):
    assert server.address == f"unix:{path}"
    for n in range(5):
        assert greet(f"unix:{path}", f"client {n}") == f"Hello client {n}"
    tcp = [line for line in server.stdout.splitlines() if line.startswith("listening on 127.0.0.1:")]
    assert greet(tcp[0].removeprefix("listening on "), "Ada") == "Hello Ada"


def test_clients_may_name_the_socket_as_their_authority(server, path):
    for authority in (str(path), f"unix:{path}", "plugin"):
        assert greet(f"unix:{path}", "Ada", ("grpc.default_authority", authority)) == "Hello Ada", authority


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


@pytest.fixture
def open_folder():
    """A folder that every user may enter."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield pathlib.Path(name)


def listen_at(program, guest, folder, address: str) -> Server:
    return Server(folder, [program, "serve", guest("greeter"), "--listen", address])


def test_its_mode_is_that_of_the_address(program, guest, open_folder, tmp_path):
    path = open_folder / "grpc.sock"
    server = listen_at(program, guest, tmp_path, f"unix:{path}?mode=0666&user={os.geteuid()}&group={os.getegid()}")
    try:
        assert server.address == f"unix:{path}"
        assert stat.S_IMODE(path.stat().st_mode) == 0o666
        assert greet(f"unix:{path}", "Ada") == "Hello Ada"
    finally:
        server.stop()
    assert not path.exists()


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs root, and setpriv, to be others")
def test_those_connect_to_whom_it_is_given(program, guest, open_folder, tmp_path):
    path = open_folder / "grpc.sock"
    connect = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"

    def may_connect(user: int, group: int) -> bool:
        command = ["setpriv", "--reuid", user, "--regid", group, "--clear-groups", "/usr/bin/env", "python3", "-c", connect]
        done = subprocess.run([*map(str, command), path], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 or "PermissionError" in done.stderr, done.stderr
        return done.returncode == 0

    for index, (parameters, who) in enumerate(
        [
            ("", {}),
            ("?mode=0666", {(4711, 4711), (4712, 4712), (4711, 4712)}),
            ("?mode=0660&group=4712", {(4711, 4712), (4712, 4712)}),
            ("?mode=0600&user=4711", {(4711, 4711), (4711, 4712)}),
        ]
    ):
        folder = tmp_path / str(index)
        folder.mkdir()
        server = listen_at(program, guest, folder, f"unix:{path}{parameters}")
        try:
            for user, group in ((4711, 4711), (4712, 4712), (4711, 4712)):
                assert may_connect(user, group) == ((user, group) in who), (parameters, user, group)
        finally:
            server.stop()


@pytest.mark.parametrize(
    "parameters, said",
    [
        ("mode=0999", 'mode "0999" makes no sense; expected octal digits up to 0777, such as 0660'),
        ("user=no-such-user", 'there is no user "no-such-user"; expected the name or number of one'),
        ("mode=0660&group=no-such-group", 'there is no group "no-such-group"; expected the name or number of one'),
        ("owner=me", '"owner=me" is not known; expected mode=0660, user=NAME or group=NAME, with & between'),
    ],
)
def test_parameters_that_make_no_sense_are_refused_in_one_line(program, guest, path, parameters, said):
    address = f"unix:{path}?{parameters}"
    done = subprocess.run(
        [program, "serve", guest("greeter"), "--listen", address], capture_output=True, text=True, timeout=60
    )
    said = f'wasm-grpc: --listen: address "{address}": {said} (see wasm-grpc --help)\n'
    assert (done.returncode, done.stderr) == (2, said)
    assert not path.exists()
