"""`wasm-grpc call` and servers that do not answer as servers should: what it says is one clear line, and it ends."""

import contextlib
import pathlib
import socket
import subprocess
import threading

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import pytest

from http2_client import message

LIMIT = 30
PROTOS = pathlib.Path(__file__).parents[2] / "guests"
OK_HEADERS = [(":status", "200"), ("content-type", "application/grpc")]
OK_TRAILERS = [("grpc-status", "0")]


class OddServer:
    """Takes connections one after the other, and answers each request by `answer(h2, stream)` at an event: when its headers have come."""

    def __init__(self, answer, event=h2.events.RequestReceived):
        self._answer, self._event = answer, event
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(LIMIT)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._lock, self._stopped, self._connection = threading.Lock(), False, None
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        with contextlib.suppress(OSError):  # it is stopped
            while True:  # who is told to go elsewhere comes back
                connection = self._listener.accept()[0]
                with self._lock:
                    if self._stopped:
                        return connection.close()
                    self._connection = connection
                self._serve_one(connection)

    def _serve_one(self, connection):
        with contextlib.suppress(OSError, h2.exceptions.ProtocolError), connection:
            connection.settimeout(LIMIT)
            http2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
            http2.initiate_connection()
            connection.sendall(http2.data_to_send())
            try:
                while data := connection.recv(65536):
                    for event in http2.receive_data(data):
                        if isinstance(event, self._event):
                            self._answer(http2, event.stream_id)
                    connection.sendall(http2.data_to_send())
            except ConnectionAbortedError:  # hang_up: what it has not read would have the connection reset instead
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass

    def stop(self):
        """Ends also the connection that a client keeps, which is else waited for."""
        with self._lock:
            self._stopped = True
        for ended in filter(None, (self._listener, self._connection)):
            with contextlib.suppress(OSError):  # it has ended by itself
                ended.shutdown(socket.SHUT_RDWR)
        self._thread.join(LIMIT)
        assert not self._thread.is_alive()
        self._listener.close()


@pytest.fixture
def odd():
    servers = []

    def start(answer, *event):
        servers.append(OddServer(answer, *event))
        return servers[-1].address

    yield start
    for server in servers:
        server.stop()


def call(program, address, method="Unary", stdin=subprocess.DEVNULL, flags=()):
    return subprocess.run(
        [program, "call", address, f"described.Mirror/{method}", "--proto", PROTOS / "described.proto", *flags],
        stdin=stdin, capture_output=True, text=True, timeout=LIMIT,
    )


def test_informational_headers_come_before_the_answer(program, odd):
    def answer(http2, stream):
        http2.send_headers(stream, [(":status", "103"), ("link", "</a>")])
        http2.send_headers(stream, OK_HEADERS)
        http2.send_data(stream, message(b""))
        http2.send_headers(stream, OK_TRAILERS, end_stream=True)

    done = call(program, odd(answer))
    assert (done.returncode, done.stdout, done.stderr) == (0, "{}\n", "")


def test_a_status_ends_the_call_though_requests_could_come(program, odd):
    def answer(http2, stream):
        http2.send_headers(stream, [*OK_HEADERS, ("grpc-status", "7"), ("grpc-message", "no more")], end_stream=True)

    # Standard input stays open, and nothing comes.
    read, write = socket.socketpair()
    with read, write:
        done = call(program, odd(answer), "BidiStream", stdin=read, flags=["--json", "-"])
    assert (done.returncode, done.stderr) == (1, "status: PERMISSION_DENIED: no more\n")


def answers(*, headers=OK_HEADERS, data=b"", trailers=None):
    def answer(http2, stream):
        http2.send_headers(stream, headers)
        http2.send_data(stream, data, end_stream=trailers is None)
        if trailers is not None:
            http2.send_headers(stream, trailers, end_stream=True)

    return answer


def hang_up(http2, stream):
    raise ConnectionAbortedError


ENDED_IN_THE_MIDDLE = answers(data=message(b"abc")[:-1], trailers=OK_TRAILERS)
NO_MESSAGE = answers(trailers=OK_TRAILERS)
TWO_MESSAGES = answers(data=message(b"") * 2, trailers=OK_TRAILERS)
NO_STATUS = answers(data=message(b""))
A_PAGE = answers(headers=[(":status", "404")], data=b"no")
NO_PROTOBUF = answers(data=message(b"\xff\xff"), trailers=OK_TRAILERS)
UNKNOWN_FLAG = answers(data=b"\7\0\0\0\0", trailers=OK_TRAILERS)
NO_ENCODING = answers(data=b"\1\0\0\0\0", trailers=OK_TRAILERS)


@pytest.mark.parametrize(
    "answer, said",
    [
        (ENDED_IN_THE_MIDDLE, "status: INTERNAL: the server ended the call in the middle of a message"),
        (NO_MESSAGE, "status: INTERNAL: the server answered OK without a message"),
        (TWO_MESSAGES, "status: INTERNAL: the server sent more than the one message of this method"),
        (NO_STATUS, "status: INTERNAL: the server ended the call without a status"),
        (A_PAGE, "status: UNIMPLEMENTED: the server answered with HTTP status 404"),
        (NO_PROTOBUF, "wasm-grpc: the server sent what JSON cannot say as a described.Message: the bytes are cut short"),
        (UNKNOWN_FLAG, "status: INTERNAL: the server sent a message with the unknown flags 7"),
        (NO_ENCODING, 'status: INTERNAL: the server sent a compressed message in the encoding ""'),
        (answers(trailers=[("grpc-status", "many")]), "status: UNKNOWN"),
        (answers(trailers=[("grpc-status", "99"), ("grpc-message", "x")]), "status: UNKNOWN: x"),
        (lambda http2, stream: http2.reset_stream(stream, 7), "status: UNAVAILABLE: the server reset the call"),
        (lambda http2, stream: http2.close_connection(last_stream_id=0), "status: UNAVAILABLE: "),
        (hang_up, "status: UNAVAILABLE: the connection was lost: the server closed it"),
    ],
)
def test_each_is_one_clear_line_and_a_failure(program, odd, answer, said):
    done = call(program, odd(answer))
    assert done.returncode == 1
    assert done.stderr.startswith(said), done.stderr
    assert done.stderr.count("\n") == 1


def test_what_a_server_says_does_not_command_the_terminal(program, odd):
    trailers = [("grpc-status", "9"), ("grpc-message", "%1B]0;title%07 and%0Amore")]
    done = call(program, odd(answers(trailers=trailers)))
    assert done.stderr == "status: FAILED_PRECONDITION: \\x1b]0;title\\x07 and\nmore\n"


def test_a_server_of_something_else_is_told(program):
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(LIMIT)

    def greet():
        with listener.accept()[0] as connection:
            connection.sendall(b"220 mail.example ESMTP ready\r\n" * 4)
            connection.recv(65536)

    thread = threading.Thread(target=greet)
    thread.start()
    done = call(program, f"127.0.0.1:{listener.getsockname()[1]}")
    thread.join(LIMIT)
    listener.close()
    assert done.returncode == 1 and done.stderr.startswith("status: UNAVAILABLE: "), done.stderr


def test_the_end_of_a_request_needs_no_more_window_than_its_message(program, odd):
    # What the server lets come is what the message takes, to the byte, and it waits for the end.
    text = "x" * (65535 - 5 - 4)
    address = odd(answers(data=message(b""), trailers=OK_TRAILERS), h2.events.StreamEnded)
    done = call(program, address, flags=["--deadline", str(LIMIT * 500), "--json", '{"text": "%s"}' % text])
    assert (done.returncode, done.stdout, done.stderr) == (0, "{}\n", "")


def test_a_large_request_is_sent_whole_in_reasonable_time(program, serve, tmp_path):
    text = "x" * (24 << 20)
    (tmp_path / "request.json").write_text('{"text": "%s"}' % text)
    server = serve("described", "--max-message-size", str(32 << 20))
    with (tmp_path / "request.json").open() as request:
        done = call(program, server.address, stdin=request, flags=["--json", "-"])
    assert done.returncode == 0 and text in done.stdout, done.stderr[:1000]
