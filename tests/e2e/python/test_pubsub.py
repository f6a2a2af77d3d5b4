"""The example pubsub: what one publishes, all that are subscribed are told, at their own pace."""

import asyncio

import grpc
import pubsub_pb2 as pubsub
import pubsub_pb2_grpc
import pytest
from crowd import connections, meet, soon, until

SUBSCRIBERS = 50
MESSAGES = 40


@pytest.fixture
def server(serve):
    return serve("pubsub", "--workers", "2")


async def subscribe(channel, topic):
    """A subscription that holds."""
    news = pubsub_pb2_grpc.PubSubStub(channel).Subscribe(pubsub.Subscription(topic=topic))
    assert (await soon(news.read())).WhichOneof("what") == "subscribed"
    return news


async def read(news, count):
    return [await soon(news.read()) for _ in range(count)]


def test_all_subscribers_of_a_topic_get_all_messages_in_order(server):
    async def scene():
        async with connections(server, SUBSCRIBERS + 2) as (publisher, other, *channels):
            elsewhere = await subscribe(other, "weather")
            subscriptions = await asyncio.gather(*(subscribe(channel, "news") for channel in channels))
            stub = pubsub_pb2_grpc.PubSubStub(publisher)

            async def publish():
                for i in range(MESSAGES):
                    published = await soon(stub.Publish(pubsub.Message(topic="news", payload=b"%d" % i)))
                    assert (published.sequence, published.subscribers) == (i + 1, SUBSCRIBERS)

            _, *told = await asyncio.gather(publish(), *(read(news, MESSAGES) for news in subscriptions))
            expected = [(i + 1, b"%d" % i) for i in range(MESSAGES)]
            for messages in told:
                assert [(message.sequence, message.payload) for message in messages] == expected
            await stub.Publish(pubsub.Message(topic="weather", payload=b"fine"))
            assert (await soon(elsewhere.read())).payload == b"fine", "and nothing of the other topic before"

    meet(scene())


def test_several_publish_at_once_and_every_message_has_its_number(server):
    async def scene():
        async with connections(server, 21) as (reader, *publishers):
            news = await subscribe(reader, "all")
            stubs = map(pubsub_pb2_grpc.PubSubStub, publishers)
            calls = [stub.Publish(pubsub.Message(topic="all", payload=b"%d" % i)) for i, stub in enumerate(stubs)]
            published = await soon(asyncio.gather(*calls))
            told = await read(news, len(publishers))
            assert [message.sequence for message in told] == list(range(1, 21))
            assert {message.sequence: message.payload for message in told} == {
                answer.sequence: b"%d" % i for i, answer in enumerate(published)
            }

    meet(scene())


def test_who_cancels_is_no_subscriber_any_more(server):
    async def scene():
        async with connections(server, 11) as (publisher, *channels):
            stub = pubsub_pb2_grpc.PubSubStub(publisher)
            subscriptions = [await subscribe(channel, "t") for channel in channels]
            for news in subscriptions[:4]:
                news.cancel()
            await channels[4].close()

            async def five_are_left():
                return (await stub.Publish(pubsub.Message(topic="t"))).subscribers == 5

            await until(five_are_left, "five subscribers are left")
            for news in subscriptions[5:]:
                news.cancel()

            async def nobody_is_left():
                return (await stub.Publish(pubsub.Message(topic="t"))).subscribers == 0

            await until(nobody_is_left, "nobody is left")
            assert (await stub.Publish(pubsub.Message(topic="t"))).sequence == 0, "the topic is gone"

    meet(scene())


def test_a_slow_subscriber_is_told_what_it_missed_and_others_wait_for_nobody(server):
    async def scene():
        async with connections(server, 3) as (publisher, quick_channel, slow_channel):
            quick = await subscribe(quick_channel, "flood")
            slow = await subscribe(slow_channel, "flood")
            stub = pubsub_pb2_grpc.PubSubStub(publisher)
            payload = bytes(60_000)
            for _ in range(200):  # 12 MB: more than HTTP/2 keeps for one that does not read, and the topic
                await soon(stub.Publish(pubsub.Message(topic="flood", payload=payload)))
                assert (await soon(quick.read())).payload == payload
            missed, next_sequence = 0, 1
            while next_sequence <= 200:
                news = await soon(slow.read())
                if news.WhichOneof("what") == "missed":
                    missed += news.missed
                    next_sequence += news.missed
                else:
                    assert news.sequence == next_sequence
                    next_sequence += 1
            assert missed > 0

    meet(scene())


def test_bad_topics_are_refused(server, connect, failure):
    stub = pubsub_pb2_grpc.PubSubStub(connect(server))
    for topic in ("", "x" * 257):
        with failure(grpc.StatusCode.INVALID_ARGUMENT) as error:
            stub.Publish(pubsub.Message(topic=topic), timeout=20)
        assert "1 to 256 bytes" in error.details
        with failure(grpc.StatusCode.INVALID_ARGUMENT):
            list(stub.Subscribe(pubsub.Subscription(topic=topic), timeout=20))
