"""The learning curve as an SVG that stretches; its labels are HTML. Computes no point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from ulmfit_demo.teach.curve import OURS, RANDOM, WORDS, Point

CSS = {OURS: "ours", WORDS: "bag", RANDOM: "random"}
WAIT = "Label {} lines for the curve: accuracy against the number of labels."


def curve(points: Sequence[Point], about: str) -> str:
    """Accuracy against labels, a line for each start; the x axis doubles from mark to mark."""
    if not points:
        return f'<section class="te-curve"><p class="u-empty">{escape(about)}</p></section>'
    ns = sorted({p.labels for p in points})
    low = min(math.floor(5 * min(p.accuracy for p in points)) / 5, 0.8)
    span = math.log2(ns[-1] / ns[0]) or 1.0

    def x(n: int) -> float:
        return 4 + 92 * math.log2(n / ns[0]) / span

    def y(a: float) -> float:
        return 100 * (1 - (a - low) / (1 - low))

    grid = [low + (1 - low) * i / 4 for i in range(5)]
    rules = "".join(f'<line x1="0" x2="100" y1="{y(g):.1f}" y2="{y(g):.1f}"/>' for g in grid)
    marks = "".join(f'<span class="y" style="top:{y(g):.1f}%">{g:.0%}</span>' for g in grid)
    ticks = "".join(f'<span class="x" style="left:{x(n):.1f}%">{n}</span>' for n in ns)
    lines, names, ends = "", "", []
    for start, css in CSS.items():
        own = [p for p in points if p.start == start]
        if not own:
            continue
        path = " ".join(f"{x(p.labels):.2f},{y(p.accuracy):.2f}" for p in own)
        bars = "".join(
            f'<line class="e" x1="{x(p.labels):.2f}" x2="{x(p.labels):.2f}" '
            f'y1="{y(p.accuracy - p.error):.2f}" y2="{y(p.accuracy + p.error):.2f}"/>'
            for p in own
        )
        lines += f'<g class="{css}"><polyline points="{path}"/>{bars}</g>'
        ends.append(f"{start} {own[-1].accuracy:.0%} with {own[-1].labels}")
        names += f'<span class="{css}">{escape(start)} <b>{own[-1].accuracy:.0%}</b></span>'
    said = f"Accuracy against the number of labels: {'; '.join(ends)}."
    return (
        '<section class="te-curve"><h4>How many labels does it take?</h4>'
        f'<p class="te-legend">{names}</p><div class="te-plot">{marks}{ticks}'
        f'<svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label="{escape(said)}">'
        f'<g class="grid">{rules}</g>{lines}</svg></div><p class="u-small te-about">{escape(about)}</p>'
        "</section>"
    )
