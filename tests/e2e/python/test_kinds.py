"""All four kinds of call, against every example, by the Python client."""

import math
import re

import echo_pb2
import echo_pb2_grpc
import grpc
import helloworld_pb2
import helloworld_pb2_grpc
import pytest
import route_guide_pb2 as guide
import route_guide_pb2_grpc
from outbox import Outbox

LIMIT = 20  # seconds a call may take

# Two features that the route guide knows, and a point where there is none.
HERON_BRIDGE = guide.Point(latitude=471000000, longitude=100000000)
OLD_SALT_WORKS = guide.Point(latitude=471328004, longitude=100930217)
NOWHERE = guide.Point(latitude=1, longitude=2)


@pytest.fixture(params=["everywhere", "go_everywhere"])
def examples(request) -> grpc.Channel:
    """A channel to the examples that are there in C++ and in Go, which are to do the same."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def greeter(examples):
    return helloworld_pb2_grpc.GreeterStub(examples)


@pytest.fixture
def echo(everywhere):
    return echo_pb2_grpc.EchoStub(everywhere)


@pytest.fixture
def route_guide(examples):
    return route_guide_pb2_grpc.RouteGuideStub(examples)


class TestGreeter:
    def test_says_hello(self, greeter):
        assert greeter.SayHello(helloworld_pb2.HelloRequest(name="Ada"), timeout=LIMIT).message == "Hello Ada"

    def test_says_hello_to_nobody_and_to_names_of_other_scripts(self, greeter):
        for name in ("", "Łukasz", "世界", "🦀" * 1000):
            assert greeter.SayHello(helloworld_pb2.HelloRequest(name=name), timeout=LIMIT).message == f"Hello {name}"

    def test_streams_its_greetings_in_order(self, greeter):
        replies = greeter.SayHelloStreamReply(helloworld_pb2.HelloRequest(name="Ada"), timeout=LIMIT)
        assert [reply.message for reply in replies] == ["Hello Ada", "Nice to see you, Ada", "Take care, Ada"]

    def test_refuses_bytes_that_are_not_its_message(self, examples, failure):
        say_hello = examples.unary_unary("/helloworld.Greeter/SayHello")
        with failure(grpc.StatusCode.INTERNAL) as refused:  # as grpc-go and grpcio answer, see docs/guest-protobuf.md
            say_hello(b"\x0a\xff", timeout=LIMIT)
        assert "helloworld.HelloRequest" in refused.details


class TestEcho:
    def test_returns_a_unary_message(self, echo):
        for payload in (b"", b"\0", bytes(range(256)) * 40):
            assert echo.Unary(echo_pb2.Message(payload=payload), timeout=LIMIT).payload == payload

    def test_joins_a_client_stream(self, echo):
        messages = (echo_pb2.Message(payload=b"%d," % i) for i in range(500))
        joined = echo.ClientStream(messages, timeout=LIMIT).payload
        assert joined == b"".join(b"%d," % i for i in range(500))

    def test_joins_a_client_stream_without_messages(self, echo):
        assert echo.ClientStream(iter(()), timeout=LIMIT).payload == b""

    def test_streams_as_often_as_it_is_asked(self, echo):
        replies = list(echo.ServerStream(echo_pb2.Repeat(count=1000, payload=b"again"), timeout=LIMIT))
        assert [reply.payload for reply in replies] == [b"again"] * 1000

    def test_streams_nothing_when_asked_for_nothing(self, echo):
        assert list(echo.ServerStream(echo_pb2.Repeat(count=0, payload=b"x"), timeout=LIMIT)) == []

    def test_answers_each_message_of_a_bidi_stream_before_the_next_is_sent(self, echo):
        outbox = Outbox()
        answers = echo.BidiStream(outbox, timeout=LIMIT)
        for i in range(100):
            outbox.send(echo_pb2.Message(payload=b"%d" % i))
            assert next(answers).payload == b"%d" % i
        outbox.end()
        assert list(answers) == []

    def test_returns_a_bidi_stream_whole_and_in_order(self, echo):
        sent = [b"%d" % i * (i % 50) for i in range(3000)]
        replies = echo.BidiStream((echo_pb2.Message(payload=payload) for payload in sent), timeout=LIMIT)
        assert [reply.payload for reply in replies] == sent


def metres(a, b):
    """Great circle distance, by the spherical law of cosines: the guest uses another formula."""
    lat_a, lon_a, lat_b, lon_b = (
        math.radians(value / 1e7) for value in (a.latitude, a.longitude, b.latitude, b.longitude)
    )
    cosine = math.sin(lat_a) * math.sin(lat_b) + math.cos(lat_a) * math.cos(lat_b) * math.cos(lon_b - lon_a)
    return 6371000 * math.acos(cosine)


class TestRouteGuide:
    def test_knows_the_feature_at_a_point(self, route_guide):
        feature = route_guide.GetFeature(HERON_BRIDGE, timeout=LIMIT)
        assert feature == guide.Feature(name="Heron Bridge", location=HERON_BRIDGE)

    def test_gives_the_point_without_a_name_where_there_is_no_feature(self, route_guide):
        assert route_guide.GetFeature(NOWHERE, timeout=LIMIT) == guide.Feature(location=NOWHERE)

    def test_lists_the_features_within_a_rectangle_whichever_corners_are_given(self, route_guide):
        lo = guide.Point(latitude=470900000, longitude=99900000)
        hi = guide.Point(latitude=471350000, longitude=101000000)
        listed = [f.name for f in route_guide.ListFeatures(guide.Rectangle(lo=lo, hi=hi), timeout=LIMIT)]
        assert {"Heron Bridge", "Old Salt Works", "Amber Pit"} <= set(listed)
        assert "Mill of the Two Sisters" not in listed
        turned = [f.name for f in route_guide.ListFeatures(guide.Rectangle(lo=hi, hi=lo), timeout=LIMIT)]
        assert turned == listed

    def test_lists_all_its_features(self, route_guide):
        world = guide.Rectangle(
            lo=guide.Point(latitude=-900000000, longitude=-1800000000),
            hi=guide.Point(latitude=900000000, longitude=1800000000),
        )
        names = [feature.name for feature in route_guide.ListFeatures(world, timeout=LIMIT)]
        assert len(names) == len(set(names)) == 50

    def test_sums_up_a_route(self, route_guide):
        route = [HERON_BRIDGE, OLD_SALT_WORKS, guide.Point(latitude=471328004, longitude=100930218)]
        summary = route_guide.RecordRoute(iter(route), timeout=LIMIT)
        assert (summary.point_count, summary.feature_count) == (3, 2)
        assert summary.distance == pytest.approx(metres(route[0], route[1]), abs=2)

    def test_sums_up_a_route_without_points(self, route_guide):
        assert route_guide.RecordRoute(iter(()), timeout=LIMIT) == guide.RouteSummary()

    def test_refuses_bytes_in_a_stream_that_are_not_its_message(self, examples, failure):
        record_route = examples.stream_unary("/routeguide.RouteGuide/RecordRoute")
        with failure(grpc.StatusCode.INTERNAL) as refused:
            record_route(iter([HERON_BRIDGE.SerializeToString(), b"\x08"]), timeout=LIMIT)
        assert "routeguide.Point" in refused.details

    def test_answers_a_note_with_those_left_at_the_same_place_before(self, route_guide):
        notes = [
            guide.RouteNote(location=HERON_BRIDGE, message="first"),
            guide.RouteNote(location=NOWHERE, message="elsewhere"),
            guide.RouteNote(location=HERON_BRIDGE, message="second"),
            guide.RouteNote(location=HERON_BRIDGE, message="third"),
        ]
        answers = [answer.message for answer in route_guide.RouteChat(iter(notes), timeout=LIMIT)]
        assert answers == ["first", "first", "second"]

    def test_keeps_the_notes_of_two_chats_apart(self, route_guide):
        note = guide.RouteNote(location=HERON_BRIDGE, message="only in this chat")
        assert list(route_guide.RouteChat(iter([note]), timeout=LIMIT)) == []
        assert list(route_guide.RouteChat(iter([note]), timeout=LIMIT)) == []


class TestOtherGuests:
    def test_a_guest_in_go_answers(self, guest, serve, connect):
        guest("go_echo")
        server = serve("go_echo")
        echo = connect(server).unary_unary("/gotest.Echo/Unary")
        for message in (b"", b"hello", bytes(100_000)):
            assert echo(message, timeout=LIMIT) == message
        server.wait_for_log("go_echo: init")

    def test_what_a_guest_uses_of_its_standard_library_works(self, everywhere):
        report = everywhere.unary_unary("/test.WasiProbe/Report")(b"", timeout=LIMIT)
        lines = re.findall(rb"(?:ok|failed) [ -~]+", report)
        assert len(lines) >= 14
        assert [line for line in lines if line.startswith(b"failed")] == []
