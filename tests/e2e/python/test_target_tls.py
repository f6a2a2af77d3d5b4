"""Guests that call over TLS, and plain HTTP by HTTP/2 too: nginx, and our own server for gRPC, by the guest `proxy`."""

import contextlib
import json
import subprocess

import grpc
import pytest
from certificates import Authority
from proxies import nginx
from test_targets import module, serve_config, target  # noqa: F401

LIMIT = 30
SAY = 'default_type text/plain; location / { return 200 "$server_protocol for $http_x_who"; }'


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"), "authority")


@pytest.fixture
def web(tmp_path, authority):
    """web(words, names) is the address of nginx: `words` follow its port where it listens, `names` are its certificate's."""
    with contextlib.ExitStack() as stack:

        def start(words: str, names: str = "IP:127.0.0.1", does: str = SAY) -> str:
            certificate, key = authority.sign("server", "server", names)
            return stack.enter_context(
                nginx(
                    tmp_path,
                    f"listen 127.0.0.1:{{port}} {words}; ssl_certificate {certificate}; ssl_certificate_key {key}; {does}",
                )
            )

        yield start


@pytest.fixture
def ask(serve_config, guest, connect, authority):
    """ask(address, more) asks for /granted/ by the guest: the body, and the status."""

    def start(address: str, more: str = "", path: str = "/granted/"):
        grants = 'targets = { web = { methods = ["/granted/"], max-time = "10 s" } }'
        server = serve_config(target("web", address, more) + module(guest, "proxy", grants))
        metadata = (("x-target", "web"), ("x-path", path), ("x-kind", "4"), ("x-who", "you"))
        call = connect(server).stream_stream("/test.Proxy/Pass")(iter([]), metadata=metadata, timeout=LIMIT)
        body = b""
        with contextlib.suppress(grpc.RpcError):
            for piece in call:
                body += piece
        return body.decode(), call.code(), call.details()

    return start


def trusting(authority: Authority, more: str = "") -> str:
    return f"tls = {{ ca = {json.dumps(str(authority.certificate))} }}\n{more}"


@pytest.mark.parametrize(
    "listens, says, spoken",
    [
        ("ssl http2", "", "HTTP/2.0"),
        ("ssl http2", 'http-version = "2"', "HTTP/2.0"),
        ("ssl http2", 'http-version = "1.1"', "HTTP/1.1"),
        ("ssl", "", "HTTP/1.1"),
        ("ssl", 'http-version = "1.1"', "HTTP/1.1"),
    ],
)
def test_the_version_over_tls_is_what_both_choose(ask, web, authority, listens, says, spoken):
    body, code, details = ask(f"https://{web(listens)}", trusting(authority, says))
    assert (body, code, details) == (f"{spoken} for you", grpc.StatusCode.OK, "")


@pytest.mark.parametrize(
    "listens, says, spoken",
    [("http2", 'http-version = "2"', "HTTP/2.0"), ("", "", "HTTP/1.1"), ("", 'http-version = "1.1"', "HTTP/1.1")],
)
def test_the_version_without_tls_is_what_the_operator_says(ask, web, listens, says, spoken):
    body, code, details = ask(f"http://{web(listens)}", says)
    assert (body, code, details) == (f"{spoken} for you", grpc.StatusCode.OK, "")


def test_a_server_that_does_not_choose_http2_where_nothing_else_is_wanted_is_unavailable(ask, web, authority):
    _, code, details = ask(f"https://{web('ssl')}", trusting(authority, 'http-version = "2"'))
    assert code is grpc.StatusCode.UNAVAILABLE
    assert "no application protocol" in details


def test_a_server_that_speaks_http1_is_unavailable_where_http2_is_taken_for_granted(ask, web):
    _, code, details = ask(f"http://{web('')}", 'http-version = "2"')
    assert code is grpc.StatusCode.UNAVAILABLE
    assert "the server broke the rules of HTTP/2" in details


@pytest.mark.parametrize("listens", ["ssl", "ssl http2"])
def test_a_certificate_of_an_authority_that_is_not_trusted_is_refused(ask, web, listens):
    _, code, details = ask(f"https://{web(listens)}")
    assert code is grpc.StatusCode.UNAVAILABLE
    assert "certificate" in details


@pytest.mark.parametrize("listens", ["ssl", "ssl http2"])
def test_a_certificate_for_another_name_is_refused(ask, web, authority, listens):
    _, code, details = ask(f"https://{web(listens, 'DNS:elsewhere.example')}", trusting(authority))
    assert code is grpc.StatusCode.UNAVAILABLE
    assert "certificate" in details


@pytest.mark.parametrize("listens", ["ssl", "ssl http2"])
def test_the_certificate_may_be_for_the_name_that_the_operator_says(ask, web, authority, listens):
    address = web(listens, "DNS:elsewhere.example", "location / { return 200 $host; }")
    body, code, _ = ask(f"https://{address}", trusting(authority, 'authority = "elsewhere.example"'))
    assert (body, code) == ("elsewhere.example", grpc.StatusCode.OK)


@pytest.mark.parametrize("listens", ["ssl", "ssl http2"])
def test_a_server_that_wants_a_certificate_is_shown_one(ask, web, authority, listens):
    wants = f"ssl_client_certificate {authority.certificate}; ssl_verify_client on; location / {{ return 200 $ssl_client_s_dn; }}"
    address = web(listens, does=wants)
    assert "No required SSL certificate" in ask(f"https://{address}", trusting(authority))[0]
    certificate, key = authority.sign("client", "caller")
    tls = f'tls = {{ ca = "{authority.certificate}", cert = "{certificate}", key = "{key}" }}'
    body, code, _ = ask(f"https://{address}", tls)
    assert (body, code) == ("CN=caller", grpc.StatusCode.OK)


@pytest.mark.parametrize("says", ["", 'http-version = "1.1"'])
def test_large_answers_arrive_whole(ask, web, authority, tmp_path, says):
    (tmp_path / "files" / "granted").mkdir(parents=True)
    whole = "".join(f"{number:7}\n" for number in range(400_000))
    (tmp_path / "files" / "granted" / "large").write_text(whole)
    address = web("ssl http2", does="location / { root files; }")
    body, code, _ = ask(f"https://{address}", trusting(authority, says), "/granted/large")
    assert code is grpc.StatusCode.OK
    assert body == whole


def test_an_http_version_of_a_target_of_grpc_is_an_error(program, guest, tmp_path):
    file = tmp_path / "bad.toml"
    file.write_text(target("grpc", "dns:///host:443", 'http-version = "2"') + module(guest, "proxy"))
    done = subprocess.run([program, "check", "-c", file], capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode != 0
    assert "an HTTP version means nothing" in done.stderr


@pytest.mark.parametrize(
    "names, says",
    [("IP:127.0.0.1", ""), ("IP:::1", 'authority = "[::1]:443"'), ("DNS:there.example", 'authority = "there.example:50051"')],
)
def test_the_certificate_of_a_server_of_grpc_is_for_its_address_or_the_authority(
    serve, serve_config, guest, connect, authority, names, says
):
    certificate, key = authority.sign("there", "there", names)
    there = serve("conformance", "--tls-cert", certificate, "--tls-key", key)
    address = "ipv4:" + there.address.removeprefix("https://")

    def status(more: str):
        grants = module(guest, "proxy", "targets = { there = {} }")
        server = serve_config(target("there", address, trusting(authority, more)) + grants)
        metadata = (("x-target", "there"), ("x-path", "/test.Guest/Count"), ("x-kind", "0"))
        call = connect(server).stream_stream("/test.Proxy/Pass")(iter([b""]), metadata=metadata, timeout=LIMIT)
        with contextlib.suppress(grpc.RpcError):
            list(call)
        return call.code(), call.details()

    assert status(says) == (grpc.StatusCode.OK, "")
    code, details = status('authority = "[::2]:443"')
    assert code is grpc.StatusCode.UNAVAILABLE
    assert "certificate" in details
