"""The example account, in three languages: actors whose state survives their process, and which two processes cannot both
change."""

import threading
import time

import account_pb2 as account
import account_pb2_grpc
import grpc
import pytest
from server import eventually

LIMIT = 40


class Account:
    """Calls of one account, by one channel."""

    def __init__(self, channel, name: str = "alice"):
        self._stub = account_pb2_grpc.AccountsStub(channel)
        self._metadata = [("account-id", name)]

    def deposit(self, cents: int):
        return self._stub.Deposit(account.Amount(cents=cents), metadata=self._metadata, timeout=LIMIT)

    def withdraw(self, cents: int):
        return self._stub.Withdraw(account.Amount(cents=cents), metadata=self._metadata, timeout=LIMIT)

    def hold(self, cents: int, milliseconds: int):
        request = account.HoldRequest(cents=cents, milliseconds=milliseconds)
        return self._stub.Hold(request, metadata=self._metadata, timeout=LIMIT)

    def show(self):
        return self._stub.Show(account.ShowRequest(), metadata=self._metadata, timeout=LIMIT)


def code(call, *arguments) -> grpc.StatusCode:
    with pytest.raises(grpc.RpcError) as failed:
        call(*arguments)
    return failed.value.code()


@pytest.fixture(params=["account", "account-go", "account_rust"])
def module(request, guest):
    guest(request.param)
    return request.param


@pytest.fixture
def bank(serve, module, tmp_path):
    """A server; all of them share one store."""

    def start(*flags):
        store = ("--store-backend", "sqlite", "--store-path", str(tmp_path / "accounts"))
        return serve(module, *store, "--workers", "2", *flags)

    return start


@pytest.fixture
def open_account(connect):
    return lambda server, name="alice": Account(connect(server), name)


def test_an_account_is_as_its_calls_left_it(serve, module, open_account):
    server = serve(module)  # in memory
    alice = open_account(server)
    assert alice.deposit(1000).cents == 1000
    assert alice.withdraw(300).cents == 700
    assert alice.show().cents == 700
    assert code(alice.withdraw, 701) == grpc.StatusCode.FAILED_PRECONDITION
    assert code(alice.deposit, 0) == grpc.StatusCode.INVALID_ARGUMENT
    assert alice.show().cents == 700
    assert open_account(server, "bob").show().cents == 0


def test_a_call_says_whose_account_it_is(serve, module, connect):
    stub = account_pb2_grpc.AccountsStub(connect(serve(module)))
    assert code(stub.Show, account.ShowRequest()) == grpc.StatusCode.INVALID_ARGUMENT


def test_an_account_survives_its_process(bank, open_account):
    server = bank()
    assert open_account(server).deposit(500).cents == 500
    server.kill()
    assert open_account(bank()).show().cents == 500


def test_an_account_survives_its_instance(bank, module, open_account):
    server = bank("--instance-idle-timeout", "100")
    alice = open_account(server)
    assert alice.deposit(500).cents == 500
    server.wait_for_log(f"{module}: gave up account/alice")
    assert alice.withdraw(100).cents == 400


def test_money_that_is_set_aside_is_free_again_by_an_alarm(bank, open_account):
    server = bank()
    alice = open_account(server)
    alice.deposit(500)
    assert alice.hold(400, 500).free_cents == 100
    assert code(alice.withdraw, 101) == grpc.StatusCode.FAILED_PRECONDITION
    eventually(lambda: alice.show().free_cents == 500, "the hold has ended")
    assert alice.withdraw(450).cents == 50


def test_of_two_processes_the_one_that_is_behind_is_told_and_reads_again(bank, open_account):
    one, other = open_account(bank()), open_account(bank())
    assert one.deposit(100).cents == 100
    assert other.deposit(100).cents == 200, "its first event has read what is there"
    assert code(one.deposit, 1) == grpc.StatusCode.ABORTED
    assert one.deposit(1).cents == 201
    assert code(other.withdraw, 1) == grpc.StatusCode.ABORTED
    assert other.show().cents == 201


class Customer(threading.Thread):
    """Deposits 1 cent at a time, and counts what it was told."""

    def __init__(self, account: Account):
        super().__init__()
        self.account = account
        self.done, self.aborted, self.unknown = 0, 0, 0
        self.stopped = threading.Event()

    def run(self):
        while not self.stopped.is_set():
            try:
                self.account.deposit(1)
                self.done += 1
            except grpc.RpcError as error:
                if error.code() == grpc.StatusCode.ABORTED:
                    self.aborted += 1
                else:
                    self.unknown += 1
                    time.sleep(0.01)


def test_no_acknowledged_change_is_lost_between_two_processes_one_of_which_is_killed(bank, open_account):
    servers = [bank(), bank()]
    customers = [Customer(open_account(server)) for server in servers for _ in range(4)]
    for customer in customers:
        customer.start()
    eventually(lambda: all(customer.done > 5 for customer in customers), "all were served")
    servers[0].kill()
    served = [customer.done for customer in customers[4:]]
    eventually(lambda: all(now.done > then for now, then in zip(customers[4:], served, strict=True)), "the other goes on")
    for customer in customers:
        customer.stopped.set()
    for customer in customers:
        customer.join()
    done = sum(customer.done for customer in customers)
    unknown = sum(customer.unknown for customer in customers)
    assert done <= open_account(servers[1]).show().cents <= done + unknown
    assert sum(customer.aborted for customer in customers) > 0, "the two were in each other's way"
