"""Many clients at once, each with a connection of its own, in one event loop."""

import asyncio
import contextlib

import grpc

LIMIT = 30  # seconds for anything that is to happen


def meet(scene):
    """Runs a coroutine to its end."""
    asyncio.run(asyncio.wait_for(scene, 2 * LIMIT))


def soon(awaitable):
    """What it gives; a failure when that takes long."""
    return asyncio.wait_for(awaitable, LIMIT)


@contextlib.asynccontextmanager
async def connections(server, count):
    """So many channels, closed in the end, which cancels their calls."""
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]
    channels = [grpc.aio.insecure_channel(server.address, options) for _ in range(count)]
    try:
        yield channels
    finally:
        await asyncio.gather(*(channel.close() for channel in channels))


async def until(condition, what):
    """Waits until await condition() is true."""

    async def poll():
        while not await condition():
            await asyncio.sleep(0.01)

    try:
        await soon(poll())
    except asyncio.TimeoutError:
        raise AssertionError(f"it did not come to this: {what}") from None
