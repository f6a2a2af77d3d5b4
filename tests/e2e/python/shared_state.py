"""Calls of the guest shared_state (tests/guests/shared_state.cc), and looks into its file."""

import contextlib
import pathlib
import sqlite3

import grpc

LIMIT = 40


class Client:
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


def look(state: pathlib.Path, sql: str) -> list:
    with contextlib.closing(sqlite3.connect(state)) as file:
        return file.execute(sql).fetchall()


def assert_whole(state: pathlib.Path) -> None:
    assert look(state, "PRAGMA integrity_check") == [("ok",)]
    pairs = "SELECT sum(length(key) + length(value) + 320) FROM pairs WHERE space = spaces.id"
    counters = "SELECT count(*) FROM counters WHERE space = spaces.id"
    wrong = look(state, f"SELECT * FROM spaces WHERE bytes <> coalesce(({pairs}), 0) OR counters <> ({counters})")
    assert not wrong, "its sums are not those of its rows"
