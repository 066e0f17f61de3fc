"""Results → HTML strings. Every text of a visitor is escaped here; computes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from ulmfit_demo.theme import KINDS
from ulmfit_demo.tokens import Token, Tokenized

VISIBLE = {" ": "␣", "\n": "↵", "\t": "⇥", "\r": "␍", "\u00a0": "⍽", "\u200b": "∅", "\x00": "␀"}


def notice(sentence: str) -> str:
    """A sentence in place of a result."""
    return f'<div class="u-notice" role="status">{escape(sentence)}</div>'


def empty(sentence: str) -> str:
    """What stands where a result will be."""
    return f'<div class="u-empty">{escape(sentence)}</div>'


def visible(text: str) -> str:
    """`text` with white space and control characters as signs one can see (not escaped)."""
    shown = "".join(VISIBLE.get(c, c if c.isprintable() else f"⟨{ord(c):x}⟩") for c in text)
    return shown or "∅"


def tip(token: Token) -> str:
    """What hovering a chip says."""
    parts = [KINDS.get(token.kind, (token.kind, ""))[0]]
    if token.id is not None:
        parts.insert(0, f"id {token.id}")
    if token.changed_from is not None:
        parts.append(f"from “{visible(token.changed_from)}”")
    if token.rule:
        parts.append(f"rule {token.rule}")
    parts.append(
        f"characters {token.start}–{token.end}" if token.end > token.start else "no characters"
    )
    return " · ".join(parts)


def chip(token: Token, first: bool, ids: bool = False) -> str:
    """One token. `ids` shows its place in the vocabulary instead of its text."""
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
    entries = (
        f'<span><span class="tok tok-{k}">{escape(KINDS[k][1])}</span> {escape(KINDS[k][0])}</span>'
        for k in KINDS
        if k in set(kinds)
    )
    return f'<div class="legend" aria-label="colours">{"".join(entries)}</div>'


def figures(t: Tokenized) -> str:
    """The numbers below a column."""
    cells = [
        ("tokens", f"{t.n_tokens:,}"),
        ("distinct", f"{t.n_distinct:,}"),
        ("characters a token", f"{t.characters_per_token:.1f}"),
        ("unknown", f"{t.unknown_share:.1%}"),
        ("round trip", "exact" if t.exact else "changed"),
    ]
    shown = "".join(f"<span><b>{escape(v)}</b> {escape(k)}</span>" for k, v in cells)
    return f'<div class="figures">{shown}</div>'


def columns(results: Sequence[Tokenized], ids: bool = False) -> str:
    """Tokenizers side by side; hovering a token lights the same characters in all (app.js)."""
    boxes = "".join(
        f'<section class="col"><h3>{escape(t.name)}</h3><div class="body">{chips(t.tokens, ids)}</div>'
        f"{figures(t)}</section>"
        for t in results
    )
    kinds = {token.kind for t in results for token in t.tokens}
    return f'<div class="aligned">{boxes}</div>{legend(kinds)}'


def id_tensor(ids: Sequence[int]) -> str:
    """Ids as PyTorch prints a tensor."""
    shown = ", ".join(f"{i:4d}" for i in ids)
    return f"tensor([{shown}])"


def ladder(rungs: Sequence[tuple[int, Tokenized]], current: int) -> str:
    """One row a vocabulary size, the chosen one marked."""
    rows = "".join(
        f'<div class="size{" now" if size == current else ""}">{"▸ " * (size == current)}{size:,}</div>'
        f'<div class="rung">{chips(t.tokens)}</div>'
        f'<div class="count">{t.n_tokens:,} pieces · {t.characters_per_token:.1f} characters each</div>'
        for size, t in rungs
    )
    kinds = {token.kind for _, t in rungs for token in t.tokens}
    return f'<div class="ladder aligned-rows">{rows}</div>{legend(kinds)}'


def cell_class(token: str) -> str:
    if token == "xxunk":
        return "unknown"
    return "special" if token in ("xxbos", "xxpad", "xxeos") else ""


def table(
    rows: Sequence[Sequence[str]], classes: Sequence[Sequence[str]] | None = None, label: str = ""
) -> str:
    """A batch as a table: rows are the rows of the tensor, `classes` one CSS class a cell."""
    body = []
    for r, row in enumerate(rows):
        cells = "".join(
            f'<td class="{(classes[r][c] if classes else cell_class(v))}">{escape(visible(v))}</td>'
            for c, v in enumerate(row)
        )
        body.append(f'<tr><th scope="row">row {r + 1}</th>{cells}</tr>')
    caption = f' aria-label="{escape(label)}"' if label else ""
    return f'<div class="scroll"><table class="batch"{caption}>{"".join(body)}</table></div>'


def side_by_side(parts: Sequence[tuple[str, str]]) -> str:
    """Titled pieces of HTML beside each other (below each other on a phone)."""
    boxes = "".join(f"<div><h4>{escape(title)}</h4>{html}</div>" for title, html in parts)
    return f'<div class="pair">{boxes}</div>'


def verdict(positive: float, detail: str) -> str:
    """The classifier's word, the probability as a bar, and what computed it."""
    word, css = ("positive", "pos") if positive >= 0.5 else ("negative", "neg")
    share = positive if positive >= 0.5 else 1 - positive
    return (
        f'<div class="verdict" role="status"><span class="word {css}">{word.upper()}</span>'
        f'<span class="word">{share:.1%}</span><span class="u-small">{escape(detail)}</span></div>'
        f'<div class="meter"><i class="{css}" style="width:{100 * share:.1f}%"></i></div>'
        '<div class="meter-ends"><span>positive reads from the left</span>'
        "<span>negative from the right</span></div>"
    )


def lines(rows: Sequence[tuple[str, float]], detail: str) -> str:
    """Many verdicts as a table."""
    body = "".join(
        f'<tr><td>{"positive" if p >= 0.5 else "negative"}</td><td class="u-mono">{p:.3f}</td>'
        f"<td>{escape(text)}</td></tr>"
        for text, p in rows
    )
    return (
        f'<p class="u-small">{escape(detail)}</p><div class="scroll"><table class="plain"><thead><tr>'
        f"<th>verdict</th><th>p(positive)</th><th>text</th></tr></thead><tbody>{body}</tbody></table></div>"
    )


def texts(prompt: str, written: Sequence[str], ended: Sequence[bool], detail: str) -> str:
    """Generated texts beside each other, each after the prompt it goes on from."""
    boxes = "".join(
        f'<article class="text"><h4>text {i + 1}{" · ended by itself" if end else ""}</h4>'
        f'<span class="prompt">{escape(prompt)}</span> {escape(text)}</article>'
        for i, (text, end) in enumerate(zip(written, ended, strict=True))
    )
    return f'<div class="texts">{boxes}</div><p class="u-small">{escape(detail)}</p>'
