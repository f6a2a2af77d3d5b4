"""A collector over grpcio, with the messages of opentelemetry-proto: not ours."""

import concurrent.futures
import os
import socket
import threading
import time

import grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from server import eventually


def attributes(of) -> dict:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in of.attributes}


class Receiver:
    """What collectors of all signals have. `answer` is what one is answered; a test may put another in its place."""

    def __init__(self, add_to_server, answer, port: int = 0):
        self._lock = threading.Lock()
        self._requests = []
        self.metadata = []
        self.answer = answer
        self._server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
        add_to_server(self, self._server)
        self.port = self._server.add_insecure_port(f"127.0.0.1:{port}")
        self._server.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def Export(self, request, context):
        answer = self.answer(request, context)
        with self._lock:
            self._requests.append(request)
            self.metadata.append(dict(context.invocation_metadata()))
        return answer

    def requests(self) -> list:
        with self._lock:
            return list(self._requests)

    def stop(self) -> None:
        self._server.stop(None).wait()


class Collector(Receiver, trace_service_pb2_grpc.TraceServiceServicer):
    """Of traces."""

    def __init__(self, port: int = 0):
        answer = trace_service_pb2.ExportTraceServiceResponse
        super().__init__(trace_service_pb2_grpc.add_TraceServiceServicer_to_server, lambda *_: answer(), port)

    def resources(self) -> list:
        return [spans.resource for request in self.requests() for spans in request.resource_spans]

    def spans(self) -> list:
        return [
            span
            for request in self.requests()
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def wait_for(self, name: str, count: int = 1) -> list:
        def find():
            found = [span for span in self.spans() if span.name == name]
            return found if len(found) >= count else None

        return eventually(find, f"{count} spans {name}; there are {[span.name for span in self.spans()]}")


class MetricsCollector(Receiver, metrics_service_pb2_grpc.MetricsServiceServicer):
    """Of metrics."""

    def __init__(self, port: int = 0):
        answer = metrics_service_pb2.ExportMetricsServiceResponse
        super().__init__(metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server, lambda *_: answer(), port)

    def resources(self) -> list:
        return [metrics.resource for request in self.requests() for metrics in request.resource_metrics]

    def metrics(self) -> list:
        """All that have come, the last one last."""
        return [
            metric
            for request in self.requests()
            for resource in request.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        ]

    def points(self, name: str, **labels: str) -> list:
        """Of the series, one after another."""
        return [
            point
            for metric in self.metrics()
            if metric.name == name
            for point in getattr(metric, metric.WhichOneof("data")).data_points
            if attributes(point) == labels
        ]

    def wait_for(self, value, name: str, **labels: str):
        """The first point of the series that has the value; of a histogram, that counts so many."""

        def value_of(point):
            return point.count if hasattr(point, "bucket_counts") else getattr(point, point.WhichOneof("value"))

        def find():
            found = [point for point in self.points(name, **labels) if value_of(point) == value]
            return found and found[0]

        values = [value_of(point) for point in self.points(name, **labels)]
        return eventually(find, f"{name} {labels} is {value}; there are {values}")


# What a collector may be like that serves nobody well.
BAD_ONES = ["nothing", "noise", "refusals", "rejections", "pauses"]


def hold_up_no_call(what: str, collector: Receiver, rejection, items: str, start) -> None:
    """Calls are served, and the server stops in time, while its collector does `what` of BAD_ONES. `rejection` is the
    message of the signal that takes only a part of what it gets; start(address) gives the server that tells the collector
    there of `items`, and what makes many calls of it."""
    address = collector.address
    listener = None
    if what in ("nothing", "noise"):
        listener = socket.create_server(("127.0.0.1", 0))
        address = "127.0.0.1:%d" % listener.getsockname()[1]
    elif what == "refusals":
        collector.answer = lambda request, context: context.abort(grpc.StatusCode.PERMISSION_DENIED, "no \n\x01 way")
    elif what == "rejections":
        collector.answer = lambda request, context: rejection
    elif what == "pauses":
        collector.answer = lambda request, context: time.sleep(10) or type(rejection)()
    server, call_many = start(address)
    try:
        call_many()
        if what == "noise":
            connection, _ = listener.accept()
            connection.sendall(os.urandom(100_000))
            connection.close()
        if what in ("noise", "refusals", "rejections"):
            server.wait_for_log(f"does not take {items}: ")
        call_many()
    finally:
        if listener is not None:
            listener.close()
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 20  # nor does it keep the server
