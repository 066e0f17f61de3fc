"""Every string that a visitor may read, one a line with its place: to be read as a stranger reads.

    python -m tools.visible_strings            # the app's own files
    python -m tools.visible_strings --lessons  # and the lessons, examples and questions

Lists the literals of the code that draws, of the sentences that refuse, and of the page's scripts;
docstrings, names, selectors, HTML tags and CSS are left out. An f-string shows its values as `{…}`.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CODE = ("ulmfit_demo",)
DATA = ("steps.json", "questions.json", "examples.json", "wrong_reviews.json")
TAG = re.compile(r"<[^>]*>?|\b(?:class|data-[\w-]+|style|aria-[\w-]+|id|href|type|role)=\S*")
WORDS = re.compile(r"[A-Za-z]{2,}[ ,.:;?’'“”-]+\S|^[A-Z][a-z]+( [a-z]+)*$")
NAME = re.compile(
    r"[a-z0-9#.*/_{…}%-]+(\.[a-z]+)?$|\(.*\) =>|^[.#]\w|\w+\.\w+$"
)  # an id, a file, code
SCRIPT = re.compile(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`')


def literals(source: str) -> Iterator[tuple[int, str]]:
    """(line, text) of each string literal that is no docstring; neighbours are one, values are `{…}`."""
    tree = ast.parse(source)
    skipped = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            skipped.update(id(part) for part in node.values)
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = (p.value if isinstance(p, ast.Constant) else "{…}" for p in node.values)
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def readable(text: str) -> str | None:
    """What of `text` a visitor reads; None where it is markup, a name or a path."""
    plain = re.sub(r"\s+", " ", TAG.sub(" ", text)).strip(" >\"'")
    if NAME.match(plain) and not re.search(r"[a-z] [a-z]", plain):
        return None
    return plain if WORDS.search(plain) and not re.search(r"[{;]\s*[\w-]+:", plain) else None


def code_strings() -> Iterator[tuple[str, int, str]]:
    """Of every Python file of the app: (file, line, text)."""
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for line, text in sorted(literals(path.read_text(encoding="utf-8"))):
                found = readable(text)
                if found:
                    yield str(path.relative_to(ROOT)), line, found


def script_strings() -> Iterator[tuple[str, int, str]]:
    """Of the page's scripts."""
    for path in sorted((ROOT / "assets" / "script").glob("*.js")):
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            for match in SCRIPT.finditer(line.split("//")[0]):
                found = readable(match[1] or match[2] or "")
                if found:
                    yield str(path.relative_to(ROOT)), number, found


def data_strings() -> Iterator[tuple[str, int, str]]:
    """Of the lessons' data; the line is not known."""

    def texts(value: object) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict | list):
            for part in value.values() if isinstance(value, dict) else value:
                yield from texts(part)

    for name in DATA:
        path = ROOT / "ulmfit_demo" / "lessons" / name
        for text in texts(json.loads(path.read_text(encoding="utf-8"))):
            if readable(text):
                yield str(path.relative_to(ROOT)), 0, text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lessons", action="store_true", help="the lessons' data too")
    wanted = parser.parse_args()
    found = [*code_strings(), *script_strings(), *(data_strings() if wanted.lessons else ())]
    for place, line, text in found:
        print(f"{place}:{line}: {text}" if line else f"{place}: {text}")


if __name__ == "__main__":
    main()
