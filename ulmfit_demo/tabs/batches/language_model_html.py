"""Language-model batches as HTML: the stream, its rows, x beside y. Steps nothing.

The page steps on its own (assets/script/batches.js): `data-batches` carries the tokens, where each
row begins and which columns each mini-batch reads, so the script adds and computes no cut.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from html import escape

from ulmfit_demo import limits
from ulmfit_demo.batches import Batches, Stream
from ulmfit_demo.tabs.batches import batch_html as shared
from ulmfit_demo.tabs.shared.signs import counted
from ulmfit_demo.tabs.shared.templates import macro, markup

NO_LABEL = "—"
_html = partial(macro, "batches/language_model.html")


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
    return _html(
        "view",
        k=k + 1,
        n=batches.n_batches,
        data=json.dumps(data, separators=(",", ":")),
        overview=markup(overview(stream, batches)),
        ribbon=markup(ribbon(stream, batches, k)),
        pair=markup(pair(cells, batches, k, drawn)),
        rows=markup(rows(cells, batches, k)),
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
    return _html(
        "overview",
        sentence=f"{documents} → a stream of {n:,} tokens → {bs} row{'s' if bs > 1 else ''} of "
        f"{batches.row_length:,} → {' and '.join(cut)}{tail}",
    )


def ribbon(stream: Stream, batches: Batches, k: int) -> str:
    """The stream as two bars: its documents; below them its rows, and where `k` reads in each."""
    n = len(stream.items)

    def place(start: float, length: float, of: float = n) -> tuple[float, float]:
        return 100 * start / of, 100 * length / of

    ends = [*stream.starts[1:], n]
    documents = [
        {
            "hue": shared.hue(d),
            "place": place(start, end - start),
            "number": d + 1,
            "first": start,
            "last": end - 1,
            "wide": (end - start) / n > 0.02,
        }
        for start, end, d in zip(stream.starts, ends, stream.order, strict=True)
        if end > start
    ]
    x, _ = batches.positions(k)
    lanes = []
    for r in range(batches.bs):
        start, _ = batches.row_span(r)
        offset, length = int(x[r, 0]) - start, batches.row_length
        lanes.append(
            {
                "place": place(start, length),
                "past": place(0, offset, length),
                "now": place(offset, x.shape[1], length),
            }
        )
    unread = n - batches.n_used
    label = (
        f"The stream of {n} tokens. Above: {counted(len(stream.order), 'document')}. "
        f"Below: {counted(batches.bs, 'row')}, and in each row what this mini-batch reads."
    )
    return _html(
        "ribbon",
        label=label,
        documents=documents,
        lanes=lanes,
        tail={"place": place(batches.n_used, unread), "unread": unread} if unread > 0 else None,
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

    # No template: a mini-batch of 6 × 72 has 1,350 cells, and Jinja takes twice the time (5 ms for 2.5).
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
    xs, ys = [], []
    for r in range(drawn):
        grid = "".join(
            cells.cell(int(p), tab=f' tabindex="{0 if r == c == 0 else -1}"')
            for c, p in enumerate(x[r])
        )
        xs.append((_carried(cells, batches, k, r), markup(grid)))
        ys.append(markup("".join(cells.cell(int(p)) for p in y[r])))
    return _html(
        "pair",
        number=k + 1,
        n=batches.n_batches,
        width=batches.width(0),
        xs=xs,
        ys=ys,
        bs=batches.bs,
    )


def _carried(cells: Cells, batches: Batches, k: int, row: int) -> str:
    read = batches.before(k, row)
    if not read:
        return "zeros"
    return f"after {len(read):,}: … {' '.join(cells.text(p) for p in read[-2:])}"


def rows(cells: Cells, batches: Batches, k: int) -> str:
    """All rows in full, this mini-batch marked and what the hidden state has read before it grey."""
    if batches.bs * batches.row_length > limits.ROWS_CELLS:
        return _html("too_long")
    now = range(k * batches.seq_len, k * batches.seq_len + batches.width(k))
    body = []
    for r in range(batches.bs):
        start, end = batches.row_span(r)
        states = (
            " now" if c in now else " past" if c < now.start else "" for c in range(end - start)
        )
        tds = (cells.cell(p, s) for p, s in zip(range(start, end), states, strict=True))
        body.append(markup("".join(tds)))
    return _html("rows", rows=body)
