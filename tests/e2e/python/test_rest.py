"""google.api.http rules: methods by paths of their own, in JSON, and the OpenAPI document of them."""

import json
import subprocess

import pytest
from test_web import LIMIT, curl


@pytest.fixture(params=["--http1.1", "--http2-prior-knowledge"])
def version(request):
    return request.param


def test_a_method_is_called_by_its_path(everything, version):
    status, headers, body = curl(everything, "/v1/features/471376970/98492994", version)
    assert (status, headers["content-type"]) == (200, "application/json")
    assert json.loads(body)["name"] == "Foxglove Quarry"


def test_a_stream_is_lines_of_json(everything, version):
    corners = "lo.latitude=460000000&lo.longitude=90000000&hi.latitude=480000000&hi.longitude=110000000"
    status, headers, body = curl(everything, f"/v1/features?{corners}", version)
    assert (status, headers["content-type"]) == (200, "application/x-ndjson")
    lines = body.decode().splitlines()
    assert len(lines) > 10 and all(json.loads(line)["name"] for line in lines)


def test_what_is_wrong_is_said_in_json(everything, version):
    status, _, body = curl(everything, "/v1/features/north/0", version)
    assert (status, json.loads(body)["code"]) == (400, 3)
    assert "latitude" in json.loads(body)["message"]
    status, headers, _ = curl(everything, "/v1/features/1/2", version, "-X", "DELETE")
    assert (status, headers["allow"]) == (405, "GET")


def test_what_is_served_is_described_for_tools(everything, program, guest, version):
    status, headers, body = curl(everything, "/openapi.json", version)
    assert (status, headers["content-type"]) == (200, "application/json")
    paths = json.loads(body)["paths"]
    assert "get" in paths["/v1/features/{latitude}/{longitude}"]
    assert "post" in paths["/helloworld.Greeter/SayHello"]
    alone = subprocess.run([program, "inspect", "--openapi", guest("route_guide")], capture_output=True, timeout=LIMIT)
    assert json.loads(alone.stdout)["paths"]["/v1/features"] == paths["/v1/features"]


def test_nothing_is_described_without_reflection(serve, version):
    server = serve("route_guide", "--no-reflection")
    assert curl(server, "/openapi.json", version)[0] == 404


def test_a_guest_that_has_the_path_keeps_it(serve, version):
    server = serve("http", "route_guide")
    assert curl(server, "/openapi.json", version)[2] == b"the page /openapi.json"
    assert curl(server, "/v1/features/471376970/98492994", version)[0] == 200, "but rules come first"
