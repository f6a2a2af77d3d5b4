"""The config file: what it says holds, what is wrong with it is said, and secrets stay in it."""

import json
import os
import pathlib
import re
import signal
import subprocess

import conformance_pb2 as conformance
import conformance_pb2_grpc
import grpc
import pytest
from conftest import CODE_CACHE
from server import Server

LIMIT = 30
EMPTY = conformance.Empty()
SECRET = "hunter2hunter2"

# It prints its environment when it starts, which the log then has.
PRINTS_ENVIRONMENT = """(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "/print.Environment/Get") (data (i32.const 100) "\\n")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 22) (i32.const 0) (i32.const 0) (i32.const 0)))
    (drop (call $sizes (i32.const 200) (i32.const 204)))
    (drop (call $get (i32.const 300) (i32.const 1000)))
    (i32.store (i32.const 208) (i32.const 1000)) (i32.store (i32.const 212) (i32.load (i32.const 204)))
    (i32.store (i32.const 216) (i32.const 100)) (i32.store (i32.const 220) (i32.const 1))
    (drop (call $write (i32.const 1) (i32.const 208) (i32.const 2) (i32.const 224))))
  (func (export "wasm_grpc_call") (param i32 i32) (result i32) i32.const 0))"""


@pytest.fixture
def write(tmp_path):
    def write_file(text: str, name: str = "wasm-grpc.toml") -> pathlib.Path:
        file = tmp_path / name
        file.write_text(text)
        return file

    return write_file


@pytest.fixture
def serve_config(program, tmp_path):
    """serve_config(file, flags...) starts a server by a config; it is stopped after the test."""
    servers = []

    def start(file: pathlib.Path, *flags) -> Server:
        servers.append(Server(tmp_path, [program, "serve", "-c", file, "--code-cache", CODE_CACHE, *flags]))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def run(program):
    def run_program(*arguments) -> subprocess.CompletedProcess:
        return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=LIMIT)

    return run_program


def test_modules_have_settings_of_their_own(serve_config, write, guest, connect):
    server = serve_config(
        write(
            f"""
listen = "127.0.0.1:0"
workers = 1
max-response-size = "1 KiB"
[[module]]
path = "{guest("conformance")}"
name = "first"
instance-mode = "fresh"
max-response-size = "1 MiB"
[[module]]
path = "{guest("echo")}"
name = "second"
"""
        )
    )
    assert re.search(r"^first: test\.Guest:", server.stdout, re.MULTILINE)
    assert re.search(r"^second: echo\.Echo:", server.stdout, re.MULTILINE)
    channel = connect(server)
    stub = conformance_pb2_grpc.GuestStub(channel)
    assert [stub.Count(EMPTY, timeout=LIMIT).number for _ in range(3)] == [1, 1, 1]
    echo = channel.unary_unary("/echo.Echo/Unary")
    call = echo.future(b"x" * 2000, timeout=LIMIT)
    assert call.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_flags_hold_over_the_file(serve_config, write, guest, connect):
    config = write(f'listen = "127.0.0.1:1"\ninstance-mode = "fresh"\n[[module]]\npath = "{guest("conformance")}"\n')
    server = serve_config(config, "--listen", "127.0.0.1:0", "--instance-mode", "shared", "--workers", "1")
    stub = conformance_pb2_grpc.GuestStub(connect(server))
    assert [stub.Count(EMPTY, timeout=LIMIT).number for _ in range(3)] == [1, 2, 3]


def test_a_module_sees_its_secrets_and_nobody_else_does(run, serve_config, write, tmp_path, monkeypatch):
    (tmp_path / "token").write_text("from-a-file\n")
    monkeypatch.setenv("ZONE_OF_TEST", "from-the-environment")
    write(PRINTS_ENVIRONMENT, "module.wat")
    config = write(
        """
listen = "127.0.0.1:0"
[[module]]
path = "module.wat"
[module.env]
PLAIN = "as-it-is"
TOKEN = { file = "token" }
ZONE = { from-env = "ZONE_OF_TEST" }
"""
    )
    server = serve_config(config)
    # A NUL between each two is written as the log writes such.
    log = server.wait_for_log("from-the-environment").string
    for variable in ("PLAIN=as-it-is", "TOKEN=from-a-file", "ZONE=from-the-environment"):
        assert variable in log
    assert "from-a-file" not in server.stdout


@pytest.mark.parametrize(
    "bad",
    [
        'env.TOKEN = { file = "token", from-env = "TOKEN" }',
        'env.TOKEN = { fiel = "token" }',
        f'env = {{ "A=B" = "{SECRET}" }}',
        f'env.A = "{SECRET}"\nmax-memroy = 1',
        f'env.TOKEN = {{ file = "token" }}\nunknown = 1',
    ],
)
def test_no_error_tells_a_secret(run, write, tmp_path, bad):
    (tmp_path / "token").write_text(SECRET)
    config = write(f'[[module]]\npath = "none.wasm"\n{bad}\n')
    for command in ("serve", "check"):
        done = run(command, "-c", config)
        assert done.returncode == 1 and done.stdout == ""
        assert SECRET not in done.stderr
    done = run("serve", "none.wasm", "--env", SECRET)
    assert done.returncode == 2 and SECRET not in done.stderr


def test_all_that_is_wrong_is_said_at_once_with_its_place(run, write):
    config = write('max-memroy = 1\nworkers = "two"\n[log]\nlevel = "loud"\n[[module]]\nname = "m"\n')
    for command in ("serve", "check"):
        done = run(command, "-c", config)
        assert (done.returncode, done.stdout) == (1, "")
        lines = [line.replace(str(config), "FILE") for line in done.stderr.splitlines()]
        assert lines == [
            'wasm-grpc: FILE:1:1: unknown key "max-memroy"; did you mean "max-memory"?',
            'wasm-grpc: FILE:2:11: "workers" is a string; expected a number',
            'wasm-grpc: FILE:4:9: "level": "loud" is not known; expected one of "trace", "debug", "info", "warn", "error"',
            'wasm-grpc: FILE:5:1: [[module]] has no path; expected path = "FILE.wasm"',
        ]


def test_check_says_that_it_is_fine_and_listens_nowhere(run, write, guest, serve_config):
    config = write(f'[[module]]\npath = "{guest("echo")}"\n[[module]]\npath = "{guest("greeter")}"\n')
    server = serve_config(config, "--listen", "127.0.0.1:0")
    done = run("check", "-c", config, "--listen", server.address)  # which is taken
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith("fine: 2 modules,")


def test_check_tells_of_each_module_that_is_bad(run, write, guest):
    write("no module", "bad.wasm")
    config = write(
        f"""
[[module]]
path = "none.wasm"
[[module]]
path = "{guest("echo")}"
[[module]]
path = "bad.wasm"
"""
    )
    done = run("check", "-c", config)
    assert (done.returncode, done.stdout) == (1, "")
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    for name, line in zip(("none.wasm", "bad.wasm"), lines):
        assert name in line


def test_a_new_config_serves_once_it_names_a_module(run, serve_config, guest, tmp_path, connect):
    config = tmp_path / "new.toml"
    done = run("new", "--config", config)
    assert done.returncode == 0 and str(config) in done.stdout
    again = run("new", "--config", config)
    assert again.returncode == 1 and "is there" in again.stderr
    text = config.read_text()
    config.write_text(text.replace("module.wasm", str(guest("echo"))))
    assert run("check", "-c", config).returncode == 0
    server = serve_config(config, "--listen", "127.0.0.1:0")
    assert connect(server).unary_unary("/echo.Echo/Unary")(b"x", timeout=LIMIT)


def test_a_file_that_is_not_there_is_named(run, tmp_path):
    done = run("serve", "-c", tmp_path / "none.toml")
    assert done.returncode == 1
    assert done.stderr == f"wasm-grpc: {tmp_path / 'none.toml'}: cannot be opened: No such file or directory\n"


def test_the_schema_is_json(run):
    schema = json.loads(run("schema").stdout)
    assert schema["properties"]["workers"]["maximum"] == 1024
    assert run("schema", "--markdown").stdout.startswith("# Settings\n")


def test_sighup_reads_the_file_again(serve_config, write, guest, connect):
    text = f'listen = "127.0.0.1:0"\nworkers = 1\n[[module]]\npath = "{guest("conformance")}"\n'
    server = serve_config(write(text))
    stub = conformance_pb2_grpc.GuestStub(connect(server))
    assert [stub.Count(EMPTY, timeout=LIMIT).number for _ in range(2)] == [1, 2]
    write(text + 'instance-mode = "fresh"\n')
    os.kill(server.pid, signal.SIGHUP)
    server.wait_for_log("reloaded: replaced conformance")
    assert [stub.Count(EMPTY, timeout=LIMIT).number for _ in range(2)] == [1, 1]

    write(text.replace("workers = 1", "workers = 2"))
    os.kill(server.pid, signal.SIGHUP)
    server.wait_for_log("not reloaded.*only a restart changes these: workers")
    write(text + "max-memroy = 1\n")
    os.kill(server.pid, signal.SIGHUP)
    server.wait_for_log('not reloaded.*:5:1: unknown key "max-memroy" in .*did you mean "max-memory"')
    assert [stub.Count(EMPTY, timeout=LIMIT).number for _ in range(2)] == [1, 1]


def test_a_module_and_a_method_say_how_long_their_calls_may_take(run, serve_config, write, guest, connect):
    text = f"""listen = "127.0.0.1:0"
workers = 1
max-call-time = 200
[[module]]
path = "{guest("conformance")}"
max-call-time = "1 min"
[module.methods]
"/test.Guest/Sleep" = {{ max-call-time = 300 }}
"""

    def sleep(stub, by_wait: bool, timeout=LIMIT) -> str:
        with pytest.raises(grpc.RpcError) as failed:
            stub.Sleep(conformance.SleepRequest(milliseconds=60_000, by_wait=by_wait), timeout=timeout)
        assert failed.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        return failed.value.details()

    server = serve_config(write(text))
    stub = conformance_pb2_grpc.GuestStub(connect(server))
    assert "the server ended the call: it took longer than the 300 ms" in sleep(stub, True)
    assert "the 300 ms" in sleep(stub, False)
    assert "the server ended" not in sleep(stub, True, timeout=0.1)  # a client's own deadline is no later
    # 200 ms are the server's, and the module's is longer.
    early = stub.EarlyHeaders(conformance.SleepRequest(milliseconds=400), timeout=LIMIT)
    assert len(list(early)) == 1

    write(text.replace("300", "0"))
    os.kill(server.pid, signal.SIGHUP)
    server.wait_for_log("reloaded: replaced conformance")
    stub.Sleep(conformance.SleepRequest(milliseconds=400), timeout=LIMIT)

    misspelled = text.replace("Guest/Sleep", "Guest/Sleeep")
    said = 'its options for the method "/test.Guest/Sleeep" are of none that it has; did you mean "/test.Guest/Sleep"?'
    assert said in run("check", "-c", write(misspelled)).stderr
    os.kill(server.pid, signal.SIGHUP)
    server.wait_for_log("not reloaded.*Sleeep")
    stub.Sleep(conformance.SleepRequest(milliseconds=400), timeout=LIMIT)
