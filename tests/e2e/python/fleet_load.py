"""Clients that call a fleet (tests/guests/fleet.proto) without a pause, each one call after the other, and what became of it."""

import contextlib
import dataclasses
import http.client
import json
import threading
import time

import fleet_pb2
import fleet_pb2_grpc
import grpc
from fleet import Front, channel_to

CALL_LIMIT = 20
KEYS = 40  # of each client that has keys
VERSIONS = (1, 2)


@dataclasses.dataclass
class Call:
    """One that has ended. `failed` is why, `wrong` what an answer said that it should not."""

    kind: str
    begun: float
    ended: float
    server: str = ""
    failed: str = ""
    wrong: str = ""
    moved: bool = False  # its key was at another server before


class Account:
    """What a client knows of one key, which nobody else writes."""

    def __init__(self):
        self.attempts = 0
        self.acknowledged = 0  # the count that was told last
        self.server = ""

    def told(self, count: int) -> str:
        """What is wrong with that count. Attempts that failed may have been counted or not, also later."""
        before, self.acknowledged = self.acknowledged, count
        if count <= before:
            return f"lost: {count} after {before} was acknowledged"
        return f"{count} of {self.attempts} attempts" if count > self.attempts else ""


class Load:
    """Runs until it is stopped; `calls` grows meanwhile."""

    def __init__(self, front: Front):
        self._front = front
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.calls: list[Call] = []
        self.accounts: dict[str, Account] = {}
        kinds = [self._unary] * 3 + [self._stream] * 2 + [self._connect] * 2 + [self._actor] * 2 + [self._module] * 2
        self.clients = len(kinds)
        self._threads = [threading.Thread(target=self._run, args=(kind, n), daemon=True) for n, kind in enumerate(kinds)]
        for thread in self._threads:
            thread.start()

    def ended(self, since: float, until: float) -> list[Call]:
        with self._lock:
            return [call for call in self.calls if since <= call.ended < until]

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "a client does not end"

    def lost_writes(self) -> list[str]:
        """Acknowledged writes that the store does not have, once the load has stopped."""
        lost = []
        with channel_to(self._front.by_key) as channel:
            stub = fleet_pb2_grpc.AccountsStub(channel)
            for key, account in self.accounts.items():
                request = fleet_pb2.Key(key=key)
                count = stub.Read(request, metadata=[("x-key", key)], timeout=CALL_LIMIT, wait_for_ready=True).count
                if not account.acknowledged <= count <= account.attempts:
                    lost.append(f"{key}: {count}, of {account.acknowledged} acknowledged and {account.attempts} attempts")
        return lost

    def _run(self, kind, number: int) -> None:
        with contextlib.ExitStack() as stack:
            make = kind(number, stack)
            while not self._stop.is_set():
                call = Call(kind.__name__[1:], time.monotonic(), 0)
                try:
                    make(call)
                except grpc.RpcError as error:
                    call.failed = f"{call.kind}: {error.code().name}: {error.details()[:100]}"
                except (OSError, http.client.HTTPException) as error:
                    call.failed = f"{call.kind}: {error!r}"
                call.ended = time.monotonic()
                with self._lock:
                    self.calls.append(call)
                time.sleep(0.002)

    def _unary(self, number: int, stack):
        stub = fleet_pb2_grpc.ServersStub(stack.enter_context(channel_to(self._front.any)))
        turn = iter(range(1 << 62))

        def make(call: Call) -> None:
            text = f"{number}-{next(turn)}"
            judge(call, text, stub.Say(fleet_pb2.Words(text=text), timeout=CALL_LIMIT))

        return make

    def _stream(self, number: int, stack):
        """A stream that is open for a second, or four: one server and one version of its module answer all of it."""
        stub = fleet_pb2_grpc.ServersStub(stack.enter_context(channel_to(self._front.any)))
        texts = [f"{number}-{turn}" for turn in range(20)]
        pause = 0.2 if number % 2 else 0.05

        def messages():
            for text in texts:
                yield fleet_pb2.Words(text=text)
                time.sleep(pause)

        def make(call: Call) -> None:
            answers = list(stub.Follow(messages(), timeout=CALL_LIMIT))
            if len(answers) != len(texts):
                call.wrong = f"{len(answers)} answers to {len(texts)} messages"
            for text, answer in zip(texts, answers):
                judge(call, text, answer)
            if len({(answer.server, answer.version) for answer in answers}) > 1:
                call.wrong = f"several have answered one stream: {answers}"

        return make

    def _connect(self, number: int, stack):
        connection = http.client.HTTPConnection(self._front.any, timeout=CALL_LIMIT)
        stack.callback(connection.close)

        def make(call: Call) -> None:
            try:
                body = json.dumps({"text": f"{number}"})
                connection.request("POST", "/fleet.Servers/Say", body, {"content-type": "application/json"})
                response = connection.getresponse()
                text = response.read().decode()
            except BaseException:
                connection.close()
                raise
            if response.status != 200:
                raise OSError(f"HTTP {response.status}: {text[:100]}")
            judge(call, f"{number}", fleet_pb2.Answer(**json.loads(text)))

        return make

    def _keyed(self, number: int, add):
        """add(key) for one key after the other; the keys are this client's own."""
        keys = [f"{number}-{key}" for key in range(KEYS)]
        self.accounts.update((key, Account()) for key in keys)
        turn = iter(range(1 << 62))

        def make(call: Call) -> None:
            key = keys[next(turn) % KEYS]
            account = self.accounts[key]
            account.attempts += 1
            answer = add(key)
            call.server, call.wrong = answer.server, account.told(answer.count)
            call.moved = account.server not in ("", answer.server)
            account.server = answer.server

        return make

    def _actor(self, number: int, stack):
        """An account at the server that has the key."""
        stub = fleet_pb2_grpc.AccountsStub(stack.enter_context(channel_to(self._front.by_key)))
        return self._keyed(
            number, lambda key: stub.Add(fleet_pb2.Key(key=key), metadata=[("x-key", key)], timeout=CALL_LIMIT)
        )

    def _module(self, number: int, stack):
        """An account at any server, by one module that calls the other: an instance of it at each, and one store."""
        stub = fleet_pb2_grpc.ServersStub(stack.enter_context(channel_to(self._front.any)))
        return self._keyed(number, lambda key: stub.Pass(fleet_pb2.Key(key=key), timeout=CALL_LIMIT))


def judge(call: Call, text: str, answer) -> None:
    call.server = answer.server
    if answer.text != text or not answer.server or answer.version not in VERSIONS:
        call.wrong = f"{answer} to {text}"


def quantile(calls: list[Call], part: float) -> float:
    """Of the seconds that unary calls took."""
    ordered = sorted(call.ended - call.begun for call in calls if call.kind == "unary")
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


def balanced_after(calls: list[Call], moment: float, servers: int) -> float | None:
    """Seconds after that moment until of some calls in a row that any server may answer each has had half its part at least;
    None where that was not to be seen."""
    row = 10 * servers
    answered = sorted((call.ended, call.server) for call in calls if call.kind in ("unary", "connect") and call.server)
    after = [(ended, server) for ended, server in answered if ended >= moment]
    for last in range(row, len(after) + 1):
        names = [server for _, server in after[last - row : last]]
        if len(set(names)) == servers and min(names.count(name) for name in set(names)) >= 5:
            return after[last - 1][0] - moment
    return None
