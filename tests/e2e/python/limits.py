"""The table of limits: for each flag of `wasm-grpc serve` that is one, how it is tried, below and above its default.

A row is a function that is given a Trial and asserts that what the flag's value allows is served, and one more is not, by
the protocol of the trial. test_limits.py runs the rows, and holds the table against the flags that there are.
"""

import dataclasses
import http.client
import typing

import grpc
import h2.exceptions
from http2_client import GRPC, Http2Client, message
from server import Server

LIMIT = 40
MIB = 1 << 20
# The protocols of clients. A limit of guests or of the process is tried by gRPC, once; "" where no client is needed.
GRPC_, HTTP2, HTTP1 = "gRPC", "HTTP/2", "HTTP/1.1"
OVER_HTTP2 = (GRPC_, HTTP2)
OVER_ALL = (GRPC_, HTTP2, HTTP1)

RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED = grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.DEADLINE_EXCEEDED
# What HTTP says for them.
HTTP_STATUS = {RESOURCE_EXHAUSTED: 429, DEADLINE_EXCEEDED: 504}


@dataclasses.dataclass
class Trial:
    """One value of one flag over one protocol."""

    flag: str
    value: int
    over: str
    start: typing.Callable[..., Server]
    connect: typing.Callable[..., grpc.Channel]

    def serve(self, *arguments) -> Server:
        """A server with the flag's value and these."""
        return self.start(*map(str, arguments), "--workers", "1", self.flag, str(self.value))

    def channel(self, server) -> grpc.Channel:
        return self.connect(server, max_receive_message_length=-1, max_send_message_length=-1)

    @property
    def guest(self) -> str:
        """Of which a client of the protocol may ask for /echo (HTTP), or echo.Echo's methods (gRPC)."""
        return "echo" if self.over == GRPC_ else "http"

    def ask(self, server, path: str, headers: dict | None = None, **more):
        """Calls a method, or asks for a path: its status as a number, 0 or 200 when all is well."""
        with Http2Client(server, LIMIT) as client:
            return self.status_of(client, self.open(client, path, headers or {}, **more))

    def open(self, client: Http2Client, path: str, headers: dict | None = None, body: bytes = b"", end: bool = True):
        """Begins a request; with `end` that is all of it."""
        fields = (headers or {}) | (GRPC if self.over == GRPC_ else {})
        method = "POST" if self.over == GRPC_ or body or not end else "GET"
        data = message(body) if self.over == GRPC_ and (body or end) else body
        stream = client.open(path, fields, method=method, end=end and not data)
        if data:
            client.send(stream, data, end=end)
        return stream

    def status_of(self, client: Http2Client, stream: int) -> int:
        answer = client.answer(stream)
        return answer.status if self.over == GRPC_ else int(answer.headers[":status"])

    def status(self, code: grpc.StatusCode) -> int:
        return code.value[0] if self.over == GRPC_ else HTTP_STATUS[code]

    @property
    def fine(self) -> int:
        return 0 if self.over == GRPC_ else 200

    def http1(self, server) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(*server.host_and_port, timeout=LIMIT)


def is_ended(client: Http2Client) -> bool:
    """Waits until the server ends a connection."""
    try:
        client.read_until(lambda: client.goaway is not None)
    except (AssertionError, ConnectionError, h2.exceptions.ProtocolError):
        pass
    return True


@dataclasses.dataclass
class Row:
    """How a flag is tried. `below` or `above` is None where there is no such value, or where `because` says why not."""

    flag: str
    probe: typing.Callable[[Trial], None] | None
    below: int | None
    above: int | None
    over: tuple[str, ...]
    because: str = ""
    elsewhere: tuple[str, ...] = ()  # "file of the tree: name of a test": where it is held

    def trials(self):
        for name, value in (("below", self.below), ("above", self.above)):
            for protocol in self.over if value is not None else ():
                yield name, value, protocol


ROWS: dict[str, Row] = {}


def limit(flag: str, below: int | None, above: int | None, over: tuple[str, ...] = (GRPC_,), because: str = ""):
    """A row of the table, for the function that follows."""

    def add(probe):
        assert flag not in ROWS, flag
        assert because or (below is not None and above is not None), f"{flag}: say why it is tried on one side only"
        ROWS[flag] = Row(flag, probe, below, above, over, because)
        return probe

    return add


def held_elsewhere(flag: str, because: str, *tests: str) -> None:
    """A row of a flag that other tests hold."""
    assert flag not in ROWS, flag
    ROWS[flag] = Row(flag, None, None, None, (), because, tests)
