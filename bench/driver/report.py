"""The tables, in Markdown."""

from dataclasses import dataclass

from .loads import CODEC, CORES, GREETER_FORMATS
from .results import QUIET
from .servers import FRESH, MANY, ONE_WORKER, OURS, SPINNING, TLS, TWO_WORKERS, YARDSTICK

NOTHING = "–"


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


def load_table(load, servers, results):
    rows = []
    for server in filter(lambda server: server.takes(load), servers):
        name = server.name
        peak = results.peak_kib.get(load.name, {}).get(name)
        rows.append((
            server.label,
            number(results.median(load.name, name, "rate")),
            shown(results.ratio(load.name, name, YARDSTICK, "rate"), ".2f"),
            number(results.median(load.name, name, "cpu_per_million")),
            shown(results.ratio(load.name, name, YARDSTICK, "cpu_per_million"), ".2f"),
            shown(results.median(load.name, name, "server_share"), ".0%"),
            shown(results.median(load.name, name, "client_share"), ".0%"),
            shown(peak and peak / 1024, ".1f"),
        ))
    headings = ("server", load.unit, "to yardstick", f"CPU s per million {load.operation}", "to yardstick",
                "server core", "client core", "peak memory, MiB")
    return f"### {load.title}\n\n" + table(headings, rows)


def memory_table(load, servers, results):
    rows = [(server.label, shown(results.stream_memory(load.name, server.name), ".1f"),
             shown(mebibytes(results.memory_with_streams(load.name, server.name)), ".1f"))
            for server in servers if server.takes(load)]
    return f"### {load.title}\n\n" + table(("server", "resident memory per stream, KiB", "in all, MiB"), rows)


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


def inverse(value):
    return None if value is None else 1 / value


def goals(results):
    def rate(load, other):
        return results.ratio(load, OURS, other, "rate")

    for load, text in (("unary-10x10", "unary 10x10"), ("unary-100x10", "unary 100x10")):
        yield Goal(f"{text}: req/s to the yardstick", 0.70, rate(load, YARDSTICK))
        yield Goal(f"{text}: req/s to grpc-go", 3, rate(load, "grpc-go"))
        yield Goal(f"{text}: req/s to grpc++", 5, rate(load, "grpc++"))
        yield Goal(f"{text}: CPU per request to the yardstick", 1.4,
                   results.ratio(load, OURS, YARDSTICK, "cpu_per_million"), upper=True)
    yield Goal("unary 10x10 over TLS: req/s to the same without", 0.6, results.ratio("unary-10x10", TLS, OURS, "rate"))
    yield Goal("unary 10x10, each call in a fresh instance: req/s to the yardstick", 40 / 300,
               results.ratio("unary-10x10", FRESH, YARDSTICK, "rate"))
    yield Goal("the same: CPU per request to the yardstick", 300 / 40,
               results.ratio("unary-10x10", FRESH, YARDSTICK, "cpu_per_million"), upper=True)
    alone = shown(results.p99(SPINNING, False), ".2f")
    yield Goal(f"cheap calls beside 8 spinning guests on one worker: p99 in slices of 1 ms ({alone} without them)", 3,
               results.p99(SPINNING, True), upper=True, unit="")
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


def report(facts, loads, memory_loads, servers, sharing, formats, results):
    parts = ["## Benchmark\n", "".join(f"- {fact}\n" for fact in facts), quietness(results), verdict_table(results)]
    parts += [load_table(load, servers, results) for load in loads]
    parts += [memory_table(load, servers, results) for load in memory_loads]
    if sharing:
        parts.append(load_table(CORES, sharing, results))
    if formats:
        parts.append(load_table(GREETER_FORMATS, formats, results))
    if results.codec:
        parts.append(codec_table(results))
    return "\n".join(part for part in parts if part)
