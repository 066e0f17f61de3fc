"""ids → mini-batches: what fastai's data loaders read, as arithmetic. Loads and draws nothing.

`language_model` cuts one stream into rows and columns, `classifier` sorts and pads documents,
`documents` reads what a visitor typed.
numpy and the standard library only; fastai is the oracle of the tests.
"""

from ulmfit_demo.batches.classifier import (
    NOTEBOOK_LENGTHS,
    PaddedBatch,
    make_batches,
    order_shuffled,
    order_sorted,
    pad,
    padding_share,
)
from ulmfit_demo.batches.documents import read_lengths, split_documents
from ulmfit_demo.batches.language_model import Batches, Stream, columns, make_stream, rows

__all__ = [
    "NOTEBOOK_LENGTHS",
    "Batches",
    "PaddedBatch",
    "Stream",
    "columns",
    "make_batches",
    "make_stream",
    "order_shuffled",
    "order_sorted",
    "pad",
    "padding_share",
    "read_lengths",
    "rows",
    "split_documents",
]
