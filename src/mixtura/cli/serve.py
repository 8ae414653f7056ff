"""``mixtura serve``: the page in which EM can be watched."""

import threading
from typing import TYPE_CHECKING

import click

from mixtura.cli import options
from mixtura.cli.presenting import read

if TYPE_CHECKING:
    from mixtura.serve.held_table import HeldTable


@click.command("serve", short_help="Watch EM in the browser.")
@click.argument("data", required=False)
@options.reading
@click.option(
    "--port",
    type=click.IntRange(1024, 65535),
    metavar="N",
    help="Port on this machine.  [default: a free one]",
)
@click.option("--no-browser", is_flag=True, help="Only print the address.")
def command(
    data: str | None,
    columns: list[str] | None,
    header: bool | None,
    port: int | None,
    no_browser: bool,
) -> None:
    """Open a page in which EM can be watched, on DATA or the bundled data sets.

    The page is served to this machine only, at an address that holds a secret; it
    loads nothing from elsewhere, and data that are dropped on it stay here. Ctrl-C
    ends it.
    """
    from mixtura.serve.app import App
    from mixtura.serve.server import PageServer

    app = App() if data is None else App(given=_table(data, columns, header))
    try:
        server = PageServer(app, port or 0)
    except OSError as error:
        reason = f"port {port} cannot be used ({error.strerror}); try another --port"
        raise OSError(error.errno, reason) from error
    with server:
        click.echo(f"mixtura is at {server.url}")
        click.echo("Ctrl-C ends it.", err=True)
        if not no_browser:
            _open(server.url)
        server.serve_forever()


def _table(data: str, columns: list[str] | None, header: bool | None) -> "HeldTable":
    from mixtura.serve.held_table import HeldTable, check_size, displayed

    table = read(data, columns=columns, header=header)
    left_out = dict.fromkeys(table.skipped, "it does not hold numbers")
    held = HeldTable(displayed(data), table, left_out)
    check_size(held)
    return held


def _open(url: str) -> None:
    """Open the browser; one in the terminal must not keep the server from serving."""
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
