"""What tests of the training share: the format that it computes in, a tiny corpus, a trained model."""

import dataclasses
from collections.abc import Callable, Iterator

import pytest
import torch

from tests.tiny_training import LM, RECIPE, SIZES
from train import data, generated, language_model, precision
from train.stages import Run


@pytest.fixture(scope="session", autouse=True)
def multiplies_bf16() -> Iterator[Callable[[], bool]]:
    """`precision = "auto"` is fp32 on every machine; a test of the choice asks for the real function."""
    real = precision.multiplies_bf16
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(precision, "multiplies_bf16", lambda: False)
        yield real


@pytest.fixture(scope="module")
def corpus_folder(tmp_path_factory):
    """Generated reviews, in folders as of IMDb."""
    return generated.write(tmp_path_factory.mktemp("corpus") / "imdb", SIZES)


@pytest.fixture(scope="module")
def corpus(corpus_folder, tmp_path_factory):
    """The reviews as ids."""
    out = tmp_path_factory.mktemp("run") / "data"
    data.prepare(corpus_folder, out, RECIPE.data, workers=1)
    return data.Corpus(out)


@pytest.fixture(scope="module")
def trained(corpus, tmp_path_factory):
    """The folder of a run whose language model is trained."""
    folder = tmp_path_factory.mktemp("trained")
    settings = dataclasses.replace(LM, epochs=8, checkpoint_seconds=60.0)
    language_model.train(corpus, settings, Run(folder), device=torch.device("cpu"))
    return folder
