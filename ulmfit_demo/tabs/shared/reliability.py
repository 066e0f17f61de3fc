"""Reliability of the classifier's probabilities, as a plotly figure."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from ulmfit_demo.tabs.shared.style import calm
from ulmfit_demo.theme import ACCENT, GREY


def reliability(bins: Sequence[dict]) -> go.Figure:
    """What the model said against what was true: one point a bin, its size the number of reviews.

    `bins`: dicts with `mean_probability`, `share_positive` and `n`, as `models.calibration.Bin`.
    """
    bins = [b for b in bins if b["n"]]
    most = max((b["n"] for b in bins), default=1)
    figure = go.Figure(
        go.Scatter(
            x=[0, 1], y=[0, 1], mode="lines", line=dict(color=GREY, dash="dot"), hoverinfo="skip"
        )
    )
    figure.add_scatter(
        x=[b["mean_probability"] for b in bins],
        y=[b["share_positive"] for b in bins],
        mode="lines+markers",
        line=dict(color=ACCENT),
        marker=dict(size=[8 + 18 * (b["n"] / most) ** 0.5 for b in bins], color=ACCENT),
        text=[f"{b['n']:,} reviews" for b in bins],
        hovertemplate="said %{x:.0%}, true %{y:.0%}: %{text}<extra></extra>",
    )
    figure.add_annotation(
        x=0.12,
        y=0.03,
        text="dotted: what was said is what was true",
        xanchor="left",
        showarrow=False,
        font=dict(color=GREY),
    )
    calm(figure, "what the model said: positive", "share that was positive", height=320)
    for update in (figure.update_xaxes, figure.update_yaxes):
        update(range=[-0.03, 1.03], tickformat=".0%")
    return figure
