"""`wasm-grpc call --protocol`: the same calls by gRPC-Web and by Connect."""

import json
import pathlib
import subprocess

import described_pb2
import pytest
from certificates import Authority
from google.protobuf import any_pb2, json_format

LIMIT = 120
PROTOS = pathlib.Path(__file__).parents[2] / "guests"
PROTOCOLS = ("grpc", "grpc-web", "connect")


@pytest.fixture
def server(serve):
    return serve("described", "echo")


def run(program, *arguments, stdin=None):
    command = [str(argument) for argument in (program, *arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=LIMIT)


@pytest.fixture(params=PROTOCOLS)
def call(request, program, server):
    """call(method, flags...) by one of the protocols, its reflection too."""

    def call(method, *flags, stdin=None):
        flags = ("--protocol", request.param, "--lines", *flags)
        return run(program, "call", server.address, f"described.Mirror/{method}", *flags, stdin=stdin)

    return call


def values(done):
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_all_kinds_of_call_are_made(call):
    assert values(call("Unary", "--json", '{"text": "hé", "count": 3}')) == [{"text": "hé", "count": 3}]
    assert values(call("Unary")) == [{}]
    assert values(call("ServerStream", "--json", '{"count": 4}')) == [{"count": 4}] * 4
    assert values(call("ServerStream")) == []
    assert values(call("ClientStream", "--json", '{"count":1}{"count":2}')) == [{"count": 2}]
    requests = "".join('{"count": %d}' % count for count in range(1, 101))
    assert values(call("BidiStream", "--json", "-", stdin=requests)) == [{"count": count} for count in range(1, 101)]


def test_large_messages_go_both_ways(call):
    text = "0123456789" * 200_000
    assert values(call("Unary", "--json", "-", stdin=json.dumps({"text": text}))) == [{"text": text}]
    flags = ("--max-message-size", "1000", "--proto", PROTOS / "described.proto")
    done = call("Unary", "--json", "-", *flags, stdin=json.dumps({"text": text}))
    assert done.returncode == 1 and done.stderr.startswith("status: RESOURCE_EXHAUSTED: "), done.stderr


@pytest.mark.parametrize("encoding", ["identity", "gzip", "deflate"])
def test_requests_are_compressed_where_that_is_asked_for(program, serve, encoding):
    server = serve("conformance")
    flags = ("--proto", PROTOS / "conformance.proto", "--compress", encoding, "--lines")
    text = "compress me " * 100
    done = run(program, "call", server.address, "test.Guest/Compress", *flags, "--json", json.dumps({"text": text}))
    assert values(done) == [{"text": text, "encoding": encoding, "done": True}]
    requests = "".join(json.dumps({"text": text + str(number)}) for number in range(20))
    done = run(program, "call", server.address, "test.Guest/CompressEach", *flags, "--json", requests)
    assert [value["encoding"] for value in values(done)] == [encoding] * 20
    done = run(program, "call", server.address, "test.Guest/Compress", *flags, "--protocol", "connect")
    assert (done.returncode == 0) == (encoding == "identity"), done.stderr


def test_metadata_goes_both_ways(call):
    done = call("Unary", "-H", "X-Echo: some value", "-v")
    assert done.returncode == 0, done.stderr
    assert "< x-echo: some value\n" in done.stderr
    assert "< x-trailer: the end\n" in done.stderr
    assert "status: OK\n" in done.stderr


def test_an_error_has_its_status_and_details_and_what_came_before(call):
    detail = any_pb2.Any()
    detail.Pack(described_pb2.Message(text="why"))
    status = b"\x08\x05" + b"\x1a%c%s" % (detail.ByteSize(), detail.SerializeToString())
    failure = described_pb2.Failure(code=5, message="not h\u00e9re", details=status, messages_before=2)
    done = call("Fail", "--json", json_format.MessageToJson(failure))
    assert (done.returncode, done.stdout) == (1, "{}\n{}\n")
    assert "status: NOT_FOUND: not h\u00e9re\n" in done.stderr
    assert 'detail: described.Message {\n "text": "why"\n}\n' in done.stderr


def test_a_deadline_ends_the_call(program, server):
    for protocol in PROTOCOLS:
        flags = ["--protocol", protocol, "--json", "-", "--deadline", "300"]
        command = [program, "call", server.address, "described.Mirror/BidiStream", *flags]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            assert process.wait(LIMIT) == 1  # with its input still open
            assert process.stderr.read().startswith("status: DEADLINE_EXCEEDED")
        finally:
            process.kill()
            process.wait()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_services_are_listed(program, server, protocol):
    done = run(program, "list", server.address, "--protocol", protocol)
    assert {"described.Mirror", "echo.Echo"} <= set(done.stdout.splitlines()), done.stderr


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_tls_is_spoken_with_whom_the_certificate_is_for(program, serve, tmp_path, protocol):
    authority = Authority(tmp_path, "authority")
    certificate, key = map(str, authority.sign("server", "server", "DNS:localhost,IP:127.0.0.1"))
    server = serve("described", "--tls-cert", certificate, "--tls-key", key)
    arguments = ("call", server.address, "described.Mirror/Unary", "--protocol", protocol, "--lines")
    assert values(run(program, *arguments, "--tls-ca", authority.certificate)) == [{}]
    assert values(run(program, *arguments, "--insecure-skip-verify")) == [{}]
    done = run(program, *arguments, "--tls")
    assert done.returncode == 1 and "certificate" in done.stderr and done.stderr.count("\n") == 1, done.stderr


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_cannot_be_reached_is_one_clear_line(program, protocol):
    done = run(program, "call", "127.0.0.1:1", "a.B/C", "--protocol", protocol)
    assert done.returncode == 1
    assert "Connection refused" in done.stderr and done.stderr.count("\n") == 1, done.stderr


def test_a_unix_socket_is_called_by_grpc_only(program):
    done = run(program, "call", "unix:/tmp/none", "a.B/C", "--protocol", "connect")
    assert done.returncode == 1
    assert done.stderr == "wasm-grpc: the address unix:/tmp/none is a unix socket, which is called by gRPC only\n"
