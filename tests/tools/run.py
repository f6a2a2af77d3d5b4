"""grpcurl and grpc_health_probe against a server: they list, describe and call what it serves.

Usage: run.py --program wasm-grpc --guest described.wasm --tools FOLDER
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e" / "python"))
from server import Server  # noqa: E402

LIMIT = 60  # seconds

parser = argparse.ArgumentParser()
parser.add_argument("--program", required=True, help="wasm-grpc")
parser.add_argument("--guest", required=True, help="described.wasm")
parser.add_argument("--tools", required=True, type=pathlib.Path, help="where grpcurl and grpc-health-probe are")
options = parser.parse_args()


def run(tool: str, *arguments: str, fails_with: str = "") -> str:
    """What the tool prints; with `fails_with` it is to fail, and say so."""
    done = subprocess.run([options.tools / tool, *arguments], capture_output=True, text=True, timeout=LIMIT)
    said = done.stdout + done.stderr
    if fails_with:
        assert done.returncode != 0 and fails_with in said, f"{tool} {arguments}: {done.returncode}: {said}"
    else:
        assert done.returncode == 0, f"{tool} {arguments}: {done.returncode}: {said}"
    return done.stdout


def grpcurl(*words: str, data=None, fails_with: str = "") -> str:
    flags = [] if data is None else ["-d", data if isinstance(data, str) else json.dumps(data)]
    return run("grpcurl", "-plaintext", *flags, server.address, *words, fails_with=fails_with)


def values(text: str) -> list:
    decoder, found, text = json.JSONDecoder(), [], text.strip()
    while text:
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:].strip()
    return found


with tempfile.TemporaryDirectory() as name:
    server = Server(
        pathlib.Path(name), [options.program, "serve", options.guest, "--listen", "127.0.0.1:0", "--workers", "1"]
    )
    try:
        services = grpcurl("list").split()
        assert "described.Mirror" in services and "grpc.health.v1.Health" in services, services
        assert "described.Mirror.BidiStream\n" in grpcurl("list", "described.Mirror")
        assert "rpc BidiStream ( stream .described.Message ) returns ( stream .described.Message );" in grpcurl(
            "describe", "described.Mirror"
        )
        assert "map<string, int32> numbers = 7;" in grpcurl("describe", "described.Message")
        assert "extensions 100 to 199;" in grpcurl("describe", "described.base.Extensible")
        full = {"text": "hello", "numbers": {"a": 1}, "time": "2026-11-22T10:00:00Z", "base": {"name": "base"}}
        assert values(grpcurl("described.Mirror/Unary", data=full)) == [full]
        assert values(grpcurl("described.Mirror/BidiStream", data='{"count":1}{"count":2}')) == [
            {"count": 1},
            {"count": 2},
        ]
        grpcurl("described.Mirror/Fail", data={"code": 5, "message": "as asked"}, fails_with="as asked")
        grpcurl("describe", "no.Such", fails_with="no.Such")

        probe = ("grpc-health-probe", f"-addr={server.address}")
        assert run(*probe) == ""  # it says "status: SERVING" on standard error
        run(*probe, "-service=described.Mirror")
        run(*probe, "-service=no.Such", fails_with="NotFound")
        grpcurl("described.Mirror/SetServing", data={"service": "described.Mirror", "serving": False})
        run(*probe, "-service=described.Mirror", fails_with="NOT_SERVING")
    finally:
        server.stop()
print("grpcurl and grpc_health_probe are content")
