"""The app in a process of its own, asked over HTTP as its page asks; its log is watched."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]
BROKEN = "Something went wrong here"
FOREIGN = re.compile(r"<script>alert|<img src=x|<svg/onload", re.IGNORECASE)
LOGGED = re.compile(r"Traceback \(most recent call last\)")
SESSION = "fuzzed"
HEADERS = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
# In place of any value.
ODD: list[object] = [
    *(None, True, -1, 0, 2.5, 10**9, 10**30, 1e308, float("nan"), float("inf"), float("-inf")),
    *("", "12", "NaN", "<script>alert(1)</script><img src=x onerror=alert(2)>", "\ud800", "a\x00b"),
    *([], [1], [[]], [None], ["a", 1], {}, {"a": {}}, {"value": [0, 0, "x"]}),
    {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
    {"path": "x", "url": "http://127.0.0.1:22/", "meta": {"_type": "gradio.FileData"}},
    {"__type__": "update", "value": "x"},
    '{"value": "' + "[" * 5_000 + '"}',
    [["text"] * 3] * 3,
]


@dataclass(frozen=True)
class Event:
    """One event of the page or one endpoint."""

    id: int
    name: str
    tab: str
    inputs: tuple[tuple[str, dict], ...]  # (kind of component, its properties)
    outputs: tuple[tuple[str, dict], ...]
    queue: bool

    def is_any(self, names: tuple[str, ...]) -> bool:
        return self.name.rstrip("_0123456789") in names or self.name in names

    def markup(self, output: dict) -> list[str]:
        """What an answer shows as HTML: the values of its `gr.HTML` without a template."""
        found = []
        for (kind, props), value in zip(self.outputs, output.get("data") or (), strict=False):
            value = value.get("value") if isinstance(value, dict) else value
            own = props.get("html_template") not in (None, "${value}")
            if kind == "html" and isinstance(value, str) and not own:
                found.append(value)
        return found


@dataclass(frozen=True)
class Said:
    """What came back."""

    text: str
    wrong: str
    seconds: float
    is_late: bool = False


@dataclass
class App:
    """A running app."""

    url: str
    log: Path
    http: httpx.Client
    events: list[Event] = field(default_factory=list)
    read: int = 0  # bytes of the log that were judged

    def said(self, text: str, began: float, late: bool = False, markup: Sequence[str] = ()) -> Said:
        """An answer, judged together with what the log got since. `markup`: what is shown as HTML."""
        seconds = time.monotonic() - began
        new = self.log.read_bytes()[self.read :].decode("utf-8", "replace")
        self.read += len(new.encode())
        wrong = "took too long" if late else ""
        if BROKEN in text:
            wrong = "an unforeseen error"
        if "Traceback (most recent" in text:
            wrong = "a traceback in the answer"
        if any(FOREIGN.search(part) for part in markup):
            wrong = "the visitor's markup"
        if LOGGED.search(new):
            last = [line for line in new.splitlines() if line and not line.startswith(" ")]
            wrong = f"{wrong} logged: {' / '.join(last[-2:])[:300]}".strip()
        return Said(text, wrong, seconds, late and not LOGGED.search(new))

    def post(self, path: str, body: bytes, seconds: float = 20.0) -> httpx.Response | None:
        """A body at one of gradio's doors; None where no answer came in time."""
        url = f"{self.url}gradio_api/{path}"
        for _ in range(2):  # the server may end a connection that was idle as the next body is sent
            with contextlib.suppress(httpx.TimeoutException, httpx.TransportError):
                return self.http.post(url, content=body, headers=HEADERS, timeout=seconds)
        return None

    def send(self, path: str, body: bytes, seconds: float = 20.0) -> Said:
        """As `post`, judged."""
        began = time.monotonic()
        answer = self.post(path, body, seconds)
        return self.said(answer.text if answer else "", began, answer is None)

    def ask(self, event: Event, data: list, seconds: float, picked: object = None) -> Said:
        """Ask as the page does: over the queue, or directly where the event is past it.

        `picked`: the event's own data, which a click has.
        """
        began = time.monotonic()
        asked = {"data": data, "fn_index": event.id, "session_hash": SESSION, "event_data": picked}
        body = dumped(asked)
        path = "queue/join" if event.queue else f"run/{event.name}"
        answer = self.post(path, body, seconds)
        if answer is None:
            return self.said("", began, late=True)
        if not event.queue or answer.status_code != 200:
            shown = event.markup(answer.json()) if answer.status_code == 200 else ()
            return self.said(answer.text, began, markup=shown)
        return self.stream(answer.json()["event_id"], event, began, seconds)

    def stream(self, id_: str, event: Event, began: float, seconds: float) -> Said:
        """The answer of the queue to one question; the question is taken back where it is late."""
        last: dict = {}
        data = f"{self.url}gradio_api/queue/data?session_hash={SESSION}"
        with contextlib.suppress(httpx.TransportError):  # late, or broken off: as bad for a page
            with self.http.stream("GET", data, timeout=seconds) as answer:
                for message in messages(answer.iter_bytes()):
                    if message.get("event_id") == id_ and "output" in message:
                        last = message["output"]
                        if message["msg"] == "process_completed":
                            text = json.dumps(last)
                            return self.said(text, began, markup=event.markup(last))
                    if time.monotonic() - began > seconds:
                        break
        body = {"session_hash": SESSION, "fn_index": event.id, "event_id": id_}
        self.post("cancel", dumped(body))
        return self.said(json.dumps(last), began, late=True)

    def upload(self, name: str, data: bytes) -> dict | None:
        """A file as the page sends it: what its field then holds."""
        answer = self.http.post(f"{self.url}gradio_api/upload", files={"files": (name, data)})
        if answer.status_code != 200:
            return None
        (path,) = answer.json()
        return {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}

    def tools(self) -> dict[str, list[str]]:
        """The tools of MCP and their parameters."""
        found = self.http.get(f"{self.url}gradio_api/mcp/schema").json()
        return {t["name"]: list(t["inputSchema"]["properties"]) for t in found}

    def call_tool(self, name: str, arguments: dict, seconds: float) -> Said:
        """One call of a tool. An error is an answer, too."""
        params = {"name": name, "arguments": arguments}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        return self.send("mcp/", dumped(body), seconds)


def messages(chunks: Iterator[bytes]) -> Iterator[dict]:
    """The messages of a stream of events: a line may hold characters that Python would cut it at."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n\n")
        for part in whole:
            if part.startswith(b"data:"):
                yield json.loads(part[5:])


def dumped(body: dict) -> bytes:
    """JSON with NaN and half pairs as a hostile client writes them."""
    return json.dumps(body, ensure_ascii=True).encode()


def events(config: dict) -> list[Event]:
    """Every event that has a function, in the order of the page."""
    known = {c["id"]: c for c in config["components"]}
    tab_of: dict[int, str] = {}

    def walk(node: dict, tab: str) -> None:
        component = known[node["id"]]
        if component["type"] == "tabitem" and str(component["props"].get("elem_id", "")).startswith(
            "tab-"
        ):
            tab = str(component["props"]["label"])
        tab_of[node["id"]] = tab
        for child in node.get("children") or ():
            walk(child, tab)

    for child in config["layout"]["children"]:
        walk(child, "strip and lessons")
    found = []
    for d in config["dependencies"]:
        if not d["backend_fn"]:
            continue
        inputs, outputs = (
            tuple((known[i]["type"], known[i]["props"]) for i in d[side])
            for side in ("inputs", "outputs")
        )
        public = d["api_visibility"] == "public"
        places = [tab_of[i] for i in (*d["outputs"], *d["inputs"]) if i in tab_of]
        tab = "data endpoints" if public else (places or ["strip and lessons"])[0]
        found.append(
            Event(d["id"], str(d["api_name"]), tab, inputs, outputs, d["queue"] is not False)
        )
    return found


@contextlib.contextmanager
def running(folder: Path) -> Iterator[App]:
    """The app with MCP, its temporary files and its log in `folder`; ended at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "log"
    environment = {**os.environ, "GRADIO_TEMP_DIR": str(folder / "gradio")}
    command = [sys.executable, "-m", "ulmfit_demo", "app", "--mcp", "--port", str(port)]
    with open(log, "wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
    url, until = f"http://127.0.0.1:{port}/", time.monotonic() + 180
    try:
        with httpx.Client(timeout=60) as http:
            config = None
            while config is None and time.monotonic() < until and process.poll() is None:
                time.sleep(0.5)
                with contextlib.suppress(httpx.HTTPError):
                    config = http.get(f"{url}config").json()
            if config is None:
                raise RuntimeError(log.read_text()[-2_000:])
            yield App(url, log, http, events(config), log.stat().st_size)
    finally:
        process.terminate()
        process.wait(60)
