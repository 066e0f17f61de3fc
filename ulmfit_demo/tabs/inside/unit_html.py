"""One unit under a text, its gates and its words, as HTML. Computes nothing but colours."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape

import numpy as np
from PIL import Image

from ulmfit_demo.inference.inside.units import Cell, Held, Listened, Reading, heat_order
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.models.inspection import shipped
from ulmfit_demo.tabs.inside import strip_html
from ulmfit_demo.tabs.inside.strip_html import Under
from ulmfit_demo.tabs.shared.html import seen, visible

LEVELS = 5  # steps of colour on each side of 0
BLUE, ORANGE = (31, 95, 201), (200, 100, 10)  # above 0, below 0; the alpha is the size
GATES = (
    ("input gate", "i", "how much of the candidate is let in"),
    ("forget gate", "f", "how much of the cell is kept"),
    ("candidate", "g", "what would be written, −1 to 1"),
    ("output gate", "o", "how much of the cell is shown"),
)


def beside(parts: Sequence[tuple[str, str]]) -> str:
    """Titled pieces of HTML beside each other, below each other where there is no room."""
    boxes = "".join(f"<div><h4>{escape(title)}</h4>{html}</div>" for title, html in parts)
    return f'<div class="ins-beside">{boxes}</div>'


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
    return (
        f"{strip_html.strip(r.text.tokens, under, at, label, len(under))}"
        f'<p class="u-small" role="status">unit {r.unit}{escape(known)} · {r.milliseconds:.0f} ms · '
        "click a word for its gates</p>" + legend()
    )


def legend() -> str:
    """What the colours of a value mean."""
    steps = "".join(f'<i class="{level(v)}">{number(v)}</i>' for v in (-1, -0.6, -0.2, 0.2, 0.6, 1))
    return (
        f'<div class="ins-legend" aria-label="colours">{steps}<span>orange below 0, blue '
        f"above</span></div>"
    )


def details(r: Reading) -> str:
    """The gates at the word that was clicked, the words of the vocabulary, and who listens."""
    parts = []
    if r.cell is not None:
        word = seen(r.text.words[r.cell.place])
        parts.append((f"Unit {r.unit} at “{word}”", gates(r.cell)))
        title = f"What the classifier listens to after “{word}”"
        parts.append((title, listened(r.listened, r.unit, r.rank)))
    if r.lifting:
        parts.append((f"Words that excite unit {r.unit} most", words(r.lifting, r.lowering)))
    return beside(parts) if parts else ""


def gates(cell: Cell) -> str:
    """The four gates and the sum that they make."""
    rows = "".join(
        f"<tr><th scope='row'>{name} <var>{letter}</var></th><td class='u-mono'>{value:+.3f}</td>"
        f"<td>{_meter(value)}</td><td class='u-small'>{tells}</td></tr>"
        for (name, letter, tells), value in zip(GATES, cell.gates, strict=True)
    )
    i, f, g, o = cell.gates
    return (
        f'<table class="plain ins-gates">{rows}</table>'
        f'<p class="u-mono u-small">cell = f · before + i · g = {f:.3f} · {_n(cell.cell_before)} + '
        f"{i:.3f} · {_n(g)} = {cell.cell:+.3f}<br>value = o · tanh(cell) = {o:.3f} · "
        f"{_n(float(np.tanh(cell.cell)))} = {cell.value:+.3f}</p>"
    )


def _n(value: float) -> str:
    return f"({value:.3f})" if value < 0 else f"{value:.3f}"


def _meter(value: float) -> str:
    side = "neg" if value < 0 else ""
    return f'<span class="ins-meter"><i class="{side}" style="width:{50 * abs(value):.0f}%"></i></span>'


def words(lifting: Sequence[str], lowering: Sequence[str]) -> str:
    """The words after which the unit is highest and lowest, right after `xxbos`."""

    def chips(some: Sequence[str]) -> str:
        return " ".join(f'<span class="tok tok-word">{escape(visible(w))}</span>' for w in some)

    return (
        f'<p class="u-small">highest after</p><div class="toks">{chips(lifting)}</div>'
        f'<p class="u-small">lowest after</p><div class="toks">{chips(lowering)}</div>'
        '<p class="u-small">each read alone, at the beginning of a text</p>'
    )


def listened(strongest: Sequence[Listened], unit: int, rank: int | None) -> str:
    """The classifier's units by the gradient of the log odds."""
    most = max((abs(one.gradient) for one in strongest), default=1.0) or 1.0
    rows = "".join(
        f'<tr><th scope="row"><button type="button" class="ins-unit" data-pick="inside-unit-pick" '
        f'data-value="{one.unit}">unit {one.unit}</button></th><td class="u-mono">{one.value:+.2f}</td>'
        f"<td>{_meter(one.gradient / most)}</td><td class='u-mono'>{one.gradient:+.3f}</td></tr>"
        for one in strongest
    )
    mine = f"Unit {unit} is number {rank} of all. " if rank else ""
    return (
        '<table class="plain '
        'ins-listened"><tr><th>unit</th><th>value</th><th></th><th>gradient</th></tr>'
        f'{rows}</table><p class="u-small">{mine}Gradient of the log odds with respect to the '
        f"state after "
        "this word: above 0, a higher value speaks for positive. The classifier began as this language "
        "model, so its units have the same numbers, but it was trained on.</p>"
    )


def heat(r: Reading) -> str:
    """All units over all words as an image; a click on a row picks its unit (`inside.js`)."""
    order = heat_order(r)
    values = r.everything[:, order].T  # [units, tokens]
    ids = ",".join(map(str, order.tolist()))
    at = 100 * (order.tolist().index(r.unit) + 0.5) / len(order)
    return (
        f'<div class="ins-heat" data-units="{ids}"><img alt="Value of every unit (rows, alike '
        f"ones side by "
        f'side) after every token (columns): blue above 0, orange below" src="{_png(values)}">'
        f'<b style="top:{at:.2f}%" aria-hidden="true"></b></div>'
        '<p class="u-small">A row is a unit, a column a token. Alike units stand side by side '
        "(their angle "
        "on the two largest principal components of this text). Click a row to follow that "
        "unit; the line "
        f"marks unit {r.unit}. The menu above picks any unit by its number.</p>"
    )


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

    def one(title: str, text: str) -> tuple[str, str]:
        return (
            title,
            f'<div class="text"><span class="prompt">{escape(h.prompt)}</span>{escape(text)}</div>',
        )

    both = beside(
        [one("by itself", h.free), one(f"with unit {h.unit} held at {h.value:+.2f}", h.held)]
    )
    same = f"the same first {h.same} tokens · " if h.same else ""
    return (
        f'{both}<p class="u-small" role="status">{same}same random numbers · '
        f"{h.milliseconds:.0f} ms</p>"
    )
