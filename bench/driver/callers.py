"""Runs the loads of servers that call others, and shows what came of them."""

import contextlib

from .caller_loads import CALLER_LOADS, GATHERING, H2LOAD, HOLDING, LOCAL, OUTBOUND, measure_h2load
from .caller_servers import (GATHER, GATHER_GO, GO_TO_GO, HOLD, ONE_GO, ONE_MODULE, OUT, OUT_GO, TWO_MODULES,
                             CallerServers)
from .loads import Tools
from .servers import YARDSTICK, RunningServer, Server

CALLER_LOAD_NAMES = [load.name for load in (*CALLER_LOADS, HOLDING)]


def run_callers(names, yardstick, with_go, tools, settings, results, repeat_in_turn, say):
    """The yardstick is what they call, on the client's core: it has the least to do of all. Returns what was measured,
    for tables(): pairs of a load and its servers."""
    chosen = set(names) & set(CALLER_LOAD_NAMES)
    if not chosen:
        return []
    servers = CallerServers(settings.build_dir, settings.guest.parent, tools.scratch, with_go)
    repeats = min(settings.repeats, 3)
    measured = []

    def in_turn(load, taking, also=None, called=()):
        for server in taking:
            server.require()
        with contextlib.ExitStack() as stack:
            running = [stack.enter_context(RunningServer(server, settings.server_core)) for server in taking]
            repeat_in_turn(load, running, tools, settings, results, repeats, also, called)
        measured.append((load, taking))

    if LOCAL.name in chosen:
        in_turn(LOCAL, servers.local())
    if not chosen - {LOCAL.name}:
        return measured
    yardstick.require()
    with RunningServer(yardstick, settings.client_core) as echo:
        if OUTBOUND.name in chosen:
            on_their_core = Tools(settings.build_dir, settings.server_core, tools.scratch)

            def by_h2load():
                return {H2LOAD: measure_h2load(on_their_core, echo, settings.warm_up, settings.seconds)}

            in_turn(OUTBOUND, servers.outbound(echo.target), by_h2load, (echo.pid,))
            measured[-1][1].append(Server(H2LOAD, "h2load itself", (), "", ()))
        if GATHERING.name in chosen:
            in_turn(GATHERING, servers.gateways(echo.target), called=(echo.pid,))
        if HOLDING.name in chosen:
            holder = servers.holder(echo.target)
            holder.require()
            with RunningServer(holder, settings.server_core) as running:
                found = HOLDING.run(tools, running, str(settings.build_dir / "wasm-grpc"))
            results.streams_kib.setdefault(HOLDING.name, {})[HOLD] = [found]
            say(f"{HOLDING.name}: {found[0]:.1f} KiB per stream, {found[1]:.1f} with the guest's memory")
            measured.append((HOLDING, [holder]))
    return measured


def caller_goals(results, goal):
    """`goal` makes one: report.Goal."""
    added = results.difference(LOCAL.name, TWO_MODULES, ONE_MODULE, "cpu_per_million")
    added_go = results.difference(LOCAL.name, GO_TO_GO, ONE_GO, "cpu_per_million")
    yield goal("a call of another module: CPU added to one that needs none", 1.0, added, upper=True, unit=" us")
    yield goal("the same to what one of itself over loopback adds to grpc-go: times less", 20,
               added_go / added if added and added_go else None)
    yield goal("outbound unary: calls/s to h2load's on the same core", 0.6,
               results.ratio(OUTBOUND.name, OUT, H2LOAD, "rate"))
    yield goal("outbound unary: calls/s to grpc-go's client", 3, results.ratio(OUTBOUND.name, OUT, OUT_GO, "rate"))
    yield goal("a gateway that asks three: req/s to grpc-go's", 3,
               results.ratio(GATHERING.name, GATHER, GATHER_GO, "rate"))
    yield goal("10,000 outbound streams: memory per stream, the guest's aside", 20,
               results.stream_memory(HOLDING.name, HOLD), upper=True, unit=" KiB")


BASES = {LOCAL.name: (ONE_MODULE, "one module"), OUTBOUND.name: (H2LOAD, "h2load"), GATHERING.name: (GATHER_GO, "grpc-go")}
