"""The servers that are compared: how each is started, and stopped."""

import contextlib
import os
import re
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from .errors import BenchError

READY_SECONDS = 30
STOP_SECONDS = 10
YARDSTICK = "raw"
OURS = "wasm-grpc"
FRESH = "wasm-grpc-fresh"
ONE_WORKER = "one-worker"
TWO_WORKERS = "two-workers"
MANY = "wasm-grpc-10k"
SPINNING = "wasm-grpc-spinning"
KILLING = "wasm-grpc-killing"
KILLING_CPU_TIME = "50"  # ms
TLS = "wasm-grpc-tls"
UNCOUNTED = "wasm-grpc-uncounted"
OBSERVED = "wasm-grpc-observed"
GRPC_CPP = "grpc++"
GRPC_CPP_GUEST = "grpc++-guest"
ABI_1 = "abi-1"
PUSH = "pantopic-push"
PULL = "pantopic-pull"
EVENTS = "events"
EVENTS_BY_HAND = "events-by-hand"
EVENTS_GO = "events-grpc-go"
HANDLED = "handler-style"
AT_ONCE = "at-once"
LATER = "later"
LATER_BY_HAND = "later-by-hand"
LATER_GO = "later-grpc-go"
WEB = "web"
CONNECT_GO = "connect-go"


@dataclass(frozen=True)
class Server:
    """A server that can be started on an address, and how."""

    name: str
    label: str
    command: tuple
    hint: str
    version_command: tuple
    needs: tuple = ()
    environment: dict = field(default_factory=dict)
    tls: bool = False  # takes --tls-cert and --tls-key, and is measured over TLS; its replies are checked without it
    loads: tuple = ()  # the only ones it takes part in; when empty, all that are for everyone

    def takes(self, load):
        return load.name in self.loads if self.loads else load.for_all

    def require(self):
        for path in (self.command[0], *self.needs):
            if not Path(path).exists():
                raise BenchError(f"server {self.name}: {path} is missing; {self.hint}, or leave it out with --servers")

    def version(self):
        try:
            done = subprocess.run(self.version_command, capture_output=True, text=True, timeout=20, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            raise BenchError(f"server {self.name}: {' '.join(self.version_command)} failed: {error}") from error
        return done.stdout.strip()


def known_servers(build, guest, serve_options):
    bench = build / "bench"
    build_bench = "build it with `cmake -DWASM_GRPC_BUILD_BENCH=ON` and `ninja`"
    listen = ("--listen", "127.0.0.1:0")

    def simple(name, label, program, hint, **more):
        path = str(bench / program)
        return Server(name, label, (path, *listen), hint, (path, "--version"), **more)

    ours = str(build / "wasm-grpc")
    spins = str(guest.parent / "conformance.wasm")
    compresses = str(guest.parent / "abuses.wasm")
    serve = (ours, "serve", str(guest), *listen, "--workers", "1", *serve_options)

    def served(name, label, *options, **more):
        return Server(name, label, (*serve, *options), "build it with `make`", (ours, "--version"),
                      needs=(str(guest),), **more)

    return {server.name: server for server in (
        simple(YARDSTICK, "raw nghttp2 (yardstick)", "raw_nghttp2", build_bench),
        served(OURS, "wasm-grpc, C++ guest"),
        served(SPINNING, "wasm-grpc, neighbours that spin or compress", spins, compresses, loads=("beside-spinners",)),
        served(KILLING, "wasm-grpc, one instance of a guest that spins", spins, "--max-instances-per-module", "1",
               "--max-cpu-time", KILLING_CPU_TIME, loads=("kills",)),
        served(MANY, "wasm-grpc, up to 10,000 instances", "--instances", "10000", loads=("open-10k",)),
        served(TLS, "wasm-grpc over TLS 1.3", "--listen", "http://127.0.0.1:0", tls=True, loads=("unary-10x10",)),
        served(UNCOUNTED, "wasm-grpc, without metrics of each method", "--no-count-methods", loads=("unary-10x10",)),
        # Nobody listens there; no call is sampled, and so nothing is sent.
        served(OBSERVED, "wasm-grpc, with metrics, a log of errors, and traces of which none is sampled",
               "--access-log-calls", "errors", "--trace-endpoint", "127.0.0.1:1", "--trace-sample", "0",
               "--admin-listen", "127.0.0.1:0", loads=("unary-10x10",)),
        served(FRESH, "wasm-grpc, a fresh instance for each call", "--instance-mode", "fresh", loads=("unary-10x10",)),
        simple("grpc-go", "grpc-go, native", "grpc_go_echo", f"install Go 1.26 or newer and {build_bench}",
               environment={"GOMAXPROCS": "1"}),
        simple(GRPC_CPP, "grpc++ callback API, native", "grpc_cpp_echo", build_bench),
        Server(GRPC_CPP_GUEST, "wasm-grpc, C++ guest in a grpc::Server",
               (str(bench / "grpc_cpp_guest"), str(guest), *listen), build_bench,
               (str(bench / "grpc_cpp_guest"), "--version"), needs=(str(guest),), loads=("unary-10x10",)),
    )}


def sharing_servers(build, guest):
    """Two that differ in how many workers may serve a client; `guest` is bench/burn.cc."""
    ours = str(build / "wasm-grpc")
    return [Server(name, label, (ours, "serve", str(guest), "--listen", "127.0.0.1:0", "--workers", workers),
                   "build it with `cmake -DWASM_GRPC_BUILD_BENCH=ON` and `ninja`", (ours, "--version"),
                   needs=(str(guest),))
            for name, label, workers in ((ONE_WORKER, "wasm-grpc, 1 worker", "1"),
                                         (TWO_WORKERS, "wasm-grpc, 2 workers", "2"))]


def _one_for_each(build, guests, names):
    """A server for each guest; `names` are triples of name, label and guest."""
    ours = str(build / "wasm-grpc")
    return [Server(name, label, (ours, "serve", str(module), "--listen", "127.0.0.1:0", "--workers", "1"),
                   "build it with `make`", (ours, "--version"), needs=(str(module),))
            for name, label, guest in names for module in (guests / f"{guest}.wasm",)]


def format_servers(build, guests):
    """The greeter by hand, by generated code, by FlatBuffers, and in Go where that was built; the names are those of
    loads.GREETER_FORMATS."""
    names = [("by-hand", "protobuf, by hand", "greeter_by_hand"), ("generated", "protobuf, generated code", "greeter"),
             ("flatbuffers", "FlatBuffers", "flatbuffers_greeter")]
    if (guests / "greeter-go.wasm").exists():
        names.append(("go", "protobuf, in Go", "greeter-go"))
    return _one_for_each(build, guests, names)


def abi_servers(build, guests):
    """An echo of ABI 1, and those of the two ABIs of wazero-grpc-server."""
    return _one_for_each(build, guests, [(ABI_1, "ABI 1, in C++", "echo"), (PUSH, "pantopic-push, in C", "pantopic_push"),
                                         (PULL, "pantopic-pull, in C", "pantopic_pull")])


def event_servers(build, guests, with_go):
    """bench.Events by guests and by grpc-go. Some are there for one method only, by which loads.ASYNC_UNARY goes."""
    ours, go = str(build / "wasm-grpc"), str(build / "bench" / "grpc_go_echo")
    listen = ("--listen", "127.0.0.1:0")
    build_bench = "build it with `cmake -DWASM_GRPC_BUILD_BENCH=ON` and `ninja`"
    loads = ("fanout", "event-ping-pong", "event-streams")

    def served(guest, name, label, *loads):
        module = str(guests / f"{guest}.wasm")
        # All streams are opened at once, faster than the one instance takes them.
        return Server(name, label, (ours, "serve", module, *listen, "--workers", "1", "--max-waiting-calls", "100000"),
                      build_bench, (ours, "--version"), needs=(module,), loads=loads)

    def native(name, label, *loads):
        return Server(name, label, (go, *listen), f"install Go 1.26 or newer and {build_bench}", (go, "--version"),
                      environment={"GOMAXPROCS": "1"}, loads=loads)

    go_servers = [native(EVENTS_GO, "grpc-go, native", *loads),
                  native(LATER_GO, "grpc-go, native, answered when another call wakes it", "async-unary")]
    return [served("events", EVENTS, "wasm-grpc, coroutines", *loads),
            served("events_by_hand", EVENTS_BY_HAND, "wasm-grpc, over ABI 1 itself", *loads),
            served("events", HANDLED, "wasm-grpc, handler style", "async-unary"),
            served("events", AT_ONCE, "wasm-grpc, a coroutine that answers at once", "async-unary"),
            served("events", LATER, "wasm-grpc, a coroutine that another call wakes", "async-unary"),
            served("events_by_hand", LATER_BY_HAND, "wasm-grpc, over ABI 1, answered in another call's event", "async-unary"),
            *(go_servers if with_go else ())]


def web_servers(build, guests, with_go):
    """The greeter by a guest, and by connect-go, in each protocol."""
    connect_go = str(build / "bench" / "connect_go_greeter")
    servers = _one_for_each(build, guests, [(WEB, "wasm-grpc, C++ guest", "greeter")])
    if with_go:
        servers.append(Server(CONNECT_GO, "connect-go, native", (connect_go, "--listen", "127.0.0.1:0"),
                              "install Go 1.26 or newer and build it with `cmake -DWASM_GRPC_BUILD_BENCH=ON` and `ninja`",
                              (connect_go, "--version"), environment={"GOMAXPROCS": "1"}))
    return servers


def make_certificate(folder):
    """The flags for a certificate of its own, valid for a day."""
    certificate, key = folder / "server.pem", folder / "server.key"
    command = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
               "-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate))
    try:
        subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise BenchError(f"openssl made no certificate: {error}") from error
    return ("--tls-cert", str(certificate), "--tls-key", str(key))


class RunningServer:
    """A server process on its core. Use as a context: it is stopped at the end, whatever happens.

    `target` is where it serves without TLS, `url` where it is measured.
    """

    def __init__(self, server, core):
        self.server = server
        self._core = core

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self._log = stack.enter_context(tempfile.TemporaryFile(mode="w+b"))
            command = self.server.command
            if self.server.tls:
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="wasm-grpc-bench-"))
                command += make_certificate(Path(folder))
            self._process = subprocess.Popen(
                ("taskset", "-c", str(self._core), *command), stdin=subprocess.DEVNULL, stdout=self._log,
                stderr=subprocess.STDOUT, env={**os.environ, **self.server.environment})
            stack.callback(self._stop)
            self.target = self._wait_until_listening("")
            tls = "https://"
            self.url = tls + self._wait_until_listening(tls) if self.server.tls else "http://" + self.target
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    @property
    def pid(self):
        return self._process.pid  # taskset becomes the server

    def require_alive(self):
        if self._process.poll() is not None:
            raise BenchError(f"server {self.server.name} ended in the midst of it ({self._how_it_ended()})")

    def _output(self):
        self._log.flush()
        return os.pread(self._log.fileno(), 1 << 20, 0).decode(errors="replace")

    def _how_it_ended(self):
        last = self._output().strip().splitlines()[-1:] or ["it printed nothing"]
        return f"exit code {self._process.returncode}: {last[0]}"

    def _wait_until_listening(self, scheme):
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            ready = re.search(rf"^listening on {scheme}([\d.]+:\d+)$", self._output(), re.MULTILINE)
            if ready:
                return ready[1]
            if self._process.poll() is not None:
                raise BenchError(f"server {self.server.name} did not start ({self._how_it_ended()})")
            time.sleep(0.01)
        raise BenchError(f"server {self.server.name} was not listening after {READY_SECONDS} s")

    def _stop(self):
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
