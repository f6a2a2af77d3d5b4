"""Guests of wazero-grpc-server and of ext-grpc-server, served by their three ABIs and called by the Python client."""

import subprocess
import threading

import grpc
import pytest

LIMIT = 20  # seconds a call may take


@pytest.fixture(params=["push", "pull", "ext"])
def abi(request):
    return request.param


@pytest.fixture
def every(abi, serve, connect):
    """A channel to a server of the guest for one ABI, and then of those for the others."""
    return connect(serve(f"pantopic_{abi}", "--workers", "2"))


@pytest.fixture(params=["push", "ext"])
def push(request, serve, connect):
    """The same of those that have an export for each thing that happens."""
    return connect(serve(f"pantopic_{request.param}", "--workers", "1"))


def numbers(*values) -> list[bytes]:
    return [str(value).encode() for value in values]


def in_steps(requests, allowed: threading.Semaphore):
    """Sends each request when it is allowed."""
    for request in requests:
        assert allowed.acquire(timeout=LIMIT)
        yield request


class TestAllKinds:
    def test_unary(self, every):
        echo = every.unary_unary("/pantopic.Unary/Echo")
        for message in (b"", b"hello", bytes(range(256)) * 256):  # the last fills the guest's buffer
            assert echo(message, timeout=LIMIT) == message

    def test_client_stream(self, every):
        add = every.stream_unary("/pantopic.Stream/Sum")
        assert add(iter(numbers(*range(200))), timeout=LIMIT) == b"19900"
        assert add(iter(()), timeout=LIMIT) == b"0"
        assert add(iter(numbers(7)), timeout=LIMIT) == b"7"

    def test_server_stream(self, every):
        count = every.unary_stream("/pantopic.Stream/Count")
        assert list(count(b"100", timeout=LIMIT)) == numbers(*range(100))
        assert list(count(b"0", timeout=LIMIT)) == []

    def test_bidirectional_in_turns(self, every):
        allowed = threading.Semaphore(0)
        sums = every.stream_stream("/pantopic.Stream/Add")(in_steps(numbers(*range(1, 21)), allowed), timeout=LIMIT)
        for i in range(1, 21):
            allowed.release()
            assert next(sums) == str(i * (i + 1) // 2).encode()
        assert list(sums) == []

    def test_streams_at_once_keep_what_they_know_apart(self, every):
        add = every.stream_stream("/pantopic.Stream/Add")
        allowed = [threading.Semaphore(0) for _ in range(20)]
        streams = [add(in_steps(numbers(i, i, i), allowed[i]), timeout=LIMIT) for i in range(20)]
        for round_number in (1, 2, 3):
            for i, stream in enumerate(streams):
                allowed[i].release()
                assert next(stream) == str(i * round_number).encode()
        assert [list(stream) for stream in streams] == [[]] * 20


class TestErrors:
    @pytest.mark.parametrize(
        "abi, code, status",
        [
            ("push", "3", grpc.StatusCode.INVALID_ARGUMENT),
            ("push", "5", grpc.StatusCode.NOT_FOUND),
            ("push", "g", grpc.StatusCode.UNAUTHENTICATED),
            ("push", "h", grpc.StatusCode.UNKNOWN),  # 17
            ("ext", "3", grpc.StatusCode.INVALID_ARGUMENT),
            ("ext", "g", grpc.StatusCode.UNAUTHENTICATED),
            ("ext", "h", grpc.StatusCode.UNKNOWN),
            ("pull", "1", grpc.StatusCode.UNKNOWN),
            ("pull", "2", grpc.StatusCode.UNKNOWN),
            ("pull", "3", grpc.StatusCode.INVALID_ARGUMENT),
            ("pull", "4", grpc.StatusCode.UNIMPLEMENTED),
            ("pull", "5", grpc.StatusCode.UNIMPLEMENTED),
            ("pull", "6", grpc.StatusCode.INVALID_ARGUMENT),
            ("pull", "7", grpc.StatusCode.INTERNAL),
            ("pull", "8", grpc.StatusCode.INTERNAL),
            ("pull", "9", grpc.StatusCode.UNKNOWN),
        ],
    )
    def test_a_code_and_its_text(self, serve, connect, failure, abi, code, status):
        fail = connect(serve(f"pantopic_{abi}")).unary_unary("/pantopic.Unary/Fail")
        with failure(status) as failed:
            fail(f"{code}as asked: ü".encode(), timeout=LIMIT)
        assert failed.details == "as asked: ü"

    def test_a_message_larger_than_the_buffer_of_the_guest(self, abi, every, failure):
        code = grpc.StatusCode.INVALID_ARGUMENT if abi == "ext" else grpc.StatusCode.RESOURCE_EXHAUSTED
        for method, call in (("Unary/Echo", every.unary_unary), ("Stream/Count", every.unary_stream)):
            with failure(code) as refused:
                list(call(f"/pantopic.{method}")(b"1" * 65537, timeout=LIMIT))
            assert refused.details == "the request message has 65537 bytes; the service has room for 65536"
        with failure(code):
            every.stream_unary("/pantopic.Stream/Sum")(iter([b"1", b"1" * 65537]), timeout=LIMIT)
        assert every.unary_unary("/pantopic.Unary/Echo")(b"still there", timeout=LIMIT) == b"still there"

    def test_a_trap_is_the_call_s_own(self, every, failure):
        with failure(grpc.StatusCode.INTERNAL):
            every.unary_unary("/pantopic.Unary/Trap")(b"", timeout=LIMIT)
        assert every.unary_unary("/pantopic.Unary/Echo")(b"fresh", timeout=LIMIT) == b"fresh"

    def test_methods_it_does_not_have(self, every, failure):
        with failure(grpc.StatusCode.UNIMPLEMENTED):
            every.unary_unary("/pantopic.Unary/Other")(b"", timeout=LIMIT)

    def test_a_failure_that_is_not_sent_is_an_answer_too(self, push, failure):
        with failure(grpc.StatusCode.FAILED_PRECONDITION) as failed:
            push.unary_unary("/pantopic.Unary/FailUnsent")(b"9not sent", timeout=LIMIT)
        assert failed.details == "not sent"

    def test_a_call_that_is_never_answered_fails(self, push, failure):
        with failure(grpc.StatusCode.INTERNAL) as failed:
            push.unary_unary("/pantopic.Unary/Silent")(b"", timeout=LIMIT)
        assert "sent no answer" in failed.details

    def test_a_stream_is_refused_from_within(self, push, failure):
        with failure(grpc.StatusCode.PERMISSION_DENIED) as refused:
            list(push.stream_stream("/pantopic.Stream/Refuse")(iter([b"1"]), timeout=LIMIT))
        assert refused.details == "not allowed"


class TestAnswersFromOtherExports:
    """By the ABIs pantopic-push and pantopic-ext, any of the exports for a stream may send."""

    def test_only_the_first_answer_counts(self, push):
        assert push.unary_unary("/pantopic.Unary/Twice")(b"once", timeout=LIMIT) == b"once"

    def test_a_client_stream_is_answered_before_its_end(self, push):
        endless = iter(lambda: b"3", None)
        assert push.stream_unary("/pantopic.Stream/Greedy")(endless, timeout=LIMIT) == b"12"

    def test_a_server_stream_is_answered_when_it_closes(self, push):
        assert list(push.unary_stream("/pantopic.Stream/Late")(b"", timeout=LIMIT)) == [b"late"]

    def test_a_bidirectional_stream_is_answered_when_the_client_has_ended(self, push):
        hold = push.stream_stream("/pantopic.Stream/Hold")
        assert list(hold(iter([b"one ", b"two ", b"three"]), timeout=LIMIT)) == [b"one two three"]


class TestClientsThatGoAway:
    def test_a_slow_reader_holds_up_only_its_own_stream(self, every):
        endless = every.unary_stream("/pantopic.Stream/Endless")(b"", timeout=LIMIT)
        assert next(endless)[:1] == b"0"
        for i in range(50):
            assert every.unary_unary("/pantopic.Unary/Echo")(b"%d" % i, timeout=LIMIT) == b"%d" % i
        endless.cancel()

    def test_a_stream_that_waits_for_requests_is_cancelled(self, every):
        allowed = threading.Semaphore(1)
        stream = every.stream_stream("/pantopic.Stream/Add")(in_steps(numbers(1, 2), allowed), timeout=LIMIT)
        assert next(stream) == b"1"
        stream.cancel()
        allowed.release()
        assert list(every.stream_stream("/pantopic.Stream/Add")(iter(numbers(5)), timeout=LIMIT)) == [b"5"]


def test_inspect_tells_the_abi(program, guest):
    import json
    import subprocess

    for abi in ("push", "pull", "ext"):
        told = subprocess.run([program, "inspect", "--json", guest(f"pantopic_{abi}")], capture_output=True, check=True)
        info = json.loads(told.stdout)
        assert info["abi"] == f"pantopic-{abi}"
        kinds = {method["path"]: method["kind"] for method in info["methods"]}
        assert kinds["/pantopic.Unary/Echo"] == "unary"
        assert kinds["/pantopic.Stream/Count"] == "server streaming"


def test_counters_of_the_newer_module_are_shared_by_instances(serve, connect):
    visit = connect(serve("pantopic_ext", "--workers", "2", "--instance-mode", "fresh")).unary_unary("/pantopic.Unary/Visit")
    assert [visit(b"", timeout=LIMIT) for _ in range(20)] == numbers(*range(1, 21))


class TestHttp:
    """What is not gRPC, to a guest that serves both."""

    @pytest.fixture(params=["push", "ext"])
    def ask(self, request, serve):
        address = serve(f"pantopic_{request.param}", "--workers", "1").address

        def ask(method, path, body=b""):
            done = subprocess.run(
                ["curl", "-sS", "--http2-prior-knowledge", "--max-time", str(LIMIT), "-X", method, "--data-binary", "@-",
                 "-H", "content-type: text/plain", "-w", "%{stderr}%{http_code}", f"http://{address}{path}"],
                input=body, capture_output=True, check=True)
            return done.stderr.decode(), done.stdout

        return ask

    def test_a_request_is_answered_by_the_message_buffer(self, ask):
        assert ask("GET", "/a%20page?of=1") == ("200", b"GET /a page")

    def test_a_body_arrives_whole(self, ask):
        body = bytes(range(256)) * 256  # it fills the guest's buffer
        assert ask("PUT", "/", body) == ("200", body)

    def test_the_error_code_is_the_status(self, ask):
        assert ask("GET", "/missing") == ("404", b"nothing here")

    def test_a_body_that_has_no_room_is_413(self, ask):
        assert ask("POST", "/", bytes(65_537)) == ("413", b"the service has room for 65536 bytes of a body\n")
