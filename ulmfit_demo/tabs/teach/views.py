"""The Teach tab's results as HTML. Learns nothing; the templates escape every text of a visitor."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

import numpy as np

from ulmfit_demo import limits
from ulmfit_demo.tabs.shared.signs import named, seen
from ulmfit_demo.tabs.shared.templates import macro
from ulmfit_demo.teach.learn import Learned, Lesson
from ulmfit_demo.teach.task import NONE, Task
from ulmfit_demo.teach.taught import Word
from ulmfit_demo.teach.validation import Validated

FAINT, STRONG = (
    0.02,
    0.25,
)  # a word that moves the probability by less has no colour, by this the deepest
_html = partial(macro, "teach/views.html")


def board(lesson: Lesson, learned: Learned, line: int | None) -> str:
    """The line to label with its buttons, what is labelled so far, and what is said of every line."""
    task = lesson.task
    order = [i for i in [*learned.doubts.tolist(), *learned.labelled.tolist()] if i != line]
    n_more = max(0, len(order) - limits.TEACH_ROWS)
    return _html(
        "board",
        key=lesson_key(lesson),
        card=None if line is None else _card(task, learned, line),
        counts=_counts(task, learned),
        rows=[_row(task, learned, i) for i in order[: limits.TEACH_ROWS]],
        n_more=f"{n_more:,}" if n_more else "",
    )


def lesson_key(lesson: Lesson) -> str:
    """Tells the page to which lines its labels belong."""
    return lesson.task.key


def _card(task: Task, learned: Learned, line: int) -> dict:
    why = "Label this line"
    if learned.labels[line] != NONE:
        why = f"Labelled “{seen(task.names[learned.labels[line]])}”; another label replaces it"
    elif learned.probabilities is not None:
        row = learned.probabilities[line]
        best = np.argsort(-row)[:2]
        said = " or ".join(f"{seen(task.names[i])} {row[i]:.0%}" for i in best)
        first = len(learned.doubts) and learned.doubts[0] == line
        why = f"{'The line it doubts most' if first else 'It says'}: {said}"
    return {"why": why, "line": line, "text": task.lines[line], "names": task.names}


def _counts(task: Task, learned: Learned) -> dict:
    counts = np.bincount(learned.labels[learned.labelled], minlength=len(task.names))
    found, right = learned.probabilities, ""
    if found is not None and task.truth is not None and len(learned.doubts):
        is_right = found.argmax(1) == np.array(task.truth)
        right = f"{is_right[learned.doubts].mean():.0%}"
    return {
        "n": f"{len(learned.labelled):,}",
        "each": list(zip(task.names, counts.tolist(), strict=True)),
        "begun": found is not None,
        "right": right,
        "n_open": f"{len(learned.doubts):,}",
        "ms": f"{learned.milliseconds:.0f}",
    }


def _row(task: Task, learned: Learned, i: int) -> tuple[int, str, str | None, str | None]:
    """(number, text, name of its label, how sure) of a line.

    A label that was given has no measure of it; before anything is learned there is no name either.
    """
    label = int(learned.labels[i])
    if label != NONE:
        return i, task.lines[i], task.names[label], None
    if learned.probabilities is None:
        return i, task.lines[i], None, None
    best = int(learned.probabilities[i].argmax())
    share = float(learned.probabilities[i, best])
    return i, task.lines[i], task.names[best], f"{share:.0%}"


TUNED = (
    " But the tuned layer has learned from most of these lines, so this is too high: the "
    "held-back lines under Fine-tune tell more."
)


def accuracy(task: Task, found: Validated | None, ms: float, tuned: bool = False) -> str:
    """Cross-validated accuracy with its uncertainty, and the confusion table.

    `tuned`: the encoder itself has learned from the labels, which is said.
    """
    if found is None:
        return _html("unknown")
    low, high = found.interval
    left = ""
    if found.left_out:
        left = (
            f" {found.left_out:,} more were not judged: after {limits.VALIDATION_SECONDS:.0f} seconds "
            "no other fold begins."
        )
    return _html(
        "accuracy",
        share=f"{found.accuracy:.0%}",
        plus_minus=f"{100 * found.plus_minus:.0f}",
        told=f"{found.right:,} of {found.n:,} labelled lines right, each judged by a head that had "
        f"not seen it ({found.folds} folds, {ms:.0f} ms).{left} With so many lines the true accuracy "
        f"is from {low:.0%} to {high:.0%} in 95 of 100 such cases.{TUNED if tuned else ''}",
        names=task.names,
        rows=found.confusion.tolist(),
    )


def verdict(
    names: Sequence[str], words: Sequence[Word], unsure: bool, ms: float, n_tokens: int
) -> str:
    """What is said of one text: every label's probability, and the text read along."""
    final = words[-1].probabilities
    best = max(range(len(names)), key=lambda i: final[i])
    return _html(
        "verdict",
        label={"name": names[best], "share": f"{final[best]:.0%}", "place": best},
        bars=[(name, f"{100 * p:.1f}", f"{p:.0%}") for name, p in zip(names, final, strict=True)],
        unsure=unsure,
        words=[
            _word(w.text, w.moved, f"after it: {names[best]} {w.probabilities[best]:.0%}")
            for w in words
            if w.text
        ],
        ms=f"{ms:.0f}",
        cut=_cut(n_tokens),
    )


def _cut(n_tokens: int) -> str:
    """That only the beginning of a text was read, where it is so."""
    most = limits.TEACH_TOKENS
    if n_tokens <= most:
        return ""
    return (
        f"The text has {n_tokens:,} tokens; the first {most:,} were read, as in every line. "
        "What comes after them counts for nothing."
    )


def reasons(
    names: Sequence[str], label: str, found: Sequence[tuple[str, float]], n_tokens: int
) -> str:
    """Which words mattered: what the verdict loses without each."""
    top = sorted(found, key=lambda f: -f[1])[:3]
    most = ", ".join(f"“{named(t)}” ({100 * x:+.0f} points)" for t, x in top if x > 0)
    return _html(
        "reasons",
        label=label,
        said=f"It leans most on {most}." if most else "No single word carries it.",
        words=[_word(text, lost, "less without it") for text, lost in found],
        cut=_cut(n_tokens),
    )


def _word(text: str, score: float, about: str) -> tuple[str, str, str, str]:
    """(class of its colour, tip, sign, text)"""
    css, sign = "", ""
    if abs(score) >= FAINT:
        step = min(4, 1 + int(3 * (abs(score) - FAINT) / (STRONG - FAINT)))
        css, sign = f"{'p' if score > 0 else 'n'}{step}", "+" if score > 0 else "−"
    return css, f"{100 * score:+.1f} points, {about}", sign, text


def about(lesson: Lesson, encoder: str) -> str:
    """What was read, in one line."""
    n, cut = len(lesson.task.lines), ""
    if lesson.n_cut:
        which = f"of {lesson.n_cut:,} longer lines" if lesson.n_cut > 1 else "of a longer line"
        cut = f"; {which} the first {limits.TEACH_TOKENS} tokens"
    return _html(
        "about",
        sentence=f"{n:,} lines, {lesson.n_tokens:,} tokens read once by the {encoder} in "
        f"{lesson.seconds:.1f} s{cut}. They are kept for this visit only.",
    )


def log(lesson: Lesson, marks: Sequence = ()) -> str:
    """What the page keeps of this lesson: its key and the labels given by clicks.

    The encoder stands in it so that the field changes, and the board with it, when the encoder does.
    """
    about = {"key": lesson_key(lesson), "kind": lesson.kind}
    return json.dumps({**about, "marks": list(marks), "skip": [], "at": None})
