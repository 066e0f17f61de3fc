"""Many documents → probabilities, in batches of alike lengths. Reads along with none of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from ulmfit_demo.models.awd_lstm import PAD, Classifier
from ulmfit_demo.models.calibration import probabilities
from ulmfit_demo.models.engine import engine_of
from ulmfit_demo.models.precision import choose
from ulmfit_demo.models.workers import cores, side_by_side

BS = 128
FEW = 32  # documents that are read at once in the caller's own thread, every product split
SMALLEST = (
    16  # documents of a batch; with fewer, reading the weights from memory takes most of the time
)
ROUNDS = 4  # batches a core, at least: the longest documents are one batch, and the others even out
CHUNK = 32  # tokens read at once; then the documents that have ended leave the batch


def classify(
    model: Classifier,
    documents: Sequence[Sequence[int]],
    bs: int = BS,
    precision: str | None = None,
    job: str | None = None,
) -> Tensor:
    """Probabilities [documents, n_classes] in the order given, calibrated where the model is.

    A batch holds at most `bs` documents. `precision` and `job` as in `precision.choose`; a job of "read"
    rounds as `reading.read_along` does, for numbers that stand beside one of its.
    """
    result = torch.empty(len(documents), len(model.linear2.weight))
    for which, probs in classify_batches(model, documents, bs, precision, job):
        result[which] = probs
    return result


def classify_batches(
    model: Classifier,
    documents: Sequence[Sequence[int]],
    bs: int = BS,
    precision: str | None = None,
    job: str | None = None,
) -> Iterator[tuple[list[int], Tensor]]:
    """As `classify`, a batch at a time: (positions, probabilities [positions, n_classes]).

    For progress and Stop: the longest documents come first, so that the time left is overrated rather
    than underrated. On a CPU every core reads a batch of its own; a few documents are one batch, read
    in the caller's thread.
    """
    if not documents:
        return  # no precision needs to be measured
    precision = precision_for(model, len(documents), precision, job)

    def read(which: list[int]) -> tuple[list[int], Tensor]:
        with torch.inference_mode():
            logits = model.head(pooled(model, [documents[i] for i in which], precision))
            return which, probabilities(logits, model.temperature).cpu()

    yield from _side_by_side(model, documents, bs, read)


def encode_batches(
    model: Classifier, documents: Sequence[Sequence[int]], bs: int = BS, precision: str = "fp32"
) -> Iterator[tuple[list[int], Tensor]]:
    """The pooled features of documents, a batch at a time: (positions, [positions, 3 emb_sz])."""

    def read(which: list[int]) -> tuple[list[int], Tensor]:
        with torch.inference_mode():
            return which, pooled(model, [documents[i] for i in which], precision).float().cpu()

    yield from _side_by_side(model, documents, bs, read)


def _side_by_side(
    model: Classifier,
    documents: Sequence[Sequence[int]],
    bs: int,
    read: Callable[[list[int]], tuple[list[int], Tensor]],
) -> Iterator[tuple[list[int], Tensor]]:
    """What `read` gives for every batch of alike lengths, on a CPU a batch a core."""
    if any(not len(d) for d in documents):
        raise ValueError("a document without tokens cannot be classified")
    if not documents:
        return
    order = sorted(range(len(documents)), key=lambda i: len(documents[i]), reverse=True)
    n = 1 if len(order) <= FEW or model.device().type != "cpu" else cores()
    if n > 1:
        bs = min(bs, max(SMALLEST, -(-len(order) // (ROUNDS * n))))
    yield from side_by_side(read, [order[i : i + bs] for i in range(0, len(order), bs)], n)


def precision_for(
    model: Classifier, n: int, wanted: str | None = None, job: str | None = None
) -> str:
    """In which precision `n` documents are read."""
    return choose(engine_of(model), job or ("read" if n == 1 else "batch"), wanted)


def pooled(model: Classifier, documents: Sequence[Sequence[int]], precision: str) -> Tensor:
    """What `Classifier.pool` gives, [documents, 3 emb_sz], for documents from long to short.

    Read `CHUNK` tokens at a time with the pools carried on: a batch keeps no features, and a document
    that has ended costs nothing more, so little of the work is padding.
    """
    engine, device = engine_of(model), model.device()
    sizes = [len(d) for d in documents]
    lengths = torch.tensor(sizes, device=device)
    first = torch.tensor([model.pooled_from(n) for n in sizes], device=device)
    n, emb_sz = len(documents), model.body.sizes.emb_sz
    last = torch.zeros(n, emb_sz, device=device)
    top = torch.full((n, emb_sz), -torch.inf, device=device)
    total = torch.zeros(n, emb_sz, device=device)
    state = model.body.zero_state(n)
    chunk = sizes[0] if n == 1 else CHUNK
    for start in range(0, sizes[0], chunk):
        end = min(start + chunk, sizes[0])
        k = sum(size > start for size in sizes)  # those still running stand first
        ids = torch.full((k, end - start), PAD, dtype=torch.long)
        for row, d in zip(ids, documents, strict=False):
            part = torch.as_tensor(d[start:end])
            row[: len(part)] = part
        state = tuple((h[:k], c[:k]) for h, c in state)
        features, state = engine.read(ids.to(device), state, precision)
        if sizes[k - 1] >= end and int(first.max()) <= start:  # every cell counts
            top[:k] = torch.maximum(top[:k], features.amax(1))
            total[:k] += features.sum(1)
        else:
            at = torch.arange(start, end, device=device)[None]
            outside = ((at < first[:k, None]) | (at >= lengths[:k, None]))[..., None]
            top[:k] = torch.maximum(top[:k], features.masked_fill(outside, -torch.inf).amax(1))
            total[:k] += features.masked_fill(outside, 0).sum(1)
        ended = (lengths[:k] <= end).nonzero()[:, 0]
        last[ended] = features[ended, lengths[ended] - 1 - start]
    return torch.cat([last, top, total / (lengths - first)[:, None]], 1)
