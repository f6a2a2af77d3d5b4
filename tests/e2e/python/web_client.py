"""A client of Connect and gRPC-Web: curl, and the envelopes that messages are in."""

import base64
import struct
import subprocess

LIMIT = 20
HTTP_VERSIONS = ("--http1.1", "--http2-prior-knowledge")


def envelope(message: bytes, flags: int = 0) -> bytes:
    return struct.pack(">BI", flags, len(message)) + message


def envelopes(body: bytes) -> list[tuple[int, bytes]]:
    found = []
    while body:
        flags, length = struct.unpack(">BI", body[:5])
        assert len(body) >= 5 + length
        found.append((flags, body[5 : 5 + length]))
        body = body[5 + length :]
    return found


def from_base64(text: bytes) -> bytes:
    """Of a body of grpc-web-text, whose pieces may be padded each."""
    plain = b""
    while text:
        end = text.find(b"=")
        end = len(text) if end < 0 else (end // 4 + 1) * 4
        plain, text = plain + base64.b64decode(text[:end], validate=True), text[end:]
    return plain


def curl(server, path, *arguments, data=None):
    """Status, headers and body of what curl gets from a server."""
    command = ["curl", "--silent", "--show-error", "--max-time", str(LIMIT), "--include", "--output", "-"]
    if data is not None:
        command += ["--data-binary", "@-"]
    out = subprocess.run(
        [*command, *arguments, f"http://{server.address}{path}"], input=data or b"", capture_output=True, timeout=60
    )
    assert out.returncode == 0, out.stderr
    head, _, body = out.stdout.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    return int(lines[0].split()[1]), headers, body
