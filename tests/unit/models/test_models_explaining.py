"""A bundle's calibration, attribution and the baselines, on data whose answer is known."""

import random

import numpy as np
import pytest
import torch
from captum import attr as captum

from train.deletion_check import deletion_check
from ulmfit_demo.models import baselines, bundle, calibration
from ulmfit_demo.models.attribution import (
    integrated_gradients,
    leave_one_out,
    log_odds,
    mean_gradient,
)


def test_a_bundle_without_calibration_has_none_and_a_wrong_one_is_refused():
    assert calibration.from_config({}) == calibration.Calibration(1.0, 0.5, 0.5)
    held = {"calibration": {"temperature": 1.4, "low": 0.3, "high": 0.66, "n": 2500}}
    found = calibration.from_config(held)
    assert (found.temperature, found.unsure(0.3), found.unsure(0.31)) == (1.4, False, True)
    with pytest.raises(ValueError, match="no temperature"):
        calibration.from_config({"calibration": {"temperature": 0}})


def test_a_bundle_reads_its_calibration(random_lm, random_classifier, tmp_path):
    import json

    config = {"format": 1, "name": "x", "vocab_sz": 104, "emb_sz": 24, "n_hid": 40, "n_layers": 2}
    config["classes"] = ["neg", "pos"]
    config["classifier"] = {"lin_ftrs": 10, "bptt": 7, "max_len": 28}
    bundle.save_weights(random_lm, tmp_path / "lm.safetensors")
    bundle.save_weights(random_classifier, tmp_path / "classifier.safetensors")
    (tmp_path / "vocab.json").write_text(json.dumps([str(i) for i in range(104)]))

    def load(more):
        (tmp_path / "config.json").write_text(json.dumps({**config, **more}))
        return bundle.load(tmp_path)

    assert load({}).classifier.temperature == 1
    loaded = load({"calibration": {"temperature": 1.5, "low": 0.4, "high": 0.7}})
    assert (loaded.classifier.temperature, loaded.calibration.high) == (1.5, 0.7)
    with pytest.raises(bundle.BundleError, match="no temperature"):
        load({"calibration": {"temperature": -1}})
    # its twin has one of its own, and 1 where config.json gives none
    bundle.save_weights(random_classifier, tmp_path / "classifier_backwards.safetensors")
    loaded = load({"calibration": {"temperature": 1.5}})
    assert (loaded.classifier.temperature, loaded.classifier_backwards.temperature) == (1.5, 1)
    loaded = load({"calibration_backwards": {"temperature": 0.7, "low": 0.1, "high": 0.9}})
    assert (loaded.classifier.temperature, loaded.classifier_backwards.temperature) == (1, 0.7)
    assert loaded.calibration == calibration.Calibration()
    with pytest.raises(bundle.BundleError, match="calibration_backwards"):
        load({"calibration_backwards": {"temperature": 0}})


def ids_of(length, seed=0):
    rng = random.Random(seed)
    return [rng.randrange(2, 104) for _ in range(length)]


@pytest.mark.parametrize("length", [1, 12, 60])  # 60: pools the last part only
def test_integrated_gradients_sum_to_the_difference(random_classifier, length):
    ids = ids_of(length)
    found = integrated_gradients(random_classifier, ids)
    assert len(found.scores) == length
    assert found.error <= 0.02
    assert sum(found.scores) == pytest.approx(found.total, abs=0.021 * abs(found.total))
    flipped = integrated_gradients(random_classifier, ids, positive=0)
    assert flipped.total == pytest.approx(-found.total, rel=1e-4)


@pytest.mark.parametrize("n_steps", [8, 64])
@pytest.mark.parametrize("length", [1, 12, 60])
def test_integrated_gradients_are_captums(random_classifier, length, n_steps):
    embedded = random_classifier.body.encoder(torch.tensor([ids_of(length)])).detach()

    def score(x):
        lengths = torch.full((len(x),), length)
        pooled = random_classifier.pool(random_classifier.body.through(x), lengths)
        return log_odds(random_classifier.head(pooled))

    for rows in (5, 200):  # several batches of points, and one
        expected = captum.IntegratedGradients(score).attribute(
            embedded, n_steps=n_steps, method="gausslegendre", internal_batch_size=rows
        )
        found = mean_gradient(score, embedded, n_steps, rows) * embedded
        torch.testing.assert_close(found, expected.float(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("length", [1, 2, 33, 50, 71])
def test_leave_one_out_equals_reading_each_text_alone(random_classifier, length):
    ids = ids_of(length, 3)
    found = leave_one_out(random_classifier, ids)
    if length == 1:
        assert found == (0.0,)
        return
    with torch.inference_mode():
        full = log_odds(random_classifier([ids]))[0]
        for i in range(length):
            alone = log_odds(random_classifier([ids[:i] + ids[i + 1 :]]))[0]
            assert found[i] == pytest.approx(float(full - alone), abs=1e-4)


def test_deleting_what_mattered_moves_the_verdict_more(random_classifier):
    documents = [ids_of(25, seed) for seed in range(12)]
    scores = [leave_one_out(random_classifier, d) for d in documents]
    check = deletion_check(random_classifier, documents, scores, k=3)
    assert check.n == 12
    assert check.ratio == pytest.approx(check.top / check.random)
    assert check.ratio > 1.5
    with pytest.raises(ValueError, match="more than 3 tokens"):
        deletion_check(random_classifier, documents, scores, k=3, skip=range(104))


def test_nbsvm_weighs_each_ngram_once(tmp_path):
    weights = {"good": 1.0, "not": -0.25, "not good": -2.0, "bad": -1.5}
    baselines.save_nbsvm(weights, 0.1, tmp_path, {"accuracy": 0.9})
    model = baselines.load_nbsvm(tmp_path)
    found = model(["not", "good", "not", "good", "film"])
    assert found.positive == pytest.approx(1 / (1 + np.exp(-(0.1 + 1 - 0.25 - 2))))
    assert [g for g, _ in found.parts] == ["not good", "good", "not"]
    assert model([]).positive == pytest.approx(1 / (1 + np.exp(-0.1)))
    (tmp_path / "nbsvm.safetensors").write_bytes(b"cut")
    with pytest.raises(baselines.BaselineError, match="cannot be read"):
        baselines.load_nbsvm(tmp_path)
    with pytest.raises(baselines.BaselineError, match=r"nbsvm\.json is missing"):
        baselines.load_nbsvm(tmp_path / "nowhere")


def test_only_the_strongest_ngrams_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(baselines, "MAX_GRAMS", 2)
    baselines.save_nbsvm({"a": 0.1, "b": -3.0, "c": 2.0}, 0.0, tmp_path, {})
    assert baselines.load_nbsvm(tmp_path).weights == {"b": -3.0, "c": 2.0}


def test_vader_reads_its_lexicon():
    pytest.importorskip("vaderSentiment")
    good, bad = baselines.vader("A GREAT film!!!"), baselines.vader("An awful, boring mess.")
    assert good.positive > 0.7 > 0.3 > bad.positive
    assert ("great", 3.1) in good.parts
    assert baselines.vader("").positive == 0.5
