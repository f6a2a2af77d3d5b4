"""Targets of several servers of which one fails: calls are made again, or the server is left out; and what is forwarded."""

import conformance_pb2 as conformance
import grpc
import pytest
from test_client_and_odd_servers import odd  # noqa: F401
from test_targets import METHOD, UNARY, module, pair, serve_config, target, through  # noqa: F401

LIMIT = 30
ROUND_ROBIN = 'balancing = "round-robin"\n'


def fails(http2, stream):
    http2.send_headers(
        stream, [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "14")], end_stream=True
    )


def says_nothing(http2, stream):
    pass


@pytest.fixture
def caller(serve_config, guest, connect, odd):
    """caller(settings, answer) serves a proxy for a target of two servers, of which one answers so: what calls it."""

    def start(settings: str, answer):
        sound = serve_config(module(guest, "conformance"))
        server = serve_config(
            "workers = 1\n"
            + target("both", f"ipv4:{odd(answer)},{sound.address}", ROUND_ROBIN + settings)
            + module(guest, "proxy", "targets = { both = {} }")
        )
        passing = connect(server).stream_stream("/test.Proxy/Pass")

        def call() -> grpc.StatusCode:
            metadata = (("x-target", "both"), ("x-path", METHOD + "Count"), ("x-kind", str(UNARY)))
            one = passing(iter([b""]), metadata=metadata, timeout=LIMIT)
            try:
                list(one)
            except grpc.RpcError:
                pass
            return one.code()

        return server, call

    return start


@pytest.mark.parametrize(
    "settings, answer",
    [
        ('retry = { max-attempts = 2, initial-backoff = "1 ms" }', fails),
        ('retry = { max-attempts = 2, initial-backoff = "1 ms", attempt-timeout = "50 ms" }', says_nothing),
        ('hedging = { max-attempts = 2, delay = "10 s" }', fails),
        ('hedging = { max-attempts = 2, delay = "50 ms" }', says_nothing),
    ],
)
def test_a_call_of_a_server_that_fails_is_made_at_the_other(caller, settings, answer):
    _, call = caller(settings, answer)
    assert [call() for _ in range(6)] == [grpc.StatusCode.OK] * 6


def test_a_server_whose_calls_fail_is_left_out(caller):
    server, call = caller("outlier-ejection = { consecutive-failures = 2 }", fails)
    codes = [call() for _ in range(20)]
    assert codes.count(grpc.StatusCode.UNAVAILABLE) == 2
    assert codes[-10:] == [grpc.StatusCode.OK] * 10
    server.wait_for_log("an address is left out for 30000 ms after 2 failures in a row")


@pytest.mark.parametrize("name, address", [("here", "module:conformance"), ("there", None)])
def test_metadata_is_forwarded_where_that_is_said(serve_config, guest, connect, name, address):
    there = serve_config(module(guest, "conformance"))
    server = serve_config(
        target(name, address or f"ipv4:{there.address}", 'forward-metadata = ["x-target", "x-absent"]')
        + module(guest, "proxy", f"targets = {{ {name} = {{}} }}")
        + module(guest, "conformance")
    )
    metadata = (("x-target", name), ("x-path", METHOD + "EchoMetadata"), ("x-kind", str(UNARY)))
    (message,) = connect(server).stream_stream("/test.Proxy/Pass")(iter([b""]), metadata=metadata, timeout=LIMIT)
    seen = [(one.key, one.value) for one in conformance.MetadataReply.FromString(message).entries]
    assert [one for one in seen if one[0].startswith("x-")] == [("x-target", name.encode())]
