"""Reloads under load: no call is lost, none sees two versions, and what was served before leaves nothing behind."""

import queue
import subprocess

import grpc
import pytest
import versioned_pb2
import versioned_pb2_grpc
import web_client
from grpc_health.v1.health_pb2 import HealthCheckRequest
from grpc_health.v1.health_pb2_grpc import HealthStub
from versions import LIMIT, Deployed, Load, hang_up, reload_to, version_of

RELOADS = 200
MIB = 1 << 20


@pytest.fixture
def deployed(guest, tmp_path):
    return Deployed(tmp_path, {version: guest(f"versioned_{version}") for version in (1, 2)})


@pytest.fixture
def server(serve, deployed):
    return serve(str(deployed.file), "--workers", "2", "--code-cache", str(deployed.file.parent / "cache"))


@pytest.fixture
def stub(server, connect):
    return versioned_pb2_grpc.VersionedStub(connect(server))


def test_serves_another_version_once_it_is_told_to(server, deployed, stub):
    assert version_of(stub) == 1
    deployed.put(2)
    assert version_of(stub) == 1, "nobody has told it"
    hang_up(server)
    server.wait_for_log(r" info host: SIGHUP; reloaded: replaced versioned\n")
    assert version_of(stub) == 2
    hang_up(server)
    server.wait_for_log(r" info host: SIGHUP; reloaded: nothing has changed\n")


@pytest.mark.memory
def test_loses_no_call_in_two_hundred_reloads(server, deployed):
    load = Load(server)
    try:
        for reload in range(RELOADS // 4):
            reload_to(server, deployed, 2 - reload % 2)
            load.runs_on()
        early = server.resident_bytes()
        for reload in range(RELOADS // 4, RELOADS):
            reload_to(server, deployed, 2 - reload % 2)
            load.runs_on()
        late = server.resident_bytes()
    finally:
        load.stop()
    assert load.calls > RELOADS
    assert all(seen == {1, 2} for seen in load.versions.values()), load.versions
    assert late < early + 8 * MIB, f"from {early / MIB:.1f} to {late / MIB:.1f} MiB"


def test_a_stream_goes_on_in_the_version_it_began_in(server, deployed, stub):
    asked = queue.SimpleQueue()
    answers = stub.Chat(iter(asked.get, None), timeout=LIMIT)
    asked.put(versioned_pb2.Question(number=1))
    assert next(answers).version == 1
    reload_to(server, deployed, 2)
    asked.put(versioned_pb2.Question(number=2))
    assert next(answers).version == 1
    assert version_of(stub) == 2
    asked.put(None)
    assert list(answers) == []


def test_what_cannot_be_served_is_refused_and_all_goes_on(server, deployed, stub, guest, tmp_path):
    nonsense = tmp_path / "nonsense"
    nonsense.write_bytes(b"\0asm nothing else")
    deployed.put_file(nonsense)
    hang_up(server)
    server.wait_for_log(r" error host: SIGHUP; not reloaded, what was served is served on: \S+/versioned.wasm: ")
    assert version_of(stub) == 1
    deployed.put(2)
    hang_up(server)
    server.wait_for_log("reloaded: replaced versioned")
    assert version_of(stub) == 2


def test_reflection_and_health_tell_of_what_is_served(server, deployed, stub, connect, guest, program):
    health = HealthStub(connect(server))
    watched = health.Watch(HealthCheckRequest(service="test.Versioned"), timeout=LIMIT)
    assert next(watched).status == 1  # SERVING
    deployed.put_file(guest("greeter"))
    hang_up(server)
    server.wait_for_log("reloaded: replaced versioned")
    assert next(watched).status == 3  # SERVICE_UNKNOWN
    assert health.Check(HealthCheckRequest(service="helloworld.Greeter"), timeout=LIMIT).status == 1
    server.wait_for_log(r" warning host: the module versioned: the method /test.Versioned/Chat is gone\n")
    with pytest.raises(grpc.RpcError) as failure:
        version_of(stub)
    assert failure.value.code() == grpc.StatusCode.UNIMPLEMENTED
    listed = subprocess.run(
        [program, "list", server.address], capture_output=True, text=True, timeout=LIMIT
    )
    assert "helloworld.Greeter" in listed.stdout and "test.Versioned" not in listed.stdout, listed.stdout
    watched.cancel()
    document = web_client.curl(server, "/openapi.json")[2].decode()
    assert "SayHello" in document and "test.Versioned" not in document
