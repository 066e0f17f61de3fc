"""Classifier batches as HTML: bars that show the padding of every mini-batch, cells of one of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ulmfit_demo import limits
from ulmfit_demo.batches import PaddedBatch, pad, padding_share
from ulmfit_demo.tabs.batches import batch_html as shared
from ulmfit_demo.tabs.shared.templates import macro, markup
from ulmfit_demo.tokens import Token

PAD = "xxpad"
_html = partial(macro, "batches/classifier.html")


def view(
    panels: Sequence[tuple[str, Sequence[PaddedBatch], bool]],
    lengths: Sequence[int],
    k: int,
    pad_first: bool,
    seq_len: int | None,
    documents: Sequence[Sequence[Token]] | None,
    pad_id: int | None,
) -> str:
    """Bars of every panel (title, mini-batches, chosen), then the cells of mini-batch k (from 0).

    `documents` None: only lengths were given, so there are no cells to show. `pad_id`: show ids.
    """
    chosen = next(batches for _, batches, chosen in panels if chosen)
    return _html(
        "view",
        k=k + 1,
        n=len(chosen),
        where=where(chosen, k),
        panels=[
            markup(panel(title, batches, lengths, pad_first, seq_len, k if is_chosen else None))
            for title, batches, is_chosen in panels
        ],
        note=markup(chunks_note(chosen, lengths, pad_first, seq_len)),
        table=markup(table(chosen[k], k, lengths, pad_first, seq_len, documents, pad_id)),
    )


def chunks_note(
    batches: Sequence[PaddedBatch], lengths: Sequence[int], pad_first: bool, seq_len: int | None
) -> str:
    """Why `Pad_Chunk`, which pads first, may put nothing in front."""
    if not pad_first or seq_len is None:
        return ""
    most = max(b.width - lengths[i] for b in batches for i in b.indices)
    text = (
        f"Pad_Chunk puts only whole chunks of {seq_len} in front and the rest behind, so that the text "
        "begins where the encoder begins to read a chunk."
    )
    if most < seq_len:
        text += f" No row here lacks {seq_len} tokens, so all padding stands behind."
    return _html("note", sentence=text)


def where(batches: Sequence[PaddedBatch], k: int) -> str:
    """Which mini-batch this is, in one line."""
    shape = shared.size(len(batches[k].indices), batches[k].width)
    return f"Mini-batch {k + 1} of {len(batches)} · x: {shape}"


def panel(
    title: str,
    batches: Sequence[PaddedBatch],
    lengths: Sequence[int],
    pad_first: bool,
    seq_len: int | None,
    current: int | None,
) -> str:
    """One order of the documents: a bar a document, grouped by mini-batch, padding hatched."""
    longest = max(b.width for b in batches)
    thick = 15 if len(lengths) <= 16 else 8 if len(lengths) <= 40 else 4  # px a bar
    groups = [
        (
            number == current,
            [
                _bar(i, lengths[i], batch.width, longest, pad_first, seq_len, named=thick > 10)
                for i in batch.indices
            ],
        )
        for number, batch in enumerate(batches)
    ]
    cells = sum(b.width * len(b.indices) for b in batches)
    padding = sum(b.padding for b in batches)
    share = 100 * padding_share(batches, lengths)
    summary = f"{share:.1f} % padding: {padding:,} of {cells:,} cells"
    label = "; ".join(
        f"mini-batch {n + 1}: documents of {', '.join(str(lengths[i]) for i in b.indices)} tokens, "
        f"{b.padding} cells of padding"
        for n, b in enumerate(batches[:20])
    )
    return _html("panel", title=title, summary=summary, label=label, thick=thick, groups=groups)


def _bar(
    document: int,
    length: int,
    width: int,
    longest: int,
    pad_first: bool,
    seq_len: int | None,
    named: bool,
) -> tuple[float, str, str, float, float, str]:
    """Its width, title and colour; where its tokens begin and their width; its name.

    Widths are percentages: the bar's of the longest one, the tokens' of their bar.
    """
    front = pad(range(length), width, None, pad_first, seq_len).index(0)
    return (
        100 * width / longest,
        f"document {document + 1}: {length} tokens, {width - length} padding",
        shared.hue(document),
        100 * front / width,
        100 * length / width,
        f"{document + 1} · {length}" if named else "",
    )


def table(
    batch: PaddedBatch,
    k: int,
    lengths: Sequence[int],
    pad_first: bool,
    seq_len: int | None,
    documents: Sequence[Sequence[Token]] | None,
    pad_id: int | None,
) -> str:
    """Every cell of one mini-batch, or the sentence that says why there are none."""
    drawn = partial(_html, "table", number=k + 1)
    if documents is None:
        return drawn(instead="Only lengths are given, so there are no tokens to show.", rows=[])
    if batch.width * len(batch.indices) > limits.TABLE_CELLS:
        return drawn(instead="This mini-batch is too large to draw cell by cell.", rows=[])
    filler = Token(PAD, 0, 0, "special", id=pad_id)
    rows = []
    for i in batch.indices:
        row = pad(documents[i], batch.width, filler, pad_first, seq_len)
        cells = [_cell(token, token is filler, pad_id is not None) for token in row]
        rows.append((shared.hue(i), i + 1, cells))
    return drawn(instead="", rows=rows)


def _cell(token: Token, padding: bool, as_ids: bool) -> tuple[str, str]:
    """The CSS class and the text of a cell."""
    classes = "pad" if padding else f"k-{shared.kind_letter(token)}"
    return classes, shared.shown(token, as_ids)
