"""A server process of a test: started, asked for its port, and stopped by its own id."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import time

START_LIMIT = 30  # seconds; generous, for a slow machine
STOP_LIMIT = 30

# What no server may ever write.
ALARMS = re.compile(r"AddressSanitizer|LeakSanitizer|runtime error:|panicked at|terminate called|Assertion .* failed")


def eventually(condition, what: str, limit: float = 20):
    """Waits until condition() is true, and returns what it gave."""
    give_up = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < give_up, f"in {limit} s it did not come to this: {what}"
        time.sleep(0.01)


def processor_seconds(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Server:
    """`command` must print "listening on ADDRESS:PORT". Its output goes to files in `folder`; `process` is for Popen."""

    def __init__(self, folder: pathlib.Path, command: list, **process):
        self._stdout_file = folder / "stdout"
        self._stderr_file = folder / "stderr"
        with open(self._stdout_file, "wb") as stdout, open(self._stderr_file, "wb") as stderr:
            self._process = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, **process
            )
        self._wanted_exit = 0
        try:
            self.address = eventually(self._find_address, "the server listens", START_LIMIT)
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise

    def _find_address(self):
        assert self._process.poll() is None, f"it ended while it started: {self.log}"
        found = re.search(r"^listening on (\S+)\n", self.stdout, re.MULTILINE)
        return found and found.group(1)

    @property
    def host_and_port(self) -> tuple[str, int]:
        host, port = self.address.removeprefix("https://").rsplit(":", 1)
        return host.strip("[]"), int(port)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def stdout(self) -> str:
        return self._stdout_file.read_text(errors="replace")

    @property
    def log(self) -> str:
        return self._stderr_file.read_text(errors="replace")

    def wait_for_log(self, pattern: str) -> re.Match:
        return eventually(lambda: re.search(pattern, self.log), f"the log has {pattern!r}; it is:\n{self.log}")

    def resident_bytes(self) -> int:
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE).group(1)) * 1024

    def processor_seconds(self) -> float:
        return processor_seconds(self.pid)

    def runs(self) -> bool:
        return self._process.poll() is None

    def accepts_connections(self) -> bool:
        try:
            socket.create_connection(self.host_and_port, timeout=5).close()
        except ConnectionError:
            return False
        return True

    def send_stop_signal(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it without giving it a chance to clean up."""
        self._wanted_exit = -signal.SIGKILL
        self._process.kill()
        self._process.wait()

    def wait_for_exit(self, limit: float = STOP_LIMIT) -> int:
        return self._process.wait(limit)

    def stop(self) -> None:
        """Stops it however it is, and says whether it ended as a server should."""
        try:
            # More than once, not to wait for calls that a test left behind; over and over, since two signals that come
            # before the first is taken are one.
            give_up = time.monotonic() + STOP_LIMIT
            while self.runs() and time.monotonic() < give_up:
                self.send_stop_signal()
                time.sleep(0.05)
            exit_code = self.wait_for_exit(1)
        finally:
            self._process.kill()
            self._process.wait()
        assert exit_code == self._wanted_exit, f"exit code {exit_code}; log:\n{self.log}"
        alarm = ALARMS.search(self.log)
        assert not alarm, f"the server wrote {alarm.group()!r}:\n{self.log}"
