"""A registry that wants tokens, from a token server of its own; credential helpers; proxies. Debian's docker-registry over TLS."""

import base64
import json
import os
import subprocess

import pytest
import versioned_pb2_grpc
from connect_proxy import ConnectProxy
from registry_server import NAMED, Registry
from server import eventually
from token_server import IDENTITY, TokenServer
from versions import version_of

NAME = "team/versioned"
RIGHTS = {"owner": ["pull", "push"], "reader": ["pull"], "stranger": [], "": []}

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """One whose tokens are given by registry.tokens."""
    folder = tmp_path_factory.mktemp("registry")
    registry = Registry(folder)
    registry.tokens = TokenServer(folder, registry.authority, dict(RIGHTS))
    try:
        with registry.runs(registry.tokens.of_registry(registry.authority)):
            yield registry
    finally:
        registry.tokens.stop()


@pytest.fixture(autouse=True)
def tokens(registry):
    """The token server, as it is at first."""
    registry.tokens.asked.clear()
    registry.tokens.lifetime = 300.0
    registry.tokens.rights = dict(RIGHTS)
    return registry.tokens


def password_of(user: str) -> dict:
    return {"auth": base64.b64encode(f"{user}:password of {user}".encode()).decode()}


@pytest.fixture
def credentials(registry, tmp_path):
    """credentials(entry) is the file of a config that has it for the registry; more of the config may be given."""

    def write(entry: dict | None, **more):
        file = tmp_path / "config.json"
        file.write_text(json.dumps({"auths": {registry.host: entry} if entry else {}, **more}))
        return ["--registry-ca", registry.authority.certificate, "--registry-credentials", file]

    return write


@pytest.fixture
def run(program, tmp_path):
    """run("pull", ...) is what the program prints, or complains about if it is to fail."""

    def command(*arguments, fails=False, **environment):
        own = {**os.environ, "DOCKER_CONFIG": str(tmp_path), "no_proxy": "*", **environment}
        cache = ["--registry-cache", tmp_path / "cache"] if arguments[0] == "pull" else []
        command = [str(part) for part in (program, *arguments, *cache)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=own, timeout=60)
        assert (done.returncode != 0) == fails, done.stderr + done.stdout
        return done.stderr if fails else done.stdout

    return command


@pytest.fixture
def push(run, registry, guest, credentials):
    """push(2, "tag") puts that version there, as its owner."""

    def put(version: int, tag: str) -> str:
        place = f"{registry.host}/{NAME}:{tag}"
        run("push", guest(f"versioned_{version}"), place, *credentials(password_of("owner")))
        return place

    return put


def test_a_token_is_asked_for_what_is_done_and_no_more(run, push, credentials, guest, tokens, tmp_path):
    place = push(1, "asked")
    assert set(tokens.asked) == {("owner", f"repository:{NAME}:pull,push")}
    tokens.asked.clear()
    run("pull", place, "-o", "file.wasm", *credentials(password_of("reader")))
    assert set(tokens.asked) == {("reader", f"repository:{NAME}:pull")}
    assert (tmp_path / "file.wasm").read_bytes() == guest("versioned_1").read_bytes()


def test_nobody_needs_credentials_for_what_is_for_all(run, push, credentials, tokens):
    place = push(1, "public")
    tokens.rights[""] = ["pull"]
    tokens.asked.clear()
    run("pull", place, "-o", "file.wasm", *credentials(None))
    assert set(tokens.asked) == {("", f"repository:{NAME}:pull")}


def test_who_may_not_is_told_so(run, push, registry, credentials, guest):
    place = push(1, "refused")
    module = guest("versioned_2")
    assert "the credentials given for it do not do" in run("push", module, place, *credentials(password_of("reader")), fails=True)
    assert "the credentials given for it do not do" in run("pull", place, *credentials(password_of("stranger")), fails=True)
    assert "give credentials for it" in run("pull", place, *credentials(None), fails=True)
    wrong = {"auth": base64.b64encode(b"owner:a wrong secret").decode()}
    complaint = run("pull", place, *credentials(wrong), fails=True)
    assert f"localhost:{registry.tokens.port} gives no token for {registry.host}: it answers 401" in complaint
    assert "a wrong secret" not in complaint and wrong["auth"] not in complaint


def test_an_identity_token_does_for_a_password(run, push, credentials, tokens):
    place = push(1, "identity")
    tokens.asked.clear()
    run("pull", place, "-o", "file.wasm", *credentials({"identitytoken": IDENTITY}))
    assert set(tokens.asked) == {("owner", f"repository:{NAME}:pull")}
    assert "gives no token" in run("pull", place, *credentials({"identitytoken": "another"}), fails=True)


def test_a_token_that_has_ended_is_of_no_use(run, push, credentials, tokens):
    place = push(1, "ended")
    tokens.lifetime = -5
    assert "the credentials given for it do not do" in run("pull", place, *credentials(password_of("owner")), fails=True)


def test_a_server_follows_a_tag_longer_than_its_tokens_last(serve, connect, push, credentials, tokens, tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    place = push(1, "followed")
    tokens.lifetime = 2
    tokens.asked.clear()
    flags = [*credentials(password_of("reader")), "--registry-cache", tmp_path / "cache", "--registry-poll", "1s"]
    server = serve(f"oci://{place}", *map(str, flags))
    stub = versioned_pb2_grpc.VersionedStub(connect(server))
    assert version_of(stub) == 1
    eventually(lambda: len(tokens.asked) >= 5, "tokens have ended, and others were got", 40)
    push(2, "followed")
    tokens.rights["owner"] = []  # whoever pushed it may do nothing more: the server has its own credentials
    flags = credentials(password_of("reader"))
    server.wait_for_log("versioned:followed is sha256:[0-9a-f]+ by now; reloaded: replaced versioned")
    assert version_of(stub) == 2


def test_a_helper_says_who_one_is(run, push, registry, credentials, tokens, tmp_path):
    place = push(1, "helped")
    helper = tmp_path / "docker-credential-keys"
    helper.write_text(
        f"""#!/bin/sh
[ "$1" = get ] && [ "$(cat)" = "{registry.host}" ] || exit 1
echo '{{"ServerURL": "{registry.host}", "Username": "reader", "Secret": "password of reader"}}'
"""
    )
    helper.chmod(0o755)
    tokens.asked.clear()
    path = f"{tmp_path}:{os.environ['PATH']}"
    for config in ({"credHelpers": {registry.host: "keys"}}, {"credsStore": "keys"}):
        run("pull", place, "-o", "file.wasm", *credentials(None, **config), PATH=path)
    assert set(tokens.asked) == {("reader", f"repository:{NAME}:pull")}
    assert "docker-credential-keys" in run("pull", place, *credentials(None, credsStore="keys"), fails=True)


def test_a_proxy_leads_to_registry_and_token_server(run, registry, guest, tmp_path, tmp_path_factory):
    """Names of both are known to the proxy only."""
    inner = Registry(tmp_path_factory.mktemp("inner"))
    tokens = TokenServer(inner.folder, inner.authority, dict(RIGHTS))
    proxy = ConnectProxy()
    try:
        with inner.runs(tokens.of_registry(inner.authority, NAMED)):
            place = f"{NAMED}:{inner.port}/{NAME}:1"
            file = tmp_path / "config.json"
            file.write_text(json.dumps({"auths": {f"{NAMED}:{inner.port}": password_of("owner")}}))
            flags = ["--registry-ca", inner.authority.certificate, "--registry-credentials", file]
            by_proxy = {"https_proxy": proxy.address(), "no_proxy": ""}
            run("push", guest("versioned_1"), place, *flags, **by_proxy)
            # Not without it, nor with a wrong password, which is not shown.
            run("pull", place, *flags, https_proxy=proxy.address(), no_proxy=NAMED, fails=True)
            refused = run("pull", place, *flags, https_proxy=proxy.address(password="wrong-one"), no_proxy="", fails=True)
            assert "wrong-one" not in refused, refused
            run("pull", place, "-o", "file.wasm", *flags, **by_proxy)
            assert (tmp_path / "file.wasm").read_bytes() == guest("versioned_1").read_bytes()
            assert set(proxy.connected) == {f"{NAMED}:{inner.port}", f"{NAMED}:{tokens.port}"}
    finally:
        proxy.stop()
        tokens.stop()
