"""What the SDK for Go offers, by the guest tests/guests/go_conformance."""

import json
import subprocess
import time

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from outbox import Outbox

LIMIT = 20  # seconds a call may take


@pytest.fixture
def single(guest, serve):
    """A server with one instance of the guest, so that it shows when that was replaced."""
    guest("go_conformance")
    return serve("go_conformance", "--workers", "1", "--instances", "1")


def unary(channel, method, request=b"", timeout=LIMIT, **options):
    return channel.unary_unary(f"/gotest.Guest/{method}")(request, timeout=timeout, **options)


class TestMetadata:
    SENT = (("x-text", "one"), ("x-text", "two"), ("x-raw-bin", b"\x00\xff\x80"), ("x-raw-bin", b""))

    def test_travels_both_ways(self, go_everywhere):
        reply, call = go_everywhere.unary_unary("/gotest.Guest/Metadata").with_call(
            b"", metadata=self.SENT, timeout=LIMIT
        )
        assert reply == b'one false ["one" "two"]'
        for received in (call.initial_metadata(), call.trailing_metadata()):
            assert [(key, value) for key, value in received if key.startswith("x-")] == list(self.SENT)

    def test_a_call_without_any_has_none(self, go_everywhere):
        assert unary(go_everywhere, "Metadata") == b" false []"

    def test_values_longer_than_a_first_guess_are_read_whole(self, go_everywhere):
        value = "v" * 5000
        assert unary(go_everywhere, "Metadata", metadata=(("x-text", value),)).split(b" ")[0].decode() == value

    def test_a_handler_knows_who_asked_for_what(self, go_everywhere, everything_in_go):
        path, authority, peer, tls_names, encoding = unary(go_everywhere, "Tell").decode().split(" ")
        assert (path, authority, tls_names, encoding) == (
            "/gotest.Guest/Tell",
            everything_in_go.address,
            "[]",
            "identity",
        )
        assert peer.startswith("127.0.0.1:")


class TestStatus:
    def test_every_code_arrives_with_its_message(self, go_everywhere, failure):
        for code in grpc.StatusCode:
            if code is grpc.StatusCode.OK:
                continue
            with failure(code) as error:
                unary(go_everywhere, "Fail", f"{code.value[0]} 100 % of 世界".encode())
            assert error.details == "100 % of 世界"

    def test_errors_of_other_packages_become_statuses(self, go_everywhere, failure):
        for request, code, details in (
            (b"wrapped it is not there", grpc.StatusCode.NOT_FOUND, "it is not there"),
            (b"plain something", grpc.StatusCode.UNKNOWN, "something"),
            (b"deadline", grpc.StatusCode.DEADLINE_EXCEEDED, "context deadline exceeded"),
        ):
            with failure(code) as error:
                unary(go_everywhere, "Fail", request)
            assert error.details == details

    def test_details_come_along(self, go_everywhere, failure):
        with failure(grpc.StatusCode.ABORTED) as error:
            unary(go_everywhere, "Fail", b"details text")
        assert dict(error.error.trailing_metadata())["grpc-status-details-bin"] == b"\x08\x0a\x12\x04text"

    def test_the_status_given_first_holds(self, go_everywhere, failure):
        with failure(grpc.StatusCode.DATA_LOSS) as error:
            unary(go_everywhere, "FinishFirst")
        assert error.details == "first"


class TestTheEndOfACall:
    def test_the_deadline_is_known(self, go_everywhere):
        assert 0 < int(unary(go_everywhere, "TimeLeft", timeout=15)) <= 16_000  # the client rounds it up on the wire
        assert go_everywhere.unary_unary("/gotest.Guest/TimeLeft")(b"") == b"for ever"

    def test_the_limits_are_known(self, guest, serve, connect):
        guest("go_conformance")
        limits = ("--max-message-size", "5000", "--max-response-size", "6000", "--max-memory", "67108864")
        told = unary(connect(serve("go_conformance", *limits, "--max-cpu-time", "2500")), "Limits")
        assert told == (
            b"{MaxRequest:5000 MaxResponse:6000 MaxMetadata:16384 MaxMemory:67108864 MaxCPUTime:2.5s MaxEventTime:0s}"
            b' and has not ended: ""'
        )
        assert b"MaxCPUTime:0s MaxEventTime:0s}" in unary(connect(serve("go_conformance", "--max-cpu-time", "0")), "Limits")

    def test_a_handler_that_sleeps_is_told_of_the_deadline_and_keeps_its_instance(self, single, connect, failure):
        channel = connect(single)
        assert unary(channel, "Count") == b"1"
        with failure(grpc.StatusCode.DEADLINE_EXCEEDED):
            # Not the client's own deadline, at which it cancels the call: that could come first.
            channel.unary_unary("/gotest.Guest/Sleep")(b"", metadata=[("grpc-timeout", "300m")])
        single.wait_for_log("woken by context deadline exceeded")
        assert unary(channel, "Count") == b"2"

    def test_a_handler_that_computes_is_told_of_the_deadline(self, single, connect, failure):
        channel = connect(single)
        with failure(grpc.StatusCode.DEADLINE_EXCEEDED):
            unary(channel, "Spin", timeout=0.3)
        assert unary(channel, "Count") in (b"1", b"2")

    def test_a_handler_that_sleeps_is_told_of_cancellation(self, single, connect):
        channel = connect(single)
        call = channel.unary_unary("/gotest.Guest/Sleep").future(b"", timeout=LIMIT)
        single.wait_for_log("sleeps")
        call.cancel()
        single.wait_for_log("woken by context canceled")
        assert unary(channel, "Count") == b"1"

    def test_a_handler_that_reads_is_told_of_cancellation(self, single, connect):
        channel = connect(single)
        outbox = Outbox()
        outbox.send(b"one")
        call = channel.stream_unary("/gotest.Guest/IgnoreTheEnd").future(outbox, timeout=LIMIT)
        single.wait_for_log("reads")
        call.cancel()
        single.wait_for_log("read until context canceled")
        outbox.end()
        assert unary(channel, "Count") == b"1"

    def test_a_panic_is_internal_and_the_next_call_works(self, single, connect, failure):
        channel = connect(single)
        assert unary(channel, "Count") == b"1"
        for _ in range(3):
            with failure(grpc.StatusCode.INTERNAL) as error:
                unary(channel, "Panic")
            assert "on purpose" not in error.details  # the host's log has it, and where it was
        single.wait_for_log(r"panic: on purpose(?s:.*)conformance/main.go")
        assert unary(channel, "Count") == b"1"


class TestStreams:
    def test_a_client_stream_is_joined(self, go_everywhere):
        join = go_everywhere.stream_unary("/gotest.Guest/Join")
        assert join(iter([]), timeout=LIMIT) == b""
        assert join((b"%d," % i for i in range(1000)), timeout=LIMIT) == b"".join(b"%d," % i for i in range(1000))

    def test_a_server_stream_is_whole_for_a_slow_reader(self, go_everywhere):
        replies = go_everywhere.unary_stream("/gotest.Guest/Repeat")(b"2000 " + b"x" * 5000, timeout=LIMIT)
        for number, reply in enumerate(replies):
            if number % 500 == 0:
                time.sleep(0.05)
            assert reply == b"x" * 5000
        assert number == 1999

    def test_a_bidi_stream_answers_each_message_before_the_next(self, go_everywhere):
        outbox = Outbox()
        replies = go_everywhere.stream_stream("/gotest.Guest/Chat")(outbox, timeout=LIMIT)
        for i in range(100):
            outbox.send(b"%d" % i)
            assert next(replies) == b"you said %d" % i
        outbox.end()
        assert list(replies) == []

    def test_messages_of_any_size_up_to_the_limit_come_back(self, go_everywhere):
        for size in (0, 1, 4095, 4096, 4097, 65536, 1 << 20, 4 << 20):
            assert unary(go_everywhere, "Echo", b"m" * size) == b"m" * size

    def test_garbage_is_collected(self, single, connect):
        channel = connect(single)
        for _ in range(200):  # 200 MiB in all, of 128 MiB that an instance may have
            assert len(unary(channel, "Echo", b"m" * (1 << 20))) == 1 << 20
        assert unary(channel, "Count") == b"1"
        assert "trap" not in single.log


class TestGoroutines:
    def test_they_go_on_while_the_handler_waits_for_the_client(self, go_everywhere):
        outbox = Outbox()
        replies = go_everywhere.stream_stream("/gotest.Guest/Clock")(outbox, timeout=LIMIT)
        assert [next(replies) for _ in range(10)] == [b"tick"] * 10
        outbox.send(b"now")
        while next(replies) != b"now":
            pass
        assert next(replies) == b"tick"
        outbox.end()
        assert set(replies) <= {b"tick"}

    def test_they_receive_and_send_side_by_side_with_a_client_that_reads_late(self, go_everywhere):
        outbox = Outbox()
        replies = go_everywhere.stream_stream("/gotest.Guest/Mirror")(outbox, timeout=LIMIT)
        sent = [b"%d " % i + b"x" * 5000 for i in range(200)]
        for message in sent:
            outbox.send(message)
        outbox.end()
        time.sleep(0.3)
        assert sorted(replies) == sorted(sent * 2)

    def test_they_sleep_side_by_side(self, go_everywhere):
        assert unary(go_everywhere, "Sleepers") == b"12345"

    @pytest.mark.parametrize("context", [b"", b"derived"])
    def test_cancellation_wakes_a_select(self, single, connect, context):
        channel = connect(single)
        assert unary(channel, "Count") == b"1"
        call = channel.unary_unary("/gotest.Guest/Await").future(context, timeout=LIMIT)
        single.wait_for_log("awaits")
        call.cancel()
        single.wait_for_log('awaited context canceled by "client"')
        assert unary(channel, "Count") == b"2"

    @pytest.mark.parametrize("context", [b"", b"derived"])
    def test_the_deadline_wakes_a_select(self, single, connect, failure, context):
        channel = connect(single)
        assert unary(channel, "Count") == b"1"
        with failure(grpc.StatusCode.DEADLINE_EXCEEDED):
            # Not the client's own deadline, at which it cancels the call: that could come first.
            channel.unary_unary("/gotest.Guest/Await")(context, metadata=[("grpc-timeout", "300m")])
        single.wait_for_log('awaited context deadline exceeded by "deadline"')
        assert unary(channel, "Count") == b"2"

    def test_calls_leave_none_behind(self, single, connect):
        channel = connect(single)
        before = unary(channel, "Goroutines")
        for _ in range(100):  # more than an instance may have files open
            assert unary(channel, "Glance") == b"context deadline exceeded"
        assert unary(channel, "Sleepers") == b"12345"
        assert unary(channel, "Goroutines") == before
        assert unary(channel, "Count") == b"1"

    def test_those_that_only_wait_cost_no_time(self, guest, serve, connect):
        guest("go_conformance")
        server = serve("go_conformance", "--workers", "1")
        channel = connect(server)
        calls = []
        for _ in range(50):
            outbox = Outbox(b"here")
            replies = channel.stream_stream("/gotest.Guest/Idle")(outbox, timeout=120)
            assert next(replies) == b"here"
            calls.append((outbox, replies))
        time.sleep(0.5)  # what starting them brought about is over
        before, begin = server.processor_seconds(), time.monotonic()
        time.sleep(2)
        # 0.00 of a core; 0.3 to 0.4 if each woke every 2 ms, and more on a slower machine.
        assert server.processor_seconds() - before < 0.05 * (time.monotonic() - begin)
        for outbox, replies in calls:
            outbox.send(b"still here")
            assert next(replies) == b"still here"
            outbox.end()
            assert list(replies) == []


class TestWhatInstancesShare:
    @pytest.fixture
    def fresh(self, guest, serve):
        """A server where each call has an instance of its own."""
        guest("go_conformance")
        return serve("go_conformance", "--workers", "2", "--instance-mode", "fresh")

    def test_counters(self, fresh, connect):
        visit = connect(fresh).unary_unary("/gotest.Guest/Visit")
        calls = [visit.future(b"", timeout=60) for _ in range(50)]
        assert sorted(int(call.result()) for call in calls) == list(range(1, 51))

    def test_a_store(self, fresh, connect, failure):
        channel = connect(fresh)
        append = channel.unary_unary("/gotest.Guest/Append")
        calls = [append.future(b"key %d," % i, timeout=60) for i in range(200)]
        longest = max((call.result() for call in calls), key=len)
        assert sorted(map(int, longest.strip(b",").split(b","))) == list(range(200))
        assert len(longest) > 256
        unary(channel, "Forget", b"key")
        assert unary(channel, "Append", b"key again") == b"again"
        with failure(grpc.StatusCode.UNKNOWN) as error:
            unary(channel, "Forget", b"nothing")
        assert error.details == "kv: there is no such key"


class TestTheRest:
    def test_responses_are_compressed_where_the_client_accepts_it(self, go_everywhere):
        assert unary(go_everywhere, "Compress", b"a" * 10_000) == b"a" * 10_000

    def test_slog_and_prints_are_lines_of_the_log(self, guest, connect, serve):
        guest("go_conformance")
        server = serve("go_conformance", "--workers", "1", "--log-level", "debug")
        unary(connect(server), "Log", b"some words")
        server.wait_for_log(r"debug go_conformance: with attributes text=\"some words\" number=7")
        server.wait_for_log(r"error go_conformance: grouped outer=1 group.level=mine")
        server.wait_for_log(r"info go_conformance: printed")

    def test_lines_of_a_call_tell_of_it(self, single, connect):
        unary(connect(single), "Log", b"some words")
        call = r"method=/gotest.Guest/Log peer=127.0.0.1:\d+"
        single.wait_for_log(rf'go_conformance: of a call {call} text="some words" number=7 call=\d+\n')
        single.wait_for_log(r'go_conformance: as a line "two words"=7 method=/gotest.Guest/Log call=\d+\n')
        single.wait_for_log(rf"go_conformance: by slog {call} outer=1 group.took=1s call=\d+\n")

    def test_a_service_says_how_it_is(self, single, connect):
        channel = connect(single)

        def health(service):
            return HealthStub(channel).Check(HealthCheckRequest(service=service), timeout=LIMIT).status

        assert health("gotest.Down") == HealthCheckResponse.NOT_SERVING
        assert health("gotest.Guest") == HealthCheckResponse.SERVING
        unary(channel, "SetServing", b"no")
        assert health("gotest.Guest") == HealthCheckResponse.NOT_SERVING
        unary(channel, "SetServing", b"yes")
        assert health("gotest.Guest") == HealthCheckResponse.SERVING

    def test_the_examples_describe_themselves(self, program, everything_in_go):
        for method, request, wanted in (
            ("helloworld.Greeter/SayHello", {"name": "Ada"}, {"message": "Hello Ada"}),
            ("routeguide.RouteGuide/GetFeature", {"latitude": 1}, {"location": {"latitude": 1}}),
        ):
            command = [program, "call", everything_in_go.address, method, "--json", json.dumps(request)]
            assert json.loads(subprocess.run(command, check=True, capture_output=True, timeout=LIMIT).stdout) == wanted
