"""A tab's lesson as a notebook (nbformat 4.5), from the same steps and questions. Runs nothing."""

from __future__ import annotations

import ast
import json
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence

HEAD = """# ULMFiT, step by step: {title}

This is the lesson of the tab *{title}* with the lines behind each step, to run from top to bottom. The
next cell installs what they need where it is missing: in Colab, put the project's wheel beside this
notebook first (`pip wheel --no-deps .` in a clone makes it)."""
INSTALL = """import importlib.util
import os
from pathlib import Path

while not Path('assets/models').is_dir() and Path.cwd() != Path.cwd().parent:
    os.chdir('..')  # to the root of the repository, if this runs inside a clone
if not Path('assets/models').is_dir():
    if importlib.util.find_spec('ulmfit_demo') is None:
        %pip install -q ulmfit_demo-*.whl
    import tempfile

    import ulmfit_demo

    os.chdir(tempfile.mkdtemp())  # the lines below read `assets/`: the package brings them
    os.symlink(Path(ulmfit_demo.__file__).parent / 'assets', 'assets')"""
# What only the page has; a sentence that asks for it is left out of a notebook.
ON_THE_PAGE = re.compile(
    r"\b(press|click|hover|type|buttons?|menu|field|drag|slider|column on the left|line below)\b"
    r"|\b(bars|strip|choose|the page|watch)\b|^(Blue|Orange):",
    re.IGNORECASE,
)
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
    cells = [_markdown(HEAD.format(title=tab.capitalize())), _code(INSTALL)]
    before, defined = "", dict[str, str]()
    for number, step in enumerate(steps, 1):
        cells.append(_markdown(f"## {number}. {step['title']}\n\n{as_read(step['text'])}"))
        lines = code({**start, **step["set"]}).strip()
        if lines and lines != before:
            fresh = without_repeats(lines, defined)
            cells.append(_code("\n".join(filter(None, (fresh, SHOW.get(tab, ""))))))
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


def as_read(text: str) -> str:
    """A step's text without the sentences that ask for a key, a button or a field of the page.

    >>> as_read("The line rises. Click a word to see why.")
    'The line rises.'
    """
    sentences = re.split(r"(?<=[.?!:]) (?=[^a-z])", text)
    kept = [s for s in sentences if not ON_THE_PAGE.search(s)]
    return " ".join(kept)


def without_repeats(lines: str, defined: dict[str, str]) -> str:
    """`lines` without the imports and definitions that stand in a cell above, word for word.

    `defined` holds what stands there, by name; it is brought up to date. Values are computed anew.
    """
    rows, kept, at = lines.splitlines(), list[str](), 0
    for statement in ast.parse(lines).body:
        end = statement.end_lineno or statement.lineno
        source = "\n".join(rows[at:end]).strip()  # with the comment and the decorators before it
        at = end
        if isinstance(statement, ast.Import | ast.ImportFrom):
            name = source
        elif isinstance(statement, ast.FunctionDef | ast.ClassDef):
            name = statement.name
        else:
            kept.append(source)
            continue
        if defined.get(name) != source:
            kept.append(source)
        defined[name] = source
    return "\n".join([*kept, *rows[at:]]).strip()


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
