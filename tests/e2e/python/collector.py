"""A collector of traces over grpcio, with the messages of opentelemetry-proto: not ours."""

import concurrent.futures
import threading

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as service
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc
from server import eventually


def attributes(of) -> dict:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in of.attributes}


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    def __init__(self, port: int = 0):
        self._lock = threading.Lock()
        self._requests = []
        self.metadata = []
        self.answer = lambda request, context: service.ExportTraceServiceResponse()
        self._server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(self, self._server)
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

    def resources(self) -> list:
        with self._lock:
            return [spans.resource for request in self._requests for spans in request.resource_spans]

    def spans(self) -> list:
        with self._lock:
            return [
                span
                for request in self._requests
                for resource in request.resource_spans
                for scope in resource.scope_spans
                for span in scope.spans
            ]

    def wait_for(self, name: str, count: int = 1) -> list:
        def find():
            found = [span for span in self.spans() if span.name == name]
            return found if len(found) >= count else None

        return eventually(find, f"{count} spans {name}; there are {[span.name for span in self.spans()]}")

    def stop(self) -> None:
        self._server.stop(None).wait()
