"""Guests that call plain HTTP: a server of Python's library, by the guest `proxy`."""

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
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.send_header("x-from", "python")
        self.end_headers()
        self.wfile.write(body)

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
