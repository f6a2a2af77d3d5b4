"""The log of the server, as text and as JSON; that of calls; and what happens when they are rotated."""

import datetime
import json
import os
import re
import signal
import subprocess

import conformance_pb2 as conformance
import conformance_pb2_grpc
import grpc
import pytest
from server import eventually

LIMIT = 40
EMPTY = conformance.Empty()
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = ("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01")


def stub_of(channel):
    return conformance_pb2_grpc.GuestStub(channel)


def read_lines(file) -> list[dict]:
    """Those that are whole, of JSON."""
    text = file.read_text() if file.exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def lines_where(file, count: int, **wanted) -> list[dict]:
    def find():
        found = [line for line in read_lines(file) if all(line.get(key) == value for key, value in wanted.items())]
        return found if len(found) >= count else None

    return eventually(find, f"{count} lines with {wanted} in {file}")


@pytest.fixture
def log(tmp_path):
    return tmp_path / "server.log"


@pytest.fixture
def access(tmp_path):
    return tmp_path / "access.log"


def test_a_line_of_json_has_its_parts_and_the_call_that_it_is_of(serve, connect, log):
    server = serve("conformance", "--log-format", "json", "--log-file", str(log))
    stub = stub_of(connect(server))
    stub.Print(conformance.TextRequest(text='say "hello"'), timeout=LIMIT, metadata=[TRACEPARENT])
    (line,) = lines_where(log, 1, message='log: say "hello"')
    assert line["level"] == "warn"
    assert line["module"] == "conformance"
    assert line["method"] == "/test.Guest/Print"
    assert line["trace_id"] == TRACE
    age = datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromisoformat(
        line["time"].replace("Z", "+00:00")
    )
    assert -1 < age.total_seconds() < LIMIT
    (printed,) = lines_where(log, 1, message='out: say "hello"')
    assert printed["call_id"] == line["call_id"] > 0
    stub.Print(conformance.TextRequest(text="again"), timeout=LIMIT)
    (other,) = lines_where(log, 1, message="log: again")
    assert other["call_id"] != line["call_id"]
    assert "trace_id" not in other
    assert server.log == ""  # all of it is in the file


def test_a_failed_guest_is_one_line_of_json_with_its_backtrace_and_its_call(serve, connect, log, failure):
    server = serve("conformance", "--log-format", "json", "--log-file", str(log))
    with failure(grpc.StatusCode.INTERNAL):
        stub_of(connect(server)).Trap(EMPTY, timeout=LIMIT)
    (line,) = lines_where(log, 1, level="error", method="/test.Guest/Trap")
    assert "\n" in line["message"] and "unreachable" in line["message"]
    assert line["call_id"] > 0


def test_each_call_has_a_line_in_the_access_log(serve, connect, access, failure):
    server = serve(
        "conformance", "--access-log-calls", "all", "--access-log-file", str(access), "--log-format", "json"
    )
    stub = stub_of(connect(server))
    stub.Count(EMPTY, timeout=LIMIT, metadata=[TRACEPARENT])
    stub.Sleep(conformance.SleepRequest(milliseconds=50), timeout=LIMIT)
    with failure(grpc.StatusCode.NOT_FOUND):
        stub.Fail(conformance.FailRequest(code=5), timeout=LIMIT)
    (count,) = lines_where(access, 1, method="/test.Guest/Count")
    assert count["log"] == "access" and count["status"] == "OK" and count["trace_id"] == TRACE
    assert re.fullmatch(r"127\.0\.0\.1:\d+", count["peer"])
    (sleep,) = lines_where(access, 1, method="/test.Guest/Sleep")
    assert 50 <= sleep["ms"] < LIMIT * 1000
    assert sleep["call_id"] != count["call_id"]
    lines_where(access, 1, method="/test.Guest/Fail", status="NOT_FOUND")
    assert "access" not in server.log


def test_the_access_log_is_on_standard_error_without_a_file(serve, connect):
    server = serve("conformance", "--access-log-calls", "all")
    stub_of(connect(server)).Count(EMPTY, timeout=LIMIT)
    server.wait_for_log(r" info access: method=/test\.Guest/Count peer=\S+ status=OK ms=\d+\.\d{3} call=\d+\n")


def test_errors_and_slow_calls_alone_are_logged(serve, connect, access, failure):
    flags = ["--access-log-file", str(access), "--log-format", "json"]
    server = serve("conformance", "--access-log-calls", "errors", "--access-log-slower-than", "40", *flags)
    stub = stub_of(connect(server))
    with failure(grpc.StatusCode.ABORTED):
        stub.Fail(conformance.FailRequest(code=10), timeout=LIMIT)
    stub.Sleep(conformance.SleepRequest(milliseconds=60), timeout=LIMIT)
    lines_where(access, 1, status="ABORTED")
    lines_where(access, 1, method="/test.Guest/Sleep", status="OK")


def test_a_cancelled_call_is_logged_as_such(serve, connect, access):
    server = serve("conformance", "--access-log-calls", "errors", "--access-log-file", str(access), "--log-format", "json")
    call = stub_of(connect(server)).WaitCancel(iter([]), timeout=LIMIT)
    next(call)
    call.cancel()
    lines_where(access, 1, method="/test.Guest/WaitCancel", status="CANCELLED")


def test_logs_that_were_renamed_are_opened_again_by_their_names(serve, connect, log, access):
    flags = ["--log-file", str(log), "--access-log-calls", "all", "--access-log-file", str(access), "--log-format", "json"]
    server = serve("conformance", *flags)
    stub = stub_of(connect(server))
    stub.Print(conformance.TextRequest(text="before"), timeout=LIMIT)
    lines_where(log, 1, message="log: before")
    lines_where(access, 1)
    for file in (log, access):
        file.rename(f"{file}.1")
    os.kill(server.pid, signal.SIGUSR1)
    lines_where(log, 1, message="SIGUSR1: the files of the logs are opened again")
    stub.Print(conformance.TextRequest(text="after"), timeout=LIMIT)
    lines_where(log, 1, message="log: after")
    lines_where(access, 1, method="/test.Guest/Print")
    assert not [line for line in read_lines(log) if line["message"] == "log: before"]


def test_a_log_file_that_cannot_be_opened_is_an_error(program, guest, tmp_path):
    command = [program, "serve", guest("conformance"), "--log-file", tmp_path / "absent" / "server.log"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"cannot open the log file {tmp_path}/absent/server.log: No such file or directory" in done.stderr
