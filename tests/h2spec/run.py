"""Runs h2spec in strict mode against a server, and names the cases that fail.

Usage: run.py --program wasm-grpc --guest ANY.wasm --h2spec h2spec [--tls]
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e" / "python"))
from certificates import Authority  # noqa: E402
from server import Server  # noqa: E402

CASES = 146  # of version 2.2.1, the strict one included
ANSWER_LIMIT = 10  # seconds that h2spec waits for an answer; what is right comes at once
RUN_LIMIT = 200  # seconds

parser = argparse.ArgumentParser()
parser.add_argument("--program", required=True, help="wasm-grpc")
parser.add_argument("--guest", required=True, help="a guest to serve; it is not called")
parser.add_argument("--h2spec", required=True)
parser.add_argument("--tls", action="store_true", help="over TLS, with certificates made for it")
options = parser.parse_args()

with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    serve = [options.program, "serve", options.guest, "--listen", "127.0.0.1:0"]
    if options.tls:
        certificate, key = Authority(folder, "authority").sign("server", "server", "DNS:localhost")
        serve += ["--tls-cert", certificate, "--tls-key", key]
    server = Server(folder, serve)
    try:
        host, port = server.host_and_port
        report = folder / "report.xml"
        command = [options.h2spec, "-S", "-h", host, "-p", str(port), "-o", str(ANSWER_LIMIT), "-j", str(report)]
        if options.tls:
            command += ["-t", "-k"]  # whether the certificate is believed is not the question here
        done = subprocess.run(command, timeout=RUN_LIMIT, capture_output=True, text=True)
        cases = [
            (f"{case.get('package')}: {case.get('classname')}", case)
            for case in xml.etree.ElementTree.parse(report).iter("testcase")
        ]
    finally:
        log = server.log
        server.stop()

passed = [title for title, case in cases if len(case) == 0]  # a failure, error or skip is an element in it
for title, case in cases:
    if len(case) > 0:
        print(f"FAILED {title}\n  {' '.join((case[0].text or case[0].tag).split())}", file=sys.stderr)
print(f"{len(passed)} of {CASES} cases passed")
if len(passed) != CASES or done.returncode != 0:
    print(f"h2spec ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr}\nThe server's log:\n{log}", file=sys.stderr)
    sys.exit(1)
