"""The twin that reads a review from its end, on a small bundle of random weights."""

import json

import pytest
import torch

from tests import small_bundle
from tests.small_bundle import CONFIG, WORDS
from ulmfit_demo.inference import loading, other_models, sentiment
from ulmfit_demo.models import bundle as bundles
from ulmfit_demo.models import precision
from ulmfit_demo.models.baselines import BaselineVerdict
from ulmfit_demo.tabs.sentiment import verdict_html as view


def test_a_bundle_without_a_twin_has_no_row_of_it(folder, tmp_path, monkeypatch):
    monkeypatch.delenv("ULMFIT_BUNDLE", raising=False)
    loaded = loading.load(tmp_path)
    verdict, _ = sentiment.read(loaded, "the film is good")
    assert other_models.backwards(loaded, "the film is good", verdict) is None
    assert "twin" not in view.others(verdict, other_models.others(loaded, "good"), None)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ((("dull", -0.78), ("boat", -0.04)), "dull -0.8<"),
        ((("boat", -0.04),), "no word that weighs much"),
        ((), "no word that it knows"),
    ],
)
def test_what_spoke_for_a_verdict_has_a_weight(folder, tmp_path, monkeypatch, parts, said):
    monkeypatch.delenv("ULMFIT_BUNDLE", raising=False)
    verdict, _ = sentiment.read(loading.load(tmp_path), "the film is good")
    assert said in view.others(verdict, [("NB-SVM", BaselineVerdict(0.4, parts))])


@pytest.mark.parametrize("temperature", [None, 2.5])
def test_the_twin_reads_from_the_end_with_its_own_temperature(
    folder, tmp_path, monkeypatch, temperature
):
    monkeypatch.delenv("ULMFIT_BUNDLE", raising=False)
    monkeypatch.setenv(precision.ENV, "fp32")
    torch.manual_seed(4)
    bundles.save_weights(small_bundle.classifier(), folder / "classifier_backwards.safetensors")
    if temperature:
        own = {"calibration_backwards": {"temperature": temperature, "low": 0.4, "high": 0.6}}
        (folder / "config.json").write_text(json.dumps({**CONFIG, **own}))
    loaded = loading.load(tmp_path)
    text = "the film is good . a bad film"
    verdict, _ = sentiment.read(loaded, text)
    found = other_models.backwards(loaded, text, verdict)
    ids = loaded.numericalize(text)
    assert ids[0] == WORDS.index("xxbos")
    with torch.inference_mode():
        logits = loaded.bundle.classifier_backwards([ids[::-1]])[0]
        ahead = loaded.bundle.classifier_backwards([ids])[0]
    expected = float((logits / (temperature or 1.0)).softmax(0)[1])
    assert abs(float(ahead[1] - logits[1])) > 1e-4  # the order matters to these weights
    assert found.positive == pytest.approx(expected, abs=1e-4)
    assert found.mean == pytest.approx((found.positive + verdict.positive) / 2)
    shown = view.others(verdict, other_models.others(loaded, text), found)
    assert f"{found.positive:.1%}" in shown
    assert f"{found.mean:.1%}" in shown
    assert shown.index("This model") < shown.index("Its twin") < shown.index("Mean of both")
