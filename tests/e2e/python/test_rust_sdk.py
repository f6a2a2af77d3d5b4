"""What only guests in Rust do; what they do like others, tests/e2e/CMakeLists.txt has the others' tests for."""

import conformance_pb2 as conformance
import conformance_pb2_grpc
import grpc

LIMIT = 20
EMPTY = conformance.Empty()


def test_a_panic_is_internal_its_place_is_in_the_log_and_the_next_call_works(serve, connect, failure):
    server = serve("conformance", "--workers", "1", "--instances", "1")
    stub = conformance_pb2_grpc.GuestStub(connect(server))
    assert stub.Count(EMPTY, timeout=LIMIT).number == 1
    for _ in range(3):
        with failure(grpc.StatusCode.INTERNAL) as error:
            stub.Trap(EMPTY, timeout=LIMIT)
        assert error.details == "the handler panicked"
    server.wait_for_log(r"conformance: src/lib\.rs:\d+:\d+: panicked: on purpose method=/test\.Guest/Trap peer=127")
    assert stub.Count(EMPTY, timeout=LIMIT).number == 1  # of a new instance

