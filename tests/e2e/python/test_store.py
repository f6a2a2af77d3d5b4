"""State that lasts in a file (docs/store.md): what guests find again, whatever happened to the server, the disk or the file.

WASM_GRPC_TEST_KILL_ROUNDS=200 has the server killed that often amid writes, and with WASM_GRPC_TEST_STORE_MIB=1024 it is to
start within a second with a file of that size; `make test-store` does both.
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
from admin import get
from server import Server, eventually
from shared_state import Client, assert_whole, look

LIMIT = 40
STORE_MIB = int(os.environ.get("WASM_GRPC_TEST_STORE_MIB", "64"))
KILL_ROUNDS = int(os.environ.get("WASM_GRPC_TEST_KILL_ROUNDS", "3"))


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


@pytest.mark.timeout(60 + STORE_MIB)
def test_a_server_starts_at_once_after_it_was_killed_amid_writes_to_a_large_file(serve_with, client, state):
    room = ("--max-kv-bytes", 2 * STORE_MIB << 20)
    serve_with(*room).stop()
    with contextlib.closing(sqlite3.connect(state)) as file:
        (space,) = file.execute("SELECT id FROM spaces").fetchone()
        for number in range(STORE_MIB):
            row = (space, b"large-%d" % number, number + 1)
            file.execute("INSERT INTO pairs(space, key, version, value) VALUES(?, ?, ?, randomblob(1048576))", row)
            file.execute("UPDATE spaces SET bytes = bytes + ? + 1048576 + 320", (len(row[1]),))
            file.execute("UPDATE spaces SET last_version = ?", (number + 1,))
        file.commit()
    server = serve_with(*room)
    writers = [Writer(client(server), f"{one}") for one in range(20)]
    for writer in writers:
        writer.start()
    eventually(lambda: sum(len(writer.kept) for writer in writers) > 1000, "clients write")
    server.kill()
    for writer in writers:
        writer.join()
    begun = time.monotonic()
    server = serve_with(*room)
    took = time.monotonic() - begun
    call = client(server)
    assert len(call("Get", b"large-%d" % (STORE_MIB - 1))) == 1 << 20
    assert all(call("Get", key) == b"value of " + key for writer in writers for key in writer.kept[-3:])
    print(f"{STORE_MIB} MiB: listening {took:.2f} s after it was started, {len(pathlib.Path(f'{state}-wal').read_bytes())} bytes of log")
    assert took < (1 if STORE_MIB >= 1024 else 10)


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


def fill(call: Client, size: int = 50_000) -> list:
    """Writes values of so many bytes until that fails, and returns the keys."""
    keys = []
    while (done := call("Set", b"%d-%d 0 " % (size, len(keys)) + b"x" * size)) == b"":
        keys.append(b"%d-%d" % (size, len(keys)))
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


def test_a_full_disk_is_not_healthy_until_there_is_room_where_the_store_is_needed(serve_with, client, small_disk):
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 300_000)
    server = serve_with("--store-health", "--admin-listen", "127.0.0.1:0", path=small_disk / "state")
    call = client(server)
    assert get(server, "/readyz")[0] == 200
    for size in (50_000, 5000, 1):
        fill(call, size)
    eventually(lambda: get(server, "/readyz")[0] == 503, "it is not ready")
    filler.unlink()
    eventually(lambda: get(server, "/readyz")[0] == 200, "it is ready again, though nobody has called")


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
    """kept(ACTION, ...): kv by that config."""

    def kv(action, *arguments, fails=None):
        command = [serve.program, "kv", action, *arguments, "-c", config]
        ended = subprocess.run([str(part) for part in command], capture_output=True, timeout=LIMIT)
        assert ended.returncode == (1 if fails else 0), ended.stderr
        assert not fails or fails in ended.stderr.decode()
        return ended.stdout

    return kv


def test_a_store_in_memory_is_nowhere_else(kept):
    for arguments in (("get", "key"), ("list",), ("set", "key"), ("del", "key"), ("backup", "file"), ("import", "file")):
        kept(*arguments, "--module", "greeter", fails="is in the memory of its server")


def test_a_store_that_was_never_served_is_said(kept, state):
    kept("list", fails="is not there yet: the module was never served")
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
