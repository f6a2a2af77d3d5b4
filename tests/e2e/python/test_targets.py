"""Guests that call: the same service, called by a guest as a module of the server, and over the network."""

import os
import subprocess
import time

import admin
import conformance_pb2 as conformance
import grpc
import pytest
from http2_client import message
from server import Server
from test_client_and_odd_servers import odd  # noqa: F401

LIMIT = 30
EMPTY = conformance.Empty()
METHOD = "/test.Guest/"
UNARY, CLIENT_STREAM, SERVER_STREAM, BIDI = range(4)


@pytest.fixture
def serve_config(program, tmp_path):
    servers = []

    def start(text: str) -> Server:
        file = tmp_path / f"{len(servers)}.toml"
        file.write_text('listen = "127.0.0.1:0"\n' + text)
        servers.append(Server(tmp_path, [program, "serve", "-c", file, "--code-cache", os.environ["WASM_GRPC_TEST_CODE_CACHE"]]))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def module(guest, name: str, more: str = "") -> str:
    return f'[[module]]\npath = "{guest(name)}"\n{more}\n'


def target(name: str, address: str, more: str = "") -> str:
    return f'[[target]]\nname = "{name}"\naddress = "{address}"\n{more}\n'


@pytest.fixture
def pair(serve_config, guest):
    """A server whose guest `proxy` may call the conformance guest by the targets `here` and `there`."""
    there = serve_config(module(guest, "conformance"))
    grants = "[module.targets]\nhere = {}\nthere = {}\n"
    return serve_config(
        target("here", "module:conformance")
        + target("there", f"ipv4:{there.address}")
        + module(guest, "proxy", grants)
        + module(guest, "conformance")
    )


@pytest.fixture
def through(pair, connect):
    """through(target, kind, method, requests, metadata) calls by the proxy: messages, headers, trailers, the status."""
    channel = connect(pair)

    def call(to: str, kind: int, method: str, requests=(b"",), metadata=(), timeout=LIMIT):
        passing = channel.stream_stream("/test.Proxy/Pass")(
            iter(requests),
            metadata=(("x-target", to), ("x-path", METHOD + method), ("x-kind", str(kind)), *metadata),
            timeout=timeout,
        )
        messages = []
        try:
            messages.extend(passing)
        except grpc.RpcError:
            pass
        keep = lambda pairs: sorted((key, value) for key, value in pairs if key not in ("user-agent", "date"))
        return messages, keep(passing.initial_metadata()), keep(passing.trailing_metadata()), passing.code(), passing.details()

    return call


def request(**fields) -> bytes:
    return conformance.FailRequest(**fields).SerializeToString()


CALLS = {
    "an answer": (UNARY, "Count", [b""], ()),
    "metadata": (UNARY, "EchoMetadata", [b""], (("x-one", "1"), ("x-two-bin", bytes(range(256))), ("x-one", "2"))),
    "a failure": (UNARY, "Fail", [request(code=9, message="ungültig 100%")], ()),
    "a failure with details": (UNARY, "Fail", [request(code=5, message="x", details=b"\x00\xff,")], ()),
    "a stream that fails": (SERVER_STREAM, "FailStream", [request(code=10, message="enough", messages=7)], ()),
    "a stream": (SERVER_STREAM, "FailStream", [request(code=0, messages=100)], ()),
    "early headers": (SERVER_STREAM, "EarlyHeaders", [conformance.SleepRequest(milliseconds=20).SerializeToString()], ()),
    "a stream of requests": (CLIENT_STREAM, "Sink", [conformance.TextRequest(text="x" * 10_000).SerializeToString()] * 50, ()),
    "a stream both ways": (BIDI, "BurnEach", [conformance.NumberRequest(number=n).SerializeToString() for n in range(20)], ()),
    "a method that is not there": (UNARY, "Nothing", [b""], ()),
    "a trap": (UNARY, "Trap", [b""], ()),
    "no request": (UNARY, "Count", [], ()),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_is_the_same_in_the_process_and_over_the_network(through, name):
    kind, method, requests, metadata = CALLS[name]
    here = through("here", kind, method, requests, metadata)
    there = through("there", kind, method, requests, metadata)
    if name in ("a method that is not there", "no request"):  # each says it in its own words
        here, there = here[:4], there[:4]
    if name == "metadata":
        assert [pair for pair in here[1] if pair[0].startswith("x-")] == [
            ("x-one", "1"), ("x-one", "2"), ("x-two-bin", bytes(range(256)))]
        seen = [
            [(e.key, e.value) for e in conformance.MetadataReply.FromString(one[0][0]).entries if e.key != "user-agent"]
            for one in (here, there)
        ]
        assert seen[0] == seen[1]
        here, there = here[1:], there[1:]
    assert here == there


@pytest.mark.parametrize("to", ["here", "there"])
def test_the_deadline_goes_with_a_call(through, to):
    messages, *_ = through(to, UNARY, "Deadline", timeout=20)
    reply = conformance.DeadlineReply.FromString(messages[0])
    assert 0 < reply.nanoseconds <= 20e9
    began = time.monotonic()
    sleep = conformance.SleepRequest(milliseconds=20_000).SerializeToString()
    assert through(to, UNARY, "Sleep", [sleep], timeout=0.2)[3] is grpc.StatusCode.DEADLINE_EXCEEDED
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("to", ["here", "there"])
def test_a_client_that_cancels_ends_the_call_of_its_guest(pair, connect, to):
    channel = connect(pair)
    passing = channel.stream_stream("/test.Proxy/Pass")(
        iter([b""]), metadata=(("x-target", to), ("x-path", METHOD + "WaitCancel"), ("x-kind", "3")), timeout=LIMIT
    )
    assert next(passing) == b""
    passing.cancel()
    if to == "here":
        pair.wait_for_log("WaitCancel: cancelled")


def test_what_is_not_granted_is_denied(serve_config, guest, connect):
    server = serve_config(
        target("some", "module:conformance")
        + target("none", "module:conformance")
        + module(guest, "proxy", 'targets = { some = { methods = ["/test.Guest/Count"] } }')
        + module(guest, "conformance")
    )
    passing = connect(server).stream_stream("/test.Proxy/Pass")

    def code(to: str, method: str):
        call = passing(iter([b""]), metadata=(("x-target", to), ("x-path", METHOD + method), ("x-kind", "0")), timeout=LIMIT)
        try:
            list(call)
        except grpc.RpcError:
            pass
        return call.code(), call.details()

    assert code("some", "Count")[0] is grpc.StatusCode.OK
    assert code("some", "Trap") == (
        grpc.StatusCode.PERMISSION_DENIED,
        'the module "proxy" is not granted the method /test.Guest/Trap of the target "some"',
    )
    assert code("none", "Count")[0] is grpc.StatusCode.PERMISSION_DENIED
    assert code("other", "Count")[0] is grpc.StatusCode.PERMISSION_DENIED


def test_a_target_that_nobody_is_at_is_unavailable(serve_config, guest, connect):
    server = serve_config(
        target("nobody", "ipv4:127.0.0.1:1") + module(guest, "proxy", "targets = { nobody = {} }")
    )
    passing = connect(server).stream_stream("/test.Proxy/Pass")
    call = passing(iter([b""]), metadata=(("x-target", "nobody"), ("x-path", "/a.B/C"), ("x-kind", "0")), timeout=LIMIT)
    with pytest.raises(grpc.RpcError):
        list(call)
    assert call.code() is grpc.StatusCode.UNAVAILABLE
    assert 'the target "nobody" cannot be reached' in call.details()
    server.wait_for_log('the target "nobody" cannot be reached')


def test_a_grant_of_a_target_that_is_not_there_is_an_error(program, guest, tmp_path):
    file = tmp_path / "bad.toml"
    file.write_text(module(guest, "proxy", "targets = { payments = {} }"))
    done = subprocess.run([program, "check", "-c", file], capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode != 0
    assert 'it is granted the target "payments", which the server does not have; it has none' in done.stderr


# ---- Servers that do not answer as servers should ----


def headers(status="200", content_type="application/grpc", *more):
    return [(":status", status), ("content-type", content_type), *more]


def ends_without_status(http2, stream):
    http2.send_headers(stream, headers(), end_stream=True)


def says_unavailable_in_http(http2, stream):
    http2.send_headers(stream, headers("503", "text/html"))
    http2.send_data(stream, b"<html>busy</html>", end_stream=True)


def says_another_content_type(http2, stream):
    http2.send_headers(stream, headers(content_type="text/plain"), end_stream=True)


def sends_half_a_message(http2, stream):
    http2.send_headers(stream, headers())
    http2.send_data(stream, b"\0\0\0\0\x10half")
    http2.send_headers(stream, [("grpc-status", "0")], end_stream=True)


def sends_a_giant_message(http2, stream):
    http2.send_headers(stream, headers())
    http2.send_data(stream, b"\0\xff\xff\xff\xff")


def sends_an_unknown_flag(http2, stream):
    http2.send_headers(stream, headers())
    http2.send_data(stream, b"\x07\0\0\0\0")


def sends_endless_trailers(http2, stream):
    http2.send_headers(stream, headers())
    http2.send_headers(stream, [("grpc-status", "0"), *((f"x-{i}", "y" * 1000) for i in range(100))], end_stream=True)


def sends_two_answers(http2, stream):
    http2.send_headers(stream, headers())
    http2.send_data(stream, message(b"") * 2)
    http2.send_headers(stream, [("grpc-status", "0")], end_stream=True)


def resets(http2, stream):
    http2.reset_stream(stream, error_code=2)


def says_nothing(http2, stream):
    pass


@pytest.mark.parametrize(
    "answer, codes",
    [
        (ends_without_status, {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}),
        (says_unavailable_in_http, {grpc.StatusCode.UNAVAILABLE}),
        (says_another_content_type, {grpc.StatusCode.UNKNOWN}),
        (sends_half_a_message, {grpc.StatusCode.INTERNAL}),
        (sends_a_giant_message, {grpc.StatusCode.RESOURCE_EXHAUSTED}),
        (sends_an_unknown_flag, {grpc.StatusCode.INTERNAL}),
        (sends_endless_trailers, {grpc.StatusCode.INTERNAL, grpc.StatusCode.RESOURCE_EXHAUSTED}),
        (sends_two_answers, {grpc.StatusCode.INTERNAL}),
        (resets, {grpc.StatusCode.INTERNAL}),
        (says_nothing, {grpc.StatusCode.DEADLINE_EXCEEDED}),
    ],
)
def test_an_odd_server_costs_its_caller_a_status_and_nobody_else_anything(odd, serve_config, guest, connect, answer, codes):
    server = serve_config(
        target("odd", f"ipv4:{odd(answer)}")
        + target("here", "module:conformance")
        + module(guest, "proxy", 'targets = { odd = { max-time = "2 s" }, here = {} }')
        + module(guest, "conformance")
    )
    passing = connect(server).stream_stream("/test.Proxy/Pass")

    def call(to: str):
        path = METHOD + "Count"
        one = passing(iter([b""]), metadata=(("x-target", to), ("x-path", path), ("x-kind", "0")), timeout=LIMIT)
        try:
            list(one)
        except grpc.RpcError:
            pass
        return one.code()

    assert call("odd") in codes
    assert call("here") is grpc.StatusCode.OK


def test_what_guests_call_is_counted(serve_config, guest, connect):
    server = serve_config(
        'admin = { listen = "127.0.0.1:0" }\n'
        + target("here", "module:conformance")
        + module(guest, "proxy", "targets = { here = {} }")
        + module(guest, "conformance")
    )
    passing = connect(server).stream_stream("/test.Proxy/Pass")
    list(passing(iter([b""]), metadata=(("x-target", "here"), ("x-path", METHOD + "Count"), ("x-kind", "0")), timeout=LIMIT))
    labels = 'grpc_type="unary",grpc_service="test.Guest",grpc_method="Count",module="proxy",target="here"'
    assert admin.metrics(server)[f'grpc_client_handled_total{{{labels},grpc_code="OK"}}'] == 1
