"""State that lasts (docs/store.md): what guests find again, whatever happened to the server, the disk or the file.

WASM_GRPC_TEST_KILL_ROUNDS=200 has the server killed that often amid writes; `make test-store` does.
"""

import collections
import contextlib
import os
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

import grpc
import helloworld_pb2 as helloworld
import pytest
from server import Server, eventually

LIMIT = 40
KILL_ROUNDS = int(os.environ.get("WASM_GRPC_TEST_KILL_ROUNDS", "3"))


class Client:
    """Calls the guest shared_state."""

    def __init__(self, channel: grpc.Channel):
        self._channel = channel

    def __call__(self, method: str, message: bytes = b""):
        """The answer, or what it failed with."""
        try:
            return self._channel.unary_unary(f"/shared.State/{method}")(message, timeout=LIMIT)
        except grpc.RpcError as error:
            return error.code()

    def begin(self, method: str, message: bytes = b""):
        return self._channel.unary_unary(f"/shared.State/{method}").future(message, timeout=LIMIT)


@pytest.fixture
def client(connect):
    return lambda server: Client(connect(server))


@pytest.fixture
def state(tmp_path) -> pathlib.Path:
    return tmp_path / "state"


@pytest.fixture
def serve_with(serve, state):
    """Serves the guest with that file."""

    def start(*flags, path=state):
        arguments = ("--store-backend", "sqlite", "--store-path", path, *flags)
        return serve("shared_state", *map(str, arguments))

    return start


@pytest.fixture
def config(serve, state) -> pathlib.Path:
    """A config with that guest and that file, and with another module."""
    file = serve.folder / "wasm-grpc.toml"
    file.write_text(f"""
        [[module]]
        path = "{os.environ['WASM_GRPC_TEST_GUESTS']}/shared_state.wasm"
        store = {{ backend = "sqlite", path = "{state}" }}
        [[module]]
        path = "{os.environ['WASM_GRPC_TEST_GUESTS']}/greeter.wasm"
    """)
    return file


@pytest.fixture
def refused(program, guest, state):
    """What a server says that does not start."""

    def start(*flags, path=state, prefix=()):
        command = [*prefix, program, "serve", guest("shared_state"), "--listen", "127.0.0.1:0"]
        command += ["--store-backend", "sqlite", "--store-path", path, *flags]
        ended = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=LIMIT)
        assert ended.returncode == 1, ended.stderr
        return ended.stderr

    return start


def look(state: pathlib.Path, sql: str) -> list:
    with contextlib.closing(sqlite3.connect(state)) as file:
        return file.execute(sql).fetchall()


def assert_whole(state: pathlib.Path) -> None:
    assert look(state, "PRAGMA integrity_check") == [("ok",)]
    pairs = "SELECT sum(length(key) + length(value) + 320) FROM pairs WHERE space = spaces.id"
    counters = "SELECT count(*) FROM counters WHERE space = spaces.id"
    wrong = look(state, f"SELECT * FROM spaces WHERE bytes <> coalesce(({pairs}), 0) OR counters <> ({counters})")
    assert not wrong, "its sums are not those of its rows"


@pytest.mark.parametrize("durability", ["full", "relaxed"])
def test_a_server_finds_what_the_one_before_it_kept(serve_with, client, state, durability):
    server = serve_with("--store-durability", durability)
    call = client(server)
    assert call("Set", b"stays 0 " + b"x" * 100_000) == b""
    assert call("Set", b"goes 300 y") == b""
    assert [call("Count", b"hits"), call("Count", b"hits")] == [b"1", b"2"]
    assert [call("Append", b"list"), call("Append", b"list")] == [b"1", b"1"]
    server.stop()
    time.sleep(0.3)
    call = client(serve_with("--store-durability", durability))
    assert call("Get", b"stays") == b"x" * 100_000
    assert call("Get", b"goes") == grpc.StatusCode.NOT_FOUND, "its time passes while nobody serves"
    assert call("Count", b"hits") == b"3"
    assert call("Append", b"list") == b"1"
    assert call("Get", b"list") == b"xxx"
    assert call("Remove", b"list") == b""
    assert_whole(state)


def test_limits_hold_for_what_was_there_before(serve_with, client):
    limits = ("--max-kv-bytes", 10_000, "--max-counters", 2)  # one of them is "starts"
    server = serve_with(*limits)
    call = client(server)
    assert call("Set", b"one 0 " + b"x" * 6000) == b""
    assert call("Count", b"hits") == b"1"
    server.stop()
    call = client(serve_with(*limits))
    assert call("Set", b"two 0 " + b"x" * 6000) == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert call("Count", b"others") == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert call("Count", b"hits") == b"2"


def test_two_servers_share_a_file(serve_with, client, state):
    clients = [client(server) for server in (serve_with(), serve_with()) for _ in range(3)]
    counts = [one.begin("Count", b"hits") for _ in range(30) for one in clients]
    appends = [one.begin("Append", b"list") for _ in range(15) for one in clients]
    assert sorted(int(count.result()) for count in counts) == list(range(1, 181))
    assert all(int(append.result()) >= 1 for append in appends)
    assert clients[0]("Get", b"list") == b"x" * 90
    assert_whole(state)


class Writer(threading.Thread):
    """A client that writes one key after the other until its server is gone, and keeps what it was told was done."""

    def __init__(self, call: Client, name: str):
        super().__init__()
        self.call, self.name = call, name
        self.kept, self.counted = [], 0

    def run(self):
        for number in range(1_000_000):
            key = f"{self.name}-{number}".encode()
            if self.call("Set", key + b" 0 value of " + key) != b"":
                return
            self.kept.append(key)
            if not isinstance(self.call("Count", b"hits"), bytes):
                return
            self.counted += 1


@pytest.mark.timeout(60 + 15 * KILL_ROUNDS)
def test_what_was_acknowledged_survives_kill_9(serve_with, client, state):
    chance = random.Random(19)
    kept, counted, doubtful = [], 0, 0
    for number in range(KILL_ROUNDS):
        server = serve_with()
        writers = [Writer(client(server), f"{number}-{one}") for one in range(20)]
        for writer in writers:
            writer.start()
        eventually(lambda: all(writer.kept for writer in writers), "all clients write")
        time.sleep(chance.uniform(0, 0.3))
        server.kill()
        for writer in writers:
            writer.join()
            kept += writer.kept
            counted += writer.counted
        doubtful += len(writers)
        assert_whole(state)
    found = dict(look(state, "SELECT key, value FROM pairs"))
    lost = [key for key in kept if found.get(key) != b"value of " + key]
    assert not lost, f"{len(lost)} of {len(kept)}"
    assert counted <= int(client(serve_with())("Count", b"hits")) - 1 <= counted + doubtful
    print(f"{KILL_ROUNDS} rounds, {len(kept)} pairs and {counted} counts acknowledged")


# ---- Disks and files that are not as they should be ----


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1 MiB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("a file system can only be mounted by root")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True, timeout=LIMIT)


def fill(call: Client) -> list:
    """Writes until that fails, and returns the keys."""
    keys = []
    while (done := call("Set", b"%d 0 " % len(keys) + b"x" * 50_000)) == b"":
        keys.append(b"%d" % len(keys))
        assert len(keys) < 1000
    assert done == grpc.StatusCode.UNAVAILABLE
    return keys


def test_a_full_disk_refuses_changes_and_loses_nothing(serve_with, client, small_disk):
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 300_000)
    server = serve_with(path=small_disk / "state")
    call = client(server)
    keys = fill(call)
    assert len(keys) >= 2
    assert [len(call("Get", key)) for key in keys] == [50_000] * len(keys), "reading goes on"
    server.wait_for_log("error host: the store .*state: database or disk is full; guests are answered UNAVAILABLE")
    filler.unlink()
    assert call("Set", b"more 0 value") == b""
    server.wait_for_log("info host: the store .*state works again")
    assert [len(call("Get", key)) for key in keys] == [50_000] * len(keys)
    assert_whole(small_disk / "state")


def test_files_that_may_not_grow_refuse_changes(program, guest, client, state, tmp_path):
    if not shutil.which("prlimit"):
        pytest.skip("prlimit is missing")
    command = ["prlimit", "--fsize=1000000:", program, "serve", guest("shared_state"), "--listen", "127.0.0.1:0"]
    server = Server(tmp_path, [*command, "--store-backend", "sqlite", "--store-path", state])
    try:
        call = client(server)
        keys = fill(call)
        assert [len(call("Get", key)) for key in keys] == [50_000] * len(keys)
        subprocess.run(["prlimit", f"--pid={server.pid}", "--fsize=unlimited:"], check=True, timeout=LIMIT)
        assert call("Set", b"more 0 value") == b""
    finally:
        server.stop()
    assert_whole(state)


def test_a_corrupt_page_costs_what_is_in_it(serve, config, client, connect, state):
    server = serve("--config", str(config))
    call = client(server)
    assert {call("Set", b"%d 0 " % number + b"x" * 3000) for number in range(100)} == {b""}
    server.stop()
    with open(state, "r+b") as file:
        file.seek(-4096, os.SEEK_END)
        file.write(b"\xff" * 4096)
    server = serve("--config", str(config))
    channel = connect(server)
    call = Client(channel)
    results = collections.Counter(str(result)[:3] for result in (call("Get", b"%d" % number) for number in range(100)))
    assert results.keys() == {"b'x", "Sta"} and results["b'x"] > 90
    server.wait_for_log("error host: the store .*: database disk image is malformed; guests are answered UNAVAILABLE")
    hello = channel.unary_unary("/helloworld.Greeter/SayHello", helloworld.HelloRequest.SerializeToString)
    assert hello(helloworld.HelloRequest(name="World"), timeout=LIMIT), "the other module is served on"


def test_a_file_of_another_program_is_refused_and_stays(refused, state):
    with contextlib.closing(sqlite3.connect(state)) as file:
        file.execute("CREATE TABLE letters(text TEXT)")
    before = state.read_bytes()
    assert f"the store {state}: is a SQLite database of another program. Name another path" in refused()
    assert state.read_bytes() == before
    state.write_text("a letter")
    assert "is a file of something else" in refused()
    assert state.read_text() == "a letter"


def test_a_file_of_a_newer_version_is_refused_and_stays(serve_with, refused, state):
    serve_with().stop()
    with contextlib.closing(sqlite3.connect(state)) as file:
        file.execute("PRAGMA user_version = 7")
    before = state.read_bytes()
    assert "was made by a newer wasm-grpc: it has the layout 7, and this version knows 1" in refused()
    assert state.read_bytes() == before


def test_a_file_that_cannot_be_written_is_refused(serve_with, refused, state, as_another):
    serve_with().stop()
    if not as_another:
        state.chmod(0o400)
    assert re.search(f"the store {state}: cannot be (opened for writing|looked at)", refused(prefix=as_another))


def test_a_missing_directory_is_said_and_not_made(refused, tmp_path):
    missing = tmp_path / "missing"
    assert "its directory is missing; make it first" in refused(path=missing / "state")
    assert not missing.exists()


def test_a_store_that_a_guest_could_overwrite_is_refused(refused, state):
    said = refused("--dir", f"{state.parent}:/data:rw")
    assert "is granted for writing, and the store is in it" in said
    assert not state.exists()


def test_settings_that_do_not_fit_are_said(program, guest):
    def said(*flags):
        command = [program, "serve", guest("shared_state"), "--listen", "127.0.0.1:0", *flags]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
        assert ended.returncode == 1
        return ended.stderr

    assert "no path says in which file" in said("--store-backend", "sqlite")
    assert "has a path, /tmp/state, but is kept in memory" in said("--store-path", "/tmp/state")


def test_check_looks_at_the_file_and_leaves_it_alone(program, guest, state):
    def check():
        command = [program, "check", guest("shared_state"), "--store-backend", "sqlite", "--store-path", state]
        return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)

    assert check().returncode == 0
    assert not state.exists()
    state.write_text("a letter")
    assert "is a file of something else" in check().stderr
    assert state.read_text() == "a letter"


def test_a_reload_keeps_the_store_and_cannot_change_it(serve, client, state):
    config = serve.folder / "wasm-grpc.toml"
    module = f"""
        [[module]]
        path = "{os.environ['WASM_GRPC_TEST_GUESTS']}/shared_state.wasm"
        [module.store]
        backend = "sqlite"
    """
    config.write_text(module + f'path = "{state}"')
    server = serve("--config", str(config))
    call = client(server)
    assert call("Count", b"hits") == b"1"
    config.write_text(module + f'path = "{state}"\n[module.env]\nANOTHER = "setting"')
    os.kill(server.pid, signal.SIGHUP)
    server.wait_for_log("SIGHUP; reloaded: replaced shared_state")
    assert call("Count", b"hits") == b"2"
    config.write_text(module + f'path = "{state}-2"')
    os.kill(server.pid, signal.SIGHUP)
    server.wait_for_log("not reloaded, .*its store cannot change while it is served; start the server anew for that")
    assert call("Count", b"hits") == b"3"


# ---- The command line ----


@pytest.fixture
def kept(serve, config):
    """A server by a config file, and kv(ACTION, ...) of the same."""

    def kv(action, *arguments, fails=None):
        command = [serve.program, "kv", action, *arguments, "-c", config]
        ended = subprocess.run([str(part) for part in command], capture_output=True, timeout=LIMIT)
        assert ended.returncode == (1 if fails else 0), ended.stderr
        assert not fails or fails in ended.stderr.decode()
        return ended.stdout

    return (lambda: serve("--config", str(config))), kv


def test_the_store_of_a_server_is_looked_at_and_changed_beside_it(kept, client):
    start, kv = kept
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
    kv("list", "--module", "greeter", fails="is in the memory of its server")
    kv("list", "--module", "nobody", fails="has no module nobody")


def test_a_backup_is_taken_and_taken_back_while_it_is_served(kept, client, tmp_path):
    start, kv = kept
    call = client(start())
    assert [call("Set", b"key 0 old"), call("Count", b"hits")] == [b"", b"1"]
    assert kv("backup", tmp_path / "copy") == b"kept 1 pairs and 2 counters\n"
    kv("backup", tmp_path / "copy", fails="is there already")
    assert [call("Set", b"key 0 new"), call("Count", b"hits")] == [b"", b"2"]
    assert kv("import", tmp_path / "copy") == b"took 1 pairs and 2 counters\n"
    assert [call("Get", b"key"), call("Count", b"hits")] == [b"old", b"2"]


def test_a_store_that_was_never_served_is_said(kept, state):
    kv = kept[1]
    kv("list", fails="is not there yet: the module was never served")
    assert not state.exists()


def test_arguments_that_do_not_fit_are_said(program, tmp_path):
    def said(*arguments):
        ended = subprocess.run([program, "kv", *arguments, "-c", "file"], capture_output=True, text=True, timeout=LIMIT)
        assert ended.returncode == 2
        return ended.stderr

    assert "takes a KEY" in said("get")
    assert "takes no value" in said("get", "key", "value")
    assert "takes no --if-version" in said("list", "--if-version", "1")
    assert "fly" in said("fly")


# ---- Time ----


def test_a_store_that_is_held_costs_its_guests_the_timeout_and_others_nothing(serve, connect, state):
    flags = ("--workers", "1", "--store-backend", "sqlite", "--store-path", str(state), "--store-timeout", "1000")
    channel = connect(serve("shared_state", "greeter", *flags))
    call = Client(channel)
    hello = channel.unary_unary("/helloworld.Greeter/SayHello", helloworld.HelloRequest.SerializeToString)
    assert call("Set", b"key 0 value") == b""
    with contextlib.closing(sqlite3.connect(state, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = [call.begin("Set", b"held 0 value") for _ in range(20)]
        assert hello(helloworld.HelloRequest(name="World"), timeout=LIMIT), "the worker serves others meanwhile"
        # Of those that need a new instance too, whose start counts.
        assert {one.code() for one in waiting} == {grpc.StatusCode.UNAVAILABLE}
        other.execute("ROLLBACK")
    eventually(lambda: call("Set", b"key 0 other") == b"", "it is served again")
    assert call("Get", b"held") == grpc.StatusCode.NOT_FOUND


def test_a_server_stops_while_its_store_is_held(serve_with, client, state):
    server = serve_with("--store-timeout", "60000", "--drain-timeout", "100")
    call = client(server)
    with contextlib.closing(sqlite3.connect(state, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = [call.begin("Set", b"held 0 value") for _ in range(5)]
        time.sleep(0.2)
        server.stop()
        assert all(one.exception() for one in waiting)
