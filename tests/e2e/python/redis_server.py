"""Debian's redis-server for a test, what asks it beside us, and what stands between and goes wrong."""

import pathlib
import shutil
import signal
import socket
import subprocess
import threading

import pytest
from server import eventually

LIMIT = 40


class RedisServer:
    """On a socket in `folder`, and for TLS on `tls_port` too. It keeps nothing on disk unless `arguments` say so."""

    def __init__(self, folder: pathlib.Path, *arguments, tls_port: int | None = None):
        if not shutil.which("redis-server"):
            pytest.skip("redis-server is missing")
        self.folder = folder
        self.path = folder / "redis"
        self.address = f"unix:{self.path}"
        self.tls_address = f"localhost:{tls_port}"
        command = ["redis-server", "--port", 0, "--unixsocket", self.path, "--dir", folder, "--save", ""]
        command += ["--logfile", folder / "redis.log", *(["--tls-port", tls_port, "--bind", "127.0.0.1"] if tls_port else [])]
        self._command = [str(part) for part in (*command, *arguments)]
        self._process = None
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        eventually(lambda: self.ask("PING").startswith(("PONG", "NOAUTH")), "redis-server answers", LIMIT)

    def ask(self, *command, value: bytes | None = None) -> str:
        """What it answers; `value` is the last part, where that is large."""
        words = ["redis-cli", "-s", self.path, *(["-x"] if value is not None else []), *command]
        asked = subprocess.run(list(map(str, words)), input=value, capture_output=True, timeout=LIMIT)
        return asked.stdout.decode(errors="replace").strip()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)


class Between:
    """Passes on what is said between whoever connects to it and a server on that socket, until it is to spoil a reply."""

    def __init__(self, server: RedisServer):
        self._server = server
        self._path = server.folder / "between"
        self.address = f"unix:{self._path}"
        self._spoil = threading.Event()
        self._garbage = b""
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._path))
        self._listener.listen()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def spoil(self, garbage: bytes = b"") -> None:
        """Of the next reply three bytes come, or this in its place; then the connection ends."""
        self._garbage = garbage
        self._spoil.set()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(LIMIT)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(self._server.path))
            for one in ((client, server, False), (server, client, True)):
                self._threads.append(threading.Thread(target=self._pass, args=one, daemon=True))
                self._threads[-1].start()

    def _pass(self, source: socket.socket, to: socket.socket, replies: bool) -> None:
        try:
            while data := source.recv(65536):
                if replies and self._spoil.is_set():
                    self._spoil.clear()
                    to.sendall(self._garbage or data[:3])
                    return
                to.sendall(data)
        except OSError:
            pass
        finally:
            for one in (source, to):
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
