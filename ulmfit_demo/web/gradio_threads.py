"""Which of gradio's small steps run on its event loop, and what they cost elsewhere. Computes nothing.

gradio 6.31 sends each input and each output of an event to a thread of its own, though most are a text
or a number: ten to twenty hand-overs an answer, each of which waits for the interpreter's lock while
others compute. No issue of https://github.com/gradio-app/gradio was found for these.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import anyio
import gradio as gr
from gradio import blocks, queueing

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


def save_threads(demo: gr.Blocks) -> None:
    """Let light steps run where they are asked for. After `demo.queue`, when all events are known."""
    setattr(blocks, "anyio", _Anyio())  # noqa: B010  (a module has no such field)
    setattr(queueing, "run_sync", _at_once)  # noqa: B010
    heard = {
        block
        for fn in demo.default_config.fns.values()
        for block, event in fn.targets
        if event == "change"
    }
    track = demo.get_state_ids_to_track

    def tracked(block_fn: Any, state: Any) -> Any:
        """gradio looks through all events' triggers for each state that is written."""
        if not any(block.stateful and block._id in heard for block in block_fn.outputs):
            return [], []
        return track(block_fn, state)

    demo.get_state_ids_to_track = tracked  # type: ignore[method-assign]  # the patch


class _Anyio:
    """`anyio` as `gradio.blocks` calls it."""

    def __init__(self) -> None:
        self.to_thread = SimpleNamespace(run_sync=_in_thread)

    def __getattr__(self, name: str) -> Any:
        return getattr(anyio, name)


async def _in_thread(function: Callable, *args: Any, **kwargs: Any) -> Any:
    """`function` in a thread, or at once where it is a light component's."""
    component = getattr(function, "__self__", None)
    if isinstance(component, LIGHT) and function.__name__ in ("preprocess", "postprocess"):
        return function(*args)
    return await anyio.to_thread.run_sync(function, *args, **kwargs)


async def _at_once(function: Callable, *args: Any) -> Any:
    """The queue's own bookkeeping, which `startup.ENVIRONMENT` keeps to one line."""
    return function(*args)
