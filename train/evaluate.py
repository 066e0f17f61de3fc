"""Stage `evaluate`: measures a bundle, with the engine that the app uses. The only reader of test.

Language model: the held-out part of train, which it never saw, whole vocabulary. Classifier: all test
reviews, whole. Writes `metrics.json` and the model card into the bundle.
"""

from __future__ import annotations

import dataclasses
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from fastai.text.data import LMDataLoader

from train.calibrate import calibrate
from train.console import progress
from train.data import Corpus, Documents
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
    nats = hits = n = 0
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
        name: dataclasses.asdict(
            attribution.deletion_check(model, texts, s, skip=markers, positive=positive)
        )
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


def evaluate(folder: Path, corpus: Corpus, command: str, baselines: Path | None = None) -> dict:
    """Measure the bundle in `folder`, write `metrics.json` and `README.md` there, return the metrics.

    `baselines`: the folder of an NB-SVM fitted on the same split, to compare with.
    """
    loaded = bundle.load(folder)
    if loaded.vocab != corpus.vocab:
        raise bundle.BundleError(f"{folder} was made with another vocabulary than this cache")
    calibration = {"calibration": calibrate(folder, loaded, corpus)}
    loaded = bundle.load(folder)  # with its temperature: no verdict changes
    if loaded.classifier_backwards is not None:  # its own one, or the louder of the two is the mean
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
    if loaded.classifier_backwards is not None:
        measured, theirs = classifier_metrics(loaded.classifier_backwards, backwards.split("test"))
        metrics["classifier_backwards"] = measured
        metrics["ensemble"] = scores((probs + theirs) / 2, test.labels)
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=1), encoding="utf-8")
    (folder / "README.md").write_text(model_card(loaded.config, metrics, command), encoding="utf-8")
    return metrics


def taught(config: dict) -> str:
    """A sentence on what the classifier learned from a teacher; "" where there was none."""
    n = config["recipe"].get("student", {}).get("unlabelled", 0)
    if not n:
        return ""
    return (
        f"The classifier was then trained on with {n:,} reviews of unsup that nobody had labelled: it\n"
        "and an NB-SVM gave them probabilities together (train/README.md, a teacher and a student).\n"
    )


def earlier_states(config: dict) -> str:
    """A paragraph on the earlier states of the language model; "" where there are none."""
    names = "".join(f"\n- `{s['file']}`: {s['title']}" for s in config.get("snapshots", ()))
    if not names:
        return ""
    return f"To show what training changes, the language model on the way:\n{names}\n\n"


def model_card(config: dict, metrics: dict, command: str) -> str:
    """The bundle's README, from its own config and metrics."""
    lm, clas = metrics["lm"], metrics["classifier"]
    recipe = json.dumps(config["recipe"], indent=1)
    return f"""---
license: apache-2.0
language: en
library_name: ulmfit-demo
datasets: [stanfordnlp/imdb]
tags: [ulmfit, awd-lstm, text-classification, text-generation]
---
# {config["name"]}

{config["about"]}.

An AWD-LSTM language model and the sentiment classifier that was fine-tuned from its encoder (ULMFiT),
trained with fastai. {config["vocab_sz"]:,} words, embedding {config["emb_sz"]}, hidden
{config["n_hid"]}, {config["n_layers"]} layers. Weights in fp16, safetensors; nothing is pickled.
{taught(config)}
| measured | value | on |
|---|---|---|
| accuracy | {clas["accuracy"]:.4f} | {clas["n"]:,} test reviews |
| classifier loss | {clas["loss"]:.4f} | the same |
| perplexity | {lm["perplexity"]:.2f} | {lm["n_tokens"]:,} tokens of {lm["documents"]} |
| next-token accuracy | {lm["next_token_accuracy"]:.4f} | the same |
| bits per byte of raw text | {lm["bits_per_byte"]:.4f} | the same |
| share of unknown words | {lm["unk_share"]:.4f} | the same |

The language model saw the train and unsup reviews, never test. Choices were made on reviews held out
of train; test was read by `evaluate` alone.

Trained on IMDb film reviews: English, 2011 and before, and as one-sided as their writers. The
classifier knows praise and blame of films, nothing else; the language model repeats what reviewers
wrote, rude and wrong things included.

{earlier_states(config)}Made with

    {command}

and this recipe:

```json
{recipe}
```
"""
