"""Generated texts, the next word and surprise, as HTML. Writes and measures nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape

from ulmfit_demo.inference.generation import Next, Text, Written
from ulmfit_demo.inference.stages import StageWords
from ulmfit_demo.inference.surprisal import TextSurprisal
from ulmfit_demo.tabs.shared.html import counted, seen, visible
from ulmfit_demo.tokens import Piece

CUT = {"top-k": "cut by top-k", "top-p": "cut by top-p", "min-p": "cut by min-p"}
MARKERS = {
    "xxmaj": "xxmaj: a capital",
    "xxup": "xxup: capitals",
    "xxbos": "xxbos: the end",
    "xxrep": "xxrep: a repeat",
    "xxwrep": "xxwrep: a repeat",
    "xxunk": "xxunk: unknown",
}
BANDS = ("among the 10 most likely", "first 100", "first 1,000", "less likely still")


def next_(word: str) -> str:
    """A word that may come next, to be read (not escaped): a marker says what it would do."""
    return MARKERS.get(word) or visible(word)


def settings(w: Written) -> str:
    """How texts were made, in a phrase."""
    s, n = w.sampling, len([t for t in w.texts if t.branch_of is None])
    parts = [
        f"temperature {s.temperature:g}",
        f"top-k {s.top_k}" if s.top_k else "",
        f"top-p {s.top_p:g}" if s.top_p < 1 else "",
        f"min-p {s.min_p:g}" if s.min_p else "",
        f"repetition penalty {s.repetition_penalty:g}" if s.repetition_penalty != 1 else "",
        f"{n} text{'s' if n > 1 else ''} of {w.n_steps} tokens",
        f"seed {w.seed}",
    ]
    return ", ".join(part for part in parts if part)


def old(w: Written, other_beginning: bool) -> str:
    """What stands over texts that the settings above did not make."""
    beginning = " and after another beginning" if other_beginning else ""
    return (
        f'<p class="u-old" role="status">The texts below were written before, with '
        f"{escape(settings(w))}{beginning}. Press Write for your own settings.</p>"
    )


def texts(w: Written, by_surprise: bool = False, live: bool = False) -> str:
    """Texts beside each other, each after the prompt it goes on from; every word is a button.

    `live`: they are still being written, and no word is a button yet.
    """
    boxes = "".join(text(w, i, by_surprise, live) for i in range(len(w.texts)))
    speed = w.milliseconds / max(1, w.steps)
    most = max((len(t.drawn) for t in w.texts), default=0)
    where = f"{w.device}, {w.precision}" if w.precision else w.device
    detail = f"{most} of {w.n_steps} tokens · seed {w.seed} · {speed:.1f} ms a step · {where}"
    legend_ = bands_legend() if by_surprise else ""
    return (
        f'<div class="texts">{boxes}</div>{legend_}'
        f'<p class="u-small" role="status">{escape(detail)} · click a word to see what else could '
        "have come</p>"
    )


def text(w: Written, place: int, by_surprise: bool, live: bool) -> str:
    """One text of `w`."""
    t = w.texts[place]
    title = f"text {place + 1}"
    if t.branch_of is not None:
        title += f", steered from text {t.branch_of + 1}"
    title += " · ended by itself" if t.ended else ""
    prompt, pieces = w.pieces(t)
    words = _plain(pieces) if live else written_words(t, pieces, place, by_surprise)
    return (
        f'<article class="text"><h4>{escape(title)}</h4>'
        f'<span class="prompt">{escape(prompt)}</span>{words}</article>'
    )


def _plain(pieces: Sequence[Piece]) -> str:
    return escape("".join(piece.space + piece.text for piece in pieces))


def written_words(t: Text, pieces: Sequence[Piece], place: int, by_surprise: bool) -> str:
    """Every drawn word as a button, written as a person would; white space is no button."""
    parts = []
    for piece in pieces:
        parts.append(piece.space)
        if piece.text.isspace():
            parts.append(escape(piece.text))
            continue
        d = t.drawn[piece.last]
        rank = f"rank {d.rank:,}"
        tip = f"{seen(d.token)}: {d.probability:.1%} · {rank} · {d.entropy:.1f} bits of choice"
        css = "g steered" if any(x.chosen for x in t.drawn[piece.first : piece.last + 1]) else "g"
        if by_surprise:
            css += f" band{band(d.rank)}"
        value = json.dumps([place, piece.last])
        parts.append(
            f'<button type="button" class="{css}" data-pick="generation-pick" '
            f'data-value="{escape(value)}" data-tip="{escape(tip)}">{escape(seen(piece.text))}</button>'
        )
    return "".join(parts)


def band(rank: int) -> int:
    return sum(rank > b for b in (10, 100, 1_000))


def bands_legend() -> str:
    """GLTR's bands of rank."""
    entries = "".join(
        f'<span><span class="g band{i}">{i + 1}</span> {escape(name)}</span>'
        for i, name in enumerate(BANDS)
    )
    return f'<div class="legend">{entries}</div>'


def next_word(n: Next, can_steer: tuple[int, int] | None) -> str:
    """The next word at several temperatures, from the same logits; and buttons to steer.

    `can_steer`: (text, place) of the drawn word, None after the prompt.
    """
    shown = [c for d in n.distributions for c in (*d.candidates, d.drawn) if c is not None]
    most = max((c.probability for c in shown), default=1) or 1  # one scale for all temperatures
    columns = "".join(_distribution(n, i, most) for i in range(len(n.distributions)))
    title = f"After “…{escape(n.before[-60:])}”"
    drawn = f", where “{escape(visible(n.drawn))}” was drawn" if n.drawn else ""
    steer = ""
    if can_steer:
        buttons = "".join(
            f'<button type="button" class="change" data-pick="generation-branch" '
            f'data-value="{escape(json.dumps([*can_steer, word]))}"><b>{escape(next_(word))}</b>'
            f'<span class="u-small">{probability:.1%}</span></button>'
            for word, probability in n.alternatives
        )
        steer = (
            '<p class="u-small">Take another word and go on from there (their probabilities are '
            "those at temperature 1):</p>"
            f'<div class="changes">{buttons}</div>'
        )
    return (
        f'<h4>{title}{drawn}</h4>{steer}<div class="nexts">{columns}</div>'
        f'<p class="u-small">The same logits, divided by each temperature: {n.milliseconds:.0f} ms</p>'
    )


def _distribution(n: Next, i: int, most: float) -> str:
    """The bars of one temperature; one of probability `most` is as wide as there is room."""
    d = n.distributions[i]
    rows = ""
    candidates = list(d.candidates)
    if d.drawn is not None and d.drawn.id not in {c.id for c in candidates}:
        candidates.append(d.drawn)
    for c in candidates:
        now = d.drawn is not None and c.id == d.drawn.id
        cut = CUT.get(c.cut_by, "never drawn" if c.cut_by else "")
        mark = "▸ " if now else ""
        rows += (
            f'<div class="bar{" now" if now else ""}{" cut" if cut else ""}">'
            f'<span class="u-mono">{mark}{escape(next_(n.vocab[c.id]))}</span>'
            f'<span class="track"><i style="width:{100 * c.probability / most:.1f}%"></i></span>'
            f"<span>{c.probability:.1%}{f' <em>{cut}</em>' if cut else ''}</span></div>"
        )
    rank = f" · drawn: rank {d.rank:,}" if d.rank else ""
    return (
        f'<section class="col"><h3>temperature {d.temperature:g}</h3>{rows}'
        f'<p class="u-small">{d.entropy:.1f} bits of choice · '
        f"{counted(d.kept, 'word')} can be drawn{rank}</p>"
        "</section>"
    )


def surprisal(u: TextSurprisal) -> str:
    """A text whose words are coloured by how unlikely each was."""
    parts, at = [], 0
    for i, token in enumerate(u.tokens):
        if i == 0 or token.start == token.end or token.start < at:
            continue
        bits, rank = u.bits[i - 1], u.ranks[i - 1]
        shown = u.source[token.start : token.end]
        best = ", ".join(f"{w} {p:.0%}" for w, p in u.expected[i - 1])
        tip = f"{seen(token.text)}: {bits:.1f} bits · rank {rank:,} · expected {best}"
        parts.append(escape(u.source[at : token.start]))
        parts.append(
            f'<span class="g band{u.bands[i - 1]}" tabindex="0" data-tip="{escape(tip)}">'
            f"{escape(shown if shown.isspace() else seen(shown))}</span>"
        )
        at = token.end
    parts.append(escape(u.source[at:]))
    n = [sum(b == i for b in u.bands) for i in range(4)]
    total = max(1, len(u.bands))
    shares = " · ".join(f"{name}: {k / total:.0%}" for name, k in zip(BANDS, n, strict=True))
    return (
        f'<div class="surprise">{"".join(parts)}</div>{bands_legend()}'
        f"<p><b>Perplexity {u.perplexity:,.1f}</b>: at each word the model was as unsure as between "
        f"{u.perplexity:,.0f} equally likely words.</p>"
        f'<p class="u-small">{escape(shares)} · {u.milliseconds:.0f} ms</p>'
    )


def stages(found: Sequence[StageWords]) -> str:
    """The next-word table of every stage of training, side by side."""
    columns = ""
    most = max((p for stage in found for _, p in stage.words), default=1) or 1
    for stage in found:
        bars = "".join(
            f'<div class="bar"><span class="u-mono">{escape(next_(w))}</span>'
            f'<span class="track"><i style="width:{100 * p / most:.1f}%"></i></span>'
            f"<span>{p:.1%}</span></div>"
            for w, p in stage.words
        )
        lacks = ", ".join(f"“{escape(visible(w))}”" for w in stage.unknown)
        lacks = f'<p class="u-small">does not know {lacks}</p>' if lacks else ""
        columns += f'<section class="col"><h3>{escape(stage.title)}</h3>{bars}{lacks}</section>'
    return f'<div class="nexts stages">{columns}</div>{vocabularies(found)}'


def vocabularies(found: Sequence[StageWords]) -> str:
    """A sentence where a stage has other words than the last one; "" where all share theirs."""
    said = [
        f"“{escape(s.title)}” knows {s.n_vocab:,} words, {s.n_shared:,} of them among the "
        f"{found[-1].n_vocab:,} of the reviews."
        for s in found
        if s.n_shared < found[-1].n_vocab
    ]
    if not said:
        return ""
    return (
        '<p class="u-small">The same beginning, read by each state in its own vocabulary. '
        f"{' '.join(said)}</p>"
    )


def stages_title(earlier: Sequence[str]) -> str:
    """The name of the view; `earlier`: the states that had read another text than the reviews."""
    if not earlier:
        return "What training changes: the next word, stage by stage"
    return f"What training changes: {', '.join(earlier)}, then the reviews"
