"""Classifier batches as HTML: bars that show the padding of every mini-batch, cells of one of them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ulmfit_demo import limits
from ulmfit_demo.batches import PaddedBatch, pad, padding_share
from ulmfit_demo.tabs.batches import batch_html as shared
from ulmfit_demo.tabs.shared import html
from ulmfit_demo.tokens import Token

PAD = "xxpad"
LEGEND = (
    '<span class="swatch doc-0"></span> tokens, with the document’s number',
    '<span class="swatch pad"></span> padding (<b class="k-s">xxpad</b>)',
    '<span class="swatch frame"></span> the mini-batch below',
)


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
    bars = "".join(
        panel(title, batches, lengths, pad_first, seq_len, k if is_chosen else None)
        for title, batches, is_chosen in panels
    )
    return (
        f'<div class="cb" data-k="{k + 1}" data-n="{len(chosen)}" '
        f'data-where="{escape(where(chosen, k))}"><div class="cb-panels">{bars}</div>'
        + shared.figure_list(LEGEND)
        + chunks_note(chosen, lengths, pad_first, seq_len)
        + table(chosen[k], k, lengths, pad_first, seq_len, documents, pad_id)
        + "</div>"
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
    return f'<p class="u-small">{text}</p>'


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
    groups = []
    for number, batch in enumerate(batches):
        bars = "".join(
            _bar(i, lengths[i], batch.width, longest, pad_first, seq_len, thick)
            for i in batch.indices
        )
        frame = " frame" if number == current else ""
        groups.append(f'<div class="group{frame}"><b>{number + 1}</b><div>{bars}</div></div>')
    cells = sum(b.width * len(b.indices) for b in batches)
    padding = sum(b.padding for b in batches)
    share = 100 * padding_share(batches, lengths)
    summary = f"{share:.1f} % padding: {padding:,} of {cells:,} cells"
    label = "; ".join(
        f"mini-batch {n + 1}: documents of {', '.join(str(lengths[i]) for i in b.indices)} tokens, "
        f"{b.padding} cells of padding"
        for n, b in enumerate(batches[:20])
    )
    bars = f'<div class="bars" role="img" aria-label="{label}" style="--thick:{thick}px">'
    return (
        f'<div class="cb-panel"><h2>{escape(title)} <span class="share">{summary}</span></h2>'
        + html.scroll(f"{bars}{''.join(groups)}</div>", f"mini-batches, {title}", "cb-scroll")
        + "</div>"
    )


def _bar(
    document: int,
    length: int,
    width: int,
    longest: int,
    pad_first: bool,
    seq_len: int | None,
    thick: int,
) -> str:
    front = pad(range(length), width, None, pad_first, seq_len).index(0)
    tokens_at, tokens, all_ = (
        100 * v / w for v, w in ((front, width), (length, width), (width, longest))
    )
    label = f"{document + 1} · {length}" if thick > 10 else ""
    return (
        f'<div class="bar" style="width:{all_:.2f}%" title="document {document + 1}: {length} tokens, '
        f'{width - length} padding"><i class="{shared.hue(document)}" '
        f'style="left:{tokens_at:.2f}%;width:{tokens:.2f}%">{label}</i></div>'
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
    title = f"<h2>Mini-batch {k + 1}: x</h2>"
    if documents is None:
        return title + html.empty("Only lengths are given, so there are no tokens to show.")
    if batch.width * len(batch.indices) > limits.TABLE_CELLS:
        return title + html.empty("This mini-batch is too large to draw cell by cell.")
    filler = Token(PAD, 0, 0, "special", id=pad_id)
    rows = []
    for i in batch.indices:
        row = pad(documents[i], batch.width, filler, pad_first, seq_len)
        cells = "".join(_cell(token, token is filler, pad_id is not None) for token in row)
        rows.append(
            f'<tr><th scope="row" class="{shared.hue(i)}">document {i + 1}</th>{cells}</tr>'
        )
    drawn = f'<table class="batch" aria-label="x of mini-batch {k + 1}">{"".join(rows)}</table>'
    return title + html.scroll(drawn, f"x of mini-batch {k + 1}")


def _cell(token: Token, padding: bool, as_ids: bool) -> str:
    classes = "pad" if padding else f"k-{shared.kind_letter(token)}"
    return f'<td class="{classes}">{escape(shared.shown(token, as_ids))}</td>'
