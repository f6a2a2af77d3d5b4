"""An HTTP/2 client without any gRPC in it: it sends what a test says, frame by frame, and collects what comes."""

import collections
import socket
import ssl
import struct

import h2.config
import h2.connection
import h2.events

GRPC = {"content-type": "application/grpc", "te": "trailers"}


def message(payload: bytes) -> bytes:
    """A gRPC message: not compressed, its length, its bytes."""
    return b"\0" + len(payload).to_bytes(4, "big") + payload


class Answer:
    def __init__(self):
        self.headers = None
        self.trailers = {}
        self.data = b""
        self.ended = False
        self.trailers_only = False  # the status came in the only HEADERS frame, with END_STREAM
        self.reset = None

    @property
    def status(self):
        fields = self.trailers or self.headers
        return int(fields["grpc-status"])


class Http2Client:
    def __init__(self, server, limit: float = 20, authority=None):
        self._socket = socket.create_connection(server.host_and_port, timeout=limit)
        if authority is not None:  # over TLS
            context = ssl.create_default_context(cafile=authority.certificate)
            context.set_alpn_protocols(["h2"])
            self._socket = context.wrap_socket(self._socket, server_hostname="localhost")
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.answers = collections.defaultdict(Answer)
        self.goaway = None
        self.pongs = 0
        self.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def break_connection(self) -> None:
        """As a machine that fails: no end of stream, no GOAWAY, an RST of TCP."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def flush(self) -> None:
        self._socket.sendall(self.h2.data_to_send())

    def open(self, path: str, headers=None, method: str = "POST", end: bool = False) -> int:
        stream = self.h2.get_next_available_stream_id()
        pseudo = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "localhost")]
        fields = list((GRPC if headers is None else headers).items())
        self.h2.send_headers(stream, pseudo + fields, end_stream=end)
        self.flush()
        return stream

    def send(self, stream: int, data: bytes, end: bool = False) -> None:
        self.h2.send_data(stream, data, end_stream=end)
        self.flush()

    def read_until(self, done) -> None:
        """Takes frames until done() is true; fails when the server closes the connection, or says nothing."""
        while not done():
            data = self._socket.recv(65_536)
            assert data, "the server closed the connection"
            for event in self.h2.receive_data(data):
                self._note(event)
            self.flush()

    def answer(self, stream: int) -> Answer:
        answer = self.answers[stream]
        self.read_until(lambda: answer.ended)
        return answer

    def ask(self, path: str, headers=None, method: str = "GET", body: bytes = b"") -> Answer:
        """The answer to an HTTP request that is not gRPC."""
        stream = self.open(path, headers or {}, method=method, end=not body)
        if body:
            self.send(stream, body, end=True)
        return self.answer(stream)

    def _note(self, event) -> None:
        if isinstance(event, h2.events.ResponseReceived):
            self.answers[event.stream_id].headers = dict(event.headers)
            self.answers[event.stream_id].trailers_only = event.stream_ended is not None
        elif isinstance(event, h2.events.TrailersReceived):
            self.answers[event.stream_id].trailers = dict(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            self.answers[event.stream_id].data += event.data
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self.answers[event.stream_id].ended = True
        elif isinstance(event, h2.events.StreamReset):
            self.answers[event.stream_id].ended = True
            self.answers[event.stream_id].reset = event.error_code
        elif isinstance(event, h2.events.PingAckReceived):
            self.pongs += 1
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.goaway = event
