"""Spans of calls, as a collector over grpcio gets them."""

import socket
import subprocess
import time

import conformance_pb2 as conformance
import conformance_pb2_grpc
import grpc
import pytest
from collector import BAD_ONES, Collector, attributes, hold_up_no_call
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as service
from opentelemetry.proto.trace.v1 import trace_pb2

LIMIT = 40
EMPTY = conformance.Empty()
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
SAMPLED = ("traceparent", f"00-{TRACE}-{PARENT}-01")
UNSAMPLED = ("traceparent", f"00-{TRACE}-{PARENT}-00")


@pytest.fixture
def collector():
    started = Collector()
    yield started
    started.stop()


@pytest.fixture
def traced(serve, connect, collector):
    """traced("--trace-sample", "0") is a stub of a server that tells the collector."""

    def start(*flags):
        server = serve("conformance", "--trace-endpoint", collector.address, *flags)
        return conformance_pb2_grpc.GuestStub(connect(server))

    return start


def echoed(stub, *metadata) -> dict:
    reply = stub.EchoMetadata(EMPTY, timeout=LIMIT, metadata=metadata)
    return {entry.key: entry.value for entry in reply.entries}


def test_a_call_is_a_server_span_by_the_conventions(traced, collector):
    stub = traced("--trace-service", "shop")
    before = time.time_ns()
    stub.Count(EMPTY, timeout=LIMIT)
    (span,) = collector.wait_for("test.Guest/Count")
    assert span.kind == trace_pb2.Span.SPAN_KIND_SERVER
    assert len(span.trace_id) == 16 and any(span.trace_id)
    assert len(span.span_id) == 8 and any(span.span_id)
    assert span.parent_span_id == b""
    assert before <= span.start_time_unix_nano <= span.end_time_unix_nano <= time.time_ns()
    assert span.status.code == trace_pb2.Status.STATUS_CODE_UNSET
    known = attributes(span)
    assert known["rpc.system.name"] == "grpc"
    assert known["rpc.method"] == "test.Guest/Count"
    assert known["rpc.response.status_code"] == "OK"
    assert "error.type" not in known
    assert known["server.address"] == known["client.address"] == "127.0.0.1"
    assert known["client.port"] > 0 and known["server.port"] > 0
    assert known["wasm_grpc.call_id"] > 0
    assert "start" in [event.name for event in span.events]
    resource = attributes(collector.resources()[0])
    assert resource["service.name"] == "shop"
    assert len(resource["service.instance.id"]) == 36
    assert resource["process.pid"] > 0


def test_a_call_is_part_of_the_trace_of_its_client(traced, collector):
    stub = traced("--trace-sample", "0")
    state = ("tracestate", "vendor=value")
    seen = echoed(stub, SAMPLED, state)
    (span,) = collector.wait_for("test.Guest/EchoMetadata")
    assert span.trace_id.hex() == TRACE
    assert span.parent_span_id.hex() == PARENT
    assert span.trace_state == "vendor=value"
    # What the guest calls is inside of the server's span.
    assert seen["traceparent"] == f"00-{TRACE}-{span.span_id.hex()}-01".encode()
    assert seen["tracestate"] == b"vendor=value"


def test_older_clients_say_it_in_binary(traced, collector):
    stub = traced("--trace-sample", "0")
    binary = b"\0\0" + bytes.fromhex(TRACE) + b"\1" + bytes.fromhex(PARENT) + b"\2\1"
    seen = echoed(stub, ("grpc-trace-bin", binary))
    (span,) = collector.wait_for("test.Guest/EchoMetadata")
    assert span.trace_id.hex() == TRACE
    assert span.parent_span_id.hex() == PARENT
    assert seen["grpc-trace-bin"] == b"\0\0" + span.trace_id + b"\1" + span.span_id + b"\2\1"
    assert "traceparent" not in seen


def test_a_call_whose_client_is_not_sampled_is_not_and_sees_what_its_client_says(traced, collector):
    stub = traced()
    assert echoed(stub, UNSAMPLED)["traceparent"] == UNSAMPLED[1].encode()
    stub.Count(EMPTY, timeout=LIMIT)
    collector.wait_for("test.Guest/Count")
    assert not [span for span in collector.spans() if span.name == "test.Guest/EchoMetadata"]


def test_what_clients_say_does_not_count_where_it_is_not_to(traced, collector):
    stub = traced("--no-trace-follow-clients")
    echoed(stub, UNSAMPLED)
    (span,) = collector.wait_for("test.Guest/EchoMetadata")
    assert span.trace_id.hex() == TRACE


def test_what_is_no_traceparent_is_as_if_it_were_not_there(traced, collector):
    stub = traced()
    for text in ("", "00", f"00-{'0' * 32}-{PARENT}-01", f"ff-{TRACE}-{PARENT}-01", "x" * 4000):
        stub.Count(EMPTY, timeout=LIMIT, metadata=[("traceparent", text)])
    for span in collector.wait_for("test.Guest/Count", 5):
        assert span.parent_span_id == b"" and span.trace_id.hex() != TRACE


def test_how_a_call_ended_and_why(traced, collector, failure):
    stub = traced()
    for call, code in (
        (lambda: stub.Trap(EMPTY, timeout=LIMIT), grpc.StatusCode.INTERNAL),
        (lambda: stub.Fail(conformance.FailRequest(code=5), timeout=LIMIT), grpc.StatusCode.NOT_FOUND),
    ):
        with failure(code):
            call()
    (trapped,) = collector.wait_for("test.Guest/Trap")
    assert trapped.status.code == trace_pb2.Status.STATUS_CODE_ERROR
    assert attributes(trapped)["error.type"] == attributes(trapped)["rpc.response.status_code"] == "INTERNAL"
    (event,) = [event for event in trapped.events if event.name == "trap"]
    assert "unreachable" in attributes(event)["exception.message"]
    (absent,) = collector.wait_for("test.Guest/Fail")
    assert absent.status.code == trace_pb2.Status.STATUS_CODE_UNSET  # it is the client's fault
    assert attributes(absent)["rpc.response.status_code"] == "NOT_FOUND"
    assert "error.type" not in attributes(absent)


def test_a_call_that_waits_for_an_instance_says_so(serve, connect, collector):
    server = serve("conformance", "--trace-endpoint", collector.address, "--instances", "1", "--workers", "1")
    stub = conformance_pb2_grpc.GuestStub(connect(server))
    calls = [stub.Sleep.future(conformance.SleepRequest(milliseconds=50), timeout=LIMIT) for _ in range(3)]
    for call in calls:
        call.result()
    spans = collector.wait_for("test.Guest/Sleep", 3)
    assert len([span for span in spans if "wait" in [event.name for event in span.events]]) >= 2


def test_metadata_goes_with_the_spans(traced, collector):
    traced("--trace-metadata", "x-key=secret").Count(EMPTY, timeout=LIMIT)
    collector.wait_for("test.Guest/Count")
    assert collector.metadata[0]["x-key"] == "secret"


def test_what_is_left_is_sent_when_the_server_stops(serve, connect, collector):
    server = serve("conformance", "--trace-endpoint", collector.address)
    stub = conformance_pb2_grpc.GuestStub(connect(server))
    for _ in range(20):
        stub.Count(EMPTY, timeout=LIMIT)
    server.send_stop_signal()  # once: a second one asks for haste
    server.wait_for_exit(LIMIT)
    collector.wait_for("test.Guest/Count", 20)


def call_many(stub, count: int) -> None:
    calls = [stub.Count.future(EMPTY, timeout=LIMIT) for _ in range(count)]
    for call in calls:
        call.result()


def test_a_collector_that_is_away_costs_no_call_and_gets_what_comes_later(serve, connect):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    server = serve("conformance", "--trace-endpoint", f"127.0.0.1:{port}")
    stub = conformance_pb2_grpc.GuestStub(connect(server))
    call_many(stub, 200)
    server.wait_for_log(r"warning host: traces: 127\.0\.0\.1:\d+ does not take spans: ")
    late = Collector(port)
    try:
        call_many(stub, 50)
        late.wait_for("test.Guest/Count", 50)
        server.wait_for_log(r"info host: traces: 127\.0\.0\.1:\d+ takes spans again")
    finally:
        late.stop()


@pytest.mark.parametrize("what", BAD_ONES)
def test_a_collector_that_is_slow_or_lies_costs_no_call(serve, connect, collector, what):
    def start(address):
        server = serve("conformance", "--trace-endpoint", address)
        stub = conformance_pb2_grpc.GuestStub(connect(server))
        return server, lambda: call_many(stub, 100)

    partial = service.ExportTracePartialSuccess(rejected_spans=1 << 40, error_message="x" * 10000)
    hold_up_no_call(what, collector, service.ExportTraceServiceResponse(partial_success=partial), "spans", start)


def test_calls_over_other_protocols_are_spans_too(serve, connect, collector, program, guest):
    server = serve("conformance", "--trace-endpoint", collector.address)
    host, port = server.host_and_port
    with socket.create_connection((host, port), timeout=LIMIT) as connection:
        connection.sendall(
            b"POST /test.Guest/Count HTTP/1.1\r\nhost: shop.test\r\ncontent-type: application/proto\r\n"
            b"traceparent: " + SAMPLED[1].encode() + b"\r\ncontent-length: 0\r\n\r\n"
        )
        assert b" 200 " in connection.recv(4096)
        (span,) = collector.wait_for("test.Guest/Count")
    assert span.trace_id.hex() == TRACE
    assert attributes(span)["server.address"] == "shop.test"


@pytest.mark.parametrize(
    "flags, what",
    [
        (["--trace-endpoint", "nowhere"], "the collector of traces: "),
        (["--trace-endpoint", "127.0.0.1:1", "--trace-sample", "2"], "trace-sample"),
    ],
)
def test_flags_that_make_no_sense_are_refused(program, guest, flags, what):
    command = [program, "serve", guest("conformance"), "--listen", "127.0.0.1:0", *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode != 0
    assert what in done.stderr
