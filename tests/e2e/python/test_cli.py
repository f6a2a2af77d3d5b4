"""The command line: every bad use gets one clear line and a non-zero exit, and starts nothing."""

import pathlib
import re
import subprocess

import pytest

LIMIT = 30
DOCS = pathlib.Path(__file__).parents[3] / "docs"

MEMORY = '(memory (export "memory") 1)'
START = '(func (export "wasm_grpc_start"))'
CALL = '(func (export "wasm_grpc_call") (param i32 i32) (result i32) i32.const 0)'
METHOD_IMPORT = '(import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))'


def module_of_method(path: str, body: str = "i32.const 0") -> str:
    """A module in text format with one unary method."""
    return f"""(module {METHOD_IMPORT} {MEMORY} (data (i32.const 0) "{path}")
      (func (export "wasm_grpc_start")
        (drop (call $method (i32.const 0) (i32.const {len(path)}) (i32.const 0) (i32.const 0) (i32.const 0))))
      (func (export "wasm_grpc_call") (param i32 i32) (result i32) {body}))"""


# What is wrong with a module, and what is to be said about it.
BAD_MODULES = {
    "an empty file": (b"", "not a WebAssembly module"),
    "a text": (b"hello\n", "does not begin with"),
    "a binary without sections": (b"\0asm\1\0\0\0", "wasm_grpc_start.*wasm_grpc_call.*known ABIs: wasm_grpc_1"),
    "another version of wasm": (b"\0asm\7\0\0\0", "version"),
    "text format with an error": (b"(module\n  oops)", r"not a WebAssembly module: .*line 2, column 3"),
    "no ABI": (f"(module {MEMORY})".encode(), "wasm_grpc_start.*wasm_grpc_call.*known ABIs: wasm_grpc_1"),
    "no wasm_grpc_call": (f"(module {MEMORY} {START})".encode(), 'lacks the exports "wasm_grpc_call"'),
    "no memory": (f"(module {START} {CALL})".encode(), 'lacks the exports "memory"'),
    "no method": (f"(module {MEMORY} {START} {CALL})".encode(), "declares no method"),
    "a method without a service": (module_of_method("Say").encode(), '"Say".*/package.Service/Method'),
    "an export of another type": (
        f'(module {MEMORY} {START} (func (export "wasm_grpc_call")))'.encode(),
        r'"wasm_grpc_call".*\(i32, i32\) -> i32',
    ),
    "an unknown import": (
        f'(module (import "env" "launch" (func)) {MEMORY} {START} {CALL})'.encode(),
        r'"env\.launch".*does not offer.*defined nowhere',
    ),
    "an unknown import of an unknown module": (
        f'(module (import "moon" "launch" (func)) {MEMORY} {START} {CALL})'.encode(),
        r'"moon\.launch".*does not offer.*wasi_snapshot_preview1, wasm_grpc_1',
    ),
    "an unknown import of our module": (
        f'(module (import "wasm_grpc_1" "methods" (func)) {MEMORY} {START} {CALL})'.encode(),
        r'"wasm_grpc_1\.methods".*does not offer; did you mean "wasm_grpc_1\.method"\?',
    ),
    "an import of another type": (
        f'(module (import "wasm_grpc_1" "send" (func)) {MEMORY} {START} {CALL})'.encode(),
        r'"wasm_grpc_1\.send" \(\) -> \(\); this host offers it as a function \(i32, i32, i32\) -> i32',
    ),
    "a trap in its start": (
        f'(module {MEMORY} (func $boom unreachable) (func (export "wasm_grpc_start") call $boom) {CALL})'.encode(),
        "start failed.*unreachable.*in boom",
    ),
    "a trap in its wasm start function": (
        f"(module {MEMORY} {START} {CALL} (func $boom unreachable) (start $boom))".encode(),
        "unreachable",
    ),
    "an exit in its start": (
        f"""(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32))) {MEMORY} {START} {CALL}
            (func (export "_start") (call $exit (i32.const 7))))""".encode(),
        "start failed.*exited with code 7",
    ),
    "a start that never ends": (
        f'(module {MEMORY} (func (export "wasm_grpc_start") (loop $again br $again)) {CALL})'.encode(),
        "start did not finish within 300 ms",
    ),
    "more memory than allowed": (
        f'(module (memory (export "memory") 3000) {START} {CALL})'.encode(),
        "memory.*exceeds the limit",
    ),
}


@pytest.fixture
def refuse(program):
    """refuse(arguments...) returns the one line that was said instead of doing anything."""

    def run(*arguments, code=1) -> str:
        done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=LIMIT)
        assert done.returncode == code, done
        assert done.stdout == ""
        assert re.fullmatch(r"wasm-grpc: [^\n]+\n", done.stderr), done.stderr
        return done.stderr

    return run


@pytest.fixture
def write(tmp_path):
    def write_module(content, name="module.wasm") -> pathlib.Path:
        file = tmp_path / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    return write_module


ANY_PORT = ("--listen", "127.0.0.1:0")


@pytest.mark.parametrize("what", BAD_MODULES)
def test_a_module_is_refused_for(refuse, write, what):
    content, said = BAD_MODULES[what]
    file = write(content)
    line = refuse("serve", file, *ANY_PORT, "--start-timeout", "300")
    assert str(file) in line and re.search(said, line), line
    if what != "a start that never ends":  # inspect has no such flag
        assert refuse("inspect", file) == line


@pytest.mark.parametrize("left", [8, 100, 5000, -1])
def test_a_truncated_module_is_refused(refuse, guest, write, left):
    file = write(guest("greeter").read_bytes()[:left])
    assert str(file) in refuse("serve", file, *ANY_PORT)


def test_a_module_with_a_flipped_bit_is_refused_or_sandboxed_but_never_crashes_the_host(program, guest, write):
    good = guest("greeter").read_bytes()
    for at in range(8, len(good), len(good) // 40):
        file = write(good[:at] + bytes([good[at] ^ 0x10]) + good[at + 1 :])
        done = subprocess.run([program, "inspect", file], capture_output=True, timeout=LIMIT)
        assert done.returncode in (0, 1), (at, done)


def test_a_missing_file_is_refused(refuse, tmp_path):
    assert "no such file" in refuse("serve", tmp_path / "none.wasm", *ANY_PORT)
    assert "no such file" in refuse("inspect", tmp_path / "none.wasm")


def test_a_directory_is_refused(refuse, tmp_path):
    assert "is a directory" in refuse("serve", tmp_path, *ANY_PORT)


def test_a_module_larger_than_allowed_is_refused(refuse, guest):
    assert "larger than the 1000 bytes" in refuse("serve", guest("greeter"), *ANY_PORT, "--max-module-size", "1000")


def test_a_bad_module_among_good_ones_is_refused(refuse, guest, write):
    bad = write("(module)")
    assert str(bad) in refuse("serve", guest("greeter"), bad, guest("echo"), *ANY_PORT)


def test_two_modules_that_claim_one_method_are_refused(refuse, guest, write):
    second = write(module_of_method("/helloworld.Greeter/SayHello"))
    line = refuse("serve", guest("greeter"), second, *ANY_PORT)
    assert str(second) in line and "/helloworld.Greeter/SayHello" in line


def test_a_port_in_use_is_refused_also_when_another_of_us_has_it_with_several_workers(refuse, serve, guest):
    for workers in ("1", "2"):
        server = serve("echo", "--workers", workers)
        for own in ("1", "2"):
            line = refuse("serve", guest("greeter"), "--listen", server.address, "--workers", own)
            assert server.address in line and "in use" in line


def test_one_address_given_twice_is_refused(refuse, serve, guest):
    free = serve("echo")
    free.send_stop_signal()
    assert free.wait_for_exit() == 0
    line = refuse("serve", guest("greeter"), "--listen", free.address, "--listen", free.address)
    assert free.address in line and "in use" in line


@pytest.mark.parametrize(
    "address, said",
    [
        ("nonsense", "ADDR:PORT"),
        ("", "ADDR:PORT"),
        ("127.0.0.1", "ADDR:PORT"),
        ("127.0.0.1:", "port"),
        ("127.0.0.1:x", "port"),
        ("127.0.0.1:65536", "port"),
        ("127.0.0.1:-1", "port"),
        ("::1:50051", "brackets"),
        ("256.0.0.1:0", "256.0.0.1"),
        ("192.0.2.1:0", "192.0.2.1"),
    ],
)
def test_a_bad_address_is_refused(refuse, guest, address, said):
    assert said in refuse("serve", guest("greeter"), "--listen", address)


@pytest.mark.parametrize(
    "flags",
    [
        ("--no-such-flag",),
        ("--workers", "-1"),
        ("--workers", "many"),
        ("--workers",),
        ("--instances", "0"),
        ("--instances", "1000000"),
        ("--max-message-size", "0"),
        ("--max-message-size", "1e9"),
        ("--max-waiting-calls", "-1"),
        ("--max-waiting-calls", "some"),
        ("--max-memory", "1"),
        ("--max-total-memory", "-1"),
        ("--max-total-memory", "2000000000000000"),
        ("--max-module-size", "-1"),
        ("--max-concurrent-streams", "0"),
        ("--start-timeout", "soon"),
        ("--drain-timeout", "-1"),
        ("--keepalive-timeout", "0"),
        ("--log-level", "loud"),
        ("--log-burst", "-1"),
        ("--log-lines-per-second", "2000000000"),
    ],
)
def test_a_bad_flag_is_refused_and_named(refuse, guest, flags):
    assert flags[0] in refuse("serve", guest("greeter"), *flags, code=2)


def test_flags_that_contradict_each_other_are_refused(refuse, guest):
    line = refuse("serve", guest("greeter"), *ANY_PORT, "--tls-client-ca", guest("greeter"), code=2)
    assert "--tls-client-ca requires --tls-cert" in line


def test_bad_grants_are_refused(refuse, guest, tmp_path):
    assert "NAME=VALUE" in refuse("serve", guest("greeter"), "--env", "NOVALUE", code=2)
    assert "cannot be granted" in refuse("serve", guest("greeter"), "--dir", tmp_path / "none")


@pytest.mark.parametrize("arguments", [(), ("serve",), ("inspect",), ("fly",), ("inspect", "a.wasm", "b.wasm")])
def test_an_incomplete_or_unknown_command_is_refused(refuse, arguments):
    assert "--help" in refuse(*arguments, code=2)


def test_help_and_version_are_printed(program):
    def say(*arguments):
        done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=LIMIT)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    assert re.fullmatch(r"wasm-grpc \d+\.\d+\.\d+\n", say("--version"))
    assert "serve" in say("--help") and "inspect" in say("--help")
    for flag in ("--listen", "--workers", "--instances", "--max-message-size", "--max-memory", "--drain-timeout"):
        assert flag in say("serve", "--help")
    assert "--json" in say("inspect", "--help")


@pytest.mark.parametrize("command, least", [("serve", 30), ("call", 11)])
def test_every_flag_is_documented_with_its_default(program, command, least):
    said = subprocess.run([program, command, "--help"], capture_output=True, text=True, timeout=LIMIT).stdout
    document = DOCS / ("settings.md" if command == "serve" else "operate.md")
    documented = {}
    for row in re.findall(r"^\| `-.*", document.read_text(), re.MULTILINE):
        names, defaults = re.split(r"(?<!\\)\|", row)[1:3]
        names = re.findall(r"--[\w-]+", names)
        documented |= zip(names, defaults.split(",") * len(names))
    flags = re.findall(r"^  (--[\w-]+) (.*)", said, re.MULTILINE)
    assert len(flags) >= least
    for flag, rest in flags:
        if flag == "--config":
            continue
        assert flag in documented, f"{flag} is not in {document.name}"
        if default := re.search(r"=(\d+)$", rest):
            assert re.match(rf" {default[1]}\b", documented[flag]), f"{flag}: {default[1]}, not {documented[flag]}"


def test_a_module_in_text_format_is_served(program, connect, write, tmp_path):
    from server import Server

    file = write(module_of_method("/text.Format/Fail", body="i32.const 9"), "text.wat")
    server = Server(tmp_path, [program, "serve", file, *ANY_PORT])
    try:
        call = connect(server).unary_unary("/text.Format/Fail").future(b"", timeout=LIMIT)
        assert call.code().value[0] == 9
    finally:
        server.stop()


def test_serve_says_where_it_listens_and_what_it_serves(serve):
    server = serve("greeter", "--listen", "[::1]:0")
    assert len(re.findall(r"^listening on (127\.0\.0\.1|\[::1\]):\d+$", server.stdout, re.MULTILINE)) == 2
    assert "greeter: helloworld.Greeter: SayHello (unary), SayHelloStreamReply (server streaming)\n" in server.stdout


def test_serve_says_how_to_call_a_service_by_our_client_where_it_is_described(program, serve):
    server = serve("echo", "described")
    command = re.search(r"^try: (.*)$", server.stdout, re.MULTILINE).group(1)
    assert command.startswith(f"{program} call {server.address} described.Mirror/"), "it is not on PATH"
    done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=LIMIT)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"{}\n", b"")


@pytest.mark.parametrize("modules", [["echo"], ["described", "--no-reflection"]])
def test_serve_says_how_to_call_a_service_by_curl_where_it_is_not(serve, modules):
    server = serve(*modules)
    command = re.search(r"^try: (.*)$", server.stdout, re.MULTILINE).group(1)
    answer = subprocess.run(["bash", "-c", command], capture_output=True, timeout=LIMIT).stdout
    assert b"HTTP/2 200" in answer and b"grpc-status: 0" in answer
