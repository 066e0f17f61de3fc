"""The web server around the page: bodies of a bounded size, and nothing remembered. Draws nothing."""

from __future__ import annotations

from types import SimpleNamespace

from gradio import state_holder
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


class Forgetful(state_holder.SessionState):
    """A visitor's session without gradio's copy of every component and of all that was typed.

    gradio keeps that copy for its deep links, which this app does not use (`tabs/links.py` has the
    address): 0.6 MB a visitor, 80 ms of the event loop to make it, and the last text of every field
    until two hundred newer visitors have come.
    """

    def __init__(self, blocks) -> None:
        super().__init__(SimpleNamespace(default_config=blocks.default_config, blocks={}))
        self.STATE_TTL_WHEN_CLOSED = limits.STATE_SECONDS

    def __setitem__(self, key: int, value: object) -> None:
        super().__setitem__(key, value)
        self.config_values.pop(key, None)

    def _update_config(self, key: int) -> None:
        pass

    def _update_value_in_config(self, key: int, value: object) -> None:
        pass


def forget() -> None:
    """Let gradio make `Forgetful` sessions from now on."""
    state_holder.SessionState = Forgetful
