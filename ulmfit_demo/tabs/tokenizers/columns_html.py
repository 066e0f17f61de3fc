"""Tokenizers side by side: what the page's script draws, and the panels below. Tokenizes nothing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from html import escape

import torch

from ulmfit_demo.tabs.shared.html import VISIBLE, visible
from ulmfit_demo.theme import KINDS
from ulmfit_demo.tokens import RULES, Step, Token, Tokenized, announced

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


def words() -> str:
    """What `columns.js` says of kinds, rules and special tokens, as JSON; sent once, with the page."""
    value = {
        "kinds": {LETTERS[kind]: [kind, *KINDS[kind]] for kind in LETTERS},
        "rules": {rule.name: rule.doc for rule in RULES},
        "specials": SPECIALS,
        "visible": VISIBLE,
    }
    # A string for the same reason as in `columns`.
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
    """The value of the tab's result, as JSON: the text once, and a `column` for each tokenizer.

    A string, because gradio's page makes every entry of a list observable, which for four columns
    of a 300-word text costs it more than drawing them.
    """
    source = results[0].source
    value = {
        "source": source,
        "length": len(source),
        "show_ids": ids,
        "columns": [column(t) for t in results],
    }
    # Without `<` it is no HTML, whoever shows it.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def why(source: str, steps: Sequence[Step], enabled: Sequence[str], result: Tokenized) -> str:
    """Every rule in order with what it changed and where, then the split into words."""
    by_name = {step.rule.name: step for step in steps}
    rows = []
    for number, rule in enumerate(RULES, 1):
        if rule.name in enabled:
            rows.append(_step(number, rule.name, rule.doc, by_name.get(rule.name)))
        else:
            rows.append(
                f'<li class="off"><b>{number} {rule.name}</b> <em>off</em>'
                f"<p>{escape(rule.doc)}</p></li>"
            )
    after = steps[-1].after if steps else source
    rows.append(_split(len(RULES) + 1, after, result))
    return f'<ol class="why">{"".join(rows)}</ol>'


def _step(number: int, name: str, doc: str, step: Step | None) -> str:
    changes = step.changes if step is not None else []
    count = f"{len(changes)} change{'s' if len(changes) != 1 else ''}" if changes else "no change"
    more = f"<li>and {len(changes) - CHANGES} more</li>" if len(changes) > CHANGES else ""
    details = ""
    if step is not None and changes:
        shown = "".join(_change(step, change) for change in changes[:CHANGES])
        details = (
            f'<ul class="changes" tabindex="0">{shown}{more}</ul>'
            f"<details><summary>The text after {name}</summary>"
            f'<div class="flow" tabindex="0">{_marked(step)}</div></details>'
        )
    return (
        f'<li class="{"did" if changes else "same"}"><b>{number} {name}</b> <em>{count}</em>'
        f"<p>{escape(doc)}</p>{details}</li>"
    )


def _change(step: Step, change) -> str:
    """One change: its place, and the characters before and after with some text around them."""
    old = step.before[change.start_before : change.end_before]
    new = step.after[change.start_after : change.end_after]
    left = step.before[max(0, change.start_before - CONTEXT) : change.start_before]
    right = step.before[change.end_before : change.end_before + CONTEXT]
    return (
        f"<li><small>at {change.start_before:,}</small> {_text(left)}"
        f"<del>{_text(old)}</del><span> → </span><ins>{_text(new)}</ins>{_text(right)}</li>"
    )


def _marked(step: Step) -> str:
    """The text after a step, with what is new marked."""
    parts: list[str] = []
    at = 0
    for change in step.changes:
        parts += (
            _text(step.after[at : change.start_after]),
            f"<ins>{_text(step.after[change.start_after : change.end_after])}</ins>",
        )
        at = change.end_after
    return "".join(parts) + _text(step.after[at:])


def _text(text: str) -> str:
    """Escaped; spaces stay spaces, other white space and control characters become signs."""
    return escape(" ".join(visible(part) if part else "" for part in text.split(" ")))


def _split(number: int, after: str, result: Tokenized) -> str:
    spaced = sum(" " in token.text for token in result.tokens)
    note = (
        "On a whole corpus (from_folder, from_df) fastai also applies replace_space: a space inside "
        f"a token becomes ▁. Here that concerns {spaced:,} of the tokens."
    )
    return (
        f'<li class="did"><b>{number} WordTokenizer</b> <em>{result.n_tokens:,} tokens</em>'
        "<p>spaCy splits the text into words and punctuation.</p>"
        f'<div class="flow" tabindex="0">{_text(after)}</div><p>{escape(note)}</p></li>'
    )


def numericalized(
    tokens: Sequence[str], ids: Sequence[int], decoded: Sequence[str], most: int
) -> str:
    """Ids as PyTorch prints them, the words they decode to, and which words became `xxunk`."""
    lost = Counter(t for t, d in zip(tokens, decoded, strict=True) if d == "xxunk" != t)
    n_lost = sum(lost.values())
    shown = ", ".join(
        f"<code>{escape(visible(word))}</code>" + (f" ×{n}" if n > 1 else "")
        for word, n in lost.most_common(60)
    )
    share = f"{n_lost:,} of {len(ids):,} tokens ({n_lost / len(ids):.1%})" if ids else "0 tokens"
    words_back = " ".join(
        f'<mark class="tok-unknown">{word}</mark>' if word == "xxunk" else escape(visible(word))
        for word in decoded[:most]
    )
    head = f"the first {most:,} of {len(ids):,} ids" if len(ids) > most else f"{len(ids):,} ids"
    return (
        f'<div class="nums"><h4>nums = num(toks): {head}</h4><pre tabindex="0">'
        f"{escape(tensor(ids[:most]))}</pre>"
        "<h4>' '.join(num.vocab[o] for o in nums): the words back</h4>"
        f'<pre class="wrap" tabindex="0">{words_back}</pre>'
        f"<h4>Became xxunk: {share}</h4><p>{shown or 'Every token is in the vocabulary.'}</p></div>"
    )


def tensor(ids: Sequence[int]) -> str:
    """Ids as PyTorch prints a tensor of them."""
    return repr(torch.tensor(list(ids)))


def notice_of(name: str, size: int) -> str:
    """What the page says of a tokenizer that was uploaded."""
    return (
        f'<div class="u-small" role="status"><b>{escape(visible(name))}</b>: {size:,} entries. '
        "It is in the columns' menus as “your own”, for you only.</div>"
    )
