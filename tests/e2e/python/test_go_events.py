"""Guests in Go whose calls meet in one instance, each a goroutine: tests/guests/go_events."""

import contextlib
import sqlite3
import time
import urllib.request

import grpc
import pytest
from calling import config_of
from server import Server, eventually

LIMIT = 20


class Client:
    def __init__(self, channel):
        self._channel = channel

    def begin(self, method: str, request: bytes = b"", timeout=LIMIT):
        return self._channel.unary_unary(f"/gotest.Events/{method}").future(request, timeout=timeout)

    def __call__(self, method: str, request: bytes = b"", timeout=LIMIT) -> bytes:
        return self.begin(method, request, timeout).result()

    def stream(self, method: str, request: bytes = b""):
        return self._channel.unary_stream(f"/gotest.Events/{method}")(request, timeout=LIMIT)

    def chat(self, messages):
        return self._channel.stream_stream("/gotest.Events/Chat")(messages, timeout=LIMIT)


@pytest.fixture
def start(guest, serve):
    guest("go_events")
    return lambda *flags: serve("go_events", "--workers", "2", *flags)


@pytest.fixture
def client(connect):
    return lambda server: Client(connect(server))


def test_all_calls_meet_in_one_instance(start, client):
    server = start()
    clients = [client(server) for _ in range(4)]
    calls = [one.begin("Count") for _ in range(50) for one in clients]
    assert sorted(int(call.result()) for call in calls) == list(range(1, 201))


def test_one_call_wakes_another(start, client):
    server = start()
    one, other = client(server), client(server)
    waiting = one.begin("Meet", b"hello")
    assert {other("Meet", b"hello"), waiting.result()} == {b"gave", b"got hello"}


def test_a_call_that_ends_wakes_its_goroutine(start, client, failure):
    server = start()
    with failure(grpc.StatusCode.DEADLINE_EXCEEDED):
        client(server)("Meet", timeout=0.1)
    server.wait_for_log("met nobody: context deadline exceeded")
    waiting = client(server).begin("Meet")
    time.sleep(0.1)
    waiting.cancel()
    server.wait_for_log("met nobody: context canceled")
    with failure(grpc.StatusCode.NOT_FOUND):
        client(server)("Fail")


def test_goroutines_sleep_side_by_side(start, client):
    server = start()
    asked = client(server)
    begun = time.monotonic()
    calls = [asked.begin("Sleep", b"300") for _ in range(20)]
    assert all(300 <= int(call.result()) for call in calls)
    assert time.monotonic() - begun < LIMIT / 2, "they slept one after the other"
    sleeping = asked.begin("Sleep", b"60000")
    time.sleep(0.1)
    sleeping.cancel()
    server.wait_for_log("woken by context canceled, context canceled")


def test_messages_of_many_calls_do_not_mix(start, client):
    asked = client(start())
    texts = [bytes([letter]) * size for letter in b"abcdef" for size in (1, 5_000, 100_000)]
    calls = [asked.begin("Echo", text) for text in texts]
    assert [call.result() for call in calls] == texts
    joined = asked._channel.stream_unary("/gotest.Events/Join")
    assert joined(iter(texts), timeout=LIMIT) == b"".join(texts)


def test_a_slow_reader_holds_up_its_own_stream_only(start, client):
    asked = client(start())
    stream = asked.stream("Repeat", b"200 " + b"x" * 50_000)
    assert len(next(stream)) == 50_000
    assert asked("Count") == b"1"
    assert sum(1 for _ in stream) == 199


def test_what_one_says_all_hear(start, client):
    server = start()

    def silent():
        eventually(lambda: done, "the test is over")
        yield from ()

    done = False
    listeners = [client(server).chat(silent()) for _ in range(3)]
    for listener in listeners:
        assert next(listener) == b"welcome"
    speaker = client(server).chat(iter([b"one", b"two"]))
    assert next(speaker) == b"welcome"
    for listener in listeners:
        assert [next(listener), next(listener)] == [b"one", b"two"]
    server.wait_for_log("one left, 3 stay")
    done = True
    for listener in listeners:
        assert list(listener) == []


def test_http_is_served_beside(start):
    server = start()
    with urllib.request.urlopen(f"http://{server.address}/events/x?y", timeout=LIMIT) as answer:
        assert answer.read() == b"GET /events/x?y"


TOLD = """\
find kv: there is no such key
set true<nil>
set kv: the version is another one
get 70000 true true
swap 70000 true <nil>
swap 1true kv: the version is another one
each true kv: the version is another one kv: there is no such key <nil>
all true kv: the version is another one kv: the version is another one
many 1true {[] 0}2<nil>
list a1 true <nil>
list b1 true <nil>
remove <nil> kv: there is no such key
set kv: a key has 1 to 1024 bytes, and a time to live is more than 0
many kv: a key has 1 to 1024 bytes, and a time to live is more than 0"""


@pytest.mark.parametrize("backend", ["memory", "sqlite"])
def test_the_store_answers_as_without_events(start, client, tmp_path, backend):
    flags = ["--store-backend", "sqlite", "--store-path", str(tmp_path / "state")] if backend == "sqlite" else []
    asked = client(start(*flags))
    calls = [asked.begin("EveryFunction", f"{number}/".encode()) for number in range(10)]
    for call in calls:
        assert call.result().decode().replace(" ", "") == TOLD.replace(" ", "")


def test_others_go_on_while_one_waits_for_the_store(start, client, tmp_path):
    state = tmp_path / "state"
    server = start("--store-backend", "sqlite", "--store-path", str(state))
    asked = client(server)
    assert asked("Set", b"key value") == b""
    with contextlib.closing(sqlite3.connect(state, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = [asked.begin("Set", b"key other") for _ in range(5)]
        assert [asked("Count") for _ in range(20)] == [b"%d" % number for number in range(1, 21)]
        assert not any(call.done() for call in waiting)
        other.execute("ROLLBACK")
    assert [call.result() for call in waiting] == [b""] * 5


def test_a_watch_tells_what_is_set_until_its_call_ends(start, client):
    server = start()
    watching = client(server).stream("Watch", b"room/")
    assert next(watching) == b"watches"
    setter = client(server)
    setter("Set", b"other/1 x")
    setter("Set", b"room/1 x")
    assert next(watching) == b"room/1 false"
    setter("Set", b"room/2 x")
    assert next(watching) == b"room/2 false"
    watching.cancel()
    server.wait_for_log("watched until context canceled")


def test_calls_of_other_services_are_waited_for_side_by_side(guest, program, client, connect, tmp_path):
    config = tmp_path / "config.toml"
    targets = {"greeter": '{ methods = ["/helloworld.Greeter/"] }'}
    config.write_text(config_of(guest("go_events"), {"greeter": "module:greeter"}, targets, {guest("greeter"): ""}))
    server = Server(tmp_path, [program, "serve", "-c", config, "--listen", "127.0.0.1:0", "--workers", "2"])
    try:
        asked = client(server)
        calls = [asked.begin("Ask", b"\x0a\x03Ada") for _ in range(20)]
        assert [call.result() for call in calls] == [b"\x0a\x09Hello Ada"] * 20
    finally:
        server.stop()
