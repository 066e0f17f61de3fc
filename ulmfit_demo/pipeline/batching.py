"""The pipeline's mini-batches: documents as a language model and as a classifier read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from ulmfit_demo import limits
from ulmfit_demo.batches import (
    Batches,
    make_batches,
    make_stream,
    order_shuffled,
    order_sorted,
    pad,
    padding_share,
    read_lengths,
    split_documents,
)
from ulmfit_demo.pipeline.base import Base, given
from ulmfit_demo.pipeline.results import batching as results

CUTS = ("fastai", "notebook")
ORDERS = ("sorted", "shuffled", "given")
PADDINGS = ("chunk", "first", "last")
PAD = "xxpad"
T = TypeVar("T")


class Batching(Base):
    """Mini-batches, equal to those of fastai's loaders in every cell."""

    def lm_batches(
        self,
        text: str,
        bs: int = 6,
        seq_len: int = 5,
        cut: str = "fastai",
        shuffle: bool = False,
        seed: int = 0,
    ) -> results.LmBatches:
        """Cut documents into the mini-batches of a language model, as fastai's LMDataLoader does.

        Args:
            text: documents, an empty line between two
            bs: rows
            seq_len: columns
            cut: fastai, or notebook (its tables use every token as x; the last has no label)
            shuffle: shuffle the documents
            seed: of the shuffle
        """
        documents = split_documents(given(text))
        bs = limits.whole(bs, (1, 10**6), "The batch size")
        seq_len = limits.whole(seq_len, (1, 10**6), "The sequence length")
        seed = limits.whole(seed, limits.SEED, "The seed")
        notebook = limits.choice(cut, CUTS, "The cut") == "notebook"
        words = [self.loaded.tokenize(d, "fastai").texts for d in documents]
        stream = make_stream(words, seed if shuffle else None)
        if not documents:
            return {
                "n_items": 0,
                "n_documents": 0,
                "order": [],
                "row_length": 0,
                "n_used": 0,
                "n_dropped": 0,
                "batches": [],
            }
        try:
            batches = Batches(len(stream.items) + notebook, bs, seq_len)
        except ValueError as e:
            raise limits.Refused(str(e)) from None
        texts: list[str] = list(stream.items)
        ids = self.loaded.words().numericalize(texts)
        return {
            "n_items": len(texts),
            "n_documents": len(documents),
            "order": list(stream.order),
            "row_length": batches.row_length,
            "n_used": min(batches.n_used, len(texts)),
            "n_dropped": max(0, len(texts) - batches.n_used),
            "batches": [_lm_batch(batches, k, texts, ids) for k in range(batches.n_batches)],
        }

    def classifier_batches(
        self,
        text: str,
        bs: int = 3,
        padding: str = "chunk",
        order: str = "sorted",
        seq_len: int = 72,
        seed: int = 0,
    ) -> results.ClassifierBatches:
        """Put documents into the padded mini-batches of a classifier, as fastai's SortedDL does.

        Args:
            text: documents, an empty line between two; or lengths such as `lengths: 100, 76`
            bs: rows
            padding: where it stands: chunk (fastai's Pad_Chunk), first or last
            order: of the documents: sorted (validation), shuffled (training) or given
            seq_len: the chunk of Pad_Chunk
            seed: of the shuffle
        """
        text = given(text)
        bs = limits.whole(bs, (1, 10**6), "The batch size")
        padding = limits.choice(padding, PADDINGS, "The padding")
        order = limits.choice(order, ORDERS, "The order")
        seq_len = limits.whole(seq_len, (1, 10**6), "The chunk length")
        seed = limits.whole(seed, limits.SEED, "The seed")
        try:
            lengths = read_lengths(text)
        except ValueError as e:
            raise limits.Refused(str(e)) from None
        documents: list[list[str]] | None = None
        if lengths is None:
            documents = [self.loaded.tokenize(d, "fastai").texts for d in split_documents(text)]
            lengths = [len(d) for d in documents]
        for length in lengths:
            limits.whole(length, limits.DOCUMENT_TOKENS, "A length")
        which = {
            "given": lambda: list(range(len(lengths))),
            "sorted": lambda: order_sorted(lengths),
            "shuffled": lambda: order_shuffled(lengths, bs, seed),
        }[order]()
        made = make_batches(lengths, bs, which)
        chunk = seq_len if padding == "chunk" else None

        def cells(values: Sequence[Sequence[T]], indices: Sequence[int], width: int, fill: T):
            return [pad(values[i], width, fill, padding != "last", chunk) for i in indices]

        batches: list[results.ClassifierBatch] = []
        vocab = self.loaded.words() if documents else None
        ids = [vocab.numericalize(d) for d in documents] if vocab and documents else None
        for batch in made:
            at = batch.indices, batch.width
            batches.append(
                {
                    "documents": list(batch.indices),
                    "width": batch.width,
                    "padding": batch.padding,
                    "x": cells(documents, *at, PAD) if documents else None,
                    "x_ids": cells(ids, *at, vocab.pad_id) if vocab and ids else None,
                }
            )
        return {
            "lengths": lengths,
            "padding_share": float(padding_share(made, lengths)),
            "batches": batches,
        }


def _lm_batch(batches: Batches, k: int, texts: list[str], ids: list[int]) -> results.LmBatch:
    """The cells of mini-batch `k` (from 0)."""
    x, y = (positions.tolist() for positions in batches.positions(k))

    def labels(values: Sequence[T]) -> list[list[T | None]]:
        return [[values[i] if i < len(values) else None for i in row] for row in y]

    return {
        "x": [[texts[i] for i in row] for row in x],
        "y": labels(texts),
        "x_ids": [[ids[i] for i in row] for row in x],
        "y_ids": labels(ids),
    }
