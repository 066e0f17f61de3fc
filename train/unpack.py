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
from train.recipe import LanguageModel
from ulmfit_demo.models import bundle


class UnpackError(StageError):
    """The bundle does not fit the run, or the run has a language model already."""


def unpack(source: Path, corpus: Corpus, settings: LanguageModel, folder: Path) -> None:
    """Write `lm.pth` and `models/finetuned.pth` of the bundle `source` into the run `folder`.

    Raises UnpackError where words or sizes differ or the run has a model, `BundleError` where `source`
    is no bundle.
    """
    if (folder / "lm.pth").is_file():
        raise UnpackError(
            f"{folder / 'lm.pth'} is there already: give another --run, or move it away"
        )
    loaded = bundle.load(source)
    odd = [k for k in ("emb_sz", "n_hid", "n_layers") if loaded.config[k] != getattr(settings, k)]
    if odd:
        raise UnpackError(f"{source} has another {odd[0]} than the recipe: {loaded.config[odd[0]]}")
    if loaded.vocab != corpus.vocab:
        raise UnpackError(
            f"{source} has {len(loaded.vocab):,} words, the run's data {len(corpus.vocab):,}, and they "
            "differ: use the recipe and the corpus that made it"
        )
    save_result(fastai_lm(loaded.lm.state_dict()), folder)
