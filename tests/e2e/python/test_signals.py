"""What signals do to a server, and what becomes of one whose output nobody reads."""

import os
import pathlib
import signal
import socket
import subprocess
import time

import conformance_pb2 as conformance
import conformance_pb2_grpc
import grpc
import pytest
from server import START_LIMIT, STOP_LIMIT, eventually

LIMIT = 40
EMPTY = conformance.Empty()
# A start that computes until its limit, 10 s: as a module that takes long to compile, a load that cannot be interrupted.
SLOW_MODULE = """(module (memory (export "memory") 1)
  (func (export "wasm_grpc_start") (loop $again br $again))
  (func (export "wasm_grpc_call") (param i32 i32) (result i32) i32.const 0))"""


def stub_of(channel):
    return conformance_pb2_grpc.GuestStub(channel)


def slept(channel, milliseconds: int) -> grpc.Future:
    return stub_of(channel).Sleep.future(
        conformance.SleepRequest(milliseconds=milliseconds, by_wait=True), timeout=LIMIT
    )


class Piped:
    """A server whose standard output and error are pipes, by default never read after its address has come."""

    def __init__(self, program, modules, *flags, read_address=True):
        self.stdout, stdout = os.pipe()
        self.stderr, stderr = os.pipe()
        self.process = subprocess.Popen(
            [program, "serve", *modules, "--listen", "127.0.0.1:0", *flags],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
        )
        os.close(stdout)
        os.close(stderr)
        self.address = None
        if read_address:
            line = b""
            while not line.endswith(b"\n"):
                part = os.read(self.stdout, 1)
                assert part, f"it ended: {os.read(self.stderr, 10000)}"
                line += part
            self.address = line.decode().split()[2]

    def close(self, *names: str):
        for name in names:
            os.close(getattr(self, name))
            setattr(self, name, None)

    def end(self):
        self.process.kill()
        self.process.wait()
        self.close(*(name for name in ("stdout", "stderr") if getattr(self, name) is not None))


@pytest.fixture
def piped(program, guest):
    servers = []

    def start(*arguments, **more) -> Piped:
        flags = [argument for argument in arguments if str(argument).startswith("--") or str(argument).isdigit()]
        modules = [
            argument if isinstance(argument, pathlib.Path) else guest(argument)
            for argument in arguments
            if argument not in flags
        ]
        servers.append(Piped(program, modules, *flags, **more))
        return servers[-1]

    yield start
    for server in servers:
        server.end()


@pytest.fixture
def slow_module(tmp_path) -> pathlib.Path:
    file = tmp_path / "slow.wat"
    file.write_text(SLOW_MODULE)
    return file


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
@pytest.mark.parametrize("gone", [(), ("stdout",), ("stdout", "stderr")], ids=["unread", "stdout gone", "both gone"])
def test_a_stop_lets_a_call_end_whatever_becomes_of_the_output(piped, connect, number, gone):
    server = piped("conformance")
    server.close(*gone)
    call = slept(connect(server), 700)
    with pytest.raises(grpc.FutureTimeoutError):
        call.result(timeout=0.3)
    server.process.send_signal(number)
    assert call.result() == EMPTY
    assert server.process.wait(STOP_LIMIT) == 0


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE, signal.SIGXFSZ])
def test_no_other_signal_ends_it(serve, connect, number):
    server = serve("conformance")
    os.kill(server.pid, number)
    if number is signal.SIGUSR1:
        server.wait_for_log(r" info host: SIGUSR1: the files of the logs are opened again\n")
    elif number is signal.SIGUSR2:
        server.wait_for_log(r" info host: SIGUSR2: it means nothing\n")
    assert stub_of(connect(server)).Count(EMPTY, timeout=LIMIT).number > 0
    server.send_stop_signal()
    assert server.wait_for_exit() == 0


def test_a_guest_that_logs_where_nobody_reads_stalls_neither_others_nor_the_stop(piped, connect):
    server = piped("conformance", "--workers", "1", "--drain-timeout", "1000", "--log-lines-per-second", "0")
    channel = connect(server)
    for _ in range(300):  # more than the pipe and the queue hold
        stub_of(channel).Print(conformance.TextRequest(text="x" * 8000), timeout=LIMIT)
    assert stub_of(connect(server)).Count(EMPTY, timeout=LIMIT).number > 0
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(STOP_LIMIT) == 0


def test_what_was_dropped_is_told_when_somebody_reads_again(piped, connect):
    server = piped("conformance", "--log-lines-per-second", "0")
    channel = connect(server)
    for _ in range(300):
        stub_of(channel).Print(conformance.TextRequest(text="x" * 8000), timeout=LIMIT)
    log = b""
    give_up = time.monotonic() + LIMIT
    while b" lines were dropped: nobody reads the log fast enough\n" not in log and time.monotonic() < give_up:
        log += os.read(server.stderr, 1 << 20)
    assert b" warning host: " in log.splitlines()[-1] and b" lines were dropped" in log.splitlines()[-1]


def test_a_module_may_log_so_much_and_the_log_says_what_was_dropped(serve, connect):
    server = serve("conformance", "--log-burst", "3", "--log-lines-per-second", "1")
    for i in range(20):
        stub_of(connect(server)).Print(conformance.TextRequest(text=f"line {i}"), timeout=LIMIT)
    server.wait_for_log(r"warning conformance: \d+ lines? (was|were) dropped: its guests may log 1 lines a second\n")
    server.send_stop_signal()
    assert server.wait_for_exit() == 0
    assert "line 0 method=" in server.log and server.log.count(": line ") < 20


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_a_stop_is_heard_while_modules_load(piped, slow_module, number):
    server = piped(slow_module, read_address=False)
    eventually(lambda: threads_of(server) > 2, "it has begun", START_LIMIT)
    time.sleep(0.3)
    assert server.process.poll() is None
    began = time.monotonic()
    server.process.send_signal(number)
    assert server.process.wait(STOP_LIMIT) == 0
    assert time.monotonic() - began < 5  # its start would end after 10 s; it takes some milliseconds
    assert os.read(server.stdout, 1000) == b"stopping: it has not served yet\n"


def threads_of(server: Piped) -> int:
    return len(os.listdir(f"/proc/{server.process.pid}/task"))


def test_other_signals_are_noted_while_modules_load(piped, slow_module):
    server = piped(slow_module, "--start-timeout", "2000", read_address=False)
    eventually(lambda: threads_of(server) > 2, "it has begun", START_LIMIT)
    server.process.send_signal(signal.SIGHUP)
    assert server.process.wait(STOP_LIMIT) == 1
    log = os.read(server.stderr, 10_000)
    assert b"start did not finish within 2000 ms" in log
    assert b"SIGHUP: it is still loading the modules" in log


def test_what_a_guest_logs_before_its_load_fails_is_there_before_the_end(program, tmp_path):
    file = tmp_path / "talks.wat"
    file.write_text("""(module (import "wasm_grpc_1" "log" (func $log (param i32 i32 i32)))
      (memory (export "memory") 1) (data (i32.const 0) "last words")
      (func (export "wasm_grpc_start") (call $log (i32.const 2) (i32.const 0) (i32.const 10)) unreachable)
      (func (export "wasm_grpc_call") (param i32 i32) (result i32) i32.const 0))""")
    done = subprocess.run([program, "serve", file], capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 1 and done.stdout == ""
    assert " info talks: last words\n" in done.stderr and "its start failed" in done.stderr


def test_a_unix_sockets_file_is_gone_after_a_stop_that_nobody_reads_of(program, guest, tmp_path):
    path = tmp_path / "socket"
    read, write = os.pipe()
    with subprocess.Popen(
        [program, "serve", guest("conformance"), "--listen", f"unix:{path}"], stdout=write, stderr=write
    ) as process:
        os.close(write)
        eventually(path.exists, "it listens", START_LIMIT)
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(path))
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_LIMIT) == 0
        client.close()
        os.close(read)
    assert not path.exists()


def test_a_command_whose_output_is_not_wanted_any_more_ends_quietly(program, serve):
    server = serve("described")
    read, write = os.pipe()
    os.close(read)
    for command in (["list", server.address], ["list", server.address, "described.Mirror"], ["--help"]):
        done = subprocess.run([program, *command], stdout=write, stderr=subprocess.PIPE, timeout=LIMIT)
        assert (done.returncode, done.stderr) == (1, b""), command
    os.close(write)


def test_a_command_whose_output_cannot_be_written_says_so(program, serve, guest):
    server = serve("conformance")
    with open("/dev/full", "wb") as full:
        for command in (["list", server.address], ["inspect", guest("greeter")], ["--version"]):
            done = subprocess.run([program, *command], stdout=full, stderr=subprocess.PIPE, timeout=LIMIT)
            assert done.returncode == 1
            assert done.stderr == b"wasm-grpc: standard output could not be written\n", command


def test_a_stream_of_responses_that_nobody_reads_any_more_is_ended(program, serve):
    server = serve("described")
    command = [program, "call", server.address, "described.Mirror/BidiStream", "--json", "-"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdin.write(b'{"count":1}\n')
        process.stdin.flush()
        assert process.stdout.readline() == b"{\n"
        process.stdout.close()
        process.stdin.write(b'{"count":2}\n')
        process.stdin.flush()  # and left open
        assert process.wait(LIMIT) == 1
        assert process.stderr.read() == b""
