"""What the instances of a module share through the host: counters and a key-value store."""

import time

import grpc
import pytest

LIMIT = 40


@pytest.fixture
def state(connect):
    """state(server) calls its methods: state(server)("Get", b"key")."""

    def of(server, **options):
        channel = connect(server, **options)
        return lambda method, message=b"": channel.unary_unary(f"/shared.State/{method}").future(message, timeout=LIMIT)

    return of


def results(calls) -> list:
    return sorted(int(call.result()) for call in calls)


@pytest.mark.parametrize("mode", ["shared", "fresh"])
@pytest.mark.parametrize("method", ["Count", "CountByComparing"])
def test_a_counter_is_shared_by_all_instances_of_two_workers(serve, state, mode, method):
    server = serve("shared_state", "--workers", "2", "--instance-mode", mode)
    clients = [state(server) for _ in range(6)]  # the system spreads their connections over the workers
    calls = [client(method, b"hits") for _ in range(40) for client in clients]
    assert results(calls) == list(range(1, 241))
    assert clients[0]("Count", b"others").result() == b"1"


def test_a_counter_may_be_used_while_instances_start(serve, state):
    call = state(serve("shared_state", "--workers", "1", "--warm-instances", "0"))
    assert call("Count", b"starts").result() == b"3"  # at the load, in the instance of this call, and now


def test_counters_are_bounded(serve, state, failure):
    call = state(serve("shared_state", "--max-counters", "3"))
    assert [call("Count", name).result() for name in (b"one", b"two", b"one")] == [b"1", b"1", b"2"]  # and "starts"
    with failure(grpc.StatusCode.RESOURCE_EXHAUSTED):
        call("Count", b"three").result()


def test_a_counter_that_is_none_ends_the_call(serve, state, failure):
    call = state(serve("shared_state"))
    with failure(grpc.StatusCode.INTERNAL):
        call("Misuse").result()
    assert call("Count", b"hits").result() == b"1"


def test_a_pair_that_one_instance_sets_others_get(serve, state, failure):
    server = serve("shared_state", "--workers", "2", "--instance-mode", "fresh")
    clients = [state(server) for _ in range(4)]
    value = b"x" * 100_000
    clients[0]("Set", b"key 0 " + value).result()
    assert [client("Get", b"key").result() for client in clients] == [value] * 4
    clients[1]("Remove", b"key").result()
    for client in clients:
        with failure(grpc.StatusCode.NOT_FOUND):
            client("Get", b"key").result()
    with failure(grpc.StatusCode.NOT_FOUND):
        clients[0]("Remove", b"key").result()


def test_no_change_by_version_is_lost(serve, state):
    server = serve("shared_state", "--workers", "2")
    clients = [state(server) for _ in range(6)]
    calls = [client("Append", b"key") for _ in range(30) for client in clients]
    assert all(int(call.result()) >= 1 for call in calls)
    assert clients[0]("Get", b"key").result() == b"x" * 180


def test_a_pair_is_gone_when_its_time_has_passed(serve, state, failure):
    call = state(serve("shared_state"))
    call("Set", b"stays 0 x").result()
    call("Set", b"goes 100 x").result()
    give_up = time.monotonic() + LIMIT
    while call("Get", b"goes").code() == grpc.StatusCode.OK and time.monotonic() < give_up:
        time.sleep(0.01)
    with failure(grpc.StatusCode.NOT_FOUND):
        call("Get", b"goes").result()
    assert call("Get", b"stays").result() == b"x"


def test_the_store_is_bounded(serve, state, failure):
    call = state(serve("shared_state", "--max-kv-bytes", "10000", "--max-kv-value", "4000"))
    with failure(grpc.StatusCode.RESOURCE_EXHAUSTED) as too_large:
        call("Set", b"key 0 " + b"x" * 4001).result()
    assert too_large.details == "too large"
    for key in (b"one", b"two"):
        call("Set", key + b" 0 " + b"x" * 4000).result()
    with failure(grpc.StatusCode.RESOURCE_EXHAUSTED) as full:
        call("Set", b"three 0 " + b"x" * 4000).result()
    assert full.details == "full"
    call("Remove", b"one").result()
    call("Set", b"three 0 " + b"x" * 4000).result()



# What the functions for several pairs answer, as the guests tell it.
MANY = b"""\
each ok ok Absent
all Conflict
many 333 Absent 4444
list a:3 b:2
list d:4
swap 333 Absent
conflict 5"""


@pytest.mark.parametrize("backend", ["memory", "sqlite"])
def test_several_pairs_are_listed_read_and_changed_at_once(serve, state, tmp_path, backend):
    flags = ["--store-backend", "sqlite", "--store-path", str(tmp_path / "state")] if backend == "sqlite" else []
    call = state(serve("shared_state", *flags))
    for prefix in (b"p/", b"q/"):
        assert call("Many", prefix).result() == MANY
