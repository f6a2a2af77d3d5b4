"""The example chat: rooms, who is in them, and what becomes of those who do not read."""

import asyncio

import chat_pb2 as chat
import chat_pb2_grpc
import grpc
import pytest
from crowd import connections, meet, soon

PEOPLE = 40


@pytest.fixture
def server(serve):
    return serve("chat", "--workers", "2")


class Guest:
    """Somebody in a room."""

    def __init__(self, channel, room, name):
        self._call = chat_pb2_grpc.ChatStub(channel).Join()
        self._enter = chat.Request(enter=chat.Enter(room=room, name=name))
        self.name = name

    async def enter(self):
        """Who was there before; None when it was not let in."""
        await soon(self._call.write(self._enter))
        welcome = await self.hear()
        return None if welcome is grpc.aio.EOF else list(welcome.welcome.names)

    async def say(self, text):
        await soon(self._call.write(chat.Request(say=text)))

    async def hear(self):
        """The next event; EOF when the call has ended."""
        try:
            return await soon(self._call.read())
        except grpc.aio.AioRpcError:
            return grpc.aio.EOF

    async def hear_said(self, count):
        """So much of what others say, by who said it; whatever else happens is left out."""
        heard = {}
        while sum(map(len, heard.values())) < count:
            event = await self.hear()
            assert event is not grpc.aio.EOF, f"the call ended: {await self._call.details()}"
            if event.WhichOneof("what") == "said":
                heard.setdefault(event.said.name, []).append(event.said.text)
        return heard

    async def leave(self):
        await soon(self._call.done_writing())
        return await self.end()

    async def end(self):
        """How the call ends, after what was on its way."""
        while await self.hear() is not grpc.aio.EOF:
            pass
        return await soon(self._call.code()), await soon(self._call.details())

    def vanish(self):
        self._call.cancel()


def test_everybody_hears_everybody_else_in_the_order_they_spoke(server):
    async def scene():
        async with connections(server, PEOPLE) as channels:
            people = [Guest(channel, "hall", f"guest {i:02}") for i, channel in enumerate(channels)]
            for i, guest in enumerate(people):
                assert await guest.enter() == [other.name for other in people[:i]]

            async def speak(guest):
                for line in range(3):
                    await guest.say(f"{line}")

            everybody_else = 3 * (PEOPLE - 1)
            results = await asyncio.gather(
                *(speak(guest) for guest in people), *(guest.hear_said(everybody_else) for guest in people)
            )
            for guest, heard in zip(people, results[PEOPLE:]):
                others = [other.name for other in people if other is not guest]
                assert heard == {name: ["0", "1", "2"] for name in others}

    meet(scene())


def test_rooms_hear_nothing_of_each_other(server):
    async def scene():
        async with connections(server, 3) as (one, two, three):
            ann, bob, cleo = Guest(one, "a", "Ann"), Guest(two, "b", "Bob"), Guest(three, "b", "Cleo")
            for guest in (ann, bob, cleo):
                await guest.enter()
            assert (await bob.hear()).entered == "Cleo"
            await ann.say("hello?")
            await cleo.say("hello!")
            assert (await bob.hear()).said == chat.Said(name="Cleo", text="hello!")

    meet(scene())


def test_presence_is_told_however_somebody_leaves(server):
    async def scene():
        async with connections(server, 5) as (asking, *channels):
            who = chat_pb2_grpc.ChatStub(asking).Who
            ann, bob, cleo, dan = (Guest(c, "hall", name) for c, name in zip(channels, ["Ann", "Bob", "Cleo", "Dan"]))
            for guest in (ann, bob, cleo, dan):
                await guest.enter()
            assert list((await soon(who(chat.WhoRequest(room="hall")))).names) == ["Ann", "Bob", "Cleo", "Dan"]
            assert [(await ann.hear()).entered for _ in range(3)] == ["Bob", "Cleo", "Dan"]
            assert await bob.leave() == (grpc.StatusCode.OK, "")
            assert (await ann.hear()).left == "Bob"
            cleo.vanish()
            assert (await ann.hear()).left == "Cleo"
            await channels[3].close()
            assert (await ann.hear()).left == "Dan"
            assert list((await soon(who(chat.WhoRequest(room="hall")))).names) == ["Ann"]
            assert not (await soon(who(chat.WhoRequest(room="elsewhere")))).names

    meet(scene())


def test_a_name_is_free_again_when_its_owner_has_left(server):
    async def scene():
        async with connections(server, 2) as (one, two):
            ann = Guest(one, "hall", "Ann")
            await ann.enter()
            impostor = Guest(two, "hall", "Ann")
            assert await impostor.enter() is None
            assert await impostor.end() == (grpc.StatusCode.ALREADY_EXISTS, "there is a Ann in hall")
            await ann.leave()
            assert await Guest(two, "hall", "Ann").enter() == []

    meet(scene())


def test_who_does_not_read_is_dropped_and_the_others_go_on(server):
    async def scene():
        async with connections(server, 3) as (one, two, three):
            ann, bob, sleepy = Guest(one, "hall", "Ann"), Guest(two, "hall", "Bob"), Guest(three, "hall", "Sleepy")
            for guest in (ann, bob, sleepy):
                await guest.enter()
            heard = []

            async def speak():
                while "Sleepy" not in heard:
                    await ann.say("x" * 4000)
                    heard.append((await bob.hear()).left)  # who waits for him does not make him too slow as well

            await asyncio.wait_for(speak(), 50)
            await ann.say("at last")
            while (await bob.hear()).said.text != "at last":
                pass
            assert await sleepy.end() == (grpc.StatusCode.RESOURCE_EXHAUSTED, "you read too slowly for this room")

    meet(scene())


def test_who_only_listens_is_in_the_room_and_speaks_by_calls_of_its_own(server, connect, failure):
    stub = chat_pb2_grpc.ChatStub(connect(server))
    listening = stub.Listen(chat.Enter(room="hall", name="Ann"), timeout=20)
    assert list(next(listening).welcome.names) == []
    joined = stub.Join(iter([chat.Request(enter=chat.Enter(room="hall", name="Bob")), chat.Request(say="hello")]), timeout=20)
    assert list(next(joined).welcome.names) == ["Ann"]
    assert next(listening).entered == "Bob"
    assert next(listening).said == chat.Said(name="Bob", text="hello")
    assert next(listening).left == "Bob"
    assert list(stub.Say(chat.Speech(room="hall", name="Ann", text="alone"), timeout=20).names) == []
    other = stub.Listen(chat.Enter(room="hall", name="Cid"), timeout=20)
    assert list(next(other).welcome.names) == ["Ann"]
    assert list(stub.Say(chat.Speech(room="hall", name="Ann", text="hi"), timeout=20).names) == ["Cid"]
    assert next(other).said == chat.Said(name="Ann", text="hi")
    with failure(grpc.StatusCode.ALREADY_EXISTS) as error:
        list(stub.Listen(chat.Enter(room="hall", name="Ann"), timeout=20))
    details = dict(error.error.trailing_metadata())["grpc-status-details-bin"]
    assert b"type.googleapis.com/chat.NamesTaken" in details and b"Cid" in details
    listening.cancel()
    assert next(other).left == "Ann"
    with failure(grpc.StatusCode.FAILED_PRECONDITION):
        stub.Say(chat.Speech(room="hall", name="Ann", text="gone"), timeout=20)


def test_what_makes_no_sense_is_refused(server, connect, failure):
    join = chat_pb2_grpc.ChatStub(connect(server)).Join
    enter = chat.Request(enter=chat.Enter(room="hall", name="Ann"))
    for requests, code, details in (
        ([chat.Request(say="hello")], "FAILED_PRECONDITION", "the first request enters a room"),
        ([chat.Request()], "FAILED_PRECONDITION", "the first request enters a room"),
        ([enter, enter], "FAILED_PRECONDITION", "in a room already"),
        ([chat.Request(enter=chat.Enter(room="hall"))], "INVALID_ARGUMENT", "1 to 64 bytes"),
        ([chat.Request(enter=chat.Enter(room="x" * 65, name="Ann"))], "INVALID_ARGUMENT", "1 to 64 bytes"),
        ([enter, chat.Request(say="x" * 4097)], "INVALID_ARGUMENT", "more than 4096 bytes"),
    ):
        with failure(getattr(grpc.StatusCode, code)) as error:
            list(join(iter(requests), timeout=20))
        assert details in error.details
    assert list(join(iter([]), timeout=20)) == []
