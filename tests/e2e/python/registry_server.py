"""Debian's docker-registry, over TLS and with a login, and what others than we do with it."""

import base64
import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import urllib.request

import pytest
from certificates import Authority, openssl
from proxies import free_port, running

USER, PASSWORD = "deployer", "a pass:word"
# What no resolver knows, and its certificate has too.
NAMED = "registry.test"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: scripts/install-deps test installs it")
    return found


class Registry:
    """Where it is, who may use it, and requests by hand."""

    def __init__(self, folder: pathlib.Path, address: str = "127.0.0.1"):
        """At an address of this machine, and `localhost` where it is that."""
        self.folder = folder
        self.port = free_port()
        self._listen = f"127.0.0.1:{self.port}" if address == "127.0.0.1" else f":{self.port}"
        self.host = f"{'localhost' if address == '127.0.0.1' else address}:{self.port}"
        self.authority = Authority(folder, "authority")
        self.certificate, self._key = self.authority.sign("registry", "registry", f"DNS:localhost,DNS:{NAMED},IP:{address}")
        self.docker_config = folder / "config.json"
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        self.docker_config.write_text(json.dumps({"auths": {self.host: {"auth": login}}}))
        self.flags = ["--registry-ca", self.authority.certificate, "--registry-credentials", self.docker_config]

    def logins(self) -> dict:
        """The registry's setting `auth`."""
        users = self.folder / "users"
        hashed = subprocess.run([program("htpasswd"), "-nbB", USER, PASSWORD], check=True, capture_output=True, timeout=20)
        users.write_bytes(hashed.stdout)
        return {"htpasswd": {"realm": "here", "path": str(users)}}

    @contextlib.contextmanager
    def runs(self, auth: dict | None = None):
        settings = {
            "version": 0.1,
            "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(self.folder / "storage")}},
            "http": {"addr": self._listen, "tls": {"certificate": str(self.certificate), "key": str(self._key)}},
            "auth": auth or self.logins(),
        }
        file = self.folder / "registry.yml"
        file.write_text(json.dumps(settings))  # which is YAML
        with running([program("docker-registry"), "serve", file], [self.port], self.folder / "registry.log"):
            yield self

    def request(self, method: str, target: str, body: bytes | None = None, content_type: str = ""):
        url = target if target.startswith("https://") else f"https://{self.host}/v2/{target}"
        request = urllib.request.Request(url, data=body, method=method)
        request.add_header("Authorization", "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode())
        if content_type:
            request.add_header("Content-Type", content_type)
        context = ssl.create_default_context(cafile=str(self.authority.certificate))
        opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=context), urllib.request.ProxyHandler({})
        )
        return opener.open(request, timeout=20)

    def put_blob(self, name: str, content: bytes) -> str:
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        place = self.request("POST", f"{name}/blobs/uploads/", b"").headers["Location"]
        joint = "&" if "?" in place else "?"
        self.request("PUT", f"{place}{joint}digest={digest}", content, "application/octet-stream")
        return digest

    def sign(self, name: str, digest: str, key: pathlib.Path) -> None:
        """Leaves a signature there as `cosign sign --key` does."""
        image = {"docker-manifest-digest": digest}
        payload = json.dumps(
            {
                "critical": {
                    "identity": {"docker-reference": f"{self.host}/{name}"},
                    "image": image,
                    "type": "cosign container image signature",
                },
                "optional": None,
            }
        ).encode()
        (self.folder / "payload").write_bytes(payload)
        openssl("dgst", "-sha256", "-sign", key, "-out", self.folder / "signature", self.folder / "payload")
        signature = base64.b64encode((self.folder / "signature").read_bytes()).decode()
        config = b"{}"
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": self.put_blob(name, config),
                "size": len(config),
            },
            "layers": [
                {
                    "mediaType": "application/vnd.dev.cosign.simplesigning.v1+json",
                    "digest": self.put_blob(name, payload),
                    "size": len(payload),
                    "annotations": {"dev.cosignproject.cosign/signature": signature},
                }
            ],
        }
        tag = digest.replace(":", "-") + ".sig"
        self.request("PUT", f"{name}/manifests/{tag}", json.dumps(manifest).encode(), MANIFEST)

    def skopeo(self, command: str, *arguments) -> str:
        """skopeo with the login, and trusting the certificate."""
        certificates = self.folder / "trusted"
        certificates.mkdir(exist_ok=True)
        shutil.copyfile(self.authority.certificate, certificates / "ca.crt")
        side = {"inspect": [""], "copy": ["src-", "dest-"]}[command]
        flags = [f"--{end}cert-dir={certificates}" for end in side]
        environment = {**os.environ, "REGISTRY_AUTH_FILE": str(self.docker_config), "no_proxy": "*"}
        done = subprocess.run(
            [program("skopeo"), "--insecure-policy", command, *flags, *map(str, arguments)],
            capture_output=True,
            text=True,
            env=environment,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout
