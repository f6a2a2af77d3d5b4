"""What guests in AssemblyScript have beside what all languages have."""

import json
import subprocess

LIMIT = 40


def call(program, server, name):
    done = subprocess.run(
        [program, "call", server.address, "helloworld.Greeter/SayHello", "--json", json.dumps({"name": name})],
        capture_output=True, text=True, timeout=LIMIT,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_module_that_was_described_describes_itself(program, serve):
    assert call(program, serve("greeter"), "世界") == {"message": "Hello 世界"}


def test_the_compilers_default_build_is_served(program, guest, serve, connect):
    inspected = subprocess.run([program, "inspect", guest("greeter_default")], capture_output=True, text=True, timeout=LIMIT)
    assert inspected.returncode == 0 and "env.abort" in inspected.stdout, inspected
    say_hello = connect(serve("greeter_default")).unary_unary("/helloworld.Greeter/SayHello")
    assert say_hello(b"\x0a\x03Ada", timeout=LIMIT) == b"\x0a\x09Hello Ada"


def test_garbage_is_collected(serve, connect):
    server = serve("echo", "--workers", "1", "--instances", "1", "--max-memory", str(32 << 20))
    unary = connect(server).unary_unary("/echo.Echo/Unary")
    message = b"m" * (1 << 20)
    for _ in range(200):  # 200 MiB in all
        assert unary(message, timeout=LIMIT) == message
    assert "trap" not in server.log
