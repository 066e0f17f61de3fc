"""What was clicked in an HTML result: `script/pick.js` writes it into a field that no one sees."""

from __future__ import annotations

import json

import gradio as gr


def hidden_field(elem_id: str) -> gr.Textbox:
    """A field that no one sees: `pick.js` writes into it what was clicked in an HTML result."""
    return gr.Textbox("", elem_id=elem_id, elem_classes="u-hidden-field", show_label=False)


def picked(value: object) -> str:
    """What `pick.js` wrote: the clicked element's `data-value`; "" where it is nothing of its."""
    if not isinstance(value, str):
        return ""
    try:
        found = json.loads(value)["value"]
    except (TypeError, KeyError, ValueError):
        return ""
    return found if isinstance(found, str) else ""


def picked_number(value: object) -> int:
    """As `picked`, for a number; -1 where there is none."""
    text = picked(value)
    return int(text) if text.isdecimal() and len(text) < 10 else -1
