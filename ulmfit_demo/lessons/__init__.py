"""What the app teaches, as data: texts, examples and questions beside this file. Renders nothing."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from ulmfit_demo import limits
from ulmfit_demo.resources import named

FOLDER = Path(__file__).parent
TEXTS = ("text", "words", "reviews", "prompt", "any_text")  # controls that hold a text, by name
CHAPTER = 24  # questions of the chapter; the numbers after it are our own


@cache
def lesson(tab: str) -> str:
    """The Markdown text of a tab."""
    return (FOLDER / f"{tab}.md").read_text(encoding="utf-8")


@cache
def examples() -> dict[str, dict[str, str]]:
    """Example texts: {tab: {title: text}}. Our own, or the notebook's; none from the corpus."""
    return json.loads((FOLDER / "examples.json").read_text(encoding="utf-8"))


@cache
def links() -> dict[str, str]:
    """Where the front door leads: {what: address}; without what has no address yet ("")."""
    found = json.loads((FOLDER / "links.json").read_text(encoding="utf-8"))
    return {what: address for what, address in found.items() if address}


@cache
def given() -> list[str]:
    """Every text that a menu of examples or a lesson may put into a field: none is a visitor's.

    Without the longest ones, which a vocabulary is trained on and no other tab takes.
    """
    shown = [text for texts in examples().values() for text in texts.values()]
    all_steps = json.loads((FOLDER / "steps.json").read_text(encoding="utf-8"))
    for tab_steps in all_steps.values():
        for step in tab_steps:
            shown += [step["set"][name] for name in TEXTS if isinstance(step["set"].get(name), str)]
    return [text for text in dict.fromkeys(shown) if len(text) <= limits.GIVEN_CHARACTERS]


@cache
def steps(tab: str) -> list[dict]:
    """The lesson of a tab: steps with `title`, `text` and `set`, the controls' values by name."""
    return json.loads((FOLDER / "steps.json").read_text(encoding="utf-8"))[tab]


@cache
def questions() -> list[dict]:
    """The questionnaire: `number`, `tab`, `question`, `options` (none: to think about), `answer`.

    In an answer `«key»` stands for what `pipeline.answers` computes.
    """
    return json.loads((FOLDER / "questions.json").read_text(encoding="utf-8"))


def code(name: str, **values: object) -> str:
    """The lines of `code/<name>.py` with each `«key»` replaced by `repr(values[key])`.

    Every value is written as a Python literal, so a visitor's text cannot become code.
    Raises KeyError where the lines ask for a value that is not given.
    """
    lines = (FOLDER / "code" / f"{name}.py.txt").read_text(encoding="utf-8")
    lines = lines.replace('"assets/', f'"{Path(named("live")).parent}/')
    return re.sub("«(\\w+)»", lambda match: repr(values[match[1]]), lines)
