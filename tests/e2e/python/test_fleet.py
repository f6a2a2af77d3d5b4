"""Several servers behind Envoy and nginx, as deploy/envoy and deploy/nginx have them before servers."""

import contextlib
import os
import re
import subprocess
import sys

import conformance_pb2
import conformance_pb2_grpc
import grpc
import helloworld_pb2
import helloworld_pb2_grpc
import pytest
import yaml
from admin import metrics
from certificates import Authority
from fleet import ROOT, Fleet, channel_to, envoy_before, nginx_before, places_here
from server import eventually

LIMIT = 60
NGINX = os.environ.get("WASM_GRPC_TEST_NGINX")

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def fleet_of(program, guest, tmp_path):
    """fleet_of(3) is a fleet of three servers; more of its flags may be given."""
    with contextlib.ExitStack() as stack:

        def start(size: int, *flags: str) -> Fleet:
            modules = [guest(name) for name in ("greeter", "echo", "actors", "conformance")]
            fleet = Fleet(tmp_path, program, places_here(size), lambda _: [*modules, "--instances", "256", *flags])
            stack.callback(fleet.stop)
            return fleet

        yield start


@pytest.fixture(params=["envoy", "nginx"])
def before(request, tmp_path):
    """before(fleet) is a proxy before it, of each kind."""
    with contextlib.ExitStack() as stack:

        def start(fleet: Fleet):
            if request.param == "envoy":
                front = stack.enter_context(envoy_before(fleet.addresses, tmp_path))
                wait_until_all_are_healthy(fleet, front)
                return front
            if NGINX is None:
                pytest.skip("nginx is not installed")
            return stack.enter_context(nginx_before(NGINX, fleet.addresses, tmp_path))

        yield start


def hello(channel, name: str = "Ada") -> str:
    return helloworld_pb2_grpc.GreeterStub(channel).SayHello(helloworld_pb2.HelloRequest(name=name), timeout=LIMIT).message


def calls_of(fleet: Fleet, method: str) -> list[float]:
    """How many calls of a method each server had."""
    return [
        sum(value for name, value in metrics(server).items() if name.startswith("grpc_server_started_total") and f'"{method}"' in name)
        for server in fleet.servers
    ]


def wait_until_all_are_healthy(fleet: Fleet, front) -> None:
    """Envoy has no health of a server before its first check."""
    with channel_to(front.any) as channel:
        channel.unary_unary("/helloworld.Greeter/SayHello")(b"", timeout=LIMIT, wait_for_ready=True)

        def each_has_had_calls() -> bool:
            for _ in range(2 * len(fleet.servers)):
                hello(channel)
            return all(calls_of(fleet, "SayHello"))

        eventually(each_has_had_calls, "Envoy takes all servers for healthy", 40)


@pytest.mark.parametrize("size", [2, 3])
def test_each_server_has_its_part_of_the_calls(fleet_of, before, size):
    fleet = fleet_of(size)
    front = before(fleet)
    begun = calls_of(fleet, "SayHello")
    with channel_to(front.any) as channel:
        for number in range(30 * size):
            assert hello(channel, f"{number}") == f"Hello {number}"
    parts = [after - before for before, after in zip(begun, calls_of(fleet, "SayHello"))]
    assert sum(parts) == 30 * size and min(parts) >= 15, parts


def test_a_key_meets_one_server(fleet_of, before):
    fleet = fleet_of(3)
    front = before(fleet)
    with channel_to(front.by_key) as one, channel_to(front.by_key) as other:
        for number in range(20):
            key = [("x-key", f"key-{number}")]
            for turn in (1, 2, 3, 4):
                count = (one, other)[turn % 2].unary_unary("/test.Actors/Count")
                # One instance has counted, or the number would begin anew.
                assert count(b"x", metadata=key, timeout=LIMIT) == f"x {turn}".encode()
    assert all(calls_of(fleet, "Count")), "the keys are all on some servers only"


def test_streams_pass(fleet_of, before):
    front = before(fleet_of(2))
    with channel_to(front.any) as channel:
        stub = helloworld_pb2_grpc.GreeterStub(channel)
        for _ in range(4):
            replies = stub.SayHelloStreamReply(helloworld_pb2.HelloRequest(name="Ada"), timeout=LIMIT)
            assert [reply.message for reply in replies] == ["Hello Ada", "Nice to see you, Ada", "Take care, Ada"]
        with pytest.raises(grpc.RpcError) as refused:
            channel.unary_unary("/helloworld.Greeter/Nothing")(b"", timeout=LIMIT)
        assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_a_deadline_passes(fleet_of, before):
    front = before(fleet_of(2))
    with channel_to(front.any) as channel:
        with pytest.raises(grpc.RpcError) as late:
            conformance_pb2_grpc.GuestStub(channel).Sleep(conformance_pb2.SleepRequest(milliseconds=20_000), timeout=0.3)
        assert late.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED


def test_without_a_server_a_client_is_told_so(fleet_of, before):
    fleet = fleet_of(2)
    front = before(fleet)
    for server in fleet.servers:
        server.kill()
    with channel_to(front.any) as channel:

        def is_refused() -> bool:
            with pytest.raises(grpc.RpcError) as refused:
                channel.unary_unary("/helloworld.Greeter/SayHello")(b"", timeout=LIMIT)
            return refused.value.code() == grpc.StatusCode.UNAVAILABLE

        assert is_refused()


def test_who_has_a_certificate_is_told_to_the_servers_by_envoy(fleet_of, tmp_path):
    fleet = fleet_of(2, "--forwarded-client-cert", "127.0.0.1")
    authority = Authority(tmp_path, "authority")
    certificate, key = authority.sign("envoy", "envoy", "DNS:localhost")
    client_certificate, client_key = authority.sign("client", "client", "DNS:client.test")
    tls = {"certificate": certificate, "key": key, "client_ca": authority.certificate}
    with envoy_before(fleet.addresses, tmp_path, tls) as front:
        wait_until_all_are_healthy(fleet, front)
        options = [("grpc.ssl_target_name_override", "localhost"), ("grpc.enable_http_proxy", 0)]

        def info(with_certificate: bool, said: str | None = None):
            own = [client_key.read_bytes(), client_certificate.read_bytes()] if with_certificate else [None, None]
            credentials = grpc.ssl_channel_credentials(authority.certificate.read_bytes(), *own)
            metadata = (("x-forwarded-client-cert", said),) if said else ()
            with grpc.secure_channel(front.mutual_tls, credentials, options) as channel:
                return conformance_pb2_grpc.GuestStub(channel).Info(conformance_pb2.Empty(), metadata=metadata, timeout=LIMIT)

        assert "dns:client.test" in info(True).tls_names
        assert "dns:liar.test" not in info(True, "DNS=liar.test").tls_names
        with pytest.raises(grpc.RpcError) as refused:
            info(False)
        assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
        # Nor does who comes without TLS pass for somebody.
        with channel_to(front.any) as channel:
            stub = conformance_pb2_grpc.GuestStub(channel)
            said = (("x-forwarded-client-cert", "DNS=liar.test"),)
            assert not stub.Info(conformance_pb2.Empty(), metadata=said, timeout=LIMIT).tls_names


def test_envoy_weighs_servers_by_what_they_say_of_their_load(fleet_of, tmp_path):
    fleet = fleet_of(2, "--orca-trailers")
    policy = yaml.safe_load((ROOT / "deploy" / "envoy" / "weighted.yaml").read_text())

    def weighted(config: dict) -> None:
        cluster = config["static_resources"]["clusters"][0]
        del cluster["lb_policy"]
        cluster.update(policy)

    with envoy_before(fleet.addresses, tmp_path, change=weighted) as front:
        wait_until_all_are_healthy(fleet, front)
        with channel_to(front.any) as channel:
            assert [hello(channel, f"{number}") for number in range(60)] == [f"Hello {number}" for number in range(60)]
        assert min(calls_of(fleet, "SayHello")) >= 5


def test_what_happens_to_servers_loses_nothing_but_what_was_under_way_there(program, guest):
    """The short form of `make fleet`."""
    guests = {guest(name).parent for name in ("fleet_1", "fleet_2", "accounts")}
    files = ["--program", program, "--guests", *guests]
    command = [sys.executable, ROOT / "tests" / "e2e" / "python" / "fleet_proof.py", *files, "--short"]
    environment = {**os.environ, "PYTHONPATH": os.environ["WASM_GRPC_TEST_STUBS"]}
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=240, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    for what in ("new tag", "the tag moves", "new program", "stopped", "killed"):
        assert re.search(f"^(server 0|all): {what}", done.stdout, re.MULTILINE), done.stdout
    assert re.search(r"[1-9]\d* writes acknowledged, 0 keys without all of them", done.stdout), done.stdout
