"""HTML of a lesson's step and of its notebook's link. Sets nothing."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from ulmfit_demo.tabs.shared.templates import render

NEXT = "Next step ▸"


def after(following: str | None) -> str:
    """What the button says at the last step."""
    return f"On to {following.capitalize()} ▸" if following else "The end"


def step(steps: Sequence[Mapping], number: int) -> str:
    """Step `number` (from 0): its place, its title, what to look at; `code` in backticks.

    A step may name the panel that it opens (`open`), what comes into view (`show`) and a button that it
    can press (`press`), each by its id on the page: `lesson.js` does it.
    """
    chosen = steps[number]
    return render(
        "shared/lesson.html",
        number=number,
        n_steps=len(steps),
        title=chosen["title"],
        parts=chosen["text"].split("`"),
        asks={name: chosen[name] for name in ("open", "show") if name in chosen},
        press=chosen.get("press"),
    )


def notebook(tab: str, text: str) -> str:
    """A link that saves the notebook `text`; the page holds it, no server is asked."""
    data = base64.b64encode(text.encode("utf-8")).decode("ascii")
    return render("shared/notebook.html", tab=tab, data=data)
