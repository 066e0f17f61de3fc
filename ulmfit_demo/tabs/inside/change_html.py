"""The path to another verdict, as HTML. Computes nothing."""

from __future__ import annotations

from html import escape

from ulmfit_demo.inference.inside.changing import (
    LEFT_OUT,
    MOST,
    STRONGEST,
    SUGGESTED,
    Search,
    Stage,
)
from ulmfit_demo.tabs.shared.html import seen

SEARCHING = "looking at"  # stands in what is shown until the search is over


def search(s: Search) -> str:
    """What is known so far; the path where one was found."""
    steps = [f"<li>{_verdict(s.positive)} as it stands</li>"]
    steps += [f"<li>{_verdict(stage.positive)} {_edit(stage)}</li>" for stage in s.path]
    path = f'<ol class="ins-path">{"".join(steps)}</ol>'
    if s.found:
        n = len(s.path)
        path += f'<div class="text">{escape(seen(s.path[-1].text))}</div>'
        told = f"{n} word{'s' if n > 1 else ''} changed"
    elif not s.done:
        told = f"{SEARCHING} {s.n_changed} word{'s' if s.n_changed > 1 else ''} changed at once"
    else:
        why = "The time was over before all was read. " if s.timed_out else ""
        path += (
            f'<p class="u-empty">{why}None of the {s.n_read} changed reviews flipped it. The '
            f"furthest came "
            f"to {s.nearest:.0%} positive.</p>"
        )
        told = f"none found with up to {s.n_changed if s.timed_out else MOST} words"
    return (
        f'{path}<p class="u-small" role="status">{told} · {s.n_read} changed reviews read · '
        f"{s.milliseconds:,.0f} ms · {LEFT_OUT} strong words left out, {STRONGEST} of "
        f"them replaced by one of {SUGGESTED} suggestions: a smaller change may exist that this search "
        "does not see</p>"
    )


def _verdict(positive: float) -> str:
    side, word = ("pos", "positive") if positive >= 0.5 else ("neg", "negative")
    share = positive if positive >= 0.5 else 1 - positive
    return f'<b class="{side}">{word} {share:.0%}</b>'


def _edit(stage: Stage) -> str:
    word = escape(seen(stage.edit.word.text))
    if not stage.edit.other:
        return f"without <del>{word}</del>"
    return f"<del>{word}</del> → <ins>{escape(seen(stage.edit.other))}</ins>"
