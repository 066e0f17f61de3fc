"""Generated texts, the next word and surprise, as HTML. Writes and measures nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

from ulmfit_demo.inference.generation import Next, Text, Written
from ulmfit_demo.inference.stages import StageWords
from ulmfit_demo.inference.surprisal import TextSurprisal
from ulmfit_demo.tabs.shared.signs import counted, seen, visible
from ulmfit_demo.tabs.shared.templates import macro, markup
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
_html = partial(macro, "generation/texts.html")


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
    return _html("old", settings=settings(w), beginning=beginning)


def texts(w: Written, by_surprise: bool = False, live: bool = False) -> str:
    """Texts beside each other, each after the prompt it goes on from; every word is a button.

    `live`: they are still being written, and no word is a button yet.
    """
    boxes = [markup(text(w, i, by_surprise, live)) for i in range(len(w.texts))]
    speed = w.milliseconds / max(1, w.steps)
    most = max((len(t.drawn) for t in w.texts), default=0)
    where = f"{w.device}, {w.precision}" if w.precision else w.device
    detail = f"{most} of {w.n_steps} tokens · seed {w.seed} · {speed:.1f} ms a step · {where}"
    legend_ = markup(bands_legend() if by_surprise else "")
    return _html("texts", boxes=boxes, legend=legend_, detail=detail)


def text(w: Written, place: int, by_surprise: bool, live: bool) -> str:
    """One text of `w`."""
    t = w.texts[place]
    title = f"text {place + 1}"
    if t.branch_of is not None:
        title += f", steered from text {t.branch_of + 1}"
    title += " · ended by itself" if t.ended else ""
    prompt, pieces = w.pieces(t)
    plain = _plain(pieces) if live else ""
    words = [] if live else _words(t, pieces, place, by_surprise)
    return _html("text", title=title, prompt=prompt, plain=plain, words=words)


def _plain(pieces: Sequence[Piece]) -> str:
    return "".join(piece.space + piece.text for piece in pieces)


def _words(
    t: Text, pieces: Sequence[Piece], place: int, by_surprise: bool
) -> list[tuple[str, str, str, str, str]]:
    """Every drawn word, written as a person would: (space before, text, CSS classes, value, tip).

    A word is a button; white space is none and has no classes.
    """
    words: list[tuple[str, str, str, str, str]] = []
    for piece in pieces:
        if piece.text.isspace():
            words.append((piece.space, piece.text, "", "", ""))
            continue
        d = t.drawn[piece.last]
        rank = f"rank {d.rank:,}"
        tip = f"{seen(d.token)}: {d.probability:.1%} · {rank} · {d.entropy:.1f} bits of choice"
        css = "g steered" if any(x.chosen for x in t.drawn[piece.first : piece.last + 1]) else "g"
        if by_surprise:
            css += f" band{band(d.rank)}"
        words.append((piece.space, seen(piece.text), css, json.dumps([place, piece.last]), tip))
    return words


def band(rank: int) -> int:
    return sum(rank > b for b in (10, 100, 1_000))


def bands_legend() -> str:
    """GLTR's bands of rank."""
    return _html("bands", names=BANDS)


def next_word(n: Next, can_steer: tuple[int, int] | None) -> str:
    """The next word at several temperatures, from the same logits; and buttons to steer.

    `can_steer`: (text, place) of the drawn word, None after the prompt.
    """
    shown = [c for d in n.distributions for c in (*d.candidates, d.drawn) if c is not None]
    most = max((c.probability for c in shown), default=1) or 1  # one scale for all temperatures
    steer = None
    if can_steer:
        steer = [
            (json.dumps([*can_steer, word]), next_(word), f"{probability:.1%}")
            for word, probability in n.alternatives
        ]
    return _html(
        "next_word",
        before=n.before[-60:],
        drawn=visible(n.drawn) if n.drawn else None,
        steer=steer,
        columns=[_distribution(n, i, most) for i in range(len(n.distributions))],
        milliseconds=f"{n.milliseconds:.0f}",
    )


def _distribution(n: Next, i: int, most: float) -> dict[str, object]:
    """The bars of one temperature; one of probability `most` is as wide as there is room."""
    d = n.distributions[i]
    candidates = list(d.candidates)
    if d.drawn is not None and d.drawn.id not in {c.id for c in candidates}:
        candidates.append(d.drawn)
    bars = [
        {
            "now": d.drawn is not None and c.id == d.drawn.id,
            "cut": CUT.get(c.cut_by, "never drawn" if c.cut_by else ""),
            "word": next_(n.vocab[c.id]),
            "width": 100 * c.probability / most,
            "share": f"{c.probability:.1%}",
        }
        for c in candidates
    ]
    rank = f" · drawn: rank {d.rank:,}" if d.rank else ""
    can = f"{counted(d.kept, 'word')} can be drawn{rank}"
    return {
        "temperature": f"{d.temperature:g}",
        "bars": bars,
        "note": f"{d.entropy:.1f} bits of choice · {can}",
    }


def surprisal(u: TextSurprisal) -> str:
    """A text whose words are coloured by how unlikely each was."""
    words, at = [], 0
    for i, token in enumerate(u.tokens):
        if i == 0 or token.start == token.end or token.start < at:
            continue
        bits, rank = u.bits[i - 1], u.ranks[i - 1]
        shown = u.source[token.start : token.end]
        best = ", ".join(f"{w} {p:.0%}" for w, p in u.expected[i - 1])
        tip = f"{seen(token.text)}: {bits:.1f} bits · rank {rank:,} · expected {best}"
        drawn = shown if shown.isspace() else seen(shown)
        words.append((u.source[at : token.start], u.bands[i - 1], tip, drawn))
        at = token.end
    n = [sum(b == i for b in u.bands) for i in range(4)]
    total = max(1, len(u.bands))
    shares = " · ".join(f"{name}: {k / total:.0%}" for name, k in zip(BANDS, n, strict=True))
    return _html(
        "surprisal",
        words=words,
        rest=u.source[at:],
        legend=markup(bands_legend()),
        perplexity=f"{u.perplexity:,.1f}",
        unsure=f"{u.perplexity:,.0f}",
        detail=f"{shares} · {u.milliseconds:.0f} ms",
    )


def stages(found: Sequence[StageWords]) -> str:
    """The next-word table of every stage of training, side by side."""
    most = max((p for stage in found for _, p in stage.words), default=1) or 1
    columns = [
        {
            "title": stage.title,
            "bars": [(next_(w), 100 * p / most, f"{p:.1%}") for w, p in stage.words],
            "lacks": ", ".join(f"“{visible(w)}”" for w in stage.unknown),
        }
        for stage in found
    ]
    return _html("stages", found=columns, vocabularies=markup(vocabularies(found)))


def vocabularies(found: Sequence[StageWords]) -> str:
    """A sentence where a stage has other words than the last one; "" where all share theirs."""
    said = [
        f"“{s.title}” knows {s.n_vocab:,} words, {s.n_shared:,} of them among the "
        f"{found[-1].n_vocab:,} of the reviews."
        for s in found
        if s.n_shared < found[-1].n_vocab
    ]
    if not said:
        return ""
    sentence = "The same beginning, read by each state in its own vocabulary."
    return _html("note", sentence=f"{sentence} {' '.join(said)}")


def stages_title(earlier: Sequence[str]) -> str:
    """The name of the view; `earlier`: the states that had read another text than the reviews."""
    if not earlier:
        return "What training changes: the next word, stage by stage"
    return f"What training changes: {', '.join(earlier)}, then the reviews"
