"""A live training as HTML: figures, the loss as it falls, the lines it writes. Trains nothing."""

from __future__ import annotations

import math
from functools import partial

from ulmfit_demo.tabs.shared.templates import macro, markup
from ulmfit_demo.workers.live_training.run import Run, perplexity

FALLBACK = 224  # words: the scale while the vocabulary is not known yet

_html = partial(macro, "training/live.html")


def figure(run: Run, title: str) -> str:
    """Figures and curve; always of the same height. `title` says whose training this is."""
    training = run.points[-1][1] if run.points else None
    held_out = run.epochs[-1].held_out if run.epochs else None
    return _html(
        "figure",
        title=title,
        losses=[
            _loss("training loss, last steps", training),
            _loss("held-out loss, last epoch", held_out),
        ],
        speed="–" if run.tokens_per_second is None else f"{run.tokens_per_second:,.0f}",
        curve=markup(_curve(run)),
        about=_about(run),
    )


def written(run: Run, prompt: str, temperature: float, seed: int) -> str:
    """The lines of each epoch, one under the other; the newest is in sight."""
    return _html(
        "written",
        prompt=prompt.strip(),
        seed=seed,
        temperature=temperature,
        unknown=run.facts.get("unknown"),
        epochs=run.epochs,
    )


def waiting(before: int) -> str:
    """The place in the line, in the height of `figure`."""
    return _html("waiting", before=before)


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


def _loss(name: str, value: float | None) -> dict[str, object]:
    words = None if value is None else _words(perplexity(value))
    return {"name": name, "value": value, "words": words}


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

    def line(points: list[tuple[float, float]]) -> str:
        return " ".join(f"{left:.2f},{height:.2f}" for left, height in points)

    held_out = [(x(e.step), y(e.held_out)) for e in run.epochs]
    return _html(
        "curve",
        size=size,
        guess={"loss": guess, "y": y(guess)},
        spoken=_spoken(run),
        grid=[
            {"nats": n, "y": y(n), "words": _words(perplexity(n)) if n else 1}
            for n in range(0, top + 1, max(1, math.ceil(top / 6)))
        ],
        training=line([(x(step), y(loss)) for step, loss in run.points]),
        held_out=line(held_out),
        dots=held_out,
    )


def _spoken(run: Run) -> str:
    if not run.epochs:
        return "The loss is drawn here as it falls."
    first, last = run.epochs[0].held_out, run.epochs[-1].held_out
    return f"Loss by step: the held-out loss went from {first:.2f} to {last:.2f} nats."


def _about(run: Run) -> str:
    if not run.facts:
        return ""
    f = run.facts
    return (
        f"{f['parameters']:,} numbers, random at the start; {f['vocabulary']:,} words; learns from "
        f"{f['texts'][0]:,} texts ({f['tokens'][0]:,} tokens), {f['texts'][1]:,} are held out "
        f"({f['tokens'][1]:,} tokens). Dropout in training only. One CPU thread."
    )
