"""gradio's small steps run on its loop, the large ones in threads, and every answer stays what it was."""

import asyncio
import functools
import threading

import gradio as gr
import pytest

from ulmfit_demo.web import gradio_threads


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
        gradio_threads.save_threads(demo)

        async def ask():
            seen.clear()
            found = await demo.process_api(event["id"], [value])
            return threading.get_ident(), found["data"]

        loop, answer = asyncio.run(ask())
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
    gradio_threads.save_threads(demo)
    with pytest.raises(gr.Error, match="not in the list of choices"):
        asyncio.run(demo.process_api(event["id"], ["c"]))


@pytest.mark.parametrize("heard", [True, False])
def test_a_state_is_followed_where_an_event_hears_of_its_change(heard):
    with gr.Blocks() as demo:
        state, button = gr.State(1), gr.Button()
        event = button.click(lambda: 2, None, state)
        if heard:
            state.change(lambda: None)
    demo.queue()
    fn = demo.default_config.fns[event["id"]]
    session = type("Session", (dict,), {"blocks_config": demo.default_config})({state._id: 1})
    expected = demo.get_state_ids_to_track(fn, session)
    gradio_threads.save_threads(demo)
    assert demo.get_state_ids_to_track(fn, session) == expected
    assert bool(expected[0]) == heard


def test_the_queues_bookkeeping_is_done_at_once():
    assert asyncio.run(gradio_threads._at_once(threading.get_ident)) == threading.get_ident()
