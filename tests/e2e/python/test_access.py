"""Who may call what, by the clients that people have: grpcio over TLS with certificates, curl, tokens that PyJWT signs."""

import base64
import json
import pathlib
import subprocess
import time

import conformance_pb2
import conformance_pb2_grpc
import grpc
import jwt
import pytest
from certificates import Authority
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from server import eventually

LIMIT = 20
ISSUER, AUDIENCE = "https://login.test/", "https://api.test"
INFO = "/test.Guest/Info"
DENIED = "this call is not permitted"
KEYS = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}


def policy(*allow: dict, deny=(), audit="NONE") -> str:
    rules = {"name": "test", "allow_rules": list(allow), "audit_logging_options": {"audit_condition": audit}}
    return json.dumps({**rules, "deny_rules": list(deny)} if deny else rules)


def rule(name: str, *paths: str, **source) -> dict:
    return {"name": name, "source": source, "request": {"paths": list(paths)} if paths else {}}


def put(file: pathlib.Path, text: str) -> pathlib.Path:
    """Replaces it as a whole, as it may be read at any moment."""
    new = file.with_name(file.name + ".new")
    new.write_text(text)
    return new.rename(file)


@pytest.fixture
def file(tmp_path):
    """file("name", text) writes a file."""
    return lambda name, text: put(tmp_path / name, text)


def key_set(keys: dict) -> str:
    """As an issuer publishes it."""
    published = []
    for name, key in keys.items():
        algorithm = jwt.get_algorithm_by_name(name)
        published.append({**json.loads(algorithm.to_jwk(key.public_key())), "kid": name, "use": "sig", "alg": name})
    return json.dumps({"keys": published})


def token(by="ES256", key=None, header=None, **claims) -> str:
    what = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": int(time.time()) + 300, **claims}
    return jwt.encode(what, key or KEYS[by], algorithm=by, headers={"kid": by, **(header or {})})


@pytest.fixture
def with_tokens(serve, file):
    """A server that believes the issuer; more flags may be given."""

    def start(*flags):
        keys = file("keys.json", key_set(KEYS))
        issuer = ["--access-issuer", ISSUER, "--access-keys", keys, "--access-audience", AUDIENCE]
        return serve("conformance", *map(str, [*issuer, *flags]))

    return start


def info(channel, shown=None) -> conformance_pb2.InfoReply:
    metadata = [("authorization", shown)] if shown is not None else []
    return conformance_pb2_grpc.GuestStub(channel).Info(conformance_pb2.Empty(), timeout=LIMIT, metadata=metadata)


def curl(server, target: str, *arguments: str) -> tuple[int, str]:
    """The status, and all of the answer."""
    command = ["curl", "-sS", "-i", "--max-time", str(LIMIT), *arguments, f"http://{server.address}{target}"]
    answer = subprocess.run(command, check=True, capture_output=True, text=True, timeout=2 * LIMIT).stdout
    return int(answer.split()[1]), answer


def post(server, target: str, *arguments: str) -> tuple[int, str]:
    """A unary call of Connect, of an empty message."""
    return curl(server, target, "--data-binary", "", "-H", "content-type: application/proto", *arguments)


# ---- The policy ----


def test_rules_are_about_names_of_certificates_with_their_kinds(serve, file, tmp_path):
    authority = Authority(tmp_path, "authority")
    own = authority.sign("server", "server", "DNS:localhost,IP:127.0.0.1")
    rules = policy(rule("admins", principals=["uri:spiffe://test/admin", "dns:admin.test"]))
    flags = ["--tls-cert", own[0], "--tls-key", own[1], "--tls-client-ca", authority.certificate]
    server = serve("conformance", *map(str, flags), "--tls-client-auth", "request", "--access-policy", str(file("policy.json", rules)))

    def call(pair):
        given = [part.read_bytes() for part in reversed(pair)] if pair else []
        credentials = grpc.ssl_channel_credentials(authority.certificate.read_bytes(), *given)
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]
        with grpc.secure_channel("%s:%d" % server.host_and_port, credentials, options) as channel:
            try:
                info(channel)
                return "served"
            except grpc.RpcError as error:
                return f"{error.code().name}: {error.details()}"

    assert call(authority.sign("uri", "x", "URI:spiffe://test/admin")) == "served"
    assert call(authority.sign("dns", "x", "DNS:admin.test")) == "served"
    denied = f"PERMISSION_DENIED: {DENIED}"
    assert call(authority.sign("name", "admin.test")) == denied, "a common name is no DNS name"
    assert call(authority.sign("other", "admin.test", "DNS:other.test")) == denied
    assert call(None) == denied


def test_rules_hold_for_every_protocol(serve, file, connect, failure):
    rules = policy(rule("health", "/grpc.health.v1.Health/*"))
    server = serve("greeter", "conformance", "--access-policy", str(file("policy.json", rules)))
    with failure(grpc.StatusCode.PERMISSION_DENIED) as refused:
        info(connect(server))
    assert refused.details == DENIED
    with failure(grpc.StatusCode.PERMISSION_DENIED):
        connect(server).unary_unary("/no.Such/Method")(b"", timeout=LIMIT)
    assert connect(server).unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=LIMIT) == b"\x08\x01"
    status, answer = post(server, "/helloworld.Greeter/SayHello")
    assert status == 403 and '"permission_denied"' in answer and DENIED in answer
    assert post(server, "/grpc.health.v1.Health/Check")[0] == 200
    assert curl(server, "/openapi.json")[0] == 403
    assert curl(server, "/nothing")[0] == 403
    assert curl(server, "/")[0] == 403
    status, answer = curl(server, "/helloworld.Greeter/SayHello", "--data-binary", "x", "-H", "content-type: application/grpc-web-text")
    assert status == 200 and b"grpc-status: 7" in base64.b64decode(answer.split("\n\n", 1)[1])


def test_a_policy_is_read_again_and_audited(serve, file, connect, failure):
    rules = file("policy.json", policy(rule("guests", "/test.*"), audit="ON_DENY_AND_ALLOW"))
    server = serve("conformance", "--access-policy", str(rules))
    channel = connect(server)
    assert info(channel).path == INFO
    server.wait_for_log(rf"audit.* allowed method={INFO} peer=127\.0\.0\.1:\d+ principal=\"\" policy=test rule=guests")
    put(rules, policy(rule("others", "/other.*"), deny=[rule("nobody", "*/Info")], audit="ON_DENY"))

    def is_denied():
        try:
            info(channel)
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.PERMISSION_DENIED
            return True
        return False

    eventually(is_denied, "the new policy holds")
    server.wait_for_log(rf"denied method={INFO} .*rule=nobody")
    put(rules, "{}")
    server.wait_for_log(r"policy\.json: policy: name is missing; what was read before holds on")
    assert is_denied()


def test_what_makes_no_sense_is_said_in_one_line(program, guest, file):
    for flags, expected in {
        ("--access-policy", file("a.json", '{"name": "p", "allow_rules": [{"name": "a", "sources": {}}]}')): 'a.json: allow_rules[0] ("a"): unknown key "sources"',
        ("--access-policy", "/nowhere/policy.json"): "/nowhere/policy.json: cannot be opened",
        ("--access-policy", file("b.json", policy(rule("a", principals=["sub:x"])))): "there is no issuer whose tokens are believed",
        ("--access-issuer", "i"): "expected a file of keys for each issuer",
        ("--access-issuer", "i", "--access-keys", "/nowhere"): "expected an audience",
        ("--access-issuer", "i", "--access-audience", "us", "--access-keys", file("k", "{}")): "expected a JWK set",
        ("--access-rate", "each 1/s"): '--access-rate: "each 1/s": expected',
    }.items():
        command = [program, "serve", guest("conformance"), "--listen", "127.0.0.1:0", *flags]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60)
        assert done.returncode in (1, 2) and expected in done.stderr, (flags, done.stderr)
        assert done.stderr.count("\n") == 1, done.stderr


# ---- Tokens ----


def test_guests_are_told_who_has_shown_a_token(with_tokens, connect):
    channel = connect(with_tokens())
    for algorithm in KEYS:
        known = info(channel, "Bearer " + token(algorithm, roles=["a", "b"]))
        assert known.token_subject == "alice"
        assert json.loads(known.token_claims)["roles"] == ["a", "b"]


def test_tokens_that_are_not_good_are_refused(with_tokens, connect):
    channel = connect(with_tokens("--max-header-size", "1048576"))
    evil = ec.generate_private_key(ec.SECP256R1())
    public = KEYS["RS256"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head, body, signature = token().split(".")
    unsigned = jwt.encode({"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": time.time() + 300}, None, algorithm="none")
    # What PyJWT itself refuses to make: a public key as the secret of HMAC.
    by_hmac = jwt.api_jws.PyJWS()
    by_hmac._algorithms["HS256"].prepare_key = lambda key: key
    confused = by_hmac.encode(
        json.dumps({"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": time.time() + 300}).encode(), public, "HS256", {"kid": "RS256"}
    )
    hostile = {
        "none": unsigned,
        "HS256 by a public key": confused,
        "expired": token(exp=time.time() - 120),
        "for ever": jwt.encode({"iss": ISSUER, "aud": AUDIENCE}, KEYS["ES256"], "ES256", {"kid": "ES256"}),
        "not yet": token(nbf=time.time() + 600),
        "for another": token(aud="https://other.test"),
        "by another issuer": token(iss="https://evil.test/"),
        "by another key": token(key=evil),
        "with its own key": token(key=evil, header={"jwk": json.loads(jwt.get_algorithm_by_name("ES256").to_jwk(evil.public_key()))}),
        "critical": token(header={"crit": ["x"], "x": 1}),
        "not signed": f"{head}.{body}.",
        "cut": f"{head}.{body}.{signature[:-4]}",
        "with padding": f"{head}.{body}.{signature}==",
        "large": "x" * 60_000,
        "large, of parts": f"{head}.{'A' * 60_000}.{signature}",
        "empty": "",
    }
    for name, shown in hostile.items():
        with pytest.raises(grpc.RpcError) as refused:
            info(channel, f"Bearer {shown}".strip())
        assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED, name
        assert ("expired" in refused.value.details()) == (name in ("expired", "for ever")), name
    assert info(channel, "Bearer " + token()).token_subject == "alice"


def test_a_client_of_http_is_asked_for_a_token(with_tokens):
    server = with_tokens()
    status, answer = post(server, INFO)
    assert status == 401 and "www-authenticate: Bearer\n" in answer
    status, answer = post(server, INFO, "-H", "authorization: Bearer x")
    assert status == 401 and 'www-authenticate: Bearer error="invalid_token"\n' in answer
    status, answer = curl(server, "/page")
    assert status == 401 and "www-authenticate: Bearer\n" in answer
    two = ["-H", f"authorization: Bearer {token()}"] * 2
    assert post(server, INFO, *two)[0] == 401
    assert post(server, INFO, "--oauth2-bearer", token())[0] != 401


def test_rules_ask_what_a_token_says(with_tokens, file, connect, failure):
    writers = rule("writers", INFO, principals=["sub:*"], claims=[{"key": "scope", "values": ["write"]}])
    rules = file("policy.json", policy(writers, rule("health", "/grpc.health.v1.Health/*")))
    channel = connect(with_tokens("--access-policy", rules, "--no-access-require-token"))
    assert info(channel, "Bearer " + token(scope="read write")).token_subject == "alice"
    with failure(grpc.StatusCode.PERMISSION_DENIED):
        info(channel, "Bearer " + token(scope="read"))
    with failure(grpc.StatusCode.UNAUTHENTICATED):
        info(channel)
    assert channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=LIMIT) == b"\x08\x01"


def test_keys_are_read_again(with_tokens, connect, tmp_path):
    server = with_tokens()
    channel = connect(server)
    shown = "Bearer " + token()
    assert info(channel, shown).token_subject == "alice"
    put(tmp_path / "keys.json", key_set({"ES256": ec.generate_private_key(ec.SECP256R1())}))

    def is_refused():
        try:
            info(channel, shown)
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNAUTHENTICATED
            return True
        return False

    eventually(is_refused, "a token of a key that is gone is refused")
    put(tmp_path / "keys.json", key_set(KEYS))
    eventually(lambda: not is_refused(), "it is good again")


# ---- Rates ----


def test_who_calls_too_often_is_told_when_to_come_again(serve, connect, failure):
    server = serve("conformance", "--access-rate", "address 6/m burst 3 /test.*")
    channel = connect(server)
    for _ in range(3):
        info(channel)
    with failure(grpc.StatusCode.RESOURCE_EXHAUSTED) as refused:
        info(channel)
    pushback = dict(refused.error.trailing_metadata())["grpc-retry-pushback-ms"]
    assert 0 < int(pushback) <= 10_000
    status, answer = post(server, INFO)
    assert status == 429 and "retry-after: " in answer
    assert channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=LIMIT) == b"\x08\x01"


def test_each_bearer_has_a_bucket(with_tokens, connect, failure):
    channel = connect(with_tokens("--access-rate", "identity 1/h burst 2"))
    for subject in ("alice", "bob"):
        for _ in range(2):
            assert info(channel, "Bearer " + token(sub=subject)).token_subject == subject
        with failure(grpc.StatusCode.RESOURCE_EXHAUSTED):
            info(channel, "Bearer " + token(sub=subject))
