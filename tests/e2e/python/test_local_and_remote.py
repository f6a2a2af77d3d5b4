"""A module that another calls in the process answers as it does over the network: all methods of the conformance guest,
compared to the letter. Not the same are the network's own `user-agent`, and that nothing is compressed in a process."""

import conformance_pb2 as conformance
import grpc
import pytest
from conftest import CODE_CACHE
from server import Server
from test_targets import BIDI, CLIENT_STREAM, LIMIT, METHOD, SERVER_STREAM, UNARY, module, target

# Of the network alone, which a call in the process does not have.
OF_THE_NETWORK = ("user-agent", "date")


def without_network(method: str, message: bytes) -> bytes:
    """A message of the method, but for what it says of the network."""
    if method == "EchoMetadata":
        reply = conformance.MetadataReply.FromString(message)
        kept = [entry for entry in reply.entries if entry.key not in OF_THE_NETWORK]
        return conformance.MetadataReply(entries=kept, refused=reply.refused).SerializeToString()
    if method.startswith("Compress"):
        reply = conformance.CompressReply.FromString(message)
        return conformance.CompressReply(text=reply.text, encoding=reply.encoding).SerializeToString()
    return message


LATE = "400 ms"


@pytest.fixture(scope="module")
def pair(program, guest, tmp_path_factory):
    """A server whose guest `proxy` calls the conformance guest as the targets `here` and `there`, and with little time as
    `here-late` and `there-late`."""
    servers = []

    def start(text: str) -> Server:
        folder = tmp_path_factory.mktemp("server")
        (folder / "config.toml").write_text('listen = "127.0.0.1:0"\n' + text)
        servers.append(Server(folder, [program, "serve", "-c", folder / "config.toml", "--code-cache", CODE_CACHE]))
        return servers[-1]

    there = start(module(guest, "conformance"))
    grants = f'[module.targets]\nhere = {{}}\nthere = {{}}\nhere-late = {{ max-time = "{LATE}" }}\nthere-late = {{ max-time = "{LATE}" }}\n'
    addresses = {"here": "module:conformance", "there": f"ipv4:{there.address}"}
    yield start(
        "".join(target(name + late, address) for name, address in addresses.items() for late in ("", "-late"))
        + module(guest, "proxy", grants)
        + module(guest, "conformance")
    )
    for server in servers:
        server.stop()


@pytest.fixture(scope="module")
def ask(pair):
    """ask(target, kind, method, requests, metadata): all that came of it."""
    channel = grpc.insecure_channel(pair.address)

    def call(to: str, kind: int, method: str, requests, metadata=()):
        passing = channel.stream_stream("/test.Proxy/Pass")(
            iter(requests),
            metadata=(("x-target", to), ("x-path", METHOD + method), ("x-kind", str(kind)), *metadata),
            timeout=LIMIT,
        )
        messages = []
        try:
            messages.extend(passing)
        except grpc.RpcError:
            pass
        keep = lambda pairs: [(key, value) for key, value in pairs if key not in OF_THE_NETWORK]
        return {
            "messages": [without_network(method, message) for message in messages],
            "headers": keep(passing.initial_metadata()),
            "trailers": keep(passing.trailing_metadata()),
            "status": passing.code(),
            "text": passing.details(),
        }

    yield call
    channel.close()


def fail(**fields) -> bytes:
    return conformance.FailRequest(**fields).SerializeToString()


def number(n: int) -> bytes:
    return conformance.NumberRequest(number=n).SerializeToString()


def sleep(milliseconds: int, by_wait=False) -> bytes:
    return conformance.SleepRequest(milliseconds=milliseconds, by_wait=by_wait).SerializeToString()


def text(words: str) -> bytes:
    return conformance.TextRequest(text=words).SerializeToString()


def packed(words: str, compress: bool) -> bytes:
    return conformance.CompressRequest(text=words, compress=compress).SerializeToString()


BROKEN = b"\x0a\xff"  # no message of any type
MANY = tuple((f"x-{i}", f"{i}" * 40) for i in range(40))
CASES = {
    "metadata: none": (UNARY, "EchoMetadata", [b""]),
    "metadata: of all sorts": (
        UNARY, "EchoMetadata", [b""],
        (("x-one", "1"), ("x-two-bin", bytes(range(256))), ("x-one", "2"), ("x-none", ""), ("x-none-bin", b""), ("x-one-bin", b"1,2"),
         ("x-spaces", "a  b, c"), ("authorization", "Bearer of.no.use")),
    ),
    "metadata: many": (UNARY, "EchoMetadata", [b""], MANY),
    "metadata: of a failure": (UNARY, "Fail", [fail(code=5)], (("x-one", "1"),)),
    **{f"status {code}": (UNARY, "Fail", [fail(code=code, message="so it is")]) for code in range(18)},
    "status of no code": (UNARY, "Fail", [fail(code=4000)]),
    "text in unicode": (UNARY, "Fail", [fail(code=9, message="ungültig 100%\n\t✓ \u0000")]),
    "text that is long": (UNARY, "Fail", [fail(code=9, message="ü" * 3000)]),
    "text that is none": (UNARY, "Fail", [fail(code=9)]),
    "details": (UNARY, "Fail", [fail(code=5, message="x", details=b"\x00\xff,")]),
    "details of a stream": (SERVER_STREAM, "FailStream", [fail(code=5, message="x", messages=2, details=b"\x08\x05")]),
    "stream of nothing": (SERVER_STREAM, "FailStream", [fail()]),
    "stream of many": (SERVER_STREAM, "FailStream", [fail(messages=5000)]),
    "stream that fails at once": (SERVER_STREAM, "FailStream", [fail(code=10, message="no")]),
    "stream that fails late": (SERVER_STREAM, "FailStream", [fail(code=10, message="no", messages=100)]),
    "sleep": (UNARY, "Sleep", [sleep(20)]),
    "sleep by wait": (UNARY, "Sleep", [sleep(20, True)]),
    "early headers": (SERVER_STREAM, "EarlyHeaders", [sleep(20)]),
    "early headers, by wait": (SERVER_STREAM, "EarlyHeaders", [sleep(0, True)]),
    "print": (UNARY, "Print", [text("a line")]),
    "burn": (UNARY, "Burn", [number(10)]),
    "burn for some slices": (UNARY, "Burn", [number(10_000)]),
    "burn each": (BIDI, "BurnEach", [number(n) for n in range(50)]),
    "burn each of none": (BIDI, "BurnEach", []),
    "trap": (UNARY, "Trap", [b""]),
    "overflow": (UNARY, "Overflow", [b""]),
    "exit": (UNARY, "Exit", [b""]),
    "recurse": (UNARY, "Recurse", [number(100)]),
    "grow": (UNARY, "Grow", [number(0)]),
    "content subtype": (UNARY, "ContentSubtype", [b""]),
    "sink": (CLIENT_STREAM, "Sink", [text("x" * 10_000)] * 50),
    "sink of none": (CLIENT_STREAM, "Sink", []),
    "sink that is slow": (CLIENT_STREAM, "Sink", [text("x" * 60_000)] * 50, (("x-pause-ms", "50"),)),
    "sink that refuses": (CLIENT_STREAM, "Sink", [text("x")], (("x-pause-ms", "soon"),)),
    "compress": (UNARY, "Compress", [packed("x" * 1000, True)]),
    "compress not": (UNARY, "Compress", [packed("x" * 1000, False)]),
    "compress each": (BIDI, "CompressEach", [packed("x" * 1000, n % 2 == 0) for n in range(10)], (("x-announce", "1"),)),
    "compress each, late": (BIDI, "CompressEach", [packed("x" * 1000, n % 2 == 1) for n in range(10)]),
    "large message": (UNARY, "Compress", [packed("x" * 900_000, False)]),
    "no such method": (UNARY, "Nothing", [b""]),
    "unary without a request": (UNARY, "Burn", []),
    "unary with two requests": (UNARY, "Burn", [b"", b""]),
    "unary called as server stream": (SERVER_STREAM, "Burn", [b""]),
    "unary called as client stream": (CLIENT_STREAM, "Burn", [b""]),
    "unary called as client stream of two": (CLIENT_STREAM, "Burn", [b"", b""]),
    "unary called as bidi stream": (BIDI, "Burn", [b""]),
    "unary called as bidi stream of none": (BIDI, "Burn", []),
    "server stream called as unary": (UNARY, "FailStream", [fail(messages=2)]),
    "server stream of one called as unary": (UNARY, "FailStream", [fail(messages=1)]),
    "server stream of none called as unary": (UNARY, "FailStream", [fail(messages=0)]),
    "bidi stream called as unary": (UNARY, "BurnEach", [number(1)]),
    "bidi stream called as client stream": (CLIENT_STREAM, "BurnEach", [number(1), number(2)]),
    "client stream called as bidi stream": (BIDI, "Sink", [text("x")] * 3),
    **{
        f"a request that is none of {method}": (kind, method, [BROKEN])
        for kind, method in ((UNARY, "Fail"), (SERVER_STREAM, "FailStream"), (UNARY, "Sleep"), (BIDI, "BurnEach"), (UNARY, "Grow"),
                             (BIDI, "CompressEach"), (SERVER_STREAM, "EarlyHeaders"))
    },
}
# Of which each says what is wrong in its own words.
IN_OWN_WORDS = {
    "no such method",
    "server stream called as unary",
    "server stream of none called as unary",
    "bidi stream called as client stream",
}
# Which end only because their time is over, in own words too.
LATE_CASES = {
    "spin": (UNARY, "Spin", [b""]),
    "long sleep": (UNARY, "Sleep", [sleep(20_000)]),
    "long sleep by wait": (UNARY, "Sleep", [sleep(20_000, True)]),
    "early headers, then sleep": (SERVER_STREAM, "EarlyHeaders", [sleep(20_000)]),
    "wait for the cancellation": (BIDI, "WaitCancel", [b""]),
    "look for the cancellation": (BIDI, "PollCancel", [b""]),
    "slow sink": (CLIENT_STREAM, "Sink", [text("x")], (("x-pause-ms", "20000"),)),
}


@pytest.mark.parametrize("name", CASES)
def test_an_answer_is_the_same(ask, name):
    here, there = ask("here", *CASES[name]), ask("there", *CASES[name])
    if name in IN_OWN_WORDS:
        assert here.pop("text") and there.pop("text")
    assert here == there


@pytest.mark.parametrize("name", LATE_CASES)
def test_a_call_that_is_late_ends_in_the_same_way(ask, name):
    here, there = ask("here-late", *LATE_CASES[name]), ask("there-late", *LATE_CASES[name])
    assert here["status"] is grpc.StatusCode.DEADLINE_EXCEEDED
    assert here.pop("text") and there.pop("text")
    assert here == there


def test_streams_are_passed_on_whole(ask):
    assert len(ask("here", *CASES["stream of many"])["messages"]) == 5000
    assert len(ask("there", *CASES["burn each"])["messages"]) == 50


@pytest.mark.parametrize("by", ["here", "there"])
def test_what_is_told_of_a_call_is_the_same_but_for_where_it_comes_from(ask, by):
    answer = ask(by, UNARY, "Info", [b""])
    info = conformance.InfoReply.FromString(answer["messages"][0])
    assert (info.path, info.tls_peer, list(info.tls_names), info.token_subject) == (METHOD + "Info", "", [], "")
    assert info.peer == "module:proxy" if by == "here" else info.peer.startswith("127.0.0.1:")


def test_the_deadline_goes_with_a_call(ask):
    for to in ("here", "there"):
        reply = conformance.DeadlineReply.FromString(ask(to, UNARY, "Deadline", [b""])["messages"][0])
        assert 0 < reply.nanoseconds <= (LIMIT + 1) * 1e9  # clients send it rounded up
        reply = conformance.DeadlineReply.FromString(ask(f"{to}-late", UNARY, "Deadline", [b""])["messages"][0])
        assert 0 < reply.nanoseconds <= 0.4e9


def test_instances_are_used_again(ask):
    for to in ("here", "there"):
        counts = [conformance.NumberReply.FromString(ask(to, UNARY, "Count", [b""])["messages"][0]).number for _ in range(3)]
        assert counts == sorted(set(counts))


@pytest.mark.parametrize("to", ["here", "there"])
def test_a_flood_ends_with_its_caller_and_is_held_back_until_then(pair, to):
    with grpc.insecure_channel(pair.address) as channel:
        passing = channel.stream_stream("/test.Proxy/Pass")(
            iter([number(1000)]),
            metadata=(("x-target", to), ("x-path", METHOD + "Flood"), ("x-kind", str(SERVER_STREAM))),
            timeout=LIMIT,
        )
        seen = [next(passing) for _ in range(1000)]
        passing.cancel()
        assert {len(message) for message in seen} == {1003}
    if to == "here":
        pair.wait_for_log("Flood: sent ")


def test_all_methods_are_compared():
    methods = {method.name for method in conformance.DESCRIPTOR.services_by_name["Guest"].methods}
    compared = {case[1] for case in (*CASES.values(), *LATE_CASES.values())}
    assert methods <= compared | {"Info", "Flood", "Deadline", "Count"}
