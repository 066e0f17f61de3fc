"""The panel "Show the code": Python lines, coloured and copied by `script/code.js`. Holds no lines."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo.tabs.shared.events import PRIVATE

STAGE = '<div class="u-code"></div>'
ON_LOAD = "window.ulmfitCode(element, props, watch)"


def panel(label: str = "Show the code") -> gr.HTML:
    """A closed accordion with Python lines; fill it with `lessons.code(...)` as an output.

    The lines stand in `gr.HTML`: `gr.Code` loads an editor of 130 KB (compressed) with the first view.
    """
    with gr.Accordion(label, open=False):
        return gr.HTML(html_template=STAGE, js_on_load=ON_LOAD, min_height=60)


def on_demand(label: str = "Show the code") -> tuple[gr.HTML, gr.State]:
    """A code panel, and whether it is open: what a closed one would show need not be worked out."""
    code, opened = panel(label), gr.State(False)
    accordion = code.parent
    assert isinstance(accordion, gr.Accordion)  # `panel` made it
    accordion.expand(lambda: True, None, opened, show_progress="hidden", **PRIVATE)
    accordion.collapse(lambda: False, None, opened, show_progress="hidden", **PRIVATE)
    return code, opened
