"""What the app teaches, as data: texts, examples and questions beside this file. Renders nothing."""

from __future__ import annotations

import json
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
