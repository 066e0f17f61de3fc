"""The menu of example texts beside a text field. Holds no text: `lessons/examples.json` does."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo import lessons
from ulmfit_demo.tabs.shared.events import UNQUEUED

CHOOSE = "Choose …"


def field(
    tab: str,
    label: str,
    elem_id: str,
    lines: int,
    max_lines: int,
    scale: int | None = 4,
    min_width: int = 160,
) -> gr.Textbox:
    """A text field that begins with the first example of `tab`."""
    return gr.Textbox(
        value=first(tab),
        label=label,
        lines=lines,
        max_lines=max_lines,
        scale=scale,
        min_width=min_width,
        elem_id=elem_id,
    )


def menu(tab: str, target: gr.Textbox, label: str = "Examples") -> gr.Dropdown:
    """A menu that puts an example into `target`. The choice itself is no endpoint of the API."""
    texts = lessons.examples()[tab]
    choices = gr.Dropdown(
        choices=[CHOOSE, *texts], value=CHOOSE, label=label, scale=1, min_width=180
    )

    def choose(title: object):
        """The example's text; the menu goes back: what stands in the text may be changed at once."""
        # a program may send a list
        found = texts.get(title, gr.skip()) if isinstance(title, str) else gr.skip()
        return found, CHOOSE

    choices.input(
        choose,
        choices,
        [target, choices],
        **UNQUEUED,
    )
    return choices


def first(tab: str) -> str:
    """The text that a tab starts with."""
    return next(iter(lessons.examples()[tab].values()))
