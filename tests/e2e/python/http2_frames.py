"""HTTP/2 by the byte, for what no HTTP/2 library sends, or none sends fast enough."""

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 2, 3, 4, 6, 7, 8, 9
END_STREAM, END_HEADERS = 1, 4


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def literal(name: bytes, value: bytes, index: bool = False) -> bytes:
    """A header field of HPACK without Huffman coding, of less than 127 bytes; with `index` it enters the table."""
    return bytes([0x40 if index else 0, len(name)]) + name + bytes([len(value)]) + value


REQUEST = b"\x83\x86" + b"".join(  # POST, http
    literal(name, value)
    for name, value in [
        (b":path", b"/echo.Echo/BidiStream"),
        (b":authority", b"localhost"),
        (b"content-type", b"application/grpc"),
        (b"te", b"trailers"),
    ]
)


def headers(stream: int, block: bytes = REQUEST, flags: int = END_HEADERS) -> bytes:
    return frame(HEADERS, flags, stream, block)
