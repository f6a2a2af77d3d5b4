"""Who gives the tokens that a registry wants (distribution's "token authentication"), as Docker Hub and GitLab have one."""

import base64
import http.server
import json
import pathlib
import ssl
import subprocess
import threading
import time
import urllib.parse

import jwt
from certificates import Authority

SERVICE, ISSUER = "registry of the test", "token server of the test"
LEEWAY = 60  # seconds after its end that docker-registry takes a token still
IDENTITY = "an identity+token"


class TokenServer:
    """Over TLS, at a port of 127.0.0.1, for users who may do what `rights` says: {"name": ["pull", ...]}; "" is nobody.

    Each has the password `password of NAME`; IDENTITY is the identity token of the one named `owner`. `asked` has the scopes
    that were asked for, by whom."""

    def __init__(self, folder: pathlib.Path, authority: Authority, rights: dict[str, list[str]]):
        self.rights = rights
        self.lifetime = 300.0  # seconds that the registry takes a token
        self.asked: list[tuple[str, str]] = []
        certificate, key = authority.sign("tokens", "tokens", "DNS:localhost,DNS:registry.test")
        self._key = key.read_bytes()
        der = subprocess.run(["openssl", "x509", "-in", certificate, "-outform", "DER"], check=True, capture_output=True, timeout=20)
        self._chain = [base64.b64encode(der.stdout).decode()]
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            timeout = 20

            def log_message(self, *_):
                pass

            def do_GET(self):
                user, password = "", ""
                if given := self.headers.get("Authorization"):
                    user, _, password = base64.b64decode(given.removeprefix("Basic ")).decode().partition(":")
                known = not user or (user in outer.rights and password == f"password of {user}")
                self._answer(user if known else None, urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query), "token")

            def do_POST(self):
                form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                known = form["grant_type"] == ["refresh_token"] and form["refresh_token"] == [IDENTITY]
                self._answer("owner" if known else None, form, "access_token")

            def _answer(self, user: str | None, wanted: dict, name: str) -> None:
                body = {"errors": [{"code": "UNAUTHORIZED", "message": "who is that?"}]}
                if user is not None:
                    body = {name: outer.token(user, wanted["service"], wanted.get("scope", []))}
                text = json.dumps(body).encode()
                self.send_response(200 if user is not None else 401)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def token(self, user: str, service: list[str], scopes: list[str]) -> str:
        access = []
        for scope in scopes:
            self.asked.append((user, scope))
            kind, name, actions = scope.split(":")
            allowed = [action for action in actions.split(",") if action in self.rights.get(user, [])]
            access.append({"type": kind, "name": name, "actions": allowed})
        now = time.time()
        claims = {"iss": ISSUER, "aud": service[0], "sub": user, "access": access, "nbf": int(now) - LEEWAY, "iat": int(now)}
        claims["exp"] = int(now + self.lifetime) - LEEWAY
        return jwt.encode(claims, self._key, "ES256", {"x5c": self._chain})

    def of_registry(self, authority: Authority, host: str = "localhost") -> dict:
        """What the registry is told of it, as its setting `auth`."""
        realm = f"https://{host}:{self.port}/token"
        bundle = str(authority.certificate)
        return {"token": {"realm": realm, "service": SERVICE, "issuer": ISSUER, "rootcertbundle": bundle}}

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join(20)
        self._server.server_close()
