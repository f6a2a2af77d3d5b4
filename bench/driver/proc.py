"""What Linux says of processes and processors."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """CPU time of all threads of a process, ended ones too."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_kib(pid, field):
    """A memory field of /proc/PID/status: VmRSS is what is resident now, VmHWM the most that ever was."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1])
    raise KeyError(field)


def _busy_seconds():
    """CPU time of the whole machine, that taken by the hypervisor included.

    Without that of interrupts: where the kernel counts it apart, what goes over loopback is in it, and in no process.
    """
    user, nice, system, _idle, _iowait, _irq, _softirq, steal = map(
        int, Path("/proc/stat").read_text().splitlines()[0].split()[1:9])
    return (user + nice + system + steal) / TICKS


@dataclass(frozen=True)
class Usage:
    """CPU seconds spent in a span of `wall` seconds."""

    wall: float
    server: float
    client: float
    others: float


class Meter:
    """Measures the CPU time of the server `pid`, of child processes run and reaped meanwhile, and of all others but
    those that it calls."""

    def __init__(self, pid, called=()):
        self._pid = pid
        self._called = called
        self._start = self._read()

    def _read(self):
        children = os.times()
        return (time.monotonic(), cpu_seconds(self._pid), children.children_user + children.children_system,
                _busy_seconds() - sum(map(cpu_seconds, self._called)))

    def stop(self):
        wall, server, client, busy = (now - then for now, then in zip(self._read(), self._start))
        return Usage(wall, server, client, max(0.0, busy - server - client))
