"""HTML of the front door: what this is, for whom, what to do first, and where to read on."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

TITLE = "ULMFiT, step by step"
WHAT = (
    "ULMFiT (2018): a language model reads Wikipedia, then film reviews of IMDb, and so learns to tell "
    "praise from blame."
)
FOR = "For readers of the fastai book's NLP chapter:"
FIRST = "type a text and follow it through the tabs."


def front(links: Mapping[str, str]) -> str:
    """Title, links and what it is; `links`: {what it is: address}."""
    found = "".join(
        f'<a href="{escape(address)}" target="_blank" rel="noopener">{escape(what)}</a>'
        for what, address in links.items()
    )
    return (
        f'<div class="front"><h1>{TITLE}</h1><p>{escape(FOR)} <b>{escape(FIRST)}</b></p>'
        f'<nav aria-label="Read on">{found}</nav><p class="what">{escape(WHAT)}</p></div>'
    )
