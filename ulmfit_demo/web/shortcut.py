"""A question and its answer go to gradio's own functions, past FastAPI's routing. Computes nothing.

For each request FastAPI looks through eighty routes, solves two or three dependencies and opens three
contexts; for each stream starlette opens a group of tasks. With 150 who type that was half of what the
event loop did. The functions called here are the ones that those routes would call.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from gradio.data_classes import PredictBody, SimplePredictBody
from pydantic import BaseModel
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

API = "/gradio_api"
JOIN, DATA, CALL, RESULT = (
    f"{API}/{path}"
    for path in ("queue/join", "queue/data", "call/{api_name}", "call/{api_name}/{event_id}")
)
CALLED = re.compile(rf"{API}/call/(?P<api_name>[^/]+)(?:/(?P<event_id>[^/]+))?")
TURNS = 12  # of the event loop; to clear away what a page left takes seven
NO_BODY = "There was an error parsing the body"  # FastAPI's words


class WatchedRequest(Request):
    """A request that `stream` listens to: `is_disconnected` costs nothing and asks nobody."""

    async def is_disconnected(self) -> bool:
        return self._is_disconnected

    async def listen_for_disconnect(self) -> None:
        """Wait until its sender has gone."""
        while (await self.receive())["type"] != "http.disconnect":
            pass
        self._is_disconnected = True


@dataclass(frozen=True)
class Asked:
    """One request that has a function of gradio's."""

    route: str
    body: type[BaseModel] | None  # of a question; None: its answers are asked for
    given: dict[str, Any]  # the function's parameters that the address holds


class Shortcut:
    """ASGI middleware, the innermost: four routes of gradio's, called past FastAPI's.

    A server with a login, a request that does not fit and another gradio go the usual way.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.functions: dict[str, Callable[..., Awaitable[Any]]] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = asked(scope)
        function = self._function(scope["app"], found.route) if found else None
        if found is None or function is None:
            await self.app(scope, receive, send)
            return
        request = WatchedRequest(scope, receive)
        given = {"request": request, **found.given}
        if found.body is not None:
            try:
                body = await request.body()
            except ClientDisconnect:  # it has left, or `BodyLimit` has ended it
                await JSONResponse({"detail": NO_BODY}, 400)(scope, receive, send)
                return
            try:
                given |= {"body": found.body.model_validate(json.loads(body)), "username": None}
            except (ValueError, RecursionError):  # FastAPI says what is wrong with it
                await self.app(scope, replayed(body, receive), send)
                return
            await _cleared(_open(scope["app"]), given["body"].session_hash)
        try:
            answer = await function(**given)
        except HTTPException as error:
            said = JSONResponse({"detail": error.detail}, error.status_code, error.headers)
            await said(scope, receive, send)
            return
        if not isinstance(answer, StreamingResponse):
            await JSONResponse(answer)(scope, receive, send)
            return
        try:
            await stream(answer, request, send)
        finally:
            waiting, (session,) = _open(scope["app"]), found.given.values()
            if not waiting.get(session, True):  # gradio keeps each name that ever asked
                del waiting[session]

    def _function(self, app: Any, route: str) -> Callable[..., Awaitable[Any]] | None:
        """gradio's function for `route`; None where a login is asked for, or none is found."""
        if app.auth is not None or app.auth_dependency is not None:
            return None
        if self.functions is None:
            wanted = {("POST", JOIN), ("GET", DATA), ("POST", CALL), ("GET", RESULT)}
            self.functions = {
                r.path: r.endpoint
                for r in endpoint_routes(app.routes)
                if wanted & {(m, r.path) for m in r.methods}
            }
        return self.functions.get(route)


def _open(app: Any) -> dict[str, set[str]]:
    """gradio's book of the questions whose answers were not read to their end: session → their ids."""
    return app.get_blocks()._queue.pending_event_ids_session


async def _cleared(waiting: Mapping[str, set[str]], session: str | None) -> None:
    """Wait until the stream that `session` has just left is cleared away.

    A page that leaves its stream and asks again at once is read in that order, but gradio clears away
    what it left some turns of the loop later, and would clear the new question away too.
    """
    for _ in range(TURNS):
        if session is None or not waiting.get(session):
            return
        await asyncio.sleep(0)


def asked(scope: Scope) -> Asked | None:
    """What a request asks for; None for any other one."""
    if scope["type"] != "http":
        return None
    path, method = scope["path"].removeprefix(scope.get("root_path", "")), scope["method"]
    if method == "POST" and not is_json(scope):
        return None
    if path == JOIN:
        return Asked(JOIN, PredictBody, {}) if method == "POST" else None
    if path == DATA and method == "GET":
        session = re.fullmatch(rb"session_hash=([\w-]+)", scope["query_string"])
        return Asked(DATA, None, {"session_hash": session[1].decode()}) if session else None
    found = CALLED.fullmatch(path)
    if found is None:
        return None
    name, event = found.groups()
    if method == "POST" and event is None and name != "v2":
        return Asked(CALL, SimplePredictBody, {"api_name": name})
    if method == "GET" and event is not None and name != "v2":
        return Asked(RESULT, None, {"event_id": event})
    return None


def is_json(scope: Scope) -> bool:
    """Whether a request says that its body is JSON."""
    said = Headers(scope=scope).get("content-type", "")
    return said.partition(";")[0].strip().lower() == "application/json"


def endpoint_routes(routes: Iterable[Any]) -> Iterator[Any]:
    """The routes that have a function, those of included routers too."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from endpoint_routes(inner.routes)
        elif getattr(route, "endpoint", None) is not None and getattr(route, "methods", None):
            yield route


def replayed(body: bytes, receive: Receive) -> Receive:
    """`receive` of a request whose body was read already."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receiving() -> Message:
        return left.pop() if left else await receive()

    return receiving


async def stream(answer: StreamingResponse, request: WatchedRequest, send: Send) -> None:
    """Send `answer` until it ends, or until the one who asked has gone."""
    sent = asyncio.create_task(answer.stream_response(send))
    left = asyncio.create_task(request.listen_for_disconnect())
    left.add_done_callback(lambda _: sent.cancel())
    try:
        await sent
    except asyncio.CancelledError:
        if not left.done():
            raise
    finally:
        left.cancel()
