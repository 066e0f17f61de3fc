"""Which lines of fastai make the mini-batch that the visitor sees. Runs none of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ulmfit_demo import lessons
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.resources import assets, named

ROOT = Path(__file__).resolve().parents[3]


def vocab_file(loaded: LoadedModels) -> str | None:
    """The model's vocabulary, as a path from the repository's root where it lies in a checkout."""
    if loaded.bundle is None:
        return None
    path = (loaded.bundle.folder / "vocab.json").resolve()
    return named(path.relative_to(assets())) if path.is_relative_to(assets()) else str(path)


def language_model(
    documents: Sequence[str],
    vocab: str,
    *,
    bs: int,
    seq_len: int,
    k: int,
    n: int,
    seed: int | None,
    notebook: bool,
) -> str:
    """Lines that end with x and y of mini-batch k (from 0) of n; `seed` None: not shuffled."""
    name = "lm_notebook" if notebook else "lm" if seed is None else "lm_shuffled"
    shown = dict(bs=bs, seq_len=seq_len, k=k, number=k + 1, n=n)
    return lessons.code("batches_documents", documents=list(documents), vocab=vocab) + lessons.code(
        f"batches_{name}", shuffle=seed is not None, seed=seed, **shown
    )


def classifier(
    documents: Sequence[str] | Sequence[int],
    vocab: str,
    *,
    bs: int,
    k: int,
    n: int,
    padding: str,
    seq_len: int,
    order: str,
    seed: int,
) -> str:
    """Lines that end with the padded x of mini-batch k (from 0); whole numbers are lengths only."""
    if isinstance(documents[0], int):
        head = lessons.code("batches_lengths", lengths=list(documents))
    else:
        head = lessons.code("batches_documents", documents=list(documents), vocab=vocab)
    return (
        head
        + "\n"
        + lessons.code(f"batches_pad_{padding}", seq_len=seq_len)
        + lessons.code(f"batches_order_{order}", bs=bs, k=k, number=k + 1, n=n, seed=seed)
    )
