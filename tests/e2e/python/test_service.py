"""The server as a service: what it tells who manages it, sockets that it is started with, and a successor that takes its
place without a client being refused."""

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time

import grpc
import pytest
import versioned_pb2
import versioned_pb2_grpc
from server import START_LIMIT, Server, eventually
from versions import version_of

LIMIT = 30
FIRST = 3  # the first descriptor that is passed


class Manager:
    """The socket of whoever manages services, and what it was told."""

    def __init__(self, folder: pathlib.Path, abstract: bool):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.name = f"@wasm-grpc-test-{os.getpid()}" if abstract else str(folder / "notify")
        self._socket.bind(self.name.replace("@", "\0", 1) if abstract else self.name)
        self._socket.settimeout(START_LIMIT)

    def next(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self._socket.recv(4096).decode().split("\n"))

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    made = Manager(tmp_path, request.param == "abstract")
    yield made
    made.close()


@pytest.fixture
def start(program, tmp_path_factory):
    """start(flags..., env={...}) starts a server, which is stopped, and judged, after the test; with sockets=[...] it is
    passed these, by the names of `names`, or without saying so where that is None."""
    servers = []

    def begin(*flags, sockets=(), names=None, env=None, listen="127.0.0.1:0") -> Server:
        command = [program, "serve", *flags, *(["--listen", listen] if listen else [])]
        environment = {**os.environ, **(env or {})}
        with contextlib.ExitStack() as stack:
            more = {}
            if sockets:
                # Copies without the flag, from FIRST on, once the child has forked. (socket.dup() would have the socket
                # block, for all that have it.)
                given = [os.dup(one.fileno()) for one in sockets]
                for one in given:
                    stack.callback(os.close, one)
                places = list(range(FIRST, FIRST + len(given)))
                high = [200 + place for place in places]
                moves = "".join(f"exec {to}<&{fd} {fd}<&-; " for fd, to in zip(given, high))
                moves += "".join(f"exec {to}<&{fd} {fd}<&-; " for fd, to in zip(high, places))
                if names is not None:
                    environment |= {"LISTEN_FDS": str(len(given)), "LISTEN_FDNAMES": names}
                    moves += "export LISTEN_PID=$$; "
                command = ["bash", "-c", moves + 'exec "$@"', "bash", *command]
                more = {"pass_fds": given}
            servers.append(Server(tmp_path_factory.mktemp("server"), command, env=environment, **more))
        return servers[-1]

    yield begin
    for server in servers:
        server.stop()


@pytest.fixture
def listening():
    """A socket that somebody else holds."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as made:
        yield made


def stub_at(address: str) -> versioned_pb2_grpc.VersionedStub:
    return versioned_pb2_grpc.VersionedStub(
        grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)])
    )


def address_of(listener: socket.socket) -> str:
    return "%s:%d" % listener.getsockname()


# ---- What it tells ----


def test_a_manager_is_told_when_it_serves_reloads_and_stops(manager, start, guest, connect):
    server = start(guest("versioned_1"), "--drain-timeout", "7000", env={"NOTIFY_SOCKET": manager.name})
    ready = manager.next()
    assert ready["READY"] == "1"
    assert ready["STATUS"] == f"serving 1 module on {server.address}"
    assert version_of(versioned_pb2_grpc.VersionedStub(connect(server))) == 1

    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    os.kill(server.pid, signal.SIGHUP)
    reloading = manager.next()
    assert reloading["RELOADING"] == "1"
    assert before <= int(reloading["MONOTONIC_USEC"]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert manager.next() == {"READY": "1", "STATUS": "reloaded: nothing has changed"}

    server.send_stop_signal()
    stopping = manager.next()
    assert stopping["STOPPING"] == "1"
    assert int(stopping["EXTEND_TIMEOUT_USEC"]) == 12_000_000
    assert server.wait_for_exit() == 0


def test_a_reload_that_fails_ends_too(manager, start, guest, tmp_path):
    file = tmp_path / "module.wasm"
    file.write_bytes(guest("versioned_1").read_bytes())
    server = start(file, env={"NOTIFY_SOCKET": manager.name})
    assert manager.next()["READY"] == "1"
    file.write_bytes(b"no module")
    os.kill(server.pid, signal.SIGHUP)
    assert manager.next()["RELOADING"] == "1"
    told = manager.next()
    assert told["READY"] == "1" and told["STATUS"].startswith("not reloaded, what was served is served on: ")


def test_a_manager_that_watches_hears_that_it_is_alive(manager, start, guest):
    server = start(guest("versioned_1"), env={"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "400000"})
    assert manager.next()["READY"] == "1"
    for _ in range(5):
        assert manager.next() == {"WATCHDOG": "1"}
    # A process that hangs says nothing: it is not enough that it exists.
    os.kill(server.pid, signal.SIGSTOP)
    manager._socket.settimeout(1)
    with pytest.raises(TimeoutError):
        while True:
            manager.next()
    os.kill(server.pid, signal.SIGCONT)
    manager._socket.settimeout(START_LIMIT)
    assert manager.next() == {"WATCHDOG": "1"}


def test_a_watchdog_of_another_process_is_not_answered(manager, start, guest):
    environment = {"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"}
    start(guest("versioned_1"), env=environment)
    assert manager.next()["READY"] == "1"
    manager._socket.settimeout(1)
    with pytest.raises(TimeoutError):
        manager.next()


@pytest.mark.parametrize("name", ["relative", "/nowhere/at/all", "/" + "x" * 200])
def test_a_manager_that_cannot_be_told_is_no_reason_not_to_serve(start, guest, connect, name):
    server = start(guest("versioned_1"), env={"NOTIFY_SOCKET": name})
    assert version_of(versioned_pb2_grpc.VersionedStub(connect(server))) == 1
    server.wait_for_log(r"warning host: the manager of the service is told nothing: NOTIFY_SOCKET=")


def test_a_pid_file_is_there_while_it_serves(start, guest, tmp_path):
    file = tmp_path / "pid"
    file.write_text("left behind\n")
    server = start(guest("versioned_1"), "--pid-file", str(file))
    assert file.read_text() == f"{server.pid}\n"
    server.send_stop_signal()
    assert server.wait_for_exit() == 0
    assert not file.exists()


def test_a_pid_file_of_a_successor_stays(start, guest, tmp_path):
    file = tmp_path / "pid"
    first = start(guest("versioned_1"), "--pid-file", str(file))
    second = start(guest("versioned_1"), "--pid-file", str(file))
    first.send_stop_signal()
    assert first.wait_for_exit() == 0
    assert file.read_text() == f"{second.pid}\n"


def test_a_pid_file_that_cannot_be_written_is_an_error(program, guest, tmp_path):
    command = [program, "serve", guest("versioned_1"), "--listen", "127.0.0.1:0", "--pid-file", tmp_path / "no" / "pid"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 1
    assert f"wasm-grpc: the PID file {tmp_path}/no/pid cannot be written: No such file" in done.stderr


# ---- Sockets that it is started with ----


@pytest.mark.parametrize("address, names", [("fd://", "a"), ("fd://grpc", "grpc"), ("fd://3", None)])
def test_it_serves_on_a_socket_that_was_passed(start, guest, listening, address, names):
    server = start(guest("versioned_1"), sockets=[listening], names=names, listen=address)
    assert server.address == address_of(listening)
    assert version_of(stub_at(server.address)) == 1


def test_sockets_are_told_apart_by_their_names(start, guest, tmp_path):
    path = tmp_path / "socket"
    with (
        socket.create_server(("127.0.0.1", 0)) as grpc_socket,
        socket.create_server(str(path), family=socket.AF_UNIX) as local,
        socket.create_server(("127.0.0.1", 0)) as admin,
    ):
        flags = ("--listen", "fd://grpc", "--admin-listen", "fd://admin")
        sockets = [grpc_socket, local, admin]
        server = start(guest("versioned_1"), *flags, sockets=sockets, names="grpc:local:admin", listen="fd://local")
        assert f"listening on {address_of(grpc_socket)}\n" in server.stdout
        assert f"listening on unix:{path}\n" in server.stdout
        assert f"admin at http://{address_of(admin)}\n" in server.stdout
        assert version_of(stub_at(address_of(grpc_socket))) == 1
        assert version_of(stub_at(f"unix:{path}")) == 1
        server.send_stop_signal()
        assert server.wait_for_exit() == 0
        assert path.exists()  # of who made it


def test_an_admin_address_that_was_passed_is_guarded_as_others(program, guest, listening):
    with socket.create_server(("0.0.0.0", 0)) as everywhere:
        script = f"exec 9<&{everywhere.fileno()}; exec \"$@\""
        command = [program, "serve", guest("versioned_1"), "--listen", "127.0.0.1:0", "--admin-listen", "fd://9"]
        done = subprocess.run(
            ["bash", "-c", script, "bash", *command],
            capture_output=True,
            text=True,
            timeout=LIMIT,
            pass_fds=[everywhere.fileno()],
        )
    assert done.returncode == 1 and "can be reached from other machines" in done.stderr


@pytest.mark.parametrize(
    "address, environment, why",
    [
        ("fd://", {}, "no socket was passed to this program: LISTEN_FDS and LISTEN_PID are not set"),
        ("fd://", {"LISTEN_FDS": "1", "LISTEN_PID": "1"}, 'LISTEN_PID is "1", and this process '),
        ("fd://77", {}, "descriptor 77 is not open"),
        ("fd://2", {}, "descriptors that are passed are numbered from 3"),
    ],
)
def test_sockets_that_were_not_passed_are_an_error(program, guest, address, environment, why):
    done = subprocess.run(
        [program, "serve", guest("versioned_1"), "--listen", address],
        capture_output=True,
        text=True,
        timeout=LIMIT,
        env={**os.environ, **environment},
    )
    assert done.returncode == 1
    assert f"wasm-grpc: cannot listen on {address}: " in done.stderr and why in done.stderr


# ---- A successor ----


class Comers:
    """Clients that connect anew for each call, on several threads, until they are told to stop."""

    def __init__(self, address: tuple[str, int], threads: int = 4):
        self._address = address
        self._stops = threading.Event()
        self.calls = 0
        self.versions: set[int] = set()
        self._failures = []
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def _call(self) -> int:
        body = json.dumps({"number": 7}).encode()
        with socket.create_connection(self._address, timeout=LIMIT) as connection:
            connection.sendall(
                b"POST /test.Versioned/Unary HTTP/1.1\r\nhost: a\r\nconnection: close\r\n"
                b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
            )
            answer = b""
            while part := connection.recv(4096):
                answer += part
        head, _, content = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), answer
        content = re.search(rb"\{.*\}", content, re.DOTALL).group()  # whether in chunks or not
        return json.loads(content)["version"]

    def _run(self) -> None:
        while not self._stops.is_set():
            try:
                version = self._call()
            except BaseException as failure:  # told by stop()
                self._failures.append(failure)
                return
            with self._lock:
                self.calls += 1
                self.versions.add(version)

    def stop(self) -> None:
        self._stops.set()
        for thread in self._threads:
            thread.join(LIMIT)
            assert not thread.is_alive()
        assert not self._failures, self._failures


class Stayers:
    """Clients of gRPC, whose connections are told to go and come again."""

    def __init__(self, address: str):
        self._stops = threading.Event()
        self.versions: set[int] = set()
        self._failures = []
        self._stub = stub_at(address)
        self._threads = [threading.Thread(target=self._run) for _ in range(2)]
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        while not self._stops.is_set():
            try:
                self.versions.add(self._stub.Unary(versioned_pb2.Question(), timeout=LIMIT).version)
            except BaseException as failure:
                self._failures.append(failure)
                return

    stop = Comers.stop


@pytest.mark.parametrize("overlapping", [True, False], ids=["beside the old one", "once it has ended"])
def test_a_successor_takes_over_without_a_client_being_refused(start, guest, listening, overlapping):
    """Whoever holds the socket starts a successor: while the old server serves on until that is ready, or after its end,
    as systemd does; clients that come in between wait in the socket's queue."""

    def begin(version: int) -> Server:
        return start(guest(f"versioned_{version}"), sockets=[listening], names="grpc", listen="fd://grpc")

    server = begin(1)
    comers, stayers = Comers(listening.getsockname()), Stayers(address_of(listening))
    for version in (2, 1, 2, 1, 2, 1):
        comers.versions.clear()
        if overlapping:
            successor = begin(version)
            server.send_stop_signal()
            assert server.wait_for_exit() == 0
            server = successor
        else:
            server.send_stop_signal()
            assert server.wait_for_exit() == 0
            server = begin(version)
        calls = comers.calls
        eventually(lambda: version in comers.versions and comers.calls > calls + 20, "the successor serves", LIMIT)
    comers.stop()
    stayers.stop()
    assert stayers.versions == {1, 2}


# ---- systemd itself ----


def tool(name: str) -> str:
    path = os.environ.get(f"WASM_GRPC_TEST_{name}")
    if not path:
        pytest.skip("systemd is not installed here")
    return path


@pytest.fixture
def units(program, tmp_path) -> list[pathlib.Path]:
    """The units, for the program as it is built."""
    folder = pathlib.Path(tool("UNITS"))
    made = []
    for unit in sorted(folder.glob("wasm-grpc.*")):
        text = unit.read_text()
        made.append(tmp_path / unit.name)
        made[-1].write_text(text.replace("/usr/bin/wasm-grpc", str(program)))
    assert [unit.suffix for unit in made] == [".service", ".socket"]
    return made


def test_systemd_finds_nothing_wrong_with_the_units(units):
    done = subprocess.run(
        [tool("SYSTEMD_ANALYZE"), "verify", "--man=no", *units], capture_output=True, text=True, timeout=LIMIT
    )
    about_ours = [line for line in done.stderr.splitlines() if "wasm-grpc" in line]
    assert (done.returncode, about_ours) == (0, []), done.stderr


def test_the_service_is_as_locked_down_as_its_document_says(units):
    """docs/operate.md states the score."""
    command = [tool("SYSTEMD_ANALYZE"), "security", "--offline=true", "--no-pager", "--threshold=14", units[0]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0, done.stdout
    assert float(re.search(r"Overall exposure level for wasm-grpc.service: ([0-9.]+)", done.stdout).group(1)) <= 1.4


def test_the_service_may_ask_for_the_scheduling_that_stores_want_and_for_no_more(units):
    """Threads of stores ask for SCHED_BATCH; were that denied, they would interrupt the workers that ask them."""

    def calls(name: str) -> set[str]:
        if not name.startswith("@"):
            return {name}
        command = [tool("SYSTEMD_ANALYZE"), "syscall-filter", name]
        listed = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=True).stdout
        return set().union(*map(calls, re.findall(r"^ +([@\w]+)$", listed, re.MULTILINE)))

    allowed = set()
    for names in re.findall("^SystemCallFilter=(.*)$", units[0].read_text(), re.MULTILINE):
        named = set().union(*map(calls, names.lstrip("~").split()))
        allowed = allowed - named if names.startswith("~") else allowed | named
    assert calls("@resources") & allowed == {"sched_setscheduler"}
    assert "RestrictRealtime=yes" in units[0].read_text(), "or it might ask for more than SCHED_BATCH"


def test_systemd_passes_its_socket(program, guest, tmp_path):
    """systemd-socket-activate listens, and becomes the server when the first client comes."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    activate = [tool("SOCKET_ACTIVATE"), "-l", f"127.0.0.1:{port}", "--fdname=grpc"]
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen(
            [*activate, program, "serve", guest("versioned_1"), "--listen", "fd://grpc"], stdout=log, stderr=log
        )
    try:

        def connects():
            assert process.poll() is None, (tmp_path / "log").read_text()
            with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
                return True

        eventually(connects, "systemd listens", START_LIMIT)
        assert version_of(stub_at(f"127.0.0.1:{port}")) == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT) == 0
    finally:
        process.kill()
        process.wait()
