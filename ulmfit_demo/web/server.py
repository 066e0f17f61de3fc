"""The web server around the page: bodies of a bounded size, requests that fit nothing. Draws nothing."""

from __future__ import annotations

import logging

from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ulmfit_demo import limits

TOO_LARGE = "This request is larger than the server takes. Send less text; nothing was lost."
NO_REQUEST = (
    "There is no such endpoint here, or it takes no such request: see “Use via API” at the foot of the "
    "page."
)
API = "/gradio_api/"
log = logging.getLogger("ulmfit_demo")


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


def quiet_mcp() -> None:
    """Let a body that is no JSON in UTF-8 be one line of MCP's log, without the traceback.

    Its client is told so (400 or 500, "Parse error"); the package logs it as an error of the server.
    """

    def one_line(record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], ValueError):
            record.exc_info, record.exc_text = None, None
        return True

    logging.getLogger("mcp.server.streamable_http").addFilter(one_line)


class RefusesRequests:
    """ASGI middleware: a request that gradio's own doors fail over gets the answer 400 and a sentence.

    An endpoint or an event that does not exist, parameters of another name: gradio lets the error out,
    so that the web server writes its traceback into the log. What our functions raise never comes here:
    it is a message of the queue.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or API not in scope["path"]:
            await self.app(scope, receive, send)
            return
        began = False

        async def sending(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except Exception as error:
            if began:
                raise
            log.warning("gradio took no %r: %.200r", scope["path"][:200], error)
            await JSONResponse({"detail": NO_REQUEST}, 400)(scope, receive, send)
