"""A live training as HTML: figures, the loss as it falls, the lines it writes. Trains nothing."""

from __future__ import annotations

import math
from html import escape

from ulmfit_demo.workers.live_training.run import Epoch, Line, Run, perplexity

FALLBACK = 224  # words: the scale while the vocabulary is not known yet


def figure(run: Run, title: str) -> str:
    """Figures and curve; always of the same height. `title` says whose training this is."""
    return (
        f'<section class="lt" aria-label="the training">'
        f'<p class="lt-title">{escape(title)}</p>{_facts(run)}{_curve(run)}'
        f'<p class="u-small lt-about">{_about(run)}</p></section>'
    )


def written(run: Run, prompt: str, temperature: float, seed: int) -> str:
    """The lines of each epoch, one under the other; the newest is in sight."""
    head = (
        f'<p class="lt-title">What it writes after “{escape(prompt.strip())}”</p>'
        f'<p class="u-small">after each epoch, with the same seed ({seed}) and temperature '
        f"({temperature:g}){_unknown(run)}</p>"
    )
    epochs = "".join(map(_epoch, run.epochs))
    body = epochs or '<p class="u-empty">The first lines come before the first step.</p>'
    return (
        f'<section class="lt">{head}<div class="lt-scroll" tabindex="0" role="region" '
        f'aria-label="generated lines"><div>{body}</div></div></section>'
    )


def waiting(before: int) -> str:
    """The place in the line, in the height of `figure`."""
    who = (
        "Somebody else is training"
        if before == 1
        else f"Somebody else is training and {before - 1} more "
        + ("is" if before == 2 else "are")
        + " before you"
    )
    return (
        f'<section class="lt" role="status"><p class="lt-title">You are number {before} in the line'
        f'</p><p class="lt-wait">{who}. One training takes at most two minutes; yours starts by '
        "itself. Stop takes you out of the line.</p></section>"
    )


def status(run: Run) -> str:
    """Where the training is, in a few words."""
    if run.stage == "loading":
        return f"Starting: fastai loads in a process of its own, {run.seconds:.0f} s"
    if run.stage == "done":
        return f"Finished: {run.facts['steps']:,} steps in {run.trained_seconds:.0f} s"
    if run.stage == "ended":
        return run.why
    epoch = min(run.epochs[-1].number + 1 if run.epochs else 1, run.facts["epochs"])
    return f"Epoch {epoch} of {run.facts['epochs']}, step {run.step:,} of {run.facts['steps']:,}"


def _facts(run: Run) -> str:
    training = run.points[-1][1] if run.points else None
    held_out = run.epochs[-1].held_out if run.epochs else None
    speed = "–" if run.tokens_per_second is None else f"{run.tokens_per_second:,.0f}"
    return (
        '<dl class="lt-facts">'
        f"{_loss('training loss, last steps', training)}{_loss('held-out loss, last epoch', held_out)}"
        f"<div><dt>speed</dt><dd><b>{speed}</b> tokens a second</dd></div></dl>"
    )


def _loss(name: str, value: float | None) -> str:
    if value is None:
        return f"<div><dt>{name}</dt><dd><b>–</b> nats</dd></div>"
    return (
        f"<div><dt>{name}</dt><dd><b>{value:.2f}</b> nats: as unsure as between "
        f"<b>{_words(perplexity(value))}</b> words</dd></div>"
    )


def _words(n: float) -> str:
    return f"{n:.1f}" if n < 10 else f"{n:,.0f}"


def _curve(run: Run) -> str:
    """The two losses over the steps. The drawing is stretched, the labels are not."""
    size = run.facts.get("vocabulary", FALLBACK)
    steps = max(run.facts.get("steps", 1), 1)
    guess = math.log(size)
    highest = max([guess, *(loss for _, loss in run.points), *(e.held_out for e in run.epochs)])
    top = math.floor(highest) + 1

    def x(step: int) -> float:
        return 100 * step / steps

    def y(loss: float) -> float:
        return 100 * (1 - min(max(loss, 0.0), top) / top)

    grid = range(0, top + 1, max(1, math.ceil(top / 6)))
    rules = "".join(
        f'<line class="grid" x1="0" x2="100" y1="{y(n):.2f}" y2="{y(n):.2f}"/>' for n in grid
    )
    labels = "".join(
        f'<span class="lt-nats" style="top:{y(n):.1f}%">{n}</span>'
        f'<span class="lt-words" style="top:{y(n):.1f}%">{_words(perplexity(n)) if n else 1}</span>'
        for n in grid
    )
    training = " ".join(f"{x(step):.2f},{y(loss):.2f}" for step, loss in run.points)
    held_out = " ".join(f"{x(e.step):.2f},{y(e.held_out):.2f}" for e in run.epochs)
    dots = "".join(
        f'<i style="left:{x(e.step):.2f}%;top:{y(e.held_out):.2f}%"></i>' for e in run.epochs
    )
    return (
        '<p class="lt-legend"><span class="t">training</span>'
        '<span class="h">held out</span>'
        f'<span class="g">blind guessing among {size:,} words: {guess:.2f}</span></p>'
        f'<div class="lt-plot" role="img" aria-label="{escape(_spoken(run))}">'
        '<span class="unit left">nats</span><span class="unit right">words</span>'
        f'<div class="area"><svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">'
        f'{rules}<line class="guess" x1="0" x2="100" y1="{y(guess):.2f}" y2="{y(guess):.2f}"/>'
        f'<polyline class="t" points="{training}"/><polyline class="h" points="{held_out}"/></svg>'
        f"{dots}{labels}</div></div>"
    )


def _spoken(run: Run) -> str:
    if not run.epochs:
        return "The loss is drawn here as it falls."
    first, last = run.epochs[0].held_out, run.epochs[-1].held_out
    return f"Loss by step: the held-out loss went from {first:.2f} to {last:.2f} nats."


def _about(run: Run) -> str:
    if not run.facts:
        return "&nbsp;"
    f = run.facts
    return (
        f"{f['parameters']:,} numbers, random at the start; {f['vocabulary']:,} words; learns from "
        f"{f['texts'][0]:,} texts ({f['tokens'][0]:,} tokens), {f['texts'][1]:,} are held out "
        f"({f['tokens'][1]:,} tokens). Dropout in training only. One CPU thread."
    )


def _unknown(run: Run) -> str:
    words = run.facts.get("unknown")
    if not words:
        return ""
    listed = ", ".join(f"“{escape(w)}”" for w in words)
    return f"; it does not know {listed} and reads xxunk there"


def _epoch(epoch: Epoch) -> str:
    name = f"epoch {epoch.number}" if epoch.number else "before training"
    lines = "".join(f"<li>{_line(line)}</li>" for line in epoch.lines)
    return (
        f'<div class="lt-epoch"><p><b>{name}</b><span class="u-small">{epoch.held_out:.2f} nats'
        f"</span></p><ol>{lines}</ol></div>"
    )


def _line(line: Line) -> str:
    text = escape(line.text) + ("" if line.ended else " …")
    if line.copied:
        return f'{text} <span class="lt-copied">word for word in the text</span>'
    return text
