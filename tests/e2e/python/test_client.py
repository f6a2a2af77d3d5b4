"""`wasm-grpc call` and `wasm-grpc list`: the client in the box, against our server and one of grpcio."""

import concurrent.futures
import json
import pathlib
import subprocess

import described_pb2
import grpc
import pytest
from certificates import Authority
from google.protobuf import any_pb2, json_format

LIMIT = 120
PROTOS = pathlib.Path(__file__).parents[2] / "guests"


class Done:
    def __init__(self, process):
        self.exit_code = process.returncode
        self.stdout = process.stdout.decode()
        self.stderr = process.stderr.decode()

    @property
    def values(self):
        """The JSON values of the output."""
        decoder, text, values = json.JSONDecoder(), self.stdout.strip(), []
        while text:
            value, end = decoder.raw_decode(text)
            values.append(value)
            text = text[end:].strip()
        return values


@pytest.fixture
def run(program):
    def run(*arguments, stdin=""):
        command = [str(argument) for argument in (program, *arguments)]
        return Done(subprocess.run(command, input=stdin.encode(), capture_output=True, timeout=LIMIT))

    return run


@pytest.fixture
def server(serve):
    return serve("described", "echo")


@pytest.fixture
def call(run, server):
    """call(method, flags...) on a server of ours."""
    return lambda method, *flags, stdin="": run("call", server.address, f"described.Mirror/{method}", *flags, stdin=stdin)


FULL = {
    "text": "hé\u4e16",
    "count": 3,
    "large": "9007199254740993",
    "data": "AAEC",
    "color": "RED",
    "children": [{"text": "one"}, {}],
    "numbers": {"a": 1},
    "time": "2026-11-22T10:00:00.500Z",
    "base": {"name": "base"},
    "number": 1.5,
}


def test_a_unary_call_takes_and_gives_json(call):
    done = call("Unary", "--json", json.dumps(FULL))
    assert (done.exit_code, done.values, done.stderr) == (0, [FULL], "")


def test_a_call_without_json_sends_an_empty_message(call):
    assert call("Unary").values == [{}]


def test_a_client_stream_takes_a_stream_of_values(call):
    done = call("ClientStream", "--json", '{"count":1}{"count":2}\n{"count": 3}')
    assert done.values == [{"count": 3}]
    assert call("ClientStream", "--json", "-", stdin='{"count":4} {"count":5}').values == [{"count": 5}]


def test_a_server_stream_gives_a_stream_of_values(call):
    assert call("ServerStream", "--json", '{"count": 4}').values == [{"count": 4}] * 4
    assert call("ServerStream", "--json", "{}").values == []


def test_a_bidirectional_stream_answers_while_its_input_is_open(program, server):
    command = [program, "call", server.address, "described.Mirror/BidiStream", "--json", "-"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
    try:
        for i in range(1, 4):
            process.stdin.write('{"count": %d}\n' % i)
            process.stdin.flush()
            lines = [process.stdout.readline() for _ in range(3)]
            assert json.loads("".join(lines)) == {"count": i}
        process.stdin.close()
        assert process.stdout.read() == ""
        assert process.wait(LIMIT) == 0
    finally:
        process.kill()
        process.wait()


def test_many_messages_go_both_ways(call):
    values = "".join('{"count": %d, "text": "%s"}' % (i, "x" * 1000) for i in range(1, 3001))
    done = call("BidiStream", "--json", "-", stdin=values)
    assert [value["count"] for value in done.values] == list(range(1, 3001))


def test_large_and_compressed_messages(run, server):
    text = "0123456789" * 200_000
    request = json.dumps({"text": text})
    for flags in ((), ("-H", "x-compress: yes")):
        done = run("call", server.address, "described.Mirror/Unary", "--json", "-", *flags, stdin=request)
        assert done.values == [{"text": text}], done.stderr
    done = run(
        "call", server.address, "described.Mirror/Unary", "--json", "-", "--max-message-size", "1000", stdin=request
    )
    assert done.exit_code == 1
    assert "at most 1000 are accepted" in done.stderr


def test_metadata_goes_both_ways(call):
    done = call("Unary", "-H", "X-Echo: some value", "-v")
    assert done.exit_code == 0
    assert "< x-echo: some value\n" in done.stderr
    assert "< x-trailer: the end\n" in done.stderr
    assert "status: OK\n" in done.stderr


def test_a_status_other_than_ok_is_told_and_is_a_failure(call):
    done = call("Fail", "--json", '{"code": 5, "message": "not h\u00e9re", "messagesBefore": 2}')
    assert (done.exit_code, done.values, done.stderr) == (1, [{}, {}], "status: NOT_FOUND: not h\u00e9re\n")
    done = call("Fail", "--json", '{"code": 9}')  # trailers only
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", "status: FAILED_PRECONDITION\n")


def test_details_of_a_status_are_shown(call):
    detail = any_pb2.Any()
    detail.Pack(described_pb2.Message(text="why"))
    unknown = any_pb2.Any(type_url="type.googleapis.com/no.Such", value=b"\x01\xff")
    details = [each.SerializeToString() for each in (detail, unknown)]
    status = b"\x08\x05" + b"".join(b"\x1a%c%s" % (len(each), each) for each in details)
    failure = described_pb2.Failure(code=5, message="no", details=status)
    done = call("Fail", "--json", json_format.MessageToJson(failure))
    assert "status: NOT_FOUND: no\n" in done.stderr
    assert 'detail: described.Message {\n "text": "why"\n}\n' in done.stderr
    assert "detail: no.Such 0x01ff\n" in done.stderr


def test_a_deadline_ends_the_call(program, server):
    command = [program, "call", server.address, "described.Mirror/BidiStream", "--json", "-", "--deadline", "300"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.wait(LIMIT) == 1  # with its input still open
        assert process.stderr.read().startswith("status: DEADLINE_EXCEEDED")
    finally:
        process.kill()
        process.wait()


def test_a_proto_file_does_without_reflection(run, serve):
    server = serve("described", "--no-reflection")
    done = run("call", server.address, "described.Mirror/Unary", "--json", '{"count":1}')
    assert done.exit_code == 1
    assert done.stderr == "wasm-grpc: the server has no reflection; say what its services are with --proto FILE\n"
    for flags in (["--proto", PROTOS / "described.proto"], ["--proto", "described.proto", "-I", PROTOS]):
        done = run("call", server.address, "described.Mirror/Unary", "--json", '{"count":1}', *flags)
        assert done.values == [{"count": 1}], done.stderr
    done = run("list", server.address, "described.Mirror", "--proto", PROTOS / "described.proto")
    assert "Unary(described.Message) -> described.Message\n" in done.stdout


def test_list_shows_services_and_methods(run, server):
    done = run("list", server.address)
    assert {"described.Mirror", "echo.Echo", "grpc.health.v1.Health"} <= set(done.stdout.splitlines())
    done = run("list", server.address, "described.Mirror")
    assert done.stdout.splitlines()[:5] == [
        "Unary(described.Message) -> described.Message",
        "Look(described.Message) -> described.Message",
        "ClientStream(stream described.Message) -> described.Message",
        "ServerStream(described.Message) -> stream described.Message",
        "BidiStream(stream described.Message) -> stream described.Message",
    ]


def test_a_unix_socket_is_called(run, serve, tmp_path):
    path = tmp_path / "socket"
    serve("described", "--listen", f"unix:{path}")
    done = run("call", f"unix:{path}", "described.Mirror/Unary", "--json", '{"count":1}')
    assert done.values == [{"count": 1}], done.stderr


@pytest.mark.parametrize(
    "arguments, text",
    [
        (("call", "127.0.0.1:1", "a.B/C"), "cannot connect to 127.0.0.1:1: Connection refused"),
        (("list", "unix:/no/such/socket"), "cannot connect to unix:/no/such/socket: No such file or directory"),
        (("list", "nonsense"), "the address nonsense is none: expected HOST:PORT"),
        (("call", "127.0.0.1:1", "a"), '"a" is no method: expected package.Service/Method'),
        (("call", "127.0.0.1:1", "a.B/C", "-H", "novalue"), '-H "novalue": expected KEY: VALUE'),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(run, arguments, text):
    done = run(*arguments)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"wasm-grpc: {text}")
    assert done.stderr.count("\n") == 1


def test_what_the_server_does_not_have_is_one_clear_line(run, call, server):
    for done, text in (
        (call("None"), "the service described.Mirror has no method None"),
        (run("call", server.address, "no.Such/Method"), "the server does not say what no.Such is"),
        (call("Unary", "--json", '{"text": '), "the JSON is no described.Message"),
        (call("Unary", "--json", '{"nothing": 1}'), "the JSON is no described.Message"),
        (call("Unary", "--json", "{}{}"), "the method takes one message"),
        (call("Unary", "--json", "-", stdin=""), "the method takes one message, and there is none"),
    ):
        assert done.exit_code == 1
        assert done.stderr.startswith(f"wasm-grpc: {text}"), done.stderr
        assert done.stderr.count("\n") == 1


@pytest.fixture
def grpcio_server():
    """A server that is not ours: echo without reflection."""
    executor = concurrent.futures.ThreadPoolExecutor(4)
    server = grpc.server(executor)

    def fail(request, context):
        context.abort(grpc.StatusCode.ABORTED, "as asked")

    handlers = {
        "Unary": grpc.unary_unary_rpc_method_handler(lambda request, context: request),
        "ClientStream": grpc.stream_unary_rpc_method_handler(lambda requests, context: list(requests)[-1]),
        "ServerStream": grpc.unary_stream_rpc_method_handler(lambda request, context: iter([request] * 3)),
        "BidiStream": grpc.stream_stream_rpc_method_handler(lambda requests, context: requests),
        "Fail": grpc.unary_unary_rpc_method_handler(fail),
    }
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("described.Mirror", handlers)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(0).wait(LIMIT)
    executor.shutdown()


def test_servers_of_others_are_called_too(run, grpcio_server):
    flags = ["--proto", PROTOS / "described.proto", "--json"]
    expected = {"Unary": [2], "ClientStream": [2], "ServerStream": [2, 2, 2], "BidiStream": [1, 2]}
    for method, counts in expected.items():
        text = '{"count":1}{"count":2}' if method in ("ClientStream", "BidiStream") else '{"count":2}'
        done = run("call", grpcio_server, f"described.Mirror/{method}", *flags, text)
        assert [value["count"] for value in done.values] == counts, done.stderr
    done = run("call", grpcio_server, "described.Mirror/Fail", *flags, "{}")
    assert (done.exit_code, done.stderr) == (1, "status: ABORTED: as asked\n")


# Over TLS.


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("certificates"), "authority")


@pytest.fixture
def tls_server(serve, authority):
    """Its certificate is for localhost; it asks for one of the authority."""
    certificate, key = map(str, authority.sign("server", "server", "DNS:localhost,IP:127.0.0.1"))
    flags = ["--tls-cert", certificate, "--tls-key", key, "--tls-client-ca", str(authority.certificate)]
    return serve("described", *flags, "--tls-client-auth", "request")


def test_tls_with_the_authority_that_signed(run, tls_server, authority):
    port = tls_server.host_and_port[1]
    for address in (tls_server.address, f"localhost:{port}", f"127.0.0.1:{port}"):
        done = run("call", address, "described.Mirror/Unary", "--tls-ca", authority.certificate)
        assert done.values == [{}], done.stderr
    certificate, key = authority.sign("client", "client", "DNS:client.example")
    flags = ["--tls-ca", authority.certificate, "--tls-cert", certificate, "--tls-key", key]
    done = run("call", tls_server.address, "described.Mirror/Unary", *flags)
    assert done.values == [{}], done.stderr


def test_tls_with_an_authority_below_a_root(run, serve, authority, tmp_path):
    intermediate = Authority(tmp_path, "intermediate", authority)
    certificate, key = map(str, intermediate.sign("below", "server", "DNS:localhost,IP:127.0.0.1"))
    server = serve("described", "--tls-cert", certificate, "--tls-key", key)
    done = run("call", server.address, "described.Mirror/Unary", "--tls-ca", intermediate.certificate)
    assert done.values == [{}], done.stderr
    done = run("call", server.address, "described.Mirror/Unary", "--tls-ca", authority.certificate)
    assert done.exit_code == 1, "the root does without what is between only where the server shows it"


def test_tls_refuses_whom_it_does_not_know(run, tls_server, authority):
    done = run("list", tls_server.address)
    assert done.exit_code == 1
    assert "certificate" in done.stderr and done.stderr.count("\n") == 1
    done = run("list", tls_server.address, "--tls-ca", authority.certificate, "--authority", "other.example")
    assert done.exit_code == 1 and ": no TLS with 127.0.0.1:" in done.stderr, done.stderr
    done = run("list", tls_server.address, "--insecure-skip-verify")
    assert "described.Mirror" in done.stdout.splitlines()
    done = run("list", tls_server.address, "--tls-ca", "/no/such/file")
    assert done.stderr.startswith("wasm-grpc: --tls-ca /no/such/file: ")


def test_tls_is_not_spoken_where_there_is_none(run, server):
    done = run("list", server.address, "--tls")
    assert done.exit_code == 1 and ": no TLS with 127.0.0.1:" in done.stderr, done.stderr
