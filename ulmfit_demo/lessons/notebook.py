"""A tab's lesson as a notebook (nbformat 4.5), from the same steps and questions. Runs nothing."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Mapping, Sequence

HEAD = """# ULMFiT, step by step: {title}

This is the lesson of the tab *{title}* with the lines behind each step. Run it inside a clone of the
repository, where `pip install -r requirements.txt` was run: the lines read its `assets/`."""
ROOT = """import os
from pathlib import Path

while not Path('assets').is_dir() and Path.cwd() != Path.cwd().parent:
    os.chdir('..')  # to the root of the repository"""
SHOW = {  # what a step's lines end with, where they do not print it themselves
    "tokenizers": "print(fastai_toks)\nprint(nums)",
    "sentiment": "print(f'{verdict:.1%} positive')\n[(t, round(p, 2)) for t, p in zip(toks, along)]",
    "generation": "for text in texts:\n    print(prompt, *text)\nnext_words",
}


def notebook(
    tab: str,
    steps: Sequence[Mapping],
    code: Callable[[dict], str],
    start: Mapping[str, object],
    questions: Sequence[Mapping] = (),
) -> str:
    """The JSON of the notebook.

    `code(values)` gives the lines for the controls' `values`: `start`, and what a step sets.
    """
    cells = [_markdown(HEAD.format(title=tab.capitalize())), _code(ROOT)]
    before = ""
    for number, step in enumerate(steps, 1):
        cells.append(_markdown(f"## {number}. {step['title']}\n\n{step['text']}"))
        lines = code({**start, **step["set"]}).strip()
        if lines and lines != before:
            cells.append(_code("\n".join(filter(None, (lines, SHOW.get(tab, ""))))))
            before = lines
    if questions:
        cells.append(_markdown("## Check yourself"))
    for q in questions:
        choices = "\n".join(f"- {option['text']}" for option in q["options"])
        cells.append(_markdown(f"**{q['number']}. {q['question']}**\n\n{choices}"))
        answer = "\n".join(f"# {line}" for line in textwrap.wrap(q["answer"], 96))
        cells.append(_code(f"# the answer:\n{answer}"))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    return json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {
                "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
                "language_info": {"name": "python"},
            },
            "cells": cells,
        },
        ensure_ascii=False,
        indent=1,
    )


def _markdown(text: str) -> dict:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def _code(lines: str) -> dict:
    return {
        "cell_type": "code",
        "metadata": {},
        "source": lines,
        "outputs": [],
        "execution_count": None,
    }
