"""Runs the loads of guests that ask their store, and shows what came of them: beside the same library used natively, and beside
Redis' own client."""

import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from . import proc
from .errors import BenchError
from .loads import ByServer, Sample, Tools, Unary
from .servers import RunningServer, Server

NOTHING, GET, SET = "store-nothing", "store-get", "store-set"
IN_FILE, RELAXED, IN_REDIS = "store-sqlite", "store-sqlite-relaxed", "store-redis"
NATIVE, NATIVE_TOGETHER, OTHER_CLIENT = "sqlite-native", "sqlite-native-100", "redis-benchmark"
IDLE_STORE, SLOW_STORE = "store-idle", "store-slow"
TOGETHER = 100  # calls under way, and sets to a transaction of the native program
VALUE = 100


@dataclass(frozen=True)
class Asks(Unary):
    """Unary calls of bench/store/guest.cc, which answers with a value."""

    def request(self):
        return bytes(5)

    def reply_size(self):
        return 5 + VALUE


@dataclass(frozen=True)
class AsksOften(Asks):
    """Calls that ask one after the other; what they ask is what is counted."""

    times: int = 25  # as in the guest

    def run(self, tools, running, seconds):
        rate, done = super().run(tools, running, seconds)
        return rate * self.times, done * self.times


def _asks(method, kind=Asks):
    return kind(f"store-{method.lower()}", "", 10, TOGETHER // 10, path=f"/bench.Store/{method}")


_GETS, _SETS = _asks("Gets", AsksOften), _asks("Sets", AsksOften)
IN_MEMORY = ByServer("store-memory", "Unary, one get or set of 100 bytes in memory in each call, 10 connections x 10 streams",
                     {NOTHING: _asks("Nothing"), GET: _asks("Get"), SET: _asks("Set")})
SQLITE_GET = ByServer("store-sqlite-get", "Gets of 100 bytes from a file of SQLite, 100 calls under way, 25 in each",
                      {IN_FILE: _GETS}, "gets/s", "gets")
SQLITE_RELAXED = ByServer("store-sqlite-relaxed", "Sets of 100 bytes in a file of SQLite, relaxed, 100 calls under way, 25 in each",
                          {RELAXED: _SETS}, "sets/s", "sets")
SQLITE_FULL = ByServer("store-sqlite-full", "Sets of 100 bytes in a file of SQLite, each on disk, 100 calls under way, 25 in each",
                       {IN_FILE: _SETS}, "sets/s", "sets")
REDIS_GET = ByServer("store-redis-get", "Gets of 100 bytes from Redis, 100 calls under way, 25 in each",
                     {IN_REDIS: _GETS}, "gets/s", "gets")
REDIS_SET = ByServer("store-redis-set", "Sets of 100 bytes in Redis, 100 calls under way, 25 in each", {IN_REDIS: _SETS}, "sets/s", "sets")
IN_A_FILE = {SQLITE_GET: ("get", "FULL"), SQLITE_RELAXED: ("set", "NORMAL"), SQLITE_FULL: ("set", "FULL")}
ON_REDIS = {REDIS_GET: "get", REDIS_SET: "set"}
BESIDE_SLOW = "store-slow"
STORE_LOADS = (IN_MEMORY, *IN_A_FILE, *ON_REDIS)
STORE_LOAD_NAMES = [*(load.name for load in STORE_LOADS), BESIDE_SLOW]
BASES = {IN_MEMORY.name: (NOTHING, "no store"), SQLITE_GET.name: (NATIVE, "native"),
         SQLITE_RELAXED.name: (NATIVE_TOGETHER, "native, 100 together"), SQLITE_FULL.name: (NATIVE_TOGETHER, "native, 100 together"),
         REDIS_GET.name: (OTHER_CLIENT, "redis-benchmark"), REDIS_SET.name: (OTHER_CLIENT, "redis-benchmark")}


class _Run:
    def __init__(self, settings, tools, results, repeat_in_turn, say):
        self._settings, self._tools, self._results = settings, tools, results
        self._repeat_in_turn, self._say = repeat_in_turn, say
        self._on_server_core = Tools(settings.build_dir, settings.server_core, tools.scratch)
        self._guest = settings.guest.with_name("store_bench.wasm")
        self.measured = []

    def server(self, name, label, *options, guests=()):
        ours = str(self._settings.build_dir / "wasm-grpc")
        modules = [str(self._guest), *map(str, guests)]
        return Server(name, label, (ours, "serve", *modules, "--listen", "127.0.0.1:0", "--workers", "1", *map(str, options)),
                      "build it with `cmake -DWASM_GRPC_BUILD_BENCH=ON` and `ninja`", (ours, "--version"), needs=tuple(modules))

    def in_turn(self, load, servers, natives=(), also=None, called=()):
        with contextlib.ExitStack() as stack:
            running = []
            for server in servers:
                server.require()
                running.append(stack.enter_context(RunningServer(server, self._settings.server_core)))
            self._repeat_in_turn(load, running, self._tools, self._settings, self._results, min(self._settings.repeats, 3), also, called)
        self.measured.append((load, [*servers, *natives]))

    def in_memory(self):
        self.in_turn(IN_MEMORY, [self.server(NOTHING, "wasm-grpc, no store asked"), self.server(GET, "wasm-grpc, a get in memory"),
                                 self.server(SET, "wasm-grpc, a set in memory")])

    def in_a_file(self, load, folder):
        operation, synchronous = IN_A_FILE[load]
        program = self._settings.build_dir / "bench" / "store_native"
        if not program.exists():
            raise BenchError(f"{program} is missing; build it with `cmake -DWASM_GRPC_BUILD_BENCH=ON` and `ninja`")

        def natively(together):
            path = folder / f"{load.name}-native-{together}"
            command = (program, "--path", path, "--operation", operation, "--synchronous", synchronous, "--together", together,
                       "--milliseconds", round(self._settings.seconds * 1000))
            return _alone(lambda: json.loads(self._on_server_core.run(*command, seconds=self._settings.seconds)))

        natives = {NATIVE: 1} if operation == "get" else {NATIVE: 1, NATIVE_TOGETHER: TOGETHER}
        labels = {NATIVE: "SQLite natively" + ("" if operation == "get" else ", a transaction for each"),
                  NATIVE_TOGETHER: f"SQLite natively, {TOGETHER} in a transaction"}
        durability = "full" if synchronous == "FULL" else "relaxed"
        store = ("--store-backend", "sqlite", "--store-path", folder / load.name, "--store-durability", durability)
        (name,) = load.by_server
        self.in_turn(load, [self.server(name, "wasm-grpc, a guest", *store)],
                     [Server(native, labels[native], (), "", ()) for native in natives],
                     lambda: {native: natively(together) for native, together in natives.items()})

    def on_redis(self, load, folder):
        for tool in ("redis-server", "redis-benchmark"):
            if shutil.which(tool) is None:
                raise BenchError(f"{tool} is missing; install Debian's redis-server and redis-tools, or leave {load.name} out")
        operation = ON_REDIS[load]
        with _redis(folder, self._settings.client_core) as (socket, pid):
            def by_redis_benchmark():
                command = ("redis-benchmark", "-s", socket, "-t", operation, "-c", TOGETHER // 16, "-P", 16, "-d", VALUE, "-r", 1000, "-q")

                def run(requests):
                    said = self._on_server_core.run(*command, "-n", requests, seconds=self._settings.seconds)
                    rate = re.findall(r"([\d.]+) requests per second", said)
                    if not rate:
                        raise BenchError(f"redis-benchmark says {said.strip()!r}")
                    return float(rate[-1])

                requests = round(run(200_000) * self._settings.seconds)
                return {OTHER_CLIENT: _alone(lambda: {"operations": requests, "seconds": requests / run(requests)}, (pid,))}

            (name,) = load.by_server
            server = self.server(name, "wasm-grpc, a guest", "--store-backend", "redis", "--store-address", f"unix:{socket}")
            self.in_turn(load, [server], [Server(OTHER_CLIENT, f"redis-benchmark -c {TOGETHER // 16} -P 16", (), "", ())], by_redis_benchmark, (pid,))

    def beside_slow(self, folder):
        """The 99th percentile of calls that use no store: in a server of their own, and where 100 others wait for a file that
        another process holds."""
        echo = self._settings.guest
        store = ("--store-backend", "sqlite", "--store-path", folder / "held", "--store-timeout", 600_000)
        for repeat in range(min(self._settings.repeats, 3)):
            found = {}
            for name, options, waiting in ((IDLE_STORE, (), 0), (SLOW_STORE, store, TOGETHER)):
                with RunningServer(self.server(name, "", *options, guests=(echo,)), self._settings.server_core) as running, \
                        contextlib.ExitStack() as stack:
                    if waiting:
                        other = stack.enter_context(contextlib.closing(sqlite3.connect(folder / "held", isolation_level=None)))
                        other.execute("BEGIN IMMEDIATE")
                    said = self._tools.run(self._tools.latency_client, "--target", running.target, "--neighbour", "/bench.Store/Set",
                                           "--neighbours", waiting, "--milliseconds", round(self._settings.seconds * 1000),
                                           seconds=self._settings.seconds)
                    found[name] = json.loads(said)["p99_ms"]
                    self._results.p99_ms.setdefault(name, []).append((found[name],))
            self._say(f"{BESIDE_SLOW} {repeat + 1}: p99 {found[SLOW_STORE]:.3f} ms, {found[IDLE_STORE]:.3f} ms without")


def _alone(run, called=()):
    """A sample of a program that `run` runs to its end, and which says operations and seconds; `called` is what it asks."""
    meter = proc.Meter(os.getpid(), called)
    done = run()
    usage = meter.stop()
    return Sample(done["operations"] / done["seconds"], usage.client / done["operations"] * 1e6, usage.client / usage.wall, 0.0,
                  usage.others / usage.wall)


@contextlib.contextmanager
def _redis(folder, core):
    """On a socket, its core, without files."""
    socket = folder / "redis"
    process = subprocess.Popen(("taskset", "-c", str(core), "redis-server", "--port", "0", "--unixsocket", socket, "--save", "",
                                "--dir", folder, "--logfile", folder / "redis.log"), stdin=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 20
        while subprocess.run(("redis-cli", "-s", socket, "PING"), capture_output=True).stdout != b"PONG\n":
            if time.monotonic() > end or process.poll() is not None:
                raise BenchError("redis-server does not start")
            time.sleep(0.05)
        yield socket, process.pid
    finally:
        process.kill()
        process.wait()


def run_stores(settings, tools, results, repeat_in_turn, say):
    """Returns what was measured: pairs of a load and its servers."""
    run = _Run(settings, tools, results, repeat_in_turn, say)
    # On a disk: what is in memory is synced at once.
    with tempfile.TemporaryDirectory(prefix="store-", dir=settings.build_dir) as name:
        folder = Path(name)
        for load in STORE_LOADS:
            if load.name not in settings.loads:
                continue
            if load is IN_MEMORY:
                run.in_memory()
            elif load in IN_A_FILE:
                run.in_a_file(load, folder)
            else:
                run.on_redis(load, folder)
        if BESIDE_SLOW in settings.loads:
            run.beside_slow(folder)
    return run.measured


def store_goals(results, goal):
    """`goal` makes one: report.Goal."""
    yield goal("gets from a file of SQLite: a second to native gets", 0.5, results.ratio(SQLITE_GET.name, IN_FILE, NATIVE, "rate"))
    yield goal("sets in a file of SQLite, relaxed: a second to native sets, 100 in a transaction", 0.5,
               results.ratio(SQLITE_RELAXED.name, RELAXED, NATIVE_TOGETHER, "rate"))
    yield goal("sets in a file of SQLite, on disk: a second to native sets, 100 in a transaction", 0.5,
               results.ratio(SQLITE_FULL.name, IN_FILE, NATIVE_TOGETHER, "rate"))
    yield goal("the same to native sets, a transaction for each", 20, results.ratio(SQLITE_FULL.name, IN_FILE, NATIVE, "rate"))
    for load, operation in ON_REDIS.items():
        yield goal(f"{operation}s in Redis: a second to redis-benchmark -P 16 on the same core", 0.6,
                   results.ratio(load.name, IN_REDIS, OTHER_CLIENT, "rate"))
    slow, idle = results.p99(SLOW_STORE, 0), results.p99(IDLE_STORE, 0)
    yield goal("calls that use no store, where 100 others wait for a slow one: p99 to that without", 1.1,
               slow / idle if slow and idle else None, upper=True)
