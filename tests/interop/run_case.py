"""Runs one case of the official interoperability client against a server of the interop guest."""

import argparse
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e" / "python"))
from certificates import Authority  # noqa: E402
from server import Server  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("--program", required=True, help="wasm-grpc")
parser.add_argument("--guest", required=True, help="interop.wasm")
parser.add_argument("--code-cache", required=True, help="where the compiled guest is kept for the next case")
parser.add_argument("--client", required=True, help="the client of google.golang.org/grpc/interop")
parser.add_argument("--limit", type=float, required=True, help="seconds the client may take")
parser.add_argument("--tls", action="store_true", help="over TLS, with certificates made for it")
parser.add_argument("case")
parser.add_argument("client_flags", nargs="*")
options = parser.parse_args()

with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    command = [options.program, "serve", options.guest, "--listen", "127.0.0.1:0", "--code-cache", options.code_cache]
    client = [options.client, f"-test_case={options.case}", *options.client_flags]
    if options.tls:
        authority = Authority(folder, "authority")
        certificate, key = authority.sign("server", "server", "DNS:interop.test")
        command += ["--tls-cert", certificate, "--tls-key", key]
        client += ["-use_tls", "-use_test_ca", f"-ca_file={authority.certificate}"]
        client += ["-server_host_override=interop.test"]
    server = Server(folder, command)
    try:
        host, port = server.host_and_port
        result = subprocess.run([*client, f"-server_host={host}", f"-server_port={port}"], timeout=options.limit)
    finally:
        log = server.log
        server.stop()
if result.returncode != 0:
    print(f"the client failed the case {options.case}; the server's log:\n{log}", file=sys.stderr)
sys.exit(result.returncode)
