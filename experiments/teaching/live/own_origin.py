"""Who may speak with the live page: its own page, under a name that means this machine, and nobody else.

A page of another site could otherwise send requests to a server at a loopback address, or point a name of its own there
(DNS rebinding) and read the answers.
"""

import socket
from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

REFUSAL = b"This page answers only its own browser tab: open the address that the command has printed.\n"


class OwnOrigin:
    """Passes on what comes from the page itself, and refuses everything else.

    Args:
        app: the server's application (ASGI).
        host: address at which it listens. If it is no loopback address, its own name, the machine's names and plain
            addresses are answered too.
    """

    def __init__(self, app: App, host: str) -> None:
        self.app, self.is_local = app, is_loopback(host)
        self.names = set() if self.is_local else {host.lower(), socket.gethostname().lower(), socket.getfqdn().lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse with 403."""
        kind = scope["type"]
        if kind not in ("http", "websocket") or self.is_own(scope["headers"], kind == "websocket"):
            await self.app(scope, receive, send)
        elif kind == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(REFUSAL)).encode())]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": REFUSAL})

    def is_own(self, headers: list[tuple[bytes, bytes]], opens_socket: bool) -> bool:
        """Return whether a request has the name of this machine, and comes from the page itself or from no page."""
        told: dict[str, set[str]] = {}
        for name, value in headers:
            told.setdefault(name.decode("latin-1").lower(), set()).add(value.decode("latin-1").lower())
        hosts, origins = told.get("host", set()), told.get("origin", set())
        if len(hosts) != 1 or not all(map(self.is_name, hosts)):
            return False
        if origins or opens_socket:  # a browser always says from where it opens a websocket
            (host,) = hosts
            return bool(origins) and origins <= {f"http://{host}", f"https://{host}"}
        follows_link = told.get("sec-fetch-mode") == {"navigate"} and told.get("sec-fetch-dest") == {"document"}
        return follows_link or not told.get("sec-fetch-site", set()) & {"cross-site", "same-site"}

    def is_name(self, host: str) -> bool:
        """Return whether a Host header, NAME or NAME:PORT, means this machine."""
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        return is_loopback(name) or name in self.names or (not self.is_local and _is_address(name))


def is_loopback(name: str) -> bool:
    """Return whether a name or address is that of this machine alone."""
    return name == "localhost" or (_is_address(name) and ip_address(name).is_loopback)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
