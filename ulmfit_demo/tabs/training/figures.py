"""Figures of the Training tab: this model's curves solid, the notebook's dotted. Reads no file."""

from __future__ import annotations

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from ulmfit_demo.tabs.shared.style import calm
from ulmfit_demo.theme import ACCENT, GREY, NEGATIVE, TEAL
from ulmfit_demo.training_log.few_labels import STARTS, LabelPoint
from ulmfit_demo.training_log.history import Phase, Stage

HEIGHT = 260
OURS, THEIRS = "this model", "notebook"
STUDENT = math.inf  # its place on the axis of layers: after all of them


def inside(phase: Phase, title: str = "Inside our training") -> go.Figure:
    """Training loss, batch by batch, and the held-out loss at the end of every epoch."""
    figure, x, y = go.Figure(), [], []
    ends_x, ends_y, done = [], [], 0.0
    for stage in phase.stages:
        per_epoch = _per_epoch(stage, phase)
        x += [done + s.batch / per_epoch for s in stage.steps]
        y += [s.loss for s in stage.steps]
        ends_x += [done + i + 1 for i in range(len(stage.epochs))]
        ends_y += [e.valid_loss for e in stage.epochs]
        done += len(stage.epochs)
    figure.add_scatter(
        x=x,
        y=y,
        customdata=[_exp(v) for v in y],
        mode="lines",
        line=dict(color=ACCENT),
        hovertemplate="training, epoch %{x:.2f}: loss %{y:.3f}, perplexity %{customdata:,.0f}"
        "<extra></extra>",
    )
    figure.add_scatter(
        x=ends_x,
        y=ends_y,
        customdata=[_exp(v) for v in ends_y],
        mode="markers",
        marker=dict(size=10, color=TEAL, symbol="diamond"),
        cliponaxis=False,
        hovertemplate="held out: loss %{y:.3f}, perplexity %{customdata:,.1f}<extra></extra>",
    )
    if y:
        free = done // 3 + 0.5  # between two markers
        at = min(range(len(x)), key=lambda i: abs(x[i] - free))
        _label(figure, x[at], y[at], "training", ACCENT, 16, "center")
    if ends_y:
        _label(
            figure,
            ends_x[-1],
            ends_y[-1],
            f"held out: e^{ends_y[-1]:.2f} = {_exp(ends_y[-1]):.1f}",
            TEAL,
            24,
            "right",
        )
    calm(figure, "epochs", "loss, nats a token", HEIGHT)
    figure.update_xaxes(range=[0, max(1.0, done) * 1.03])
    return _titled(figure, title)


def by_epoch(ours: Phase, theirs: Phase, measure: str, title: str, unit: str) -> go.Figure:
    """One measure on unseen text after every epoch: `perplexity`, `accuracy` or `valid_loss`."""
    figure = go.Figure()
    lines = ((THEIRS, theirs, GREY, "dot", "circle-open"), (OURS, ours, ACCENT, "solid", "circle"))
    most = max(len(phase.epochs) for phase in (ours, theirs))
    for name, phase, color, dash, symbol in lines:
        y = [getattr(e, measure) for e in phase.epochs]
        x = [i + 1 for i, v in enumerate(y) if v is not None]
        y = [v for v in y if v is not None]
        if not y:
            continue
        _line(figure, x, y, name, color, dash, symbol, measure)
        shown = f"{y[-1]:.1%}" if measure == "accuracy" else f"{y[-1]:.1f}"
        short = 2 * x[-1] <= most  # then there is room to its right, and none over the line
        up, side = (0, "left") if short and len(y) > 1 else (16, "left" if short else "right")
        space = "\u2002" if short else ""  # behind the marker
        _label(figure, x[-1], y[-1], f"{space}{name} {shown}", color, up, side)
    calm(figure, "epoch", unit, HEIGHT)
    figure.update_xaxes(dtick=2, tick0=1, range=[0.5, most + 0.5], zeroline=False)
    figure.update_yaxes(tickformat=".0%" if measure == "accuracy" else None)
    return _titled(figure, title)


def by_stage(ours: Phase, theirs: Phase, measure: str, title: str, unit: str) -> go.Figure:
    """A classifier's measure along the stages; those with the same layers stand above each other.

    With `valid_loss` the training loss is drawn as well, thin.
    """
    figure = go.Figure()
    places = stage_places(ours, theirs)
    lines = ((THEIRS, theirs, GREY, "dot", "circle-open"), (OURS, ours, ACCENT, "solid", "circle"))
    for name, phase, color, dash, symbol in lines:
        points = list(_placed(phase))
        if not points:
            continue
        x = [places.index(p) for p, _ in points]
        y = [getattr(e, measure) for _, e in points]
        if measure == "valid_loss":
            train = [e.train_loss for _, e in points]
            _line(figure, x, train, f"{name}, training", color, dash, "x-thin-open", measure, 1)
            at = 1 if name == THEIRS and len(points) > 2 else 0  # where the lines are apart
            _label(figure, x[at], train[at], f"{name}, training", color, 14, "left")
        _line(figure, x, y, name, color, dash, symbol, measure, 2.5)
        shown = f"{y[-1]:.2%}" if measure == "accuracy" else f"{y[-1]:.3f}"
        up = 16 if measure == "accuracy" else -16
        _label(figure, x[-1], y[-1], f"{name} {shown}", color, up, "right")
    calm(figure, "layers trained", unit, HEIGHT)
    figure.update_xaxes(
        tickvals=list(range(len(places))),
        ticktext=[_place_name(p) for p in places],
        range=[-0.3, len(places) - 0.7],
        zeroline=False,
        ticklabeloverflow="allow",  # on a phone the last name would be left out
    )
    figure.update_yaxes(tickformat=".0%" if measure == "accuracy" else None)
    return _titled(figure, title)


def stage_places(*phases: Phase) -> list[tuple[float, int]]:
    """Every (groups, which epoch with them) of `phases`: the head alone, …, all layers, the student."""
    found = {place for phase in phases for place, _ in _placed(phase)}
    return sorted(found, key=lambda p: (p[0] == STUDENT, p[0] or STUDENT, p[1]))


def _placed(phase: Phase):
    taught = 0  # a student's epochs count on over its stages
    for stage in phase.stages:
        for i, epoch in enumerate(stage.epochs):
            taught += stage.taught
            yield ((STUDENT, taught) if stage.taught else (stage.groups, i + 1)), epoch


def _place_name(place: tuple[float, int]) -> str:
    groups, epoch = place
    if groups == STUDENT:
        return "student" if epoch == 1 else f"student, {epoch}"
    name = "head" if groups == 1 else f"last {groups}" if groups else "all"
    return name if epoch == 1 else f"{name} again" if epoch == 2 else f"{name}, {epoch}"


def one_cycle(stages: Sequence[Stage], title: str) -> go.Figure:
    """Learning rate (left) and momentum (right) over the mini-batches, as the log holds them."""
    figure, start = go.Figure(), 0
    x: list[int | None] = []
    lr: list[float | None] = []
    mom: list[float | None] = []
    for stage in stages:
        for s in stage.steps:
            x.append(start + s.batch)
            lr.append(s.lr)
            mom.append(s.mom)
        start += stage.batches
        x, lr, mom = [*x, None], [*lr, None], [*mom, None]  # a stage begins anew
    figure.add_scatter(
        x=x,
        y=lr,
        mode="lines",
        line=dict(color=ACCENT),
        hovertemplate="mini-batch %{x:,}: learning rate %{y:.2e}<extra></extra>",
    )
    figure.add_scatter(
        x=x,
        y=mom,
        mode="lines",
        line=dict(color=NEGATIVE, dash="dash"),
        yaxis="y2",
        hovertemplate="mini-batch %{x:,}: momentum %{y:.3f}<extra></extra>",
    )
    calm(figure, "mini-batch", "learning rate", HEIGHT)
    figure.update_layout(
        yaxis2=dict(
            overlaying="y",
            side="right",
            showgrid=False,
            title=dict(text="momentum (dashed)", font=dict(size=12, color=NEGATIVE)),
            range=[0.68, 0.82],
            tickvals=[0.7, 0.75, 0.8],
        ),
        margin=dict(r=56),
    )
    figure.layout.yaxis.update(title_font_color=ACCENT, exponentformat="e", rangemode="tozero")
    return _titled(figure, title)


def few_labels(points: Sequence[LabelPoint]) -> go.Figure:
    """Accuracy against the number of labels, a line for each start; the spread of several draws."""
    figure = go.Figure()
    looks = {
        "random": (GREY, "dot", "circle-open"),
        "wiki": (ACCENT, "dash", "diamond"),
        "lm": (TEAL, "solid", "circle"),
    }
    for start, name in STARTS.items():
        color, dash, symbol = looks[start]
        some = [p for p in points if p.start == start]
        if not some:
            continue
        x, y = [p.labels for p in some], [p.accuracy for p in some]
        _line(figure, x, y, name, color, dash, symbol, "accuracy")
        figure.data[-1].name = name
        figure.data[-1].error_y = dict(
            type="data",
            symmetric=False,
            array=[p.highest - p.accuracy for p in some],
            arrayminus=[p.accuracy - p.lowest for p in some],
            color=color,
            thickness=1.2,
        )
    calm(figure, "labelled reviews", "right on held-out reviews", 360)
    numbers = sorted({p.labels for p in points}) or [1]
    ends = [math.log10(numbers[0]) - 0.1, math.log10(numbers[-1]) + 0.1]
    figure.update_xaxes(type="log", tickvals=numbers, ticktext=[f"{n:,}" for n in numbers])
    figure.update_xaxes(range=ends)
    figure.update_yaxes(tickformat=".0%")
    # a legend: the lines cross and end close together, where names would cover them
    below = dict(orientation="h", y=-0.25, x=0, font=dict(size=11), traceorder="reversed")
    figure = _titled(figure, "Few labels against many")
    return figure.update_layout(showlegend=True, legend=below, margin=dict(b=100))


def _line(figure, x, y, name, color, dash, symbol, measure, width=2.0) -> None:
    value = "%{y:.2%}" if measure == "accuracy" else "%{y:.3f}"
    figure.add_scatter(
        x=list(x),
        y=list(y),
        mode="lines+markers",
        line=dict(color=color, dash=dash, width=width),
        marker=dict(size=8, symbol=symbol, color=color),
        cliponaxis=False,
        hovertemplate=f"{name}: {value}<extra></extra>",
    )


def _label(figure, x, y, text, color, shift, anchor="left") -> None:
    """A word at a point, instead of a legend."""
    figure.add_annotation(
        x=x,
        y=y,
        text=text,
        showarrow=False,
        yshift=shift,
        xanchor=anchor,
        font=dict(color=color, size=12),
    )


def _per_epoch(stage: Stage, phase: Phase) -> float:
    return max(1, phase.batches or stage.batches // max(1, len(stage.epochs)))


def _exp(loss: float) -> float:
    return math.exp(min(loss, 50.0))


def _titled(figure: go.Figure, title: str) -> go.Figure:
    figure.update_layout(title=dict(text=title, font=dict(size=14), x=0.02, y=0.97))
    figure.update_layout(margin=dict(t=40))
    return figure
