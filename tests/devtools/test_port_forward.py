"""The forwarded port through which containers reach local AWS."""

import socket
import socketserver
import threading
from collections.abc import Iterator

import pytest

from firebreak_devtools.local.port_forward import forwarded


class Echo(socketserver.StreamRequestHandler):
    """Answers with what it was sent, once the sender is done."""

    def handle(self) -> None:
        self.wfile.write(self.rfile.read())


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of an echo service that only this machine reaches."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def ask(port: int, said: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.sendall(said)
        line.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: line.recv(65536), b""))


@pytest.mark.parametrize("size", [0, 1, 300_000], ids=["nothing", "one byte", "more than a buffer"])
def test_bytes_are_forwarded_and_the_answer_comes_back(echo: int, size: int) -> None:
    said = b"x" * size
    with forwarded("127.0.0.1", echo) as port:
        answer = ask(port, said)

    assert port != echo
    assert answer == said


def test_several_connections_are_forwarded_at_once(echo: int) -> None:
    with (
        forwarded("127.0.0.1", echo) as port,
        socket.create_connection(("127.0.0.1", port), timeout=5) as first,
    ):
        first.sendall(b"not done yet")
        answer = ask(port, b"second")

    assert answer == b"second"


def test_the_forwarded_port_is_closed_afterwards(echo: int) -> None:
    with forwarded("127.0.0.1", echo) as port:
        pass

    with pytest.raises(ConnectionRefusedError):
        ask(port, b"too late")


def test_an_address_of_another_machine_is_not_forwarded() -> None:
    with pytest.raises(OSError, match="assign"), forwarded("203.0.113.1", 1):
        pass
