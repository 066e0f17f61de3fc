"""What no page sends: a sentence for whoever sent it, and no traceback in the app's log."""

from __future__ import annotations

import json
import logging

import gradio as gr
import pytest
from gradio import routes

from tests import http
from ulmfit_demo import limits, web
from ulmfit_demo.tabs.shared import guard
from ulmfit_demo.web import answers, door, gradio_patches

PATH = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}


def event(url: str, name: str) -> int:
    found = http.get(f"{url}config").json()["dependencies"]
    return next(d["id"] for d in found if d["api_name"] == name)


def said(url: str, name: str, data: list) -> dict:
    """The answer of the queue to one question of a page."""
    body = {"data": data, "fn_index": event(url, name), "session_hash": f"odd {name}"}
    sent = {"content": json.dumps(body), "headers": {"content-type": "application/json"}}
    assert http.post(f"{url}gradio_api/queue/join", **sent).status_code == 200
    stream = http.get(f"{url}gradio_api/queue/data", params={"session_hash": f"odd {name}"})
    lines = [part for part in stream.text.split("\n\n") if "process_completed" in part]
    return json.loads(lines[-1].removeprefix("data:"))


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("what_if", ["A film", PATH], gradio_patches.NO_VALUE),
        ("page_word_vocabulary", ["A film", [[]], 100, None], gradio_patches.NO_VALUE),
        ("page_vocabulary", ["A film", {"a": 1}, 500, None], "is not in the list of choices"),
        ("page_vocabulary", ["A film", "\ud800", 500, None], "is not in the list of choices"),
        ("page_sentiment_lines", ["", PATH, None], gradio_patches.NO_VALUE),
        ("page_teach_own", ["a"], gradio_patches.NO_VALUE),
    ],
)
def test_a_value_that_its_field_cannot_hold(url, capfd, name, data, sentence):
    found = said(url, name, data)
    assert not found["success"]
    assert sentence in found["output"]["error"]
    assert "Traceback" not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("call/no_such", {"data": []}),
        ("call/v2/no_such", {"data": []}),
        ("call/v2/classify", {"no_such": 1}),
        ("queue/join", {"data": [], "fn_index": 10**7, "session_hash": "x"}),
        ("run/training", {"data": [], "fn_index": -1, "session_hash": "x"}),
    ],
)
def test_a_request_that_no_door_takes(url, caplog, capfd, path, body):
    caplog.set_level(logging.WARNING, "ulmfit_demo")
    answer = http.post(f"{url}gradio_api/{path}", json=body)
    assert (answer.status_code, answer.json()) == (400, {"detail": web.NO_REQUEST})
    assert "Traceback" not in "".join(capfd.readouterr())
    assert f"gradio took no '/gradio_api/{path}" in caplog.text


def test_half_a_pair_ends_no_stream(url):
    """Its stream holds the answers of the whole page: one that cannot be written ended all of them."""
    found = said(url, "page_inside_change", ["A dull \ud800 film.", None])
    assert found["success"]
    assert "\ufffd" in json.dumps(found, ensure_ascii=False)
    assert limits.text("a\ud800b") == "a\ufffdb"


def test_what_json_cannot_hold_is_mended():
    odd = {"\ud800": [10**30, (1.5, "b\udfff"), -(10**400), {"c": 2**70}], "d": 2**40}
    found = json.loads(answers.Writer.dumps(odd))
    assert found == {"\ufffd": [1e30, [1.5, "b\ufffd"], None, {"c": 2.0**70}], "d": 2**40}
    assert routes.orjson.dumps({"a": 1}) == b'{"a":1}'


QUOTA = (
    "You have exceeded your free ZeroGPU quota (60s requested vs. 3s left). Try again in 0:10:00."
)


def no_gpu(*_):
    """As `spaces` does where this visitor gets no GPU."""
    raise gr.Error(f"<b>{QUOTA}</b>", title="ZeroGPU quota exceeded", print_exception=False)


def test_a_visitor_without_a_gpu_is_told_why_and_until_when(caplog):
    shown, rest = guard.guarded(gr.skip())(no_gpu)("A film.")
    assert QUOTA in shown
    assert "ZeroGPU quota exceeded: " in shown
    assert "&lt;b&gt;" not in shown
    assert rest == gr.skip()

    def method(text: str) -> str:
        """Says something."""
        return no_gpu(text)

    with pytest.raises(gr.Error, match="exceeded your free ZeroGPU quota"):
        door.door(method, {}, "said")("A film.")
    assert caplog.text == ""
    assert guard.said_by_gradio(gr.Error("No words.")) == "No words."
