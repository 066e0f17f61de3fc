"""Stage `evaluate`: measures a bundle, with the engine that the app uses. The only reader of test.

Language model: the held-out part of train, which it never saw, whole vocabulary. Classifier: all test
reviews, whole. Writes `metrics.json` and the model card into the bundle.
"""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from fastai.text.data import LMDataLoader

from train import model_card, short_texts
from train.calibrate import calibrate
from train.data import Corpus, Documents
from train.deletion_check import deletion_check
from train.logging import progress
from train.mistakes import against_bundle
from train.mistakes import measure as mistakes
from train.reading import probabilities
from ulmfit_demo.limits import EXPLAINED_TOKENS
from ulmfit_demo.models import attribution, bundle
from ulmfit_demo.models.awd_lstm import Classifier, LanguageModel


def language_model_metrics(model: LanguageModel, documents: Documents, bs: int = 64) -> dict:
    """Perplexity, next-token accuracy, bits per byte of raw text and share of `xxunk`.

    The documents are read as one stream in `bs` rows with the state carried on, as fastai validates.
    Bits per byte: all the bits spent on the tokens over the bytes of the raw files, scaled up for the
    few tokens at the end of the stream that no batch shows. An unknown word costs the bits of `xxunk`
    only, so the figure must be read together with `unk_share`.
    """
    loader = LMDataLoader(documents, lens=documents.lengths.tolist(), bs=bs, seq_len=70)
    nats, hits, n = 0.0, 0, 0
    state = model.body.zero_state(bs)
    with torch.inference_mode():
        for x, y in progress(loader, "language model", len(loader)):
            x, y = torch.Tensor.long(x.as_subclass(torch.Tensor)), y.as_subclass(torch.Tensor)
            features, state = model.body(x, state)
            for rows, targets in zip(features.split(8), y.split(8), strict=True):
                logits = model.decode(rows.reshape(-1, rows.shape[-1]))
                nats += F.cross_entropy(logits, targets.reshape(-1), reduction="sum").item()
                hits += (logits.argmax(1) == targets.reshape(-1)).sum().item()
            n += y.numel()
    total = int(documents.lengths.sum())
    unknown = sum(int((documents[i] == 0).sum()) for i in range(len(documents)))
    return {
        "perplexity": math.exp(nats / n),
        "next_token_accuracy": hits / n,
        "bits_per_byte": nats / n * total / math.log(2) / documents.n_bytes,
        "unk_share": unknown / total,
        "n_tokens": n,
        "documents": "held-out reviews of train",
    }


def classifier_metrics(model: Classifier, documents: Documents) -> tuple[dict, np.ndarray]:
    """Accuracy, loss and confusion on `documents`, and the probabilities [documents, classes]."""
    started = time.perf_counter()
    probs = probabilities(model, documents, "fp32", "classifier").numpy()
    seconds = time.perf_counter() - started
    measured = scores(probs, documents.labels)
    return {**measured, "documents_per_second": len(documents) / seconds}, probs


def attribution_metrics(loaded: bundle.Bundle, documents: Documents, n: int = 200) -> dict:
    """Do the words that a method names matter? Deletion of the top five against five random ones."""
    lengths = documents.lengths
    short = [i for i in range(len(documents)) if lengths[i] <= EXPLAINED_TOKENS]
    texts = [documents[i].tolist() for i in short[:: max(1, len(short) // n)][:n]]
    markers = [i for i, w in enumerate(loaded.vocab) if w.startswith("xx")]
    model, positive = loaded.classifier, loaded.config["classes"].index("pos")
    gradients, left_out = [], []
    for ids in progress(texts, "attribution"):
        gradients.append(attribution.integrated_gradients(model, ids, positive).scores)
        left_out.append(attribution.leave_one_out(model, ids, positive))
    found = {"Integrated gradients": gradients, "Leave one out": left_out}
    return {
        name: dataclasses.asdict(deletion_check(model, texts, s, skip=markers, positive=positive))
        for name, s in found.items()
    }


def scores(probs: np.ndarray, labels: np.ndarray) -> dict:
    """Accuracy, loss and confusion [true][predicted] of probabilities [documents, classes]."""
    predicted, n_classes = probs.argmax(1), probs.shape[1]
    confusion = np.bincount(labels * n_classes + predicted, minlength=n_classes**2)
    own = probs[np.arange(len(labels)), labels]
    return {
        "accuracy": float((predicted == labels).mean()),
        "loss": float(-np.log(own.clip(1e-12)).mean()),
        "n": len(labels),
        "confusion": confusion.reshape(n_classes, -1).tolist(),
    }


def evaluate(
    folder: Path,
    corpus: Corpus,
    command: str,
    baselines: Path | None = None,
    sentences: Path | None = None,
    others: Sequence[Path] = (),
) -> dict:
    """Measure the bundle in `folder`, write `metrics.json` and `README.md` there, return the metrics.

    `baselines`: the folder of an NB-SVM fitted on the same split, to compare with; `others`: bundles to
    compare with. `sentences`: a table of labels and short texts (see `short_texts`).
    """
    loaded = bundle.load(folder)
    if loaded.vocab != corpus.vocab:
        raise bundle.BundleError(f"{folder} was made with another vocabulary than this cache")
    rivals = [bundle.load(other) for other in others]  # what cannot be read is said before the hour
    for rival in rivals:
        if rival.vocab != corpus.vocab:
            raise bundle.BundleError(f"{rival.folder} has another vocabulary than this cache")
    if sentences:
        short_texts.read(sentences, loaded.config["classes"])
    calibration = {"calibration": calibrate(folder, loaded, corpus)}
    loaded = bundle.load(folder)  # with its temperature: no verdict changes
    if loaded.classifier_backwards is not None:
        # a temperature of its own: else the classifier with the larger logits dominates the mean
        backwards = Corpus(corpus.folder, backwards=True)
        calibration["calibration_backwards"] = calibrate(folder, loaded, backwards)
        loaded = bundle.load(folder)
    test = corpus.split("test")
    classifier, probs = classifier_metrics(loaded.classifier, test)
    metrics = {
        "lm": language_model_metrics(loaded.lm, corpus.split("heldout")),
        "classifier": {**classifier, "documents": "all reviews of test"},
        **calibration,
        "attribution": attribution_metrics(loaded, corpus.split("heldout")),
        **mistakes(probs, test, "fp32", baselines),
    }
    for rival in rivals:
        metrics.setdefault("against", {}).update(against_bundle(probs, rival, test, "fp32"))
    if sentences:
        metrics["short_texts"] = short_texts.measure(loaded, sentences)
    if loaded.classifier_backwards is not None:
        measured, theirs = classifier_metrics(loaded.classifier_backwards, backwards.split("test"))
        metrics["classifier_backwards"] = measured
        metrics["ensemble"] = scores((probs + theirs) / 2, test.labels)
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=1), encoding="utf-8")
    card = model_card.write(loaded.config, metrics, command)
    (folder / "README.md").write_text(card, encoding="utf-8")
    return metrics
