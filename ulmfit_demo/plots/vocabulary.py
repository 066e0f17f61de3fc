"""Figures of the Vocabulary tab: the curves of the ladder and of the word vocabulary."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from ulmfit_demo.plots.calm import calm
from ulmfit_demo.theme import ACCENT, GREY, NEGATIVE, TEAL

HEIGHT = 270


def by_size(
    title: str,
    corpus: Mapping[str, tuple[Sequence[int], Sequence[float]]],
    kind: str,
    size: int,
    yours: Sequence[float] | None,
    unit: str,
) -> go.Figure:
    """One measure against the vocabulary's size: the corpus, and your text at the same sizes.

    `corpus`: label of a type → (sizes, values); `kind` is the label of the chosen one, the others
    are drawn thin. `yours` are the values of the visitor's text at the chosen type's sizes.
    """
    figure = go.Figure()
    for name, (sizes, values) in corpus.items():
        chosen = name == kind
        figure.add_scatter(
            x=list(sizes),
            y=list(values),
            mode="lines+markers" if chosen else "lines",
            line=dict(color=TEAL if chosen else GREY, dash="solid" if chosen else "dot"),
            marker=dict(size=6),
            hovertemplate=f"{name}, %{{x:,}} pieces: %{{y:,.1f}} {unit}<extra></extra>",
        )
    sizes, values = corpus[kind]
    at = list(sizes).index(size)
    above = not yours or values[at] >= yours[at]
    rising = values[-1] > values[0]
    _point(figure, size, values[at], TEAL, "reviews", "circle", above, rising)
    if yours:
        figure.add_scatter(
            x=list(sizes),
            y=list(yours),
            mode="lines",
            line=dict(color=ACCENT, dash="dash"),
            hovertemplate=f"your text, %{{x:,}} pieces: %{{y:,.1f}} {unit}<extra></extra>",
        )
        _point(figure, size, yours[at], ACCENT, "your text", "diamond", not above, rising)
    calm(figure, "vocabulary size", unit, HEIGHT)
    figure.update_xaxes(type="log", tickvals=[200, 500, 1000, 2000, 4000, 8000, 16000])
    figure.update_xaxes(ticktext=["200", "500", "1k", "2k", "4k", "8k", "16k"])
    figure.update_yaxes(rangemode="tozero")
    return _titled(figure, title)


def trade_off(
    sizes: Sequence[int],
    lengths: Sequence[float],
    size: int,
    widths: Sequence[int],
    words: tuple[int, float],
    yours: float | None,
) -> go.Figure:
    """Parameters of the embedding against the length of a review: what the size decides.

    `lengths`: tokens of a review at `sizes`; `widths`: embedding sizes, the first one solid;
    `words`: (rows, tokens of a review) of the word vocabulary; `yours`: the visitor's text at `size`.
    """
    figure = go.Figure()
    for width, dash in zip(widths, ("solid", "dot", "dash"), strict=False):
        figure.add_scatter(
            x=[s * width for s in sizes],
            y=list(lengths),
            customdata=list(sizes),
            mode="lines+markers" if dash == "solid" else "lines",
            line=dict(color=TEAL if dash == "solid" else GREY, dash=dash),
            marker=dict(size=6),
            hovertemplate=f"%{{customdata:,}} pieces × {width} = %{{x:,}} parameters, "
            "%{y:,.0f} tokens a review<extra></extra>",
        )
    at = list(sizes).index(size)
    wide = widths[0]
    figure.add_annotation(
        x=math.log10(sizes[0] * widths[-1]), y=lengths[0], text=f"× {widths[-1]}", showarrow=False
    ).update_annotations(xshift=22, font=dict(color=GREY, size=12))
    above = yours is None or lengths[at] >= yours
    _point(figure, size * wide, lengths[at], TEAL, f"{size:,} × {wide}", "circle", above)
    _point(figure, words[0] * wide, words[1], NEGATIVE, "words", "square", False)
    if yours is not None:
        _point(figure, size * wide, yours, ACCENT, "your text", "diamond", not above)
    calm(figure, "parameters of the embedding", "tokens a review", HEIGHT)
    figure.update_xaxes(type="log", tickvals=[1e5, 3e5, 1e6, 3e6, 1e7])
    figure.update_xaxes(ticktext=["0.1 M", "0.3 M", "1 M", "3 M", "10 M"])
    figure.update_yaxes(rangemode="tozero")
    return _titled(figure, "What the size decides")


def unknown_share(
    sizes: Sequence[int], shares: Sequence[float], now: tuple[int, float]
) -> go.Figure:
    """Share of `xxunk` in the corpus against the size of the word vocabulary; `now` is marked."""
    figure = go.Figure(
        go.Scatter(
            x=list(sizes),
            y=list(shares),
            mode="lines",
            line=dict(color=TEAL),
            hovertemplate="%{x:,} rows: %{y:.2%} xxunk<extra></extra>",
        )
    )
    _point(figure, *now, ACCENT, f"{now[1]:.2%}", "diamond")
    figure.update_traces(textposition="top left")
    calm(figure, "vocabulary size", "share of xxunk", 225)
    figure.update_xaxes(type="log", tickvals=[100, 1000, 10000, 60000])
    figure.update_xaxes(ticktext=["100", "1k", "10k", "60k"])
    figure.update_yaxes(rangemode="tozero", tickformat=".0%")
    return _titled(figure, "How much of the corpus becomes xxunk")


def _point(
    figure: go.Figure,
    x: float,
    y: float,
    color: str,
    text: str,
    symbol: str,
    above: bool = True,
    rising: bool = False,
) -> None:
    """A marked point; its label is above or below, on the side where the curve is not."""
    side = "right" if above != rising else "left"
    figure.add_scatter(
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


def _titled(figure: go.Figure, title: str) -> go.Figure:
    figure.update_layout(title=dict(text=title, font=dict(size=14), x=0.02, y=0.97))
    figure.update_layout(margin=dict(t=40))
    return figure
