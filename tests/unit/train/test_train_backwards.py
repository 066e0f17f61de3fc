"""The twin that reads from the end gets a temperature of its own, fitted before test is read."""

import json

import pytest
import torch

from train import calibration_fit, data, evaluate, generated, recipe
from train.calibrate import held_out_logits
from train.export import make_config
from ulmfit_demo.models import bundle

SIZES = {"train/neg": 20, "train/pos": 20, "test/neg": 6, "test/pos": 6, "unsup": 4}
RECIPE = recipe.Recipe(
    "tiny",
    data=recipe.Data(min_freq=1, heldout=12),
    lm=recipe.LanguageModel(emb_sz=8, n_hid=12, bs=4, seq_len=10),
    classifier=recipe.Classifier(bptt=10, max_len=40, lin_ftrs=6),
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    root = tmp_path_factory.mktemp("corpus")
    texts = generated.write(root / "imdb", SIZES)
    data.prepare(texts, root / "data", RECIPE.data, workers=1)
    return data.Corpus(root / "data")


def write(folder, corpus, twin: bool):
    """A bundle of random weights."""
    torch.manual_seed(3)
    config = make_config(RECIPE, len(corpus.vocab))
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "vocab.json").write_text(json.dumps(corpus.vocab))
    lm, classifier = bundle.build(config)
    bundle.save_weights(lm, folder / "lm.safetensors")
    bundle.save_weights(classifier, folder / "classifier.safetensors")
    if twin:
        bundle.save_weights(bundle.build(config)[1], folder / "classifier_backwards.safetensors")
    return folder


@pytest.fixture
def read_in_order(monkeypatch):
    """(split, backwards) of everything that is read, in order; and the slow parts left out."""
    found, real = [], data.Corpus.split

    def split(self, *names):
        found.append((*names, self.backwards))
        return real(self, *names)

    monkeypatch.setattr(data.Corpus, "split", split)
    monkeypatch.setattr(evaluate, "attribution_metrics", lambda *a: {})
    return found


def test_both_temperatures_are_fitted_before_test_is_read(corpus, tmp_path, read_in_order):
    folder = write(tmp_path / "twin", corpus, True)
    metrics = evaluate.evaluate(folder, corpus, "the command")
    assert read_in_order[:2] == [("heldout", False), ("heldout", True)]
    assert ("test", True) in read_in_order[2:]
    loaded, turned = bundle.load(folder), data.Corpus(corpus.folder, backwards=True)
    for key, model, texts in (
        ("calibration", loaded.classifier, corpus),
        ("calibration_backwards", loaded.classifier_backwards, turned),
    ):
        logits, labels = held_out_logits(model, texts)
        fitted = calibration_fit.fit_temperature(logits, labels)
        assert model.temperature == pytest.approx(fitted, rel=1e-3)
        assert metrics[key]["temperature"] == loaded.config[key]["temperature"]
        assert metrics[key]["n"] == 12
    assert loaded.classifier.temperature != loaded.classifier_backwards.temperature
    _, ours = evaluate.classifier_metrics(loaded.classifier, corpus.split("test"))
    _, theirs = evaluate.classifier_metrics(loaded.classifier_backwards, turned.split("test"))
    mean = evaluate.scores((ours + theirs) / 2, corpus.split("test").labels)
    assert metrics["ensemble"]["loss"] == pytest.approx(mean["loss"], abs=1e-5)


def test_without_a_twin_there_is_one_temperature(corpus, tmp_path, read_in_order):
    folder = write(tmp_path / "alone", corpus, False)
    metrics = evaluate.evaluate(folder, corpus, "the command")
    assert not [k for k in metrics if "backwards" in k or k == "ensemble"]
    assert "calibration_backwards" not in bundle.load(folder).config
    assert not [names for names in read_in_order if names[-1] is True]
