"""Verdicts, reasons and what-if as HTML, the line over a review as rows. Classifies nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

from ulmfit_demo.inference.other_models import BackwardsVerdict
from ulmfit_demo.inference.sentiment import NO_WORDS, Reasons, Verdict, WhatIf, Word
from ulmfit_demo.models.baselines import BaselineVerdict
from ulmfit_demo.models.calibration import NEGATIVE, POSITIVE, UNSURE
from ulmfit_demo.tabs.shared import html, picks
from ulmfit_demo.tabs.shared.signs import named, seen
from ulmfit_demo.tabs.shared.templates import macro, markup

CSS = {POSITIVE: "pos", NEGATIVE: "neg", UNSURE: "unsure", NO_WORDS: "unsure"}
READ_WORDS = 1_000  # of a long review, drawn word by word: the last ones
SHOWN_CHARACTERS = 300  # of each of many reviews
HIGH_WORDS = 120  # up to so many words the line over them is high
SHADES = 4  # steps of colour
FAINT = 0.02  # a word that moves the probability by less has no colour
STRONG = 0.25  # and by this much the deepest

ON_LOAD = f"{picks.LISTEN}; window.ulmfitLine(element, props, watch)"
_html = partial(macro, "sentiment/verdict.html")


def verdict(v: Verdict) -> str:
    """The classifier's word, the probability as a bar, and what computed it."""
    word, css = ("positive", "pos") if v.positive >= 0.5 else ("negative", "neg")
    share = v.positive if v.positive >= 0.5 else 1 - v.positive
    sure = f"{share:.1%}" if share < 0.9995 else "over 99.9%"
    leaning = f"leaning {word}, {share:.0%}" if v.unsure else sure
    unknown = f", {v.n_unknown} unknown" if v.n_unknown else ""
    kept = f", the last {v.n_read} read now" if 0 < v.n_read < v.n_tokens else ""
    milliseconds = f"{v.milliseconds:.{0 if v.milliseconds >= 1 else 1}f} ms"
    where = f"{milliseconds} · {v.device}, {v.precision}"
    return _html(
        "verdict",
        css="unsure" if v.unsure else css,
        title=v.word.upper(),
        leaning=leaning,
        detail=f"{v.n_tokens:,} tokens{unknown}{kept} · {where}",
        bar=css,
        width=f"{100 * share:.1f}",
    )


def stage() -> str:
    """What `script/line.js` draws a `reading` into, with its legend."""
    return _html("stage", legend=markup(_html("legend")))


def reading(v: Verdict) -> str:
    """The value of the line over a review, as JSON for `script/line.js`: the last words of a long one.

    `rows` has a row a word: as it is shown, percent of positive after it, points by which it moved that,
    its shade, whether it is unknown, and what it is called where that is not what is shown. `first` is
    the first row's place in the review; place 0 is the start and no word.
    """
    words = v.words[-READ_WORDS:]
    first = len(v.words) - len(words)
    note = f"The last {len(words):,} of {len(v.words):,} words are drawn." if first else ""
    value = {
        "rows": [_row(word) for word in words],
        "first": first,
        "label": summary(words),
        "high": len(words) <= HIGH_WORDS,
        "note": note,
    }
    return html.as_json(value)


def _row(word: Word) -> list[object]:
    numbers = [round(100 * word.probability, 1), round(100 * word.moved, 1)]
    if not word.text:
        return ["start", *numbers, "", False, "xxbos, the start"]
    shown, name = seen(word.text), named(word.text)
    row = [shown, *numbers, shade(word.moved, FAINT, STRONG), word.unknown]
    return row if name == shown else [*row, name]


def summary(words: Sequence[Word]) -> str:
    """The line in one sentence, for those who do not see it."""
    most = max(words, key=lambda w: abs(w.moved))
    return (
        f"Probability of positive after each of {len(words)} words: from "
        f"{words[0].probability:.0%} to {words[-1].probability:.0%}; "
        f"“{named(most.text) or 'the start'}” moved it most, by {100 * most.moved:+.0f} points."
    )


def shade(score: float, faint: float, strong: float) -> str:
    """CSS class of a score: `p1` to `p4` for positive, `n1` to `n4` for negative, none when faint."""
    size = abs(score)
    if size < faint:
        return ""
    step = min(SHADES, 1 + int((SHADES - 1) * (size - faint) / (strong - faint)))
    return f"{'p' if score > 0 else 'n'}{step}"


def words(
    words: Sequence[Word],
    scores: Sequence[float],
    faint: float = FAINT,
    strong: float = STRONG,
    unit: str = "points",
) -> str:
    """The review's words coloured by `scores`; a sign before a word says the same without colour."""
    parts = []
    for word, score in zip(words, scores, strict=True):
        if not word.text:
            continue
        css = shade(score, faint, strong)
        said = f"{100 * score:+.1f} points" if unit == "points" else f"{score:+.2f} {unit}"
        name = f"{named(word.text)} · " if seen(word.text) != word.text else ""
        tip = f"{name}{said}{' · not in the vocabulary' if word.unknown else ''}"
        parts.append((seen(word.text), css, score > 0, word.unknown, tip))
    return _html("words", parts=parts)


def what_if(found: WhatIf) -> str:
    """Buttons: the review without the word, or with another; each with its verdict."""

    def moved(positive: float) -> float:
        return 100 * (positive - found.positive)

    rows = []
    for change in found.changes:
        value = json.dumps({"word": found.word.text, "text": change.text})
        name = f"“{seen(change.word)}”" if change.word else "delete it"
        shown = said(change.verdict, change.positive)
        effect = "" if change.positive is None else f"{moved(change.positive):+.1f} points"
        rows.append((value, name, CSS[change.verdict], shown, effect))
    now = said(found.verdict, found.positive)
    return _html("what_if", word=named(found.word.text), now=now, changes=rows)


def said(verdict: str, positive: float | None) -> str:
    """A verdict with its probability, in the few words that a button has room for."""
    if positive is None:
        return verdict
    share = f"{positive:.1%} positive"
    return f"{verdict}, {share}" if verdict == UNSURE else share


def reasons(found: Reasons, check: dict | None) -> str:
    """Two methods side by side; `check`: what deleting the top words does, from the bundle."""
    columns = []
    for title, scores, about in (
        (
            "Integrated gradients",
            found.gradients,
            f"{found.n_steps} steps; the scores sum to the difference of the log-odds within "
            f"{found.error:.1%}",
        ),
        ("Leave one out", found.left_out, "the log-odds with the word less those without it"),
    ):
        strong = max(1e-6, *(abs(s) for s in scores))
        shown = words(found.words, scores, 0.06 * strong, 0.8 * strong, "log-odds")
        columns.append((title, markup(shown), about))
    measured = [
        (name, f"{100 * c['top']:.0f}", f"{100 * c['random']:.0f}", f"{c['ratio']:.1f}", c["n"])
        for name, c in (check or {}).items()
    ]
    took = f"{found.milliseconds:.0f}"
    return _html("reasons", columns=columns, measured=measured, milliseconds=took)


def others(
    ours: Verdict,
    rows: Sequence[tuple[str, BaselineVerdict]],
    backwards: BackwardsVerdict | None = None,
) -> str:
    """Our classifier beside a lexicon and a linear model, with what spoke for each verdict.

    `backwards`: the same network trained on texts from their end, where the bundle has one.
    """
    shown = [_other("This model", ours.word, ours.positive, "reads the words in their order")]
    if backwards is not None:
        from_end = "reads the words from the last to the first"
        half = "half of each one’s probability"
        shown.append(_other("Its twin", backwards.verdict, backwards.positive, from_end))
        shown.append(_other("Mean of both", backwards.mean_verdict, backwards.mean, half))
    for name, weighed in rows:
        spoke = [(part, f"{weight:+.1f}") for part, weight in weighed.parts[:5]]
        parts = ", ".join(f"{part} {weight}" for part, weight in spoke if float(weight))
        none = "no word that weighs much" if weighed.parts else "no word that it knows"
        word = POSITIVE if weighed.positive >= 0.5 else NEGATIVE  # no band was fitted to them
        shown.append(_other(name, word, weighed.positive, parts or none))
    return _html("others", rows=shown)


def _other(name: str, verdict: str, positive: float, why: str) -> tuple[str, str, str, str, str]:
    return name, CSS[verdict], verdict, f"{positive:.1%}", why


def good_at(metrics: dict) -> str:
    """What the classifier is good at, in its measured figures; "" where sentences were not measured."""
    whole, short = metrics.get("classifier"), metrics.get("short_texts")
    if not (whole and short):
        return ""
    return _html(
        "good_at",
        accuracy=f"{whole['accuracy']:.1%}",
        n=f"{whole['n']:,}",
        short=f"{short['accuracy']:.1%}",
        n_short=f"{short['n']:,}",
    )


def calibrated(measured: dict) -> str:
    """The numbers of the calibration, as a sentence."""
    low, high = measured["low"], measured["high"]
    before, now = (f"{100 * measured[key]:.1f}" for key in ("ece_before", "ece"))
    changed = f"stayed at {now}" if before == now else f"went from {before} to {now}"
    return _html(
        "calibrated",
        n=f"{measured['n']:,}",
        temperature=f"{measured['temperature']:.2f}",
        changed=changed,
        low=f"{low:.0%}",
        high=f"{high:.0%}",
    )


def lines(rows: Sequence[tuple[str, str, float | None]], detail: str) -> str:
    """Many verdicts as a table: (text, verdict, probability); a verdict "" is still to come."""
    shown = [
        (
            CSS.get(verdict, ""),
            verdict or "—",
            "" if positive is None else f"{positive:.3f}",
            text[:SHOWN_CHARACTERS] + ("…" if len(text) > SHOWN_CHARACTERS else ""),
        )
        for text, verdict, positive in rows
    ]
    return _html("lines", detail=detail, rows=shown)


def note(sentence: str) -> str:
    """A remark in small letters."""
    return _html("note", sentence=sentence)
