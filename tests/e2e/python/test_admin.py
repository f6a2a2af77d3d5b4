"""The admin address: metrics, readiness, health, and who is let in."""

import base64
import os
import re
import shutil
import socket
import subprocess

import conformance_pb2 as conformance
import conformance_pb2_grpc
import echo_pb2
import echo_pb2_grpc
import grpc
import pytest
from admin import LIMIT, address_of, get, metrics, port_of
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from server import eventually

HERE = ("--admin-listen", "127.0.0.1:0")
TOKEN = "0123456789abcdef-a-token"


def labels(method: str, kind: str, service: str = "echo.Echo", **more: str) -> str:
    pairs = {"grpc_type": kind, "grpc_service": service, "grpc_method": method, **more}
    return "{" + ",".join(f'{name}="{value}"' for name, value in pairs.items()) + "}"


@pytest.fixture
def token_file(tmp_path):
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    return file


def refusal(program, guest, *flags: str) -> str:
    """What `serve` says when it refuses these flags."""
    command = [program, "serve", guest("echo"), "--listen", "127.0.0.1:0", *flags]
    ended = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1, ended
    assert ended.stderr.count("\n") == 1, ended.stderr
    return ended.stderr


# ---- Metrics ----


def test_series_of_all_methods_are_there_before_the_first_call(serve):
    found = metrics(serve("echo", *HERE))
    for method, kind in (("Unary", "unary"), ("BidiStream", "bidi_stream"), ("ServerStream", "server_stream")):
        assert found["grpc_server_started_total" + labels(method, kind)] == 0
        for code in ("OK", "Canceled", "DeadlineExceeded", "Internal", "Unauthenticated"):
            assert found["grpc_server_handled_total" + labels(method, kind, grpc_code=code)] == 0
        for bound in ("0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"):
            assert found["grpc_server_handling_seconds_bucket" + labels(method, kind, le=bound)] == 0
    assert found['wasm_grpc_guest_failures_total{module="echo",reason="trap"}'] == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_calls_messages_and_times_are_counted(serve, connect, workers):
    server = serve("echo", "conformance", "--workers", workers, *HERE)
    for _ in range(4):  # connections, so that all workers have some
        stub = echo_pb2_grpc.EchoStub(connect(server))
        for _ in range(5):
            stub.Unary(echo_pb2.Message(payload=b"x"), timeout=LIMIT)
        assert len(list(stub.BidiStream(iter([echo_pb2.Message(payload=b"y")] * 3), timeout=LIMIT))) == 3
        with pytest.raises(grpc.RpcError):
            conformance_pb2_grpc.GuestStub(connect(server)).Trap(conformance.Empty(), timeout=LIMIT)
    unary, bidi = labels("Unary", "unary"), labels("BidiStream", "bidi_stream")
    eventually(lambda: metrics(server)["grpc_server_handled_total" + labels("BidiStream", "bidi_stream", grpc_code="OK")] == 4,
               "all calls are over")
    found = metrics(server)
    assert found["grpc_server_started_total" + unary] == 20
    assert found["grpc_server_handled_total" + labels("Unary", "unary", grpc_code="OK")] == 20
    assert found["grpc_server_msg_received_total" + unary] == found["grpc_server_msg_sent_total" + unary] == 20
    assert found["grpc_server_msg_received_total" + bidi] == found["grpc_server_msg_sent_total" + bidi] == 12
    assert found["grpc_server_handling_seconds_count" + unary] == 20
    assert 0 < found["grpc_server_handling_seconds_sum" + unary] < 20 * LIMIT
    assert found["grpc_server_handled_total" + labels("Trap", "unary", "test.Guest", grpc_code="Internal")] == 4
    assert found['wasm_grpc_guest_failures_total{module="conformance",reason="trap"}'] == 4
    assert found["wasm_grpc_connections_accepted_total"] == 8


def test_every_protocol_is_counted_alike(serve, connect):
    server = serve("greeter", *HERE)
    for arguments in (["-H", "content-type: application/json", "-d", "{}"], ["--http2", "--json", "{}"]):
        subprocess.run(["curl", "-sS", "--fail", *arguments, f"http://{server.address}/helloworld.Greeter/SayHello"],
                       check=True, capture_output=True, timeout=LIMIT)
    ok = labels("SayHello", "unary", "helloworld.Greeter", grpc_code="OK")
    eventually(lambda: metrics(server)["grpc_server_handled_total" + ok] == 2, "both are counted")


def test_methods_that_nobody_serves_make_no_series(serve, connect):
    server = serve("echo", *HERE)
    before = set(metrics(server))
    channel = connect(server)
    for number in range(20):
        with pytest.raises(grpc.RpcError):
            channel.unary_unary(f"/echo.Echo/None{number}")(b"", timeout=LIMIT)
    after = metrics(server)
    assert set(after) == before
    assert after["wasm_grpc_requests_refused_total"] == 20


def test_calls_that_wait_for_an_instance_are_measured(serve, connect):
    server = serve("conformance", "--workers", "1", "--max-instances-per-module", "1", *HERE)
    stub = conformance_pb2_grpc.GuestStub(connect(server))
    sleep = conformance.SleepRequest(milliseconds=200, by_wait=True)
    for call in [stub.EarlyHeaders(sleep, timeout=LIMIT) for _ in range(3)]:
        list(call)
    found = metrics(server)
    assert found['wasm_grpc_call_wait_seconds_count{module="conformance"}'] == 2
    assert found['wasm_grpc_call_wait_seconds_bucket{module="conformance",le="0.1"}'] == 0
    assert found['wasm_grpc_instance_start_seconds_count{module="conformance"}'] >= 1
    assert found['wasm_grpc_instances{module="conformance",state="idle"}'] == 1


@pytest.mark.parametrize("accept", ["text/plain", "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.3"])
def test_the_content_type_is_that_of_the_format(serve, accept):
    status, headers, body = get(serve("echo", *HERE), "/metrics", Accept=accept)
    assert status == 200
    assert headers["content-type"].startswith(accept.partition(";")[0])
    assert body.endswith("# EOF\n") == ("openmetrics" in accept)


@pytest.mark.parametrize("target", ["/metrics", "/metrics?buckets=fine"])
def test_promtool_finds_nothing_to_complain_of(serve, target):
    promtool = os.environ.get("WASM_GRPC_TEST_PROMTOOL") or shutil.which("promtool")
    if not promtool:
        pytest.skip("promtool is missing: it is in Debian's package prometheus")
    _, _, body = get(serve("echo", "http", "many_methods", *HERE), target)
    checked = subprocess.run([promtool, "check", "metrics"], input=body, capture_output=True, text=True, timeout=60)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_open_metrics_is_what_its_own_parser_reads(serve):
    _, _, body = get(serve("echo", "http", *HERE), "/metrics?buckets=fine", Accept="application/openmetrics-text")
    families = {family.name: family for family in text_string_to_metric_families(body)}
    assert families["grpc_server_started"].type == "counter"
    assert families["grpc_server_handling_seconds"].type == "histogram"


def test_buckets_that_there_are_not_are_refused(serve):
    status, _, body = get(serve("echo", *HERE), "/metrics?buckets=many")
    assert (status, "buckets=fine" in body) == (400, True)


# ---- Readiness and health ----


def test_a_server_that_serves_is_alive_and_ready(serve):
    server = serve("echo", *HERE)
    assert get(server, "/healthz")[::2] == (200, "ok\n")
    assert get(server, "/readyz")[::2] == (200, "ready\n")


def test_one_that_is_to_stop_says_so_and_serves_on(serve, connect):
    server = serve("echo", "--shutdown-delay", "600000", *HERE)
    server.send_stop_signal()
    eventually(lambda: get(server, "/readyz")[0] == 503, "it is not ready any more")
    assert get(server, "/healthz")[0] == 200
    with grpc.insecure_channel(f"127.0.0.1:{port_of(server)}") as channel:
        health = HealthStub(channel).Check(HealthCheckRequest(), timeout=LIMIT)
    assert health.status == HealthCheckResponse.NOT_SERVING
    reply = echo_pb2_grpc.EchoStub(connect(server)).Unary(echo_pb2.Message(payload=b"late"), timeout=LIMIT)
    assert reply.payload == b"late"
    assert server.accepts_connections()
    server.send_stop_signal()  # at once
    server.wait_for_exit()


def test_it_answers_while_calls_are_finished(serve, connect):
    server = serve("conformance", *HERE)
    sleep = conformance.SleepRequest(milliseconds=2000, by_wait=True)
    call = conformance_pb2_grpc.GuestStub(connect(server)).EarlyHeaders(sleep, timeout=LIMIT)
    call.initial_metadata()
    server.send_stop_signal()
    eventually(lambda: not server.accepts_connections(), "it drains")
    assert get(server, "/readyz")[::2] == (503, "not ready: the server is stopping\n")
    list(call)
    assert server.wait_for_exit() == 0


def test_health_is_served_there_too(serve):
    server = serve("echo", "--no-health", *HERE)
    with grpc.insecure_channel(f"127.0.0.1:{port_of(server)}") as channel:
        stub = HealthStub(channel)
        assert stub.Check(HealthCheckRequest(service="echo.Echo"), timeout=LIMIT).status == HealthCheckResponse.SERVING
        assert next(stub.Watch(HealthCheckRequest(), timeout=LIMIT)).status == HealthCheckResponse.SERVING
        with pytest.raises(grpc.RpcError) as refused:
            channel.unary_unary("/echo.Echo/Unary")(b"", timeout=LIMIT)
        assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED, "no guest is served there"


# ---- Who is let in ----


def test_it_is_off_unless_asked_for(serve):
    server = serve("echo")
    assert "admin" not in server.stdout


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0"])
def test_an_address_that_others_reach_is_refused_without_a_token(program, guest, address):
    said = refusal(program, guest, "--admin-listen", address)
    assert "can be reached from other machines" in said and "--admin-token-file" in said


def test_tls_is_refused(program, guest):
    assert "speaks no TLS" in refusal(program, guest, "--admin-listen", "https://127.0.0.1:0")


@pytest.mark.parametrize("text", ["", "short", "two words of a token", "x" * 5000])
def test_a_token_that_is_no_good_is_refused(program, guest, tmp_path, text):
    (tmp_path / "token").write_text(text)
    said = refusal(program, guest, *HERE, "--admin-token-file", str(tmp_path / "token"))
    assert "one line of 16 to 4096 printable characters" in said
    assert not text or text[:100] not in said


def test_a_token_file_that_is_not_there_is_refused(program, guest, tmp_path):
    assert "cannot read the admin token file" in refusal(program, guest, *HERE, "--admin-token-file", str(tmp_path / "none"))


def test_who_has_no_token_learns_whether_it_is_ready_and_no_more(serve, token_file):
    server = serve("echo", "--admin-listen", "0.0.0.0:0", "--admin-token-file", str(token_file))
    for target in ("/metrics", "/", "/status.json"):
        assert get(server, target)[0] == 401
        assert get(server, target, Authorization="Bearer " + TOKEN[:-1])[0] == 401
        assert get(server, target, Authorization=f"Bearer {TOKEN}x")[0] == 401
        assert get(server, target, Authorization=f"Bearer {TOKEN}")[0] == 200
        basic = base64.b64encode(f"anybody:{TOKEN}".encode()).decode()
        assert get(server, target, Authorization=f"Basic {basic}")[0] == 200
    assert get(server, "/healthz")[0] == get(server, "/readyz")[0] == 200


def test_a_new_token_counts_at_once(serve, token_file):
    server = serve("echo", *HERE, "--admin-token-file", str(token_file))
    token_file.write_text("another-token-of-some-length")
    assert get(server, "/metrics", Authorization=f"Bearer {TOKEN}")[0] == 401
    assert get(server, "/metrics", Authorization="Bearer another-token-of-some-length")[0] == 200
    token_file.unlink()
    assert get(server, "/metrics", Authorization="Bearer another-token-of-some-length")[0] == 401


def test_a_page_whose_name_was_made_to_point_here_is_refused(serve):
    server = serve("echo", *HERE)
    port = port_of(server)
    for name in (f"rebound.example:{port}", "127.0.0.1.example", "localhost.example", "10.0.0.1"):
        assert get(server, "/metrics", Host=name)[0] == 403, name
    for name in (f"localhost:{port}", "127.0.0.1", f"[::1]:{port}"):
        assert get(server, "/metrics", Host=name)[0] == 200, name
    assert get(server, "/metrics", Origin="https://elsewhere.example")[1].get("access-control-allow-origin") is None


def test_a_unix_socket(serve, tmp_path):
    server = serve("echo", "--admin-listen", f"unix:{tmp_path}/admin?mode=0600")
    assert address_of(server) == f"unix:{tmp_path}/admin"
    assert get(server, "/readyz")[0] == 200
    assert "grpc_server_started_total" in get(server, "/metrics")[2]
    assert (tmp_path / "admin").stat().st_mode & 0o777 == 0o600


# ---- Its bounds ----


def test_other_methods_and_pages_are_answered(serve):
    server = serve("echo", *HERE)
    assert get(server, "/metrics", method="POST")[0] == 405
    status, headers, body = get(server, "/metrics", method="HEAD")
    assert (status, body) == (200, "") and headers["content-type"].startswith("text/plain")
    status, _, body = get(server, "/metrics/more")
    assert status == 404 and "/readyz" in body


def test_no_more_connections_than_there_may_be(serve):
    server = serve("echo", *HERE)
    connections = [socket.create_connection(("127.0.0.1", port_of(server)), timeout=LIMIT) for _ in range(64)]
    try:
        server_closed = socket.create_connection(("127.0.0.1", port_of(server)), timeout=LIMIT)
        assert server_closed.recv(1) == b""
        server.wait_for_log(r"to the admin address: it has the 64 that it may have")
    finally:
        for connection in connections:
            connection.close()
    eventually(lambda: _ready(server), "there is room again")


def _ready(server) -> bool:
    try:
        return get(server, "/readyz")[0] == 200
    except OSError:
        return False


# ---- The page, without a browser ----


def test_the_page_is_read_without_scripts(serve, connect):
    server = serve("echo", "conformance", *HERE)
    with pytest.raises(grpc.RpcError):
        conformance_pb2_grpc.GuestStub(connect(server)).Trap(conformance.Empty(), timeout=LIMIT)
    server.wait_for_log("Trap")
    status, headers, body = get(server, "/")
    assert status == 200 and headers["content-type"] == "text/html; charset=utf-8"
    text = re.sub(r"<script.*?</script>|<style.*?</style>", "", body, flags=re.DOTALL)
    for said in ("Unary", "bidirectional streaming", "echo.Echo", "conformance", "1 trap", "backtrace", "/test.Guest/Trap"):
        assert said in text, said
    assert not re.search(r'(?:src|href)="(?:https?:)?//', body), "it needs nothing from elsewhere"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    nonce = re.search(r"'nonce-(\w+)'", policy).group(1)
    assert re.findall(r"<script[^>]*>", body) == [f'<script nonce="{nonce}">']


def test_the_page_is_small(serve):
    _, _, body = get(serve("echo", *HERE), "/")
    assert len(body) < 60 * 1024
