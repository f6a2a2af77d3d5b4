"""Loads of servers that call others: what a call costs who makes it."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import proc
from .caller_servers import (GATHER, GATHER_GO, GO_TO_GO, HOLD, ONE_GO, ONE_MODULE, OUT, OUT_ASYNC, OUT_GO, TWO_MODULES,
                             TWO_MODULES_ASYNC)
from .errors import BenchError
from .loads import ByServer, Sample, Unary

H2LOAD = "h2load"


def _unary(path, **more):
    return Unary(path.rpartition("/")[2].lower(), "", 10, 10, path=path, **more)


@dataclass(frozen=True)
class Gather(Unary):
    """Answered with three messages, one after the other."""

    path: str = "/bench.Caller/Gather"

    def reply_size(self):
        return 5 + 3 * (len(self.request()) - 5)


@dataclass(frozen=True)
class Drive(Unary):
    """Each call makes so many others, which are what is counted."""

    calls: int = 25

    def request(self):
        message = b"\x08" + bytes((self.calls,))
        return b"\x00" + len(message).to_bytes(4, "big") + message

    def reply_size(self):
        return 5 + 10  # the prefix, two fixed32

    def run(self, tools, running, seconds):
        rate, done = super().run(tools, running, seconds)
        return rate * self.calls, done * self.calls


_ECHO, _FORWARD = _unary("/echo.Echo/Unary"), _unary("/bench.Caller/Forward")
LOCAL = ByServer("local-calls", "Unary, answered by one server, and by one that calls another for it, 10 connections x "
                 "10 streams, 7-byte message",
                 {ONE_MODULE: _ECHO, TWO_MODULES: _FORWARD, TWO_MODULES_ASYNC: _unary("/bench.Caller/ForwardAsync"),
                  ONE_GO: _ECHO, GO_TO_GO: _FORWARD})
OUTBOUND = ByServer("calls-out", "Outbound unary calls to the yardstick, 100 under way on one connection, 7-byte message",
                    {OUT: Drive("drive", "", 10, 10, path="/bench.Caller/Drive"),
                     OUT_ASYNC: Drive("drive-async", "", 10, 10, path="/bench.Caller/DriveAsync"),
                     OUT_GO: Drive("drive", "", 10, 10, path="/bench.Caller/Drive")}, "calls/s", "calls")
GATHERING = ByServer("gateway", "A gateway that asks the yardstick three times at once for each call, and merges the "
                     "answers, 10 connections x 10 streams, 7-byte message",
                     {GATHER: Gather("gather", "", 10, 10), GATHER_GO: Gather("gather", "", 10, 10)})


@dataclass(frozen=True)
class Hold:
    """Resident memory of the caller for each bidi stream that it has open, its guest's own memory aside."""

    name: str = "calls-open"
    title: str = "10,000 outbound bidi streams open at once, one message echoed on each"
    streams: int = 10_000
    for_all: bool = False

    def run(self, tools, running, program):
        """KiB per stream without the guest's memory, and with it."""
        proto = Path(__file__).resolve().parents[1] / "calls" / "caller.proto"
        call = (program, "call", running.target, "bench.Caller/Hold", "--proto", str(proto), "--lines", "--max-time", "60000", "--json")
        # Those first ones make what is needed once.
        small = self._hold(tools, running, call, 10)
        large = self._hold(tools, running, call, self.streams)
        grown = large[0] - small[0]
        guest = large[1] - small[1]
        return (grown - guest) / self.streams, grown / self.streams

    @staticmethod
    def _hold(tools, running, call, streams):
        """KiB that are resident while so many streams are open, and of the guest's memory."""
        holder = subprocess.Popen(tools.pinned(*call, json.dumps({"count": streams})), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            said = holder.stdout.readline()  # the call gives up by itself
            try:
                done = json.loads(said)
            except ValueError:
                why = holder.communicate(timeout=40)[1].strip() or said
                raise BenchError(f"server {running.server.name} does not hold {streams} streams: {why}") from None
            if done.get("count") != streams:
                raise BenchError(f"server {running.server.name} says that it holds {said.strip()}")
            resident = proc.memory_kib(running.pid, "VmRSS")
        finally:
            holder.kill()
            holder.wait()
            holder.stdout.close()
            holder.stderr.close()
        running.require_alive()
        return resident, done["memoryKib"]


HOLDING = Hold()
CALLER_LOADS = (LOCAL, OUTBOUND, GATHERING)


def measure_h2load(tools, echo, warm_up, seconds):
    """The same calls as OUTBOUND's by h2load itself on the core of those that call, whose CPU time is counted."""
    load = Unary("direct", "", 1, 100)
    load.run(tools, echo, warm_up)
    meter = proc.Meter(echo.pid)
    rate, operations = load.run(tools, echo, seconds)
    usage = meter.stop()
    return Sample(rate, usage.client / operations * 1e6, usage.client / usage.wall, usage.server / usage.wall,
                  usage.others / usage.wall)
