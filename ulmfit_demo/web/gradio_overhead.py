"""What gradio 6.31 spends on each event and on a start, and this app does without. Computes nothing.

- It sends each input and each output to a thread of its own, though most are a text or a number: ten to
  twenty hand-overs an answer, each of which waits for the interpreter's lock while others compute. Pull
  request 13168 brought it; 7796, which is open, wants it gone.
- It looks through the triggers of all events for each state that is written: no issue found.
- It makes its FastAPI app at the beginning and at the end of `with gr.Blocks()` and again in `queue` and
  `launch`, each time with all the routes: a third of a second each. No issue found.
- Its queue looks a thousand times a second whether somebody asks, and a hundred times whether a bar of
  progress moves, on an idle server too. No issue found.
- It imports matplotlib and sets its backend, twice, around each call of a function. No function here
  draws with matplotlib. No issue found.

The numbers are of https://github.com/gradio-app/gradio.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import anyio
import gradio as gr
from gradio import blocks, queueing, utils

# What these do with a value takes microseconds; a table's, a file's or a figure's may take a second.
LIGHT = (
    gr.HTML,
    gr.Textbox,
    gr.Number,
    gr.Slider,
    gr.Radio,
    gr.Dropdown,
    gr.Checkbox,
    gr.CheckboxGroup,
    gr.Button,
    gr.Markdown,
)
STEPS = ("preprocess", "postprocess")
FIND_OUT = 1.0  # seconds: how late the queue sees what nothing told it of
CREATE_APP = vars(blocks.App)["create_app"]


@contextlib.contextmanager
def no_app_yet() -> Iterator[None]:
    """`with gr.Blocks()` in this makes no FastAPI app; `queue` does, after it."""
    setattr(blocks.App, "create_app", staticmethod(lambda *_, **__: None))  # noqa: B010
    try:
        yield
    finally:
        setattr(blocks.App, "create_app", CREATE_APP)  # noqa: B010


def save(demo: gr.Blocks) -> None:
    """Let light steps run on the event loop, and leave the rest out. When all events are known."""
    setattr(blocks, "anyio", _Anyio())  # noqa: B010  (a module has no such field)
    setattr(queueing, "run_sync", _bookkeeping(demo))  # noqa: B010
    setattr(utils, "MatplotlibBackendMananger", contextlib.nullcontext)  # noqa: B010
    wake(demo)
    fns = demo.default_config.fns.values()
    heard = {block for fn in fns for block, event in fn.targets if event == "change"}
    track = demo.get_state_ids_to_track

    def tracked(block_fn: Any, state: Any) -> Any:
        if not any(block.stateful and block._id in heard for block in block_fn.outputs):
            return [], []
        return track(block_fn, state)

    demo.get_state_ids_to_track = tracked  # type: ignore[method-assign]  # the patch


def wake(demo: gr.Blocks) -> None:
    """Let the queue wait until a question comes or an answer is done; it looked each millisecond."""
    queue, wake_up = demo._queue, WakeUp()
    push, end_of_answer = queue.push, queue.reset_iterators

    async def pushed(*args: Any, **kwargs: Any) -> Any:
        try:
            return await push(*args, **kwargs)
        finally:
            wake_up.set()

    async def ended(*args: Any, **kwargs: Any) -> None:
        wake_up.set()  # before it waits for the function of an event that was cancelled
        await end_of_answer(*args, **kwargs)

    queue.push = pushed  # type: ignore[method-assign]  # the patch
    queue.reset_iterators = ended  # type: ignore[method-assign]  # the patch
    queue.sleep_when_free = wake_up
    if not any(fn.tracks_progress for fn in demo.default_config.fns.values()):
        queue.progress_update_sleep_when_free = FIND_OUT
    setattr(queueing, "asyncio", _Asyncio())  # noqa: B010  (a module has no such field)


class WakeUp(float):
    """What the queue sleeps for when it has nothing to do: until `set`, `FIND_OUT` seconds at most."""

    def __new__(cls) -> WakeUp:
        return super().__new__(cls, FIND_OUT)

    def __init__(self) -> None:
        self.asleep: set[asyncio.Future] = set()

    async def wait(self) -> None:
        waiting = asyncio.get_running_loop().create_future()
        self.asleep.add(waiting)
        try:
            await asyncio.wait([waiting], timeout=self)
        finally:
            self.asleep.discard(waiting)

    def set(self) -> None:
        for waiting in self.asleep:
            if not waiting.done():
                waiting.set_result(None)


class _Asyncio:
    """`asyncio` as `gradio.queueing` calls it."""

    async def sleep(self, delay: float) -> None:
        await (delay.wait() if isinstance(delay, WakeUp) else asyncio.sleep(delay))

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)


class _Anyio:
    """`anyio` as `gradio.blocks` calls it."""

    def __init__(self) -> None:
        own = {name: getattr(anyio.to_thread, name) for name in anyio.to_thread.__all__}
        self.to_thread = SimpleNamespace(**{**own, "run_sync": _in_thread})

    def __getattr__(self, name: str) -> Any:
        return getattr(anyio, name)


async def _in_thread(function: Callable, *args: Any, **kwargs: Any) -> Any:
    """`function` in a thread, or at once where it is a light component's."""
    component = getattr(function, "__self__", None)
    if isinstance(component, LIGHT) and function.__name__ in STEPS:
        return function(*args)
    return await anyio.to_thread.run_sync(function, *args, **kwargs)


def _bookkeeping(demo: gr.Blocks) -> Callable:
    """`run_sync` of the queue of `demo`: its summary of requests, which is not due, needs no thread."""
    summary = "compute_analytics_summary"

    async def run(function: Callable, *args: Any, **kwargs: Any) -> Any:
        queue = getattr(function, "__self__", None)
        if queue is demo._queue and getattr(function, "__name__", "") == summary:
            since = queue.events_recorded - queue.event_count_at_last_cache
            if since < queue.ANAYLTICS_CACHE_FREQUENCY:  # gradio's spelling
                return function(*args)
        return await anyio.to_thread.run_sync(function, *args, **kwargs)

    return run
