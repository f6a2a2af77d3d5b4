"""Reflection: what grpcio's own client learns of the services, and which modules are refused for what they say of
themselves."""

import subprocess

import grpc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest as Request

LIMIT = 20
BUILTIN = {"grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"}


@pytest.fixture
def channel(serve, connect):
    return connect(serve("described", "echo"))


@pytest.fixture(params=["v1", "v1alpha"])
def ask(request, channel):
    """ask(request...) gives the responses; the messages of both versions are the same."""
    method = channel.stream_stream(
        f"/grpc.reflection.{request.param}.ServerReflection/ServerReflectionInfo",
        Request.SerializeToString,
        reflection_pb2.ServerReflectionResponse.FromString,
    )
    return lambda *requests: list(method(iter(requests), timeout=LIMIT))


def file_names(response):
    files = response.file_descriptor_response.file_descriptor_proto
    return [descriptor_pb2.FileDescriptorProto.FromString(file).name for file in files]


def test_grpcios_client_learns_enough_to_call(channel):
    database = ProtoReflectionDescriptorDatabase(channel)
    assert {"described.Mirror", "echo.Echo"} | BUILTIN <= set(database.get_services())
    pool = descriptor_pool.DescriptorPool(database)
    method = pool.FindServiceByName("described.Mirror").FindMethodByName("Unary")
    message = message_factory.GetMessageClass(method.input_type)
    call = channel.unary_unary("/described.Mirror/Unary", message.SerializeToString, message.FromString)
    sent = message(text="hello", children=[message(count=3)], numbers={"one": 1})
    sent.time.FromSeconds(1700000000)
    sent.base.Extensions[pool.FindExtensionByName("described.base.rank")] = 7
    assert call(sent, timeout=LIMIT) == sent


def test_a_file_comes_with_all_it_imports(ask):
    by_symbol, by_name, alone = ask(
        Request(file_containing_symbol="described.Mirror"),
        Request(file_by_filename="described.proto"),
        Request(file_by_filename="described_base.proto"),
    )
    everything = {"described.proto", "described_base.proto", "google/protobuf/timestamp.proto"}
    assert file_names(by_symbol)[0] == "described.proto"
    assert set(file_names(by_symbol)) == set(file_names(by_name)) == everything
    assert file_names(alone) == ["described_base.proto"]


def test_extensions_are_found(ask):
    numbers, file = ask(
        Request(all_extension_numbers_of_type="described.base.Extensible"),
        Request(file_containing_extension={"containing_type": "described.base.Extensible", "extension_number": 101}),
    )
    assert numbers.all_extension_numbers_response.base_type_name == "described.base.Extensible"
    assert numbers.all_extension_numbers_response.extension_number == [100, 101]
    assert file_names(file) == ["described_base.proto"]


def test_errors_end_no_stream(ask):
    request = Request(host="example.com", file_containing_symbol="no.Such")
    failed, listed = ask(request, Request(list_services="*"))
    assert failed.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
    assert failed.error_response.error_message == 'there is no description of "no.Such"'
    assert failed.original_request == request
    assert failed.valid_host == "example.com"
    assert {service.name for service in listed.list_services_response.service} >= BUILTIN


def test_a_module_without_descriptors_is_listed_only(serve, connect):
    channel = connect(serve("echo"))
    database = ProtoReflectionDescriptorDatabase(channel)
    assert "echo.Echo" in database.get_services()
    with pytest.raises(KeyError):
        database.FindFileContainingSymbol("echo.Echo")


def test_reflection_describes_itself(channel):
    database = ProtoReflectionDescriptorDatabase(channel)
    for service in BUILTIN:
        assert database.FindFileContainingSymbol(service).service[0].name == "ServerReflection"


def test_many_requests_at_once_are_answered_in_order(ask):
    """More answers than fit into what may wait to be sent."""
    requests = [Request(host=str(i), file_by_filename="described.proto") for i in range(500)]
    assert [response.valid_host for response in ask(*requests)] == [str(i) for i in range(500)]


def test_what_is_no_request_ends_the_stream(channel, failure):
    method = channel.stream_stream("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
    with failure(grpc.StatusCode.INVALID_ARGUMENT) as refused:
        list(method(iter([b"\xff\xff"]), timeout=LIMIT))
    assert refused.details == "not a ServerReflectionRequest"


def test_it_can_be_turned_off(serve, connect, failure):
    channel = connect(serve("described", "--no-reflection"))
    with failure(grpc.StatusCode.UNIMPLEMENTED):
        ProtoReflectionDescriptorDatabase(channel).get_services()


# What modules say of themselves, in their custom section; they need not be run for it.

MODULE = """(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "{path}")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const {size}) (i32.const {kind}) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param i32 i32) (result i32) {body})
  {sections})"""


def described_service(name="one.proto", field="x", **method):
    """A FileDescriptorSet of the service one.Service with the method Do."""
    set_ = descriptor_pb2.FileDescriptorSet()
    file = set_.file.add(name=name, package="one", syntax="proto3")
    file.message_type.add(name="Message").field.add(name=field, number=1, label=1, type=5)
    types = {"input_type": ".one.Message", "output_type": ".one.Message"}
    file.service.add(name="Service").method.add(**{"name": "Do", **types, **method})
    return set_


@pytest.fixture
def module(tmp_path):
    """module(sets...) is a file that serves one.Service/Do (unary) and has these custom sections."""

    def make(*sets, file="one.wat", path="/one.Service/Do", kind=0):
        sections = ""
        for set_ in sets:
            data = set_ if isinstance(set_, bytes) else set_.SerializeToString()
            sections += '(@custom "wasm_grpc.descriptors" "%s")' % "".join(f"\\{byte:02x}" for byte in data)
        text = MODULE.format(path=path, size=len(path), kind=kind, body="(i32.const 0)", sections=sections)
        (tmp_path / file).write_text(text)
        return tmp_path / file

    return make


@pytest.fixture
def run(program):
    def inspect(*arguments):
        return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=LIMIT)

    return inspect


@pytest.fixture
def refusal(run):
    """The one line that a module is refused with."""

    def refused(module):
        done = run("inspect", module)
        assert done.returncode == 1, done.stdout
        assert done.stderr.count("\n") == 1
        return done.stderr

    return refused


def test_descriptors_in_a_custom_section_do_as_well(module, serve, connect):
    channel = connect(serve("described", str(module(described_service()))))
    file = ProtoReflectionDescriptorDatabase(channel).FindFileContainingSymbol("one.Service")
    assert file.name == "one.proto"


def test_a_method_of_another_kind_than_described_is_refused(module, refusal):
    file = module(described_service(server_streaming=True))
    assert refusal(file) == (
        f"wasm-grpc: {file}: it declares the method /one.Service/Do as unary, but by its descriptors it is server "
        "streaming; are they of the same version?\n"
    )


def test_a_method_its_service_does_not_have_is_refused(module, refusal):
    set_ = described_service()
    set_.file[0].service[0].method[0].name = "Other"
    assert "declares the method /one.Service/Do, but by its descriptors the service has only Other" in refusal(
        module(set_)
    )


def test_descriptors_that_are_none_are_refused(module, refusal):
    assert "not a google.protobuf.FileDescriptorSet" in refusal(module(b"\xff\xff\xff"))
    lacking = described_service()
    lacking.file[0].dependency.append("other.proto")
    assert 'lack the file "other.proto"' in refusal(module(lacking))


def test_sections_of_several_files_follow_each_other(module, run):
    second = descriptor_pb2.FileDescriptorSet()
    second.file.add(name="two.proto", package="two").service.add(name="Empty")
    done = run("inspect", module(described_service(), second))
    assert "  /one.Service/Do (unary) one.Message -> one.Message\n" in done.stdout


def test_inspect_shows_what_is_described_without_running_the_module(module, run):
    file = module(described_service(client_streaming=True))
    assert run("inspect", file).returncode == 1, "it declares another kind, which its start would tell"
    done = run("inspect", "--no-start", file)
    assert done.returncode == 0, done.stderr
    assert "  /one.Service/Do (client streaming) stream one.Message -> one.Message\n" in done.stdout


def test_modules_with_different_files_of_one_name_are_served_with_a_warning(program, module, serve, connect):
    def common(package, field):
        set_ = descriptor_pb2.FileDescriptorSet()
        set_.file.add(name="common.proto", package="common").message_type.add(name="M").field.add(
            name=field, number=1, label=1, type=5
        )
        file = set_.file.add(name=f"{package}.proto", package=package, dependency=["common.proto"])
        file.service.add(name="Service").method.add(name="Do", input_type=".common.M", output_type=".common.M")
        return set_

    files = [
        module(common(package, field), file=f"{package}.wat", path=f"/{package}.Service/Do")
        for package, field in (("first", "x"), ("second", "y"))
    ]
    server = serve("echo", *map(str, files))
    server.wait_for_log('the modules first and second have different files "common.proto"')
    method = connect(server).stream_stream(
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        Request.SerializeToString,
        reflection_pb2.ServerReflectionResponse.FromString,
    )
    requests = [Request(file_containing_symbol=f"{package}.Service") for package in ("first", "second")]
    fields = []
    for response in method(iter(requests), timeout=LIMIT):
        common_file = descriptor_pb2.FileDescriptorProto.FromString(
            response.file_descriptor_response.file_descriptor_proto[1]
        )
        fields.append(common_file.message_type[0].field[0].name)
    assert fields == ["x", "y"], "each service is described as its module means it"
