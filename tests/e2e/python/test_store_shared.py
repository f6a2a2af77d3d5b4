"""Two processes that share a server of Redis under 20 clients, while one of the processes is killed again and again: what
clients were told can have happened one after the other.

WASM_GRPC_TEST_STORE_OPERATIONS=100000 has that many done; `make test-store` does.
"""

import collections
import dataclasses
import itertools
import os
import random
import threading
import time

import account_pb2 as account
import account_pb2_grpc
import grpc
import lock_pb2 as lock
import lock_pb2_grpc
import pytest
from conftest import CODE_CACHE
from redis_server import RedisServer

OPERATIONS = int(os.environ.get("WASM_GRPC_TEST_STORE_OPERATIONS", "2000"))
CLIENTS = 20
LIMIT = 40
LEASE = 3  # seconds, far above what a client keeps a lock for
COUNTERS, ACCOUNTS, LOCKS = 3, 5, 10


@dataclasses.dataclass
class Done:
    """One operation with a known outcome. Each adds 1 to what it is of, or only looks."""

    began: float
    ended: float
    value: int  # of what it is of, afterwards
    adds: bool


@dataclasses.dataclass
class Held:
    """A lock, from when a client was told that it has it to when it began to give it back."""

    began: float
    ended: float
    token: int


class History:
    def __init__(self):
        self.values = collections.defaultdict(list)  # Done, by what they are of
        self.unknown = collections.Counter()  # additions of which it is not known whether they were made
        self.locks = collections.defaultdict(list)
        self.refused = 0  # operations that were certainly not made

    def add(self, other: "History") -> None:
        for name, some in other.values.items():
            self.values[name] += some
        for name, some in other.locks.items():
            self.locks[name] += some
        self.unknown += other.unknown
        self.refused += other.refused

    def known(self) -> int:
        return sum(map(len, self.values.values())) + 2 * sum(map(len, self.locks.values()))


class Process:
    """A server, and the one that is started in its place after it was killed."""

    def __init__(self, start):
        self._start = start
        self.server = start()
        self.serves = threading.Event()
        self.serves.set()

    def kill(self) -> None:
        self.serves.clear()
        self.server.kill()
        self.server = self._start()
        self.serves.set()


class Client(threading.Thread):
    """Does one operation after the other with its process, and writes down what it was told."""

    def __init__(self, process: Process, connect, left, number: int):
        super().__init__()
        self._process, self._connect, self._left = process, connect, left
        self._server = self._channel = None
        self._chance = random.Random(number)
        self.history = History()
        self.failure = None

    def run(self):
        try:
            while next(self._left) < OPERATIONS:
                assert self._process.serves.wait(LIMIT)
                if self._server is not self._process.server:
                    self._server = self._process.server
                    self._channel = self._connect(self._server)
                self._chance.choices((self._count, self._deposit, self._show, self._hold), (4, 3, 1, 2))[0]()
        except Exception as failure:  # for the thread of the test
            self.failure = failure

    def _note(self, name, began: float, value: int, adds: bool = True) -> None:
        self.history.values[name].append(Done(began, time.monotonic(), value, adds))

    def _count(self) -> None:
        name = f"counter-{self._chance.randrange(COUNTERS)}"
        began = time.monotonic()
        try:
            answer = self._channel.unary_unary("/shared.State/Count")(name.encode(), timeout=LIMIT)
            self._note(name, began, int(answer))
        except grpc.RpcError:
            self.history.unknown[name] += 1

    def _deposit(self) -> None:
        name = f"account-{self._chance.randrange(ACCOUNTS)}"
        stub, began = account_pb2_grpc.AccountsStub(self._channel), time.monotonic()
        try:
            answer = stub.Deposit(account.Amount(cents=1), metadata=[("account-id", name)], timeout=LIMIT)
            self._note(name, began, answer.cents)
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.ABORTED:
                self.history.refused += 1
            else:
                self.history.unknown[name] += 1

    def _show(self) -> None:
        name = f"account-{self._chance.randrange(ACCOUNTS)}"
        stub, began = account_pb2_grpc.AccountsStub(self._channel), time.monotonic()
        try:
            answer = stub.Show(account.ShowRequest(), metadata=[("account-id", name)], timeout=LIMIT)
            self._note(name, began, answer.cents, adds=False)
        except grpc.RpcError:
            self.history.refused += 1

    def _hold(self) -> None:
        name = f"lock-{self._chance.randrange(LOCKS)}"
        stub = lock_pb2_grpc.LockStub(self._channel)
        try:
            token = stub.Acquire(lock.AcquireRequest(name=name, lease_seconds=LEASE), timeout=0.5).token
        except grpc.RpcError:  # whoever had it may have been killed
            self.history.refused += 1
            return
        began = time.monotonic()
        time.sleep(0.001)
        self.history.locks[name].append(Held(began, time.monotonic(), token))
        try:
            stub.Release(lock.ReleaseRequest(name=name, token=token), timeout=LIMIT)
        except grpc.RpcError:
            self.history.refused += 1


def assert_one_after_the_other(name: str, done: list[Done], unknown: int) -> None:
    """Each addition has a value of its own, which puts them in an order. That is the order in which they can have happened when
    who began after another had ended has a later one, and no more are missing in it than have an unknown end."""
    added = sorted(one.value for one in done if one.adds)
    assert len(added) == len(set(added)), f"{name}: two were told the same value"
    newest = max((one.value for one in done), default=0)
    assert len(added) <= newest <= len(added) + unknown, f"{name}: {newest} of {len(added)} known and {unknown} unknown"
    ends = sorted(done, key=lambda one: one.ended)
    ended, seen = 0, 0
    for one in sorted(done, key=lambda one: one.began):
        while ends[ended].ended < one.began:
            seen = max(seen, ends[ended].value)
            ended += 1
        assert one.value >= seen + one.adds, f"{name}: {one} has not seen {seen}"


def assert_one_holder(name: str, held: list[Held]) -> None:
    in_turn = sorted(held, key=lambda one: one.began)
    for one, next_one in itertools.pairwise(in_turn):
        assert one.ended <= next_one.began, f"{name} had two holders: {one} and {next_one}"
        assert one.token < next_one.token, f"{name}: a token is no greater than the one before"


def test_a_history_that_cannot_have_happened_is_told():
    """The checks themselves."""
    good = [Done(0, 1, 1, True), Done(0, 3, 2, True), Done(2, 4, 3, True), Done(5, 6, 3, False)]
    assert_one_after_the_other("good", good, 0)
    assert_one_after_the_other("with one of unknown end", [good[0], Done(2, 3, 3, True)], 1)
    for what, wrong, unknown in (
        ("a value twice", [Done(0, 1, 1, True), Done(0, 1, 1, True)], 0),
        ("a lost one", [Done(0, 1, 1, True), Done(0, 1, 3, True)], 0),
        ("one too many", [Done(0, 1, 2, True), Done(0, 1, 3, True)], 0),
        ("an old one", [Done(0, 1, 1, True), Done(2, 3, 2, True), Done(4, 5, 1, False)], 0),
        ("the order", [Done(0, 1, 2, True), Done(2, 3, 1, True)], 0),
    ):
        with pytest.raises(AssertionError):
            assert_one_after_the_other(what, wrong, unknown)
    assert_one_holder("good", [Held(0, 1, 5), Held(1, 2, 7)])
    for wrong in ([Held(0, 2, 5), Held(1, 3, 7)], [Held(0, 1, 5), Held(2, 3, 5)]):
        with pytest.raises(AssertionError):
            assert_one_holder("wrong", wrong)


@pytest.mark.timeout(60 + OPERATIONS // 100)
def test_nothing_acknowledged_is_lost_and_no_lock_has_two_holders(serve, connect, tmp_path):
    redis = RedisServer(tmp_path)
    try:
        flags = ("--workers", "2", "--store-backend", "redis", "--store-address", redis.address, "--code-cache", CODE_CACHE)
        start = lambda: serve("shared_state", "account", "lock", *flags)  # noqa: E731
        sound, killed = Process(start), Process(start)
        left = itertools.count()
        clients = [Client((sound, killed)[number % 2], connect, left, number) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        kills, chance = 0, random.Random(19)
        while any(client.is_alive() for client in clients):
            time.sleep(chance.uniform(0.1, 0.7))
            killed.kill()
            kills += 1
        history = History()
        for client in clients:
            client.join()
            assert client.failure is None, client.failure
            history.add(client.history)
        print(f"{OPERATIONS} operations, {history.known()} known, {history.unknown.total()} of unknown end, {kills} kills")
        assert history.known() > OPERATIONS // 2
        assert {name.split("-")[0] for name in history.values} == {"counter", "account"} and history.locks
        # As it is in the end, which has all that was acknowledged.
        last = Client(sound, connect, itertools.count(), 0)
        last._server, last._channel = sound.server, connect(sound.server)
        for _ in range(100):
            last._show()
            last._count()
        history.add(last.history)
        for name, done in history.values.items():
            assert_one_after_the_other(name, done, history.unknown[name])
        for name, held in history.locks.items():
            assert_one_holder(name, held)
    finally:
        redis.kill()
