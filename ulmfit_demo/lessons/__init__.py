"""What the app teaches, as data: texts, examples and questions beside this file. Renders nothing."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


@cache
def lesson(tab: str) -> str:
    """The Markdown text of a tab."""
    return (FOLDER / f"{tab}.md").read_text(encoding="utf-8")


@cache
def examples() -> dict[str, dict[str, str]]:
    """Example texts: {tab: {title: text}}. Our own, or the notebook's; none from the corpus."""
    return json.loads((FOLDER / "examples.json").read_text(encoding="utf-8"))


@cache
def steps(tab: str) -> list[dict]:
    """The lesson of a tab: steps with `title`, `text` and `set`, the controls' values by name."""
    return json.loads((FOLDER / "steps.json").read_text(encoding="utf-8"))[tab]


@cache
def questions() -> list[dict]:
    """The questionnaire: `number`, `tab`, `question`, `options` (none: to think about), `answer`.

    In an answer `«key»` stands for what `services.questions` computes.
    """
    return json.loads((FOLDER / "questions.json").read_text(encoding="utf-8"))


def code(name: str, **values: object) -> str:
    """The lines of `code/<name>.py` with each `«key»` replaced by `repr(values[key])`.

    Every value is written as a Python literal, so a visitor's text cannot become code.
    Raises KeyError where the lines ask for a value that is not given.
    """
    lines = (FOLDER / "code" / f"{name}.py.txt").read_text(encoding="utf-8")
    return re.sub("«(\\w+)»", lambda match: repr(values[match[1]]), lines)
