"""The batching view: documents' tokens → HTML of the stream, the rows and one mini-batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from ulmfit_demo import limits
from ulmfit_demo.batches import Batches, Stream, make_stream
from ulmfit_demo.views import html

NO_LABEL = "—"
HUES = (212, 172, 265, 30, 340, 95, 190, 300)  # one a document, in turn


def batch_view(
    documents: Sequence[Sequence[str]],
    bs: int,
    seq_len: int,
    step: int,
    numericalize: Callable[[Sequence[str]], list[int]] | None = None,
    notebook: bool = False,
) -> str:
    """Mini-batch `step` (from 1) of the documents' stream. Raises `Refused` where it cannot be cut.

    `notebook`: cut as the notebook's tables, which use every token as x. That is fastai's cut of a
    stream with one item more, so the last label of the last row may not exist.
    """
    stream = make_stream(documents)
    n = len(stream.items)
    try:
        batches = Batches(n + notebook, bs, seq_len)
    except ValueError as e:
        raise limits.Refused(str(e)) from None
    number = min(step, batches.n_batches)
    shown = [str(i) for i in numericalize(stream.items)] if numericalize else list(stream.items)
    unread = max(0, n - batches.n_used)
    return (
        summary(stream, batches, number, unread)
        + ribbon(stream, batches, number - 1)
        + rows(shown, batches, number - 1)
        + pair(shown, batches, number - 1)
    )


def summary(stream: Stream, batches: Batches, number: int, unread: int) -> str:
    """The stream and the cut in one sentence, with the shapes as PyTorch prints them."""
    width = batches.width(number - 1)
    tail = f", {unread} at the end never read" if unread else ""
    documents = f"{len(stream.starts):,} document{'s' if len(stream.starts) > 1 else ''}"
    return (
        f"<p><b>Mini-batch {number} of {batches.n_batches}.</b> {documents} → a stream of "
        f"{len(stream.items):,} tokens → {batches.bs} rows of {batches.row_length}{tail}. "
        f'<span class="u-mono">x: torch.Size([{batches.bs}, {width}]), '
        f"y: torch.Size([{batches.bs}, {width}])</span></p>"
    )


def ribbon(stream: Stream, batches: Batches, batch: int) -> str:
    """The stream as a bar: a hue a document, and where this mini-batch reads in each row."""
    n = len(stream.items)
    ends = [*stream.starts[1:], n]
    documents = "".join(
        f'<rect x="{s}" y="0" width="{e - s}" height="14" fill="hsl({HUES[d % len(HUES)]} 55% 62%)">'
        f"<title>document {d + 1}: tokens {s} to {e - 1}</title></rect>"
        for s, e, d in zip(stream.starts, ends, stream.order, strict=True)
    )
    windows = "".join(
        f'<rect x="{x[0]}" y="16" width="{len(x)}" height="8" fill="var(--u-accent)">'
        f"<title>row {r + 1} reads tokens {x[0]} to {x[-1]}</title></rect>"
        for r, x in enumerate(batches.positions(batch)[0])
    )
    cuts = "".join(
        f'<rect x="{batches.row_span(r)[0]}" y="0" width="{n / 800:.3f}" height="24" '
        'fill="var(--u-ink)"/>'
        for r in range(batches.bs)
    )
    return (
        f'<svg viewBox="0 0 {n} 26" preserveAspectRatio="none" role="img" '
        'aria-label="the stream: documents above, what this mini-batch reads below" '
        f'style="width:100%;height:30px;display:block">{documents}{windows}{cuts}</svg>'
        '<p class="u-small">The stream: one hue a document, a line where each row begins; '
        "below it, what this mini-batch reads.</p>"
    )


def rows(shown: Sequence[str], batches: Batches, batch: int) -> str:
    """All rows in full, this mini-batch marked and what the hidden state has read before it grey."""
    if batches.bs * batches.row_length > limits.TABLE_CELLS:
        return html.empty("The rows are too long to draw in full; x and y are below.")
    now = range(batch * batches.seq_len, batch * batches.seq_len + batches.width(batch))
    values, classes = [], []
    for r in range(batches.bs):
        start, end = batches.row_span(r)
        values.append(list(shown[start:end]))
        classes.append(
            ["now" if c in now else "past" if c < now.start else "" for c in range(end - start)]
        )
    table = html.table(values, classes, "the rows of the stream")
    carried = f"carries what the grey {now.start} tokens left in it" if batch else "starts at zero"
    return (
        f"<h4>Rows</h4>{table}<p class='u-small'>Marked: this mini-batch; "
        f"the hidden state of each row {carried}.</p>"
    )


def pair(shown: Sequence[str], batches: Batches, batch: int) -> str:
    """x and y beside each other."""
    x, y = batches.positions(batch)
    parts = []
    for title, positions in ((f"x, mini-batch {batch + 1}", x), ("y = x moved on by one", y)):
        cells = [[shown[p] if p < len(shown) else NO_LABEL for p in row] for row in positions]
        parts.append((title, html.table(cells, label=escape(title))))
    return html.side_by_side(parts)
