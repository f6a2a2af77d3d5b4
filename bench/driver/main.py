"""The command line, and the order in which things are measured."""

import argparse
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from . import machine, proc
from .callers import CALLER_LOAD_NAMES, run_callers
from .errors import BenchError
from .loads import (ABIS, BESIDE_SPINNERS, CODEC, CORES, EVENT_LOADS, EVENT_STREAMS, FAIRNESS, GREETER_FORMATS, KILLS,
                    OPEN_STREAMS, SHORT_CALLS, THROUGHPUT_LOADS, Tools, check_replies, measure)
from .report import report
from .results import QUIET, Results
from .servers import (YARDSTICK, RunningServer, abi_servers, event_servers, format_servers, known_servers,
                      sharing_servers, web_servers)
from .stores import STORE_LOAD_NAMES, run_stores
from .web_loads import WEB_LOADS

ROOT = Path(__file__).resolve().parents[2]
LOAD_NAMES = [load.name for load in (*THROUGHPUT_LOADS, BESIDE_SPINNERS, KILLS, *OPEN_STREAMS, FAIRNESS, CORES, SHORT_CALLS, GREETER_FORMATS,
                                     ABIS, *WEB_LOADS, *EVENT_LOADS, EVENT_STREAMS, CODEC)] + CALLER_LOAD_NAMES + STORE_LOAD_NAMES


def names_from(known):
    def parse(text):
        names = text.split(",")
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"'{name}' is not one of {', '.join(known)}")
        return [name for name in known if name in names]

    return parse


def at_least(kind, least):
    def parse(text):
        with contextlib.suppress(ValueError):
            if (value := kind(text)) >= least:
                return value
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of at least {least}")

    return parse


def parse_arguments(arguments):
    known = list(known_servers(Path(), Path(), ()))
    cores = sorted(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(
        prog="bench/run",
        description="Measures echo servers side by side, each on one core with the client on another, and prints "
        "Markdown tables. Progress goes to stderr. Exit code 1 when a reply was wrong or something failed.")
    parser.add_argument("--servers", type=names_from(known), default=known, metavar="A,B",
                        help=f"which to measure (default: {','.join(known)})")
    parser.add_argument("--loads", type=names_from(LOAD_NAMES), default=LOAD_NAMES, metavar="A,B",
                        help=f"which loads (default: {','.join(LOAD_NAMES)})")
    parser.add_argument("--repeats", type=at_least(int, 1), metavar="N", help="repeats of each measurement (default: 5)")
    parser.add_argument("--seconds", type=at_least(float, 0.2), metavar="S", help="length of each (default: 2)")
    parser.add_argument("--quick", action="store_true", help="one repeat of 1 s: to see that all works, not to quote")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every sample to FILE")
    parser.add_argument("--build-dir", type=Path, default=ROOT / "build" / "release", metavar="DIR",
                        help="where the programs were built (default: build/release)")
    parser.add_argument("--guest", type=Path, default=ROOT / "build" / "guests" / "echo.wasm", metavar="FILE",
                        help="the module wasm-grpc serves (default: build/guests/echo.wasm)")
    parser.add_argument("--serve-option", action="append", default=[], metavar="OPTION",
                        help="passed on to `wasm-grpc serve`, once or more (--serve-option=--instances=2000)")
    parser.add_argument("--server-core", type=int, default=cores[-1], metavar="N", help="(default: %(default)s)")
    parser.add_argument("--client-core", type=int, default=cores[0], metavar="N", help="(default: %(default)s)")
    settings = parser.parse_args(arguments)
    settings.repeats = settings.repeats or (1 if settings.quick else 5)
    settings.seconds = settings.seconds or (1 if settings.quick else 2)
    settings.spare_repeats = 0 if settings.quick else 2 * settings.repeats  # in the whole run: it is to end in time
    settings.warm_up = min(0.5, settings.seconds / 4)
    if settings.server_core == settings.client_core or not {settings.server_core, settings.client_core} <= set(cores):
        parser.error(f"the server and the client need a core each, of {cores}; got {settings.server_core} and "
                     f"{settings.client_core}")
    return settings


def require_tools(tools, servers):
    for tool, package in (("taskset", "util-linux"), (tools.h2load, "nghttp2-client")):
        if shutil.which(tool) is None:
            raise BenchError(f"{tool} is missing; install Debian's package {package}, or run scripts/install-deps bench")
    for program in (tools.stream_client, tools.fanout_client, tools.latency_client, tools.kill_client,
                    tools.echo_check, tools.protobuf_codec):
        if not Path(program).exists():
            raise BenchError(f"{program} is missing; build it with `cmake -DWASM_GRPC_BUILD_BENCH=ON` and `ninja`")
    for server in servers:
        server.require()


def say(text):
    print(text, file=sys.stderr, flush=True)


def measure_in_turn(load, running, tools, settings, called):
    return {server.server.name: measure(load, tools, server, settings.warm_up, settings.seconds, called)
            for server in running}


def repeat_in_turn(load, running, tools, settings, results, repeats, also=None, called=()):
    """Measures the servers in turn, repeat after repeat; `also` gives samples of each repeat that are taken otherwise,
    `called` are the processes that the servers call.

    A repeat in which other processes took a share of the cores is put aside and measured again, while there are spare
    ones. What is then still disturbed counts, and the report says so.
    """
    repeat = 0
    while repeat < repeats:
        samples = measure_in_turn(load, running, tools, settings, called)
        if also:
            samples |= also()
        rates = ", ".join(f"{name} {sample.rate:,.0f}" for name, sample in samples.items())
        others = max(sample.others_share for sample in samples.values())
        again = others > QUIET and settings.spare_repeats > 0
        note = f"; others took {others:.0%} of a core" + (", again" if again else "") if others > QUIET else ""
        say(f"{load.name} {repeat + 1}/{repeats}: {rates} {load.unit}{note}")
        if again:
            settings.spare_repeats -= 1
            continue
        repeat += 1
        for name, sample in samples.items():
            results.add(load.name, name, sample)


def run_throughput(load, servers, tools, settings, results):
    """All servers are up the whole time; all but one are idle."""
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(RunningServer(server, settings.server_core)) for server in servers]
        repeat_in_turn(load, running, tools, settings, results, settings.repeats)
        for server in running:
            results.peak_kib.setdefault(load.name, {})[server.server.name] = proc.memory_kib(server.pid, "VmHWM")
            check_replies(tools, server)  # after the load as before it


def run_open_streams(load, servers, tools, settings, results):
    of_servers = results.streams_kib.setdefault(load.name, {})
    for repeat in range(min(settings.repeats, 3)):
        for server in servers:
            with RunningServer(server, settings.server_core) as running:
                of_servers.setdefault(server.name, []).append(load.run(tools, running))
        measured = ", ".join(f"{name} {kib[-1][0]:.1f}" for name, kib in of_servers.items())
        say(f"{load.name} {repeat + 1}: {measured} KiB per stream")


def run_beside_spinners(servers, tools, settings, results):
    for repeat in range(settings.repeats):
        for server in servers:
            with RunningServer(server, settings.server_core) as running:
                found = BESIDE_SPINNERS.run(tools, running, settings.seconds)
            results.p99_ms.setdefault(server.name, []).append(found)
            say(f"{BESIDE_SPINNERS.name} {repeat + 1}: p99 {found[1]:.2f} ms, {found[0]:.2f} ms without spinners, "
                f"{found[2]:.2f} ms beside compression")


def run_kills(servers, tools, settings, results):
    for repeat in range(min(settings.repeats, 3)):
        for server in servers:
            with RunningServer(server, settings.server_core) as running:
                late = KILLS.run(tools, running)
            results.late.append(late)
            said = ", ".join(f"{reason} {late[reason]['p95_ms']:.2f} ms" for reason in KILLS.reasons)
            say(f"{KILLS.name} {repeat + 1}: 95 % are stopped within: {said}")


def run_fairness(server, tools, settings, results):
    for repeat in range(min(settings.repeats, 3)):
        with RunningServer(server, settings.server_core) as running:
            figures = FAIRNESS.run(tools, running, settings.seconds)
        results.fairness.append(figures)
        said = ", ".join(f"{name} calls {got['part']:.2f} of a fair part" for name, got in figures.items())
        say(f"{FAIRNESS.name} {repeat + 1}: {said}")


def run_in_turn(load, servers, tools, core, settings, results, repeats=None):
    """A load of which the servers do not echo, and are not checked but by what the load itself sees."""
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(RunningServer(server, core)) for server in servers]
        repeat_in_turn(load, running, tools, settings, results, repeats or settings.repeats)


def run_cores(servers, tools, settings, results):
    """One client with long calls, and with short ones, on a server of one worker and of two, by turns."""
    cores = f"{settings.client_core},{settings.server_core}"
    for load in (CORES, SHORT_CALLS):
        if load.name in settings.loads:
            run_in_turn(load, servers, Tools(settings.build_dir, cores, tools.scratch), cores, settings, results)


def run_events(loads, servers, tools, settings, results):
    for load in loads:
        taking = [server for server in servers if server.takes(load)]
        if load is EVENT_STREAMS:
            run_open_streams(load, taking, tools, settings, results)
        else:
            run_in_turn(load, taking, tools, settings.server_core, settings, results, min(settings.repeats, 3))


def run_web(loads, servers, tools, settings, results):
    for server in servers:
        with RunningServer(server, settings.server_core) as running:
            for load in loads:
                load.check(running)
    for load in loads:
        run_in_turn(load, servers, tools, settings.server_core, settings, results, min(settings.repeats, 3))


def run_codec(tools, settings, results):
    for repeat in range(settings.repeats):
        figures = CODEC.run(tools, settings.guest.with_name("protobuf_bench.wasm"), settings.seconds)
        results.codec.append(figures)
        say(f"{CODEC.name} {repeat + 1}/{settings.repeats}: libprotobuf {figures['libprotobuf_ns']:,.0f} ns, "
            f"in a guest {figures['guest_ns']:,.0f} ns")


def check_all(servers, tools, settings):
    for server in servers:
        with RunningServer(server, settings.server_core) as running:
            cases = check_replies(tools, running)
        say(f"{server.name}: replies of all four kinds of call are right ({cases} cases)")


def run(settings):
    started = time.monotonic()
    known = known_servers(settings.build_dir, settings.guest, settings.serve_option)
    servers = [known[name] for name in settings.servers]
    loads = [load for load in THROUGHPUT_LOADS if load.name in settings.loads]
    open_streams = [load for load in OPEN_STREAMS if load.name in settings.loads]
    sharing = []
    if {CORES.name, SHORT_CALLS.name, FAIRNESS.name} & set(settings.loads):
        sharing = sharing_servers(settings.build_dir, settings.guest.with_name("burn.wasm"))
    formats = format_servers(settings.build_dir, settings.guest.parent) if GREETER_FORMATS.name in settings.loads else []
    abis = abi_servers(settings.build_dir, settings.guest.parent) if ABIS.name in settings.loads else []
    web_loads = [load for load in WEB_LOADS if load.name in settings.loads]
    web = web_servers(settings.build_dir, settings.guest.parent, "grpc-go" in settings.servers) if web_loads else []
    event_loads = [load for load in (*EVENT_LOADS, EVENT_STREAMS) if load.name in settings.loads]
    events = [server for server in event_servers(settings.build_dir, settings.guest.parent, "grpc-go" in settings.servers)
              if any(server.takes(load) for load in event_loads)]
    results = Results()
    with tempfile.TemporaryDirectory(prefix="wasm-grpc-bench-") as scratch:
        tools = Tools(settings.build_dir, settings.client_core, Path(scratch))
        require_tools(tools, [*servers, *sharing, *formats, *abis, *web, *events])
        facts = machine.facts(ROOT, servers, settings)
        if YARDSTICK not in settings.servers:
            say(f"without {YARDSTICK} there are no ratios to the yardstick")
        check_all(servers, tools, settings)
        for load in loads:
            if taking := [server for server in servers if server.takes(load)]:
                run_throughput(load, taking, tools, settings, results)
        if BESIDE_SPINNERS.name in settings.loads:
            run_beside_spinners([server for server in servers if server.takes(BESIDE_SPINNERS)], tools, settings, results)
        if KILLS.name in settings.loads:
            run_kills([server for server in servers if server.takes(KILLS)], tools, settings, results)
        for load in open_streams:
            run_open_streams(load, [server for server in servers if server.takes(load)], tools, settings, results)
        if FAIRNESS.name in settings.loads:
            run_fairness(sharing[0], tools, settings, results)
        if sharing:
            run_cores(sharing, tools, settings, results)
        if formats:
            run_in_turn(GREETER_FORMATS, formats, tools, settings.server_core, settings, results)
        if abis:
            run_in_turn(ABIS, abis, tools, settings.server_core, settings, results)
        run_web(web_loads, web, tools, settings, results)
        run_events(event_loads, events, tools, settings, results)
        callers = run_callers(settings.loads, known[YARDSTICK], "grpc-go" in settings.servers, tools, settings, results,
                              repeat_in_turn, say)
        stores = []
        if set(settings.loads) & set(STORE_LOAD_NAMES):
            stores = run_stores(settings, tools, results, repeat_in_turn, say)
        if CODEC.name in settings.loads:
            run_codec(tools, settings, results)
    print(report(facts, loads, open_streams, servers, sharing, formats, abis, web_loads, web, event_loads, events, callers, stores, results))
    if settings.json:
        settings.json.write_text(json.dumps({"facts": facts, **results.as_json()}, indent=1) + "\n")
    say(f"took {time.monotonic() - started:.0f} s")


def main(arguments=None):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leaves every `with`, which stops the servers
    try:
        run(parse_arguments(arguments))
    except BenchError as error:
        say(f"bench/run: {error}")
        return 1
    except KeyboardInterrupt:
        say("bench/run: interrupted")
        return 130
    return 0
