"""The loads: what each client run does, and what is read from its output."""

import json
import re
import subprocess
from dataclasses import dataclass, field

from . import proc
from .errors import BenchError
from .servers import ABI_1, AT_ONCE, HANDLED, KILLING_CPU_TIME, LATER, LATER_BY_HAND, LATER_GO, PULL, PUSH

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Sample:
    """One measurement. `rate` is in the load's unit per second; CPU is in seconds per million operations."""

    rate: float
    cpu_per_million: float
    server_share: float
    client_share: float
    others_share: float

    @classmethod
    def of(cls, rate, operations, usage):
        return cls(rate, usage.server / operations * 1e6, usage.server / usage.wall, usage.client / usage.wall,
                   usage.others / usage.wall)


class Tools:
    """The clients, where they are, and the core they run on."""

    def __init__(self, build, core, scratch):
        self.h2load = "h2load"
        self.stream_client = str(build / "bench" / "stream_client")
        self.fanout_client = str(build / "bench" / "fanout_client")
        self.latency_client = str(build / "bench" / "latency_client")
        self.kill_client = str(build / "bench" / "kill_client")
        self.fairness_client = str(build / "bench" / "fairness_client")
        self.echo_check = str(build / "bench" / "echo_check")
        self.protobuf_codec = str(build / "bench" / "protobuf_codec")
        self.scratch = scratch
        self._core = str(core)

    def pinned(self, *command):
        return ("taskset", "-c", self._core, *map(str, command))

    def run(self, *command, seconds):
        """Runs a client to its end and returns what it printed; `seconds` is how long it should take."""
        limit = seconds + 30
        try:
            done = subprocess.run(self.pinned(*command), capture_output=True, text=True, timeout=limit)
        except subprocess.TimeoutExpired:
            raise BenchError(f"{command[0]} had not ended after {limit:.0f} s") from None
        if done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()
            raise BenchError(f"{command[0]} failed (exit code {done.returncode}): {said[-1]}")
        return done.stdout


def _varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def framed_message(payload_size):
    """A gRPC frame with message Message { bytes payload = 1; }."""
    message = b"\x0a" + _varint(payload_size) + bytes(ord("a") + i % 26 for i in range(payload_size))
    return b"\x00" + len(message).to_bytes(4, "big") + message


@dataclass(frozen=True)
class Unary:
    """Unary calls by h2load."""

    name: str
    title: str
    connections: int
    streams: int
    payload: int = 5
    unit: str = "req/s"
    operation: str = "requests"
    for_all: bool = True  # servers take part that name no loads
    path: str = "/echo.Echo/Unary"

    def request(self):
        return framed_message(self.payload)

    def reply_size(self):
        return len(self.request())

    def reply_sizes(self):
        """The fewest bytes that a right answer has, and the most."""
        size = self.reply_size()
        return size, size

    def headers(self):
        return ("content-type: application/grpc", "te: trailers")

    def run(self, tools, running, seconds):
        """Returns (rate, operations), 0 when none ended. Raises when one failed as far as h2load can tell."""
        body = tools.scratch / f"{self.name}.body"
        if not body.exists():
            body.write_bytes(self.request())
        headers = (part for header in self.headers() for part in ("-H", header))
        text = tools.run(tools.h2load, "-t", 1, "-c", self.connections, "-m", self.streams, "-D",
                         f"{round(seconds * 1000)}ms", "-d", body, *headers, f"{running.url}{self.path}", seconds=seconds)
        return self._read(text)

    def _read(self, text):
        def number(pattern):
            found = re.search(pattern, text)
            if not found:
                raise BenchError(f"h2load's output has no match for `{pattern}`; this driver knows that of nghttp2 1.52")
            return float(found[1])

        done = int(number(r"requests: .* (\d+) done"))
        bad = sum(int(number(rf"requests: .* (\d+) {word}")) for word in ("failed", "errored", "timeout"))
        if done == 0:
            return 0.0, 0
        if bad or number(r"status codes: (\d+) 2xx") < done:
            raise BenchError(f"{bad} of {done} calls failed, or were not answered with HTTP 200")
        data = number(r"\((\d+)\) data")
        under_way = self.connections * self.streams
        least, most = self.reply_sizes()
        if not done * least <= data <= (done + under_way) * most:
            raise BenchError(f"{done} calls brought {data:.0f} bytes; expected {least} to {most} each")
        per_second = number(r"finished in .*, ([\d.]+) req/s")
        return per_second * ((least - 5) / MEBIBYTE if self.unit == "MiB/s" else 1), done


@dataclass(frozen=True)
class Burn(Unary):
    """Unary calls of bench/burn.cc."""

    path: str = "/burn.Burn/Unary"
    steps: int = 0

    def request(self):
        message = b"\x08" + _varint(self.steps)
        return b"\x00" + len(message).to_bytes(4, "big") + message

    def reply_size(self):
        return 5 + 9  # the prefix, a fixed64


@dataclass(frozen=True)
class Framed(Unary):
    """Unary calls with a message that is given, and a reply of a size that is known."""

    message: bytes = b""
    reply: int = 0

    def request(self):
        return b"\x00" + len(self.message).to_bytes(4, "big") + self.message

    def reply_size(self):
        return 5 + self.reply


@dataclass(frozen=True)
class Streaming:
    """Streaming calls by bench/stream_client, or another client, which checks every reply."""

    name: str
    title: str
    arguments: tuple
    unit: str = "messages/s"
    operation: str = "messages"
    for_all: bool = True
    client: str = "stream_client"

    def run(self, tools, running, seconds):
        text = tools.run(getattr(tools, self.client), *self.arguments, "--target", running.target, "--milliseconds",
                         round(seconds * 1000), seconds=seconds)
        result = json.loads(text)
        return result["messages"] / result["seconds"], result["messages_total"]


THROUGHPUT_LOADS = (
    Unary("unary-1x1", "Unary, 1 connection x 1 stream, 7-byte message", 1, 1),
    Unary("unary-1x10", "Unary, 1 connection x 10 streams, 7-byte message", 1, 10),
    Unary("unary-10x10", "Unary, 10 connections x 10 streams, 7-byte message", 10, 10),
    Unary("unary-100x10", "Unary, 100 connections x 10 streams, 7-byte message", 100, 10),
    Unary("unary-1MiB", "Unary, 2 connections x 2 streams, 1 MiB message", 2, 2, payload=MEBIBYTE - 4, unit="MiB/s"),
    Streaming("server-stream", "Server stream, 10 connections x 10 streams, calls of 1,000 7-byte messages",
              ("server-stream", "--count", 1000)),
    Streaming("bidi-ping-pong", "Bidi stream, 10 connections x 10 streams, one 7-byte message under way on each",
              ("bidi", "--inflight", 1)),
    Streaming("bidi-pipelined", "Bidi stream, 10 connections x 10 streams, 16 7-byte messages under way on each",
              ("bidi", "--inflight", 16)),
)

# Some 200 us of CPU for each call.
CORES = Burn("cores", "Unary, some 200 us of computing for each, 1 connection x 32 streams, all on both cores", 1, 32,
             steps=670_000)
SHORT_CALLS = Burn("cores-30us", "Unary, some 30 us of computing for each, 1 connection x 32 streams, all on both cores", 1,
                   32, steps=100_000)


@dataclass(frozen=True)
class ByServer:
    """Unary calls that differ by the server."""

    name: str
    title: str
    by_server: dict = field(compare=False)  # server name -> Unary
    unit: str = "req/s"
    operation: str = "requests"
    for_all: bool = True

    def run(self, tools, running, seconds):
        return self.by_server[running.server.name].run(tools, running, seconds)


def _greeting(name, path, request, reply_size):
    return Framed(f"greeter-{name}", "", 10, 10, path=path, message=request, reply=reply_size)


# The name is "Ada"; the reply is "Hello Ada".
_FLAT_REQUEST = bytes.fromhex("0c000000 00000600 08000400 06000000 04000000 03000000 41646100")  # by flatc --binary
_SAY_HELLO = "/helloworld.Greeter/SayHello"
GREETER_FORMATS = ByServer("greeter-formats", "The greeter in three formats of messages, and in Go, unary, "
                           "10 connections x 10 streams", {
    "by-hand": _greeting("by-hand", _SAY_HELLO, b"\x0a\x03Ada", 11),
    "generated": _greeting("generated", _SAY_HELLO, b"\x0a\x03Ada", 11),
    "go": _greeting("go", _SAY_HELLO, b"\x0a\x03Ada", 11),
    "flatbuffers": _greeting("flatbuffers", "/flatgreeter.Greeter/SayHello", _FLAT_REQUEST, 36),
})


def _paths(paths):
    return {server: Unary(server, "", 10, 10, path=path) for server, path in paths.items()}


ABIS = ByServer("abis", "Unary echo by guests of each ABI, 10 connections x 10 streams, 7-byte message",
                _paths({ABI_1: "/echo.Echo/Unary", PUSH: "/pantopic.Unary/Echo", PULL: "/pantopic.Unary/Echo"}))
ASYNC_UNARY = ByServer("async-unary", "Asynchronous unary, 10 connections x 10 streams, 7-byte message",
                       _paths({HANDLED: "/bench.Events/Handled", AT_ONCE: "/bench.Events/AtOnce",
                               LATER: "/bench.Events/Later", LATER_BY_HAND: "/bench.Events/Later",
                               LATER_GO: "/bench.Events/Later"}))
EVENT_LOADS = (
    Streaming("fanout", "Fan-out: 1 publisher, 1,000 subscribers on 10 connections, 8 messages of 9 bytes under way", (),
              client="fanout_client"),
    Streaming("event-ping-pong", "Bidi stream in event style, 10 connections x 10 streams, one 7-byte message under way "
              "on each", ("bidi", "--inflight", 1, "--path", "/bench.Events/Chat")),
    ASYNC_UNARY,
)


@dataclass(frozen=True)
class Codec:
    """What it costs to decode and encode a typical message, natively and in a guest, by bench/protobuf_codec."""

    name: str = "protobuf"
    title: str = "Decoding and encoding a protobuf message, without calls"

    def run(self, tools, guest, seconds):
        """The nanoseconds of each contender, and the bytes of the message."""
        return json.loads(tools.run(tools.protobuf_codec, guest, 3 * seconds, seconds=3 * seconds))


CODEC = Codec()


def measure(load, tools, running, warm_up, seconds, called=()):
    try:
        load.run(tools, running, warm_up)
        meter = proc.Meter(running.pid, called)
        rate, operations = load.run(tools, running, seconds)
        usage = meter.stop()
        running.require_alive()
        if operations == 0:
            raise BenchError(f"nothing ended within {seconds:g} s")
    except BenchError as error:
        raise BenchError(f"{load.name} on {running.server.name}: {error}") from error
    return Sample.of(rate, operations, usage)


@dataclass(frozen=True)
class OpenStreams:
    """Resident memory of the server for each open bidi stream that has echoed one message."""

    name: str = "open-streams"
    title: str = "1,000 open bidi streams (10 connections x 100), one message echoed on each"
    connections: int = 10
    streams: int = 100
    for_all: bool = True
    path: str = "/echo.Echo/BidiStream"

    def run(self, tools, running):
        """KiB per stream, and in all. One call before, so that what the server needs once is not counted."""
        tools.run(tools.stream_client, "bidi", "--target", running.target, "--connections", 1, "--streams", 1,
                  "--path", self.path, "--milliseconds", 200, seconds=1)
        before = proc.memory_kib(running.pid, "VmRSS")
        holder = subprocess.Popen(
            tools.pinned(tools.stream_client, "hold", "--target", running.target, "--connections", self.connections,
                         "--streams", self.streams, "--path", self.path),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            said = holder.stdout.readline()  # the client gives up by itself after 30 s
            if said != f"holding {self.connections * self.streams}\n":
                why = holder.communicate(timeout=40)[1].strip() or said
                raise BenchError(f"server {running.server.name} does not hold {self.connections * self.streams} streams: {why}")
            after = proc.memory_kib(running.pid, "VmRSS")
            holder.communicate(timeout=40)
        finally:
            if holder.poll() is None:
                holder.kill()
                holder.wait()
        running.require_alive()
        return (after - before) / (self.connections * self.streams), after


@dataclass(frozen=True)
class BesideSpinners:
    """How long cheap calls take beside guests of the same worker that compute without end, and without them."""

    name: str = "beside-spinners"
    title: str = "Unary, 4 connections x 1 stream, one worker, beside 8 guests that compute without end"
    neighbours: tuple = (("/test.Guest/Spin", 8), ("/test.Abuses/SendCompressed", 1))
    for_all: bool = False

    def run(self, tools, running, seconds):
        """The 99th percentiles in ms: alone, beside those that spin, and beside one that sends messages of 4 MiB compressed."""
        def p99(path, count):
            text = tools.run(tools.latency_client, "--target", running.target, "--neighbour", path, "--neighbours", count,
                             "--milliseconds", round(seconds * 1000), seconds=seconds)
            return json.loads(text)["p99_ms"]

        percentiles = p99(self.neighbours[0][0], 0), *(p99(path, count) for path, count in self.neighbours)
        running.require_alive()
        return percentiles


@dataclass(frozen=True)
class Kills:
    """How late guests that compute without end are stopped."""

    name: str = "kills"
    title: str = "Calls that compute without end: past their deadline, past their CPU time, cancelled"
    reasons: tuple = ("deadline", "cpu_time", "cancelled")
    for_all: bool = False

    def run(self, tools, running):
        """By reason: what bench/kill_client prints of it, in ms."""
        text = tools.run(tools.kill_client, "--target", running.target, "--cpu-time", KILLING_CPU_TIME, seconds=6)
        running.require_alive()
        return json.loads(text)


@dataclass(frozen=True)
class Fairness:
    """How much of one worker a client gets beside eight others that call in a loop, some 4 ms of computing each."""

    name: str = "fairness"
    title: str = "One worker, 8 clients that call in a loop, 4 ms of computing for each call, and one other"
    others: int = 8
    steps: int = 13_000_000
    one_steps: tuple = (("short", 1_600_000), ("long", 30_000_000))  # some 0.5 and 9 ms

    def run(self, tools, running, seconds):
        """By what the one asks for: its part to its fair one, which is that of all nine; and Jain's index of the eight."""
        figures = {}
        for name, steps in self.one_steps:
            text = tools.run(tools.fairness_client, "--target", running.target, "--one-steps", steps, "--others",
                             self.others, "--steps", self.steps, "--milliseconds", round(2000 * seconds),
                             seconds=2 * seconds)
            said = json.loads(text)
            computed = said["one"] * steps
            in_all = computed + sum(said["others"]) * self.steps
            jain = sum(said["others"]) ** 2 / (self.others * sum(done ** 2 for done in said["others"]))
            figures[name] = {"part": computed / in_all * (self.others + 1), "jain": jain}
        running.require_alive()
        return figures


FAIRNESS = Fairness()
BESIDE_SPINNERS = BesideSpinners()
KILLS = Kills()
OPEN_STREAMS = (
    OpenStreams(),
    OpenStreams("open-10k", "10,000 open bidi streams (100 connections x 100), one message echoed on each", 100,
                for_all=False),
)
EVENT_STREAMS = OpenStreams("event-streams", "100,000 open bidi streams in one instance (100 connections x 1,000), one "
                            "message echoed on each", 100, 1000, path="/bench.Events/Chat")


def check_replies(tools, running):
    """Calls every method and compares every byte; returns how many cases there were."""
    try:
        done = subprocess.run(tools.pinned(tools.echo_check, "--target", running.target), capture_output=True,
                              text=True, timeout=240)
    except subprocess.TimeoutExpired:
        raise BenchError(f"server {running.server.name}: echo_check had not ended after 240 s") from None
    lines = done.stdout.splitlines()
    if done.returncode != 0:
        wrong = [line for line in lines if not line.endswith(": ok")] + done.stderr.strip().splitlines()
        raise BenchError(f"server {running.server.name} answers wrongly: {'; '.join(wrong) or 'echo_check failed'}")
    return len(lines)
