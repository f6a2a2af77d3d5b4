"""Three servers behind Envoy, their modules from a registry and their state in one store, under load, while to each server in
turn happens what may: `make fleet`. `--short` is what the tests have of it: each thing once.

Prints what became of the calls, and ends with 1 where more was lost than may be: nothing in rolls, no acknowledged write and no
wrong answer ever, and otherwise what was under way at that server; or where a server did not get its part of the calls again."""

import argparse
import collections
import contextlib
import dataclasses
import functools
import json
import os
import pathlib
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time

import network
from fleet import Fleet, Place, channel_to, envoy_before, places_here
from fleet_load import CALL_LIMIT, Load, balanced_after, quantile
from proxies import free_port, running
from registry_server import Registry
from server import processor_seconds

SERVERS = 3
TAKES = 60  # seconds, what happens itself
PATIENCE = 20  # seconds, until calls are balanced again


@dataclasses.dataclass
class Happening:
    what: str
    begun: float
    done: float
    # Which calls may fail: a regular expression of why, and how many of them.
    may_fail: str = ""
    most: int = 0


def next_program(program: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """The program as the next version of itself: a copy that says another number."""

    def version_of(one: pathlib.Path) -> str:
        return subprocess.run([one, "--version"], check=True, capture_output=True, text=True, timeout=20).stdout.split()[1]

    version = version_of(program)
    # By its first digit: what comes after may be the end of other texts, too, which the linker keeps in one place.
    following = str((int(version[0]) + 1) % 10) + version[1:]
    made = folder / "wasm-grpc-next"
    made.write_bytes(program.read_bytes().replace(f"\0{version}\0".encode(), f"\0{following}\0".encode()))
    made.chmod(0o755)
    assert version_of(made) == following
    return made


class Modules:
    """The registry's side: versions of modules, pushed by the program."""

    def __init__(self, registry: Registry, program: pathlib.Path, guests: pathlib.Path):
        self._registry, self._program, self._guests = registry, program, guests

    def push(self, guest: str, name: str) -> None:
        command = [self._program, "push", self._guests / f"{guest}.wasm", f"{self._registry.host}/{name}"]
        subprocess.run([*map(str, [*command, *self._registry.flags])], check=True, capture_output=True, timeout=60)

    def reference(self, name: str) -> str:
        return f"oci://{self._registry.host}/{name}"


class Proof:
    def __init__(self, folder: pathlib.Path, given, modules: Modules, registry: Registry, hosts: list, store: dict):
        self._folder, self._given, self._modules, self._registry = folder, given, modules, registry
        self._hosts, self._store = hosts, store
        self._tags = ["1"] * SERVERS
        self.happened: list[Happening] = []
        modules.push("fleet_1", "fleet:1")
        modules.push("fleet_2", "fleet:2")
        modules.push("accounts", "accounts:1")
        places = [Place(f"{host.address}:50051", host.prefix) for host in hosts] or places_here(SERVERS)
        self.fleet = Fleet(folder, given.program, places, self._arguments)
        self._next_program = next_program(given.program, folder)

    def _arguments(self, number: int) -> list:
        """By a config of each server, as it is at the time."""
        file = self._folder / f"server-{number}.toml"
        store = "\n".join(f"{key} = {json.dumps(value)}" for key, value in self._store.items())
        file.write_text(
            f"""shutdown-delay = "{2 if self._given.short else 5} s"
env = {{ SERVER = "server-{number}" }}

[registry]
cache = "{self._folder / f"cache-{number}"}"
ca = "{self._registry.authority.certificate}"
credentials = "{self._registry.docker_config}"
poll = "1 s"

[[target]]
name = "accounts"
address = "module:accounts"

[[module]]
path = "{self._modules.reference(f"fleet:{self._tags[number]}")}"
targets = {{ accounts = {{}} }}

[[module]]
path = "{self._modules.reference("accounts:1")}"
[module.store]
{store}
"""
        )
        return ["--config", file]

    def _new_tag(self, number: int) -> None:
        self._tags[number] = "2"
        self._arguments(number)
        self.fleet.reload(number)
        self.fleet.servers[number].wait_for_log("; reloaded: .*replaced fleet")

    def _moved_tag(self) -> None:
        """The tag means the other version again; nobody tells the servers."""
        self._modules.push("fleet_1", "fleet:2")
        for server in self.fleet.servers:
            server.wait_for_log("fleet:2 is sha256:[0-9a-f]+ by now; reloaded: replaced fleet")

    def _new_program(self, number: int) -> None:
        self.fleet.roll(number, self._next_program)
        assert os.readlink(f"/proc/{self.fleet.servers[number].pid}/exe") == str(self._next_program)

    def _cut(self, number: int, seconds: float) -> None:
        self._hosts[number].cut()
        time.sleep(seconds)
        self._hosts[number].mend()

    def _happens(self, load: Load, what: str, action, *arguments, **may) -> None:
        print(what, file=sys.stderr, flush=True)
        begun = time.monotonic()
        action(*arguments)
        done = time.monotonic()
        self.happened.append(Happening(what, begun, done, **may))
        time.sleep(self._given.quiet)
        while balanced_after(load.ended(done, time.monotonic()), done, SERVERS) is None and time.monotonic() < done + PATIENCE:
            time.sleep(0.5)

    def everything_happens(self, load: Load) -> None:
        in_turn = range(1 if self._given.short else SERVERS)
        # Each client has one call under way; of those that it makes next, Envoy may give one to the same server.
        under_way = {"most": 2 * load.clients}
        happens = functools.partial(self._happens, load)
        happens("nothing", lambda: None)
        for number in in_turn:
            happens(f"server {number}: new tag", self._new_tag, number)
        for number in range(SERVERS):
            if self._tags[number] == "1":  # where each thing happens once only
                self._new_tag(number)
        happens("all: the tag moves", self._moved_tag)
        for number in in_turn:
            happens(f"server {number}: new program", self._new_program, number)
        for number in in_turn:
            happens(f"server {number}: stopped, 5 s", self.fleet.pause, number, 5, may_fail="UNAVAILABLE", **under_way)
        for number in in_turn if self._hosts else []:
            happens(f"server {number}: cut off, 5 s", self._cut, number, 5, may_fail="UNAVAILABLE", **under_way)
        for number in in_turn:
            # Of a stream whose answer had begun the rest is missing: INTERNAL.
            killed = "UNAVAILABLE|^stream: INTERNAL|^connect: .*503|^connect: IncompleteRead"
            happens(f"server {number}: killed", self.fleet.kill, number, may_fail=killed, **under_way)
        happens("nothing", lambda: None)


def report(happened: list[Happening], load: Load) -> int:
    """Prints a line for each, and returns how many calls were lost that should not have been, or answered wrongly."""
    times = f"{'took s':>8}{'p99 ms before':>15}{'during':>8}{'after':>8}{'balanced s':>12}"
    print(f"{'':26}{'calls':>7}{'failed':>7}{'wrong':>6}{times}{'keys moved':>12}")
    bad, before = 0, 0.0
    ends = [one.begun for one in happened[1:]] + [time.monotonic()]
    for one, end in zip(happened, ends):
        calls = load.ended(one.begun, end)
        failed = collections.Counter(call.failed for call in calls if call.failed)
        wrong = [call.wrong for call in calls if call.wrong]
        during = quantile([call for call in calls if call.begun < one.done], 0.99)
        after = quantile([call for call in calls if call.begun >= one.done], 0.99)
        balanced = balanced_after(calls, one.done, SERVERS)
        moved = sum(call.moved for call in calls if call.kind == "actor")
        times = "".join(f"{s * 1000:{width}.1f}" if s else f"{'-':>{width}}" for s, width in ((before, 15), (during, 8), (after, 8)))
        print(
            f"{one.what:26}{len(calls):7}{failed.total():7}{len(wrong):6}{one.done - one.begun:8.1f}{times}"
            f"{'never' if balanced is None else f'{balanced:.2f}':>12}{moved:12}",
            flush=True,
        )
        for text, count in [*failed.most_common(5), *collections.Counter(wrong).most_common(5)]:
            print(f"    {count} {text}")
        unexpected = sum(n for why, n in failed.items() if not (one.may_fail and re.search(one.may_fail, why)))
        bad += len(wrong) + unexpected + max(0, failed.total() - unexpected - one.most) + (balanced is None)
        before = after
    return bad


@contextlib.contextmanager
def store(folder: pathlib.Path, address: str):
    """Where keys are kept, as a config says it, for all servers the same: in Redis where that is installed, else in a file. And
    what gives the seconds of CPU that it took there."""
    redis = shutil.which("redis-server")
    if redis is None:
        yield {"backend": "sqlite", "path": str(folder / "state"), "durability": "relaxed"}, None
        return
    port, password = free_port(), secrets.token_hex(16)
    bind = sorted({"127.0.0.1", address})
    data = ["--dir", folder, "--save", "", "--appendonly", "yes", "--logfile", folder / "redis.log", "--requirepass", password]
    with running([redis, "--port", port, "--bind", *bind, *data], [port], folder / "redis.stderr") as process:
        settings = {"backend": "redis", "address": f"{address}:{port}", "login.password": password}
        yield settings, functools.partial(processor_seconds, process.pid)


def prove(folder: pathlib.Path, given) -> int:
    with contextlib.ExitStack() as stack:
        hosts, us = stack.enter_context(network.hosts(SERVERS)) if given.inside else ([], "127.0.0.1")
        registry = stack.enter_context(Registry(folder, us).runs())
        state, seconds = stack.enter_context(store(folder, us))
        modules = Modules(registry, given.program, given.guests)
        proof = Proof(folder, given, modules, registry, hosts, state)
        stack.callback(proof.fleet.stop)
        front = stack.enter_context(envoy_before(proof.fleet.addresses, folder, faster=given.short))
        with channel_to(front.any) as channel:
            channel.unary_unary("/fleet.Servers/Say")(b"", timeout=CALL_LIMIT, wait_for_ready=True)
        time.sleep(2)  # until Envoy takes all for healthy
        load = Load(front)
        try:
            proof.everything_happens(load)
        finally:
            load.stop()
        bad = report(proof.happened, load)
        spent = None if seconds is None else seconds()
        lost = load.lost_writes()
    for text in lost[:10]:
        print(f"lost: {text}")
    writes = sum(account.acknowledged for account in load.accounts.values())
    print(f"state in {state['backend']}: {len(load.accounts)} keys, {writes} writes acknowledged, {len(lost)} keys without all of them")
    if spent is not None:
        print(f"Redis took {spent * 1e6 / writes:.0f} us of CPU for a write, in all")
    if not hosts:
        print("none was cut off from the network: that needs unshare, nsenter and ip, and the right to make networks")
    bad += len(lost)
    print(f"{bad} times calls were lost or wrong, or a server had none again" if bad else "nothing was lost but what was under way where that may be")
    return 1 if bad else 0


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--program", type=pathlib.Path, required=True)
    arguments.add_argument("--guests", type=pathlib.Path, required=True)
    arguments.add_argument("--seconds", type=float, default=120, help="about how long all of it takes")
    arguments.add_argument("--short", action="store_true", help="each thing to one server only")
    arguments.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)  # in a network of its own
    given = arguments.parse_args()
    if not given.inside and (begin := network.inside()):
        os.execvp(begin[0], [*begin, sys.executable, *sys.argv, "--inside"])
    os.environ["no_proxy"] = "*"
    given.quiet = 1.5 if given.short else max(2, (given.seconds - TAKES) / (5 * SERVERS + 3))
    with tempfile.TemporaryDirectory() as name:
        return prove(pathlib.Path(name), given)


if __name__ == "__main__":
    sys.exit(main())
