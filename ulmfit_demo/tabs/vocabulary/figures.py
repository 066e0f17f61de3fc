"""Figures of the Vocabulary tab: the curves of the ladder and of the word vocabulary."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ulmfit_demo.tabs.shared.style import calm_layout, live_figure
from ulmfit_demo.theme import ACCENT, GREY, NEGATIVE, TEAL

HEIGHT = 270


def by_size(
    title: str,
    corpus: Mapping[str, tuple[Sequence[int], Sequence[float]]],
    kind: str,
    size: int,
    yours: Sequence[float] | None,
    unit: str,
) -> dict[str, Any]:
    """One measure against the vocabulary's size: the corpus, and your text at the same sizes.

    `corpus`: label of a type → (sizes, values); `kind` is the label of the chosen one, the others
    are drawn thin. `yours` are the values of the visitor's text at the chosen type's sizes.
    """
    traces = []
    for name, (sizes, values) in corpus.items():
        chosen = name == kind
        traces.append(
            dict(
                type="scatter",
                x=list(sizes),
                y=list(values),
                mode="lines+markers" if chosen else "lines",
                line=dict(color=TEAL if chosen else GREY, dash="solid" if chosen else "dot"),
                marker=dict(size=6),
                hovertemplate=f"{name}, %{{x:,}} pieces: %{{y:,.1f}} {unit}<extra></extra>",
            )
        )
    sizes, values = corpus[kind]
    at = list(sizes).index(size)
    above = not yours or values[at] >= yours[at]
    rising = values[-1] > values[0]
    traces.append(_point(size, values[at], TEAL, "reviews", "circle", above, rising))
    if yours:
        traces.append(
            dict(
                type="scatter",
                x=list(sizes),
                y=list(yours),
                mode="lines",
                line=dict(color=ACCENT, dash="dash"),
                hovertemplate=f"your text, %{{x:,}} pieces: %{{y:,.1f}} {unit}<extra></extra>",
            )
        )
        traces.append(_point(size, yours[at], ACCENT, "your text", "diamond", not above, rising))
    layout = calm_layout("vocabulary size", unit, HEIGHT, title)
    ticks = {200: "200", 500: "500", 1000: "1k", 2000: "2k", 4000: "4k", 8000: "8k", 16000: "16k"}
    _log_axes(layout, ticks)
    return live_figure(traces, layout)


def trade_off(
    sizes: Sequence[int],
    lengths: Sequence[float],
    size: int,
    widths: Sequence[int],
    words: tuple[int, float],
    yours: float | None,
) -> dict[str, Any]:
    """Parameters of the embedding against the length of a review: what the size decides.

    `lengths`: tokens of a review at `sizes`; `widths`: embedding sizes, the first one solid;
    `words`: (rows, tokens of a review) of the word vocabulary; `yours`: the visitor's text at `size`.
    """
    traces = []
    for width, dash in zip(widths, ("solid", "dot", "dash"), strict=False):
        traces.append(
            dict(
                type="scatter",
                x=[s * width for s in sizes],
                y=list(lengths),
                customdata=list(sizes),
                mode="lines+markers" if dash == "solid" else "lines",
                line=dict(color=TEAL if dash == "solid" else GREY, dash=dash),
                marker=dict(size=6),
                hovertemplate=f"%{{customdata:,}} pieces × {width} = %{{x:,}} parameters, "
                "%{y:,.0f} tokens a review<extra></extra>",
            )
        )
    at = list(sizes).index(size)
    wide = widths[0]
    above = yours is None or lengths[at] >= yours
    traces.append(_point(size * wide, lengths[at], TEAL, f"{size:,} × {wide}", "circle", above))
    traces.append(_point(words[0] * wide, words[1], NEGATIVE, "words", "square", False))
    if yours is not None:
        traces.append(_point(size * wide, yours, ACCENT, "your text", "diamond", not above))
    layout = calm_layout(
        "parameters of the embedding", "tokens a review", HEIGHT, "What the size decides"
    )
    layout["annotations"] = [
        dict(
            x=math.log10(sizes[0] * widths[-1]),
            y=lengths[0],
            text=f"× {widths[-1]}",
            showarrow=False,
            xshift=22,
            font=dict(color=GREY, size=12),
        )
    ]
    _log_axes(layout, {1e5: "0.1 M", 3e5: "0.3 M", 1e6: "1 M", 3e6: "3 M", 1e7: "10 M"})
    return live_figure(traces, layout)


def unknown_share(
    sizes: Sequence[int], shares: Sequence[float], now: tuple[int, float]
) -> dict[str, Any]:
    """Share of `xxunk` in the corpus against the size of the word vocabulary; `now` is marked."""
    curve = dict(
        type="scatter",
        x=list(sizes),
        y=list(shares),
        mode="lines",
        line=dict(color=TEAL),
        hovertemplate="%{x:,} rows: %{y:.2%} xxunk<extra></extra>",
    )
    point = _point(*now, ACCENT, f"{now[1]:.2%}", "diamond")
    title = "How much of the corpus becomes xxunk"
    layout = calm_layout("vocabulary size", "share of xxunk", 225, title)
    _log_axes(layout, {100: "100", 1000: "1k", 10000: "10k", 60000: "60k"})
    layout["yaxis"]["tickformat"] = ".0%"
    return live_figure([curve, {**point, "textposition": "top left"}], layout)


def _point(
    x: float,
    y: float,
    color: str,
    text: str,
    symbol: str,
    above: bool = True,
    rising: bool = False,
) -> dict:
    """A marked point; its label is above or below, on the side where the curve is not."""
    side = "right" if above != rising else "left"
    return dict(
        type="scatter",
        x=[x],
        y=[y],
        mode="markers+text",
        marker=dict(size=11, color=color, symbol=symbol),
        text=[text],
        textposition=f"{'top' if above else 'bottom'} {side}",
        textfont=dict(color=color),
        cliponaxis=False,
        hoverinfo="skip",
    )


def _log_axes(layout: dict, ticks: Mapping[int, str] | Mapping[float, str]) -> None:
    """A logarithmic x axis with these ticks; y from zero."""
    layout["xaxis"].update(type="log", tickvals=list(ticks), ticktext=list(ticks.values()))
    layout["yaxis"]["rangemode"] = "tozero"
