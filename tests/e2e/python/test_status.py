"""How calls end: statuses, their messages, and what the host answers by itself."""

import conformance_pb2 as conformance
import conformance_pb2_grpc
import grpc
import pytest

LIMIT = 20


@pytest.fixture
def stub(everywhere):
    return conformance_pb2_grpc.GuestStub(everywhere)


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
def test_every_status_arrives_with_its_message(stub, failure, code):
    with failure(code) as failed:
        stub.Fail(conformance.FailRequest(code=code.value[0], message=f"this is {code.name}"), timeout=LIMIT)
    assert failed.details == f"this is {code.name}"


def test_ok_is_no_failure(stub):
    assert stub.Fail(conformance.FailRequest(code=0), timeout=LIMIT) == conformance.Empty()


@pytest.mark.parametrize("message", ["", "100 % of it", "line\nbreak\ttab", "naïve – 世界 🦀", "%41", "\x7f\x01"])
def test_a_status_message_of_any_text_arrives_as_it_was(stub, failure, message):
    with failure(grpc.StatusCode.ABORTED) as failed:
        stub.Fail(conformance.FailRequest(code=10, message=message), timeout=LIMIT)
    assert failed.details == message


@pytest.mark.parametrize("start", ["", "x", "xx", "é", "xé", "🦀", "x🦀", "xx🦀"])
def test_a_long_status_message_is_cut_between_characters_to_what_clients_accept(stub, failure, start):
    message = start + "é🦀x世" * 2000
    with failure(grpc.StatusCode.ABORTED) as failed:  # a client that gets too much reports another status
        stub.Fail(conformance.FailRequest(code=10, message=message), timeout=LIMIT)
    assert message.startswith(failed.details) and len(failed.details) > 500


def test_a_stream_may_fail_after_its_messages(stub, failure):
    replies = stub.FailStream(conformance.FailRequest(code=5, message="gone", messages=3), timeout=LIMIT)
    received = []
    with failure(grpc.StatusCode.NOT_FOUND) as failed:
        for reply in replies:
            received.append(reply)
    assert (len(received), failed.details) == (3, "gone")


def test_a_stream_may_fail_before_any_message(stub, failure):
    with failure(grpc.StatusCode.NOT_FOUND) as failed:
        next(stub.FailStream(conformance.FailRequest(code=5, message="nothing", messages=0), timeout=LIMIT))
    assert failed.details == "nothing"


def test_a_status_code_grpc_does_not_have_is_unknown(stub, failure):
    with failure(grpc.StatusCode.UNKNOWN):
        stub.Fail(conformance.FailRequest(code=99), timeout=LIMIT)


def test_an_unknown_method_is_unimplemented_and_named(everywhere, failure):
    with failure(grpc.StatusCode.UNIMPLEMENTED) as failed:
        everywhere.unary_unary("/test.Guest/NoSuchMethod")(b"", timeout=LIMIT)
    assert "NoSuchMethod" in failed.details


def test_an_unknown_service_is_unimplemented_and_named(everywhere, failure):
    with failure(grpc.StatusCode.UNIMPLEMENTED) as failed:
        everywhere.unary_unary("/no.Such/Method")(b"", timeout=LIMIT)
    assert "no.Such" in failed.details


def test_a_unary_call_with_two_requests_is_unimplemented(everywhere, failure):
    with failure(grpc.StatusCode.UNIMPLEMENTED) as failed:
        everywhere.stream_unary("/test.Guest/Count")(iter([b"", b""]), timeout=LIMIT)
    assert "exactly one request" in failed.details


def test_a_unary_call_without_a_request_is_unimplemented(everywhere, failure):
    with failure(grpc.StatusCode.UNIMPLEMENTED) as failed:
        everywhere.stream_unary("/test.Guest/Count")(iter([]), timeout=LIMIT)
    assert "exactly one request" in failed.details


def test_the_details_of_a_status_arrive_as_they_were(stub, failure):
    details = bytes(range(256))
    with failure(grpc.StatusCode.ABORTED) as failed:
        stub.Fail(conformance.FailRequest(code=10, message="see the details", details=details), timeout=LIMIT)
    assert failed.details == "see the details"
    assert ("grpc-status-details-bin", details) in failed.error.trailing_metadata()


def test_a_stream_may_end_with_details(stub, failure):
    with failure(grpc.StatusCode.ABORTED) as failed:
        list(stub.FailStream(conformance.FailRequest(code=10, messages=3, details=b"why"), timeout=LIMIT))
    assert ("grpc-status-details-bin", b"why") in failed.error.trailing_metadata()


@pytest.mark.parametrize(
    "sent, received",
    [(b"\xff", "\ufffd"), (b"caf\xe9!", "caf\ufffd!"), (b"\xed\xa0\x80", "\ufffd" * 3), ("é".encode()[:1], "\ufffd")],
)
def test_a_message_that_is_not_utf_8_arrives_with_replacement_characters(everywhere, failure, sent, received):
    request = conformance.FailRequest(code=10).SerializeToString() + b"\x12" + bytes([len(sent)]) + sent
    with failure(grpc.StatusCode.ABORTED) as failed:
        everywhere.unary_unary("/test.Guest/Fail")(request, timeout=LIMIT)
    assert failed.details == received
