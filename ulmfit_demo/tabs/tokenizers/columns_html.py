"""Tokenizers side by side: what the page's script draws, and the panels below. Tokenizes nothing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from functools import partial

import torch

from ulmfit_demo.tabs.shared import html
from ulmfit_demo.tabs.shared.signs import VISIBLE, visible
from ulmfit_demo.tabs.shared.templates import macro
from ulmfit_demo.theme import KINDS
from ulmfit_demo.tokens import RULES, Change, Step, Token, Tokenized, announced

# `script/columns.js` draws the columns: a few arrays travel faster than a thousand chips of HTML.
STAGE = '<div class="stage"></div>'
ON_LOAD = "window.ulmfitColumns(element, props, watch)"
LETTERS = {
    "word": "w",
    "continuation": "c",
    "special": "s",
    "rule": "r",
    "unknown": "u",
    "space": "_",
    "dropped": "n",
}
SPECIALS = {
    "xxbos": "a text begins here",
    "xxeos": "a text ends here",
    "xxpad": "padding: fills a mini-batch, means nothing",
    "xxfld": "a new field of the text begins here",
    "xxunk": "stands for every word outside the vocabulary",
    "xxmaj": "the next word began with a capital",
    "xxup": "the next word was all capitals",
    "xxrep": "a character was repeated; how often, and which, follow",
    "xxwrep": "a word was repeated; how often, and which, follow",
}
CONTEXT = 24  # characters shown beside a change
CHANGES = 40  # changes of a rule that are drawn
LOST_WORDS = 60  # words that became `xxunk`, which are listed
_html = partial(macro, "tokenizers/columns.html")


def words() -> str:
    """What `columns.js` says of kinds, rules and special tokens, as JSON; sent once, with the page."""
    value = {
        "kinds": {LETTERS[kind]: [kind, *KINDS[kind]] for kind in LETTERS},
        "rules": {rule.name: rule.doc for rule in RULES},
        "specials": SPECIALS,
        "visible": VISIBLE,
    }
    # A string for the reason that `html.as_json` gives.
    return json.dumps(value)


def figures(t: Tokenized) -> list[list[str]]:
    """The numbers below a column, as [number, what it counts]."""
    known = any(token.id is not None for token in t.tokens)
    dropped = sum(end - start for start, end in t.dropped)
    without = [[f"{dropped:,}", "characters without a token"]] if dropped else []
    return [
        [f"{t.n_tokens:,}", "token" if t.n_tokens == 1 else "tokens"],
        [f"{t.n_distinct:,}", "distinct"],
        [f"{t.characters_per_token:.2f}", "characters a token"],
        [f"{t.unknown_share:.1%}" if known else "–", "unknown"],
        *without,
    ]


def with_dropped(t: Tokenized) -> list[Token]:
    """The tokens, and among them the characters without a token, each where it stands."""
    gaps = [Token(t.source[start:end], start, end, "dropped") for start, end in t.dropped]
    tokens: list[Token] = []
    for token in t.tokens:
        while gaps and gaps[0].end <= token.start:
            tokens.append(gaps.pop(0))
        tokens.append(token)
    return tokens + gaps


def column(t: Tokenized) -> dict:
    """One tokenizer's result as arrays, one entry a token; rare facts by the token's place.

    `starts` and `ends` count code points of the text; `kinds` has one letter a token (`LETTERS`);
    `of` is what a fastai marker announces: start, end and the source characters; `decoded` is
    missing where the round trip is exact. What a tokenizer dropped stands among the tokens.
    """
    tokens = with_dropped(t)
    ids = [token.id for token in tokens]
    return {
        "name": t.name,
        "texts": [token.text for token in tokens],
        "starts": [token.start for token in tokens],
        "ends": [token.end for token in tokens],
        "kinds": "".join(LETTERS[token.kind] for token in tokens),
        "ids": ids if any(i is not None for i in ids) else None,
        "changed": {
            str(i): k.changed_from for i, k in enumerate(tokens) if k.changed_from is not None
        },
        "rules": {str(i): k.rule for i, k in enumerate(tokens) if k.rule},
        "of": {str(i): list(span) for i, span in announced(t.source, tokens).items()},
        "figures": figures(t),
        "exact": t.exact,
        "decoded": None if t.exact else t.decoded,
    }


def columns(results: Sequence[Tokenized], ids: bool = False) -> str:
    """The value of the tab's result, as JSON: the text once, and a `column` for each tokenizer."""
    source = results[0].source
    value = {
        "source": source,
        "length": len(source),
        "show_ids": ids,
        "columns": [column(t) for t in results],
    }
    return html.as_json(value)


def why(source: str, steps: Sequence[Step], enabled: Sequence[str], result: Tokenized) -> str:
    """Every rule in order with what it changed and where, then the split into words."""
    by_name = {step.rule.name: step for step in steps}
    rules = []
    for number, rule in enumerate(RULES, 1):
        on = rule.name in enabled
        told = {"number": number, "name": rule.name, "doc": rule.doc, "on": on}
        rules.append(told | _step(by_name.get(rule.name)) if on else told)
    after = steps[-1].after if steps else source
    return _html("why", rules=rules, split=_split(len(RULES) + 1, after, result))


def _step(step: Step | None) -> dict[str, object]:
    """What a rule changed, and where; `changes` is empty where it changed nothing."""
    if step is None or not step.changes:
        return {"changes": [], "count": "no change"}
    changes = step.changes
    marked, at = [], 0
    for change in changes:
        kept = step.after[at : change.start_after]
        marked.append((_text(kept), _text(step.after[change.start_after : change.end_after])))
        at = change.end_after
    return {
        "changes": [_change(step, change) for change in changes[:CHANGES]],
        "count": f"{len(changes)} change{'s' if len(changes) != 1 else ''}",
        "n_more": max(0, len(changes) - CHANGES),
        "marked": marked,
        "rest": _text(step.after[at:]),
    }


def _change(step: Step, change: Change) -> tuple[str, str, str, str, str]:
    """One change: its place, and the characters before and after with some text around them."""
    left = step.before[max(0, change.start_before - CONTEXT) : change.start_before]
    old = step.before[change.start_before : change.end_before]
    new = step.after[change.start_after : change.end_after]
    right = step.before[change.end_before : change.end_before + CONTEXT]
    return f"{change.start_before:,}", _text(left), _text(old), _text(new), _text(right)


def _text(text: str) -> str:
    """Spaces stay spaces, other white space and control characters become signs (not escaped)."""
    return " ".join(visible(part) if part else "" for part in text.split(" "))


def _split(number: int, after: str, result: Tokenized) -> dict[str, object]:
    spaced = sum(" " in token.text for token in result.tokens)
    note = (
        "On a whole corpus (from_folder, from_df) fastai also applies replace_space: a space inside "
        f"a token becomes ▁. Here that concerns {spaced:,} of the tokens."
    )
    return {
        "number": number,
        "n_tokens": f"{result.n_tokens:,}",
        "after": _text(after),
        "note": note,
    }


def numericalized(
    tokens: Sequence[str], ids: Sequence[int], decoded: Sequence[str], most: int
) -> str:
    """Ids as PyTorch prints them, the words they decode to, and which words became `xxunk`."""
    lost = Counter(t for t, d in zip(tokens, decoded, strict=True) if d == "xxunk" != t)
    n_lost = sum(lost.values())
    share = f"{n_lost:,} of {len(ids):,} tokens ({n_lost / len(ids):.1%})" if ids else "0 tokens"
    head = f"the first {most:,} of {len(ids):,} ids" if len(ids) > most else f"{len(ids):,} ids"
    return _html(
        "numericalized",
        head=head,
        tensor=tensor(ids[:most]),
        back=[(visible(word), word == "xxunk") for word in decoded[:most]],
        share=share,
        lost=[
            (visible(word), f" ×{n}" if n > 1 else "") for word, n in lost.most_common(LOST_WORDS)
        ],
    )


def tensor(ids: Sequence[int]) -> str:
    """Ids as PyTorch prints a tensor of them."""
    return repr(torch.tensor(list(ids)))


def notice_of(name: str, size: int) -> str:
    """What the page says of a tokenizer that was uploaded."""
    return _html("notice_of", name=name, size=f"{size:,}")
