"""What the tests share: servers, channels and the paths of what was built (given by tests/e2e/CMakeLists.txt)."""

import os
import pathlib
import shutil
import subprocess
import sys

import grpc
import pytest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), os.environ["WASM_GRPC_TEST_STUBS"]]

import debian  # noqa: E402
from server import Server  # noqa: E402

GUESTS = pathlib.Path(os.environ["WASM_GRPC_TEST_GUESTS"])
# Guests that not every machine can build.
IN_GO = ("go_echo", "go_conformance", "go_events", "account-go", "greeter-go", "route-guide-go", "gateway-go")
IN_ZIG = ("pantopic_ext",)
IN_RUST = ("account_rust", "gateway_rust", "greeter_rust", "rust_http")
# A server is started for nearly each test, and to compile its guests takes longer than most of them. Those in Go take many seconds on a
# busy machine: tests/e2e/CMakeLists.txt has that done before. That servers compile is for test_cli.py, test_code_cache.py and others.
CODE_CACHE = os.environ["WASM_GRPC_TEST_CODE_CACHE"]
SANITIZED = os.environ.get("WASM_GRPC_TEST_SANITIZED") == "1"


def pytest_collection_modifyitems(items):
    if SANITIZED:
        for item in items:
            if item.get_closest_marker("memory"):
                item.add_marker(pytest.mark.skip(reason="a sanitizer changes how much memory the server takes"))


@pytest.fixture(scope="session")
def sanitized() -> bool:
    """Whether the program is built with a sanitizer, which changes how much memory it takes."""
    return SANITIZED


@pytest.fixture(scope="session")
def program() -> pathlib.Path:
    """The wasm-grpc program."""
    return pathlib.Path(os.environ["WASM_GRPC_TEST_PROGRAM"])


@pytest.fixture(scope="session")
def guest():
    """guest("greeter") is the file of that guest; a test of a guest that this machine cannot build is skipped."""

    def find(name: str) -> pathlib.Path:
        file = GUESTS / f"{name}.wasm"
        if name in IN_GO and not file.exists():
            pytest.skip("guests in Go are not built here: they need Go 1.24")
        if name in IN_ZIG and not file.exists():
            pytest.skip("guests in Zig are not built here: scripts/guest-toolchains installs Zig")
        if name in IN_RUST and not file.exists():
            pytest.skip("guests in Rust are not built here: they need Rust for wasm32-wasip1")
        assert file.exists(), f"{file} is not built"
        return file

    return find


@pytest.fixture(scope="session")
def everything(program, guest, tmp_path_factory):
    """One server of several modules, for tests that leave it as it was. Not those in Go: they take long to compile."""
    modules = map(guest, ["greeter", "echo", "route_guide", "conformance", "wasi_probe"])
    folder = tmp_path_factory.mktemp("everything")
    server = Server(folder, [program, "serve", *modules, "--listen", "127.0.0.1:0", "--code-cache", CODE_CACHE])
    yield server
    server.stop()


@pytest.fixture(scope="session")
def everything_in_go(program, guest, tmp_path_factory):
    """The same of the guests in Go."""
    modules = map(guest, ["greeter-go", "route-guide-go", "go_conformance"])
    folder = tmp_path_factory.mktemp("everything_in_go")
    command = [program, "serve", *modules, "--listen", "127.0.0.1:0", "--code-cache", CODE_CACHE]
    server = Server(folder, command)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def as_another(program, guest):
    """What a command begins with to run as a user who may not read every file: as root that of nobody, else nothing."""
    if os.geteuid() != 0:
        return []
    if not shutil.which("setpriv"):
        pytest.skip("setpriv is missing, by which root runs the server as another user")
    prefix = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    for file in (program, guest("conformance")):
        if subprocess.run([*prefix, "test", "-r", file], timeout=20).returncode != 0:
            pytest.skip("what was built is in a folder that other users may not read")
    return prefix


@pytest.fixture(scope="session")
def debian_base(tmp_path_factory):
    """What debian.make_base() makes, once for all tests of a run."""
    folder = tmp_path_factory.mktemp("debian") / "base"
    debian.make_base(folder)
    yield folder
    shutil.rmtree(folder)  # hundreds of megabytes, which pytest would keep


@pytest.fixture
def serve(program, guest, tmp_path_factory):
    """serve("conformance", "--workers", "1") starts a server; they are stopped, and judged, after the test.

    Modules that are not built here go among the flags; serve.folder is for them, and serve.program is the program."""
    servers = []

    def start(*arguments: str) -> Server:
        names = [argument for argument in arguments if (GUESTS / f"{argument}.wasm").exists()]
        flags = [argument for argument in arguments if argument not in names]
        if "--code-cache" not in flags:
            flags += ["--code-cache", CODE_CACHE]
        command = [program, "serve", *map(guest, names), "--listen", "127.0.0.1:0", *flags]
        servers.append(Server(tmp_path_factory.mktemp("server"), command))
        return servers[-1]

    start.program, start.folder = program, tmp_path_factory.mktemp("modules")
    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def connect():
    """connect(server) is a channel with a connection of its own, closed after the test; over TLS with an authority."""
    channels = []

    def open_channel(server: Server, authority=None, **options) -> grpc.Channel:
        options = {"use_local_subchannel_pool": 1, "enable_http_proxy": 0, **options}
        arguments = [(f"grpc.{name}", value) for name, value in options.items()]
        if authority is None:
            channels.append(grpc.insecure_channel(server.address, arguments))
        else:
            credentials = grpc.ssl_channel_credentials(authority.certificate.read_bytes())
            channels.append(grpc.secure_channel("%s:%d" % server.host_and_port, credentials, arguments))
        return channels[-1]

    yield open_channel
    for channel in channels:
        channel.close()


@pytest.fixture
def everywhere(everything, connect) -> grpc.Channel:
    """A channel to that server."""
    return connect(everything)


@pytest.fixture
def go_everywhere(everything_in_go, connect) -> grpc.Channel:
    """A channel to that of the guests in Go."""
    return connect(everything_in_go)


@pytest.fixture
def failure():
    """with failure(grpc.StatusCode.ABORTED) as error: the call is to fail so."""
    return Failure


class Failure:
    def __init__(self, code: grpc.StatusCode):
        self.code = code
        self.error = None

    @property
    def details(self) -> str:
        return self.error.details()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        assert isinstance(error, grpc.RpcError), f"expected {self.code}, got {error!r}"
        assert error.code() == self.code, f"expected {self.code}, got {error.code()}: {error.details()}"
        self.error = error
        return True
