"""A plotly figure on the page: drawn by `script/figures.js` when it is looked at. Chooses no data."""

from __future__ import annotations

import json
from typing import Any

import gradio as gr
import plotly.graph_objects as go
from plotly.utils import PlotlyJSONEncoder

STAGE = '<div class="u-figure"></div>'
ON_LOAD = "window.ulmfitFigure(element, props, watch)"
HEIGHT = 270  # pixels that are kept free for a figure that is still to come


def figure(elem_id: str, height: int = HEIGHT) -> gr.HTML:
    """In `gr.Plot`'s place, which loads 4.6 MB of plotly and has neither a name nor a table.

    Its value is what `figure_json` gives.
    """
    return gr.HTML(
        html_template=STAGE,
        js_on_load=ON_LOAD,
        elem_id=elem_id,
        elem_classes="u-figure-box",
        min_height=height,
        padding=True,
    )


def figure_json(drawn: go.Figure | dict[str, Any], name: str = "") -> str:
    """`{data, layout, name}` for `script/figures.js`, without plotly's template, 7 KB a figure.

    `name` tells it to who does not see it, where the figure has no title.
    Raises ValueError for a figure that nothing names.
    """
    found = dict(drawn) if isinstance(drawn, dict) else json.loads(drawn.to_json(validate=False))
    found["layout"] = {k: v for k, v in found["layout"].items() if k != "template"}
    found["name"] = name_of(found["layout"], name)
    return json.dumps(found, cls=PlotlyJSONEncoder, ensure_ascii=False, separators=(",", ":"))


def name_of(layout: dict, name: str = "") -> str:
    """One sentence that says what a figure shows: its title, and which axis stands against which."""
    title = name or layout.get("title", {}).get("text", "")
    axes = [layout.get(a, {}).get("title", {}).get("text", "") for a in ("yaxis", "xaxis")]
    if all(axes):
        against = f"{axes[0]} against {axes[1]}"
        return f"{title}: {against}" if title else against
    if not title:
        raise ValueError("a figure has a title, a label or named axes")
    return title
