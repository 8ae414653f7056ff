"""Only the page itself, with the secret, on this machine, is answered."""

import json
import socket
import time
from contextlib import ExitStack

import pytest
from client import running

from mixtura.serve.server import CONNECTIONS

START = json.dumps({}).encode()


def test_the_server_listens_on_this_machine_only(client):
    assert client.server.server_address[0] == "127.0.0.1"
    assert client.server.url.startswith(f"http://127.0.0.1:{client.port}/")


def test_two_servers_have_two_secrets(client):
    with running() as other:
        assert other.root != client.root
        assert other.port != client.port


def test_the_page_and_its_parts_are_served(client):
    for name, kind in {
        "": "text/html; charset=utf-8",
        "page.js": "text/javascript; charset=utf-8",
        "page.css": "text/css; charset=utf-8",
        "player.js": "text/javascript; charset=utf-8",
        "icon.svg": "image/svg+xml",
    }.items():
        status, headers, content = client.get(name)
        assert (status, headers["Content-Type"]) == (200, kind)
        assert content


def test_every_answer_forbids_foreign_content(client):
    for status, headers, _ in (
        client.get(),
        client.get("nothing"),
        client.post("start", START),
        client.request("GET", "/"),
        client.request("PUT", client.root),
    ):
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, status
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"


def test_the_page_has_no_inline_script_or_style(client):
    _, _, content = client.get()
    page = content.decode()
    assert "<style" not in page and "style=" not in page
    assert page.count("<script") == page.count('<script type="module" src=') == 1
    assert "onclick" not in page and "http://" not in page and "https://" not in page


@pytest.mark.parametrize("path", ["/", "/wrong/", "/?token=wrong", "/%00/", "/é/"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_the_secret_nothing_is_said(client, method, path):
    path = path.encode().decode("latin-1")
    wire = f"{method} {path} HTTP/1.0\r\nHost: 127.0.0.1:{client.port}\r\n"
    wire += f"Origin: {client.origin}\r\nContent-Length: 0\r\n\r\n"
    answer = client.raw(wire.encode("latin-1"))
    assert b" 403 " in answer.splitlines()[0]
    assert b"mixtura serve" in answer
    assert client.server.token.encode() not in answer


def test_a_part_of_the_secret_is_not_the_secret(client):
    for path in (client.root[:-2] + "/", client.root[:-1] + "x/", client.root.upper()):
        assert client.request("GET", path)[0] == 403
    assert client.request("GET", client.root.rstrip("/"))[0] == 404


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example:{port}", "", "::1"],
)
def test_a_foreign_host_name_is_refused(client, host):
    host = host.format(port=client.port)
    assert client.get(Host=host)[0] == 403


def test_two_host_headers_or_none_are_refused(client):
    good = f"Host: 127.0.0.1:{client.port}\r\n"
    for hosts in ("", good + good, good + "Host: evil.example\r\n"):
        answer = client.raw(f"GET {client.root} HTTP/1.0\r\n{hosts}\r\n".encode())
        assert b" 403 " in answer.splitlines()[0]


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "https://127.0.0.1:{port}"]
)
def test_a_foreign_origin_cannot_send(client, origin):
    headers = {} if origin is None else {"Origin": origin.format(port=client.port)}
    path = client.root + "api/start"
    status, _, content = client.request("POST", path, START, headers)
    assert status == 403
    assert b"Only the page itself" in content


def test_the_page_may_be_reached_by_the_name_localhost(client):
    host = f"localhost:{client.port}"
    headers = {"Host": host, "Origin": f"http://{host}"}
    assert client.request("POST", client.root + "api/start", START, headers)[0] == 200


@pytest.mark.parametrize(
    "name",
    [
        "../page.css",
        "..%2f..%2fapp.py",
        "%2e%2e/app.py",
        "/etc/passwd",
        "page.html",
        "api/start",
        "page.js/../app.py",
        "page.js%00",
    ],
)
def test_only_the_files_of_the_page_can_be_had(client, name):
    assert client.get(name)[0] == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "HEAD", "TRACE", "X"])
def test_other_methods_are_refused(client, method):
    assert client.request(method, client.root)[0] == 501


def test_an_unknown_request_is_not_found(client):
    assert "nothing at this address" in client.refused("nothing", {}, 404)


@pytest.mark.parametrize(
    "headers, status",
    [
        ("", 411),
        ("Content-Length: 2\r\nContent-Length: 2\r\n", 411),
        ("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", 411),
        ("Content-Length: -1\r\n", 400),
        ("Content-Length: two\r\n", 400),
        ("Content-Length: ²\r\n", 400),
        ("Content-Length: 99999999999999999999999\r\n", 400),
    ],
)
def test_a_request_must_say_its_length(client, headers, status):
    wire = f"POST {client.root}api/start HTTP/1.0\r\nOrigin: {client.origin}\r\n"
    wire += f"Host: 127.0.0.1:{client.port}\r\n{headers}\r\n{{}}"
    answer = client.raw(wire.encode("latin-1", "ignore"))
    assert f" {status} ".encode() in answer.splitlines()[0], answer


def test_garbage_is_answered_and_does_no_harm(client):
    for wire in (b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01" * 9 + b"\n", b"GET\r\n\r\n"):
        client.raw(wire)
    too_long = b"GET /" + b"a" * 70_000 + b" HTTP/1.0\r\n\r\n"
    assert b" 414 " in client.raw(too_long).splitlines()[0]
    many = b"GET / HTTP/1.0\r\n" + b"X: y\r\n" * 200 + b"\r\n"
    assert b" 431 " in client.raw(many).splitlines()[0]
    assert client.get()[0] == 200


def test_a_slow_sender_is_cut_off_and_others_are_served():
    with running(request_seconds=0.5) as client:
        head = f"POST {client.root}api/start HTTP/1.0\r\nOrigin: {client.origin}\r\n"
        head += f"Host: 127.0.0.1:{client.port}\r\nContent-Length: 100\r\n\r\n"
        with socket.create_connection(("127.0.0.1", client.port), 10) as slow:
            slow.sendall(head.encode())
            assert client.get()[0] == 200
            started = time.monotonic()
            answer = b"".join(iter(lambda: slow.recv(4096), b""))
            assert b" 408 " in answer.splitlines()[0]
            assert time.monotonic() - started < 5
        with socket.create_connection(("127.0.0.1", client.port), 10) as dripping:
            ended = False
            for _ in range(40):
                try:
                    dripping.sendall(b"X")
                    time.sleep(0.05)
                except OSError:
                    ended = True
                    break
            assert ended


def test_connections_are_bounded_and_come_back():
    with running(request_seconds=5.0) as client:
        with ExitStack() as stack:
            for _ in range(CONNECTIONS):
                address = "127.0.0.1", client.port
                stack.enter_context(socket.create_connection(address, 10))
            time.sleep(0.3)
            assert b" 503 " in client.raw(b"")
        deadline = time.monotonic() + 10
        while (status := client.get()[0]) == 503 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert status == 200
