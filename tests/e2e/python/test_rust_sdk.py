"""What only guests in Rust do; what they do like others, tests/e2e/CMakeLists.txt has the others' tests for."""

import conformance_pb2 as conformance
import conformance_pb2_grpc
import grpc
import notes_pb2 as notes
import notes_pb2_grpc

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



def test_a_service_of_tonic_does_as_a_guest_what_it_did(serve, connect, failure):
    """tests/sdk/from_tonic"""
    server = serve("notes", "--workers", "2")
    stubs = [notes_pb2_grpc.NotesStub(connect(server)) for _ in range(2)]
    ada, bob = ([("x-author", name)] for name in ("Ada", "Bob"))
    assert stubs[0].Leave(notes.LeaveRequest(text="one"), metadata=ada, timeout=LIMIT).number == 1
    more = iter([notes.LeaveRequest(text="two"), notes.LeaveRequest(text="three")])
    assert stubs[1].LeaveAll(more, metadata=bob, timeout=LIMIT).notes == 2
    for stub in stubs:  # they share what there is
        read = stub.Read(notes.ReadRequest(author="Bob"), timeout=LIMIT)
        assert [(note.number, note.text) for note in read] == [(2, "two"), (3, "three")]
        assert dict(read.initial_metadata())["x-notes"] == "3"
    with failure(grpc.StatusCode.UNAUTHENTICATED) as refused:
        stubs[0].Leave(notes.LeaveRequest(text="x"), timeout=LIMIT)
    assert refused.details == "who are you?"
    with failure(grpc.StatusCode.INVALID_ARGUMENT):
        stubs[0].LeaveAll(iter([notes.LeaveRequest()]), metadata=ada, timeout=LIMIT)
