"""What a guest costs in each language: CPU of a call of the greeter, and memory of an open stream of the conformance guest.
Prints the rows of docs/guests.md. It needs h2load and what `make build` and `ctest -R e2e_prepare` have made.

Usage: build/release/tests/e2e/venv/bin/python bench/guests.py PROGRAM GUESTS [CALLS]
"""

import contextlib
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "tests/e2e/python"))

import grpc  # noqa: E402
from server import Server  # noqa: E402

# Language: its greeter, and its guest with a bidirectional method that waits for the client.
LANGUAGES = {
    "C++": ("greeter", "conformance", "/test.Guest/WaitCancel"),
    "C": ("greeter_c", "c_conformance", "/test.Guest/WaitCancel"),
    "Rust": ("greeter_rust", "rust_conformance", "/test.Guest/WaitCancel"),
    "Go": ("greeter-go", "go_conformance", "/test.Guest/WaitCancel"),
    "Zig": ("greeter_zig", "zig_conformance", "/test.Guest/WaitCancel"),
    "AssemblyScript": ("greeter_assemblyscript", "assemblyscript_conformance", "/test.Guest/WaitCancel"),
}
STREAMS = 500
ROUNDS = 9
HELLO = b"\0\0\0\0\7\x0a\5World"


def serve(folder, program, module):
    cache = ["--code-cache", folder / "code_cache"]
    subprocess.run([program, "inspect", module, *cache], capture_output=True, check=True, timeout=600)  # compiles it
    return Server(folder, [program, "serve", module, "--listen", "127.0.0.1:0", "--workers", "1", *cache])


def microseconds_of_a_call(folder, program, modules, greeters, calls):
    """By turns, so that what the machine does meanwhile is the same for all; medians, by the greeters' names."""
    request = folder / "hello"
    request.write_bytes(HELLO)
    load = ["h2load", "-n", str(calls), "-c", "10", "-m", "10", "-d", request, "-H", "content-type: application/grpc", "-H", "te: trailers"]
    rounds = {greeter: [] for greeter in greeters}
    with contextlib.ExitStack() as stack:
        servers = {}
        for greeter in greeters:
            (folder / greeter).mkdir()
            servers[greeter] = serve(folder / greeter, program, modules / f"{greeter}.wasm")
            stack.callback(servers[greeter].stop)
        for _ in range(ROUNDS):
            for greeter, server in servers.items():
                before = server.processor_seconds()
                command = [*load, f"http://{server.address}/helloworld.Greeter/SayHello"]
                done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
                assert f"{calls} succeeded" in done.stdout, done.stdout
                rounds[greeter].append((server.processor_seconds() - before) / calls * 1e6)
    return {greeter: statistics.median(each[1:]) for greeter, each in rounds.items()}


def kibibytes_of_a_stream(folder, program, module, method):
    server = serve(folder, program, module)
    try:
        with grpc.insecure_channel(server.address, [("grpc.enable_http_proxy", 0)]) as channel:
            call = channel.stream_stream(method)
            streams = [call(iter_forever(), timeout=300) for _ in range(10)]
            before, at_first = settled(server), len(streams)
            streams += [call(iter_forever(), timeout=300) for _ in range(STREAMS)]
            for stream in streams:
                next(stream)
            after = settled(server)
            for stream in streams:
                stream.cancel()
    finally:
        server.stop()
    return (after - before) / (len(streams) - at_first) / 1024


def iter_forever():
    yield b"here"
    time.sleep(300)


def settled(server):
    time.sleep(2)
    return server.resident_bytes()


def main(program, guests, calls="100000"):
    modules = pathlib.Path(guests)
    built = {language: all_of for language, all_of in LANGUAGES.items() if (modules / f"{all_of[0]}.wasm").exists()}
    for language in LANGUAGES.keys() - built.keys():
        print(f"{language}: not built")
    with tempfile.TemporaryDirectory() as folder:
        greeters = [greeter for greeter, _, _ in built.values()]
        microseconds = microseconds_of_a_call(pathlib.Path(folder), program, modules, greeters, int(calls))
    for language, (greeter, guest, method) in built.items():
        size = (modules / f"{greeter}.wasm").stat().st_size
        with tempfile.TemporaryDirectory() as folder:
            memory = kibibytes_of_a_stream(pathlib.Path(folder), program, modules / f"{guest}.wasm", method)
        print(f"{language}: {size} bytes, {microseconds[greeter]:.2f} us, {memory:.0f} KiB", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
