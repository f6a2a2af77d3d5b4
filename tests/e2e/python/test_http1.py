"""HTTP/1.1 on the port of gRPC, to a guest that serves plain HTTP; by the byte and by other people's clients."""

import http.client
import socket
import subprocess
import time

import pytest
from server import eventually

LIMIT = 20


@pytest.fixture
def server(serve):
    return serve("http", "--workers", "1")


@pytest.fixture
def client(server):
    connection = http.client.HTTPConnection(*server.host_and_port, timeout=LIMIT)
    yield connection
    connection.close()


def ask(client, method, path, body=None, headers=None):
    client.request(method, path, body=body, headers=headers or {})
    answer = client.getresponse()
    return answer, answer.read()


def exchange(server, *pieces: bytes) -> bytes:
    """Sends pieces and returns all that comes until the server closes the connection."""
    with socket.create_connection(server.host_and_port, timeout=LIMIT) as connection:
        received = b""
        try:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(0.01)
            while part := connection.recv(65_536):
                received += part
        except ConnectionError:
            pass
        return received


def test_a_page_is_answered_with_its_length(client):
    answer, body = ask(client, "GET", "/index.html?lang=en")
    assert (answer.status, answer.version, answer.headers["content-type"]) == (200, 11, "text/plain")
    assert body == b"the page /index.html?lang=en"
    assert answer.headers["content-length"] == str(len(body))


def test_a_connection_serves_one_request_after_the_other(client):
    ask(client, "GET", "/first")
    socket_of_first = client.sock
    for method in ("POST", "GET", "HEAD", "PUT"):
        answer, _ = ask(client, method, "/echo", body=b"x" if method in ("POST", "PUT") else None)
        assert (answer.status, answer.headers["request-method"]) == (200, method)
    assert client.sock is socket_of_first


def test_head_is_answered_without_a_body(client):
    answer, body = ask(client, "HEAD", "/x")
    assert (answer.headers["content-length"], body) == (str(len("the page /x")), b"")
    assert ask(client, "GET", "/y")[1] == b"the page /y", "the next answer is where it should be"


@pytest.mark.parametrize("size", [0, 1, 100_000, 5_000_000])
def test_bodies_in_chunks_pass_in_both_directions(client, size):
    body = bytes(range(256)) * (size // 256) + b"z" * (size % 256)
    chunks = (body[at : at + 40_000] for at in range(0, len(body), 40_000))
    client.request("POST", "/echo", body=chunks, headers={"transfer-encoding": "chunked"}, encode_chunked=True)
    answer = client.getresponse()
    assert answer.read() == body


def test_requests_sent_ahead_are_answered_in_order(server):
    requests = b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % i for i in range(50))
    answer = exchange(server, requests + b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    bodies = [part.split(b"HTTP/1.1")[0] for part in answer.split(b"the page ")[1:]]
    assert bodies == [b"/%d" % i for i in range(50)] + [b"/last"]
    assert answer.count(b"connection: close") == 1


def test_a_request_may_come_byte_by_byte(server):
    request = b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    answer = exchange(server, *(bytes([byte]) for byte in request))
    assert answer.startswith(b"HTTP/1.1 200")
    assert "".join(answer.decode().split("\r\n\r\n", 1)[1].split("\r\n")[1::2]) == "abc"


def test_http_1_0_is_answered_and_closed(server):
    answer = exchange(server, b"POST /echo HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi")
    assert b"connection: close" in answer and b"chunked" not in answer and answer.endswith(b"hi")


def test_a_client_that_asks_first_is_told_to_go_on(server):
    with socket.create_connection(server.host_and_port, timeout=LIMIT) as connection:
        for _ in range(3):
            connection.sendall(b"PUT /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(b"hi")
            answer = b""
            while not answer.endswith(b"\r\n\r\nhi"):
                answer += connection.recv(1000)
            assert answer.startswith(b"HTTP/1.1 200 OK")


def test_a_later_request_is_refused_as_the_first_would_be(server):
    with socket.create_connection(server.host_and_port, timeout=LIMIT) as connection:
        connection.sendall(b"GET /good HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.recv(1000).endswith(b"the page /good")
        connection.sendall(b"GET /bad HTTP/1.1\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 400 ")
        assert connection.recv(1000) == b""


def test_curl_uploads_and_gets_back(server, tmp_path):
    sent, got = tmp_path / "sent", tmp_path / "got"
    sent.write_bytes(bytes(range(256)) * 8000)
    url = f"http://{server.address}/echo"
    for flags in ([], ["-H", "expect: 100-continue"], ["-H", "transfer-encoding: chunked"], ["--http1.0"]):
        subprocess.run(["curl", "-sS", "--fail", "--max-time", "60", "--http1.1", *flags, "--data-binary", f"@{sent}", "-o", got, url],
                       check=True)
        assert got.read_bytes() == sent.read_bytes(), flags


def test_an_answer_that_does_not_want_the_body_arrives(client):
    answer, body = ask(client, "POST", "/limited", body=b"x" * 1_000_000)
    assert (answer.status, body) == (413, b"at most 10 bytes")


def test_an_answer_broken_off_is_seen_to_be(client):
    client.request("GET", "/trap-late")
    with pytest.raises(http.client.IncompleteRead):
        client.getresponse().read()


def test_what_has_no_handler_is_404_or_405(serve):
    with_grpc_only = serve("echo")
    client = http.client.HTTPConnection(*with_grpc_only.host_and_port, timeout=LIMIT)
    assert ask(client, "GET", "/nothing")[0].status == 404
    answer, _ = ask(client, "DELETE", "/")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, POST")
    client.close()


def test_grpc_over_http_1_is_told_what_it_needs(client):
    answer, body = ask(client, "POST", "/test.Http/Echo", body=bytes(5), headers={"content-type": "application/grpc"})
    assert (answer.status, body) == (505, b"gRPC needs HTTP/2.\n")


@pytest.mark.parametrize(
    "status, head",
    [
        (400, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"),
        (400, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n"),
        (400, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\n"),
        (501, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        (400, b"GET / HTTP/1.1\nHost: a\n\n"),
        (400, b"GET / HTTP/1.1\r\nHost: a\r\n folded: x\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
        (400, b"GET nowhere HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"),
        (417, b"POST / HTTP/1.1\r\nHost: a\r\nExpect: a miracle\r\n\r\n"),
        (431, b"GET / HTTP/1.1\r\nHost: a\r\nx: " + b"y" * 20_000 + b"\r\n\r\n"),
        (431, b"GET / HTTP/1.1\r\nHost: a\r\n" + b"a: b\r\n" * 200 + b"\r\n"),
        (505, b"GET / HTTP/1.2\r\nHost: a\r\n\r\n"),
    ],
)
def test_a_request_that_could_be_read_in_two_ways_is_refused_and_ends_the_connection(server, status, head):
    smuggled = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
    answer = exchange(server, head + smuggled)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer
    assert answer.count(b"HTTP/1.1 ") == 1 and b"/smuggled" not in answer
    assert b"connection: close" in answer


def test_fields_of_the_connection_do_not_reach_the_guest_and_a_url_is_a_target_too(server):
    answer = exchange(
        server,
        b"GET http://example.com/page?x HTTP/1.1\r\nHost: other\r\nConnection: close, Foo\r\nFoo: bar\r\nUpgrade: h2c\r\n\r\n")
    assert answer.endswith(b"the page /page?x"), answer


def test_a_head_that_does_not_come_is_waited_for_so_long(serve):
    server = serve("http", "--handshake-timeout", "300", "--header-timeout", "300")
    started = time.monotonic()
    assert exchange(server, b"GET / HTTP/1.1\r\n") == b""
    answer = exchange(server, b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\n")
    assert b"the page /1" in answer and b"/2" not in answer
    assert time.monotonic() - started < LIMIT


def test_a_handler_that_reads_slowly_holds_up_the_client(server):
    with socket.create_connection(server.host_and_port, timeout=2) as connection:
        # The answer is not read, so that the guest is held up, and then its client.
        connection.sendall(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n")
        sent = 0
        with pytest.raises(TimeoutError):
            while sent < 200_000_000:
                sent += connection.send(bytes(65_536))
        assert server.resident_bytes() < 200_000_000


def test_a_stop_lets_the_answer_in_progress_end(server):
    with socket.create_connection(server.host_and_port, timeout=LIMIT) as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab")
        received = b""
        while b"ab" not in received:
            received += connection.recv(1000)
        server.send_stop_signal()
        connection.sendall(b"cd")
        while part := connection.recv(1000):
            received += part
        assert received.endswith(b"2\r\ncd\r\n0\r\n\r\n"), received
    assert server.wait_for_exit() == 0


KEEPALIVE = ("--keepalive-time", "100", "--keepalive-timeout", "100")


def test_an_exchange_that_takes_long_is_not_cut_by_keepalive(serve):
    server = serve("http", "--workers", "1", *KEEPALIVE)
    with socket.create_connection(server.host_and_port, timeout=LIMIT) as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab")
        time.sleep(1)
        connection.sendall(b"cd")
        answer = b""
        while b"cd\r\n" not in answer:  # the body comes in chunks
            part = connection.recv(65_536)
            assert part, answer
            answer += part
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_a_connection_that_waits_for_its_next_request_is_not_cut_by_keepalive(serve):
    server = serve("http", "--workers", "1", *KEEPALIVE)
    client = http.client.HTTPConnection(*server.host_and_port, timeout=LIMIT)
    ask(client, "GET", "/first")
    kept = client.sock
    time.sleep(1)
    assert ask(client, "GET", "/second")[0].status == 200
    assert client.sock is kept
    client.close()


@pytest.mark.memory
def test_an_idle_connection_gives_back_the_memory_of_a_large_answer(serve):
    server = serve("http", "--workers", "1")
    clients = [http.client.HTTPConnection(*server.host_and_port, timeout=LIMIT) for _ in range(60)]
    body = b"x" * 600_000

    def ask_all(size):
        for client in clients:
            assert ask(client, "POST", "/echo", body=body[:size])[1] == body[:size]

    ask_all(10)
    before = server.resident_bytes()
    ask_all(len(body))
    eventually(lambda: server.resident_bytes() < before + 60 * 100 * 1024, "100 KiB a connection and no more")
    for client in clients:
        client.close()
