"""A keystroke is answered while generation and training are full; a visitor who leaves frees a lane."""

from __future__ import annotations

import json
import threading
import time
import urllib.request

import gradio as gr
import psutil
import pytest
from gradio_client.utils import QueueError

from tests import http
from tests.page import Page, program
from ulmfit_demo import limits, page, theme
from ulmfit_demo.inference import loading
from ulmfit_demo.tabs.sentiment import layout as sentiment
from ulmfit_demo.web import gradio_patches

# prompt, temperature, top-k, top-p, min-p, penalty, words, texts, seed, coloured
LONG = ("The film", 0.75, 0, 1.0, 0.0, 1.0, 300, 8, 1, False)
TEXT = "\n".join(
    f"The boat {i} left the harbour {i * i} times, said keeper {i}." for i in range(9_000)
)


def workers() -> list[int]:
    """Subword trainings that run."""
    return [
        p.pid
        for p in psutil.Process().children(recursive=True)
        if p.status() != "zombie" and "subword_training/worker.py" in " ".join(p.cmdline())
    ]


def until(condition, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def test_a_full_lane_turns_away_its_own_requests_only():
    go = threading.Event()

    def slow() -> bool:
        return go.wait(200)

    def key() -> str:
        return "here"

    with gr.Blocks(analytics_enabled=False) as demo:
        gr.api(slow, api_name="slow", concurrency_id="model", concurrency_limit=1)
        gr.api(key, api_name="key", concurrency_id=gradio_patches.KEYSTROKE, concurrency_limit=2)
    demo.queue(max_size=50)
    gradio_patches.limit_waiting(demo, 3)
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True)
    try:
        client = program(url)
        jobs = [client.submit(api_name="/slow")]
        queue = demo._queue.event_queue_per_concurrency_id
        assert until(lambda: "model" in queue and queue["model"].current_concurrency == 1, 60)
        jobs += [client.submit(api_name="/slow") for _ in range(3)]
        assert until(lambda: len(queue["model"].queue) == 3, 60)
        with pytest.raises(QueueError, match="full"):
            client.predict(api_name="/slow")
        assert client.predict(api_name="/key") == "here"
        assert not any(job.done() for job in jobs)  # it did not wait for one of them
        go.set()
        assert [job.result(60) for job in jobs] == [True] * 4
    finally:
        go.set()
        demo.close()


def test_a_sessions_name_is_short():
    """gradio keeps the names; one may be as long as a body."""
    with gr.Blocks(analytics_enabled=False) as demo:
        gr.api(lambda: "here", api_name="here")
    demo.queue()
    gradio_patches.limit_waiting(demo)
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True)
    try:
        for n, status in ((limits.SESSION_CHARACTERS, 200), (limits.SESSION_CHARACTERS + 1, 400)):
            asked = {"data": [], "fn_index": 0, "session_hash": "x" * n}
            answer = http.post(f"{url}gradio_api/queue/join", json=asked)
            assert answer.status_code == status
        assert answer.json()["detail"] == gradio_patches.LONG_SESSION
    finally:
        demo.close()


def test_what_if_has_the_lane_of_key_presses_and_many_reviews_another(monkeypatch):
    """A click on a word never waits for somebody's five thousand reviews."""
    with gr.Blocks(analytics_enabled=False) as demo, gr.Tabs(), gr.Tab("Sentiment"):
        sentiment.build(loading.load(theme.ASSETS))
    found = {f.api_name or f.fn.__name__: f.concurrency_id for f in demo.fns.values() if f.fn}
    assert found["what_if"] == gradio_patches.KEYSTROKE
    assert found["page_sentiment_lines"] != gradio_patches.KEYSTROKE


def test_the_bounds_leave_room_for_keystrokes():
    # model, training, legal sizes, live training, fine-tuning, validation, learning curve, settings, own
    others = 9
    assert others * limits.LANE_WAITING <= limits.QUEUE - limits.KEYSTROKE_WAITING


def test_keystrokes_that_would_wait_for_long_are_turned_away():
    go, lane = threading.Event(), gradio_patches.KEYSTROKE

    def key() -> bool:
        return go.wait(200)

    with gr.Blocks(analytics_enabled=False) as demo:
        gr.api(key, api_name="key", concurrency_id=lane, concurrency_limit=1)
    demo.queue(max_size=50)
    gradio_patches.limit_waiting(demo, most=1, keystrokes=3)
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True)
    try:
        client = program(url)
        jobs = [client.submit(api_name="/key")]
        queue = demo._queue.event_queue_per_concurrency_id
        assert until(lambda: lane in queue and queue[lane].current_concurrency == 1, 60)
        jobs += [client.submit(api_name="/key") for _ in range(3)]
        assert until(lambda: len(queue[lane].queue) == 3, 60)
        with pytest.raises(QueueError, match="full"):
            client.predict(api_name="/key")
        go.set()
        assert [job.result(60) for job in jobs] == [True] * 4
    finally:
        go.set()
        demo.close()


def test_who_waits_is_not_told_after_every_answer():
    """Fifty wait in one lane: each hears its place once a second, not each time another one is done."""
    n, told = 50, []

    with gr.Blocks(analytics_enabled=False) as demo:
        gr.api(lambda: time.sleep(0.01), api_name="key", concurrency_limit=1)
    page.line(demo)
    send = demo._queue.send_message
    demo._queue.send_message = lambda event, message: (
        told.append(message.msg),
        send(event, message),
    )
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True)
    try:
        client, began = program(url), time.monotonic()
        for job in [client.submit(api_name="/key") for _ in range(n)]:
            job.result(60)
        seconds = time.monotonic() - began
    finally:
        demo.close()
    assert told.count("process_completed") == n
    assert told.count("estimation") <= n * (2 + seconds / limits.PLACE_SECONDS)


def test_keystrokes_are_answered_while_texts_are_written(url):
    busy, client = Page(url, verbose=False), Page(url, verbose=False)
    if "No model could be loaded" in client.predict("A film.", api_name="/sentiment")[0]:
        pytest.skip("no bundle ships with this checkout")
    jobs = [busy.submit(*LONG, api_name="/generate") for _ in range(limits.MODEL_LANE + 3)]
    try:
        assert until(lambda: any(job.outputs() for job in jobs), 60)
        assert client.predict("A warm film.", api_name="/sentiment")[0]
        assert client.predict("A warm", api_name="/surprise")
        assert client.predict("A film.", api_name="/tokenize")
        # `benchmarks/load.py` measures the wait
        assert sum(not job.done() for job in jobs) > limits.MODEL_LANE, "the lane was not full"
    finally:
        for job in jobs:
            job.cancel()


def test_a_client_that_goes_away_frees_the_lane(url):
    """The stream is cut in the middle: the worker ends, and the next one may train."""
    api = f"{url.rstrip('/')}/gradio_api/queue"
    client = program(url)
    (fn,) = [d for d in client.config["dependencies"] if d["api_name"] == "train_vocabulary"]
    body = {
        "data": [TEXT, "unigram", 4_000, "the boat"],
        "fn_index": fn["id"],
        "session_hash": "leaves",
    }
    request = urllib.request.Request(
        f"{api}/join", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=60).read()
    stream = urllib.request.urlopen(f"{api}/data?session_hash=leaves", timeout=60)
    assert until(lambda: stream.readline() and workers(), 60)
    stream.close()
    assert until(lambda: not workers(), 60), "the worker went on for nobody"
    result = client.submit(
        "the boat and the harbour\n" * 40, "bpe", 45, "boat", api_name="/train_vocabulary"
    ).result(200)
    assert result["stage"] == "done"
