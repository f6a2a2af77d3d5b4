"""Hosts on this machine: each a network namespace with an address and a cable of its own, to one switch in ours.

Whoever uses them has to be in a namespace of their own, so that nothing of the machine's network is changed: `inside()`
is what a command begins with to be so. All of it is gone when its processes are."""

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess

from server import eventually

SWITCH, PREFIX = "switch", "10.77.0"


def inside() -> list[str] | None:
    """What a command begins with to run in a network of its own; None where this machine does not let us."""
    if not all(map(shutil.which, ("unshare", "nsenter", "ip"))):
        return None
    begin = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]
    trial = f"ip link set lo up && ip link add name {SWITCH} type bridge && ip link add name one type veth peer name other"
    tried = subprocess.run([*begin, "sh", "-c", trial], capture_output=True, timeout=20)
    return begin if tried.returncode == 0 else None


def ip(*arguments, within: list[str] = ()) -> None:
    subprocess.run([*within, "ip", *map(str, arguments)], check=True, timeout=20)


class Host:
    """`address` is its own; a command that begins with `prefix` runs there."""

    def __init__(self, number: int):
        self.address = f"{PREFIX}.{10 + number}"
        self._cable = f"cable{number}"
        # It keeps the namespace, and ends with us however we end.
        self._keeper = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        try:
            own = os.readlink("/proc/self/ns/net")
            theirs = pathlib.Path(f"/proc/{self._keeper.pid}/ns/net")
            eventually(lambda: os.readlink(theirs) != own, "the host has a network of its own")
            self.prefix = ["nsenter", f"--net={theirs}", "--"]
            ip("link", "add", "name", self._cable, "type", "veth", "peer", "name", "eth0", "netns", self._keeper.pid)
            ip("address", "add", f"{self.address}/24", "dev", "eth0", within=self.prefix)
            for device in ("lo", "eth0"):
                ip("link", "set", device, "up", within=self.prefix)
            ip("link", "set", self._cable, "up")
            self.mend()
        except BaseException:
            self.remove()
            raise

    def cut(self) -> None:
        """Unplugs it: what is sent to it, or by it, is gone without a word."""
        ip("link", "set", self._cable, "nomaster")

    def mend(self) -> None:
        ip("link", "set", self._cable, "master", SWITCH)

    def remove(self) -> None:
        self._keeper.stdin.close()
        self._keeper.wait(20)


@contextlib.contextmanager
def hosts(count: int):
    """That many hosts, and our own address as they see it."""
    own = {name for _, name in socket.if_nameindex()}
    assert own == {"lo"}, f"not in a network of our own, as inside() begins one, but in that of {own}"
    ip("link", "set", "lo", "up")
    ip("link", "add", "name", SWITCH, "type", "bridge")
    ip("address", "add", f"{PREFIX}.1/24", "dev", SWITCH)
    ip("link", "set", SWITCH, "up")
    with contextlib.ExitStack() as stack:
        made = []
        for number in range(count):
            made.append(Host(number))
            stack.callback(made[-1].remove)
        yield made, f"{PREFIX}.1"
