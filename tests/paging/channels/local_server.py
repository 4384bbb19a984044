"""A real HTTP server on loopback that keeps what arrives and answers as programmed."""

import json
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Arrived:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))


type Reply = Callable[["Exchange", Arrived], None]


class Exchange(BaseHTTPRequestHandler):
    """One connection; `local` is the server it belongs to."""

    local: "LocalServer"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        arrived = Arrived(self.path, headers, body)
        self.local.arrived.append(arrived)
        reply = self.local.next.popleft() if self.local.next else self.local.usually
        reply(self, arrived)

    def do_GET(self) -> None:
        self.do_POST()

    def do_PUT(self) -> None:
        self.do_POST()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is the base class's
        """Say nothing."""


@dataclass
class LocalServer:
    """`next` are the replies to the next requests, `usually` is the one to all others."""

    address: str
    usually: Reply
    arrived: list[Arrived] = field(default_factory=list)
    next: deque[Reply] = field(default_factory=deque)
    over: threading.Event = field(default_factory=threading.Event)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients of these tests hang up early; that is no error of the server's."""


@contextmanager
def serving(usually: Reply, tls: ssl.SSLContext | None = None) -> Iterator[LocalServer]:
    """A server on a free port, gone at the end."""
    handler = type("Handler", (Exchange,), {})
    server = _Server(("127.0.0.1", 0), handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    local = LocalServer(f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}", usually)
    handler.local = local  # type: ignore[attr-defined]  # made just above
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield local
    finally:
        local.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def answer(status: int, body: object = "", **headers: str) -> Reply:
    """A status with a body: text and bytes as they are, anything else as JSON."""
    sent = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()

    def reply(exchange: Exchange, _: Arrived) -> None:
        exchange.send_response(status)
        for name, value in headers.items():
            exchange.send_header(name.replace("_", "-"), value)
        exchange.send_header("Content-Length", str(len(sent)))
        exchange.end_headers()
        exchange.wfile.write(sent)

    return reply


def echo(status: int) -> Reply:
    """Everything that arrived, sent back: the worst a receiver can do with a secret."""

    def reply(exchange: Exchange, arrived: Arrived) -> None:
        text = json.dumps(arrived.headers) + arrived.body.decode(errors="replace")
        answer(status, {"ok": False, "error": text, "message": text, "errors": [text]})(exchange, arrived)

    return reply


def hang(exchange: Exchange, _: Arrived) -> None:
    """Never answer."""
    exchange.local.over.wait()


def drip(exchange: Exchange, _: Arrived) -> None:
    """A byte now and then, so that no single wait is ever long."""
    exchange.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not exchange.local.over.wait(0.02):
        exchange.wfile.write(b".")


def hang_up(exchange: Exchange, _: Arrived) -> None:
    """Close the connection without a word."""
    exchange.close_connection = True


def garbage(exchange: Exchange, _: Arrived) -> None:
    """An answer that is no HTTP at all."""
    exchange.wfile.write(b"\x00\xff not http \r\n\r\n")
    exchange.close_connection = True
