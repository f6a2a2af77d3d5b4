"""The facts without which a figure says little: the machine and the versions."""

import datetime
import os
import platform
import re
import subprocess
from pathlib import Path


def _cpu_model():
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _memory_gib():
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / (1 << 30)


def _system():
    found = re.search(r'^PRETTY_NAME="?([^"\n]+)', Path("/etc/os-release").read_text(), re.MULTILINE)
    return found[1] if found else platform.system()


def _congestion_control():
    return Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()


def _commit(root):
    done = subprocess.run(("git", "-C", str(root), "describe", "--always", "--dirty"), capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else "unknown"


def facts(root, servers, settings):
    h2load = subprocess.run(("h2load", "--version"), capture_output=True, text=True).stdout.strip()
    versions = ", ".join([*(server.version() for server in servers), h2load])
    return [
        f"{_cpu_model()}, {os.cpu_count()} cores, {_memory_gib():.0f} GiB, {_system()}, Linux {platform.release()}",
        f"server on core {settings.server_core}, client on core {settings.client_core}, loopback, "
        f"TCP {_congestion_control()}",
        f"{versions}; commit {_commit(root)}",
        f"{settings.repeats} repeats of {settings.seconds:g} s after {settings.warm_up:g} s of warm-up, servers in turn; "
        f"medians; {datetime.date.today().isoformat()}",
    ]
