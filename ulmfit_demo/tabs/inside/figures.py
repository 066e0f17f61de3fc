"""The Inside tab's figures, in plotly. Chooses no data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ulmfit_demo.inference.inside.neighbours import Map
from ulmfit_demo.models.inspection.memory import Memory
from ulmfit_demo.models.inspection.shipped import Curves
from ulmfit_demo.tabs.shared.style import AXIS, calm_layout, live_figure
from ulmfit_demo.theme import ACCENT, GREY

ORANGE = "#c8640a"
SHORT, MIXED = "only the last k read", "all but the last k shuffled"


def one_word(m: Memory, word: str) -> dict[str, Any]:
    """The bits of one token against k, shortened and shuffled."""
    lengths = list(range(1, len(m.shortened) + 1))
    return _curves(
        f"“{_plain([word[:20]])[0]}”, here",
        (lengths, m.shortened),
        ([k for k, _ in m.shuffled], [b for _, b in m.shuffled]),
        m.bits,
    )


def average(c: Curves) -> dict[str, Any]:
    """The same, averaged over held-out reviews."""
    title = f"{c.n_places:,} words of held-out reviews"
    return _curves(title, (c.lengths, c.shortened), (c.distances, c.shuffled), c.whole)


def _curves(title: str, short, mixed, whole: float) -> dict[str, Any]:
    layout = calm_layout("k, tokens (doubling scale)", "bits", height=300, title=title)
    layout["xaxis"] = dict(layout["xaxis"], type="log", tickvals=[2**i for i in range(0, 10)])
    layout["yaxis"] = dict(layout["yaxis"], rangemode="tozero")
    traces = []
    for (x, y), name, colour, dash in (
        (short, SHORT, ACCENT, "solid"),
        (mixed, MIXED, ORANGE, "dash"),
    ):
        if len(x):
            hover = f"{name}, k = %{{x}}: %{{y:.2f}} bits<extra></extra>"
            traces.append(
                dict(
                    type="scatter",
                    x=list(x),
                    y=list(y),
                    name=name,
                    mode="lines+markers" if len(x) < 20 else "lines",
                    line=dict(color=colour, dash=dash),
                    hovertemplate=hover,
                )
            )
    last = max([*short[0], *mixed[0], 2])
    traces.append(
        dict(
            type="scatter",
            x=[1, last],
            y=[whole, whole],
            name="after all of it",
            mode="lines",
            line=dict(color=GREY, dash="dot"),
            hovertemplate="after all of it: %{y:.2f} bits<extra></extra>",
        )
    )
    layout["showlegend"] = True
    layout["legend"] = dict(orientation="h", y=-0.25, x=0, font=dict(size=11))
    layout["margin"] = dict(layout["margin"], b=90)
    return live_figure(traces, layout)


def chart(m: Map) -> dict[str, Any]:
    """Words on a plane: the visitor's as dots with bold names, neighbours as rings."""
    layout = calm_layout("first component", "second component", height=430, title=m.title)
    for axis in ("xaxis", "yaxis"):
        layout[axis] = dict(layout[axis], **AXIS, showticklabels=False)
    traces = []
    for typed, symbol, colour, size in (
        (True, "circle", ACCENT, 9),
        (False, "circle-open", GREY, 7),
    ):
        which = [i for i, t in enumerate(m.typed) if t == typed]
        traces.append(
            dict(
                type="scatter",
                x=[float(m.points[i, 0]) for i in which],
                y=[float(m.points[i, 1]) for i in which],
                text=_plain([m.words[i] for i in which]),
                mode="markers+text",
                textposition="top center",
                textfont=dict(size=13 if typed else 11, color=ACCENT if typed else GREY),
                marker=dict(symbol=symbol, color=colour, size=size),
                hovertemplate="%{text}<extra></extra>",
            )
        )
    return live_figure(traces, layout)


def _plain(words: Sequence[str]) -> list[str]:
    """Plotly reads some tags in a text: a visitor's `<` is no tag."""
    return [w.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for w in words]
