"""The examples gateway, in several languages: each asks three services of the same server and merges what they answer in
time."""

import os

import gateway_pb2 as gateway
import gateway_pb2_grpc
import grpc
import pytest
from calling import config_of
from server import Server

LIMIT = 20  # seconds a call may take
PLACE = {"latitude": 471000000, "longitude": 100000000}
NAME = "Heron Bridge"

ALL = {
    "greeter": '{ methods = ["/helloworld.Greeter/"] }',
    "guide": '{ methods = ["/routeguide.RouteGuide/GetFeature", "/routeguide.RouteGuide/ListFeatures"] }',
    "weather": '{ methods = ["/weather.Weather/"], max-concurrent = 100, max-time = "5s" }',
}


@pytest.fixture(params=["gateway", "gateway_c", "gateway-go", "gateway_rust"])
def start(request, program, guest, tmp_path_factory):
    """start(delay=0, targets=ALL) serves the gateway and the services it asks, of which the weather is so slow."""
    file = guest(request.param)
    servers = []

    def serve(delay: int = 0, targets=ALL, greeter="greeter", guide="route_guide") -> Server:
        folder = tmp_path_factory.mktemp("gateway")
        config = folder / "gateway.toml"
        addresses = {"greeter": f"module:{greeter}", "guide": f"module:{guide}", "weather": "module:weather"}
        slow = f'env = {{ WEATHER_DELAY_MS = "{delay}" }}'
        called = {guest(greeter): "", guest(guide): "", guest("weather"): slow}
        config.write_text(config_of(file, addresses, targets, called))
        command = [program, "serve", "-c", config, "--listen", "127.0.0.1:0", "--workers", "2"]
        command += ["--code-cache", os.environ["WASM_GRPC_TEST_CODE_CACHE"]]
        servers.append(Server(folder, command))
        return servers[-1]

    yield serve
    for server in servers:
        server.stop()


@pytest.fixture
def stub(connect):
    return lambda server: gateway_pb2_grpc.GatewayStub(connect(server))


def visit(stub, timeout=LIMIT, **options):
    return stub.Visit(gateway.VisitRequest(name="Ada", **PLACE), timeout=timeout, **options)


def test_three_services_make_one_answer(start, stub):
    reply = visit(stub(start()))
    assert reply.greeting == "Hello Ada"
    assert reply.place == NAME
    assert reply.weather.endswith(" C")
    assert not reply.missing


def test_modules_in_several_languages_make_one_answer(start, stub):
    reply = visit(stub(start(greeter="greeter_rust", guide="route-guide-go")))
    assert (reply.greeting, reply.place) == ("Hello Ada", NAME)
    assert reply.weather and not reply.missing


def test_what_is_not_there_in_time_is_left_out(start, stub):
    asked = stub(start(delay=60_000))
    reply = visit(asked)
    assert (reply.greeting, reply.place, reply.weather) == ("Hello Ada", NAME, "")
    (missing,) = reply.missing
    assert missing.startswith("weather: code 4")  # DEADLINE_EXCEEDED


def test_many_wait_for_a_slow_service_side_by_side(start, stub):
    asked = stub(start(delay=60_000))
    calls = [asked.Visit.future(gateway.VisitRequest(name="Ada", **PLACE), timeout=LIMIT) for _ in range(20)]
    assert [call.result().greeting for call in calls] == ["Hello Ada"] * 20


def test_a_service_that_is_refused_is_missing(start, stub):
    only_features = {**ALL, "weather": '{ methods = ["/weather.Weather/Tomorrow"] }'}
    reply = visit(stub(start(targets=only_features)))
    assert reply.place == NAME
    (missing,) = reply.missing
    assert missing.startswith("weather: code 7")  # PERMISSION_DENIED


def test_a_stream_is_made_of_a_stream_and_of_calls(start, stub):
    area = gateway.ExploreRequest(
        latitude_from=470900000, longitude_from=99000000, latitude_to=471100000, longitude_to=101000000
    )
    spots = list(stub(start()).Explore(area, timeout=LIMIT))
    assert NAME in [spot.place for spot in spots]
    assert all(spot.weather for spot in spots)


def test_a_gateway_that_is_not_granted_what_it_needs_does_not_load(start):
    with pytest.raises(AssertionError, match="weather"):
        start(targets={name: what for name, what in ALL.items() if name != "weather"})


def test_a_client_that_goes_away_takes_the_calls_made_for_it_along(start, stub):
    server = start(delay=60_000)
    asked = stub(server)
    for _ in range(30):
        call = asked.Visit.future(gateway.VisitRequest(name="Ada", **PLACE), timeout=LIMIT)
        call.cancel()
    with pytest.raises(grpc.FutureCancelledError):
        call.result()
    assert visit(asked).greeting == "Hello Ada"
