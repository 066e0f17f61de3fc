"""HTML of "Check yourself": guess first, then see. Computes no answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape


def view(questions: Sequence[Mapping]) -> str:
    """A box a question; its answer stays hidden until a guess is made (`questions.js`)."""
    return f'<div class="guesses">{"".join(_box(q) for q in questions)}</div>'


def _box(question: Mapping) -> str:
    name = f"guess-{question['number']}"
    options = "".join(
        f'<label><input type="radio" name="{name}" data-right="{int(option["right"])}"> '
        f"{escape(option['text'])}</label>"
        for option in question["options"]
    )
    if not options:
        options = '<button type="button" class="show">Show what the chapter says</button>'
    source = question.get("source")
    cited = f' <span class="u-small">({escape(source)})</span>' if source else ""
    return (
        f'<fieldset class="guess"><legend>{question["number"]}. {escape(question["question"])}'
        f"</legend>{options}"
        '<p class="answer" role="status" hidden><b class="verdict"></b> '
        f"{escape(question['answer'])}{cited}</p></fieldset>"
    )
