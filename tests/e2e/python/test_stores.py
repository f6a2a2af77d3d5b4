"""What holds for every store that outlives the process (docs/store.md, docs/store-redis.md), through guests and the command line."""

import os
import subprocess
import time

import grpc
import pytest
from redis_server import RedisServer
from shared_state import Client, assert_whole

LIMIT = 40


@pytest.fixture(params=["sqlite", "sqlite relaxed", "redis"])
def settings(request, tmp_path):
    """Of a store that is empty, as [module.store] has them."""
    if request.param == "redis":
        redis = RedisServer(tmp_path)
        yield {"backend": "redis", "address": redis.address}
        redis.kill()
        return
    state = tmp_path / "state"
    yield {"backend": "sqlite", "path": str(state), "durability": "relaxed" if "relaxed" in request.param else "full"}
    if state.exists():
        assert_whole(state)


@pytest.fixture
def start(serve, settings):
    """Serves the guest with that store."""

    def start_one(*more):
        flags = [part for name, value in settings.items() for part in (f"--store-{name}", value)]
        return serve("shared_state", *flags, *map(str, more))

    return start_one


@pytest.fixture
def client(connect):
    return lambda server: Client(connect(server))


@pytest.fixture
def kv(serve, settings):
    """kv(ACTION, ...) of a config with that store."""
    config = serve.folder / "wasm-grpc.toml"
    store = ", ".join(f'{name} = "{value}"' for name, value in settings.items())
    config.write_text(f'[[module]]\npath = "{os.environ["WASM_GRPC_TEST_GUESTS"]}/shared_state.wasm"\nstore = {{ {store} }}\n')

    def run(action, *arguments, fails=None):
        command = [serve.program, "kv", action, *arguments, "-c", config]
        ended = subprocess.run([str(part) for part in command], capture_output=True, timeout=LIMIT)
        assert ended.returncode == (1 if fails else 0), ended.stderr
        assert not fails or fails in ended.stderr.decode()
        return ended.stdout

    return run


def test_a_server_finds_what_the_one_before_it_kept(start, client):
    server = start()
    call = client(server)
    assert call("Set", b"stays 0 " + b"x" * 100_000) == b""
    assert call("Set", b"goes 300 y") == b""
    assert [call("Count", b"hits"), call("Count", b"hits")] == [b"1", b"2"]
    assert [call("Append", b"list"), call("Append", b"list")] == [b"1", b"1"]
    server.stop()
    time.sleep(0.3)
    call = client(start())
    assert call("Get", b"stays") == b"x" * 100_000
    assert call("Get", b"goes") == grpc.StatusCode.NOT_FOUND, "its time passes while nobody serves"
    assert call("Count", b"hits") == b"3"
    assert call("Append", b"list") == b"1"
    assert call("Get", b"list") == b"xxx"
    assert call("Remove", b"list") == b""
    assert call("Get", b"list") == grpc.StatusCode.NOT_FOUND


def test_limits_hold_for_all_servers_and_for_what_was_there_before(start, client):
    limits = ("--max-kv-bytes", 10_000, "--max-counters", 2)  # one of them is "starts"
    server = start(*limits)
    assert client(server)("Set", b"one 0 " + b"x" * 6000) == b""
    server.stop()
    one, other = client(start(*limits)), client(start(*limits))
    assert one("Set", b"two 0 " + b"x" * 6000) == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert other("Set", b"two 0 " + b"x" * 3000) == b""
    assert one("Set", b"three 0 " + b"x" * 3000) == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert [one("Count", b"hits"), other("Count", b"hits")] == [b"1", b"2"]
    assert other("Count", b"others") == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_module_that_asks_faster_than_it_may_is_answered_unavailable(start, client):
    server = start("--store-max-rate", 5)  # the start of an instance asks for a counter, too
    call = client(server)
    begun = time.monotonic()
    results = [call("Set", b"key 0 value") for _ in range(40)]
    assert set(results) == {b"", grpc.StatusCode.UNAVAILABLE}
    assert results.count(b"") <= 5 * (1 + time.monotonic() - begun)
    time.sleep(0.5)
    assert call("Set", b"key 0 value") == b""


def test_two_servers_share_what_is_there(start, client):
    clients = [client(server) for server in (start(), start()) for _ in range(3)]
    counts = [one.begin("Count", b"hits") for _ in range(30) for one in clients]
    appends = [one.begin("Append", b"list") for _ in range(15) for one in clients]
    assert sorted(int(count.result()) for count in counts) == list(range(1, 181))
    assert all(int(append.result()) >= 1 for append in appends)
    assert clients[0]("Get", b"list") == b"x" * 90


# ---- The command line ----


def test_a_store_is_looked_at_and_changed_beside_its_server(start, kv, client):
    call = client(start())
    assert call("Set", b"a/1 0 value\nof two lines") == b""
    assert call("Set", b"a/2 60000 x") == b""
    assert kv("get", "a/1") == b"value\nof two lines"
    first, second = kv("list", "a/").decode().splitlines()
    assert first.split("\t")[1:] == ["18", "-", "a/1"]
    assert second.split("\t")[1] == "1" and 0 < int(second.split("\t")[2]) <= 60000
    version = kv("set", "b", "new").decode().strip()
    assert call("Get", b"b") == b"new"
    kv("set", "b", "newer", "--if-version", "0", fails="the key has another version")
    assert int(kv("set", "b", "newer", "--if-version", version)) > int(version)
    assert call("Get", b"b") == b"newer"
    kv("del", "b")
    assert call("Get", b"b") == grpc.StatusCode.NOT_FOUND
    kv("get", "b", fails="there is no such key")
    kv("list", "--module", "nobody", fails="has no module nobody")


def test_a_backup_is_taken_and_taken_back_while_it_is_served(start, kv, client, tmp_path):
    call = client(start())
    assert [call("Set", b"key 0 old"), call("Set", b"goes 600000 x"), call("Count", b"hits")] == [b"", b"", b"1"]
    assert kv("backup", tmp_path / "copy") == b"kept 2 pairs and 2 counters\n"
    kv("backup", tmp_path / "copy", fails="is there already")
    assert [call("Set", b"key 0 new"), call("Remove", b"goes"), call("Count", b"hits")] == [b"", b"", b"2"]
    assert kv("import", tmp_path / "copy") == b"took 2 pairs and 2 counters\n"
    assert [call("Get", b"key"), call("Count", b"hits")] == [b"old", b"2"]
    assert 0 < int(kv("list", "goes").decode().split("\t")[2]) <= 600_000
