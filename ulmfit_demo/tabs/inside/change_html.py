"""The path to another verdict, as HTML. Computes nothing."""

from __future__ import annotations

from functools import partial

from ulmfit_demo.inference.inside.changing import (
    LEFT_OUT,
    MOST,
    STRONGEST,
    SUGGESTED,
    Search,
)
from ulmfit_demo.tabs.shared.templates import macro

SEARCHING = "looking at"  # stands in what is shown until the search is over
_html = partial(macro, "inside/change.html")


def search(s: Search) -> str:
    """What is known so far; the path where one was found."""
    failed = ""
    if s.found:
        n = len(s.path)
        told = f"{n} word{'s' if n > 1 else ''} changed"
    elif not s.done:
        told = f"{SEARCHING} {s.n_changed} word{'s' if s.n_changed > 1 else ''} changed at once"
    else:
        why = "The time was over before all was read. " if s.timed_out else ""
        failed = (
            f"{why}None of the {s.n_read} changed reviews flipped it. The furthest came to "
            f"{s.nearest:.0%} positive."
        )
        told = f"none found with up to {s.n_changed if s.timed_out else MOST} words"
    return _html(
        "search",
        first=_verdict(s.positive),
        edits=[(_verdict(x.positive), x.edit.word.text, x.edit.other) for x in s.path],
        text=s.path[-1].text if s.found else None,
        failed=failed,
        told=f"{told} · {s.n_read} changed reviews read · {s.milliseconds:,.0f} ms · {LEFT_OUT} strong "
        f"words left out, {STRONGEST} of them replaced by one of {SUGGESTED} suggestions: a smaller "
        "change may exist that this search does not see",
    )


def _verdict(positive: float) -> tuple[str, str]:
    """(class of its colour, what is said)"""
    side, word = ("pos", "positive") if positive >= 0.5 else ("neg", "negative")
    share = positive if positive >= 0.5 else 1 - positive
    return side, f"{word} {share:.0%}"
