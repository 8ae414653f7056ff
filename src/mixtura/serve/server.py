"""The HTTP side: sockets, limits on time and size, and what goes wrong, in words."""

import io
import socket
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

from mixtura.serve.app import Answer, App
from mixtura.serve.guard import HEADERS, admitted, new_token
from mixtura.serve.refusal import Refused

ADDRESS = "127.0.0.1"
REQUEST_SECONDS = 30.0
"""A whole request must arrive within this time."""

DRAIN_SECONDS, DRAIN_BYTES = 2.0, 2**26
"""How much of a refused upload is taken in, so that the browser reads the refusal."""

CONNECTIONS = 32


class PageServer(ThreadingHTTPServer):
    """Serve one `App` to whoever knows its address.

    Parameters
    ----------
    app : App
    port : int
        0 for one that is free.
    request_seconds : float
        Time for a request to arrive.

    Raises
    ------
    OSError
        If the port is taken.
    """

    daemon_threads = True
    request_queue_size = CONNECTIONS

    def __init__(
        self, app: App, port: int = 0, request_seconds: float = REQUEST_SECONDS
    ) -> None:
        self.app = app
        self.token = new_token()
        self.request_seconds = request_seconds
        self._slots = threading.BoundedSemaphore(CONNECTIONS)
        self._open: set[socket.socket] = set()
        super().__init__((ADDRESS, port), _Handler)

    @property
    def url(self) -> str:
        """Address of the page, with the secret."""
        return f"http://{ADDRESS}:{self.server_port}/{self.token}/"

    def server_bind(self) -> None:
        """Bind, without asking a name server what this machine is called."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = ADDRESS, self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve in a thread, if there is a free one."""
        if not self._slots.acquire(blocking=False):
            with suppress(OSError):
                request.sendall(b"HTTP/1.0 503 Too many connections\r\n\r\n")
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve, and free the thread."""
        try:
            self._open.add(request)
            super().process_request_thread(request, client_address)
        finally:
            self._open.discard(request)
            self._slots.release()

    def server_close(self) -> None:
        """Stop listening, and hang up on whoever is connected."""
        super().server_close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Show defects of the program, but not clients that went away."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    server_version = "mixtura"
    sys_version = ""

    def setup(self) -> None:
        super().setup()
        reader = _Deadlined(self.connection, self.server.request_seconds)
        self.rfile = io.BufferedReader(reader)

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def _answer(self, respond: Any) -> None:
        try:
            answer: Answer = respond()
        except Refused as refusal:
            self._refuse(refusal)
            return
        except TimeoutError:
            self._refuse(Refused(408, "The request took too long to arrive."))
            return
        except Exception:
            self._refuse(
                Refused(
                    500,
                    "This is a defect of mixtura; the terminal in which it runs shows "
                    "what happened. The page can still be used.",
                )
            )
            raise
        self._send(200, answer)

    def _get(self) -> Answer:
        path = admitted("GET", self.path, self.headers, self.server.token)
        return self.server.app.get(path)

    def _post(self) -> Answer:
        path = admitted("POST", self.path, self.headers, self.server.token)
        app = self.server.app
        return app.post(path, self._body(app.largest_body(path)))

    def _body(self, most: int) -> bytes:
        """Read as many bytes as were announced, if they are not too many."""
        lengths = self.headers.get_all("Content-Length") or []
        if len(lengths) != 1 or "Transfer-Encoding" in self.headers:
            raise Refused(411, "The request must say its length, once.")
        if not (lengths[0].isascii() and lengths[0].isdigit() and len(lengths[0]) < 20):
            raise Refused(400, "The length of the request must be a number of bytes.")
        length = int(lengths[0])
        if length > most:
            self._drain(length)
            raise Refused(
                413,
                f"{length / 2**20:,.1f} MiB are too much; at most {most / 2**20:.0f} "
                "MiB can be sent. Choose some of the rows or columns.",
            )
        content = self.rfile.read(length)
        if len(content) < length:
            raise Refused(400, "The request ended early. Send it again.")
        return content

    def _drain(self, length: int) -> None:
        """Take in what is on its way: a closed door would hide the message."""
        deadline, left = time.monotonic() + DRAIN_SECONDS, min(length, DRAIN_BYTES)
        with suppress(TimeoutError):
            self.connection.settimeout(DRAIN_SECONDS)
            while left > 0 and time.monotonic() < deadline:
                received = self.rfile.read1(min(left, 2**16))
                if not received:
                    return
                left -= len(received)

    def _refuse(self, refusal: Refused) -> None:
        content = f"{refusal.reason}\n".encode()
        self._send(refusal.status, Answer(content, "text/plain; charset=utf-8"))

    def _send(self, status: int, answer: Answer) -> None:
        self.connection.settimeout(self.server.request_seconds)
        self.send_response(status)
        self.send_header("Content-Type", answer.type)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def end_headers(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def send_error(
        self, code: int, message: str | None = None, explain: str | None = None
    ) -> None:
        self._refuse(Refused(code, message or "This cannot be asked for."))

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing: an address holds the secret."""


class _Deadlined(io.RawIOBase):
    """Read from a socket until a time; a slow sender cannot stretch it byte by byte."""

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        self._connection = connection
        self._deadline = time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)
