"""Serving over TLS: what is spoken, who is let in, and how certificates change."""

import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import tempfile

import conformance_pb2
import conformance_pb2_grpc
import grpc
import pytest
from certificates import Authority
from server import Server, eventually

SERVER_NAMES = "DNS:localhost,IP:127.0.0.1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def authority(folder):
    return Authority(folder, "authority")


@pytest.fixture(scope="module")
def own(authority):
    """The server's certificate and key."""
    return authority.sign("server", "server", SERVER_NAMES)


def tls_flags(pair, *more) -> list[str]:
    return ["--tls-cert", str(pair[0]), "--tls-key", str(pair[1]), *map(str, more)]


def connect(server, authority, client=None, target=None):
    given = client and [file.read_bytes() for file in client]
    credentials = grpc.ssl_channel_credentials(authority.certificate.read_bytes(), *(reversed(given) if given else ()))
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]
    return grpc.secure_channel(target or "%s:%d" % server.host_and_port, credentials, options)


def info(server, authority, client=None) -> conformance_pb2.InfoReply:
    with connect(server, authority, client) as channel:
        return conformance_pb2_grpc.GuestStub(channel).Info(conformance_pb2.Empty(), timeout=20)


def who_am_i(server, authority, client=None) -> str:
    return info(server, authority, client).tls_peer


def handshake(server, authority, protocols, version=None):
    """The TLS connection of a plain client."""
    context = ssl.create_default_context(cafile=authority.certificate)
    if protocols:
        context.set_alpn_protocols(protocols)
    if version:
        context.minimum_version = context.maximum_version = version
    connection = socket.create_connection(server.host_and_port, timeout=20)
    return context.wrap_socket(connection, server_hostname="localhost")


def test_grpc_works_over_tls_beside_cleartext(serve, own, authority):
    server = serve("conformance", *tls_flags(own), "--listen", "http://127.0.0.1:0")
    assert server.address.startswith("https://")
    assert who_am_i(server, authority) == "", "a client without a certificate has no identity"
    plain = [line.split()[-1] for line in server.stdout.splitlines() if line.startswith("listening on 127")]
    with grpc.insecure_channel(plain[0], [("grpc.use_local_subchannel_pool", 1)]) as channel:
        assert conformance_pb2_grpc.GuestStub(channel).Info(conformance_pb2.Empty(), timeout=20).tls_peer == ""


def test_large_messages_pass_both_ways(serve, own, authority):
    server = serve("echo", *tls_flags(own))
    options = {"request_serializer": bytes, "response_deserializer": bytes}
    with connect(server, authority) as channel:
        for size in (0, 1, 16383, 16384, 16385, 65536, 1 << 20, 4_000_000):
            message = os.urandom(size)
            assert channel.unary_unary("/echo.Echo/Unary", **options)(message, timeout=30) == message


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3_are_spoken_with_ciphers_that_http2_allows(serve, own, authority, version):
    server = serve("conformance", *tls_flags(own))
    with handshake(server, authority, ["http/1.1", "h2"], version) as connection:
        assert connection.selected_alpn_protocol() == "h2"
        assert "GCM" in connection.cipher()[0] or "CHACHA20" in connection.cipher()[0]


def test_a_client_that_offers_neither_h2_nor_http_1_1_gets_an_alert(serve, own, authority):
    server = serve("conformance", *tls_flags(own))
    with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
        handshake(server, authority, ["h2c", "h3"])


@pytest.mark.parametrize("protocols", [None, ["http/1.1"]])
def test_http_1_1_is_spoken_over_tls_too(serve, own, authority, protocols):
    server = serve("http", *tls_flags(own))
    with handshake(server, authority, protocols) as connection:
        connection.sendall(b"GET /page HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b""
        while part := connection.recv(4096):
            answer += part
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and answer.endswith(b"the page /page"), answer


def test_older_ciphers_and_renegotiation_are_refused(serve, own, authority):
    server = serve("conformance", *tls_flags(own))
    address = "%s:%d" % server.host_and_port
    command = ["openssl", "s_client", "-connect", address, "-alpn", "h2", "-tls1_2"]
    forbidden = subprocess.run([*command, "-cipher", "ECDHE-ECDSA-AES128-SHA"], input=b"", capture_output=True, timeout=60)
    assert b"handshake failure" in forbidden.stderr
    renegotiated = subprocess.run(command, input=b"R\n", capture_output=True, timeout=60)
    # OpenSSL's client stops at the alert, or at the server's next record, which goes on as if nothing had been asked.
    said = renegotiated.stderr.lower()
    assert b"no renegotiation" in said or b"unexpected record" in said


def test_cleartext_and_garbage_at_a_tls_address_are_turned_away(serve, own, authority):
    server = serve("conformance", *tls_flags(own))
    for said in (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", bytes(range(256)) * 300):
        with socket.create_connection(server.host_and_port, timeout=20) as connection:
            try:
                connection.sendall(said)
                while connection.recv(4096):
                    pass
            except ConnectionError:
                pass
    assert who_am_i(server, authority) == ""


def test_sessions_are_resumed(serve, own, authority, tmp_path):
    server = serve("conformance", *tls_flags(own), "--workers", "2")
    address = "%s:%d" % server.host_and_port
    session = tmp_path / "session"
    command = ["openssl", "s_client", "-connect", address, "-alpn", "h2", "-tls1_2", "-CAfile", authority.certificate]
    first = subprocess.run([*command, "-sess_out", session], input=b"", capture_output=True, timeout=60)
    again = subprocess.run([*command, "-sess_in", session], input=b"", capture_output=True, timeout=60)
    assert b"New, TLS" in first.stdout and b"Reused, TLS" in again.stdout


@pytest.mark.parametrize(
    "names, identities",
    [
        (
            "URI:spiffe://test/a,DNS:client.test,DNS:other.test",
            ["dns:client.test", "dns:other.test", "uri:spiffe://test/a", "cn:admin"],
        ),
        ("URI:spiffe://test/a", ["uri:spiffe://test/a", "cn:admin"]),
        ("DNS:admin", ["dns:admin", "cn:admin"]),
        ("", ["cn:admin"]),
        ("email:a@b.test,IP:192.0.2.7", ["cn:admin", "email:a@b.test", "ip:192.0.2.7"]),
    ],
)
def test_guests_see_who_a_client_is_by_which_kind_of_name(serve, own, authority, names, identities):
    client = authority.sign("client", "admin", names)
    server = serve("conformance", *tls_flags(own, "--tls-client-ca", authority.certificate))
    known = info(server, authority, client)
    assert list(known.tls_names) == identities
    assert known.tls_peer == identities[0].partition(":")[2]


def test_guests_in_go_see_it_too(serve, own, authority):
    client = authority.sign("client", "admin", "DNS:client.test")
    server = serve("go_conformance", *tls_flags(own, "--tls-client-ca", authority.certificate))
    with connect(server, authority, client) as channel:
        told = channel.unary_unary("/gotest.Guest/Tell")(b"", timeout=20)
    assert b" [dns:client.test cn:admin] " in told


def test_clients_without_a_good_certificate_are_refused(serve, own, authority, folder, failure):
    server = serve("conformance", *tls_flags(own, "--tls-client-ca", authority.certificate))
    stranger = Authority(folder, "stranger").sign("strange", "the subject")
    for client in (None, stranger):
        with failure(grpc.StatusCode.UNAVAILABLE):
            who_am_i(server, authority, client)
    assert who_am_i(server, authority, authority.sign("client", "known")) == "known"


def test_an_authority_below_a_root_is_authority_enough_for_clients(serve, own, authority, folder, failure):
    intermediate = Authority(folder, "intermediate", authority)
    server = serve("conformance", *tls_flags(own, "--tls-client-ca", intermediate.certificate))
    assert who_am_i(server, authority, intermediate.sign("below", "known")) == "known"
    with failure(grpc.StatusCode.UNAVAILABLE):
        who_am_i(server, authority, authority.sign("beside", "of the root"))


def test_certificates_may_be_left_to_the_client_but_not_be_bad(serve, own, authority, folder, failure):
    flags = ["--tls-client-ca", authority.certificate, "--tls-client-auth", "request"]
    server = serve("conformance", *tls_flags(own, *flags))
    assert who_am_i(server, authority) == ""
    assert who_am_i(server, authority, authority.sign("client", "known")) == "known"
    with failure(grpc.StatusCode.UNAVAILABLE):
        who_am_i(server, authority, Authority(folder, "stranger").sign("strange", "the subject"))


def shown(server, authority) -> str:
    with handshake(server, authority, ["h2"]) as connection:
        return dict(part[0] for part in connection.getpeercert()["subject"])["commonName"]


def test_new_certificates_are_taken_without_dropping_connections(serve, authority, folder):
    pair = authority.sign("changing", "before", SERVER_NAMES)
    server = serve("conformance", *tls_flags(pair))
    assert shown(server, authority) == "before"
    with connect(server, authority) as channel:
        call = conformance_pb2_grpc.GuestStub(channel).Info
        call(conformance_pb2.Empty(), timeout=20)
        broken = folder / "broken"
        broken.write_text("no certificate\n")
        shutil.move(broken, pair[0])
        eventually(lambda: shown(server, authority) == "before" and "serves on" in server.log, "it is logged")
        for file, new in zip(pair, authority.sign("new", "after", SERVER_NAMES)):
            shutil.copy(new, f"{file}.tmp")
            shutil.move(f"{file}.tmp", file)
        eventually(lambda: shown(server, authority) == "after", "the new certificate is shown")
        call(conformance_pb2.Empty(), timeout=20)
        server.wait_for_log("read again")
        assert server.log.count("read again") == 1


def test_new_certificates_are_taken_once_the_server_may_read_them(program, guest, as_another, authority, own):
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as output:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        pair = folder / "server.pem", folder / "server.key"
        for file, first in zip(pair, own):
            shutil.copy(first, file)
            file.chmod(0o644)
        command = [program, "serve", guest("conformance"), "--listen", "127.0.0.1:0", *tls_flags(pair)]
        server = Server(pathlib.Path(output), [*as_another, *command])
        try:
            for file, new in zip(pair, authority.sign("unreadable", "after", SERVER_NAMES)):
                fresh = file.with_suffix(".new")
                shutil.copy(new, fresh)
                fresh.chmod(0)
                fresh.rename(file)
            eventually(lambda: shown(server, authority) == "server" and "serves on" in server.log, "it is logged")
            assert "server.pem: cannot be opened (Permission denied); expected a file that" in server.log
            for file in pair:
                file.chmod(0o644)
            eventually(lambda: shown(server, authority) == "after", "the new certificate is shown")
        finally:
            server.stop()


def subject_of(server, authority, name) -> str:
    """Who shows the certificate to a client that asks for this name."""
    context = ssl.create_default_context(cafile=authority.certificate)
    context.check_hostname = False
    connection = socket.create_connection(server.host_and_port, timeout=20)
    with context.wrap_socket(connection, server_hostname=name) as connection:
        return dict(part[0] for part in connection.getpeercert()["subject"])["commonName"]


def test_the_certificate_is_chosen_by_the_name_that_the_client_asks_for(serve, own, authority):
    one = authority.sign("one", "one", "DNS:one.test,DNS:*.wild.test")
    two = authority.sign("two", "two", "DNS:two.test,DNS:exact.wild.test")
    server = serve("conformance", *tls_flags(own), *tls_flags(one), *tls_flags(two), "--workers", "2")
    wanted = {"one.test": "one", "TWO.test": "two", "a.wild.test": "one", "exact.wild.test": "two", "a.b.wild.test": "server"}
    wanted |= {"localhost": "server", "other.test": "server", None: "server"}
    assert {name: subject_of(server, authority, name) for name in wanted} == wanted
    assert who_am_i(server, authority) == ""

    for file, new in zip(two, authority.sign("new-two", "two again", "DNS:two.test")):
        shutil.copy(new, f"{file}.tmp")
        shutil.move(f"{file}.tmp", file)
    eventually(lambda: subject_of(server, authority, "two.test") == "two again", "it is read again")
    assert subject_of(server, authority, "one.test") == "one"
    assert server.log.count("read again") == 1 and "two.pem: read again" in server.log


def test_a_certificate_without_its_key_is_refused(program, guest, own):
    flags = [*tls_flags(own), "--tls-cert", str(own[0])]
    command = [program, "serve", guest("conformance"), "--listen", "127.0.0.1:0", *flags]
    run = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60)
    said = "--tls-cert is given 2 times, and keys 1 times; give each certificate its key, in the same order, by --tls-key"
    assert (run.returncode, run.stderr) == (2, f"wasm-grpc: {said}\n")


@pytest.mark.parametrize(
    "certificate, key, said",
    [
        ("missing.pem", "server.key", "TLS certificate .*missing.pem: no such file"),
        ("server.key", "server.key", "TLS certificate .*server.key: expected a certificate and its chain in PEM"),
        ("server.pem", "missing.key", "TLS key .*missing.key: no such file"),
        ("server.pem", "server.pem", "TLS key .*server.pem: expected a private key in PEM"),
        ("server.pem", "authority.key", "TLS key .*authority.key: does not belong to the certificate .*server.pem"),
    ],
)
def test_bad_files_are_refused_at_the_start_in_one_line(program, guest, own, folder, certificate, key, said):
    command = [program, "serve", guest("conformance"), "--listen", "127.0.0.1:0"]
    run = subprocess.run(
        [*map(str, command), *tls_flags((folder / certificate, folder / key))], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 1 and len(run.stderr.splitlines()) == 1, run.stderr
    assert re.search(said, run.stderr), run.stderr


def test_an_expired_certificate_is_served_with_a_warning(serve, authority):
    server = serve("conformance", *tls_flags(authority.sign("expired", "expired", SERVER_NAMES, days=-1)))
    server.wait_for_log(r"warn.*has expired")


def test_https_without_a_certificate_is_refused(program, guest):
    command = [program, "serve", guest("conformance"), "--listen", "https://127.0.0.1:0"]
    run = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60)
    assert run.returncode == 1 and "TLS needs a certificate and its key" in run.stderr


CERTIFICATE = "x-forwarded-client-cert"
SAID = 'By=spiffe://a/server;Hash=00;Subject="CN=admin,O=a";URI=spiffe://a/client;DNS=client.test'


def forwarded(channel, said) -> tuple[list[str], list[str]]:
    """The names that a guest sees of a call with this header, and what it sees of the header."""
    stub = conformance_pb2_grpc.GuestStub(channel)
    metadata = ((CERTIFICATE, said),) if said is not None else ()
    info = stub.Info(conformance_pb2.Empty(), metadata=metadata, timeout=20)
    entries = stub.EchoMetadata(conformance_pb2.Empty(), metadata=metadata, timeout=20).entries
    return list(info.tls_names), [entry.value.decode() for entry in entries if entry.key == CERTIFICATE]


def test_a_forwarded_certificate_is_not_believed_of_everybody(serve):
    for flags in ([], ["--forwarded-client-cert", "192.0.2.0/24"]):
        server = serve("conformance", *flags)
        with grpc.insecure_channel(server.address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
            assert forwarded(channel, SAID) == ([], [])


def test_a_forwarded_certificate_is_believed_where_it_is_to_be(serve):
    server = serve("conformance", "--forwarded-client-cert", "10.0.0.0/8", "--forwarded-client-cert", "127.0.0.1")
    with grpc.insecure_channel(server.address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        assert forwarded(channel, SAID) == (["dns:client.test", "uri:spiffe://a/client", "cn:admin"], [SAID])
        assert forwarded(channel, None) == ([], [])
        assert forwarded(channel, "DNS=") == ([], ["DNS="])
        assert forwarded(channel, "DNS") == ([], []), "malformed"
        assert forwarded(channel, SAID + ',By=b;DNS="last.test"')[0] == ["dns:last.test"]


def test_the_certificate_of_a_proxy_is_not_that_of_its_clients(serve, own, authority):
    proxy = authority.sign("proxy", "proxy", "DNS:proxy.test")
    server = serve(
        "conformance", *tls_flags(own, "--tls-client-ca", authority.certificate, "--forwarded-client-cert", "127.0.0.0/8")
    )
    with connect(server, authority, proxy) as channel:
        assert forwarded(channel, "DNS=client.test")[0] == ["dns:client.test"]
        assert forwarded(channel, None) == ([], [])


def test_where_forwarded_certificates_come_from_is_a_network(program, guest):
    command = [program, "serve", guest("conformance"), "--listen", "127.0.0.1:0", "--forwarded-client-cert", "proxy"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert ended.returncode != 0 and '"proxy" is no network' in ended.stderr
