"""Health checks, by grpcio's own messages and stubs: Check, List and Watch, what guests say, and what a stop does."""

import queue
import threading

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

import described_pb2

LIMIT = 20
SERVING = HealthCheckResponse.SERVING
NOT_SERVING = HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN = HealthCheckResponse.SERVICE_UNKNOWN


@pytest.fixture
def server(serve):
    return serve("described", "echo", "--workers", "2")


@pytest.fixture
def channel(server, connect):
    return connect(server)


def check(channel, service=""):
    return HealthStub(channel).Check(HealthCheckRequest(service=service), timeout=LIMIT).status


def set_serving(channel, serving, service="described.Mirror"):
    method = channel.unary_unary(
        "/described.Mirror/SetServing", described_pb2.Serving.SerializeToString, described_pb2.Serving.FromString
    )
    return method(described_pb2.Serving(service=service, serving=serving), timeout=LIMIT).known


class Watch:
    """What a client that watches a service hears, as it comes."""

    def __init__(self, channel, service):
        self._call = HealthStub(channel).Watch(HealthCheckRequest(service=service), timeout=60)
        self._heard = queue.Queue()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self):
        try:
            for response in self._call:
                self._heard.put(response.status)
        except grpc.RpcError as error:
            self._heard.put(error.code())

    def next(self):
        return self._heard.get(timeout=LIMIT)

    def nothing_more(self):
        return self._heard.empty()

    def stop(self):
        self._call.cancel()
        self._thread.join(LIMIT)


@pytest.fixture
def watch():
    watches = []

    def begin(channel, service):
        watches.append(Watch(channel, service))
        return watches[-1]

    yield begin
    for each in watches:
        each.stop()


def test_the_server_and_its_services_are_healthy(channel, failure):
    for service in ("", "described.Mirror", "echo.Echo", "grpc.reflection.v1.ServerReflection"):
        assert check(channel, service) == SERVING
    with failure(grpc.StatusCode.NOT_FOUND) as error:
        check(channel, "no.Such")
    assert error.details == 'there is no service "no.Such"'


def test_list_has_all_of_them(channel):
    # grpcio's own stub may lack this newer method; its messages may too.
    method = channel.unary_unary("/grpc.health.v1.Health/List")
    answer = method(b"", timeout=LIMIT)
    for service in ("described.Mirror", "echo.Echo", "grpc.health.v1.Health"):
        # An entry of the map: the key, and a HealthCheckResponse that says SERVING.
        assert b"\n%c%s\x12\x02\x08\x01" % (len(service), service.encode()) in answer
    assert b"\x0a\x06\x0a\x00\x12\x02\x08\x01" in answer, "the server itself"


def test_a_guest_says_whether_its_service_is_healthy_for_all_workers(server, connect, channel):
    assert set_serving(channel, False)
    for _ in range(8):  # connections of either worker
        assert check(connect(server), "described.Mirror") == NOT_SERVING
    assert check(channel) == check(channel, "echo.Echo") == SERVING
    assert set_serving(channel, True)
    assert check(channel, "described.Mirror") == SERVING


def test_a_guest_does_not_speak_for_services_of_others(channel):
    assert not set_serving(channel, False, "echo.Echo")
    assert not set_serving(channel, False, "")
    assert check(channel) == check(channel, "echo.Echo") == SERVING


def test_those_who_watch_hear_of_each_change(server, connect, channel, watch):
    watches = [watch(connect(server), "described.Mirror") for _ in range(6)]
    other = watch(channel, "echo.Echo")
    assert [each.next() for each in (*watches, other)] == [SERVING] * 7
    assert set_serving(channel, False)
    assert [each.next() for each in watches] == [NOT_SERVING] * 6
    assert set_serving(channel, True)
    assert [each.next() for each in watches] == [SERVING] * 6
    assert other.nothing_more()


def test_a_service_that_is_not_known_may_be_watched(channel, watch):
    unknown = watch(channel, "no.Such")
    assert unknown.next() == SERVICE_UNKNOWN
    set_serving(channel, False)
    assert check(channel, "described.Mirror") == NOT_SERVING
    assert unknown.nothing_more()


def test_a_stop_is_told_and_does_not_wait_for_those_who_watch(serve, connect, watch):
    server = serve("described", "--drain-timeout", "3600000")
    one, all_of_it = watch(connect(server), "described.Mirror"), watch(connect(server), "")
    assert one.next() == all_of_it.next() == SERVING
    server.send_stop_signal()
    assert one.next() == all_of_it.next() == NOT_SERVING
    assert one.next() == all_of_it.next() == grpc.StatusCode.UNAVAILABLE
    assert server.wait_for_exit() == 0


def test_a_client_that_goes_away_while_it_watches_leaves_the_server_whole(server, connect, channel, watch):
    for _ in range(5):
        gone = watch(connect(server), "described.Mirror")
        assert gone.next() == SERVING
        gone.stop()
        set_serving(channel, False)
        set_serving(channel, True)
    assert check(channel) == SERVING


def test_a_module_that_cannot_start_is_not_healthy_until_it_can(serve, connect, channel, watch, tmp_path, failure):
    server = serve("described", "echo", "--workers", "1", "--dir", f"{tmp_path}:/flags")
    channel = connect(server)
    one, other = watch(channel, "described.Mirror"), watch(channel, "echo.Echo")
    assert one.next() == other.next() == SERVING
    # The instance that there is from the beginning is kept busy, so that another call needs another.
    requests = queue.Queue()
    busy = channel.stream_stream("/described.Mirror/BidiStream")(iter(requests.get, None), timeout=60)
    requests.put(b"")
    assert next(busy) == b""
    (tmp_path / "cannot-start").touch()
    with failure(grpc.StatusCode.UNAVAILABLE):
        channel.unary_unary("/described.Mirror/Unary")(b"", timeout=LIMIT)
    assert one.next() == NOT_SERVING
    assert check(channel, "described.Mirror") == NOT_SERVING
    assert check(channel) == SERVING, "the other module can"
    (tmp_path / "cannot-start").unlink()
    assert one.next() == SERVING, "without a call that tries it"
    assert other.nothing_more()
    requests.put(None)
    assert list(busy) == []


def test_it_can_be_turned_off(serve, connect, failure):
    with failure(grpc.StatusCode.UNIMPLEMENTED):
        check(connect(serve("described", "--no-health")))


def test_what_is_no_request_is_refused(channel, failure):
    for method in (
        channel.unary_unary("/grpc.health.v1.Health/Check"),
        lambda request, timeout: list(channel.unary_stream("/grpc.health.v1.Health/Watch")(request, timeout=timeout)),
    ):
        with failure(grpc.StatusCode.INVALID_ARGUMENT) as error:
            method(b"\xff\xff", timeout=LIMIT)
        assert error.details == "not a HealthCheckRequest"
