"""The token of the text that was clicked, which the views of the Inside tab share."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo.tabs.shared import events, picks


def strip(elem_id: str, place: gr.Number) -> gr.HTML:
    """A view's strip of words: the word of it that is clicked becomes the `place` of all views."""
    result = gr.HTML(elem_id=elem_id, min_height=150, js_on_load=picks.LISTEN)
    events.redraw([result.select], picks.picked_number, [], [place])
    return result


def place_of(value: object) -> int | None:
    """The token that was clicked; None for none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 10_000:
        return None
    return int(value)
