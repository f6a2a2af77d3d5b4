"""The servers that call others: bench.Caller by a guest, and on grpc-go."""

from pathlib import Path

from .servers import Server

ONE_MODULE = "one-module"
TWO_MODULES = "two-modules"
TWO_MODULES_ASYNC = "two-modules-async"
ONE_GO = "one-grpc-go"
GO_TO_GO = "grpc-go-to-grpc-go"
OUT = "out"
OUT_ASYNC = "out-async"
OUT_GO = "out-grpc-go"
GATHER = "gather"
GATHER_GO = "gather-grpc-go"
HOLD = "hold"

_BUILD_BENCH = "build it with `cmake -DWASM_GRPC_BUILD_BENCH=ON` and `ninja`"


def _config(address, *modules):
    caller, *others = modules
    lines = ['listen = "127.0.0.1:0"', "workers = 1", "[[target]]", 'name = "echo"', f'address = "{address}"',
             "[[module]]", f'path = "{caller}"', "targets = { echo = {} }"]
    for path in others:
        lines += ["[[module]]", f'path = "{path}"']
    return "\n".join(lines) + "\n"


class CallerServers:
    """Those of one run; their config files are in `scratch`."""

    def __init__(self, build, guests, scratch, with_go):
        self._ours = str(build / "wasm-grpc")
        self._go = str(build / "bench" / "grpc_go_echo")
        self._caller, self._echo = str(guests / "caller.wasm"), str(guests / "echo.wasm")
        self._scratch = Path(scratch)
        self._with_go = with_go

    def _guest(self, name, label, address, *others):
        file = self._scratch / f"{name}.toml"
        file.write_text(_config(address, self._caller, *others))
        return Server(name, label, (self._ours, "serve", "-c", str(file)), _BUILD_BENCH, (self._ours, "--version"),
                      needs=(self._caller, *others))

    def _native(self, name, label, *options):
        if not self._with_go:
            return []
        return [Server(name, label, (self._go, "--listen", "127.0.0.1:0", *options),
                       f"install Go 1.26 or newer and {_BUILD_BENCH}", (self._go, "--version"),
                       environment={"GOMAXPROCS": "1"})]

    def local(self):
        """One that answers, and one that asks another of the same process, which for grpc-go is itself by loopback."""
        of_modules = [self._guest(name, label, "module:echo", self._echo) for name, label in (
            (ONE_MODULE, "wasm-grpc, one module"), (TWO_MODULES, "wasm-grpc, a module that calls another"),
            (TWO_MODULES_ASYNC, "wasm-grpc, a coroutine that calls another module"))]
        return [*of_modules, *self._native(ONE_GO, "grpc-go"),
                *self._native(GO_TO_GO, "grpc-go that calls itself over loopback")]

    def outbound(self, echo):
        return [self._guest(OUT, "wasm-grpc, handlers in a guest", f"ipv4:{echo}"),
                self._guest(OUT_ASYNC, "wasm-grpc, coroutines in a guest", f"ipv4:{echo}"),
                *self._native(OUT_GO, "grpc-go's client, native", "--echo", echo)]

    def gateways(self, echo):
        return [self._guest(GATHER, "wasm-grpc, a coroutine in a guest", f"ipv4:{echo}"),
                *self._native(GATHER_GO, "grpc-go, native", "--echo", echo)]

    def holder(self, echo):
        return self._guest(HOLD, "wasm-grpc, a coroutine in a guest", f"ipv4:{echo}")
