"""What guests in Zig have beside what all languages have."""

import json
import subprocess

import conformance_pb2 as conformance
import conformance_pb2_grpc
import grpc

LIMIT = 40


def test_a_module_with_embedded_descriptors_describes_itself(program, serve):
    server = serve("route_guide")
    done = subprocess.run(
        [program, "call", server.address, "routeguide.RouteGuide/GetFeature", "--json", '{"latitude": 1}'],
        capture_output=True, text=True, timeout=LIMIT,
    )
    assert (done.returncode, json.loads(done.stdout)) == (0, {"location": {"latitude": 1}}), done.stderr


def test_memory_that_is_not_to_be_had_is_a_status(serve, connect, failure):
    stub = conformance_pb2_grpc.GuestStub(connect(serve("conformance", "--max-memory", str(16 << 20))))
    with failure(grpc.StatusCode.RESOURCE_EXHAUSTED) as failed:
        stub.Grow(conformance.NumberRequest(number=100), timeout=LIMIT)
    assert failed.details == "the guest is out of memory"


def test_calls_in_event_style_leave_nothing_behind(serve, connect):
    server = serve("echo", "--workers", "1", "--max-memory", str(16 << 20))
    channel = connect(server)
    unary = channel.unary_unary("/echo.Echo/Unary")
    join = channel.stream_unary("/echo.Echo/ClientStream")
    payload = b"\x0a\x80\x80\x40" + b"m" * (1 << 20)
    for _ in range(50):  # 100 MiB in all
        assert unary(payload, timeout=LIMIT) == payload
        assert join(iter([payload]), timeout=LIMIT) == payload
    assert "trap" not in server.log


def test_timers_go_off_and_a_state_is_dropped_with_its_call(serve, connect, failure):
    server = serve("echo", "--workers", "1")
    tick = connect(server).unary_stream("/test.Events/Tick")
    ticks = []
    with failure(grpc.StatusCode.OUT_OF_RANGE) as failed:
        for message in tick(b"three", timeout=LIMIT):
            ticks.append(message)
    assert (ticks, failed.details) == ([b"tick"] * 3, "that was all")
    server.wait_for_log("Tick: forgotten")
    assert "Tick: cancelled" not in server.log
    endless = tick(b"", timeout=LIMIT)
    assert next(endless) == b"tick"
    endless.cancel()
    server.wait_for_log("Tick: cancelled(?s:.*)Tick: forgotten")
