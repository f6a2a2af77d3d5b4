"""The store in tasks of guests in Rust that share an instance: tests/guests/rust_shared_state."""

import contextlib
import sqlite3

import pytest
from test_host_modules import MANY

LIMIT = 40


def message(text: bytes) -> bytes:
    return b"\x0a%c%s" % (len(text), text) if text else b""


@pytest.fixture
def ask(connect):
    """ask(server)("Set", b"key") begins a call."""

    def of(server):
        channel = connect(server)
        return lambda method, text=b"": channel.unary_unary(f"/shared.Tasks/{method}").future(message(text), timeout=LIMIT)

    return of


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def stored(serve, state):
    """A server whose store is a file."""
    return serve("shared_state", "--workers", "2", "--store-backend", "sqlite", "--store-path", str(state))


def test_tasks_are_answered_as_handlers_are(serve, stored, ask):
    for server in (stored, serve("shared_state")):
        call = ask(server)
        asked = [call("Many", b"%d/" % number) for number in range(10)]
        assert [one.result()[2:] for one in asked] == [MANY] * 10


def test_others_go_on_while_a_task_waits_for_the_store(stored, state, ask):
    call = ask(stored)
    assert call("Set", b"key").result() == b""
    with contextlib.closing(sqlite3.connect(state, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = [call("Set", b"key") for _ in range(5)]
        assert [call("Echo", b"here").result() for _ in range(20)] == [message(b"here")] * 20
        assert not any(one.done() for one in waiting)
        other.execute("ROLLBACK")
    assert [one.result() for one in waiting] == [b""] * 5


def test_a_task_is_told_what_changes(stored, ask):
    call = ask(stored)
    watching = call("Next", b"room/")
    while not watching.done():  # it may not watch yet
        call("Set", b"room/1").result()
        call("Set", b"elsewhere").result()
    assert watching.result() == message(b"room/1")
