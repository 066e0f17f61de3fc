"""The clicks in HTML results, as events of the launched app: whatever a program sends for one."""

import json
import urllib.request

import pytest

from ulmfit_demo.tabs.shared import guard
from ulmfit_demo.web import gradio_patches

# name of the event's function → the data of its inputs, without the page's number
CLICKS = {
    "what_if": ["A dull film."],
    "change": ["A dull film.", None],
    "branch": [None, False],
    "picked_number": [],
    "take": [],
}
ODD = [None, 3, "value", ["value"], {}, {"value": None}, {"value": {"value": 1}}]
ODD += [{"value": v} for v in ("", "-1", "99999", "[[", '{"text": 3}', "[0, 9999]", "[" * 9_000)]


@pytest.fixture(scope="module")
def clicks(url) -> list[dict]:
    """The events of HTML results that the server answers."""
    with urllib.request.urlopen(f"{url}config", timeout=30) as answer:
        config = json.load(answer)
    results = {c["id"]: c["props"] for c in config["components"] if c["type"] == "html"}
    found = [
        {**d, "results": [results[i] for i, _ in d["targets"]]}
        for d in config["dependencies"]
        if d["targets"] and all(i in results and name == "select" for i, name in d["targets"])
    ]
    return [d for d in found if d["backend_fn"]]


def test_each_result_listens_and_no_event_has_a_name_in_the_api(clicks):
    names = {str(d["api_name"]).rstrip("_0123456789") for d in clicks}
    assert names == set(CLICKS)
    for event in clicks:
        assert event["api_visibility"] == "private"
        assert event["collects_event_data"]
        assert all("ulmfitPick.listen(" in r["js_on_load"] for r in event["results"])


@pytest.mark.parametrize("data", ODD)
def test_any_data_gets_an_answer(url, clicks, data):
    for event in clicks:
        name = str(event["api_name"]).rstrip("_0123456789")
        answer = asked(url, event, [*CLICKS[name], 1], data, f"{name} {ODD.index(data)}")
        assert answer["success"], (name, data, answer)
        assert guard.BROKEN not in json.dumps(answer), (name, data)


@pytest.mark.parametrize("data", [{"path": "/etc/passwd"}, {"value": {"path": "/x", "n": 1}}])
def test_a_path_that_nobody_uploaded_is_refused_in_a_sentence(url, clicks, data, caplog):
    for event in clicks:
        name = str(event["api_name"]).rstrip("_0123456789")
        answer = asked(
            url, event, [*CLICKS[name], 1], data, f"path {name} {len(data)} {'value' in data}"
        )
        assert not answer["success"]
        assert answer["output"]["error"] == gradio_patches.NO_VALUE
    assert "Traceback" not in caplog.text


def asked(url: str, event: dict, inputs: list, data: object, session: str) -> dict:
    """The answer to a click of a session of its own, sent as the page does."""
    session = session.replace(" ", "-")
    body = {"data": inputs, "event_data": data, "fn_index": event["id"], "session_hash": session}
    body["trigger_id"] = event["targets"][0][0]
    request = urllib.request.Request(
        f"{url}gradio_api/queue/join",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        json.load(answer)
    address = f"{url}gradio_api/queue/data?session_hash={session}"
    with urllib.request.urlopen(address, timeout=60) as lines:
        for line in lines:
            message = json.loads(line[5:]) if line.startswith(b"data:") else {}
            if message.get("msg") == "process_completed":
                return message
    raise AssertionError("no answer")


@pytest.mark.parametrize("data", [*ODD, {"value": "A dull film."}, {"value": "x" * 60_000}])
def test_the_strip_answers_any_text(url, data):
    with urllib.request.urlopen(f"{url}config", timeout=30) as answer:
        config = json.load(answer)
    (strip,) = [c["id"] for c in config["components"] if c["props"].get("elem_id") == "journey"]
    (event,) = [d for d in config["dependencies"] if [strip, "input"] in d["targets"]]
    answer = asked(url, event, [None, 1], data, f"strip {str(data)[:40].encode().hex()}")
    assert answer["success"]
    assert '<ol class="journey' in answer["output"]["data"][0]
