"""Calls of all four kinds that a guest makes, in handlers and in coroutines (tests/guests/relay.cc): what a client gets of
the example route_guide by way of another module is what it gets from it."""

import grpc
import pytest
import relay_pb2_grpc as relay
import route_guide_pb2 as route_guide
import route_guide_pb2_grpc
from calling import config_of
from server import Server

LIMIT = 20  # seconds a call may take

BRIDGE = route_guide.Point(latitude=471000000, longitude=100000000)
AREA = route_guide.Rectangle(
    lo=route_guide.Point(latitude=470000000, longitude=98000000),
    hi=route_guide.Point(latitude=472000000, longitude=102000000),
)


@pytest.fixture
def start(program, guest, tmp_path_factory):
    servers = []

    def serve(*flags, address="module:route_guide", granted="{}") -> Server:
        folder = tmp_path_factory.mktemp("relay")
        config = folder / "relay.toml"
        called = {guest("route_guide"): ""}
        config.write_text(config_of(guest("relay"), {"guide": address}, {"guide": granted}, called))
        servers.append(Server(folder, [program, "serve", "-c", config, "--listen", "127.0.0.1:0", *flags]))
        return servers[-1]

    yield serve
    for server in servers:
        server.stop()


@pytest.fixture(params=["beside", "elsewhere"])
def address(request, serve):
    """Of the module of the same server, and of another server."""
    return "module:route_guide" if request.param == "beside" else serve("route_guide").address


@pytest.fixture(params=[relay.HandlersStub, relay.CoroutinesStub], ids=["handlers", "coroutines"])
def both(request, start, connect, address):
    """Stubs of the relay and of what it asks."""
    channel = connect(start("--workers", "2", address=address))
    return request.param(channel), route_guide_pb2_grpc.RouteGuideStub(channel)


def test_one_request_has_one_response(both):
    relayed, direct = both
    assert relayed.GetFeature(BRIDGE, timeout=LIMIT) == direct.GetFeature(BRIDGE, timeout=LIMIT)


def test_many_responses_come_in_their_order(both):
    relayed, direct = both
    features = list(direct.ListFeatures(AREA, timeout=LIMIT))
    assert len(features) > 10
    assert list(relayed.ListFeatures(AREA, timeout=LIMIT)) == features


def test_many_requests_have_one_response(both):
    relayed, direct = both
    points = [feature.location for feature in direct.ListFeatures(AREA, timeout=LIMIT)] * 50
    summary = relayed.RecordRoute(iter(points), timeout=LIMIT)
    assert summary.point_count == len(points)
    assert summary.distance == direct.RecordRoute(iter(points), timeout=LIMIT).distance


def test_both_directions_go_on_together(both):
    relayed, direct = both
    notes = [route_guide.RouteNote(location=BRIDGE, message=f"note {number}") for number in range(40)]
    assert list(relayed.RouteChat(iter(notes), timeout=LIMIT)) == list(direct.RouteChat(iter(notes), timeout=LIMIT))


def test_a_reader_may_stop_in_the_middle(both):
    relayed, _ = both
    for _ in range(30):
        call = relayed.ListFeatures(AREA, timeout=LIMIT)
        next(call)
        call.cancel()
    assert relayed.GetFeature(BRIDGE, timeout=LIMIT).name == "Heron Bridge"


@pytest.mark.parametrize("stub", [relay.HandlersStub, relay.CoroutinesStub], ids=["handlers", "coroutines"])
class TestWhatFails:
    def test_a_method_that_is_not_granted_is_refused(self, stub, start, connect):
        relayed = stub(connect(start(granted='{ methods = ["/routeguide.RouteGuide/GetFeature"] }')))
        assert relayed.GetFeature(BRIDGE, timeout=LIMIT).name == "Heron Bridge"
        with pytest.raises(grpc.RpcError) as refused:
            list(relayed.ListFeatures(AREA, timeout=LIMIT))
        assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED
        with pytest.raises(grpc.RpcError) as refused:
            relayed.RecordRoute(iter([BRIDGE]), timeout=LIMIT)
        assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED

    def test_a_server_that_is_not_there_is_unavailable(self, stub, start, connect):
        relayed = stub(connect(start(address="127.0.0.1:1")))
        with pytest.raises(grpc.RpcError) as unavailable:
            relayed.GetFeature(BRIDGE, timeout=LIMIT)
        assert unavailable.value.code() == grpc.StatusCode.UNAVAILABLE
        with pytest.raises(grpc.RpcError) as unavailable:
            list(relayed.ListFeatures(AREA, timeout=LIMIT))
        assert unavailable.value.code() == grpc.StatusCode.UNAVAILABLE

    def test_the_instances_may_be_few(self, stub, start, connect):
        relayed = stub(connect(start("--workers", "1", "--instances", "4")))
        calls = [relayed.GetFeature.future(BRIDGE, timeout=LIMIT) for _ in range(2)]
        assert [call.result().name for call in calls] == ["Heron Bridge"] * 2
