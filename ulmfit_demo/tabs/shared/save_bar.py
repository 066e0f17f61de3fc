"""Buttons under a result that copy and save it (`script/save.js`). Knows no result."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo.tabs.shared.templates import render

KINDS = {"json": "JSON", "csv": "CSV", "text": "text"}


def save_bar(of: str, *kinds: str, what: str = "") -> gr.HTML:
    """Copy and save buttons for the result with the id `of`, one pair a kind of `KINDS`.

    `what` names it, such as "tokens". Raises KeyError for another kind.
    """
    return gr.HTML(buttons(of, kinds, what), padding=False)


def buttons(of: str, kinds: tuple[str, ...], what: str = "") -> str:
    """The HTML of `save_bar`."""
    named = [(kind, KINDS[kind]) for kind in kinds]
    return render("shared/save_bar.html", of=of, kinds=named, what=what)
