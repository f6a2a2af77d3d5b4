"""Programs of others that are put before a server."""

import contextlib
import os
import pathlib
import random
import socket
import subprocess

import pytest
from server import eventually

NGINX = """
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {{
    {server}
  }}
}}
"""


def free_port() -> int:
    """Below those that the system gives to who does not ask for one: nobody else gets it meanwhile, for a connection either."""
    while True:
        port = random.randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@contextlib.contextmanager
def running(command: list, ports: list[int], log: pathlib.Path):
    """A program that listens on these ports, for as long as the block lasts; what it writes to stderr goes to a file."""
    with open(log, "wb") as stderr:
        process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stderr=stderr)
    try:

        def listens():
            assert process.poll() is None, log.read_text(errors="replace")
            return all(is_open(port) for port in ports)

        eventually(listens, f"{command[0]} listens", 40)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def nginx(folder: pathlib.Path, server: str):
    """The address of nginx with this in its block `server`, in which {port} is what it is to listen on."""
    program = os.environ.get("WASM_GRPC_TEST_NGINX")
    if program is None:
        pytest.skip("nginx is not installed")
    port = free_port()
    file = folder / "nginx.conf"
    file.write_text(NGINX.format(server=server.replace("{port}", str(port))))
    with running([program, "-p", folder, "-c", file], [port], folder / "nginx.log"):
        yield f"127.0.0.1:{port}"
