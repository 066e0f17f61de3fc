"""What was clicked in an HTML result: `script/pick.js` writes it into a field that no one sees."""

from __future__ import annotations

import json

import gradio as gr


def hidden_field(elem_id: str) -> gr.Textbox:
    """A field that no one sees: `pick.js` writes into it what was clicked in an HTML result."""
    return gr.Textbox("", elem_id=elem_id, elem_classes="u-hidden-field", show_label=False)


def parsed(value: object) -> object:
    """What a script wrote into such a field as JSON; None where it is none, or nested without end."""
    if not isinstance(value, str):
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def picked(value: object) -> str:
    """What `pick.js` wrote: the clicked element's `data-value`; "" where it is nothing of its."""
    found = parsed(value)
    found = found.get("value") if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def picked_number(value: object) -> int:
    """As `picked`, for a number; -1 where there is none."""
    text = picked(value)
    return int(text) if text.isdecimal() and len(text) < 10 else -1
