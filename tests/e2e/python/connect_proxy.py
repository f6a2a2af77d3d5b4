"""A proxy for HTTPS (CONNECT) that wants a password, and knows a name that no resolver does."""

import base64
import contextlib
import http.server
import select
import socket
import threading

USER, PASSWORD = "somebody", "a secret"


class ConnectProxy:
    """At a port of 127.0.0.1; every name is 127.0.0.1 to it. `connected` is what was asked for and allowed."""

    def __init__(self):
        self.connected: list[str] = []
        outer = self
        login = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

        class Handler(http.server.BaseHTTPRequestHandler):
            timeout = 20

            def log_message(self, *_):
                pass

            def do_CONNECT(self):
                if self.headers.get("Proxy-Authorization") != login:
                    self.send_response(407)
                    self.send_header("Proxy-Authenticate", 'Basic realm="the way out"')
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                outer.connected.append(self.path)
                port = int(self.path.rpartition(":")[2])
                with contextlib.closing(socket.create_connection(("127.0.0.1", port), timeout=20)) as other:
                    self.send_response(200)
                    self.end_headers()
                    pass_on(self.connection, other)
                self.close_connection = True

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def address(self, user: str = USER, password: str = PASSWORD) -> str:
        return f"http://{user}:{password.replace(' ', '%20')}@127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join(20)
        self._server.server_close()


def pass_on(one: socket.socket, other: socket.socket) -> None:
    """What either says, until one has ended or neither says anything for long."""
    while ready := select.select([one, other], [], [], 20)[0]:
        for socket_ in ready:
            said = socket_.recv(65536)
            if not said:
                return
            (other if socket_ is one else one).sendall(said)
