"""One unary call of the greeter by each protocol that is served beside gRPC."""

import urllib.request
from dataclasses import dataclass

from .errors import BenchError
from .loads import Unary

_NAME = b"\x0a\x03Ada"
_PREFIXED = b"\x00\x00\x00\x00\x05" + _NAME


@dataclass(frozen=True)
class Web(Unary):
    """The name is "Ada"; the reply is "Hello Ada"."""

    path: str = "/helloworld.Greeter/SayHello"
    content_type: str = ""
    body: bytes = b""
    replies: tuple = ()  # the fewest and the most bytes of a body
    over_http1: bool = True
    goal: float = 3

    def request(self):
        return self.body

    def headers(self):
        return (f"content-type: {self.content_type}",)

    def reply_sizes(self):
        return self.replies

    def check(self, running):
        """Calls once over HTTP/1.1, where that can be, and looks for what every reply has."""
        if not self.over_http1:
            return
        request = urllib.request.Request(running.url + self.path, self.body, {"content-type": self.content_type})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=20) as response:
                reply = response.read()
        except OSError as error:
            raise BenchError(f"server {running.server.name}, {self.name}: {error}") from error
        least, most = self.replies
        if b"Hello Ada" not in reply or not least <= len(reply) <= most:
            raise BenchError(f"server {running.server.name}, {self.name}: answers {reply!r}")


def _web(name, what, *arguments, **more):
    return Web(name, f"The greeter by {what}, unary, 10 connections x 10 streams", 10, 10, content_type=arguments[0],
               body=arguments[1], replies=arguments[2], **more)


WEB_GRPC = _web("web-grpc", "gRPC", "application/grpc", _PREFIXED, (16, 16), over_http1=False)
WEB_JSON = _web("web-connect-json", "Connect in JSON", "application/json", b'{"name":"Ada"}', (23, 24), goal=2)
WEB_LOADS = (
    WEB_GRPC,
    _web("web-grpc-web", "gRPC-Web", "application/grpc-web+proto", _PREFIXED, (37, 37)),
    _web("web-connect", "Connect in protobuf", "application/proto", _NAME, (11, 11)),
    WEB_JSON,
)
