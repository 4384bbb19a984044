"""Lets containers reach a port that only this machine itself can reach, for as long as they need it."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

CHUNK = 64 * 1024
CONNECT_SECONDS = 5
# The interval at which the server looks whether it should end.
LOOK_SECONDS = 0.05


@contextmanager
def forwarded(address: str, port: int) -> Iterator[int]:
    """Carries connections to `address` on to `port` of the loopback address; yields the port to connect to.

    Raises OSError when the address is not one of this machine's.
    """

    class Carry(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", port), CONNECT_SECONDS) as inside:
                inside.settimeout(None)
                back = threading.Thread(target=_pour, args=(inside, self.request), daemon=True)
                back.start()
                _pour(self.request, inside)
                back.join()

    with _Server((address, 0), Carry) as server:
        threading.Thread(target=server.serve_forever, args=(LOOK_SECONDS,), daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    # A connection that a stopped container left open must not keep the listener from closing.
    block_on_close = False


def _pour(source: socket.socket, sink: socket.socket) -> None:
    """Copy until either side ends; a side that breaks off has ended as well."""
    try:
        while data := source.recv(CHUNK):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return
