"""What gradio spends on an event and this app does without; every answer stays what it was."""

import functools
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import anyio
import gradio as gr
import pytest
from gradio import queueing

from tests.own_loop import run_async
from tests.page import SECONDS, program
from ulmfit_demo.web import gradio_overhead

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def threads_of(monkeypatch):
    """In which threads an event with an input and an output of a kind looked at their values."""

    def watch(kind, value):
        seen = []
        for name in ("preprocess", "postprocess"):
            monkeypatch.setattr(kind, name, watched(getattr(kind, name), seen))
        with gr.Blocks() as demo:
            there, here = kind(), kind()
            event = there.change(lambda x: x, there, here)
        demo.queue()
        gradio_overhead.save(demo)

        async def ask():
            seen.clear()
            found = await demo.process_api(event["id"], [value])
            return threading.get_ident(), found["data"]

        loop, answer = run_async(ask())
        return [thread == loop for thread in seen], answer

    return watch


def watched(method, seen):
    @functools.wraps(method)
    def call(self, value):
        seen.append(threading.get_ident())
        return method(self, value)

    return call


@pytest.mark.parametrize(
    ("kind", "value"), [(gr.Textbox, "a film"), (gr.Number, 3), (gr.HTML, "<b>")]
)
def test_a_text_or_a_number_needs_no_thread(threads_of, kind, value):
    at_once, answer = threads_of(kind, value)
    assert at_once == [True, True]
    assert answer == [value]


def test_a_table_has_its_thread(threads_of):
    table = {"headers": ["a"], "data": [["x"]]}
    at_once, answer = threads_of(gr.Dataframe, table)
    assert at_once == [False, False]
    assert answer[0]["data"] == [["x"]]


def test_what_a_light_component_refuses_is_refused():
    with gr.Blocks() as demo:
        choice = gr.Radio(["a", "b"])
        event = choice.change(lambda x: x, choice, choice)
    demo.queue()
    gradio_overhead.save(demo)
    with pytest.raises(gr.Error, match="not in the list of choices"):
        run_async(demo.process_api(event["id"], ["c"]))


@pytest.mark.parametrize("heard", [True, False])
def test_a_state_is_followed_where_an_event_hears_of_its_change(heard, monkeypatch):
    with gr.Blocks() as demo:
        state, button = gr.State(1), gr.Button()
        event = button.click(lambda: 2, None, state)
        if heard:
            state.change(lambda: None)
    demo.queue()
    fn = demo.default_config.fns[event["id"]]
    session = type("Session", (dict,), {"blocks_config": demo.default_config})({state._id: 1})
    asked, original = [], demo.get_state_ids_to_track
    expected = original(fn, session)
    monkeypatch.setattr(
        demo, "get_state_ids_to_track", lambda *args: asked.append(1) or original(*args)
    )
    gradio_overhead.save(demo)
    assert demo.get_state_ids_to_track(fn, session) == expected
    assert bool(expected[0]) == bool(asked) == heard


def test_the_queues_summary_is_made_in_a_thread_where_it_is_due():
    with gr.Blocks() as demo:
        pass
    demo.queue()
    gradio_overhead.save(demo)
    queue = demo._queue

    def threads_of_summary(due):
        queue.events_recorded = queue.ANAYLTICS_CACHE_FREQUENCY * due
        seen = []

        class Records(list):
            def __bool__(self):
                seen.append(threading.get_ident())
                return False  # none: there is nothing to make a table of

        async def ask():
            await queueing.run_sync(queue.compute_analytics_summary, Records())
            return threading.get_ident()

        loop = run_async(ask())
        return [thread == loop for thread in seen]

    assert threads_of_summary(due=0) == [True]
    assert threads_of_summary(due=1) == [False]


def test_what_is_not_light_is_what_gradio_calls():
    assert gr.blocks.anyio.to_thread.current_default_thread_limiter
    assert gr.blocks.anyio.CapacityLimiter is anyio.CapacityLimiter


DRAWN = """
import sys
import gradio as gr
from gradio_client import Client
from ulmfit_demo.web import gradio_overhead
with gr.Blocks() as demo:
    text = gr.Textbox()
    text.change(lambda x: x, text, text, api_name="same")
demo.queue()
if sys.argv[1] == "saved":
    gradio_overhead.save(demo)
_, url, _ = demo.launch(prevent_thread_lock=True, quiet=True)
assert Client(url, verbose=False).predict("a film", api_name="/same") == "a film"
print("matplotlib" in sys.modules)
"""


@pytest.mark.parametrize(("how", "loaded"), [("saved", "False"), ("plain", "True")])
def test_an_event_needs_no_matplotlib(how, loaded):
    done = subprocess.run(
        [sys.executable, "-c", DRAWN, how], cwd=ROOT, capture_output=True, text=True, timeout=200
    )
    assert done.stdout.split()[-1:] == [loaded], done.stderr[-2_000:]


@pytest.fixture
def waking(monkeypatch):
    """A served app whose queue sees nothing by itself within an hour; whether each call ran alone."""
    monkeypatch.setattr(gradio_overhead, "FIND_OUT", 3_600.0)
    running, most = threading.Semaphore(1), []

    def one(x: str) -> str:
        most.append(running.acquire(blocking=False))  # False: another one runs
        time.sleep(0.01)
        running.release()
        return x

    with gr.Blocks(analytics_enabled=False) as demo:
        gr.api(one, api_name="one", concurrency_limit=1, concurrency_id="lane")
    demo.queue()
    gradio_overhead.save(demo)
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True)
    yield demo, program(url), most
    demo.close()


def test_the_queue_begins_with_a_question_and_goes_on_after_an_answer(waking):
    _, client, most = waking
    jobs = [client.submit(f"{i}", api_name="/one") for i in range(8)]
    assert [job.result(SECONDS) for job in jobs] == [f"{i}" for i in range(8)]
    assert most == [True] * 8


def test_a_lane_is_free_at_once_where_a_running_generator_was_cancelled(monkeypatch):
    """gradio waits for its end, up to a minute, after the lane is free."""
    monkeypatch.setattr(gradio_overhead, "FIND_OUT", 3_600.0)
    go, begun, ran = (threading.Event() for _ in range(3))

    def long() -> Iterator[str]:
        yield "begun"
        begun.set()
        go.wait(SECONDS)
        yield "done"

    def short() -> str:
        ran.set()
        return "here"

    with gr.Blocks(analytics_enabled=False) as demo:
        lane = dict(concurrency_id="lane", concurrency_limit=1)
        gr.api(long, api_name="long", **lane)
        gr.api(short, api_name="short", **lane)
    demo.queue()
    gradio_overhead.save(demo)
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True)
    try:
        client = program(url)
        job = client.submit(api_name="/long")
        assert begun.wait(SECONDS)
        client.submit(api_name="/short")
        threading.Thread(target=job.cancel, daemon=True).start()  # its answer waits with gradio
        assert ran.wait(SECONDS)
        assert not go.is_set()
    finally:
        go.set()
        demo.close()


def test_an_idle_queue_does_not_look(waking, monkeypatch):
    demo, client, _ = waking
    assert client.predict("a", api_name="/one") == "a"
    looked = []
    length = type(demo._queue).__len__
    monkeypatch.setattr(type(demo._queue), "__len__", lambda self: looked.append(1) or length(self))
    time.sleep(0.5)  # gradio's own looks four hundred times
    assert len(looked) <= 3
