"""`wasm-grpc call`, `list` and `describe` with messages as they come: unknown types, extensions, deep ones, defaults, editions;
against servers of grpcio."""

import concurrent.futures
import json
import os
import pathlib
import socket
import subprocess
import time

import grpc
import grpc_tools
import pytest
from certificates import Authority
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_reflection.v1alpha import reflection
from grpc_tools import protoc

LIMIT = 120
GOOGLES = pathlib.Path(grpc_tools.__file__).parent / "_proto"

BOX = """syntax = "proto3";
package box;
import "google/protobuf/any.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
// What is kept.
message Box {
  string label = 1;
  google.protobuf.Any content = 2;
  google.protobuf.Struct notes = 3;
  repeated Box inner = 4;
  map<int32, Kind> kinds = 5;
  oneof place { string shelf = 6; int64 row = 7; }
  google.protobuf.Timestamp since = 8;
  bytes data = 9;
  optional bool open = 10;
  Kind kind = 11;
}
enum Kind { PLAIN = 0; ROUND = 1; }
// Keeps them.
service Boxes {
  // Gives it back.
  rpc Echo(Box) returns (Box);
  rpc Collect(stream Box) returns (stream Box);
}
"""


def pool_of(folder, name, text, *more):
    """A pool with the file, and its name there."""
    for file, content in ((name, text), *more):
        (folder / file).write_text(content)
    out = folder / (name + ".set")
    files = [name, *(file for file, _ in more)]
    assert protoc.main(["protoc", f"-I{folder}", f"-I{GOOGLES}", "--include_imports", f"--descriptor_set_out={out}", *files]) == 0
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file:
        pool.Add(file)
    return pool


@pytest.fixture
def grpcio(tmp_path):
    """serve(name, text, service, handlers...): a server that describes itself by reflection; gives address and pool."""
    servers = []

    def serve(name, text, service, more=(), reflects=True, token=None, **handlers):
        pool = pool_of(tmp_path, name, text, *more)
        server = grpc.server(concurrent.futures.ThreadPoolExecutor(4), interceptors=[Token(token)] if token else [])
        wrapped = {method: grpc.unary_unary_rpc_method_handler(handler) if not method.startswith("Collect")
                   else grpc.stream_stream_rpc_method_handler(handler) for method, handler in handlers.items()}
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, wrapped)])
        if reflects:
            reflection.enable_server_reflection([service, reflection.SERVICE_NAME], server, pool)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        servers.append(server)
        return f"127.0.0.1:{port}", pool

    yield serve
    for server in servers:
        server.stop(None)


class Token(grpc.ServerInterceptor):
    """Refuses who does not show it, reflection too."""

    def __init__(self, token):
        self.token = token

    def intercept_service(self, continuation, details):
        if ("authorization", self.token) in details.invocation_metadata:
            return continuation(details)
        return grpc.unary_unary_rpc_method_handler(lambda _, context: context.abort(grpc.StatusCode.UNAUTHENTICATED, "who?"))


@pytest.fixture
def run(program):
    def run(*arguments, stdin=""):
        command = [str(argument) for argument in (program, *arguments)]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=LIMIT)

    return run


@pytest.fixture
def boxes(grpcio):
    address, _ = grpcio("box.proto", BOX, "box.Boxes", Echo=lambda request, _: request, Collect=lambda requests, _: requests)
    return address


def test_an_any_that_nobody_describes_hides_itself_only(run, grpcio):
    def answer(_, context):
        box = message_factory.GetMessageClass(pool.FindMessageTypeByName("box.Box"))(label="the label")
        box.content.type_url, box.content.value = "type.googleapis.com/no.Such", b"\x01\x02"
        return box.SerializeToString()

    address, pool = grpcio("box.proto", BOX, "box.Boxes", Echo=answer)
    done = run("call", address, "box.Boxes/Echo")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"label": "the label", "content": {"@type": "type.googleapis.com/no.Such", "value": "AQI="}}


def test_deep_values_pass(run, boxes):
    deep = "the bottom"
    for _ in range(40):
        deep = {"a": deep}
    done = run("call", boxes, "box.Boxes/Echo", "--json", json.dumps({"notes": deep}))
    assert json.loads(done.stdout) == {"notes": deep}, done.stderr
    for _ in range(100):
        deep = {"a": deep}
    done = run("call", boxes, "box.Boxes/Echo", "--json", json.dumps({"notes": deep}))
    assert done.returncode == 1 and "nested too deeply" in done.stderr


def test_extensions_are_by_their_name_in_brackets(run, grpcio):
    base = """syntax = "proto2"; package ext;
        message Base { optional string name = 1; extensions 100 to 199; }
        service Bases { rpc Echo(Base) returns (Base); }"""
    other = """syntax = "proto2"; package ext.more; import "base.proto";
        extend ext.Base { optional string nickname = 100; repeated int32 numbers = 101; }"""
    address, _ = grpcio("base.proto", base, "ext.Bases", more=[("other.proto", other)], Echo=lambda request, _: request)
    asked = {"name": "n", "[ext.more.nickname]": "nick", "[ext.more.numbers]": [1, 2]}
    done = run("call", address, "ext.Bases/Echo", "--json", json.dumps(asked))
    assert done.returncode == 0 and json.loads(done.stdout) == asked, done.stderr


def test_defaults_are_printed_where_asked_for(run, boxes):
    done = run("call", boxes, "box.Boxes/Echo", "--emit-defaults", "--lines", "--json", '{"inner": [{"row": 3}]}')
    inner = {"label": "", "inner": [], "kinds": {}, "data": "", "kind": "PLAIN"}
    assert json.loads(done.stdout) == {**inner, "inner": [{**inner, "row": "3"}]}, done.stderr
    assert done.stdout.count("\n") == 1
    done = run("call", boxes, "box.Boxes/Echo")
    assert json.loads(done.stdout) == {}


def test_a_stream_of_lines_is_one_of_json_lines(run, boxes, tmp_path):
    (tmp_path / "requests").write_text('{"label": "a"}\n{"label": "b"}\n')
    done = run("call", boxes, "box.Boxes/Collect", "--lines", "--json", f"@{tmp_path / 'requests'}")
    assert done.stdout == '{"label":"a"}\n{"label":"b"}\n', done.stderr
    done = run("call", boxes, "box.Boxes/Collect", "--json", f"@{tmp_path / 'none'}")
    assert done.returncode == 1 and "none: No such file or directory" in done.stderr


def test_a_template_is_a_request_with_every_field(run, boxes):
    made = run("call", boxes, "box.Boxes/Echo", "--template")
    assert made.returncode == 0, made.stderr
    template = json.loads(made.stdout)
    assert list(template) == ["label", "content", "notes", "inner", "kinds", "shelf", "since", "data", "open", "kind"]
    assert template["inner"] == [{}] and template["kinds"] == {"0": "PLAIN"}
    done = run("call", boxes, "box.Boxes/Echo", "--json", "-", stdin=made.stdout)
    assert done.returncode == 0, done.stderr


def test_symbols_are_described_as_proto_text(run, boxes):
    done = run("describe", boxes, "box.Boxes")
    assert "service Boxes {" in done.stdout and "rpc Echo(.box.Box) returns (.box.Box)" in done.stdout, done.stderr
    assert "repeated .box.Box inner = 4" in run("describe", boxes, "box.Box").stdout
    assert "ROUND = 1;" in run("describe", boxes, "box.Kind").stdout
    assert "rpc Collect(stream" in run("describe", boxes, "box.Boxes/Collect").stdout
    assert "service Boxes {" in run("describe", boxes).stdout
    missing = run("describe", boxes, "box.None")
    assert missing.returncode == 1 and "box.None" in missing.stderr and missing.stderr.count("\n") == 1


def test_metadata_goes_with_reflection(run, grpcio):
    address, _ = grpcio("box.proto", BOX, "box.Boxes", token="let me in", Echo=lambda request, _: request)
    for command in (("call", address, "box.Boxes/Echo"), ("list", address), ("describe", address, "box.Box")):
        refused = run(*command)
        assert refused.returncode == 1 and "UNAUTHENTICATED" in refused.stderr
        done = run(*command, "-H", "authorization: let me in")
        assert done.returncode == 0, done.stderr


def test_files_and_reflection_go_together(run, grpcio, tmp_path):
    address, _ = grpcio("box.proto", BOX, "box.Boxes", Echo=lambda request, _: request)
    (tmp_path / "own.proto").write_text('syntax = "proto3"; package own; message Note { string text = 1; }')
    content = {"content": {"@type": "type.googleapis.com/own.Note", "text": "t"}}
    flags = ("--proto", tmp_path / "own.proto")
    asked = run("call", address, "box.Boxes/Echo", "--json", json.dumps(content), *flags)
    assert asked.returncode == 1 and "there is no service box.Boxes" in asked.stderr
    done = run("call", address, "box.Boxes/Echo", "--json", json.dumps(content), *flags, "--reflection")
    assert json.loads(done.stdout) == content, done.stderr


def test_a_command_ends_in_the_time_it_is_given(run):
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # takes connections, and says nothing
        begun = time.monotonic()
        done = run("list", f"127.0.0.1:{deaf.getsockname()[1]}", "--max-time", "500")
        assert done.returncode == 1 and "--max-time 500" in done.stderr
        assert time.monotonic() - begun < 30  # reflection would have waited as long


def test_an_authority_may_be_an_address_of_ipv6(run, serve, tmp_path):
    authority = Authority(tmp_path, "authority")
    certificate, key = authority.sign("server", "server", "IP:::1")
    server = serve("greeter", "--tls-cert", certificate, "--tls-key", key)
    address = "https://" + server.address.removeprefix("https://")
    done = run("call", address, "helloworld.Greeter/SayHello", "--tls-ca", authority.certificate, "--authority", "[::1]:443")
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="another /etc/hosts needs root")
def test_an_address_that_does_not_answer_costs_a_moment(program, serve, tmp_path):
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 both\n::1 both\n")
    inside = ["unshare", "-m", "sh", "-c", f'mount --bind {hosts} /etc/hosts && exec "$@"', "sh"]
    if subprocess.run([*inside, "true"], capture_output=True).returncode != 0:
        pytest.skip("no namespaces of mounts here")
    server = serve("greeter")
    port = int(server.address.rpartition(":")[2])
    hole = socket.socket(socket.AF_INET6)
    try:
        hole.bind(("::1", port))
    except OSError:
        pytest.skip("no ::1 here")
    hole.listen(0)
    waiting = []
    for _ in range(8):  # until its queue is full, and connections hang
        one = socket.socket(socket.AF_INET6)
        one.setblocking(False)
        one.connect_ex(("::1", port))
        waiting.append(one)
    # Longer than one address may take, had they to wait for each other.
    done = subprocess.run([*inside, program, "call", f"both:{port}", "helloworld.Greeter/SayHello", "--connect-timeout", "60000"],
                          capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr


EDITION = """edition = "%s";
package modern;
option features.field_presence = IMPLICIT;
message Text {
  string text = 1;
  int32 known = 2 [features.field_presence = EXPLICIT];
  Text within = 3 [features.message_encoding = DELIMITED];
  reserved gone;
  %s enum Kind { NONE = 0; SOME = 1; }
  Kind kind = 4;
}
service Echo { rpc Say(Text) returns (Text); }
"""


@pytest.mark.parametrize("edition", [("2023", ""), ("2024", "export")])
def test_services_of_editions_are_listed_and_called(run, grpcio, tmp_path, edition):
    address, _ = grpcio("modern.proto", EDITION % edition, "modern.Echo", Echo=None, Say=lambda request, _: request)
    asked = {"text": "hello", "known": 0, "within": {"text": "x", "within": {}}, "kind": "SOME"}
    for flags in ((), ("--proto", tmp_path / "modern.proto")):
        assert "Say(modern.Text) -> modern.Text" in run("list", address, "modern.Echo", *flags).stdout
        done = run("call", address, "modern.Echo/Say", "--json", json.dumps(asked), *flags)
        assert done.returncode == 0 and json.loads(done.stdout) == asked, done.stderr
        # What is not known to be set is not said when it is zero.
        done = run("call", address, "modern.Echo/Say", "--json", '{"text": ""}', *flags)
        assert json.loads(done.stdout) == {}
    (tmp_path / "wrong.proto").write_text('edition = "2099"; message M {}')
    wrong = run("list", address, "modern.Echo", "--proto", tmp_path / "wrong.proto")
    assert wrong.returncode == 1 and 'the edition "2099" is not known' in wrong.stderr


def test_a_module_may_be_described_by_an_edition(run, serve, tmp_path, program):
    (tmp_path / "modern.proto").write_text(EDITION % ("2023", ""))
    out = tmp_path / "set"
    assert protoc.main(["protoc", f"-I{tmp_path}", f"--descriptor_set_out={out}", "modern.proto"]) == 0
    descriptors = out.read_bytes()
    escaped = "".join(f"\\{byte:02x}" for byte in descriptors)
    (tmp_path / "modern.wat").write_text(f"""(module
      (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
      (import "wasm_grpc_1" "descriptors" (func $descriptors (param i32 i32) (result i32)))
      (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
      (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
      (memory (export "memory") 2)
      (data (i32.const 0) "/modern.Echo/Say")
      (data (i32.const 1024) "{escaped}")
      (func (export "wasm_grpc_start")
        (drop (call $descriptors (i32.const 1024) (i32.const {len(descriptors)})))
        (drop (call $method (i32.const 0) (i32.const 16) (i32.const 0) (i32.const 0) (i32.const 0))))
      (func (export "wasm_grpc_call") (param $call i32) (param i32) (result i32)
        (drop (call $send (local.get $call) (i32.const 65536)
                          (call $recv (local.get $call) (i32.const 65536) (i32.const 1000))))
        (i32.const 0)))""")
    server = serve(tmp_path / "modern.wat")
    asked = {"text": "hello", "within": {"known": 0}}
    done = run("call", server.address, "modern.Echo/Say", "--json", json.dumps(asked))
    assert done.returncode == 0 and json.loads(done.stdout) == asked, done.stderr
