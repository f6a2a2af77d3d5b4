"""What guests in AssemblyScript have beside what all languages have."""

import json
import subprocess

import grpc

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


def test_calls_in_event_style_are_answered_and_leave_nothing_behind(serve, connect):
    server = serve("echo_events", "--workers", "1", "--max-memory", str(32 << 20))
    channel = connect(server)
    payload = b"\x0a\x80\x80\x40" + b"m" * (1 << 20)
    for _ in range(50):  # 150 MiB in all
        assert channel.unary_unary("/echo.Echo/Unary")(payload, timeout=LIMIT) == payload
        assert channel.stream_unary("/echo.Echo/ClientStream")(iter([payload]), timeout=LIMIT) == payload
    repeat = b"\x08\x14\x12\x80\x80\x04" + b"m" * (1 << 16)
    assert len(list(channel.unary_stream("/echo.Echo/ServerStream")(repeat, timeout=LIMIT))) == 20
    messages = [b"\x0a\x80\x80\x04" + b"%d" % (i % 10) * (1 << 16) for i in range(50)]
    assert list(channel.stream_stream("/echo.Echo/BidiStream")(iter(messages), timeout=LIMIT)) == messages
    assert "trap" not in server.log


def test_timers_go_off_and_cancellation_is_told(serve, connect, failure):
    server = serve("echo_events", "--workers", "1")
    tick = connect(server).unary_stream("/test.Events/Tick")
    ticks = []
    with failure(grpc.StatusCode.OUT_OF_RANGE) as failed:
        for message in tick(b"three", timeout=LIMIT):
            ticks.append(message)
    assert (ticks, failed.details) == ([b"tick"] * 3, "that was all")
    assert "Tick: cancelled" not in server.log
    endless = tick(b"", timeout=LIMIT)
    assert next(endless) == b"tick"
    endless.cancel()
    server.wait_for_log("Tick: cancelled")
