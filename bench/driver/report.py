"""The tables, in Markdown."""

from dataclasses import dataclass

from .callers import BASES, HOLDING, caller_goals
from .loads import ABIS, ASYNC_UNARY, CODEC, CORES, EVENT_STREAMS, FAIRNESS, GREETER_FORMATS, SHORT_CALLS
from .results import QUIET
from .servers import (ABI_1, CONNECT_GO, EVENTS, EVENTS_GO, FRESH, GRPC_CPP, GRPC_CPP_GUEST, HANDLED, LATER, MANY, OBSERVED, ONE_WORKER,
                      OURS, PUSH, SPINNING, TLS, TWO_WORKERS, UNCOUNTED, WEB, YARDSTICK)
from .stores import BASES as STORE_BASES
from .stores import store_goals
from .web_loads import WEB_GRPC, WEB_JSON, WEB_LOADS

NOTHING = "–"
KIB_PER_GIB = 1 << 20


def table(headings, rows):
    aligns = ["---"] + ["---:"] * (len(headings) - 1)
    return "\n".join("| " + " | ".join(row) + " |" for row in (headings, aligns, *rows)) + "\n"


def shown(value, form):
    return NOTHING if value is None else format(value, form)


def number(value):
    if value is None:
        return NOTHING
    return f"{value:,.0f}" if value >= 100 else f"{value:,.3g}"


def mebibytes(kib):
    return None if kib is None else kib / 1024


def load_table(load, servers, results, base=YARDSTICK, base_label="yardstick"):
    rows = []
    for server in filter(lambda server: server.takes(load), servers):
        name = server.name
        peak = results.peak_kib.get(load.name, {}).get(name)
        rows.append((
            server.label,
            number(results.median(load.name, name, "rate")),
            shown(results.ratio(load.name, name, base, "rate"), ".2f"),
            number(results.median(load.name, name, "cpu_per_million")),
            shown(results.ratio(load.name, name, base, "cpu_per_million"), ".2f"),
            shown(results.median(load.name, name, "server_share"), ".0%"),
            shown(results.median(load.name, name, "client_share"), ".0%"),
            shown(peak and peak / 1024, ".1f"),
        ))
    headings = ("server", load.unit, f"to {base_label}", f"CPU s per million {load.operation}", f"to {base_label}",
                "server core", "client core", "peak memory, MiB")
    return f"### {load.title}\n\n" + table(headings, rows)


def memory_table(load, servers, results):
    rows = [(server.label, shown(results.stream_memory(load.name, server.name), ".1f"),
             shown(mebibytes(results.memory_with_streams(load.name, server.name)), ".1f"),
             number(inverse(results.stream_memory(load.name, server.name), KIB_PER_GIB)))
            for server in servers if server.takes(load)]
    headings = ("server", "resident memory per stream, KiB", "in all, MiB", "streams per GiB")
    return f"### {load.title}\n\n" + table(headings, rows)


@dataclass(frozen=True)
class Goal:
    """What wasm-grpc is to reach: at least `bound`, or at most when `upper`."""

    what: str
    bound: float
    measured: float | None
    upper: bool = False
    unit: str = "x"

    def row(self):
        wanted = f"{'≤' if self.upper else '≥'} {self.bound:.4g}{self.unit}"
        if self.measured is None:
            return (self.what, wanted, NOTHING, "not measured")
        met = self.measured <= self.bound if self.upper else self.measured >= self.bound
        return (self.what, wanted, f"{self.measured:.2f}{self.unit}", "met" if met else "**missed**")


def inverse(value, dividend=1):
    return None if value is None else dividend / value


def cpu_to(results, load, other):
    """What a call of our own server costs by one load, to that by another."""
    mine, theirs = (results.median(one.name, WEB, "cpu_per_million") for one in (load, other))
    return mine / theirs if mine is not None and theirs else None


def goals(results):
    def rate(load, other):
        return results.ratio(load, OURS, other, "rate")

    for load, text in (("unary-10x10", "unary 10x10"), ("unary-100x10", "unary 100x10")):
        yield Goal(f"{text}: req/s to the yardstick", 0.70, rate(load, YARDSTICK))
        yield Goal(f"{text}: req/s to grpc-go", 3, rate(load, "grpc-go"))
        yield Goal(f"{text}: req/s to grpc++", 5, rate(load, "grpc++"))
        yield Goal(f"{text}: CPU per request to the yardstick", 1.4,
                   results.ratio(load, OURS, YARDSTICK, "cpu_per_million"), upper=True)
    yield Goal("unary 10x10: CPU per request to the same without metrics of each method", 1.04,
               results.ratio("unary-10x10", OURS, UNCOUNTED, "cpu_per_million"), upper=True)
    yield Goal("unary 10x10: CPU per request with metrics, a log of errors and unsampled traces to the same without all", 1.04,
               results.ratio("unary-10x10", OBSERVED, UNCOUNTED, "cpu_per_million"), upper=True)
    yield Goal("unary 10x10 over TLS: req/s to the same without", 0.6, results.ratio("unary-10x10", TLS, OURS, "rate"))
    yield Goal("unary 10x10, a guest in a grpc::Server: req/s to that server's native callback handler", 0.8,
               results.ratio("unary-10x10", GRPC_CPP_GUEST, GRPC_CPP, "rate"))
    yield Goal("unary 10x10, each call in a fresh instance: req/s to the yardstick", 40 / 300,
               results.ratio("unary-10x10", FRESH, YARDSTICK, "rate"))
    yield Goal("the same: CPU per request to the yardstick", 300 / 40,
               results.ratio("unary-10x10", FRESH, YARDSTICK, "cpu_per_million"), upper=True)
    alone = shown(results.p99(SPINNING, 0), ".2f")
    yield Goal(f"cheap calls beside 8 spinning guests on one worker: p99 in slices of 1 ms ({alone} without them)", 2,
               results.p99(SPINNING, 1), upper=True, unit="")
    yield Goal("the same beside one that sends messages of 4 MiB, compressed", 3, results.p99(SPINNING, 2), upper=True,
               unit="")
    for reason, text in (("deadline", "past its deadline"), ("cpu_time", "past its CPU time"), ("cancelled", "cancelled")):
        yield Goal(f"a guest that spins, {text}: gone, 95 % within", 2, results.lateness(reason), upper=True,
                   unit=" ms")
    # With one call under way the rate is the inverse of the mean round trip, and finer than h2load's whole microseconds.
    yield Goal("unary 1x1: round trip to the yardstick", 1.3, inverse(rate("unary-1x1", YARDSTICK)), upper=True)
    yield Goal("unary 1 MiB: bytes/s to the yardstick", 0.6, rate("unary-1MiB", YARDSTICK))
    yield Goal("1,000 open bidi streams: memory per stream", 100, results.stream_memory("open-streams", OURS), upper=True,
               unit=" KiB")
    yield Goal("10,000 open bidi streams, each in an instance: memory in all", 1024,
               mebibytes(results.memory_with_streams("open-10k", MANY)), upper=True, unit=" MiB")
    yield Goal("200 us of computing for each call, one client: req/s with 2 workers to 1", 1.7,
               results.ratio(CORES.name, TWO_WORKERS, ONE_WORKER, "rate"))
    yield Goal("30 us of computing for each call, one client: req/s with 2 workers to 1", 1.5,
               results.ratio(SHORT_CALLS.name, TWO_WORKERS, ONE_WORKER, "rate"))
    for name, _ in FAIRNESS.one_steps:
        yield Goal(f"one client with {name} calls beside 8 that compute in a loop: its part to a fair one", 0.5,
                   results.fair(name, "part"))
    yield Goal("the 8: Jain's index", 0.95, results.fair("long", "jain"), unit="")
    yield Goal("an echo through pantopic-push: req/s to ABI 1", 0.9, results.ratio(ABIS.name, PUSH, ABI_1, "rate"))
    for load in WEB_LOADS:
        yield Goal(f"{load.title}: req/s to connect-go", load.goal, results.ratio(load.name, WEB, CONNECT_GO, "rate"))
    yield Goal("the greeter by Connect in JSON: CPU per request to the same by gRPC", 3, cpu_to(results, WEB_JSON, WEB_GRPC),
               upper=True)
    yield Goal("fan-out to 1,000 subscribers: messages/s to grpc-go", 3, results.ratio("fanout", EVENTS, EVENTS_GO, "rate"))
    yield Goal("asynchronous unary: CPU per request to handler style", 1.2,
               results.ratio(ASYNC_UNARY.name, LATER, HANDLED, "cpu_per_million"), upper=True)
    yield Goal("100,000 open streams in one instance: memory in all", 1536,
               mebibytes(results.memory_with_streams(EVENT_STREAMS.name, EVENTS)), upper=True, unit=" MiB")
    yield from caller_goals(results, Goal)
    yield from store_goals(results, Goal)
    yield Goal("decoding and encoding a protobuf message in a guest: time to libprotobuf, native", 1.3,
               results.codec_ratio("guest_ns"), upper=True)


def codec_table(results):
    contenders = (("libprotobuf_ns", "libprotobuf (C++, -O2), native"), ("native_ns", "generated by wasm-grpc, native"),
                  ("guest_ns", "generated by wasm-grpc, in a guest under Wasmtime"))
    rows = [(label, number(results.codec_ns(name)), shown(results.codec_ratio(name), ".2f"))
            for name, label in contenders]
    title = f"### {CODEC.title}, {results.codec[0]['bytes']} bytes\n\n"
    return title + table(("code", "ns", "to libprotobuf"), rows)


def verdict_table(results):
    return "### Goals of wasm-grpc\n\n" + table(("goal", "wanted", "measured", "verdict"),
                                               [goal.row() for goal in goals(results)])


def quietness(results):
    disturbed, samples, worst = results.disturbed()
    if disturbed == 0:
        return f"No sample was disturbed: other processes took {worst:.0%} of a core at most.\n" if samples else ""
    return (f"**{disturbed} of {samples} samples were disturbed**: other processes took more than {QUIET:.0%} of a core, "
            f"{worst:.0%} at worst. Do not rely on these figures.\n")


def event_table(load, servers, results):
    if load is EVENT_STREAMS:
        return memory_table(load, servers, results)
    base, label = (HANDLED, "handler style") if load is ASYNC_UNARY else (EVENTS_GO, "grpc-go")
    return load_table(load, servers, results, base, label)


def caller_table(load, servers, results):
    if load is not HOLDING:
        return load_table(load, servers, results, *BASES[load.name])
    rows = [(server.label, shown(results.stream_memory(load.name, server.name), ".1f"),
             shown(results.memory_with_streams(load.name, server.name), ".1f")) for server in servers]
    headings = ("server", "resident memory per stream without the guest's, KiB", "with it")
    return f"### {load.title}\n\n" + table(headings, rows)


def report(facts, loads, memory_loads, servers, sharing, formats, abis, web_loads, web, event_loads, event_servers, callers,
           stores, results):
    parts = ["## Benchmark\n", "".join(f"- {fact}\n" for fact in facts), quietness(results), verdict_table(results)]
    parts += [load_table(load, servers, results) for load in loads]
    parts += [memory_table(load, servers, results) for load in memory_loads]
    parts += [load_table(load, sharing, results) for load in (CORES, SHORT_CALLS) if load.name in results.samples]
    if formats:
        parts.append(load_table(GREETER_FORMATS, formats, results))
    if abis:
        parts.append(load_table(ABIS, abis, results, ABI_1, "ABI 1"))
    parts += [load_table(load, web, results, CONNECT_GO, "connect-go") for load in web_loads]
    parts += [event_table(load, event_servers, results) for load in event_loads]
    parts += [caller_table(load, taking, results) for load, taking in callers]
    parts += [load_table(load, taking, results, *STORE_BASES[load.name]) for load, taking in stores]
    if results.codec:
        parts.append(codec_table(results))
    return "\n".join(part for part in parts if part)
