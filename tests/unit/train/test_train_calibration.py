"""The temperature and the band that are fitted on held-out reviews, on data whose answer is known."""

import numpy as np
import pytest
import torch

from train import calibration_fit
from ulmfit_demo.models.calibration import probabilities


def overconfident(n=4_000, temperature=2.5, seed=0):
    """Labels drawn from the model's own odds, then logits sharpened: `temperature` undoes it."""
    generator = torch.Generator().manual_seed(seed)
    score = torch.randn(n, generator=generator) * 2
    labels = (torch.rand(n, generator=generator) < score.sigmoid()).long()
    return torch.stack([-score / 2, score / 2], 1) * temperature, labels


def test_temperature_scaling_finds_the_temperature():
    logits, labels = overconfident()
    found = calibration_fit.fit_temperature(logits, labels)
    assert found == pytest.approx(2.5, rel=0.1)
    before = probabilities(logits)[:, 1].numpy()
    after = probabilities(logits, found)[:, 1].numpy()
    error = calibration_fit.expected_calibration_error
    assert error(after, labels.numpy()) < 0.03 < error(before, labels.numpy())
    assert ((before >= 0.5) == (after >= 0.5)).all()


def test_temperature_is_the_best_of_a_grid():
    logits, labels = overconfident(500, 0.7, seed=3)
    found = calibration_fit.fit_temperature(logits, labels)
    loss = lambda t: float(torch.nn.functional.cross_entropy(logits.double() / t, labels))  # noqa: E731
    assert loss(found) <= min(loss(t) for t in np.linspace(0.3, 3, 200)) + 1e-9


def test_reliability_bins_hold_every_review_once():
    p, y = np.array([0.0, 0.05, 0.1, 0.55, 0.99, 1.0]), np.array([0, 0, 1, 1, 1, 0])
    bins = calibration_fit.reliability(p, y)
    assert [b.n for b in bins] == [2, 1, 0, 0, 0, 1, 0, 0, 0, 2]
    assert bins[9].share_positive == 0.5
    assert calibration_fit.expected_calibration_error(p, y) == pytest.approx(
        (0.05 + 0.9 + 0.45 + 2 * 0.495) / 6
    )


def test_unsure_band_lies_where_fewer_than_four_in_five_are_right():
    rng = np.random.default_rng(1)
    p = rng.random(40_000)
    y = rng.random(40_000) < p  # calibrated: 80 % right from 0.8 on, and up to 0.2
    low, high = calibration_fit.unsure_band(p, y)
    assert (low, high) == (pytest.approx(0.2, abs=0.04), pytest.approx(0.8, abs=0.04))
    sharp = rng.random(40_000) < np.where(p < 0.5, 0.05, 0.95)
    assert calibration_fit.unsure_band(p, sharp) == (
        pytest.approx(0.5, abs=0.01),
        pytest.approx(0.5, abs=0.01),
    )
    assert calibration_fit.unsure_band(p, rng.random(40_000) < 0.5) == (0, 1)
