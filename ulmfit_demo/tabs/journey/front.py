"""HTML of the front door: what this is, for whom, what to do first, and where to read on."""

from __future__ import annotations

from collections.abc import Mapping

from ulmfit_demo.tabs.shared.templates import render

TITLE = "ULMFiT, step by step"
WHAT = (
    "ULMFiT (2018): a language model reads Wikipedia, then film reviews of IMDb, and so learns to tell "
    "praise from blame."
)
FOR = "For readers of the fastai book's NLP chapter:"
FIRST = "type a text and follow it through the tabs."


def front(links: Mapping[str, str]) -> str:
    """Title, links and what it is; `links`: {what it is: address}."""
    return render("journey/front.html", title=TITLE, whom=FOR, first=FIRST, what=WHAT, links=links)
