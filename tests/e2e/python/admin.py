"""The admin address of a server, asked by HTTP."""

import http.client
import re
import socket
import urllib.parse

from server import Server, eventually

LIMIT = 20


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str):
        super().__init__("localhost", timeout=LIMIT)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(LIMIT)
        self.sock.connect(self._path)


def address_of(server: Server) -> str:
    """Where it listens: "http://ADDRESS:PORT" or "unix:PATH"."""
    return eventually(lambda: re.search(r"^admin at (\S+)$", server.stdout, re.MULTILINE), "it has an admin address").group(1)


def port_of(server: Server) -> int:
    return urllib.parse.urlsplit(address_of(server)).port


def get(server: Server, target: str, method: str = "GET", **headers: str):
    """Asks for it: the status, the headers and the body."""
    address = address_of(server)
    if address.startswith("unix:"):
        connection = UnixConnection(address.removeprefix("unix:"))
    else:
        place = urllib.parse.urlsplit(address)
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=LIMIT)
    try:
        connection.request(method, target, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read().decode()
    finally:
        connection.close()


def samples(text: str) -> dict[str, float]:
    """Each sample of a page of metrics, by its name and labels."""
    return {
        name: float(value)
        for name, value in (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
    }


def metrics(server: Server, target: str = "/metrics") -> dict[str, float]:
    status, _, body = get(server, target)
    assert status == 200, body
    return samples(body)
