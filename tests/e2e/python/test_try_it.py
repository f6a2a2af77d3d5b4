"""Methods that are tried from the admin address: what can be called, with which bounds, and who may."""

import concurrent.futures
import http.client
import json
import socket
import time

import grpc
import pytest
from admin import LIMIT, get, metrics, port_of
from server import eventually

TRY_IT = ("--admin-listen", "127.0.0.1:0", "--admin-try-it")
TOKEN = "0123456789abcdef-a-token"
MIRROR = "/described.Mirror/"
WATCH = "/grpc.health.v1.Health/Watch"  # it never ends by itself
JSON = {"content-type": "application/json"}


def post(server, body, headers: dict | None = None, **more) -> tuple[int, dict]:
    """Posts it to /try: the status, and the JSON of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port_of(server), timeout=LIMIT)
    try:
        text = body if isinstance(body, (bytes, str)) else json.dumps(body)
        connection.request("POST", "/try", text, JSON | (headers or {}) | more)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or "null")
    finally:
        connection.close()


def attempt(path: str, request: dict | str = "{}", **more) -> dict:
    return {"method": path, "request": request if isinstance(request, str) else json.dumps(request), **more}


def status_of_post(server, headers: dict) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port_of(server), timeout=LIMIT)
    try:
        connection.request("POST", "/try", json.dumps(attempt(MIRROR + "Unary")), JSON | headers)
        return connection.getresponse().status
    finally:
        connection.close()


def tried(server, *what, **more) -> dict:
    """The outcome of a call."""
    status, outcome = post(server, attempt(*what, **more))
    assert status == 200, outcome
    return outcome


@pytest.fixture
def mirror(serve):
    return serve("described", *TRY_IT)


def test_it_is_off_unless_asked_for(serve):
    server = serve("described", "--admin-listen", "127.0.0.1:0")
    assert get(server, "/try")[0] == 404
    assert status_of_post(server, {}) == 405
    assert 'id="try"' not in get(server, "/")[2]


def test_the_page_has_a_form_and_stays_small(mirror):
    page = get(mirror, "/")[2]
    assert '<section id="try"' in page
    assert len(page.encode()) < 60_000


def test_methods_that_take_one_request_can_be_tried(mirror):
    methods = {each["path"]: each["kind"] for each in json.loads(get(mirror, "/try")[2])["methods"]}
    assert methods[MIRROR + "Unary"] == "unary"
    assert methods[MIRROR + "ServerStream"] == "server streaming"
    assert methods["/grpc.health.v1.Health/Check"] == "unary"
    assert MIRROR + "ClientStream" not in methods and MIRROR + "BidiStream" not in methods


def test_what_is_not_described_cannot_be_tried(serve):
    server = serve("conformance", *TRY_IT)
    paths = [each["path"] for each in json.loads(get(server, "/try")[2])["methods"]]
    assert not [path for path in paths if path.startswith("/test.Guest/")]
    status, answer = post(server, attempt("/test.Guest/Count"))
    assert status == 400 and "no such method that can be tried" in answer["error"]


def test_a_request_to_be_filled_in_is_one_that_can_be_sent(mirror):
    status, _, text = get(mirror, f"/try?method={MIRROR.replace('/', '%2F')}Unary")
    assert status == 200
    request = json.loads(text)["request"]
    assert set(json.loads(request)) >= {"text", "count", "children", "numbers", "time"}
    assert tried(mirror, MIRROR + "Unary", request)["status"]["name"] == "OK"
    assert get(mirror, "/try?method=/none.Such/Method")[0] == 404
    assert get(mirror, "/try?what")[0] == 400


def test_a_call_is_answered_in_json(mirror):
    outcome = tried(mirror, MIRROR + "Unary", {"text": "grüße", "large": "9007199254740993", "color": "RED"})
    assert outcome["status"] == {"code": 0, "name": "OK", "message": ""}
    (message,) = outcome["messages"]
    assert json.loads(message)["text"] == "grüße"
    assert json.loads(message)["large"] == "9007199254740993"
    assert not outcome["cut"] and outcome["seconds"] > 0


def test_a_stream_is_answered_with_all_its_messages(mirror):
    outcome = tried(mirror, MIRROR + "ServerStream", {"text": "again", "count": 3})
    assert [json.loads(message)["text"] for message in outcome["messages"]] == ["again"] * 3
    assert not outcome["cut"]


def test_a_status_comes_with_what_was_sent_before_it(mirror):
    outcome = tried(mirror, MIRROR + "Fail", {"code": 9, "message": "not\nnow", "messagesBefore": 2, "details": "CAk="})
    assert outcome["status"] == {"code": 9, "name": "FAILED_PRECONDITION", "message": "not\nnow"}
    assert len(outcome["messages"]) == 2
    assert ["grpc-status-details-bin", "CAk="] in outcome["trailers"]


def test_calls_are_counted_like_any_other(mirror):
    for _ in range(3):
        tried(mirror, MIRROR + "Unary")
    labels = 'grpc_type="unary",grpc_service="described.Mirror",grpc_method="Unary"'
    assert metrics(mirror)[f'grpc_server_handled_total{{{labels},grpc_code="OK"}}'] == 3


@pytest.mark.parametrize(
    "body, said",
    [
        ("", "expected a JSON object"),
        ("[]", "expected a JSON object"),
        ("{", "expected a JSON object"),
        ("[" * 60_000, "expected a JSON object"),
        ({"method": 5}, "expected no more than"),
        ({"methods": "/a.B/C"}, "expected no more than"),
        (attempt("/none.Such/Method"), "no such method that can be tried"),
        (attempt(MIRROR + "BidiStream"), "no such method that can be tried"),
        (attempt(MIRROR + "Unary", "{"), "the request: "),
        (attempt(MIRROR + "Unary", '{"text": 5}'), "the request: the JSON is no described.Message: field text: "),
        (attempt(MIRROR + "Unary", '{"txet": ""}'), "the request: "),
        (attempt(MIRROR + "Unary", timeout_ms=0), "expected a timeout_ms of 1 to 30000"),
        (attempt(MIRROR + "Unary", timeout_ms=30_001), "expected a timeout_ms of 1 to 30000"),
        (attempt(MIRROR + "Unary", timeout_ms="5"), "expected no more than"),
        (attempt(MIRROR + "Unary", metadata=[["a"]]), "expected \"metadata\": "),
        (attempt(MIRROR + "Unary", metadata=[["A", "b"]]), "metadata cannot have such a name"),
        (attempt(MIRROR + "Unary", metadata=[["grpc-timeout", "1S"]]), "metadata cannot have such a name"),
        (attempt(MIRROR + "Unary", metadata=[["a", "b\nc"]]), "the metadata a is not printable ASCII"),
        (attempt(MIRROR + "Unary", metadata=[["a-bin", "!"]]), "the metadata a-bin is not base64"),
    ],
)
def test_what_makes_no_sense_is_said(mirror, body, said):
    status, answer = post(mirror, body)
    assert status == 400
    assert said in answer["error"]


def test_metadata_goes_along(serve, tmp_path):
    policy = tmp_path / "policy.json"
    header = {"name": "wanted", "request": {"headers": [{"key": "x-who", "values": ["me"]}]}}
    policy.write_text(json.dumps({"name": "test", "allow_rules": [header]}))
    server = serve("described", *TRY_IT, "--access-policy", str(policy))
    assert tried(server, MIRROR + "Unary")["status"]["name"] == "PERMISSION_DENIED"
    assert tried(server, MIRROR + "Unary", metadata=[["x-who", "you"]])["status"]["name"] == "PERMISSION_DENIED"
    assert tried(server, MIRROR + "Unary", metadata=[["x-who", "me"]])["status"]["name"] == "OK"


def test_it_is_nobody_who_has_shown_a_certificate(serve, tmp_path):
    policy = tmp_path / "policy.json"
    somebody = {"name": "somebody", "source": {"principals": ["*"]}}
    policy.write_text(json.dumps({"name": "test", "allow_rules": [somebody]}))
    server = serve("described", *TRY_IT, "--access-policy", str(policy))
    assert tried(server, MIRROR + "Unary")["status"]["name"] == "PERMISSION_DENIED"


def test_rates_hold_for_it_too(serve):
    server = serve("described", *TRY_IT, "--access-rate", "address 1/m burst 2")
    names = [tried(server, MIRROR + "Unary")["status"]["name"] for _ in range(4)]
    assert names == ["OK", "OK", "RESOURCE_EXHAUSTED", "RESOURCE_EXHAUSTED"]


# ---- What is bounded ----


def test_a_call_takes_no_longer_than_it_may(mirror):
    outcome = tried(mirror, WATCH, timeout_ms=200)
    assert outcome["status"]["name"] == "DEADLINE_EXCEEDED"
    assert len(outcome["messages"]) == 1  # what came before is shown


def test_a_stream_without_end_is_cut(mirror):
    many = tried(mirror, MIRROR + "ServerStream", {"count": 1_000_000})
    assert many["cut"] and len(many["messages"]) == 100
    assert many["status"]["name"] == "CANCELLED"
    large = tried(mirror, MIRROR + "ServerStream", {"text": "x" * 50_000, "count": 1_000_000})
    assert large["cut"] and len(large["messages"]) == 5


def test_what_is_posted_is_bounded(mirror):
    status, answer = post(mirror, attempt(MIRROR + "Unary", {"text": "x" * (1 << 16)}))
    assert status == 413 and "65536 bytes" in answer["error"]


def test_so_many_are_tried_at_once_and_no_more(mirror):
    with concurrent.futures.ThreadPoolExecutor(4) as executor:
        calls = [executor.submit(post, mirror, attempt(WATCH, timeout_ms=5000)) for _ in range(4)]
        labels = 'grpc_type="server_stream",grpc_service="grpc.health.v1.Health",grpc_method="Watch"'
        eventually(lambda: metrics(mirror)[f"grpc_server_started_total{{{labels}}}"] == 4, "four have begun")
        status, answer = post(mirror, attempt(MIRROR + "Unary"))
        assert status == 429 and "4 calls are being tried" in answer["error"]
        assert [call.result()[0] for call in calls] == [200] * 4
    assert tried(mirror, MIRROR + "Unary")["status"]["name"] == "OK"


def test_a_call_whose_asker_has_gone_is_cancelled(mirror):
    text = json.dumps(attempt(WATCH, timeout_ms=30_000)).encode()
    labels = 'grpc_type="server_stream",grpc_service="grpc.health.v1.Health",grpc_method="Watch"'
    with socket.create_connection(("127.0.0.1", port_of(mirror)), timeout=LIMIT) as connection:
        connection.sendall(
            b"POST /try HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            b"content-length: %d\r\n\r\n%s" % (len(text), text)
        )
        eventually(lambda: metrics(mirror)[f"grpc_server_started_total{{{labels}}}"] == 1, "it has begun")
    name = f'grpc_server_handled_total{{{labels},grpc_code="Canceled"}}'
    eventually(lambda: metrics(mirror)[name] == 1, "it is cancelled")


def test_a_server_that_stops_waits_for_none(mirror):
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        call = executor.submit(post, mirror, attempt(WATCH, timeout_ms=30_000))
        labels = 'grpc_type="server_stream",grpc_service="grpc.health.v1.Health",grpc_method="Watch"'
        eventually(lambda: metrics(mirror)[f"grpc_server_started_total{{{labels}}}"] == 1, "it has begun")
        began = time.monotonic()
        mirror.stop()
        assert time.monotonic() - began < 20
        try:
            status, outcome = call.result(LIMIT)  # there is time to say so
            assert status == 200 and outcome["status"]["name"] != "OK"
        except (http.client.HTTPException, OSError):
            pass


def test_a_reload_has_other_methods(serve, tmp_path, guest):
    module = tmp_path / "module.wasm"
    module.write_bytes(guest("greeter").read_bytes())
    server = serve(str(module), *TRY_IT, "--watch")
    assert tried(server, "/helloworld.Greeter/SayHello", {"name": "you"})["status"]["name"] == "OK"
    new = tmp_path / "new.wasm"
    new.write_bytes(guest("described").read_bytes())
    new.rename(module)
    server.wait_for_log("reloaded: replaced module")
    assert tried(server, MIRROR + "Unary", {"text": "new"})["status"]["name"] == "OK"
    assert post(server, attempt("/helloworld.Greeter/SayHello"))[0] == 400


# ---- Who may ----


@pytest.mark.parametrize(
    "status, headers",
    [
        (415, {"content-type": "text/plain"}),
        (415, {"content-type": "application/x-www-form-urlencoded"}),
        (415, {"content-type": "multipart/form-data; boundary=application/json"}),
        (403, {"origin": "https://evil.example"}),
        (403, {"origin": "null"}),
        (403, {"origin": "http://127.0.0.1:1"}),
        (403, {"sec-fetch-site": "cross-site"}),
        (403, {"sec-fetch-site": "same-site"}),
        (403, {"host": "evil.example"}),
    ],
)
def test_no_other_web_page_calls_from_there(mirror, status, headers):
    answered = status_of_post(mirror, headers)
    assert answered == status
    labels = 'grpc_type="unary",grpc_service="described.Mirror",grpc_method="Unary"'
    assert metrics(mirror)[f"grpc_server_started_total{{{labels}}}"] == 0


def test_its_own_page_does(mirror):
    own = {"origin": f"http://127.0.0.1:{port_of(mirror)}", "sec-fetch-site": "same-origin"}
    assert post(mirror, attempt(MIRROR + "Unary"), own)[0] == 200
    assert post(mirror, attempt(MIRROR + "Unary"), {"content-type": "Application/JSON; charset=utf-8"})[0] == 200


def test_what_browsers_ask_before_is_not_granted(mirror):
    status, headers, _ = get(mirror, "/try", "OPTIONS", Origin="https://evil.example", Access_Control_Request_Method="POST")
    assert status == 405
    assert not [name for name in headers if name.lower().startswith("access-control")]
    assert get(mirror, "/try", "DELETE")[0] == 405


def test_a_token_is_asked_for_where_there_is_one(serve, tmp_path):
    token = tmp_path / "token"
    token.write_text(TOKEN)
    server = serve("described", *TRY_IT, "--admin-token-file", str(token))
    assert get(server, "/try")[0] == 401
    assert status_of_post(server, {}) == 401
    assert status_of_post(server, {"authorization": "Bearer " + TOKEN[::-1]}) == 401
    assert status_of_post(server, {"authorization": "Bearer " + TOKEN}) == 200


def test_guests_in_event_style_are_tried_like_others(serve):
    server = serve("pubsub", *TRY_IT)
    methods = [each["path"] for each in json.loads(get(server, "/try")[2])["methods"]]
    (subscribe,) = [path for path in methods if path.endswith("/Subscribe")]
    outcome = tried(server, subscribe, {"topic": "news"}, timeout_ms=300)
    assert outcome["status"]["name"] == grpc.StatusCode.DEADLINE_EXCEEDED.name
