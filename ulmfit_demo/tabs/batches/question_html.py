"""Question 16 of the notebook with the visitor's own stream: guess first, then see. Cuts nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ulmfit_demo.batches import Batches
from ulmfit_demo.tabs.shared.templates import macro

N_SHOWN = 6  # tokens of an answer


@dataclass(frozen=True)
class Option:
    """A guess: what it says, and the stream position that it means."""

    text: str
    position: int


@dataclass(frozen=True)
class Question:
    text: str
    options: tuple[Option, ...]
    position: int  # where the right answer begins in the stream
    why: str


def questions(batches: Batches) -> list[Question | str]:
    """Both halves of question 16; a sentence in place of one that these settings cannot ask."""
    width, length, bs = batches.width(0), batches.row_length, batches.bs
    second_row: Question | str = "With bs = 1 there is no second row. Choose at least 2 rows."
    if bs > 1:
        second_row = Question(
            "What does the second row of the first mini-batch begin with?",
            _distinct(
                Option(f"The token after the first row of this mini-batch: number {width}", width),
                Option(
                    f"The token where the second of {bs} long rows begins: number {length}", length
                ),
                Option(f"The token after the whole mini-batch: number {bs * width}", bs * width),
            ),
            length,
            f"The stream is first cut into {bs} rows of {length}. Row 2 begins where row 1 ends, so "
            f"at token {length}, however short a mini-batch is.",
        )
    next_batch: Question | str = (
        "There is only one mini-batch. Choose a smaller seq_len to have a second one."
    )
    if batches.n_batches > 1:
        next_batch = Question(
            "What does the first row of the second mini-batch begin with?",
            _distinct(
                Option(
                    f"The token after the whole first mini-batch: number {bs * width}", bs * width
                ),
                Option(f"The token after the first row of the first one: number {width}", width),
                Option(f"The token where the second long row begins: number {length}", length),
            ),
            width,
            f"Every row goes on where it stopped: row 1 has read {width} tokens, so it goes on at "
            f"token {width}. That is why the hidden state can be carried over.",
        )
    return [second_row, next_batch]


def view(texts: Sequence[str], batches: Batches) -> str:
    """Radio buttons for each guess and the computed answer, hidden until one is chosen."""
    return macro(
        "batches/question.html", "view", questions=[_asked(q, texts) for q in questions(batches)]
    )


def _asked(question: Question | str, texts: Sequence[str]) -> dict[str, object]:
    if isinstance(question, str):
        return {"instead": question}
    begins = " ".join(texts[question.position : question.position + N_SHOWN])
    return {
        "instead": "",
        "text": question.text,
        "options": [(o.text, int(o.position == question.position)) for o in question.options],
        "answer": f"“{begins} …”. {question.why}",
    }


def _distinct(*options: Option) -> tuple[Option, ...]:
    """Options in the order given, the first of those that mean the same token."""
    kept: dict[int, Option] = {}
    for option in options:
        kept.setdefault(option.position, option)
    return tuple(kept.values())
