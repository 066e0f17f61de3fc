"""Language-model batches as HTML: the stream, its rows, x beside y. Steps nothing.

The page steps on its own (assets/script/batches.js): `data-batches` carries the tokens, where each
row begins and which columns each mini-batch reads, so the script adds and computes no cut.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape

from ulmfit_demo import limits
from ulmfit_demo.batches import Batches, Stream
from ulmfit_demo.tabs.batches import batch_html as shared
from ulmfit_demo.tabs.shared import html

NO_LABEL = "—"
LEGEND = (
    '<span class="swatch now"></span> this mini-batch',
    '<span class="swatch past"></span> read before, in the hidden state',
    '<span class="swatch tail"></span> never read',
    '<span class="swatch tick"></span> a document begins (<b class="k-s">xxbos</b>)',
)


def view(stream: Stream, batches: Batches, step: int, as_ids: bool) -> str:
    """Mini-batch `step` (from 1) of `stream`, whose items are tokens; `step` may be too large.

    `batches` may be made for one item more than the stream has (the notebook's cut, where every
    token is an x): the label that does not exist then shows as a dash.
    """
    k = min(step, batches.n_batches) - 1
    texts = [shared.shown(t, as_ids) for t in stream.items]
    kinds = "".join(shared.kind_letter(t) for t in stream.items)
    documents = stream.document.tolist()
    drawn = min(batches.bs, max(1, limits.TABLE_CELLS // batches.width(0)))  # rows of x and of y
    data = {
        "texts": texts,
        "kinds": kinds,
        "documents": documents,
        "starts": [batches.row_span(r)[0] for r in range(batches.bs)],
        "columns": [
            [len(batches.before(b, 0)), batches.width(b)] for b in range(batches.n_batches)
        ],
        "row_length": batches.row_length,
        "drawn": drawn,
    }
    cells = Cells(texts, kinds, documents, stream)
    return (
        f'<div class="lmb" data-k="{k + 1}" data-n="{batches.n_batches}" '
        f'data-batches="{escape(json.dumps(data, separators=(",", ":")))}">'
        + overview(stream, batches)
        + ribbon(stream, batches, k)
        + pair(cells, batches, k, drawn)
        + '<p class="lmb-tip u-small" aria-live="polite">Point at a cell, or move to it with Tab and '
        "the arrow keys: its label and its place in the stream light up.</p>"
        + rows(cells, batches, k)
        + "</div>"
    )


def where(batches: Batches, step: int) -> str:
    """Which mini-batch this is, in one line."""
    k = min(step, batches.n_batches) - 1
    shape = shared.size(batches.bs, batches.width(k))
    return f"Mini-batch {k + 1} of {batches.n_batches} · x and y: {shape}"


def overview(stream: Stream, batches: Batches) -> str:
    """documents → stream → rows → mini-batches in one line."""
    n, bs, last = len(stream.items), batches.bs, batches.last_len
    documents = f"{len(stream.order):,} document{'s' if len(stream.order) > 1 else ''}"
    if stream.order != tuple(range(len(stream.order))):
        order = ", ".join(str(d + 1) for d in stream.order[:12])
        documents += f" in the order {order}{' …' if len(stream.order) > 12 else ''}"
    full = batches.n_batches - (last < batches.seq_len)
    cut = (
        [f"{full} mini-batch{'es' if full > 1 else ''} of {bs} × {batches.seq_len}"] if full else []
    )
    if last < batches.seq_len:
        cut.append(f"a short last one of {bs} × {last}" if full else f"one of {bs} × {last}")
    unread = max(0, n - batches.n_used)
    tail = f", {unread} at the end never read" if unread else ""
    return (
        f'<p class="lmb-overview">{documents} → a stream of {n:,} tokens → {bs} '
        f"row{'s' if bs > 1 else ''} of {batches.row_length:,} → {' and '.join(cut)}{tail}</p>"
    )


def ribbon(stream: Stream, batches: Batches, k: int) -> str:
    """The stream as two bars: its documents; below them its rows, and where `k` reads in each."""
    n = len(stream.items)

    def place(start: float, length: float, of: float = n) -> str:
        return f"left:{100 * start / of:.3f}%;width:{100 * length / of:.3f}%"

    ends = [*stream.starts[1:], n]
    documents = "".join(
        f'<span class="{shared.hue(d)}" style="{place(s, e - s)}" '
        f'title="document {d + 1}: tokens {s} to {e - 1}">{d + 1 if (e - s) / n > 0.02 else ""}</span>'
        for s, e, d in zip(stream.starts, ends, stream.order, strict=True)
        if e > s
    )
    x, _ = batches.positions(k)
    lanes = []
    for r in range(batches.bs):
        start, _ = batches.row_span(r)
        offset, length = int(x[r, 0]) - start, batches.row_length
        lanes.append(
            f'<span class="lane" style="{place(start, length)}" title="row {r + 1}">'
            f'<i class="past" style="{place(0, offset, length)}"></i>'
            f'<i class="now" style="{place(offset, x.shape[1], length)}"></i>'
            f"<b>{f'row {r + 1}' if batches.bs <= 10 else ''}</b></span>"
        )
    tail = ""
    if n > batches.n_used:
        unread = n - batches.n_used
        tail = (
            f'<span class="tail" style="{place(batches.n_used, unread)}" '
            f'title="{unread} tokens at the end are never read"></span>'
        )
    label = (
        f"The stream of {n} tokens. Above: {html.counted(len(stream.order), 'document')}. "
        f"Below: {html.counted(batches.bs, 'row')}, and in each row what this mini-batch reads."
    )
    return (
        f'<div class="ribbon" role="img" aria-label="{label}"><div class="docs">{documents}</div>'
        f'<div class="lanes">{"".join(lanes)}{tail}</div>'
        '<i class="mark x" hidden>x</i><i class="mark y" hidden>y</i></div>'
        + shared.figure_list(LEGEND)
    )


class Cells:
    """Makes the table cells of stream positions."""

    def __init__(
        self, texts: Sequence[str], kinds: str, documents: Sequence[int], stream: Stream
    ) -> None:
        self.texts, self.kinds, self.documents = texts, kinds, documents
        self.first = set(stream.starts)

    def text(self, position: int) -> str:
        return self.texts[position] if position < len(self.texts) else NO_LABEL

    def cell(self, position: int, state: str = "", tab: str = "") -> str:
        """One `<td>`; past the stream's end the dash that stands for a missing label."""
        if position >= len(self.texts):
            return f'<td class="none" data-p="{position}">{NO_LABEL}</td>'
        d = self.documents[position]
        begins = f' data-d="{d + 1}"' if position in self.first else ""
        classes = f"k-{self.kinds[position]} {shared.hue(d)}{state}"
        text = escape(self.texts[position])
        return f'<td class="{classes}" data-p="{position}"{begins}{tab}>{text}</td>'


def pair(cells: Cells, batches: Batches, k: int, drawn: int) -> str:
    """x and y beside each other, and before x what the hidden state has read."""
    x, y = batches.positions(k)
    body: dict[str, list[str]] = {"x": [], "y": []}
    for r in range(drawn):
        head = f'<tr><th scope="row">{r + 1}</th>'
        carried = f'<td class="carried">{escape(_carried(cells, batches, k, r))}</td>'
        grid = "".join(
            cells.cell(int(p), tab=f' tabindex="{0 if r == c == 0 else -1}"')
            for c, p in enumerate(x[r])
        )
        body["x"].append(head + carried + grid + "</tr>")
        body["y"].append(head + "".join(cells.cell(int(p)) for p in y[r]) + "</tr>")
    width = batches.width(0)
    title = f"x, mini-batch {k + 1} of {batches.n_batches}"
    tables = {
        "x": '<table class="batch x" role="grid" aria-label="'
        + title
        + '"><thead><tr><th scope="col">row</th>'
        '<th scope="col">hidden state</th>'
        f'<th scope="colgroup" colspan="{width}">x</th></tr></thead>',
        "y": '<table class="batch y" aria-label="y"><thead><tr><th scope="col">row</th>'
        f'<th scope="colgroup" colspan="{width}">y = x moved on by one</th></tr></thead>',
    }
    boxes = "".join(
        f'<div class="half" style="--rows:{drawn}">'
        + html.scroll(
            f"{tables[name]}<tbody>{''.join(body[name])}</tbody></table>",
            f"{name} of this mini-batch",
            focus=name == "y",
        )
        + "</div>"
        for name in ("x", "y")
    )
    cut = f"<p class='u-small'>The first {drawn} of {batches.bs} rows.</p>"
    return f'<div class="xy">{boxes}</div>' + (cut if drawn < batches.bs else "")


def _carried(cells: Cells, batches: Batches, k: int, row: int) -> str:
    read = batches.before(k, row)
    if not read:
        return "zeros"
    return f"after {len(read):,}: … {' '.join(cells.text(p) for p in read[-2:])}"


def rows(cells: Cells, batches: Batches, k: int) -> str:
    """All rows in full, this mini-batch marked and what the hidden state has read before it grey."""
    note = (
        '<p class="u-small">The hidden state goes on inside a row, from one mini-batch to the next, '
        "and never from row to row. <code>xxbos</code> does not reset it; "
        "fastai sets it to zeros when an epoch or a validation begins.</p>"
    )
    if batches.bs * batches.row_length > limits.ROWS_CELLS:
        return note + html.empty("The rows are too long to draw in full; the bar shows them.")
    now = range(k * batches.seq_len, k * batches.seq_len + batches.width(k))
    body = []
    for r in range(batches.bs):
        start, end = batches.row_span(r)
        states = (
            " now" if c in now else " past" if c < now.start else "" for c in range(end - start)
        )
        tds = "".join(
            cells.cell(p, state) for p, state in zip(range(start, end), states, strict=True)
        )
        body.append(f'<tr><th scope="row">{r + 1}</th>{tds}</tr>')
    table = f'<table class="batch all" aria-label="the rows">{"".join(body)}</table>'
    return f"<h2>All rows</h2>{html.scroll(table, 'all rows of the stream')}{note}"
