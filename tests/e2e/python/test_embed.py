"""The embed example: a program of one's own with a guest, a host function and native methods."""

import json
import os
import pathlib
import subprocess
import urllib.request

import grpc
import pytest
from outbox import Outbox
from server import Server

LIMIT = 20
EMBED = pathlib.Path(os.environ["WASM_GRPC_TEST_EMBED"])


@pytest.fixture
def channel(guest, connect, tmp_path):
    server = Server(tmp_path, [EMBED, guest("embed_guest"), "127.0.0.1:0"])
    yield connect(server)
    server.stop()


def test_the_guest_calls_the_programs_host_function_and_sees_its_environment(channel):
    greet = channel.unary_unary("/embed.Guest/Greet")
    assert greet(b"Ada", timeout=LIMIT) == b"Welcome, Ada! Visits: 1"
    assert greet(b"Grace", timeout=LIMIT) == b"Welcome, Grace! Visits: 2"
    assert greet(b"", timeout=LIMIT) == b"Welcome, ! Visits: 2"  # only those with a name count


def test_the_host_functions_state_is_shared_by_all_instances(channel):
    greet = channel.unary_unary("/embed.Guest/Greet")
    replies = [call.result() for call in [greet.future(b"x", timeout=LIMIT) for _ in range(60)]]
    assert sorted(int(reply.split()[-1]) for reply in replies) == list(range(1, 61))


def test_a_host_function_that_answers_later_holds_up_its_call_only(channel, failure):
    describe = channel.unary_unary("/embed.Guest/Describe")
    assert describe(b"Ada", timeout=LIMIT) == b"wrote the first program"
    calls = [describe.future(name, timeout=LIMIT) for name in [b"Ada", b"Grace"] * 30]
    assert [call.result() for call in calls] == [b"wrote the first program", b"wrote the first compiler"] * 30
    with failure(grpc.StatusCode.NOT_FOUND) as unknown:
        describe(b"Bob", timeout=LIMIT)
    assert unknown.details == "nobody of that name is known"


def test_a_native_unary_method_answers_beside_the_guest(channel, failure):
    reverse = channel.unary_unary("/embed.Native/Reverse")
    assert reverse(b"stressed", timeout=LIMIT) == b"desserts"
    with failure(grpc.StatusCode.INVALID_ARGUMENT) as refused:
        reverse(b"", timeout=LIMIT)
    assert refused.details == "there is nothing to reverse"


def test_a_native_method_that_is_described_is_called_by_its_descriptors(guest, program, tmp_path):
    server = Server(tmp_path, [EMBED, guest("embed_guest"), "127.0.0.1:0"])
    try:

        def run(*arguments) -> str:
            command = [program, arguments[0], server.address, *arguments[1:]]
            return subprocess.run(command, capture_output=True, text=True, check=True, timeout=LIMIT).stdout

        counted = run("call", "embed.Words/Count", "--json", '{"text": "how many are there"}')
        assert json.loads(counted) == {"words": 4}
        assert "embed.Words" in run("list")
        asked = urllib.request.Request(
            f"http://{server.address}/embed.Words/Count", b'{"text": "a b c"}', {"content-type": "application/json"}
        )
        with urllib.request.urlopen(asked, timeout=LIMIT) as answer:
            assert json.load(answer) == {"words": 3}
        with grpc.insecure_channel(server.address, [("grpc.use_local_subchannel_pool", 1)]) as plain:
            assert plain.unary_unary("/embed.Words/Count")(b"\x0a\x03a b", timeout=LIMIT) == b"\x08\x02"
    finally:
        server.stop()


def test_a_native_stream_answers_each_message(channel):
    outbox = Outbox()
    replies = channel.stream_stream("/embed.Native/Echo")(outbox, timeout=LIMIT)
    for sent in (b"one", b"", bytes(100_000)):
        outbox.send(sent)
        assert next(replies) == sent
    outbox.end()
    assert list(replies) == []


def test_a_native_stream_obeys_flow_control(channel):
    messages = [bytes([i % 256]) * 10_000 for i in range(2000)]  # 20 MB, sent before any is read
    outbox = Outbox(*messages)
    outbox.end()
    assert list(channel.stream_stream("/embed.Native/Echo")(outbox, timeout=LIMIT)) == messages


def test_a_native_stream_that_is_cancelled_leaves_the_program_whole(channel):
    echo = channel.stream_stream("/embed.Native/Echo")
    for _ in range(20):
        stream = echo(Outbox(b"x"), timeout=LIMIT)
        next(stream)
        stream.cancel()
    assert channel.unary_unary("/embed.Native/Reverse")(b"ab", timeout=LIMIT) == b"ba"


def test_a_guest_that_needs_a_host_function_is_refused_without_it(program, guest):
    done = subprocess.run([program, "inspect", guest("embed_guest")], capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 1 and "visits.count" in done.stderr
