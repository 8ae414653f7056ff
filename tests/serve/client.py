"""A server in a thread, and a client that sends what it is told to, byte for byte."""

import json
import socket
import threading
from contextlib import contextmanager
from http.client import HTTPConnection

from mixtura.serve.app import App
from mixtura.serve.server import PageServer


@contextmanager
def running(app=None, **settings):
    """A page server that answers until the block ends."""
    with PageServer(app or App(), **settings) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield Client(server)
        finally:
            server.shutdown()
            thread.join()


class Client:
    """Asks as the page does, unless told otherwise."""

    def __init__(self, server):
        self.server = server
        self.port = server.server_port
        self.root = f"/{server.token}/"
        self.origin = f"http://127.0.0.1:{self.port}"

    def request(self, method, path, body=None, headers=None):
        """Status, headers and content of an answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def get(self, name="", **headers):
        return self.request("GET", self.root + name, headers=headers)

    def post(self, name, body, **headers):
        headers = {"Origin": self.origin, **headers}
        return self.request("POST", f"{self.root}api/{name}", body, headers)

    def ask(self, name, /, **document):
        """The answer to a request that must be granted."""
        status, _, content = self.post(name, json.dumps(document))
        assert status == 200, content.decode()
        return json.loads(content)

    def refused(self, name, document, status=400):
        """The words with which a request is refused."""
        body = document if isinstance(document, bytes) else json.dumps(document)
        got, headers, content = self.post(name, body)
        assert got == status, content.decode()
        assert headers["Content-Type"] == "text/plain; charset=utf-8"
        return content.decode()

    def upload(self, content, name="rows.csv"):
        """The summary of a file that must be accepted."""
        status, _, answer = self.post(f"upload?name={name}", content)
        assert status == 200, answer.decode()
        return json.loads(answer)

    def raw(self, content, timeout=10):
        """What comes back on a connection on which these bytes are sent."""
        with socket.create_connection(("127.0.0.1", self.port), timeout) as link:
            link.sendall(content)
            return b"".join(iter(lambda: link.recv(65536), b""))


def run_settings(data, **changes):
    """A request for a run, of two components on the first two columns."""
    return {
        "data": data,
        "columns": [0, 1],
        "n_components": 2,
        "covariance_type": "full",
        "start": "random",
        "means": None,
        "seed": 0,
        "algorithm": "em",
        "equal_weights": False,
        **changes,
    }
