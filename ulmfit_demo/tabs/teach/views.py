"""The Teach tab's results as HTML. Learns nothing; every text of a visitor is escaped here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape

import numpy as np

from ulmfit_demo import limits
from ulmfit_demo.tabs.shared.html import named, scroll, seen
from ulmfit_demo.teach.learn import Learned, Lesson
from ulmfit_demo.teach.task import NONE, Task
from ulmfit_demo.teach.taught import Word
from ulmfit_demo.teach.validation import Validated

FAINT, STRONG = (
    0.02,
    0.25,
)  # a word that moves the probability by less has no colour, by this the deepest


def board(lesson: Lesson, learned: Learned, line: int | None) -> str:
    """The line to label with its buttons, what is labelled so far, and what is said of every line."""
    return (
        f'<section class="te" data-key="{lesson_key(lesson)}">'
        f"{_card(lesson.task, learned, line)}{_counts(lesson.task, learned)}"
        f"{_table(lesson.task, learned, line)}</section>"
    )


def lesson_key(lesson: Lesson) -> str:
    """Tells the page to which lines its labels belong."""
    return lesson.task.key


def _card(task: Task, learned: Learned, line: int | None) -> str:
    if line is None:
        return (
            '<div class="te-card"><p class="te-line">Every line has a label.</p>'
            f'<div class="te-buttons">{_undo()}</div></div>'
        )
    why = "Label this line"
    if learned.labels[line] != NONE:
        why = f"Labelled “{escape(seen(task.names[learned.labels[line]]))}”; another label replaces it"
    elif learned.probabilities is not None:
        row = learned.probabilities[line]
        best = np.argsort(-row)[:2]
        said = " or ".join(f"{escape(seen(task.names[i]))} {row[i]:.0%}" for i in best)
        first = len(learned.doubts) and learned.doubts[0] == line
        why = f"{'The line it doubts most' if first else 'It says'}: {said}"
    buttons = "".join(
        f'<button type="button" data-teach="label" data-line="{line}" data-label="{i}">'
        f"<kbd>{i + 1}</kbd> {escape(seen(name))}</button>"
        for i, name in enumerate(task.names)
    )
    return (
        f'<div class="te-card"><p class="u-small te-why" role="status">{why}</p>'
        f'<p class="te-line">{escape(seen(task.lines[line]))}</p><div class="te-buttons">{buttons}'
        f'<button type="button" class="te-quiet" data-teach="skip" data-line="{line}">'
        f"<kbd>s</kbd> skip</button>{_undo()}</div></div>"
    )


def _undo() -> str:
    return '<button type="button" class="te-quiet" data-teach="undo"><kbd>u</kbd> undo</button>'


def _counts(task: Task, learned: Learned) -> str:
    counts = np.bincount(learned.labels[learned.labelled], minlength=len(task.names))
    each = " · ".join(
        f"{escape(seen(n))} {c}" for n, c in zip(task.names, counts.tolist(), strict=True)
    )
    told = ""
    if learned.probabilities is None:
        told = " · it needs a line of two different labels to begin"
    elif task.truth is not None and len(learned.doubts):
        right = learned.probabilities.argmax(1) == np.array(task.truth)
        told = (
            f" · <b>{right[learned.doubts].mean():.0%} right</b> on the {len(learned.doubts):,} "
            "lines without a label, by labels of ours that it has not seen"
        )
    return (
        f'<p class="u-small te-counts"><b>{len(learned.labelled):,} labelled</b>: {each}{told} · '
        f"{learned.milliseconds:.0f} ms</p>"
    )


def _table(task: Task, learned: Learned, line: int | None) -> str:
    """Lines by doubt, then those that have a label, the latest rows cut off at `TEACH_ROWS`."""
    order = [i for i in [*learned.doubts.tolist(), *learned.labelled.tolist()] if i != line]
    shown = order[: limits.TEACH_ROWS]
    rows = []
    for i in shown:
        label = int(learned.labels[i])
        if label != NONE:
            said = f'<span class="te-given">{escape(seen(task.names[label]))}</span>'
        elif learned.probabilities is None:
            said = '<span class="u-small">–</span>'
        else:
            best = int(learned.probabilities[i].argmax())
            share = float(learned.probabilities[i, best])
            said = (
                f'<span class="te-bar" aria-hidden="true"><i style="width:{100 * share:.0f}%"></i>'
                f"</span>{escape(seen(task.names[best]))} {share:.0%}"
            )
        rows.append(
            f'<tr><td>{said}</td><td><button type="button" class="te-row" data-teach="row" '
            f'data-line="{i}">{escape(seen(task.lines[i]))}</button></td></tr>'
        )
    more = len(order) - len(shown)
    rest = f'<p class="u-small">and {more:,} more lines</p>' if more > 0 else ""
    head = '<thead><tr><th scope="col">label</th><th scope="col">line</th></tr></thead>'
    table = f'<table class="plain te-lines">{head}<tbody>{"".join(rows)}</tbody></table>'
    return scroll(table + rest, "what it says of every line", "te-scroll", focus=False)


TUNED = (
    " But the tuned layer has learned from most of these lines, so this is too high: the "
    "held-back lines under Fine-tune tell more."
)


def accuracy(task: Task, found: Validated | None, ms: float, tuned: bool = False) -> str:
    """Cross-validated accuracy with its uncertainty, and the confusion table.

    `tuned`: the encoder itself has learned from the labels, which is said.
    """
    if found is None:
        return (
            '<section class="te-true"><h4>Is it true?</h4><p class="u-empty">Label at least four '
            "lines of two kinds: then each is judged by a model that has not seen it.</p></section>"
        )
    low, high = found.interval
    left = ""
    if found.left_out:
        left = (
            f" {found.left_out:,} more were not judged: after {limits.VALIDATION_SECONDS:.0f} seconds "
            "no other fold begins."
        )
    head = "".join(f'<th scope="col">{escape(seen(n))}</th>' for n in task.names)
    body = ""
    for i, name in enumerate(task.names):
        cells = "".join(
            f'<td class="{"right" if i == j else "wrong" if c else ""}">{c}</td>'
            for j, c in enumerate(found.confusion[i].tolist())
        )
        body += f'<tr><th scope="row">{escape(seen(name))}</th>{cells}</tr>'
    table = (
        f'<table class="te-confusion"><thead><tr><td class="u-small">yours ↓ its →</td>{head}</tr>'
        f"</thead><tbody>{body}</tbody></table>"
    )
    return (
        '<section class="te-true"><h4>Is it true?</h4>'
        f'<p class="te-number" role="status"><b>{found.accuracy:.0%}</b> ± {100 * found.plus_minus:.0f} '
        f"points</p>"
        f'<p class="u-small">{found.right:,} of {found.n:,} labelled lines right, each judged by a head '
        f"that had not seen it ({found.folds} folds, {ms:.0f} ms).{left} With so many lines the true "
        f"accuracy is from {low:.0%} to {high:.0%} in 95 of 100 such cases.{TUNED if tuned else ''}</p>"
        f"{scroll(table, 'confusion table')}</section>"
    )


def verdict(
    names: Sequence[str], words: Sequence[Word], unsure: bool, ms: float, n_tokens: int
) -> str:
    """What is said of one text: every label's probability, and the text read along."""
    final = words[-1].probabilities
    best = max(range(len(names)), key=lambda i: final[i])
    bars = "".join(
        f'<div class="te-label{" on" if i == best else ""}"><span>{escape(seen(names[i]))}</span>'
        f'<span class="te-track"><i style="width:{100 * final[i]:.1f}%"></i></span>'
        f"<span>{final[i]:.0%}</span></div>"
        for i in range(len(names))
    )
    doubt = (
        ' <span class="u-small">not sure: another label is nearly as likely</span>'
        if unsure
        else ""
    )
    chips = " ".join(
        _word(w.text, w.moved, f"after it: {names[best]} {w.probabilities[best]:.0%}")
        for w in words
        if w.text
    )
    return (
        f'<p class="te-verdict" role="status"><b>{escape(seen(names[best]))}</b> {final[best]:.0%}'
        f'{doubt}</p><div class="te-labels">{bars}</div>'
        f'<div class="words" role="group" '
        f'aria-label="the text, word by word">{chips}</div>'
        '<p class="u-small">+ blue: the word moved it towards '
        f"“{escape(seen(names[best]))}”; − orange: away from it; hover for the percentage after the word"
        f" · {ms:.0f} ms</p>{_cut(n_tokens)}"
    )


def _cut(n_tokens: int) -> str:
    """That only the beginning of a text was read, where it is so."""
    most = limits.TEACH_TOKENS
    if n_tokens <= most:
        return ""
    return (
        f'<p class="u-small te-cut">The text has {n_tokens:,} tokens; the first {most:,} were read, as '
        "in every line. What comes after them counts for nothing.</p>"
    )


def reasons(
    names: Sequence[str], label: str, found: Sequence[tuple[str, float]], n_tokens: int
) -> str:
    """Which words mattered: what the verdict loses without each."""
    chips = " ".join(_word(text, lost, "less without it") for text, lost in found)
    top = sorted(found, key=lambda f: -f[1])[:3]
    most = ", ".join(f"“{named(t)}” ({100 * x:+.0f} points)" for t, x in top if x > 0)
    said = f"It leans most on {escape(most)}." if most else "No single word carries it."
    return (
        f'<div class="words">{chips}</div><p class="u-small">Each word left out in turn, and “'
        f"{escape(seen(label))}” asked again. {said}</p>{_cut(n_tokens)}"
    )


def _word(text: str, score: float, about: str) -> str:
    css, sign = "", ""
    if abs(score) >= FAINT:
        step = min(4, 1 + int(3 * (abs(score) - FAINT) / (STRONG - FAINT)))
        css, sign = f"{'p' if score > 0 else 'n'}{step}", "+" if score > 0 else "−"
    tip = f"{100 * score:+.1f} points, {about}"
    return (
        f'<span class="w {css}" data-tip="{escape(tip)}" title="{escape(tip)}">'
        f'<small aria-hidden="true">{sign}</small>{escape(seen(text))}</span>'
    )


def about(lesson: Lesson, encoder: str) -> str:
    """What was read, in one line."""
    n, cut = len(lesson.task.lines), ""
    if lesson.n_cut:
        which = f"of {lesson.n_cut:,} longer lines" if lesson.n_cut > 1 else "of a longer line"
        cut = f"; {which} the first {limits.TEACH_TOKENS} tokens"
    return (
        f'<p class="u-small" role="status">{n:,} lines, {lesson.n_tokens:,} tokens read once by the '
        f"{escape(encoder)} in {lesson.seconds:.1f} s{cut}. They are kept for this visit only.</p>"
    )


def log(lesson: Lesson, marks: Sequence = ()) -> str:
    """What the page keeps of this lesson: its key and the labels given by clicks.

    The encoder stands in it so that the field changes, and the board with it, when the encoder does.
    """
    about = {"key": lesson_key(lesson), "kind": lesson.kind}
    return json.dumps({**about, "marks": list(marks), "skip": [], "at": None})
