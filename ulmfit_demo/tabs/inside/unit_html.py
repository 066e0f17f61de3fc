"""One unit under a text, its gates and its words, as HTML. Computes nothing but colours."""

from __future__ import annotations

import base64
import io
from functools import partial

import numpy as np
from PIL import Image

from ulmfit_demo.inference.inside.units import Cell, Held, Reading, heat_order
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.models.inspection import shipped
from ulmfit_demo.tabs.inside import strip_html
from ulmfit_demo.tabs.inside.strip_html import Under
from ulmfit_demo.tabs.shared.templates import macro, markup

LEVELS = 5  # steps of colour on each side of 0
BLUE, ORANGE = (31, 95, 201), (200, 100, 10)  # above 0, below 0; the alpha is the size
GATES = (
    ("input gate", "i", "how much of the candidate is let in"),
    ("forget gate", "f", "how much of the cell is kept"),
    ("candidate", "g", "what would be written, −1 to 1"),
    ("output gate", "o", "how much of the cell is shown"),
)
STEPS = (-1, -0.6, -0.2, 0.2, 0.6, 1)  # values in the legend
LISTENS = (
    "Gradient of the log odds with respect to the state after this word: above 0, a higher value "
    "speaks for positive. The classifier began as this language model, so its units have the same "
    "numbers, but it was trained on."
)
_html = partial(macro, "inside/unit.html")


def choices(loaded: LoadedModels, n: int) -> list[tuple[str, int]]:
    """What the menu of units says, in the order of their AUC where the bundle tells it."""
    figures = shipped.of(loaded.bundle).units if loaded.bundle else None
    if figures is None:
        return [(f"unit {u}", u) for u in range(n)]
    return [(f"unit {u} · {told(figures.auc[u])}", u) for u in figures.ranked]


def told(auc: float) -> str:
    """A unit's AUC in words."""
    side = "praise" if auc >= 0.5 else "blame"
    return f"AUC {max(auc, 1 - auc):.3f}, higher in {side}"


def number(value: float) -> str:
    """A value from -1 to 1 with its sign: +.42."""
    sign = "−" if round(value, 2) < 0 else "+"
    return f"{sign}{abs(value):.2f}".replace("0.", ".", 1)


def level(value: float, most: float = 1.0) -> str:
    """The colour's class: v-5 … v5."""
    step = round(LEVELS * max(-1.0, min(1.0, value / most)))
    return f"v{'m' if step < 0 else ''}{abs(step)}"


def strip(r: Reading) -> str:
    """The text, the unit's value under each word, each word a button."""
    at = r.cell.place if r.cell else None
    under = [
        Under(f"{value:+.3f}, moved by {value - before:+.3f}", level(value), number(value))
        for value, before in zip(r.values, (0.0, *r.values), strict=False)
    ]
    known = ""
    if r.auc is not None:
        known = f" · {told(r.auc)} (held-out reviews)"
    if r.span is not None:
        known += f" · 98 of 100 of its values lie from {r.span[0]:+.2f} to {r.span[1]:+.2f}"
    label = f"unit {r.unit} after every token"
    return _html(
        "strip",
        strip=markup(strip_html.strip(r.text.tokens, under, at, label, len(under))),
        told=f"unit {r.unit}{known} · {r.milliseconds:.0f} ms · click a word for its gates",
        steps=[(level(v), number(v)) for v in STEPS],
    )


def details(r: Reading) -> str:
    """The gates at the word that was clicked, the words of the vocabulary, and who listens."""
    if r.cell is None and not r.lifting:
        return ""
    return _html(
        "details",
        unit=r.unit,
        at=None if r.cell is None else _at(r, r.cell),
        lifting=r.lifting,
        lowering=r.lowering,
    )


def _at(r: Reading, cell: Cell) -> dict:
    """The four gates and the sum that they make; the classifier's units by the gradient."""
    i, f, g, o = cell.gates
    most = max((abs(one.gradient) for one in r.listened), default=1.0) or 1.0
    mine = f"Unit {r.unit} is number {r.rank} of all. " if r.rank else ""
    return {
        "word": r.text.words[cell.place],
        "gates": [
            (name, letter, f"{value:+.3f}", _meter(value), tells)
            for (name, letter, tells), value in zip(GATES, cell.gates, strict=True)
        ],
        "sums": (
            f"cell = f · before + i · g = {f:.3f} · {_n(cell.cell_before)} + {i:.3f} · {_n(g)} = "
            f"{cell.cell:+.3f}",
            f"value = o · tanh(cell) = {o:.3f} · {_n(float(np.tanh(cell.cell)))} = {cell.value:+.3f}",
        ),
        "listened": [
            (one.unit, f"{one.value:+.2f}", _meter(one.gradient / most), f"{one.gradient:+.3f}")
            for one in r.listened
        ],
        "told": mine + LISTENS,
    }


def _n(value: float) -> str:
    return f"({value:.3f})" if value < 0 else f"{value:.3f}"


def _meter(value: float) -> tuple[str, str]:
    """(class of its side, width)"""
    return "neg" if value < 0 else "", f"{50 * abs(value):.0f}"


def heat(r: Reading) -> str:
    """All units over all words as an image; a click on a row picks its unit (`inside.js`)."""
    order = heat_order(r)
    values = r.everything[:, order].T  # [units, tokens]
    ids = ",".join(map(str, order.tolist()))
    at = 100 * (order.tolist().index(r.unit) + 0.5) / len(order)
    return _html("heat", ids=ids, image=_png(values), top=f"{at:.2f}", unit=r.unit)


def _png(values: np.ndarray) -> str:
    """[rows, columns] from -1 to 1 as the data address of a PNG with transparent zeros."""
    colours = np.where(values[..., None] >= 0, BLUE, ORANGE)
    alpha = (255 * np.abs(values).clip(0, 1) ** 0.7)[..., None]
    pixels = np.concatenate([colours, alpha], -1).astype("uint8")
    file = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def held(h: Held) -> str:
    """The two texts beside each other."""
    same = f"the same first {h.same} tokens · " if h.same else ""
    return _html(
        "held",
        prompt=h.prompt,
        texts=[("by itself", h.free), (f"with unit {h.unit} held at {h.value:+.2f}", h.held)],
        told=f"{same}same random numbers · {h.milliseconds:.0f} ms",
    )
