"""Stage `unpack`: the language model of a bundle → a run folder to go on from. Trains nothing.

A bundle's embedding and LSTM are fp16: what goes on from them is not bit for bit what would have gone
on from the run that made them.
"""

from __future__ import annotations

from pathlib import Path

from train.data import Corpus
from train.errors import StageError
from train.language_model import save_result
from train.names import fastai_lm
from ulmfit_demo.models import bundle


class UnpackError(StageError):
    """The bundle was learned over other words than the run's."""


def unpack(source: Path, corpus: Corpus, folder: Path) -> None:
    """Write `lm.pth` and `models/finetuned.pth` of the bundle `source` into the run `folder`.

    Raises UnpackError where the words differ, `BundleError` where `source` is no bundle.
    """
    loaded = bundle.load(source)
    if loaded.vocab != corpus.vocab:
        raise UnpackError(
            f"{source} has {len(loaded.vocab):,} words, the run's data {len(corpus.vocab):,}, and they "
            "differ: use the recipe and the corpus that made it"
        )
    save_result(fastai_lm(loaded.lm.state_dict()), folder)
