"""What was clicked in an HTML result: its own `select` event, which `script/pick.js` triggers."""

from __future__ import annotations

import json

import gradio as gr

# `js_on_load` of a result with buttons: a click on one is its `select` event (`gr.EventData`).
LISTEN = "window.ulmfitPick.listen(element, trigger)"


def picked(event: gr.EventData) -> str:
    """The clicked button's `data-value`; "" where the event's data is none of `pick.js`.

    A program may send anything as the data of an event.
    """
    try:
        found = event.value
    except (AttributeError, TypeError):
        return ""
    return found if isinstance(found, str) else ""


def picked_number(event: gr.EventData) -> int:
    """As `picked`, for a number; -1 where there is none."""
    text = picked(event)
    return int(text) if text.isdecimal() and len(text) < 10 else -1


def parsed(text: object) -> object:
    """`text` as JSON; None where it is none, or nested without end."""
    if not isinstance(text, str):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def hidden_field(elem_id: str) -> gr.Textbox:
    """A field that no one sees, for what is no click: an event's function or a script writes into it."""
    return gr.Textbox("", elem_id=elem_id, elem_classes="u-hidden-field", show_label=False)


def last_picked(result: gr.HTML, name: str) -> gr.Textbox:
    """A field that no one sees and that keeps what was clicked last in `result`, with a number (`kept`).

    For events which read it later. A field of the page has it at once; a `gr.State` would have it
    when the click is answered, too late for an event that is asked behind it. `name`: the buttons'
    `data-pick`.
    """
    field = hidden_field(name)
    js = f"() => window.ulmfitPick.last({json.dumps(name)})"
    result.select(None, None, field, js=js, api_visibility="private")
    return field


def kept(value: object) -> str:
    """The `data-value` in a field of `last_picked`; "" where it holds none."""
    found = parsed(value)
    text = found.get("value") if isinstance(found, dict) else None
    return text if isinstance(text, str) else ""
