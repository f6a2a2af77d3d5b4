"""Settings that a running server takes from its config when it is reloaded: all that was said, or nothing of it."""

import json
import os
import pathlib
import re
import signal
import socket
import ssl
import threading

import conformance_pb2 as conformance
import conformance_pb2_grpc
import grpc
import pytest
from certificates import Authority
from server import Server, eventually
from test_listen_options import NAMES, Address, code_of
from web_client import curl

LIMIT = 20
EMPTY = conformance.Empty()
INFO = "/test.Guest/Info"
DENY_INFO = {
    "name": "policy",
    "deny_rules": [{"name": "info", "request": {"paths": [INFO]}}],
    "allow_rules": [{"name": "rest"}],
}


class Configured:
    """A server by a config that is written anew: `top` is what comes first in it, `listen` a text for each address."""

    def __init__(self, program, folder: pathlib.Path, modules: list[pathlib.Path]):
        self._program, self._folder, self._modules = program, folder, modules
        self._server = None
        self._reloads = 0

    def write(self, top: str = "", *listen: str) -> pathlib.Path:
        config = self._folder / "wasm-grpc.toml"
        text = f"{top}\n" + "".join(f'[[listen]]\naddress = "127.0.0.1:0"\n{one}\n' for one in listen or ("",))
        config.write_text(text + "".join(f'[[module]]\npath = "{module}"\n' for module in self._modules))
        return config

    def serve(self, top: str = "", *listen: str) -> list[Address]:
        self._server = Server(self._folder, [self._program, "serve", "-c", self.write(top, *listen)])
        count = max(len(listen), 1)
        lines = eventually(
            lambda: (found := re.findall(r"^listening on (\S+)\n", self._server.stdout, re.MULTILINE))
            and len(found) == count
            and found,
            "it listens",
        )
        return [Address(line) for line in lines]

    def reload(self, top: str = "", *listen: str) -> str:
        """What the log says of it."""
        self.write(top, *listen)
        os.kill(self._server.pid, signal.SIGHUP)
        self._reloads += 1
        lines = eventually(
            lambda: (found := re.findall(r"host: SIGHUP; (.*)\n", self.log)) and len(found) == self._reloads and found,
            "the log says how it went",
        )
        return lines[-1]

    @property
    def log(self) -> str:
        return self._server.log

    def stop(self) -> None:
        if self._server:
            self._server.stop()


@pytest.fixture
def configured(program, guest, tmp_path):
    made = Configured(program, tmp_path, [guest("conformance"), guest("described")])
    yield made
    made.stop()


def test_limits_hold_for_the_connections_that_follow(configured):
    (where,) = configured.serve()
    metadata = (("large", "x" * 3000),)
    with where.channel() as before:
        stub = conformance_pb2_grpc.GuestStub(before)
        stub.Info(EMPTY, timeout=LIMIT)
        said = configured.reload('max-header-size = "1 KiB"\nmax-connection-idle = "1 h"')
        assert said == "reloaded: new settings: max-header-size, max-connection-idle; 2 as before"
        stub.Info(EMPTY, timeout=LIMIT, metadata=metadata)
        with where.channel() as after, pytest.raises(grpc.RpcError) as refused:
            conformance_pb2_grpc.GuestStub(after).Info(EMPTY, timeout=LIMIT, metadata=metadata)
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert configured.reload('max-header-size = "1 KiB"\nmax-connection-idle = "1 h"') == "reloaded: nothing has changed"
    configured.reload()
    with where.channel() as last:
        conformance_pb2_grpc.GuestStub(last).Info(EMPTY, timeout=LIMIT, metadata=metadata)


def test_an_address_gets_other_limits_and_protocols(configured):
    first, second = configured.serve("", "", "")
    said = configured.reload("", "", 'protocols = ["connect", "http", "http1"]\nmax-connections = 1')
    assert said == "reloaded: new settings: [[listen]]; 2 as before"
    assert code_of(first.channel()) is grpc.StatusCode.OK
    assert code_of(second.channel()) is grpc.StatusCode.UNIMPLEMENTED

    def let_in():  # once the channel's connection is gone
        connection = socket.create_connection(second.host_and_port, timeout=LIMIT)
        try:
            connection.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            if connection.recv(1000).startswith(b"HTTP/1.1 200 "):
                return connection
        except OSError:
            pass
        connection.close()
        return None

    with eventually(let_in, "a connection is let in"):
        with socket.create_connection(second.host_and_port, timeout=LIMIT) as another:
            assert another.recv(100) == b""


def server_name(where: Address, authority: Authority, client=None) -> str:
    """Whose certificate the server shows."""
    context = ssl.create_default_context(cafile=authority.certificate)
    context.set_alpn_protocols(["h2"])
    if client:
        context.load_cert_chain(*client)
    with socket.create_connection(where.host_and_port, timeout=LIMIT) as connection:
        with context.wrap_socket(connection, server_hostname="localhost") as secure:
            secure.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5))
            assert secure.recv(1), "it is let in"  # with TLS 1.3 a client is refused after it has shaken hands
            return dict(part[0] for part in secure.getpeercert()["subject"])["commonName"]


def test_other_certificates_and_clients_of_whom_one_is_asked(configured, tmp_path):
    authority = Authority(tmp_path, "authority")
    own = {name: authority.sign(name, name, NAMES) for name in ("first", "second", "client")}

    def tls(name: str, more: str = "") -> str:
        return f'[tls]\ncert = "{own[name][0]}"\nkey = "{own[name][1]}"\n{more}\n'

    (where,) = configured.serve(tls("first"))
    credentials = grpc.ssl_channel_credentials(authority.certificate.read_bytes())
    with where.channel(credentials) as before:
        stub = conformance_pb2_grpc.GuestStub(before)
        stub.Info(EMPTY, timeout=LIMIT)
        assert server_name(where, authority) == "first"
        assert configured.reload(tls("second")).startswith("reloaded: new settings: tls-cert, tls-key;")
        assert server_name(where, authority) == "second"
        said = configured.reload(tls("second", f'client-ca = "{authority.certificate}"'))
        assert said.startswith("reloaded: new settings: tls-client-ca;")
        with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
            server_name(where, authority)
        assert server_name(where, authority, own["client"]) == "second"
        stub.Info(EMPTY, timeout=LIMIT)  # goes on as it came
        said = configured.reload(tls("second").replace("second.key", "first.key"))
        assert said.startswith("not reloaded, what was served is served on: "), said
        assert server_name(where, authority, own["client"]) == "second"
        assert "cannot change while the server runs" in configured.reload(""), "TLS at an address that has it"


def test_access_rules_and_pages_hold_at_once(configured, tmp_path):
    (where,) = configured.serve()
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(DENY_INFO))
    access = f'[access]\npolicy = "{policy}"\n'
    preflight = ("--request", "OPTIONS", "--header", "origin: https://a.test", "--header", "access-control-request-method: POST")
    with where.channel() as channel:
        stub = conformance_pb2_grpc.GuestStub(channel)
        stub.Info(EMPTY, timeout=LIMIT)
        assert curl(where, INFO, "--http1.1", *preflight)[0] == 405
        said = configured.reload('cors-origin = "https://a.test"\n' + access)
        assert said == "reloaded: new settings: cors-origin, access-policy; 2 as before"
        with pytest.raises(grpc.RpcError) as denied:
            stub.Info(EMPTY, timeout=LIMIT)
        assert denied.value.code() is grpc.StatusCode.PERMISSION_DENIED
        stub.Count(EMPTY, timeout=LIMIT)
        assert curl(where, INFO, "--http1.1", *preflight)[0] == 204
        policy.write_text("nonsense")
        said = configured.reload('cors-origin = "https://b.test"\n' + access + "require-token = false")
        assert said.startswith("not reloaded") and "policy.json" in said
        assert curl(where, INFO, "--http1.1", *preflight)[0] == 204, "nothing of it was taken"
        configured.reload()
        stub.Info(EMPTY, timeout=LIMIT)


def test_the_level_of_the_log(configured):
    configured.serve('[log]\nlevel = "error"\n')
    configured.write('[log]\nlevel = "info"\n')
    said = configured.reload('[log]\nlevel = "info"\n')
    assert "new settings: log-level" in said


def test_what_cannot_change_is_named_and_nothing_is_taken(configured):
    (where,) = configured.serve("workers = 2")
    said = configured.reload('workers = 1\nmax-message-size = 1000\nprotocols = ["connect"]', "", "")
    assert said == (
        "not reloaded, what was served is served on: "
        "only a restart changes these: listen; workers; max-message-size"
    ), said
    assert code_of(where.channel()) is grpc.StatusCode.OK
    said = configured.reload("workers = 2", 'max-message-size = "8 MiB"\nprotocols = ["connect"]')
    assert said.startswith("not reloaded") and "more than the server's 4194304" in said
    assert code_of(where.channel()) is grpc.StatusCode.OK


def test_no_call_is_lost_by_a_hundred_reloads_of_settings(configured, tmp_path):
    addresses = configured.serve("", "", "")
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps({"name": "p", "allow_rules": [{"name": "all"}]}))
    failures: list[BaseException] = []
    calls = [0, 0]
    ends = threading.Event()

    def call(number: int) -> None:
        try:
            while not ends.is_set():
                with addresses[number].channel() as channel:
                    stub = conformance_pb2_grpc.GuestStub(channel)
                    for _ in range(5):
                        stub.Info(EMPTY, timeout=LIMIT)
                        calls[number] += 1
        except BaseException as failure:  # told below
            failures.append(failure)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    try:
        for number in range(100):
            top = f'max-header-size = {8000 + number}\ncors-origin = "https://a{number}.test"'
            access = f'[access]\npolicy = "{policy}"\n' if number % 2 else ""
            said = configured.reload(f"{top}\n{access}", "", f"max-concurrent-streams = {100 + number}")
            assert said.startswith("reloaded: "), said
            before = list(calls)
            eventually(lambda: failures or all(now > then for now, then in zip(calls, before)), "calls go on")
            assert not failures, failures
    finally:
        ends.set()
        for thread in threads:
            thread.join()
    assert not failures, failures
