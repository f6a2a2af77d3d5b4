"""Guests that call plain HTTP: a server of Python's library, by the guest `proxy`, and by the SDKs."""

import contextlib
import http.server
import threading

import grpc
import pytest
from test_targets import module, serve_config, target  # noqa: F401

LIMIT = 30
HTTP = "4"


class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = f"{self.path} for {self.headers['x-who']} of {self.headers['host']}".encode()
        framed = [name for name in ("content-length", "transfer-encoding") if name in self.headers]
        self.send_response(200 if not framed else 400)  # a GET has no body, and says nothing of one
        self.send_header("content-length", str(len(body)))
        self.send_header("x-from", "python")
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(418)
        self.send_header("transfer-encoding", "chunked")
        self.send_header("x-from", "python")
        self.end_headers()
        for piece in (body, b" and more", b""):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))

    def log_message(self, *_):
        pass


@pytest.fixture
def web():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(LIMIT)


@pytest.fixture
def ask(serve_config, guest, connect):
    """ask(address, path) asks for a path below /granted by the guest: the body, the headers, the status."""

    def start(address: str, path: str):
        server = serve_config(
            target("web", address)
            + target("grpc", "module:proxy")
            + module(guest, "proxy", 'targets = { web = { methods = ["/granted/"], max-time = "5 s" }, grpc = {} }')
        )

        metadata = (("x-target", "web"), ("x-path", path), ("x-kind", HTTP), ("x-who", "you"))
        call = connect(server).stream_stream("/test.Proxy/Pass")(iter([]), metadata=metadata, timeout=LIMIT)
        body = b""
        with contextlib.suppress(grpc.RpcError):
            for piece in call:
                body += piece
        return body.decode(), dict(call.initial_metadata()), call.code(), call.details()

    return start


def test_a_guest_asks_a_web_server(ask, web):
    body, headers, code, details = ask(f"http://{web}", "/granted/a?b=c")
    assert (code, details) == (grpc.StatusCode.OK, "")
    assert body == f"/granted/a?b=c for you of {web}"
    assert headers["x-from"] == "python"


@pytest.mark.parametrize(
    "path, code",
    [
        ("/other", grpc.StatusCode.PERMISSION_DENIED),
        ("/granted/../other", grpc.StatusCode.INVALID_ARGUMENT),
        ("/granted/%2e%2e/other", grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
def test_what_is_not_granted_is_not_asked_for(ask, web, path, code):
    assert ask(f"http://{web}", path)[2] is code


def test_a_wildcard_reaches_nobody_that_is_not_named(ask):
    assert ask("https://*.example.com", "/granted/")[2] is grpc.StatusCode.PERMISSION_DENIED


def test_a_web_server_that_is_not_there_is_unavailable(ask):
    assert ask("http://127.0.0.1:1", "/granted/")[2] is grpc.StatusCode.UNAVAILABLE


@pytest.fixture(
    params=[
        ("http_asker", "/test.Asker/Ask"),
        ("http_asker", "/test.Asker/AskInCoroutine"),
        ("go_events", "/gotest.Events/AskHTTP"),
        ("rust_http", "/test.Http/Ask"),
    ],
    ids="-".join,
)
def asker(request, serve_config, guest, connect):
    """asker(address) starts a server; the function asks by its guest for "/path", or sends what comes after a space."""
    name, method = request.param

    def start(address: str):
        granted = 'targets = { web = { methods = ["/granted/"], max-time = "5 s" } }'
        call = connect(serve_config(target("web", address) + module(guest, name, granted))).unary_unary(method)
        return lambda question: call(question, timeout=LIMIT)

    return start


def test_an_sdk_asks_and_takes_the_whole_answer(asker, web):
    ask = asker(f"http://{web}")
    assert ask(b"/granted/a?b=c") == f"200 python /granted/a?b=c for you of {web}".encode()
    sent = b"x" * 100_000
    assert ask(b"/granted/p " + sent) == b"418 python " + sent + b" and more"


def test_why_there_is_no_answer_is_the_status_of_the_call(asker, web):
    for address, path, code in (
        (f"http://{web}", b"/other", grpc.StatusCode.PERMISSION_DENIED),
        ("http://127.0.0.1:1", b"/granted/", grpc.StatusCode.UNAVAILABLE),
    ):
        with pytest.raises(grpc.RpcError) as failed:
            asker(address)(path)
        assert failed.value.code() is code
