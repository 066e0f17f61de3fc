"""The look of every figure: transparent ground, neutral grid. Chooses no data."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from ulmfit_demo.theme import GREY

AXIS = dict(gridcolor="rgba(125,133,144,.25)", zerolinecolor="rgba(125,133,144,.4)", linecolor=GREY)


def calm_layout(x: str, y: str, height: int = 300, title: str = "") -> dict:
    """Transparent ground, neutral grid: gradio does not redraw a figure for dark mode."""
    result = dict(
        height=height,
        margin=dict(l=56, r=16, t=40 if title else 28, b=46),
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font=dict(color=GREY, size=13),
        showlegend=False,
        hovermode="closest",
        xaxis=dict(title=dict(text=x, font=dict(size=12)), **AXIS),
        yaxis=dict(title=dict(text=y, font=dict(size=12)), **AXIS),
    )
    if title:
        result["title"] = dict(text=title, font=dict(size=14), x=0.02, y=0.97)
    return result


def calm(figure: go.Figure, x: str, y: str, height: int = 300) -> go.Figure:
    """`figure` in the look of `calm_layout`, on each of its axes."""
    layout = calm_layout(x, y, height)
    xaxis, yaxis = layout.pop("xaxis"), layout.pop("yaxis")
    return figure.update_layout(layout).update_xaxes(xaxis).update_yaxes(yaxis)


def live_figure(traces: list[dict], layout: dict) -> dict[str, Any]:
    """A figure that a key press redraws, as plotly's JSON has it.

    plotly's checks, 20 ms a figure, are left to the tests, and so are its objects, 2 ms a figure.
    """
    return {"data": traces, "layout": layout}
