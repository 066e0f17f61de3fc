"""HTML of a lesson's step. Sets nothing."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape

NEXT = "Next step ▸"


def after(following: str | None) -> str:
    """What the button says at the last step."""
    return f"On to {following.capitalize()} ▸" if following else "The end"


def step(steps: Sequence[Mapping], number: int) -> str:
    """Step `number` (from 0): its place, its title, what to look at; `code` in backticks."""
    chosen = steps[number]
    parts = chosen["text"].split("`")
    text = "".join(
        f"<code>{escape(part)}</code>" if i % 2 else escape(part) for i, part in enumerate(parts)
    )
    dots = "".join(
        f'<span class="dot{" on" if i <= number else ""}"></span>' for i in range(len(steps))
    )
    return (
        f'<div class="lesson-step" role="status"><p><span class="lesson-place">'
        f'{number + 1}/{len(steps)}<span class="dots" aria-hidden="true">{dots}</span></span> '
        f"<b>{escape(chosen['title'])}</b> {text}</p></div>"
    )


def notebook(tab: str, text: str) -> str:
    """A link that saves the notebook `text`; the page holds it, no server is asked."""
    data = base64.b64encode(text.encode("utf-8")).decode("ascii")
    return (
        f'<p><a class="notebook" download="ulmfit-{escape(tab)}.ipynb" '
        f'href="data:application/x-ipynb+json;base64,{data}">Save ulmfit-{escape(tab)}.ipynb</a> '
        "The steps of this lesson with the lines behind them, to run from top to bottom inside a clone "
        "of the repository.</p>"
    )
