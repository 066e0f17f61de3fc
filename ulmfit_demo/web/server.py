"""The web server around the page: bodies of a bounded size, larger ones refused. Draws nothing."""

from __future__ import annotations

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ulmfit_demo import limits

TOO_LARGE = "This request is larger than the server takes. Send less text; nothing was lost."


class BodyLimit:
    """ASGI middleware: a body over `limits.BODY_BYTES` gets the answer 413; files have their own bound.

    gradio keeps the inputs of a request in memory before any function of ours can refuse them.
    """

    def __init__(self, app: ASGIApp, most: int = limits.BODY_BYTES) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].endswith("/upload"):
            await self.app(scope, receive, send)
            return
        said = dict(scope["headers"]).get(b"content-length", b"0")
        if not said.isdigit() or int(said) > self.most:
            await PlainTextResponse(TOO_LARGE, 413)(scope, receive, send)
            return
        read = 0

        async def bounded() -> Message:
            """A body that does not say its length ends where it grows too long."""
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            return {"type": "http.disconnect"} if read > self.most else message

        await self.app(scope, bounded, send)
