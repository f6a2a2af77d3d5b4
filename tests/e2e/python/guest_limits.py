"""Rows of the table of limits (limits.py): what guests may use, and how long instances live."""

import pathlib
import re
import subprocess
import time

import conformance_pb2 as conformance
import conformance_pb2_grpc
import grpc
import pytest
from limits import (
    GRPC_,
    LIMIT,
    MIB,
    OVER_ALL,
    RESOURCE_EXHAUSTED,
    Trial,
    held_elsewhere,
    limit,
)
from server import eventually

EMPTY = conformance.Empty()


def number(value: int) -> conformance.NumberRequest:
    return conformance.NumberRequest(number=value)


def stub_of(trial: Trial, server):
    return conformance_pb2_grpc.GuestStub(trial.channel(server))


def refused(call, *arguments, code=RESOURCE_EXHAUSTED) -> str:
    with pytest.raises(grpc.RpcError) as failed:
        call(*arguments, timeout=LIMIT)
    assert failed.value.code() == code, failed.value
    return failed.value.details()


# ---- Memory ----


@limit("--max-memory", 16 * MIB, 256 * MIB)
def memory(trial: Trial):
    stub = stub_of(trial, trial.serve("conformance", "--instances", 1, "--max-kept-memory", 0))
    most = trial.value // MIB
    assert stub.Grow(number(most // 2), timeout=LIMIT).number == most // 2
    refused(stub.Grow, number(most // 2))


# A module with a table of so many elements.
WITH_TABLE = r"""(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (table %d funcref)
  (data (i32.const 0) "/test.Table/Get")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 15) (i32.const 0) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param i32 i32) (result i32) (i32.const 0)))"""


def start_of(trial: Trial, module: pathlib.Path) -> str:
    """What a server writes to its log that is to serve a module that it refuses."""
    program = trial.start.program
    ended = subprocess.run(
        [program, "serve", module, "--listen", "127.0.0.1:0", trial.flag, str(trial.value)],
        capture_output=True, text=True, timeout=LIMIT,
    )  # fmt: skip
    assert ended.returncode != 0
    return ended.stderr


@limit("--max-table-elements", 100, 30_000)
def table_elements(trial: Trial):
    module = trial.start.folder / "table.wat"
    module.write_text(WITH_TABLE % trial.value)
    trial.serve(module)
    module.write_text(WITH_TABLE % (trial.value + 1))
    assert "table" in start_of(trial, module)


@limit("--max-module-size", 2000, 70 * MIB)
def module_size(trial: Trial):
    module = trial.start.folder / "module.wat"
    text = WITH_TABLE % 1
    module.write_text(text + " " * (trial.value - len(text)))
    trial.serve(module)
    module.write_text(text + " " * (trial.value + 1 - len(text)))
    assert str(trial.value) in start_of(trial, module)


@limit("--max-stack", 64 << 10, 8 * MIB)
def stack(trial: Trial):
    stub = stub_of(trial, trial.serve("conformance"))
    fits, too_deep = (500, 6000) if trial.value < 512 << 10 else (40_000, 1_000_000)
    assert stub.Recurse(number(fits), timeout=LIMIT).number == fits
    refused(stub.Recurse, number(too_deep), code=grpc.StatusCode.INTERNAL)


# ---- Time ----


@limit("--max-cpu-time", 200, 10_500, OVER_ALL)
def cpu_time(trial: Trial):
    server = trial.serve("conformance" if trial.over == GRPC_ else "http")
    begin = time.monotonic()
    if trial.over == GRPC_:
        refused(stub_of(trial, server).Spin, EMPTY)
    elif trial.over == OVER_ALL[1]:
        assert trial.ask(server, "/spin") == 429
    else:
        client = trial.http1(server)
        client.request("GET", "/spin")
        assert client.getresponse().status == 429
    assert time.monotonic() - begin > trial.value / 1000


@limit("--start-timeout", 300, 10_500)
def start_timeout(trial: Trial):
    module = trial.start.folder / "start.wat"
    endless = '(func (export "_initialize") (loop $for_ever (br $for_ever)))\n  (func (export "wasm_grpc_call")'
    module.write_text((WITH_TABLE % 1).replace('(func (export "wasm_grpc_call")', endless))
    begin = time.monotonic()
    assert str(trial.value) in start_of(trial, module)
    assert time.monotonic() - begin > trial.value / 1000


@limit("--max-event-time", 5, None, because="the default is a minute")
def event_time(trial: Trial):
    server = trial.serve("abuses")
    call = trial.channel(server).unary_unary("/test.Abuses/SuspendEvent")
    begin = time.monotonic()
    refused(call, b"", code=grpc.StatusCode.UNAVAILABLE)
    assert time.monotonic() - begin > trial.value / 1000


# ---- Messages ----


@limit("--max-response-size", 1000, 70 * MIB, OVER_ALL)
def response_size(trial: Trial):
    larger_memory = ("--max-memory", 1024 * MIB)
    if trial.over == GRPC_:
        flood = stub_of(trial, trial.serve("conformance", *larger_memory)).Flood
        frame = 2 + (trial.value.bit_length() - 1) // 7  # of the text's field: a tag, and its length
        stream = flood(number(trial.value - frame), timeout=LIMIT)
        assert len(next(stream).text) == trial.value - frame
        stream.cancel()
        with pytest.raises(grpc.RpcError) as failed:
            next(flood(number(trial.value - frame + 1), timeout=LIMIT))
        assert failed.value.code() == RESOURCE_EXHAUSTED
        return
    server = trial.serve("http", *larger_memory)
    client = trial.http1(server)
    for size, status in ((trial.value, 200), (trial.value + 1, 500)):  # it is the guest's fault
        if trial.over == OVER_ALL[2]:
            client.request("GET", f"/bytes?{size}")
            answer = client.getresponse()
            assert answer.status == status
            assert status != 200 or len(answer.read()) == size
        elif size <= MIB or status != 200:  # this client takes its time for more
            assert trial.ask(server, f"/bytes?{size}") == status


@limit("--log-burst", 30, 12_000)
def log_burst(trial: Trial):
    server = trial.serve("conformance", "--log-lines-per-second", 1)
    stub = stub_of(trial, server)
    texts = trial.value // 3 + 20  # each is logged in three ways
    calls = [stub.Print.future(conformance.TextRequest(text="x"), timeout=LIMIT) for _ in range(texts)]
    assert all(call.result() is not None for call in calls)
    lines = eventually(lambda: count_lines(server) >= trial.value and count_lines(server), "all of the burst is logged")
    assert lines < trial.value + 20  # those of some seconds


@limit("--log-lines-per-second", 60, 5000)
def log_lines_per_second(trial: Trial):
    burst = 60
    server = trial.serve("conformance", "--log-burst", burst)
    stub = stub_of(trial, server)

    def print_some(times: int) -> None:
        for call in [stub.Print.future(conformance.TextRequest(text="x"), timeout=LIMIT) for _ in range(times)]:
            call.result()

    print_some(burst // 3)
    time.sleep(1.3 * burst / trial.value)
    print_some(burst // 3)
    eventually(lambda: count_lines(server) == 2 * burst, "as many lines again as the time was for")


def count_lines(server) -> int:
    return len(re.findall(r"(?:out|err|log): x(?: method=\S+ call=\d+)?$", server.log, re.MULTILINE))


# ---- Instances ----


@limit("--max-instances-per-module", None, 2, because="0 by default: all that there are")
def instances_per_module(trial: Trial):
    holds(trial, trial.serve("conformance", "--instances", 4))


@limit("--instances", 2, None, because="10,000 instances are alive in test_overload.py")
def instances(trial: Trial):
    holds(trial, trial.serve("conformance"))


def holds(trial: Trial, server) -> None:
    stub = stub_of(trial, server)
    a_minute = conformance.SleepRequest(milliseconds=60_000, by_wait=True)
    held = [stub.Sleep.future(a_minute, timeout=LIMIT) for _ in range(trial.value - 1)]
    time.sleep(0.2)
    assert stub.Count(EMPTY, timeout=LIMIT).number
    held.append(stub.Sleep.future(a_minute, timeout=LIMIT))
    time.sleep(0.2)
    waits = stub.Count.future(EMPTY, timeout=LIMIT)
    time.sleep(0.3)
    assert not waits.done()
    held[0].cancel()
    assert waits.result().number


@limit("--max-instance-calls", None, 3, because="there is no limit by default")
def instance_calls(trial: Trial):
    stub = stub_of(trial, trial.serve("conformance", "--instances", 1))
    assert [stub.Count(EMPTY, timeout=LIMIT).number for _ in range(5)] == [1, 2, 3, 1, 2]


@limit("--max-instance-age", None, 300, because="there is no limit by default")
def instance_age(trial: Trial):
    stub = stub_of(trial, trial.serve("conformance", "--instances", 1))
    begin = time.monotonic()
    counts = [stub.Count(EMPTY, timeout=LIMIT).number for _ in range(2)]
    assert counts == [1, 2] or time.monotonic() - begin > trial.value / 1000
    time.sleep(trial.value / 1000)
    assert stub.Count(EMPTY, timeout=LIMIT).number == 1


@limit("--max-kept-memory", 16 * MIB, 96 * MIB)
def kept_memory(trial: Trial):
    stub = stub_of(trial, trial.serve("conformance", "--instances", 1))
    most = trial.value // MIB
    stub.Grow(number(most - 8), timeout=LIMIT)
    assert stub.Count(EMPTY, timeout=LIMIT).number == 1
    assert stub.Count(EMPTY, timeout=LIMIT).number == 2, "it was kept"
    stub.Grow(number(16), timeout=LIMIT)
    assert stub.Count(EMPTY, timeout=LIMIT).number == 1, "it was replaced"


# ---- What instances share ----


@limit("--max-counters", 5, 12_000)
def counters(trial: Trial):
    channel = trial.channel(trial.serve("shared_state"))
    count = channel.unary_unary("/shared.State/Count")
    names = [b"%d" % i for i in range(trial.value - 1)]  # and one of the guest's own
    calls = [count.future(name, timeout=LIMIT) for name in names]
    assert {call.result() for call in calls} == {b"1"}
    refused(count, b"one more")


@limit("--max-kv-value", 1000, 2 * MIB)
def kv_value(trial: Trial):
    put = trial.channel(trial.serve("shared_state")).unary_unary("/shared.State/Set")
    put(b"key 0 " + bytes(trial.value), timeout=LIMIT)
    assert refused(put, b"key 0 " + bytes(trial.value + 1)) == "too large"


@limit("--max-kv-bytes", 10_000, 80 * MIB)
def kv_bytes(trial: Trial):
    put = trial.channel(trial.serve("shared_state", "--max-kv-value", 1 << 30)).unary_unary("/shared.State/Set")
    piece = trial.value // 25 - 320 - 2  # with the key and what a pair takes
    for i in range(25):
        put(b"%02d 0 " % i + bytes(piece), timeout=LIMIT)
    assert refused(put, b"25 0 " + bytes(piece)) == "full"


held_elsewhere("--store-timeout", "the default is seconds, of a store that is made to hang",
               "tests/e2e/python/test_store.py: test_a_store_that_is_held_costs_its_guests_the_timeout_and_others_nothing",
               "tests/hostmodules/stored_guests_test.cc: AStoreThatIsHeldByAnotherProcessIsUnavailable")
held_elsewhere("--store-max-waiting", "it takes as many calls that wait at once",
               "tests/store/limits_test.cc: WhatWaitsOnTopOfWhatMayIsRefusedAtOnce",
               "tests/store/limits_test.cc: TheLargestNumberThatMayWaitIsServed")
held_elsewhere("--store-max-rate", "there is none by default",
               "tests/store/limits_test.cc: AModuleThatIsTooFastIsRefusedAtOnceAndServedLater",
               "tests/store/limits_test.cc: TheLargestRateIsServed")
held_elsewhere("--max-total-memory", "its default is most of the machine's",
               "tests/e2e/python/test_total_memory.py: test_a_module_is_served_while_another_has_all_the_memory",
               "tests/e2e/python/test_total_memory.py: test_the_default_and_the_largest_limit_serve")
held_elsewhere("--max-instance-cpu", "what an event may compute is counted by a clock of the test's own",
               "tests/runtime/event_hub_test.cc: AnInstanceThatHasAPartOfACoreIsPausedAboveIt")
held_elsewhere("--time-slice", "no client sees it, but for the time others wait",
               "tests/runtime/limits_test.cc: ALongerTimeSliceIsNoOtherAnswer",
               "tests/runtime/guest_call_test.cc: AGuestThatComputesGoesOnAfterEachSlice")
held_elsewhere("--warm-instances", "no client sees them",
               "tests/runtime/instance_life_test.cc: WarmInstancesAreStartedBeforeACallComes",
               "tests/e2e/python/test_instances.py: test_a_fresh_instance_has_nothing_of_the_calls_before_it")
held_elsewhere("--instance-idle-timeout", "the default is a minute",
               "tests/runtime/instance_life_test.cc: IdleInstancesThatWereNotNeededAreReclaimedDownToTheWarmOnes",
               "tests/e2e/python/test_instances.py: test_the_memory_of_a_peak_goes_back_to_the_system")
held_elsewhere("--kept-slot-memory", "no client sees it",
               "tests/e2e/python/test_instances.py: test_a_fresh_instance_has_nothing_of_the_calls_before_it")
