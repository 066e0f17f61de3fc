"""An older answer never overwrites a newer one: per output, whole or streamed, over a real queue."""

from __future__ import annotations

import json
import threading
import urllib.request
from itertools import count

import gradio as gr
import pytest
from gradio.server_messages import (
    EstimationMessage,
    ProcessCompletedMessage,
    ProcessGeneratingMessage,
)

from tests.page import program
from ulmfit_demo.order import SKIP, Question, Written
from ulmfit_demo.tabs.shared import events
from ulmfit_demo.web import gradio_patches

DROPPED = [["replace", [], SKIP]]  # of edits


def done(*data):
    return ProcessCompletedMessage(output={"data": list(data), "duration": 0.1}, success=True)


def part(*data):
    return ProcessGeneratingMessage(output={"data": list(data)}, success=True)


def data_of(message):
    return message.output["data"]


def test_the_newer_answer_stays_whichever_comes_last():
    written = Written()
    older, newer = Question(1, [7, 8], written), Question(2, [7, 8], written)
    message = done("new", None)
    assert data_of(newer.pass_on(message)) == ["new", None]
    assert data_of(older.pass_on(done("old", "old"))) == [SKIP, SKIP]
    assert data_of(Question(3, [7], written).pass_on(done("newest"))) == ["newest"]
    assert older.pass_on(done("old", "old")).output["duration"] == 0.1  # the rest is as it was


def test_each_output_has_its_own_order():
    written = Written()
    Question(2, [8], written).pass_on(done("new"))
    older = Question(1, [7, 8], written)
    assert not older.is_old()
    assert data_of(older.pass_on(done("first", "old"))) == ["first", SKIP]
    Question(3, [7], written).pass_on(done("newest"))
    assert older.is_old()


def test_an_answer_that_leaves_an_output_alone_takes_no_place():
    written = Written()
    Question(2, [7], written).pass_on(done(SKIP))
    assert data_of(Question(1, [7], written).pass_on(done("old"))) == ["old"]


def test_of_a_streamed_answer_the_parts_after_the_newer_one_are_dropped():
    written = Written()
    older, newer = Question(1, [7, 8], written), Question(2, [7], written)
    assert data_of(older.pass_on(part("a", "b"))) == ["a", "b"]
    edit = [["append", [], "c"]]
    assert data_of(older.pass_on(part(edit, []))) == [edit, []]
    newer.pass_on(done("new"))
    assert data_of(older.pass_on(part(edit, edit))) == [DROPPED, edit]
    assert data_of(older.pass_on(done("acc", "bc"))) == [SKIP, "bc"]


def test_other_messages_pass_as_they_are():
    question = Question(1, [7], Written())
    for message in (
        EstimationMessage(queue_size=1),
        ProcessCompletedMessage(output={"error": "no"}, success=False),
    ):
        assert question.pass_on(message) is message


def test_an_event_past_the_queue_cannot_be_ordered():
    with gr.Blocks():
        text = gr.Textbox()
        with pytest.raises(ValueError, match="queue"):
            events.redraw([text.change], str, [text], [text], queue=False)


class Page:
    """A session of a small app: two events write one output; a question whose text has a gate waits."""

    def __init__(self) -> None:
        self.gates: dict[str, threading.Event] = {}
        self.begun: dict[str, threading.Event] = {}
        self.calls: list[str] = []

        def answer(text):
            self.calls.append(text)
            self.begun.setdefault(text, threading.Event()).set()
            if text in self.gates:
                assert self.gates[text].wait(30)
            return f"<p>{text}</p>", text

        def stream(text):
            for step in range(2):
                yield f"<p>{text} {step}</p>"
                self.begun.setdefault(text, threading.Event()).set()
                if text in self.gates:
                    assert self.gates[text].wait(30)

        def kept(last):
            return last

        with gr.Blocks(analytics_enabled=False) as self.demo:
            text, other = gr.Textbox(), gr.Textbox()
            shown, last, seen = gr.HTML(), gr.State(""), gr.HTML()
            events.redraw([text.change], answer, [text], [shown, last], api_name="answer")
            events.redraw([other.change], stream, [other], [shown], api_name="stream")
            gr.Button().click(kept, last, seen, api_name="kept")
        self.demo.queue(default_concurrency_limit=4)
        gradio_patches.keep_order(self.demo)
        _, self.url, _ = self.demo.launch(prevent_thread_lock=True, quiet=True)
        self.sessions = count()
        self.fns = {f.api_name: i for i, f in self.demo.fns.items()}

    def gate(self, text: str) -> threading.Event:
        self.gates[text], self.begun[text] = threading.Event(), threading.Event()
        return self.gates[text]

    def ask(self, session: str, name: str, data: list) -> str:
        """Send one request as the page does; its id."""
        body = {"data": data, "fn_index": self.fns[name], "session_hash": session}
        request = urllib.request.Request(
            f"{self.url}gradio_api/queue/join",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["event_id"]

    def answers(self, session: str, n: int) -> list[tuple[str, list]]:
        """The next `n` completed answers of a session in the order they come: (id, data)."""
        found = []
        address = f"{self.url}gradio_api/queue/data?session_hash={session}"
        with urllib.request.urlopen(address, timeout=60) as lines:
            for line in lines:
                if not line.startswith(b"data:"):
                    continue
                message = json.loads(line[5:])
                if message["msg"] == "process_completed":
                    found.append((message["event_id"], message["output"]["data"]))
                if len(found) == n:
                    return found
        raise AssertionError(f"{len(found)} answers of {n}")


@pytest.fixture(scope="module")
def page():
    page = Page()
    yield page
    page.demo.close()


def test_both_run_at_once_and_the_older_ends_last(page):
    gate = page.gate("slow")
    older = page.ask("ends", "answer", ["slow", 1])
    assert page.begun["slow"].wait(30)
    newer = page.ask("ends", "answer", ["new", 2])
    assert page.begun.setdefault("new", threading.Event()).wait(30)
    threading.Timer(1.0, gate.set).start()
    assert page.answers("ends", 2) == [(newer, ["<p>new</p>", None]), (older, [SKIP, SKIP])]
    asked = page.ask("ends", "kept", [None])
    assert page.answers("ends", 1) == [(asked, ["new"])]  # nor has it written the state


def test_an_older_question_that_arrives_last_is_not_computed(page):
    newer = page.ask("swapped", "answer", ["second", 2])
    assert page.answers("swapped", 1) == [(newer, ["<p>second</p>", None])]
    older = page.ask("swapped", "answer", ["first", 1])
    assert page.answers("swapped", 1) == [(older, [SKIP, SKIP])]
    assert "first" not in page.calls


def test_two_events_that_write_one_output_share_its_order(page):
    gate = page.gate("streamed")
    older = page.ask("two", "stream", ["streamed", 1])
    assert page.begun["streamed"].wait(30)
    newer = page.ask("two", "answer", ["at once", 2])
    threading.Timer(1.0, gate.set).start()
    assert page.answers("two", 2) == [(newer, ["<p>at once</p>", None]), (older, [SKIP])]


def test_sessions_do_not_share_an_order(page):
    page.ask("theirs", "answer", ["theirs", 9])
    mine = page.ask("mine", "answer", ["mine", 1])
    assert page.answers("mine", 1) == [(mine, ["<p>mine</p>", None])]


@pytest.mark.parametrize("number", [None, "2", True, -1, 1.5, 2**60])
def test_what_is_no_number_of_the_page_is_not_ordered(page, number):
    page.ask("odd", "answer", ["newest", 1_000])
    page.answers("odd", 1)
    odd = page.ask("odd", "answer", ["odd", number])
    assert page.answers("odd", 1) == [(odd, ["<p>odd</p>", None])]


def test_the_events_of_the_page_are_no_endpoints_of_a_program(page):
    client = program(page.url)
    named = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert not {"/page_answer", "/answer", "/stream"} & set(named)
