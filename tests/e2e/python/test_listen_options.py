"""Addresses with TLS, protocols and limits of their own: what one has is not that of another, and nonsense is refused."""

import dataclasses
import http.client
import pathlib
import re
import socket
import ssl
import subprocess

import conformance_pb2 as conformance
import conformance_pb2_grpc
import grpc
import pytest
from certificates import Authority
from conftest import CODE_CACHE
from server import Server, eventually
from web_client import curl

LIMIT = 20
EMPTY = conformance.Empty()
NAMES = "DNS:localhost,IP:127.0.0.1"
INFO = "/test.Guest/Info"


@dataclasses.dataclass
class Address:
    """One of those that a server listens on."""

    address: str

    @property
    def host_and_port(self) -> tuple[str, int]:
        host, port = self.address.removeprefix("https://").rsplit(":", 1)
        return host, int(port)

    def channel(self, credentials=None, *options):
        target = "%s:%d" % self.host_and_port
        given = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0), *options]
        if credentials:
            return grpc.secure_channel(target, credentials, given)
        return grpc.insecure_channel(target, given)


@pytest.fixture
def listen(program, guest, tmp_path):
    """listen(text, text...) starts a server with a [[listen]] of each text, and gives its addresses in their order."""
    servers = []

    def start(*texts: str, top: str = "", modules=("conformance",)) -> list[Address]:
        config = write_config(tmp_path, texts, top, [guest(name) for name in modules])
        servers.append(Server(tmp_path, [program, "serve", "-c", config, "--code-cache", CODE_CACHE]))
        start.server = servers[-1]
        found = eventually(
            lambda: (all_of := re.findall(r"^listening on (\S+)\n", servers[-1].stdout, re.MULTILINE))
            and len(all_of) == len(texts)
            and all_of,
            "it listens on each",
        )
        return [Address(address) for address in found]

    yield start
    for server in servers:
        server.stop()


def write_config(folder: pathlib.Path, texts, top: str, modules) -> pathlib.Path:
    config = folder / "wasm-grpc.toml"
    lines = [f'workers = 2\n{top}\n']
    lines += [f'[[listen]]\naddress = "127.0.0.1:0"\n{text}\n' for text in texts]
    lines += [f'[[module]]\npath = "{module}"\n' for module in modules]
    config.write_text("".join(lines))
    return config


def call_info(channel) -> conformance.InfoReply:
    with channel:
        return conformance_pb2_grpc.GuestStub(channel).Info(EMPTY, timeout=LIMIT)


def code_of(channel) -> grpc.StatusCode:
    try:
        call_info(channel)
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def test_each_address_has_tls_of_its_own(listen, tmp_path):
    inside, outside = Authority(tmp_path, "inside"), Authority(tmp_path, "outside")
    own = {name: authority.sign(name, name, NAMES) for name, authority in (("in", inside), ("out", outside))}

    def tls(name: str, more: str = "") -> str:
        return f'tls = {{ cert = "{own[name][0]}", key = "{own[name][1]}"{more} }}'

    plain, public, private = listen("", tls("out"), tls("in", f', client-ca = "{inside.certificate}"'))
    assert not plain.address.startswith("https://")
    assert public.address.startswith("https://") and private.address.startswith("https://")
    assert call_info(plain.channel()).tls_peer == ""
    assert call_info(public.channel(grpc.ssl_channel_credentials(outside.certificate.read_bytes()))).tls_peer == ""
    certificate, key = inside.sign("client", "some-client", "DNS:some-client.test")
    trusts = inside.certificate.read_bytes()
    with_certificate = grpc.ssl_channel_credentials(trusts, key.read_bytes(), certificate.read_bytes())
    assert call_info(private.channel(with_certificate)).tls_peer == "some-client.test"
    assert code_of(private.channel(grpc.ssl_channel_credentials(trusts))) is grpc.StatusCode.UNAVAILABLE
    assert code_of(public.channel(grpc.ssl_channel_credentials(trusts))) is grpc.StatusCode.UNAVAILABLE, "another one"


def test_an_address_speaks_what_it_is_for(listen):
    only_grpc, only_web, all_of_it = listen(
        'protocols = ["grpc"]', 'protocols = ["connect", "grpc-web", "http1"]', "", modules=("conformance", "http", "described")
    )
    json = ("--header", "content-type: application/json")
    assert code_of(only_grpc.channel()) is grpc.StatusCode.OK
    assert code_of(only_web.channel()) is grpc.StatusCode.UNIMPLEMENTED
    assert code_of(all_of_it.channel()) is grpc.StatusCode.OK
    proto = ("--header", "content-type: application/proto")
    for version in ("--http1.1", "--http2-prior-knowledge"):
        assert curl(only_web, INFO, version, *proto, data=b"")[0] == 200
        assert curl(all_of_it, INFO, version, *proto, data=b"")[0] == 200
        assert curl(all_of_it, "/page", version)[0] == 200
        assert curl(only_web, "/page", version)[0] == 404, "what modules serve by HTTP is not of Connect"
        assert curl(only_web, "/openapi.json", version)[0] == 404
    status, _, body = curl(only_grpc, INFO, "--http2-prior-knowledge", *proto, data=b"")
    assert status == 415 and b"(gRPC)" in body, body
    status, _, body = curl(only_grpc, INFO, "--http2-prior-knowledge", *json, data=b"{}")
    assert status == 415, body
    assert curl(only_grpc, "/page", "--http2-prior-knowledge")[0] == 404
    status, headers, body = curl(only_grpc, "/page", "--http1.1")
    assert status == 505 and headers["connection"] == "close" and b"HTTP/2" in body, (headers, body)
    for path in ("/page", INFO):
        status, headers, _ = curl(
            only_grpc, path, "--http2-prior-knowledge", "--header", "content-type: application/grpc-web", data=b""
        )
        assert status == 415 and "grpc-status" not in headers


def test_protocols_of_all_addresses_are_a_flag(serve):
    server = serve("conformance", "--protocols", "connect", "--protocols", "http1")
    channel = Address(server.address).channel()
    assert code_of(channel) is grpc.StatusCode.UNIMPLEMENTED
    assert curl(server, INFO, "--http1.1", "--header", "content-type: application/proto", data=b"")[0] == 200
    assert "try:" not in server.stdout, "there is no command that would do"


def test_alpn_offers_what_is_spoken(listen, tmp_path):
    authority = Authority(tmp_path, "authority")
    certificate, key = authority.sign("server", "server", NAMES)
    tls = f'[listen.tls]\ncert = "{certificate}"\nkey = "{key}"'
    http2, both = listen(f'protocols = ["grpc"]\n{tls}', tls)

    def chosen(where: Address, offered: list[str]) -> str | None:
        context = ssl.create_default_context(cafile=authority.certificate)
        context.set_alpn_protocols(offered)
        with socket.create_connection(where.host_and_port, timeout=LIMIT) as connection:
            with context.wrap_socket(connection, server_hostname="localhost") as secure:
                return secure.selected_alpn_protocol()

    assert chosen(both, ["http/1.1"]) == "http/1.1"
    assert chosen(http2, ["http/1.1", "h2"]) == "h2"
    with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
        chosen(http2, ["http/1.1"])


def test_an_address_has_limits_of_its_own(listen):
    small, large = listen('max-message-size = 100\nmax-connections = 1', "", top='max-message-size = "1 MiB"')

    def echo(channel, size: int) -> grpc.StatusCode:
        call = channel.unary_unary("/test.Guest/Info").future(b"\x0a" + b"\x00" * size, timeout=LIMIT)
        return call.code()

    with small.channel() as channel:
        assert echo(channel, 200) is grpc.StatusCode.RESOURCE_EXHAUSTED
        with socket.create_connection(small.host_and_port, timeout=LIMIT) as second:
            assert second.recv(100) == b"", "there is one already"
        with large.channel() as other:
            assert echo(other, 200) is not grpc.StatusCode.RESOURCE_EXHAUSTED
    body = b"x" * 200
    status, _, said = eventually(
        lambda: (answer := connect_once(small, body)) and answer, "the first connection is gone"
    )
    assert status == 429 and b"resource_exhausted" in said, (status, said)
    listen.server.wait_for_log(r"ended the connection of 127\.0\.0\.1:\d+: too many connections")


def connect_once(where: Address, body: bytes):
    """The answer to a call of Connect; nothing where the connection is not let in."""
    connection = http.client.HTTPConnection(*where.host_and_port, timeout=LIMIT)
    try:
        connection.request("POST", INFO, body, {"content-type": "application/proto"})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    except (ConnectionError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def test_a_connection_is_kept_as_long_as_its_address_says(listen):
    brief, lasting = listen("max-connection-idle = 300", "")
    with socket.create_connection(lasting.host_and_port, timeout=LIMIT) as stays:
        for where in (lasting, brief):
            assert code_of(where.channel()) is grpc.StatusCode.OK
        kept = http.client.HTTPConnection(*brief.host_and_port, timeout=LIMIT)
        kept.request("POST", INFO, b"", {"content-type": "application/proto"})
        assert kept.getresponse().read() is not None
        assert kept.sock.recv(100) == b"", "it was idle for too long"
        kept.close()
        stays.sendall(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n")
        assert stays.recv(100).startswith(b"HTTP/1.1 ")


NONSENSE = {
    'address = "http://127.0.0.1:0"\ntls = { cert = "CERT", key = "KEY" }': r"no TLS is spoken at http://",
    'address = "unix:s"\ntls = { cert = "CERT", key = "KEY" }': r"no TLS is spoken on a unix socket",
    'address = "https://127.0.0.1:0"': r"TLS needs a certificate and its key, and none was given",
    'address = "127.0.0.1:0"\ntls = { cert = "KEY", key = "CERT" }': r"cannot listen on 127\.0\.0\.1:0: TLS certificate ",
    'address = "127.0.0.1:0"\ntls = { cert = "CERT" }': r"\[\[listen\]\]: tls\.cert requires tls\.key",
    'address = "127.0.0.1:0"\nmax-message-size = "8 MiB"': r"more than the server's 4194304",
    'address = "127.0.0.1:0"\nprotocols = []': r"no protocol is spoken; expected one at least",
    'address = "127.0.0.1:0"\nprotocols = ["grpc", "http1"]': r"gRPC needs HTTP/2",
    'address = "127.0.0.1:0"\nprotocols = ["soap"]': r'"soap" is no protocol of ours',
    'address = "127.0.0.1:0"\nmax-instances = 1': r'unknown key "max-instances" in \[\[listen\]\]',
}


@pytest.mark.parametrize("listen_text", NONSENSE)
@pytest.mark.parametrize("command", ["check", "serve"])
def test_nonsense_is_refused(program, guest, tmp_path, command, listen_text):
    certificate, key = Authority(tmp_path, "authority").sign("server", "server", NAMES)
    text = listen_text.replace("CERT", str(certificate)).replace("KEY", str(key))
    config = tmp_path / "wasm-grpc.toml"
    config.write_text(f'[[listen]]\n{text}\n[[module]]\npath = "{guest("conformance")}"\n')
    done = subprocess.run([program, command, "-c", config], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stderr
    assert re.search(NONSENSE[listen_text], done.stderr), done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
