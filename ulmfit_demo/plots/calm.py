"""The look of every figure: transparent ground, neutral grid. Draws no data."""

from __future__ import annotations

import plotly.graph_objects as go

from ulmfit_demo.theme import GREY


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
    figure.update_xaxes(title=dict(text=x, font=dict(size=12)), **axis)
    figure.update_yaxes(title=dict(text=y, font=dict(size=12)), **axis)
    return figure
