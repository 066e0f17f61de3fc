"""The tab that is being laid out, whose `select` draws what is shown when it opens."""

from __future__ import annotations

import gradio as gr


def this_tab() -> gr.Tab:
    """The `gr.Tab` around the call. Raises TypeError where there is none."""
    block = gr.context.Context.block
    if not isinstance(block, gr.Tab):
        raise TypeError("a tab is built inside `with gr.Tab(...)`")
    return block
