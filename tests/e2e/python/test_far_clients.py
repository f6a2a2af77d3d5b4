"""Clients far away: what a round trip costs them, through a relay that holds everything up for a while."""

import contextlib
import queue
import socket
import threading
import time

import conformance_pb2
import conformance_pb2_grpc
import grpc
import pytest

LIMIT = 60
ONE_WAY = 0.05  # seconds


class FarAway:
    """Relays connections to a server; each byte takes ONE_WAY longer, both ways, and none is held up by another."""

    def __init__(self, server):
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        self._sockets = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server.host_and_port)
                self._sockets += [client, server]
                for here, there in ((client, server), (server, client)):
                    here.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    on_its_way = queue.SimpleQueue()
                    threading.Thread(target=self._read, args=(here, on_its_way), daemon=True).start()
                    threading.Thread(target=self._write, args=(there, on_its_way), daemon=True).start()

    @staticmethod
    def _read(source, on_its_way) -> None:
        data = b"x"
        with contextlib.suppress(OSError):
            while data:
                data = source.recv(1 << 20)
                on_its_way.put((time.monotonic() + ONE_WAY, data))
        on_its_way.put((0, b""))

    @staticmethod
    def _write(target, on_its_way) -> None:
        with contextlib.suppress(OSError):
            while True:
                due, data = on_its_way.get()
                if not data:
                    target.shutdown(socket.SHUT_WR)
                    return
                time.sleep(max(due - time.monotonic(), 0))
                target.sendall(data)


@pytest.fixture
def upload(serve):
    """upload(flags...) is how many seconds a client takes to send 4 MB in small messages."""

    def measure(*flags) -> float:
        far = FarAway(serve("conformance", "--workers", "1", *flags))
        try:
            with grpc.insecure_channel(far.address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
                stub = conformance_pb2_grpc.GuestStub(channel)
                stub.Count(conformance_pb2.Empty(), timeout=LIMIT)  # it is connected
                begin = time.monotonic()
                sent = (conformance_pb2.TextRequest(text="x" * 10_000) for _ in range(400))
                assert stub.Sink(sent, timeout=LIMIT).messages == 400
                return time.monotonic() - begin
        finally:
            far.close()

    return measure


def test_windows_grow_with_the_way_to_a_client(upload):
    held_up = upload("--max-window-growth", "0")
    assert held_up > 4_000_000 / 65_536 * 2 * ONE_WAY * 0.7, "a window of 64 KiB for each round trip, and no more"
    assert upload() < held_up / 2


def test_windows_grow_by_no_more_than_they_may_together(upload):
    """With as much again as one window has, it is twice as fast, and no faster."""
    held_up = upload("--max-window-growth", "0")
    assert held_up / 3 < upload("--max-window-growth", "65536") < held_up
