"""What a server counts, as a collector over grpcio gets it."""

import socket
import subprocess
import time

import conformance_pb2 as conformance
import conformance_pb2_grpc
import pytest
from admin import get
from collector import BAD_ONES, MetricsCollector, attributes, hold_up_no_call
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as service
from opentelemetry.proto.metrics.v1 import metrics_pb2
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from server import eventually

LIMIT = 40
EMPTY = conformance.Empty()
COUNT = {"grpc_type": "unary", "grpc_service": "test.Guest", "grpc_method": "Count"}
OFTEN = ("--metrics-interval", "200")
CUMULATIVE = metrics_pb2.AGGREGATION_TEMPORALITY_CUMULATIVE


@pytest.fixture
def collector():
    started = MetricsCollector()
    yield started
    started.stop()


def call_many(stub, count: int) -> None:
    calls = [stub.Count.future(EMPTY, timeout=LIMIT) for _ in range(count)]
    for call in calls:
        call.result()


@pytest.fixture
def counted(serve, connect, collector):
    """counted("--metrics-service", "shop") is a server that tells the collector, and a stub of it."""

    def start(*flags):
        server = serve("conformance", "--metrics-endpoint", collector.address, *OFTEN, *flags)
        return server, conformance_pb2_grpc.GuestStub(connect(server))

    return start


def test_calls_are_counted_from_the_start_of_the_server(counted, collector):
    before = time.time_ns()
    _, stub = counted("--metrics-service", "shop")
    call_many(stub, 3)
    first = collector.wait_for(3, "grpc_server_handled_total", **COUNT, grpc_code="OK")
    call_many(stub, 2)
    second = collector.wait_for(5, "grpc_server_handled_total", **COUNT, grpc_code="OK")
    assert before < first.start_time_unix_nano == second.start_time_unix_nano < first.time_unix_nano
    assert first.time_unix_nano < second.time_unix_nano < time.time_ns()
    metric = next(metric for metric in collector.metrics() if metric.name == "grpc_server_handled_total")
    assert metric.sum.is_monotonic and metric.sum.aggregation_temporality == CUMULATIVE
    assert metric.description
    resource = attributes(collector.resources()[0])
    assert resource["service.name"] == "shop"
    assert len(resource["service.instance.id"]) == 36
    assert resource["process.pid"] > 0
    assert len({attributes(each)["service.instance.id"] for each in collector.resources()}) == 1


def test_times_are_histograms_with_bounds(counted, collector):
    _, stub = counted()
    call_many(stub, 4)
    stub.Sleep(conformance.SleepRequest(milliseconds=60), timeout=LIMIT)
    collector.wait_for(4, "grpc_server_handling_seconds", **COUNT)
    slept = collector.wait_for(1, "grpc_server_handling_seconds", **COUNT | {"grpc_method": "Sleep"})
    assert list(slept.explicit_bounds) == sorted(slept.explicit_bounds)
    assert {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10} <= set(slept.explicit_bounds)
    assert len(slept.bucket_counts) == len(slept.explicit_bounds) + 1
    assert sum(slept.bucket_counts) == slept.count == 1
    bucket = list(slept.bucket_counts).index(1)
    assert slept.explicit_bounds[bucket - 1] >= 0.05 and slept.sum > 0.06
    metric = next(metric for metric in collector.metrics() if metric.name == "grpc_server_handling_seconds")
    assert metric.histogram.aggregation_temporality == CUMULATIVE
    assert metric.unit == "s"


def test_they_are_the_series_of_the_metrics_page(serve, connect, collector):
    server = serve(
        "conformance", "echo", "--metrics-endpoint", collector.address, *OFTEN, "--admin-listen", "127.0.0.1:0"
    )
    call_many(conformance_pb2_grpc.GuestStub(connect(server)), 2)
    collector.wait_for(2, "grpc_server_handled_total", **COUNT, grpc_code="OK")
    _, _, page = get(server, "/metrics", Accept="application/openmetrics-text; version=1.0.0")

    def series(name: str, labels: dict) -> tuple:
        return name, tuple(sorted(labels.items()))

    wanted, kinds = set(), {}
    for family in text_string_to_metric_families(page):
        suffix = "_total" if family.type == "counter" else ""
        kinds[family.name + suffix] = {"counter": "sum"}.get(family.type, family.type)
        for sample in family.samples:
            labels = {key: value for key, value in sample.labels.items() if key != "le"}
            wanted.add(series(family.name + suffix, labels))
    latest = collector.requests()[-1].resource_metrics[0].scope_metrics[0].metrics
    found = {
        series(metric.name, attributes(point))
        for metric in latest
        for point in getattr(metric, metric.WhichOneof("data")).data_points
    }
    assert found == wanted
    assert {metric.name: metric.WhichOneof("data") for metric in latest}.items() <= kinds.items()


def test_metadata_goes_with_them(counted, collector):
    counted("--metrics-metadata", "x-key=secret")
    eventually(lambda: collector.metadata, "something has come")
    assert collector.metadata[0]["x-key"] == "secret"


def test_what_was_counted_last_is_sent_when_the_server_stops(serve, connect, collector):
    server = serve("conformance", "--metrics-endpoint", collector.address, "--metrics-interval", "1 h")
    call_many(conformance_pb2_grpc.GuestStub(connect(server)), 20)
    server.send_stop_signal()
    server.wait_for_exit(LIMIT)
    collector.wait_for(20, "grpc_server_handled_total", **COUNT, grpc_code="OK")


def test_what_a_collector_did_not_take_comes_again(serve, connect):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    server = serve("conformance", "--metrics-endpoint", f"127.0.0.1:{port}", *OFTEN)
    stub = conformance_pb2_grpc.GuestStub(connect(server))
    call_many(stub, 200)
    server.wait_for_log(r"warning host: metrics: 127\.0\.0\.1:\d+ does not take points: ")
    late = MetricsCollector(port)
    try:
        late.wait_for(200, "grpc_server_handled_total", **COUNT, grpc_code="OK")
        server.wait_for_log(r"info host: metrics: 127\.0\.0\.1:\d+ takes points again")
        late.wait_for(0, "wasm_grpc_exports_dropped_total", signal="traces")
        assert any(point.as_int > 0 for point in late.points("wasm_grpc_exports_dropped_total", signal="metrics"))
    finally:
        late.stop()
    assert server.log.count("does not take points") == 1


@pytest.mark.parametrize("what", BAD_ONES)
def test_a_collector_that_is_slow_or_lies_costs_no_call(serve, connect, collector, what):
    def start(address):
        server = serve("conformance", "--metrics-endpoint", address, *OFTEN)
        stub = conformance_pb2_grpc.GuestStub(connect(server))
        return server, lambda: call_many(stub, 100)

    partial = service.ExportMetricsPartialSuccess(rejected_data_points=1 << 40, error_message="x" * 10000)
    hold_up_no_call(what, collector, service.ExportMetricsServiceResponse(partial_success=partial), "points", start)


@pytest.mark.parametrize(
    "flags, what",
    [
        (["--metrics-endpoint", "nowhere"], "the collector of metrics: "),
        (["--metrics-endpoint", "127.0.0.1:1", "--metrics-interval", "5"], "metrics-interval"),
        (["--metrics-endpoint", "127.0.0.1:1", "--metrics-metadata", "grpc-x=y"], "the collector of metrics has grpc-x"),
    ],
)
def test_flags_that_make_no_sense_are_refused(program, guest, flags, what):
    command = [program, "serve", guest("conformance"), "--listen", "127.0.0.1:0", *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode != 0
    assert what in done.stderr
