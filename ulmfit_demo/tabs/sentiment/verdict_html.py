"""Verdicts, reading along, reasons and what-if, as HTML. Classifies nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape

from ulmfit_demo.inference.other_models import BackwardsVerdict
from ulmfit_demo.inference.sentiment import NO_WORDS, Reasons, Verdict, WhatIf, Word
from ulmfit_demo.models.baselines import BaselineVerdict
from ulmfit_demo.models.calibration import NEGATIVE, POSITIVE, UNSURE
from ulmfit_demo.tabs.shared.html import named, seen

CSS = {POSITIVE: "pos", NEGATIVE: "neg", UNSURE: "unsure", NO_WORDS: "unsure"}
READ_WORDS = 1_000  # of a long review, drawn word by word: the last ones
SHOWN_CHARACTERS = 300  # of each of many reviews
HIGH_WORDS = 120  # up to so many words the line over them is high
SHADES = 4  # steps of colour
FAINT = 0.02  # a word that moves the probability by less has no colour
DISAGREE = (
    "The two and the line above may disagree, as each answers another question. The line: what changed "
    "when this word was read, knowing nothing of what follows. Leave one out: what the finished review "
    "would lose without it. Integrated gradients: its share of the whole verdict, which is divided "
    "among all words; the shares of words that work together, such as “not” and “bad”, depend on the "
    "method."
)
STRONG = 0.25  # and by this much the deepest


def verdict(v: Verdict) -> str:
    """The classifier's word, the probability as a bar, and what computed it."""
    word, css = ("positive", "pos") if v.positive >= 0.5 else ("negative", "neg")
    share = v.positive if v.positive >= 0.5 else 1 - v.positive
    title = v.word.upper()
    sure = f"{share:.1%}" if share < 0.9995 else "over 99.9%"
    leaning = f"leaning {word}, {share:.0%}" if v.unsure else sure
    unknown = f", {v.n_unknown} unknown" if v.n_unknown else ""
    kept = f", the last {v.n_read} read now" if 0 < v.n_read < v.n_tokens else ""
    milliseconds = f"{v.milliseconds:.{0 if v.milliseconds >= 1 else 1}f} ms"
    where = f"{milliseconds} · {v.device}, {v.precision}"
    detail = f"{v.n_tokens:,} tokens{unknown}{kept} · {where}"
    return (
        f'<div class="verdict" role="status"><span class="word {"unsure" if v.unsure else css}">'
        f'{title}</span><span class="share">{leaning}</span>'
        f'<span class="u-small">{escape(detail)}</span></div>'
        f'<div class="meter" aria-hidden="true"><i class="{css}" style="width:{100 * share:.1f}%"></i>'
        "</div>"
    )


def reading(v: Verdict) -> str:
    """The probability after every word as a line, and the words coloured by what each moved."""
    shown = v.words[-READ_WORDS:]
    note = ""
    if len(shown) < len(v.words):
        note = (
            f'<p class="u-small">The last {len(shown):,} of {len(v.words):,} words are drawn.</p>'
        )
    first = len(v.words) - len(shown)
    return note + line(shown, first) + legend()


def line(words: Sequence[Word], first: int = 0) -> str:
    """The words in their order, each under its own piece of the line; each is a button (pick.js).

    A word's point stands over its middle; the line goes on into the next row. `first`: the place of the
    first of them in the review. A key at the end changes the last two words and nothing before them: the
    page compares every attribute of the old picture with the new one.
    """
    after = [w.probability for w in words]
    columns = []
    stop = next((i for i, word in enumerate(words) if word.text), None)  # of the Tab key (rove.js)
    for i, word in enumerate(words):
        left = (after[max(0, i - 1)] + after[i]) / 2
        right = (after[i] + after[min(i + 1, len(after) - 1)]) / 2
        places = ";".join(
            f"--{name}:{100 * (1 - p):.1f}%"
            for name, p in (("l", left), ("m", after[i]), ("r", right))
        )
        css = shade(word.moved, FAINT, STRONG) if word.text else ""
        mark = "+" if word.moved > 0 else "−"
        sign = f'<small aria-hidden="true">{mark}</small>' if css else ""
        unknown = " · not in the vocabulary" if word.unknown else ""
        inside = (
            f'<span class="w {css}{" unk" if word.unknown else ""}">'
            f"{sign}{escape(seen(word.text) or 'start')}</span>"
        )
        tip = f'data-i="{first + i}" data-tip="{escape(_said(word) + unknown)}"'
        tip += f' style="{places}"'
        tab = f'tabindex="{0 if i == stop else -1}"'
        columns.append(
            f'<button type="button" class="step" {tab} {tip}>{inside}</button>'
            if word.text
            else f'<span class="step begin" {tip}>{inside}</span>'
        )
    high = " high" if len(words) <= HIGH_WORDS else ""
    return (
        f'<div class="along{high}" data-picks="sentiment-pick" role="group" '
        f'aria-label="{escape(summary(words))}">'
        f"{''.join(columns)}</div>"
    )


def summary(words: Sequence[Word]) -> str:
    """The line in one sentence, for those who do not see it."""
    most = max(words, key=lambda w: abs(w.moved))
    return (
        f"Probability of positive after each of {len(words)} words: from "
        f"{words[0].probability:.0%} to {words[-1].probability:.0%}; "
        f"“{named(most.text) or 'the start'}” moved it most, by {100 * most.moved:+.0f} points."
    )


def _said(word: Word) -> str:
    shown = named(word.text) or "xxbos, the start"
    moved = f", moved it by {100 * word.moved:+.1f} points" if word.text else ""
    return f"{shown}: {word.probability:.1%} positive{moved}"


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
        mark = "+" if score > 0 else "−"
        sign = f'<small aria-hidden="true">{mark}</small>' if css else ""
        said = f"{100 * score:+.1f} points" if unit == "points" else f"{score:+.2f} {unit}"
        name = f"{named(word.text)} · " if seen(word.text) != word.text else ""
        tip = f"{name}{said}{' · not in the vocabulary' if word.unknown else ''}"
        parts.append(
            f'<span class="w {css}{" unk" if word.unknown else ""}" data-tip="{escape(tip)}">'
            f"{sign}{escape(seen(word.text))}</span>"
        )
    return f'<div class="words">{" ".join(parts)}</div>'


def legend() -> str:
    """What the line, the colours and the signs say."""
    return (
        '<div class="legend"><span>the line: positive after each word, 100 % on top, 50 % dashed</span>'
        '<span><span class="w p3"><small>+</small>blue</span> the word moved it towards '
        'positive</span><span><span class="w n3"><small>−</small>orange</span> towards negative'
        "</span><span>click a word to delete or replace it</span></div>"
    )


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
        rows.append(
            f'<button type="button" class="change" data-pick="sentiment-change" '
            f'data-value="{escape(value)}"><b>{escape(name)}</b>'
            f'<span class="{CSS[change.verdict]}">{shown}</span>'
            f'<span class="u-small">{effect}</span></button>'
        )
    now = said(found.verdict, found.positive)
    return (
        f"<h4>Instead of “{escape(named(found.word.text))}” ({now} as it stands)</h4>"
        f'<div class="changes">{"".join(rows)}</div>'
        '<p class="u-small">The words are the language model’s own: likely after what stands before, '
        "and before what follows.</p>"
    )


def said(verdict: str, positive: float | None) -> str:
    """A verdict with its probability, in the few words that a button has room for."""
    if positive is None:
        return verdict
    share = f"{positive:.1%} positive"
    return f"{verdict}, {share}" if verdict == UNSURE else share


def reasons(found: Reasons, check: dict | None) -> str:
    """Two methods side by side; `check`: what deleting the top words does, from the bundle."""
    parts = []
    for title, scores, note in (
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
        parts.append(
            f'<section class="col"><h3>{title}</h3>{shown}<p class="u-small">{escape(note)}</p>'
            "</section>"
        )
    measured = ""
    if check:
        measured = "".join(
            f"<li>{escape(name)}: deleting the five words with the most weight for the verdict moved "
            f"the probability by {100 * c['top']:.0f} points on average, five random words by "
            f"{100 * c['random']:.0f} ({c['ratio']:.1f} times as much; {c['n']} held-out reviews)</li>"
            for name, c in check.items()
        )
        measured = f'<ul class="u-small">{measured}</ul>'
    return (
        f'<div class="aligned">{"".join(parts)}</div><p>{escape(DISAGREE)}</p>{measured}'
        f'<p class="u-small">{found.milliseconds:.0f} ms</p>'
    )


def others(
    ours: Verdict,
    rows: Sequence[tuple[str, BaselineVerdict]],
    backwards: BackwardsVerdict | None = None,
) -> str:
    """Our classifier beside a lexicon and a linear model, with what spoke for each verdict.

    `backwards`: the same network trained on texts from their end, where the bundle has one.
    """
    body = _other("This model", ours.word, ours.positive, "reads the words in their order")
    if backwards is not None:
        from_end = "reads the words from the last to the first"
        half = "half of each one’s probability"
        body += _other("Its twin", backwards.verdict, backwards.positive, from_end)
        body += _other("Mean of both", backwards.mean_verdict, backwards.mean, half)
    for name, weighed in rows:
        parts = ", ".join(f"{word} {weight:+.1f}" for word, weight in weighed.parts[:5])
        word = POSITIVE if weighed.positive >= 0.5 else NEGATIVE  # no band was fitted to them
        body += _other(name, word, weighed.positive, parts or "no word that it knows")
    return (
        '<div class="scroll"><table class="plain"><thead><tr><th>model</th><th>verdict</th>'
        f"<th>positive</th><th>because of</th></tr></thead><tbody>{body}</tbody></table></div>"
        '<p class="u-small">NB-SVM counts words and pairs of words. VADER is a lexicon with rules; its '
        "score is no probability.</p>"
    )


def _other(name: str, verdict: str, positive: float, why: str) -> str:
    return (
        f"<tr><td>{escape(name)}</td><td class='{CSS[verdict]}'>{verdict}</td>"
        f'<td class="u-mono">{positive:.1%}</td><td>{escape(why)}</td></tr>'
    )


def good_at(metrics: dict) -> str:
    """What the classifier is good at, in its measured figures; "" where sentences were not measured."""
    whole, short = metrics.get("classifier"), metrics.get("short_texts")
    if not (whole and short):
        return ""
    return (
        f'<p class="u-small">It is best at whole film reviews: {whole["accuracy"]:.1%} of '
        f"{whole['n']:,} that it had never read are judged as their writers did. Of single "
        f"sentences it gets {short['accuracy']:.1%} right (of "
        f"{short['n']:,} about films, from another collection). It was not trained for other texts.</p>"
    )


def calibrated(measured: dict) -> str:
    """The numbers of the calibration, as a sentence."""
    low, high = measured["low"], measured["high"]
    before, now = (f"{100 * measured[key]:.1f}" for key in ("ece_before", "ece"))
    changed = f"stayed at {now}" if before == now else f"went from {before} to {now}"
    return (
        f'<p class="u-small">{measured["n"]:,} held-out reviews. The logits are divided by '
        f"{measured['temperature']:.2f}; the distance between what is said and what is true "
        f"{changed} points. Between "
        f"{low:.0%} and {high:.0%} fewer than four verdicts in five were right: there it says "
        "“not sure”. All of it is fitted and measured on the same reviews.</p>"
    )


def lines(rows: Sequence[tuple[str, str, float | None]], detail: str) -> str:
    """Many verdicts as a table: (text, verdict, probability); a verdict "" is still to come."""
    body = "".join(
        f'<tr><td class="{CSS.get(verdict, "")}">{verdict or "—"}</td>'
        f'<td class="u-mono">{"" if p is None else f"{p:.3f}"}</td>'
        f"<td>{escape(text[:SHOWN_CHARACTERS])}{'…' if len(text) > SHOWN_CHARACTERS else ''}</td></tr>"
        for text, verdict, p in rows
    )
    return (
        f'<p class="u-small" role="status">{escape(detail)}</p><div class="scroll tall">'
        '<table class="plain"><thead><tr><th>verdict</th><th>p(positive)</th><th>text</th></tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def note(sentence: str) -> str:
    """A remark in small letters."""
    return f'<p class="u-small">{escape(sentence)}</p>'
