"""Past FastAPI's routing every request gets the answer that it gets through it: gradio's own is the oracle."""

import contextlib
import json
import re
import socket
import threading
import time
from typing import ClassVar

import gradio as gr
import httpx
import pytest
from starlette.middleware import Middleware

from tests import http
from tests.page import SECONDS
from ulmfit_demo.web.server import BodyLimit, RefusesRequests
from ulmfit_demo.web.shortcut import Shortcut
from ulmfit_demo.web.wire import Wire

VARIES = re.compile(r"[0-9a-f]{32}|\"\w*(?:duration|eta|time)\": ?(?:[\d.e-]+|null)")
JSON = {"content-type": "application/json"}
SESSION = "somebody"


def words(text: str, n: int) -> list[str]:
    """The first words of a text."""
    if n < 0:
        raise gr.Error("No such number.", print_exception=False)
    return text.split()[:n]


def demo():
    with gr.Blocks(analytics_enabled=False) as blocks:
        gr.api(words, api_name="words")
        field = gr.Textbox()
        field.change(lambda x: x[::-1], field, field, api_name="turned")
    return blocks.queue()


class Below:
    """ASGI middleware that remembers what came through the shortcut to FastAPI's routing."""

    came: ClassVar[list[str]] = []

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            self.came.append(scope["path"].removeprefix("/gradio_api/"))
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def blocks():
    return [demo(), demo()]


@pytest.fixture(scope="module")
def servers(blocks):
    """The same app twice behind the app's own middlewares: (with the shortcut, without)."""
    before = [Middleware(BodyLimit, most=1_000_000), Middleware(Wire), Middleware(RefusesRequests)]
    ways = ([*before, Middleware(Shortcut), Middleware(Below)], before)
    urls = [
        one.launch(prevent_thread_lock=True, quiet=True, app_kwargs={"middleware": way})[1]
        for one, way in zip(blocks, ways, strict=True)
    ]
    yield [f"{url}gradio_api/" for url in urls]
    for one in blocks:
        one.close()


def said(answer) -> tuple:
    """What an answer says, without what differs from one question to the next."""
    return answer.status_code, answer.headers["content-type"], VARIES.sub("", answer.text)


def question(data, **more) -> str:
    return json.dumps({"data": data, **more})


POSTS = {
    "a question of a program": ("call/words", JSON, question(["one two three", 2])),
    "with a name and a slash": ("call/words/", JSON, question(["one two three", 2])),
    "by names": ("call/v2/words", JSON, json.dumps({"text": "one two", "n": 1})),
    "an endpoint that is not there": ("call/none", JSON, question([])),
    "a name that is a path": ("call/..%2fqueue", JSON, question([])),
    "no data": ("call/words", JSON, "{}"),
    "data of another kind": ("call/words", JSON, question("one")),
    "no JSON": ("call/words", JSON, "{"),
    "nothing": ("call/words", JSON, ""),
    "no object": ("call/words", JSON, "[1]"),
    "too deep": ("call/words", JSON, "[" * 100_000),
    "no number": ("call/words", JSON, '{"data": ["a", NaN]}'),
    "half a character": ("call/words", JSON, '{"data": ["\\ud83d", 1]}'),
    "no UTF-8": ("call/words", JSON, b'{"data": ["\xff", 1]}'),
    "another type": ("call/words", {"content-type": "text/plain"}, question(["a", 1])),
    "a type with a charset": (
        "call/words",
        {"content-type": "application/json; charset=utf-8"},
        question(["a", 1]),
    ),
    "a type that begins alike": (
        "call/words",
        {"content-type": "application/json-seq"},
        question(["a", 1]),
    ),
    "a type in capitals": (
        "call/words",
        {"content-type": "Application/JSON"},
        question(["a", 1]),
    ),
    "JSON of another kind": (
        "call/words",
        {"content-type": "application/problem+json"},
        question(["a", 1]),
    ),
    "a question of a page": ("queue/join", JSON, question(["abc"], fn_index=1, session_hash="s")),
    "of no session": ("queue/join", JSON, question(["abc"], fn_index=1)),
    "of no event": ("queue/join", JSON, question(["abc"], session_hash="s")),
    "of an event that is not there": (
        "queue/join",
        JSON,
        question(["abc"], fn_index=99, session_hash="s"),
    ),
    "an index of another kind": (
        "queue/join",
        JSON,
        question(["abc"], fn_index="one", session_hash="s"),
    ),
}


@pytest.mark.parametrize("name", POSTS)
def test_a_question_is_taken_or_refused_alike(servers, name):
    path, headers, body = POSTS[name]
    with_it, without = (
        http.post(url + path, content=body, headers=headers, follow_redirects=True)
        for url in servers
    )
    assert said(with_it) == said(without)


@pytest.mark.parametrize("data", [["one two three", 2], ["one", -1], ["one"], [7, "x"], []])
def test_a_programs_answer_is_the_same(servers, data):
    found = []
    for url in servers:
        event = http.post(f"{url}call/words", json={"data": data}).json()["event_id"]
        found.append(said(http.get(f"{url}call/words/{event}")))
    assert found[0] == found[1]
    assert found[0][:2] == (200, "text/event-stream; charset=utf-8")


@pytest.mark.parametrize("path", ["call/words/none", "queue/data?session_hash=none", "queue/data"])
def test_answers_that_nobody_waits_for_are_refused_alike(servers, path):
    found = [streamed(url + path) for url in servers]
    assert found[0] == found[1]


def streamed(url: str, headers=None) -> tuple:
    """What a stream says, which gradio breaks off where there is no such session."""
    parts = []
    with httpx.stream("GET", url, headers=headers, timeout=SECONDS) as answer:
        with contextlib.suppress(httpx.RemoteProtocolError):
            parts.extend(answer.iter_text())
        return answer.status_code, answer.headers["content-type"], VARIES.sub("", "".join(parts))


def test_a_pages_answer_is_the_same(servers):
    found = []
    for url in servers:
        asked = {"data": ["abc"], "fn_index": 1, "session_hash": SESSION}
        http.post(f"{url}queue/join", json=asked)
        answer = http.get(f"{url}queue/data?session_hash={SESSION}")
        found.append(said(answer))
    assert '"data":["cba"]' in found[0][2]
    assert found[0] == found[1]


def test_a_request_that_fits_goes_past_the_routing_and_no_other(servers):
    url = servers[0]
    Below.came.clear()
    event = http.post(f"{url}call/words", json={"data": ["one", 1]}).json()["event_id"]
    http.get(f"{url}call/words/{event}")
    http.post(f"{url}queue/join", json={"data": ["a"], "fn_index": 1, "session_hash": "past"})
    http.get(f"{url}queue/data?session_hash=past")
    assert Below.came == []
    http.post(f"{url}call/words", content="{", headers=JSON)
    http.get(f"{url}info")
    http.get(f"{url}queue/status")
    assert Below.came == ["call/words", "info", "queue/status"]


@pytest.mark.parametrize("path", ["call/x/theme.css", "call/x/y.json"])
def test_no_request_changes_what_later_ones_get(servers, path):
    """Middlewares write into the list of an answer's headers: each answer has its own."""
    bare = {"accept-encoding": "br"}
    first = [streamed(url + path, bare)[:2] for url in servers]
    assert first[0] == first[1]
    for url in servers:
        event = http.post(f"{url}call/words", json={"data": ["one two", 1]}).json()["event_id"]
        answer = http.get(f"{url}call/words/{event}")
        assert not {"cache-control", "content-encoding"} & set(answer.headers)
        assert "one" in answer.text


def test_a_body_that_does_not_end_well_is_refused_alike(servers):
    def endless():
        yield b'{"data": ["'
        for _ in range(30):
            yield b"a" * 50_000

    found = [http.post(f"{url}call/words", content=endless(), headers=JSON) for url in servers]
    assert said(found[0]) == said(found[1])
    assert found[0].status_code == 400


def test_a_server_with_a_login_asks_for_it():
    blocks = demo()
    way = [Middleware(Shortcut), Middleware(Below)]
    Below.came.clear()
    _, url, _ = blocks.launch(
        prevent_thread_lock=True,
        quiet=True,
        auth=("name", "word"),
        app_kwargs={"middleware": way},
    )
    try:
        for path in ("call/words", "queue/join"):
            assert http.post(f"{url}gradio_api/{path}", json={"data": []}).status_code == 401
        for path in ("call/words/some", "queue/data?session_hash=some"):
            assert http.get(f"{url}gradio_api/{path}").status_code == 401
        assert set(Below.came) >= {"call/words", "queue/join", "call/words/some", "queue/data"}
    finally:
        blocks.close()


def test_who_leaves_is_not_waited_for():
    go, begun = threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        go.wait(200)
        return "done"

    with gr.Blocks(analytics_enabled=False) as blocks:
        gr.api(slow, api_name="slow")
    blocks.queue()
    way = [Middleware(Shortcut)]
    _, url, _ = blocks.launch(prevent_thread_lock=True, quiet=True, app_kwargs={"middleware": way})
    try:
        event = http.post(f"{url}gradio_api/call/slow", json={"data": []}).json()["event_id"]
        assert begun.wait(60)
        (job,) = [job for job in blocks._queue.active_jobs if job]
        assert job[0].alive
        host, port = url.removeprefix("http://").strip("/").split(":")
        with socket.create_connection((host, int(port)), timeout=SECONDS) as line:
            line.sendall(
                f"GET /gradio_api/call/slow/{event} HTTP/1.1\r\nhost: {host}\r\n\r\n".encode()
            )
            assert line.recv(12) == b"HTTP/1.1 200"
        end = time.monotonic() + 60
        while job[0].alive and time.monotonic() < end:
            time.sleep(0.02)
        assert not job[0].alive
    finally:
        go.set()
        blocks.close()


def lost(client, joined, answers, ids):
    """A session's question, whose answer is not read to the end while another one stays open."""
    url, path, asked = joined
    event = client.post(url + path, json=asked).json()["event_id"]
    ids[asked["session_hash"]].add("open")
    with client.stream("GET", url + answers.format(event=event)) as answer:
        for line in answer.iter_lines():
            if "heartbeat" in line:
                return True
            if "cba" in line:
                return False
    return True


@pytest.mark.parametrize(
    ("session", "path", "answers"),
    [
        ("again", "queue/join", "queue/data?session_hash=again"),
        ("again.x", "queue/join", "queue/data?session_hash=again.x"),
        ("aga in", "queue/join", "queue/data?session_hash=aga%20in"),
        ("signed", "queue/join", "queue/data?session_hash=signed&__sign=x"),
        ("program", "call/turned", "call/turned/{event}"),
    ],
)
def test_who_leaves_the_answers_and_asks_again_at_once_is_answered(
    servers, blocks, session, path, answers
):
    """What was left is cleared away before: else the new question would be cleared with it."""
    asked = {"data": ["abc"], "session_hash": session}
    if "join" in path:
        asked["fn_index"] = 1
    ids = blocks[0]._queue.pending_event_ids_session
    with httpx.Client(timeout=SECONDS) as client:
        for _ in range(60):
            assert not lost(client, (servers[0], path, asked), answers, ids)


def test_who_has_read_all_answers_leaves_nothing(servers, blocks):
    url, ids = servers[0], blocks[0]._queue.pending_event_ids_session
    before = set(ids)
    for _ in range(3):
        event = http.post(f"{url}call/words", json={"data": ["one", 1]}).json()["event_id"]
        http.get(f"{url}call/words/{event}")
    asked = {"data": ["abc"], "fn_index": 1, "session_hash": "leaves"}
    http.post(f"{url}queue/join", json=asked)
    http.get(f"{url}queue/data?session_hash=leaves")
    end = time.monotonic() + 60
    while set(ids) - before and time.monotonic() < end:  # the answer comes before its stream's end
        time.sleep(0.02)
    assert set(ids) <= before
