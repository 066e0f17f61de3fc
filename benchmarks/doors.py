"""The app's two doors as asyncio clients over plain sockets: the page's queue, the data endpoints.

Cheap, because the client of a load shares the cores with the app. `Page` sends what gradio's page sends:
a question joins the queue (`POST /queue/join`), the answers of a session come through one stream
(`GET /queue/data`), which opens with the first question and ends with the last answer, and a heartbeat
stays open beside it. `Program` sends what a program sends: `POST /call/NAME`, then `GET` the result.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import orjson

API = "/gradio_api"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)


class Busy(Exception):
    """The app said that too many wait."""


class Failed(Exception):
    """The app said that something went wrong, or said nothing."""


@dataclass(slots=True)
class Answer:
    """What came back, and when, in seconds from the question."""

    data: Any
    receipt: float  # the question was taken
    begun: float | None  # its turn came; unknown to a program
    done: float
    messages: int  # of the stream, for this question


@dataclass(slots=True)
class Waiting:
    """A question that was taken, until its answer comes."""

    asked: float
    receipt: float
    answer: asyncio.Future
    begun: float | None = None
    messages: int = 0


class Connection:
    """One HTTP/1.1 connection that is kept open, as a browser keeps it."""

    def __init__(self, port: int) -> None:
        self.port, self.host = port, f"127.0.0.1:{port}"
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None
        self.length: int | None = None  # of the body; None: it comes in chunks

    async def send(self, method: str, path: str, body: bytes = b"") -> int:
        """Send a request and read the head of the answer: its status. Then read the body."""
        fresh = self.writer is None
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        assert self.reader is not None
        head = f"{method} {API}{path} HTTP/1.1\r\nhost: {self.host}\r\n"
        if method == "POST":
            head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
        try:
            self.writer.write(head.encode() + b"\r\n" + body)
            said = await self.reader.readuntil(b"\r\n\r\n")
        except (ConnectionError, asyncio.IncompleteReadError):
            self.close()
            if fresh:
                raise
            return await self.send(method, path, body)  # it had been closed while nobody asked
        found = LENGTH.search(said)
        self.length = int(found[1]) if found else None
        return int(said[9:12])

    async def body(self) -> bytes:
        """The whole body."""
        assert self.reader is not None
        if self.length is not None:
            return await self.reader.readexactly(self.length)
        return b"".join([chunk async for chunk in self.chunks()])

    async def chunks(self) -> AsyncIterator[bytes]:
        """The parts of a body without a length."""
        assert self.reader is not None
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            yield (await self.reader.readexactly(size + 2))[:-2]
        await self.reader.readexactly(2)

    async def messages(self) -> AsyncIterator[bytes]:
        """The messages of a stream of events."""
        rest = b""
        async for chunk in self.chunks():
            *whole, rest = (rest + chunk).split(b"\n\n")
            for message in whole:
                yield message

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


async def taken(connection: Connection, path: str, body: bytes) -> str:
    """The receipt of a question. Raises `Busy` and `Failed`."""
    status = await connection.send("POST", path, body)
    said = await connection.body()
    if status == 200:
        return orjson.loads(said)["event_id"]
    text = said.decode(errors="replace")
    raise Busy(text) if status == 503 and "queue is full" in text.lower() else Failed(text[:200])


@dataclass
class Page:
    """A visitor's page: one session."""

    port: int
    session: str
    number: int = 0  # of the last question, as `order.js` counts
    waiting: dict[str, Waiting] = field(default_factory=dict)  # by receipt
    reading: asyncio.Task | None = None

    def __post_init__(self) -> None:
        self.questions, self.stream, self.heart = (Connection(self.port) for _ in range(3))

    async def open(self) -> None:
        """Open the heartbeat, by which the app knows that the visitor is there."""
        await self.heart.send("GET", f"/heartbeat/{self.session}")

    async def ask(self, question: Any) -> Answer:
        """The answer to `question` (`benchmarks.questions`). Raises `Busy` and `Failed`."""
        self.number += 1
        asked = time.monotonic()
        comma = b"" if question.body.endswith(b"[") else b","
        slot = comma + b"%d" % self.number if question.numbered else b""
        body = question.body + slot + b'],"session_hash":"%s"}' % self.session.encode()
        receipt = await taken(self.questions, "/queue/join", body)
        loop = asyncio.get_running_loop()
        mine = Waiting(asked, time.monotonic() - asked, loop.create_future())
        self.waiting[receipt] = mine
        if self.reading is None or self.reading.done():
            self.reading = loop.create_task(self._read())
        return await mine.answer

    async def _read(self) -> None:
        """Read the session's stream until no question is open."""
        try:
            while self.waiting:
                status = await self.stream.send("GET", f"/queue/data?session_hash={self.session}")
                if status != 200:
                    raise Failed(f"the stream: {status} {(await self.stream.body())[:200]!r}")
                async for message in self.stream.messages():
                    self._take(orjson.loads(message.removeprefix(b"data: ")))
        except Exception as error:
            self.stream.close()
            left, self.waiting = self.waiting, {}
            for one in left.values():
                if not one.answer.done():
                    one.answer.set_exception(Failed(f"{type(error).__name__}: {error}"))

    def _take(self, message: dict) -> None:
        kind = message["msg"]
        if kind == "unexpected_error":
            raise Failed(message.get("message") or kind)
        mine = self.waiting.get(message.get("event_id") or "")
        if mine is None:
            return
        mine.messages += 1
        if kind == "process_starts":
            mine.begun = time.monotonic() - mine.asked
        elif kind == "process_completed":
            del self.waiting[message["event_id"]]
            done = time.monotonic() - mine.asked
            if mine.answer.done():  # nobody waits for it any more
                return
            if message["success"]:
                data = message["output"].get("data")
                answer = Answer(data, mine.receipt, mine.begun, done, mine.messages)
                mine.answer.set_result(answer)
            else:
                mine.answer.set_exception(Failed(str(message["output"])[:200]))

    def close(self) -> None:
        """Leave, as a visitor does who closes the page."""
        if self.reading is not None:
            self.reading.cancel()
        for connection in (self.questions, self.stream, self.heart):
            connection.close()
        self.waiting.clear()


@dataclass
class Program:
    """A program that calls the data endpoints."""

    port: int
    session: str = ""

    def __post_init__(self) -> None:
        self.connection = Connection(self.port)

    async def open(self) -> None:
        pass

    async def ask(self, question: Any) -> Answer:
        """The answer to `question` (`benchmarks.questions`). Raises `Busy` and `Failed`."""
        asked, path = time.monotonic(), f"/call/{question.name.strip('/')}"
        receipt = await taken(self.connection, path, question.body + b"]}")
        when = time.monotonic() - asked
        status = await self.connection.send("GET", f"{path}/{receipt}")
        if status != 200:
            raise Failed(f"{status} {(await self.connection.body())[:200]!r}")
        last, n = b"", 0
        async for message in self.connection.messages():
            if not message.startswith(b"event: heartbeat"):
                last, n = message, n + 1
        head, _, data = last.partition(b"\ndata: ")
        if head != b"event: complete":
            raise Failed(last[:200].decode(errors="replace"))
        return Answer(orjson.loads(data), when, None, time.monotonic() - asked, n)

    def close(self) -> None:
        self.connection.close()
