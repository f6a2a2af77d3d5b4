"""Instances by key that are told of more than calls: of their alarm, and of their end."""

import re

import pytest
from server import eventually

LIMIT = 40


class Actor:
    def __init__(self, channel, key: str):
        self._channel = channel
        self._metadata = [("x-key", key)]

    def ask(self, method: str, request: str) -> str:
        call = self._channel.unary_unary(f"/test.Actors/{method}")
        return call(request.encode(), metadata=self._metadata, timeout=LIMIT).decode()


@pytest.fixture
def actor(connect):
    return lambda server, key: Actor(connect(server), key)


def test_an_alarm_goes_off_without_an_open_call(serve, actor):
    server = serve("actors", "--workers", "2", "--instance-idle-timeout", "100")
    assert actor(server, "a").ask("Wake", "400") == "set"
    server.wait_for_log("actors: alarm of a")
    # It was kept for its alarm though it was idle for longer than instances may be, and is given up after it.
    server.wait_for_log("actors: ending of a, asked 0 times")
    assert server.log.index("alarm of a") < server.log.index("ending of a")


def test_a_line_about_a_call_has_its_method_its_client_and_what_the_guest_says(serve, actor):
    server = serve("actors")
    actor(server, "the key").ask("Wake", "0")
    server.wait_for_log(
        r'actors: alarm is set method=/test\.Actors/Wake peer=127\.0\.0\.1:\d+ in=0 of="the key"'
    )


def test_an_idle_actor_is_told_before_it_is_given_up(serve, actor):
    server = serve("actors", "--instance-idle-timeout", "100")
    one = actor(server, "a")
    assert one.ask("Count", "x") == "x 1"
    server.wait_for_log("actors: ending of a, asked 1 times")
    assert one.ask("Count", "x") == "x 1"


def test_an_actor_whose_room_another_needs_is_told(serve, actor):
    server = serve("actors", "--workers", "1", "--instances", "1", "--instance-idle-timeout", "0")
    for key in ("a", "b", "c", "a"):
        assert actor(server, key).ask("Count", "x") == "x 1"
    eventually(lambda: len(re.findall("actors: ending of [abc], asked 1 times", server.log)) == 3, "three were told")


def test_all_actors_are_told_when_the_server_has_drained(serve, actor):
    server = serve("actors", "--workers", "2")
    keys = [f"key-{number}" for number in range(50)]
    for key in keys:
        assert actor(server, key).ask("Count", "x") == "x 1"
    server.send_stop_signal()
    assert server.wait_for_exit() == 0
    for key in keys:
        assert f"actors: ending of {key}, asked 1 times" in server.log
