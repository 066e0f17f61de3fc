"""What views share: notices, token chips, their legend, JSON for scripts. Escapes every text."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from html import escape

from ulmfit_demo.tabs.shared.signs import tip, visible
from ulmfit_demo.tabs.shared.templates import macro
from ulmfit_demo.theme import KINDS
from ulmfit_demo.tokens import Token

_html = partial(macro, "shared/html.html")


def notice(sentence: str) -> str:
    """A sentence in place of a result."""
    return _html("notice", sentence=sentence)


def empty(sentence: str) -> str:
    """What stands where a result will be."""
    return _html("empty", sentence=sentence)


def as_json(value: object) -> str:
    """The value of a result that a script of the page draws.

    A string, because gradio's page makes every entry of a list observable, which for four columns
    of a 300-word text costs it more than drawing them. Without `<` it is no HTML, whoever shows it.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def chip(token: Token, first: bool, ids: bool = False) -> str:
    """One token. `ids` shows its place in the vocabulary instead of its text."""
    # By hand, not by a template: hundreds are drawn at a key press, and this takes half of the time.
    shown = str(token.id) if ids and token.id is not None else visible(token.text)
    classes = f"tok tok-{token.kind}" + (" changed" if token.changed_from is not None else "")
    return (
        f'<span class="{classes}" tabindex="{0 if first else -1}" data-s="{token.start}" '
        f'data-e="{token.end}" data-tip="{escape(tip(token))}">{escape(shown)}</span>'
    )


def chips(tokens: Iterable[Token], ids: bool = False) -> str:
    """A row of chips that wraps."""
    return (
        '<div class="toks">'
        + "".join(chip(t, i == 0, ids) for i, t in enumerate(tokens))
        + "</div>"
    )


def legend(kinds: Iterable[str]) -> str:
    """What the colours mean, for the kinds that are on the screen."""
    there = set(kinds)
    return _html("legend", kinds=[(k, *KINDS[k]) for k in KINDS if k in there])
