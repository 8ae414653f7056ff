"""The command: it says where the page is, and ends as the others do."""

import signal
import subprocess
import sys
import urllib.request

import pytest

from mixtura.cli import main

COMMAND = [sys.executable, "-m", "mixtura", "serve"]


def started(*arguments):
    return subprocess.Popen(
        [*COMMAND, "--no-browser", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_ctrl_c_ends_it_with_a_message_and_status_130(tmp_path):
    table = tmp_path / "rows.csv"
    table.write_text("a,b,kind\n1,2,x\n3,4,y\n5,7,x\n")
    with started(str(table)) as process:
        try:
            line = process.stdout.readline()
            address = line.rpartition(" ")[2].strip()
            assert address.startswith("http://127.0.0.1:")
            with urllib.request.urlopen(address, timeout=20) as page:
                assert b"mixtura" in page.read()
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "interrupted"
    assert "Traceback" not in errors


def test_help_is_instant_and_loads_nothing_heavy():
    code = (
        "import sys; from click.testing import CliRunner; from mixtura.cli import main;"
        "done = CliRunner().invoke(main, ['serve', '--help']);"
        "print(done.exit_code, 'numpy' in sys.modules, 'http.server' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0", "False", "False"]


def test_a_taken_port_is_said_in_one_line(tmp_path):
    import socket

    from click.testing import CliRunner

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        arguments = ["serve", "--no-browser", "--port", str(port)]
        done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 1
    assert f"port {port}" in done.stderr and "--port" in done.stderr


@pytest.mark.parametrize(
    "arguments, status",
    [(["nothing.csv"], 1), (["--port", "80"], 2), (["--port", "x"], 2)],
)
def test_wrong_arguments_are_refused(arguments, status):
    from click.testing import CliRunner

    done = CliRunner().invoke(main, ["serve", "--no-browser", *arguments])
    assert done.exit_code == status


def test_the_browser_is_opened_with_the_whole_address(monkeypatch):
    import threading
    import webbrowser

    from click.testing import CliRunner

    from mixtura.serve.server import PageServer

    opened, done = [], threading.Event()

    def remember(address):
        opened.append(address)
        done.set()

    def serve(self, *_):
        assert done.wait(10)
        raise KeyboardInterrupt

    monkeypatch.setattr(webbrowser, "open", remember)
    monkeypatch.setattr(PageServer, "serve_forever", serve)
    result = CliRunner().invoke(main, ["serve"])
    assert result.exit_code == 130
    assert opened == [result.stdout.rpartition(" ")[2].strip()]
