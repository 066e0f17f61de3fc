"""Buttons under a result that copy and save it (`script/save.js`). Knows no result."""

from __future__ import annotations

from html import escape

import gradio as gr

KINDS = {"json": "JSON", "csv": "CSV", "text": "text"}


def save_bar(of: str, *kinds: str, what: str = "") -> gr.HTML:
    """Copy and save buttons for the result with the id `of`, one pair a kind of `KINDS`.

    `what` names it, such as "tokens". Raises KeyError for another kind.
    """
    return gr.HTML(buttons(of, kinds, what), padding=False)


def buttons(of: str, kinds: tuple[str, ...], what: str = "") -> str:
    """The HTML of `save_bar`."""
    of, what = escape(of), escape(what)
    pairs = "".join(
        f'<button type="button" class="u-save-button" data-{act.lower()}="{kind}" data-of="#{of}" '
        f'aria-label="{act} {what} as {KINDS[kind]}">{act} {KINDS[kind]}</button>'
        for kind in kinds
        for act in ("Copy", "Save")
    )
    return f'<div class="u-save"><span>{what}</span>{pairs}</div>'
