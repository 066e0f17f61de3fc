"""HTML of "Check yourself": guess first, then see. Computes no answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ulmfit_demo.tabs.shared.templates import render


def view(questions: Sequence[Mapping]) -> str:
    """A box a question; its answer stays hidden until a guess is made (`questions.js`)."""
    return render("shared/questions.html", questions=[{"source": None, **q} for q in questions])
