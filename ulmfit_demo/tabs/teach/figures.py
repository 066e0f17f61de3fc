"""The learning curve as an SVG that stretches; its labels are HTML. Computes no point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

from ulmfit_demo.tabs.shared.templates import macro
from ulmfit_demo.teach.curve import OURS, RANDOM, WORDS, Point

CSS = {OURS: "ours", WORDS: "bag", RANDOM: "random"}
WAIT = "Label {} lines for the curve: accuracy against the number of labels."
_html = partial(macro, "teach/figures.html")


def curve(points: Sequence[Point], about: str) -> str:
    """Accuracy against labels, a line for each start; the x axis doubles from mark to mark."""
    if not points:
        return _html("waits", about=about)
    ns = sorted({p.labels for p in points})
    low = min(math.floor(5 * min(p.accuracy for p in points)) / 5, 0.8)
    span = math.log2(ns[-1] / ns[0]) or 1.0

    def x(n: int) -> float:
        return 4 + 92 * math.log2(n / ns[0]) / span

    def y(a: float) -> float:
        return 100 * (1 - (a - low) / (1 - low))

    starts, ends = [], []
    for name, css in CSS.items():
        own = [p for p in points if p.start == name]
        if not own:
            continue
        ends.append(f"{name} {own[-1].accuracy:.0%} with {own[-1].labels}")
        starts.append(
            {
                "name": name,
                "css": css,
                "last": f"{own[-1].accuracy:.0%}",
                "path": " ".join(f"{x(p.labels):.2f},{y(p.accuracy):.2f}" for p in own),
                "bars": [
                    (
                        f"{x(p.labels):.2f}",
                        f"{y(p.accuracy - p.error):.2f}",
                        f"{y(p.accuracy + p.error):.2f}",
                    )
                    for p in own
                ],
            }
        )
    grid = [low + (1 - low) * i / 4 for i in range(5)]
    return _html(
        "curve",
        starts=starts,
        grid=[(f"{y(g):.1f}", f"{g:.0%}") for g in grid],
        ticks=[(f"{x(n):.1f}", n) for n in ns],
        said=f"Accuracy against the number of labels: {'; '.join(ends)}.",
        about=about,
    )
