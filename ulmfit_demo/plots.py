"""Plain arrays → plotly figures that read on light and dark alike. Computes no figure of its own."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from ulmfit_demo.theme import ACCENT, GREY, TEAL


def calm(figure: go.Figure, x: str, y: str, height: int = 300) -> go.Figure:
    """Transparent ground, neutral grid: gradio does not redraw a figure for dark mode."""
    axis = dict(
        gridcolor="rgba(125,133,144,.25)", zerolinecolor="rgba(125,133,144,.4)", linecolor=GREY
    )
    figure.update_layout(
        height=height,
        margin=dict(l=56, r=16, t=28, b=46),
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font=dict(color=GREY, size=13),
        showlegend=False,
        hovermode="closest",
    )
    figure.update_xaxes(title=x, **axis)
    figure.update_yaxes(title=y, **axis)
    return figure


def tokens_by_size(sizes: Sequence[int], n_tokens: Sequence[int], current: int) -> go.Figure:
    """Tokens of a text against the vocabulary's size, the chosen size marked."""
    figure = go.Figure(
        go.Scatter(
            x=list(sizes),
            y=list(n_tokens),
            mode="lines+markers",
            line=dict(color=TEAL),
            hovertemplate="vocabulary %{x:,}: %{y:,} tokens<extra></extra>",
        )
    )
    if current in sizes:
        at = list(sizes).index(current)
        figure.add_scatter(
            x=[current],
            y=[n_tokens[at]],
            mode="markers+text",
            marker=dict(size=13, color=ACCENT),
            text=[f"{n_tokens[at]:,} tokens"],
            textposition="top right",
            hoverinfo="skip",
        )
    calm(figure, "vocabulary size", "tokens of your text")
    figure.update_xaxes(
        type="log", tickvals=list(sizes), ticktext=[f"{s:,}" for s in sizes], tickangle=-40
    )
    figure.update_yaxes(rangemode="tozero")
    return figure
