"""Fits a classifier's temperature on held-out reviews, before test is read. Trains no weight.

The bundle's two classifiers, the one and its twin that reads from the end, have a temperature each.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import torch

from train import calibration_fit
from train.data import Corpus
from train.reading import probabilities
from ulmfit_demo.models import calibration
from ulmfit_demo.models.awd_lstm import Classifier
from ulmfit_demo.models.bundle import Bundle, BundleError


def held_out_logits(model: Classifier, corpus: Corpus) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits [n, classes] (up to a constant a row) and labels [n] of the held-out reviews, fp32."""
    documents = corpus.split("heldout")
    temperature, model.temperature = model.temperature, 1.0
    try:
        logits = probabilities(model, documents, "fp32", "calibrate").clamp_min(1e-12).log()
    finally:
        model.temperature = temperature
    return logits, torch.from_numpy(documents.labels)


def calibrate(folder: Path, loaded: Bundle, corpus: Corpus) -> dict:
    """Write `calibration` into the bundle's `config.json`; returns what was measured.

    A corpus that is read backwards calibrates the twin: `calibration_backwards`.
    """
    model = loaded.classifier_backwards if corpus.backwards else loaded.classifier
    key = calibration.BACKWARDS if corpus.backwards else calibration.FORWARDS
    if model is None:
        raise BundleError(f"{folder} has no classifier that reads from the end")
    logits, labels = held_out_logits(model, corpus)
    positive = loaded.config["classes"].index("pos")
    found = calibration_fit.fit(logits, labels, positive)
    truth = (labels == positive).numpy()
    before = calibration.probabilities(logits)[:, positive].numpy()
    after = calibration.probabilities(logits, found.temperature)[:, positive].numpy()
    config = {**loaded.config, key: dataclasses.asdict(found)}
    (folder / "config.json").write_text(
        json.dumps(config, ensure_ascii=False, indent=1), encoding="utf-8"
    )
    bins = [dataclasses.asdict(b) for b in calibration_fit.reliability(after, truth) if b.n]
    return {
        **dataclasses.asdict(found),
        "n": len(labels),
        "ece_before": calibration_fit.expected_calibration_error(before, truth),
        "ece": calibration_fit.expected_calibration_error(after, truth),
        "bins": bins,
        "documents": "held-out reviews of train",
    }
