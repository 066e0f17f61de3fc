"""Python lines on the page, coloured and copied by `script/code.js`. Holds no lines."""

from __future__ import annotations

import gradio as gr

STAGE = '<div class="u-code"></div>'
ON_LOAD = "window.ulmfitCode(element, props, watch)"


def code_view() -> gr.HTML:
    """In `gr.Code`'s place, which loads an editor of 130 KB (compressed) with the first view."""
    return gr.HTML(html_template=STAGE, js_on_load=ON_LOAD, min_height=60)
