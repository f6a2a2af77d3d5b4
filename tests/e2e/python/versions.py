"""Two versions of one module (versioned.cc), whose file is replaced while clients of all kinds call it."""

import http.client
import json
import os
import pathlib
import shutil
import signal
import threading
import time

import grpc
import versioned_pb2
import versioned_pb2_grpc
from server import eventually

LIMIT = 30
MESSAGES = 5


class Deployed:
    """The file that a server serves, and what it may be."""

    def __init__(self, folder: pathlib.Path, versions: dict[int, pathlib.Path]):
        self.file = folder / "versioned.wasm"
        self._versions = versions
        self.put(1)

    def put(self, version: int) -> None:
        """Replaces the file as a whole, as whoever deploys should."""
        self.put_file(self._versions[version])

    def put_file(self, other: pathlib.Path) -> None:
        beside = self.file.with_suffix(".new")
        shutil.copyfile(other, beside)
        os.rename(beside, self.file)


def hang_up(server) -> None:
    os.kill(server.pid, signal.SIGHUP)


def questions(count: int, pause: float = 0):
    for number in range(count):
        time.sleep(pause)
        yield versioned_pb2.Question(number=number)


def version_of(stub) -> int:
    return stub.Unary(versioned_pb2.Question(), timeout=LIMIT).version


def one_version(answers: list) -> int:
    """All answers of a call come from one version."""
    versions = {answer.version for answer in answers}
    assert len(versions) == 1, f"one call was answered by the versions {versions}"
    return versions.pop()


def unary(stub) -> int:
    return version_of(stub)


def upload(stub) -> int:
    answer = stub.Upload(questions(MESSAGES, 0.002), timeout=LIMIT)
    assert answer.number == MESSAGES
    return answer.version


def download(stub) -> int:
    answers = list(stub.Download(versioned_pb2.Question(number=MESSAGES), timeout=LIMIT))
    assert [answer.number for answer in answers] == list(range(MESSAGES))
    return one_version(answers)


def chat(stub) -> int:
    answers = list(stub.Chat(questions(MESSAGES, 0.002), timeout=LIMIT))
    assert [answer.number for answer in answers] == list(range(MESSAGES))
    return one_version(answers)


class InHttp1:
    """A connection of HTTP/1.1, and what is called over it by Connect's protocol, in JSON."""

    def __init__(self, server):
        self._connection = http.client.HTTPConnection(*server.host_and_port, timeout=LIMIT)

    def __call__(self) -> int:
        self._connection.request(
            "POST", "/test.Versioned/Unary", json.dumps({"number": 7}), {"content-type": "application/json"}
        )
        response = self._connection.getresponse()
        body = response.read()
        assert response.status == 200, body
        answer = json.loads(body)
        assert answer["number"] == 7
        return answer["version"]


class Load:
    """Calls over and over, each caller on a thread and a connection of its own, until it is told to stop."""

    def __init__(self, server):
        self._stops = threading.Event()
        self.versions: dict[str, set[int]] = {}
        self.calls = 0
        self._failure = None
        self._lock = threading.Lock()
        callers = {}
        self._channels = []
        for kind in (unary, upload, download, chat):
            options = [("grpc.use_local_subchannel_pool", 1)]
            channel = grpc.insecure_channel(server.address, options=options)
            self._channels.append(channel)
            stub = versioned_pb2_grpc.VersionedStub(channel)
            callers[kind.__name__] = lambda kind=kind, stub=stub: kind(stub)
        callers["connect over HTTP/1.1"] = InHttp1(server)
        self._threads = [threading.Thread(target=self._run, args=caller) for caller in callers.items()]
        for thread in self._threads:
            thread.start()

    def _run(self, name: str, call) -> None:
        seen = self.versions.setdefault(name, set())
        while not self._stops.is_set() and self._failure is None:
            try:
                seen.add(call())
            except BaseException as failure:  # told by stop()
                self._failure = (name, failure)
                return
            with self._lock:
                self.calls += 1

    def runs_on(self) -> None:
        assert self._failure is None, self._failure

    def stop(self) -> None:
        self._stops.set()
        for thread in self._threads:
            thread.join(LIMIT)
            assert not thread.is_alive()
        for channel in self._channels:
            channel.close()
        self.runs_on()


def reloads_told(server) -> int:
    return server.log.count("; reloaded: ")


def reload_to(server, deployed: Deployed, version: int) -> None:
    before = reloads_told(server)
    deployed.put(version)
    hang_up(server)
    eventually(lambda: reloads_told(server) > before, f"version {version} is served; the log is:\n{server.log}")
