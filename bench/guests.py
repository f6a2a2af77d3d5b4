"""What a guest costs in each language: CPU of a call of the greeter, and memory of an open stream of the conformance guest.
Prints the rows of docs/guests.md. It needs h2load and what `make build` and `ctest -R e2e_prepare` have made.

Usage: build/release/tests/e2e/venv/bin/python bench/guests.py PROGRAM GUESTS [CALLS]
"""

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
ROUNDS = 5
HELLO = b"\0\0\0\0\7\x0a\5World"


def serve(folder, program, module):
    cache = ["--code-cache", folder / "code_cache"]
    subprocess.run([program, "inspect", module, *cache], capture_output=True, check=True, timeout=600)  # compiles it
    return Server(folder, [program, "serve", module, "--listen", "127.0.0.1:0", "--workers", "1", *cache])


def microseconds_of_a_call(folder, program, module, calls):
    server = serve(folder, program, module)
    request = folder / "hello"
    request.write_bytes(HELLO)
    url = f"http://{server.address}/helloworld.Greeter/SayHello"
    load = ["h2load", "-n", str(calls), "-c", "10", "-m", "10", "-d", request, "-H", "content-type: application/grpc", "-H", "te: trailers", url]
    rounds = []
    try:
        for _ in range(ROUNDS):
            before = server.processor_seconds()
            done = subprocess.run(load, capture_output=True, text=True, check=True, timeout=600)
            assert f"{calls} succeeded" in done.stdout, done.stdout
            rounds.append((server.processor_seconds() - before) / calls * 1e6)
    finally:
        server.stop()
    return statistics.median(rounds[1:])


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
    for language, (greeter, guest, method) in LANGUAGES.items():
        if not (pathlib.Path(guests) / f"{greeter}.wasm").exists():
            print(f"{language}: not built")
            continue
        with tempfile.TemporaryDirectory() as folder:
            folder, modules = pathlib.Path(folder), pathlib.Path(guests)
            size = (modules / f"{greeter}.wasm").stat().st_size
            cpu = microseconds_of_a_call(folder, program, modules / f"{greeter}.wasm", int(calls))
            memory = kibibytes_of_a_stream(folder, program, modules / f"{guest}.wasm", method) if guest else None
            print(f"{language}: {size} bytes, {cpu:.1f} us, {f'{memory:.0f} KiB' if memory else '-'}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
