"""Modules from a registry: Debian's docker-registry over TLS and with a login, and skopeo as the other side."""

import contextlib
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tarfile

import pytest
import versioned_pb2_grpc
from certificates import openssl
from registry_server import Registry
from server import eventually
from versions import version_of

NAME = "team/versioned"
DIGEST = re.compile(r"@(sha256:[0-9a-f]{64})$", re.MULTILINE)


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    with Registry(tmp_path_factory.mktemp("registry")).runs() as running:
        yield running


@pytest.fixture
def run(program, registry, tmp_path):
    """run("pull", ...) runs the program with the registry's flags."""

    def command(*arguments, flags=None, fails=False):
        flags = registry.flags if flags is None else flags
        if arguments[0] == "pull":
            flags = [*flags, "--registry-cache", tmp_path / "cache"]
        # No config of this machine's users, and no proxy.
        environment = {**os.environ, "DOCKER_CONFIG": str(tmp_path), "no_proxy": "*"}
        done = subprocess.run(
            [str(part) for part in (program, *arguments, *flags)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
            timeout=60,
        )
        assert (done.returncode != 0) == fails, done.stderr + done.stdout
        return done.stderr if fails else done.stdout

    return command


@pytest.fixture
def push(run, registry, guest):
    """push(2, "tag") puts that version there; returns its digest."""

    def put(version: int, tag: str) -> str:
        return DIGEST.search(run("push", guest(f"versioned_{version}"), f"{registry.host}/{NAME}:{tag}")).group(1)

    return put


@pytest.fixture
def start(serve, connect, registry, tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")

    def serve_it(*arguments, cache="cache"):
        server = serve(*map(str, arguments), *map(str, registry.flags), "--registry-cache", str(tmp_path / cache))
        return server, versioned_pb2_grpc.VersionedStub(connect(server))

    return serve_it


def test_what_is_pushed_is_what_is_pulled(run, push, registry, guest, tmp_path):
    digest = push(1, "pulled")
    assert push(1, "again") == digest, "the same module has the same digest"
    for end in (":pulled", f"@{digest}", f":pulled@{digest}"):
        output = run("pull", f"oci://{registry.host}/{NAME}{end}", "-o", "file.wasm")
        assert DIGEST.search(output).group(1) == digest
        assert (tmp_path / "file.wasm").read_bytes() == guest("versioned_1").read_bytes()
        assert (tmp_path / "file.wasm").stat().st_mode & 0o777 == 0o644
    run("pull", f"{registry.host}/{NAME}:pulled")
    assert (tmp_path / "versioned.wasm").exists()


def test_skopeo_reads_what_is_pushed(push, registry, guest, tmp_path):
    digest = push(1, "read")
    manifest = json.loads(registry.skopeo("inspect", "--raw", f"docker://{registry.host}/{NAME}@{digest}"))
    assert manifest["config"]["mediaType"] == "application/vnd.wasm.config.v0+json"
    assert [layer["mediaType"] for layer in manifest["layers"]] == ["application/wasm"]
    registry.skopeo("copy", f"docker://{registry.host}/{NAME}@{digest}", f"dir:{tmp_path / 'copied'}")
    module = guest("versioned_1").read_bytes()
    assert (tmp_path / "copied" / hashlib.sha256(module).hexdigest()).read_bytes() == module


def test_an_image_that_skopeo_has_pushed_is_pulled(run, registry, guest, tmp_path):
    """As `docker build` makes it of FROM scratch and COPY: one layer, a compressed archive."""
    module = guest("versioned_2").read_bytes()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in {"readme.txt": b"no module", "plugin.wasm": module}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    layout = tmp_path / "layout"
    (layout / "blobs" / "sha256").mkdir(parents=True)

    def put(content: bytes, media_type: str) -> dict:
        digest = hashlib.sha256(content).hexdigest()
        (layout / "blobs" / "sha256" / digest).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}

    layers = ["sha256:" + hashlib.sha256(archive.getvalue()).hexdigest()]
    config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": layers}}
    manifest = {
        "schemaVersion": 2,
        "config": put(json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json"),
        "layers": [put(gzip.compress(archive.getvalue()), "application/vnd.oci.image.layer.v1.tar+gzip")],
    }
    entry = put(json.dumps(manifest).encode(), "application/vnd.oci.image.manifest.v1+json")
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    registry.skopeo("copy", f"oci:{layout}", f"docker://{registry.host}/team/image:1")
    run("pull", f"{registry.host}/team/image:1", "-o", "image.wasm")
    assert (tmp_path / "image.wasm").read_bytes() == module


def test_what_is_missing_is_said(run, push, registry, tmp_path):
    push(1, "there")
    wrong = tmp_path / "wrong.json"
    wrong.write_text(registry.docker_config.read_text().replace('"auth": "', '"auth": "AAAA'))
    trusted = ["--registry-ca", registry.authority.certificate]
    place = f"{registry.host}/{NAME}:there"
    for flags, complaint in {
        (): "SSL certificate problem",
        (*trusted,): "give them by `docker login` or [registry] credentials",
        (*trusted, "--registry-credentials", wrong): "the credentials given for it do not do",
    }.items():
        assert complaint in run("pull", place, flags=flags, fails=True), complaint
    assert "has no module of that name and tag" in run("pull", f"{registry.host}/{NAME}:missing", fails=True)
    assert "names no registry" in run("pull", "versioned:1", fails=True)
    assert "is no WebAssembly" in run("push", registry.docker_config, place, fails=True)
    assert not (tmp_path / "versioned.wasm").exists()


def test_a_server_follows_the_tag(start, push, registry):
    push(1, "followed")
    server, stub = start(f"oci://{registry.host}/{NAME}:followed", "--registry-poll", "1s")
    assert version_of(stub) == 1
    push(2, "followed")
    server.wait_for_log(r"versioned:followed is sha256:[0-9a-f]{64} by now; reloaded: replaced versioned\n")
    assert version_of(stub) == 2


def test_a_reload_asks_for_the_tag(start, push, registry):
    push(1, "asked")
    server, stub = start(f"oci://{registry.host}/{NAME}:asked")
    push(2, "asked")
    os.kill(server.pid, signal.SIGHUP)
    server.wait_for_log("SIGHUP; reloaded: replaced versioned")
    assert version_of(stub) == 2
    os.kill(server.pid, signal.SIGHUP)
    server.wait_for_log("SIGHUP; reloaded: nothing has changed")


def test_a_config_names_modules_of_registries(start, run, push, registry, tmp_path):
    digest = push(2, "configured")
    file = tmp_path / "wasm-grpc.toml"
    file.write_text(
        f'[[module]]\npath = "oci://{registry.host}/{NAME}@{digest}"\nname = "pinned"\n[module.registry]\npoll = "5 s"\n'
    )
    server, stub = start("--config", file)
    assert version_of(stub) == 2
    assert "pinned: " in server.stdout
    file.write_text('[[module]]\npath = "oci://nowhere"\n')
    assert 'wasm-grpc.toml:2:8: "path": "oci://nowhere" names no registry' in run("check", "-c", file, fails=True)


def test_a_server_starts_and_reloads_without_the_registry(serve, connect, run, guest, tmp_path_factory, tmp_path):
    other = Registry(tmp_path_factory.mktemp("other"))
    place = f"oci://{other.host}/{NAME}:kept"
    flags = [*map(str, other.flags), "--registry-cache", str(tmp_path / "kept")]
    with other.runs():
        run("push", guest("versioned_1"), place, flags=other.flags)
        serve(place, *flags).stop()
    server = serve(place, *flags, "--registry-poll", "1s")
    assert version_of(versioned_pb2_grpc.VersionedStub(connect(server))) == 1
    server.wait_for_log(r"warning host: \S+: what the cache has, sha256:\S+, is taken, as the registry cannot be asked")
    os.kill(server.pid, signal.SIGHUP)
    server.wait_for_log("SIGHUP; reloaded: nothing has changed")
    server.wait_for_log("what is served is served on, and asked for again: ")
    shutil.rmtree(tmp_path / "kept")
    os.kill(server.pid, signal.SIGHUP)
    server.wait_for_log("SIGHUP; not reloaded, what was served is served on: ")
    assert version_of(versioned_pb2_grpc.VersionedStub(connect(server))) == 1


def test_only_what_is_signed_is_served(start, run, push, registry, tmp_path):
    key, public = tmp_path / "cosign.key", tmp_path / "cosign.pub"
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
    openssl("ec", "-in", key, "-pubout", "-out", public)
    digest = push(1, "signed")
    place = f"oci://{registry.host}/{NAME}:signed"
    refusal = run("pull", place, "--registry-key", public, fails=True)
    assert f"it has to be signed, and has no signature; sign {digest} by" in refusal
    registry.sign(NAME, digest, key)
    server, stub = start(place, "--registry-key", public, "--registry-poll", "1s")
    assert version_of(stub) == 1

    unsigned = push(2, "signed")
    server.wait_for_log(f"not reloaded, what was served is served on: .*it has to be signed.*{unsigned}")
    assert version_of(stub) == 1
    registry.sign(NAME, unsigned, key)
    eventually(lambda: version_of(stub) == 2, "the module that is signed by now is served", 60)


def test_a_stop_does_not_wait_for_a_registry(start, push, registry, tmp_path):
    """One that is silent, during a reload."""
    push(1, "silent")
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as silent:
        file = tmp_path / "wasm-grpc.toml"
        file.write_text(f'[[module]]\npath = "oci://{registry.host}/{NAME}:silent"\n')
        server, _ = start("--config", file)
        port = silent.getsockname()[1]
        plain = f'[registry]\nplain-http = "127.0.0.1:{port}"\n'
        file.write_text(f'{plain}[[module]]\npath = "oci://127.0.0.1:{port}/a:1"\n')
        os.kill(server.pid, signal.SIGHUP)
        silent.settimeout(20)
        connection, _ = silent.accept()
        with contextlib.closing(connection):
            connection.recv(100)
            server.send_stop_signal()
            assert server.wait_for_exit(20) == 0
