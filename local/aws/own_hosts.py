"""Refuses requests that were meant for another host.

A page in a browser can have its own host's name lead to this machine (DNS rebinding) and so come past the browser's rules; the
name that it asked for gives it away. Addresses cannot be made to lead elsewhere, and `localhost` and all below it are
this machine's.
"""

import ipaddress

MESSAGE = (
    "the local AWS answers requests to localhost and to addresses only, received the host {host}; "
    "ask it by the address that it was started with"
)


def register(app):
    """Puts the check before MiniStack's application."""
    original = app.app

    async def guarded(scope, receive, send):
        if scope["type"] in ("http", "websocket"):
            host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
            if not is_own(host):
                return await _refuse(scope, send, host)
        return await original(scope, receive, send)

    app.app = guarded


def is_own(host):
    """Whether a Host header names this machine, with or without a port."""
    name = host.rsplit(":", 1)[0] if not host.endswith("]") and ":" in host else host
    name = name.removeprefix("[").removesuffix("]").removesuffix(".").lower()
    if name in ("", "localhost") or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


async def _refuse(scope, send, host):
    if scope["type"] == "websocket":
        return await send({"type": "websocket.close", "code": 1008})
    body = MESSAGE.format(host=host).encode()
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
