"""Who may ask: the holder of the token, from the page itself, on this machine.

The server listens on 127.0.0.1, which other machines cannot reach; but every program
and every web page open on this one can. Three checks keep those out: a secret in the
address; the Host header, which betrays a foreign name that was made to resolve to this
machine (DNS rebinding); and for whatever is sent, the Origin header, which a browser
sets to the site that asks.
"""

import hmac
import secrets
from email.message import Message

from mixtura.serve.refusal import Refused

TOKEN_BYTES = 24
HOSTS = ("127.0.0.1", "localhost")

HEADERS = {
    "Content-Security-Policy": "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Sent with every answer: nothing foreign is loaded, nothing is kept or passed on."""


def new_token() -> str:
    """Return a secret for one run of the server.

    Examples
    --------
    >>> len(new_token()), new_token() == new_token()
    (32, False)
    """
    return secrets.token_urlsafe(TOKEN_BYTES)


def admitted(method: str, path: str, headers: Message, token: str) -> str:
    """Return the path behind the token, or refuse.

    Parameters
    ----------
    method : str
        "GET" or "POST".
    path : str
        As it was asked for: ``/TOKEN/name``, perhaps with a query.
    headers : Message
    token : str
        The secret of this server.

    Returns
    -------
    str
        ``name``, perhaps with a query.

    Raises
    ------
    Refused
        403 for a foreign host, a foreign origin, or a missing or wrong token.
    """
    host = _host(headers)
    given, found, rest = path.removeprefix("/").partition("/")
    if not hmac.compare_digest(given.encode(errors="replace"), token.encode()):
        raise Refused(
            403,
            "The secret in the address is missing or wrong. Open the whole address "
            "that `mixtura serve` printed; each start of it has a new one.",
        )
    if not found:
        raise Refused(404, "The address must end in a slash.")
    if method == "POST" and headers.get_all("Origin") != [f"http://{host}"]:
        raise Refused(403, "Only the page itself may send to this server.")
    return rest


def _host(headers: Message) -> str:
    """Return the one Host header, if it names this machine."""
    hosts = headers.get_all("Host") or []
    name, _, port = (hosts[0] if len(hosts) == 1 else "").partition(":")
    if name.lower() not in HOSTS or not (port.isascii() and port.isdigit()):
        raise Refused(
            403,
            "The address must begin with http://127.0.0.1: and the port; "
            "this server answers to no other name.",
        )
    return hosts[0]
