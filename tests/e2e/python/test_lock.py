"""The example lock: unary calls that are answered when it is their turn."""

import asyncio

import grpc
import lock_pb2 as lock
import lock_pb2_grpc
import pytest
from crowd import connections, meet, soon

PEOPLE = 40


@pytest.fixture
def server(serve):
    return serve("lock", "--workers", "2")


def acquire(stub, name="door", seconds=0, **options):
    return stub.Acquire(lock.AcquireRequest(name=name, lease_seconds=seconds), **options)


def release(stub, token, name="door"):
    return stub.Release(lock.ReleaseRequest(name=name, token=token))


def test_only_one_at_a_time_holds_a_lock(server):
    async def scene():
        inside, entries, tokens = 0, 0, []

        async def visit(stub):
            nonlocal inside, entries
            for _ in range(3):
                token = (await soon(acquire(stub))).token
                inside += 1
                assert inside == 1
                await asyncio.sleep(0.001)
                inside -= 1
                entries += 1
                tokens.append(token)
                await soon(release(stub, token))

        async with connections(server, PEOPLE) as channels:
            await asyncio.gather(*(visit(lock_pb2_grpc.LockStub(channel)) for channel in channels))
        assert entries == 3 * PEOPLE
        assert tokens == sorted(set(tokens)), "each token is greater than those before"

    meet(scene())


def test_those_who_wait_are_answered_in_the_order_they_came(server):
    async def scene():
        async with connections(server, 1) as (channel,):
            stub = lock_pb2_grpc.LockStub(channel)
            token = (await soon(acquire(stub))).token
            waiting = [acquire(stub) for _ in range(30)]  # on one connection, which keeps their order
            for call in waiting:
                await soon(release(stub, token))
                token = (await soon(call)).token
            await soon(release(stub, token))

    meet(scene())


def test_locks_of_different_names_do_not_wait_for_each_other(server):
    async def scene():
        async with connections(server, 20) as channels:
            stubs = list(map(lock_pb2_grpc.LockStub, channels))
            held = await asyncio.gather(*(soon(acquire(stub, f"door {i}")) for i, stub in enumerate(stubs)))
            assert len(held) == 20 and all(answer.token > 0 for answer in held)

    meet(scene())


def test_who_gives_up_waiting_leaves_the_queue(server):
    async def scene():
        async with connections(server, 3) as (holder, impatient, patient):
            stub = lock_pb2_grpc.LockStub(holder)
            token = (await soon(acquire(stub))).token
            late = acquire(lock_pb2_grpc.LockStub(impatient), timeout=0.2)
            last = acquire(lock_pb2_grpc.LockStub(patient))
            with pytest.raises(grpc.aio.AioRpcError) as error:
                await soon(late)
            assert error.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
            await soon(release(stub, token))
            assert (await soon(last)).token > token

    meet(scene())


def test_a_lease_that_ends_frees_the_lock(server):
    async def scene():
        async with connections(server, 2) as (forgetful, waiting):
            forgetful = lock_pb2_grpc.LockStub(forgetful)
            waiting = lock_pb2_grpc.LockStub(waiting)
            first = (await soon(acquire(forgetful, seconds=1))).token
            second = (await soon(acquire(waiting))).token
            assert second > first
            with pytest.raises(grpc.aio.AioRpcError) as error:
                await soon(release(forgetful, first))
            assert error.value.code() == grpc.StatusCode.NOT_FOUND
            await soon(release(waiting, second))

    meet(scene())


def test_what_makes_no_sense_is_refused(server, connect, failure):
    stub = lock_pb2_grpc.LockStub(connect(server))
    for request in (lock.AcquireRequest(), lock.AcquireRequest(name="x" * 257), lock.AcquireRequest(name="x", lease_seconds=3601)):
        with failure(grpc.StatusCode.INVALID_ARGUMENT):
            stub.Acquire(request, timeout=20)
    with failure(grpc.StatusCode.NOT_FOUND):
        stub.Release(lock.ReleaseRequest(name="x", token=1), timeout=20)
    with failure(grpc.StatusCode.NOT_FOUND):
        stub.Release(lock.ReleaseRequest(name="x"), timeout=20)
