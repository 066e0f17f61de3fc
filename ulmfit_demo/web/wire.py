"""What goes over the wire: compressed once for all, and kept by browsers. Draws nothing."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping

import brotli
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ulmfit_demo import limits

JOIN = "/gradio_api/queue/join"
OWN = "/own/"  # where this app's own files are served: OWN + a name that holds a hash
KINDS = {
    "text/html",
    "text/css",
    "text/javascript",
    "application/javascript",
    "application/json",
    "image/svg+xml",
}
HASHED = re.compile(r"(/assets/[^/]+-[\w-]{8}\d?\.(js|css)|/theme\.css)$")
SCRIPTS = ("text/javascript", "application/javascript")
FOREVER = "public, max-age=31536000, immutable"


class Wire:
    """ASGI middleware: pages, scripts, style sheets and JSON leave as brotli (or gzip).

    gradio compresses by the ending of the path, so the page itself (0.9 MB) left as it was, and every
    script was compressed anew for every visitor. Here what does not change is compressed once and kept.
    Event streams pass untouched: nothing of them waits. `page` may change an HTML page and `script` a
    script of gradio's; `own`: name → (content, type) of the files under `OWN`.
    """

    def __init__(
        self,
        app: ASGIApp,
        page: Callable[[bytes], bytes] = bytes,
        script: Callable[[bytes], bytes] = bytes,
        own: Mapping[str, tuple[bytes, str]] | None = None,
    ) -> None:
        self.app, self.own = app, {} if own is None else own
        self.changes = {"text/html": page, **dict.fromkeys(SCRIPTS, script)}  # by type
        self.kept: OrderedDict[tuple[bytes, str], bytes] = OrderedDict()
        self.lock = asyncio.Lock()  # thirty visitors at once: one of them compresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "/mcp" in scope["path"]:
            await self.app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if scope["method"] == "HEAD":
            await (_there(send) if path == "/" else self.app(scope, receive, send))
            return
        if path == JOIN and scope["method"] == "POST":
            # gradio's page adds its whole address, texts and all, to each question; gradio takes it
            # apart three times, and nothing here reads it.
            scope = {**scope, "query_string": b""}
        answer = _Answer(self, scope, path, send)
        name = path.removeprefix(OWN)
        if path.startswith(OWN) and name in self.own:
            content, kind = self.own[name]
            headers = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(content))]
            await answer({"type": "http.response.start", "status": 200, "headers": headers})
            await answer({"type": "http.response.body", "body": content})
            return
        await self.app(scope, receive, answer)

    async def packed(self, body: bytes, encoding: str, kind: str) -> bytes:
        """`body`, changed as its `kind` is, compressed, from what is kept where it was seen before."""
        key = (hashlib.blake2b(body, digest_size=16).digest(), encoding)
        async with self.lock:
            if key not in self.kept:
                self.kept[key] = await run_in_threadpool(self._pack, body, encoding, kind)
                while sum(map(len, self.kept.values())) > limits.WIRE_KEPT_BYTES:
                    self.kept.popitem(last=False)
            self.kept.move_to_end(key)
            return self.kept[key]

    def _pack(self, body: bytes, encoding: str, kind: str) -> bytes:
        return compress(self.changed(body, kind), encoding)

    def changed(self, body: bytes, kind: str) -> bytes:
        """`body` as `page` or `script` change it."""
        return self.changes.get(kind, bytes)(body)


async def _there(send: Send) -> None:
    """The answer to HEAD of the page, without the page.

    gradio would write it whole and throw it away. Its own `launch` asks this, and gives up after three
    seconds: on a machine under load the app did not start.
    """
    headers = [(b"content-type", b"text/html; charset=utf-8")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


class _Answer:
    """The `send` of one request: holds a body that is to be compressed, passes any other on."""

    def __init__(self, wire: Wire, scope: Scope, path: str, send: Send) -> None:
        self.wire, self.path, self.send, self.method = wire, path, send, scope["method"]
        self.encoding = wanted(Headers(scope=scope).get("accept-encoding", ""))
        self.start: Message | None = None  # held until the whole body is there
        self.body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message["headers"])
            self.kind = headers.get("content-type", "").partition(";")[0]
            if message["status"] == 200 and (HASHED.search(self.path) or self.path.startswith(OWN)):
                headers["cache-control"] = FOREVER
            whole = message["status"] == 200 and "content-encoding" not in headers
            if whole and self.kind in KINDS:
                self.start = message
                return
        elif self.start is not None and message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._finish(bytes(self.body))
            return
        await self.send(message)

    async def _finish(self, body: bytes) -> None:
        assert self.start is not None
        headers = MutableHeaders(raw=self.start["headers"])
        if self.encoding and len(body) >= limits.WIRE_LEAST_BYTES:
            same_for_all = self.method == "GET" and self.kind != "application/json"
            if same_for_all:
                body = await self.wire.packed(body, self.encoding, self.kind)
            else:
                body = await run_in_threadpool(compress, body, self.encoding)
            headers["content-encoding"] = self.encoding
        else:
            body = self.wire.changed(body, self.kind)
        headers.add_vary_header("Accept-Encoding")
        headers["content-length"] = str(len(body))
        await self.send(self.start)
        await self.send({"type": "http.response.body", "body": body})


def wanted(accepted: str) -> str:
    """The encoding for a request's `Accept-Encoding`: "br", "gzip" or "" for none."""
    names = {}
    for part in accepted.split(","):
        name, _, weight = part.partition(";")
        names[name.strip().lower()] = weight.replace(" ", "") not in ("q=0", "q=0.0")
    return next((name for name in ("br", "gzip") if names.get(name)), "")


def compress(body: bytes, encoding: str) -> bytes:
    """`body` as `encoding`. Brotli at 9 would save 2 % of it and take nine times as long."""
    if encoding == "br":
        return brotli.compress(body, quality=5)
    return gzip.compress(body, 5, mtime=0)
