"""A training and its model as HTML. Trains nothing and keeps no model."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from ulmfit_demo.tokens import Tokenized
from ulmfit_demo.tokens.training import Progress, Sizes, Trained
from ulmfit_demo.views.html import chips, legend, visible

MODEL_NAMES = {"unigram": "unigram", "bpe": "BPE"}


def file_field(most: int) -> str:
    """A file input; `train_vocabulary.js` puts the file's text into the field, nothing is uploaded."""
    return (
        '<div class="v-file"><label for="train-file-input">or a .txt file, read in your browser</label>'
        f'<input id="train-file-input" type="file" accept=".txt,text/plain" data-most="{most}">'
        '<span class="u-small" role="status"></span></div>'
    )


def sizes(found: Sizes, kind: str) -> str:
    """The legal sizes in one line."""
    limit = ", the most this app trains" if found.capped else ""
    if found.low == found.high:
        return (
            '<p class="v-range" role="status">This text allows exactly '
            f"<b>{found.low:,} pieces</b> ({MODEL_NAMES[kind]}).</p>"
        )
    return (
        '<p class="v-range" role="status">This text allows '
        f"<b>{found.low:,} to {found.high:,} pieces</b> ({MODEL_NAMES[kind]}{limit}).</p>"
    )


def looking(step: Progress) -> str:
    """While the legal sizes are being found."""
    return (
        '<p class="v-range u-soft">Finding the legal sizes: '
        f"{escape(step.stage)} · {step.seconds:.1f} s</p>"
    )


def progress(step: Progress) -> str:
    """While a model is trained: a bar where the share is known."""
    value = "" if step.share is None else f' value="{step.share:.3f}"'
    return (
        f'<div class="v-training" role="status"><progress max="1"{value} aria-label="training">'
        f"</progress><span>{escape(step.stage)} · {step.seconds:.1f} s</span></div>"
    )


def trained(
    model: Trained, pieces: Sequence[tuple[str, float]], n_pieces: int, sample: Tokenized
) -> str:
    """The model's pieces with scores, the sample in them, and the model to download.

    The file is part of this HTML (a data: link): the server keeps none.
    """
    rows = "".join(
        f'<tr><td>{i + 1:,}</td><td class="u-mono">{escape(visible(piece))}</td>'
        f'<td class="u-mono">{score:.2f}</td></tr>'
        for i, (piece, score) in enumerate(pieces)
    )
    order = "log probability" if model.type == "unigram" else "merge order"
    shown = "" if len(pieces) == n_pieces else f"the first {len(pieces):,} of "
    name = f"{model.type}-{model.size}.model"
    data = base64.b64encode(model.model).decode("ascii")
    return (
        '<div class="v-training" role="status">'
        f"<span><b>{model.size:,} pieces</b> ({MODEL_NAMES[model.type]}) in {model.seconds:.1f} s "
        f"on one CPU core</span>"
        f'<a class="v-download" download="{name}" href="data:application/octet-stream;base64,{data}">'
        f"Download {name} ({len(model.model) / 1000:,.0f} kB)</a></div>"
        '<div class="v-lost"><div><h3>Your sample in these pieces</h3>'
        f"{chips(sample.tokens)}{legend({t.kind for t in sample.tokens})}"
        f'<p class="u-small">{sample.n_tokens:,} pieces, '
        f"{sample.characters_per_token:.1f} characters each</p></div>"
        f'<div tabindex="0" aria-label="pieces with scores"><h3>Pieces by score</h3>'
        f'<p class="u-small">{shown}{n_pieces:,} pieces; the score is the {order}</p>'
        f'<table class="plain"><thead><tr><th>#</th><th>piece</th><th>score</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div></div>"
    )
