"""State on a server of Redis (docs/store-redis.md): what guests are told when that ends, hangs, is cut off, is full, or is not
what it should be, and who may use it. test_stores.py has what holds for every store."""

import os
import subprocess
import time

import grpc
import helloworld_pb2 as helloworld
import pytest
from admin import get
from certificates import Authority
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from proxies import free_port
from redis_server import Between, RedisServer
from server import eventually
from shared_state import Client

LIMIT = 40
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
MIB = 1 << 20


@pytest.fixture
def start_redis(tmp_path):
    """start_redis("--maxmemory", "3mb") starts a server of Redis."""
    started = []

    def start(*arguments, **options) -> RedisServer:
        started.append(RedisServer(tmp_path, *arguments, **options))
        return started[-1]

    yield start
    for one in started:
        one.resume()
        one.kill()


@pytest.fixture
def between():
    """between(redis) stands between, and is given in its place."""
    made = []

    def stand(redis: RedisServer) -> Between:
        made.append(Between(redis))
        return made[-1]

    yield stand
    for one in made:
        one.close()


@pytest.fixture
def serve_with(serve):
    """Serves the guest with its state there."""

    def start(redis, *flags, address=None, guest="shared_state"):
        store = ("--store-backend", "redis", "--store-address", address or redis.address)
        return serve(guest, *store, *map(str, flags))

    return start


@pytest.fixture
def client(connect):
    return lambda server, **options: Client(connect(server, **options))


@pytest.fixture
def refused(program, guest):
    """What a server says that does not start."""

    def start(address, *flags):
        command = [program, "serve", guest("shared_state"), "--listen", "127.0.0.1:0"]
        command += ["--store-backend", "redis", "--store-address", address, *flags]
        ended = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=LIMIT)
        assert ended.returncode == 1, ended.stderr
        return ended.stderr

    return start


def works(call: Client) -> bool:
    return call("Set", b"works 0 value") == b""


# ---- A server of Redis that is not as it should be ----


def test_a_redis_that_is_killed_costs_its_guests_unavailable_until_it_is_back(start_redis, serve_with, client):
    redis = start_redis("--appendonly", "yes", "--appendfsync", "always")
    server = serve_with(redis)
    call = client(server)
    assert [call("Set", b"key 0 value"), call("Count", b"hits")] == [b"", b"1"]
    redis.kill()
    eventually(lambda: call("Get", b"key") == UNAVAILABLE, "it is known to be away")
    begun = time.monotonic()
    assert call("Set", b"key 0 other") == UNAVAILABLE
    assert time.monotonic() - begun < 4, "nobody waits for one that has been away for long"
    assert not isinstance(call("Count", b"hits"), bytes), "a counter that cannot be read ends the call"
    server.wait_for_log("error host: the store unix:.*; guests are answered UNAVAILABLE")
    redis.start()
    eventually(lambda: call("Get", b"key") == b"value", "it is found again")
    assert call("Count", b"hits") == b"2"
    server.wait_for_log("info host: the store .* works again")


def test_a_redis_that_is_paused_for_5_s_costs_the_timeout_and_others_nothing(start_redis, serve, connect):
    redis = start_redis()
    flags = ("--workers", "1", "--store-backend", "redis", "--store-address", redis.address, "--store-timeout", "1000")
    channel = connect(serve("shared_state", "greeter", *flags))
    call = Client(channel)
    hello = channel.unary_unary("/helloworld.Greeter/SayHello", helloworld.HelloRequest.SerializeToString)
    assert works(call)
    redis.pause()
    resumes = time.monotonic() + 5
    waiting = [call.begin("Set", b"held-%d 0 value" % number) for number in range(20)]
    while time.monotonic() < resumes:
        begun = time.monotonic()
        assert hello(helloworld.HelloRequest(name="World"), timeout=LIMIT)
        assert time.monotonic() - begun < 1, "the worker serves others meanwhile"
        time.sleep(0.1)
    assert {one.code() for one in waiting} == {UNAVAILABLE}
    redis.resume()
    eventually(lambda: works(call), "it is served again")
    # What was sent was done when it went on, or was not: unknown, but never half of it.
    assert {call("Get", b"held-%d" % number) for number in range(20)} <= {b"value", grpc.StatusCode.NOT_FOUND}


def test_a_connection_that_is_cut_amid_replies_is_made_anew(start_redis, between, serve_with, client):
    redis = start_redis()
    proxy = between(redis)
    call = client(serve_with(redis, address=proxy.address))
    assert call("Set", b"key 0 " + b"x" * 200_000) == b""
    for _ in range(5):
        proxy.spoil()
        assert call("Get", b"key") == UNAVAILABLE
        assert call("Get", b"key") == b"x" * 200_000, "it waits for the next connection"


def test_garbage_ends_the_connection_and_is_over(start_redis, between, serve_with, client):
    redis = start_redis()
    proxy = between(redis)
    server = serve_with(redis, address=proxy.address)
    call = client(server)
    for garbage in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"$1000000000\r\n" + b"x" * 1000, b"*-7\r\n", b":1\r\n:1\r\n"):
        eventually(lambda: works(call), "it works")
        proxy.spoil(garbage)
        assert call("Get", b"works") == UNAVAILABLE, garbage
    eventually(lambda: works(call), "it works again")
    server.wait_for_log("it sent what is no answer: Protocol error")
    server.wait_for_log("it sent what is no answer: Multi-bulk length out of range")


def test_a_redis_without_room_is_full_and_read_from(start_redis, serve_with, client):
    redis = start_redis("--maxmemory", "4mb")
    server = serve_with(redis)
    call = client(server)
    assert call("Set", b"first 0 value") == b""
    kept = 0
    while (done := call("Set", b"%d 0 " % kept + b"x" * 100_000)) == b"":
        kept += 1
        assert kept < 100
    assert done == grpc.StatusCode.RESOURCE_EXHAUSTED
    server.wait_for_log("error host: the store .*OOM.*; guests are answered FULL")
    assert call("Get", b"first") == b"value"
    assert [call("Remove", b"%d" % number) for number in range(kept)] == [b""] * kept
    assert call("Set", b"more 0 value") == b""


def test_a_value_of_64_mib_is_read_where_it_may_be(start_redis, serve_with, client):
    redis = start_redis()
    size = 64 * MIB
    assert redis.ask("SET", "wasm-grpc:shared_state:pair:large", value=b"0000000000000009" + b"x" * size) == "OK"
    call = client(serve_with(redis), max_receive_message_length=-1)
    assert call("Get", b"large") == UNAVAILABLE, "the module may have 1 MiB"
    assert works(call)
    large = ("--max-kv-value", size + 1, "--max-memory", 512 * MIB, "--max-response-size", 2 * size)
    found = client(serve_with(redis, *large), max_receive_message_length=-1)("Get", b"large")
    assert len(found) >= size and set(found) <= set(b"x\n")  # redis-cli has read a line


def test_health_follows_a_redis_that_is_needed(start_redis, serve_with, connect):
    redis = start_redis()
    admin = ("--admin-listen", "127.0.0.1:0")
    needs, another = serve_with(redis, "--store-health", *admin), serve_with(redis, *admin)

    def healthy(server) -> tuple:
        check = HealthStub(connect(server)).Check(HealthCheckRequest(service="shared.State"), timeout=LIMIT)
        return get(server, "/readyz")[0], check.status

    serving, not_serving = HealthCheckResponse.SERVING, HealthCheckResponse.NOT_SERVING
    assert healthy(needs) == healthy(another) == (200, serving)
    redis.kill()
    eventually(lambda: healthy(needs) == (503, not_serving), "it is not ready")
    assert healthy(another) == (200, serving)
    redis.start()
    eventually(lambda: healthy(needs) == (200, serving), "it is ready again, though nobody has called")


# ---- Who may ----


def test_a_wrong_password_refuses_the_module_and_is_not_said(start_redis, refused, serve_with, client):
    acl = ("--user", "guest", "on", ">word", "~wasm-grpc:*", "+@all", "-@dangerous")
    redis = start_redis("--requirepass", "secret", *acl)
    assert "NOAUTH" in refused(redis.address)
    said = refused(redis.address, "--store-login", "password=wrong-one")
    assert "WRONGPASS" in said and "wrong-one" not in said
    assert works(client(serve_with(redis, "--store-login", "password=secret")))
    assert works(client(serve_with(redis, "--store-login", "user=guest", "--store-login", "password=word")))
    assert "NOPERM" in refused(
        redis.address, "--store-login", "user=guest", "--store-login", "password=word", "--store-prefix", "other"
    )


def test_a_password_may_be_in_a_file(start_redis, serve, client):
    redis = start_redis("--requirepass", "secret")
    (serve.folder / "password").write_text("secret\n")
    config = serve.folder / "wasm-grpc.toml"
    config.write_text(f"""
        [[module]]
        path = "{os.environ['WASM_GRPC_TEST_GUESTS']}/shared_state.wasm"
        [module.store]
        backend = "redis"
        address = "{redis.address}"
        login = {{ password = {{ file = "{serve.folder}/password" }} }}
    """)
    assert works(client(serve("--config", str(config))))


@pytest.fixture
def over_tls(start_redis, tmp_path):
    """A server of Redis that wants a certificate of its clients, and how to log in to it."""
    own, stranger = Authority(tmp_path, "authority"), Authority(tmp_path, "stranger")
    certificate, key = own.sign("redis", "redis", "DNS:localhost")
    files = ("--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", own.certificate)
    redis = start_redis(*files, tls_port=free_port())
    return redis, own, stranger


def tls_flags(authority: Authority, signer: Authority, file: str) -> tuple:
    certificate, key = signer.sign(file, "wasm-grpc")
    return ("--store-tls-ca", authority.certificate, "--store-tls-cert", certificate, "--store-tls-key", key)


def test_tls_is_spoken_with_a_redis_that_wants_a_certificate(over_tls, serve_with, client):
    redis, own, _ = over_tls
    call = client(serve_with(redis, *tls_flags(own, own, "client"), address=redis.tls_address))
    assert works(call)
    redis.kill()
    redis.start()
    eventually(lambda: works(call), "it is found again")


@pytest.mark.parametrize("wrong", ["authority", "name", "certificate", "no certificate", "no TLS"])
def test_who_does_not_trust_or_is_not_trusted_has_no_store(over_tls, serve_with, connect, failure, wrong):
    redis, own, stranger = over_tls
    flags = {
        "authority": tls_flags(stranger, own, "client"),
        "name": (*tls_flags(own, own, "client"), "--store-tls-name", "another.example"),
        "certificate": tls_flags(own, stranger, "client"),
        "no certificate": ("--store-tls-ca", own.certificate),
        "no TLS": (),
    }[wrong]
    # Not a guest that asks its store in its start, which then fails.
    server = serve_with(redis, *flags, address=redis.tls_address, guest="lock")
    acquire = connect(server).unary_unary("/lock.Lock/Acquire")
    with failure(UNAVAILABLE):
        acquire(b"\x0a\x01a", timeout=LIMIT)
    server.wait_for_log("error host: the store localhost:.*; guests are answered UNAVAILABLE")


# ---- The command line ----


@pytest.fixture
def kv(serve, tmp_path):
    """kv(store)(ACTION, ...) of a config with that store; store is what the config says of it."""

    def configured(store: str):
        config = tmp_path / f"{abs(hash(store))}.toml"
        module = f"{os.environ['WASM_GRPC_TEST_GUESTS']}/shared_state.wasm"
        config.write_text(f'[[module]]\npath = "{module}"\n[module.store]\n{store}\n')

        def run(action, *arguments, fails=None):
            command = [serve.program, "kv", action, *arguments, "-c", config]
            ended = subprocess.run([str(part) for part in command], capture_output=True, timeout=LIMIT)
            assert ended.returncode == (1 if fails else 0), ended.stderr
            assert not fails or fails in ended.stderr.decode(), ended.stderr
            return ended.stdout

        return run

    return configured


def test_state_moves_from_a_file_to_redis_and_back(start_redis, serve_with, client, kv, tmp_path):
    redis = start_redis()
    there = kv(f'backend = "redis"\naddress = "{redis.address}"')
    in_file = kv(f'backend = "sqlite"\npath = "{tmp_path}/state"')
    in_file("set", "key", "old")
    assert in_file("backup", tmp_path / "copy") == b"kept 1 pairs and 0 counters\n"
    assert there("import", tmp_path / "copy") == b"took 1 pairs and 0 counters\n"
    call = client(serve_with(redis))
    assert [call("Get", b"key"), call("Count", b"hits")] == [b"old", b"1"]
    assert call("Set", b"key 0 new") == b""
    assert there("backup", tmp_path / "back") == b"kept 1 pairs and 2 counters\n"
    assert in_file("import", tmp_path / "back") == b"took 1 pairs and 2 counters\n"
    assert in_file("get", "key") == b"new"
    redis.kill()
    there("get", "key", fails="the store does not answer")
