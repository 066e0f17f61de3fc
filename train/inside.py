"""Stage `inside`: the figures that the Inside tab shows beside a visitor's text. Held-out reviews only.

Of the language model's last layer: how well each unit's mean over a review parts praise from blame, the
range of its values, the words of the vocabulary that it answers to most. Of its memory: bits a token
when it reads the last k tokens alone, and when all but the last k are shuffled. Writes `inside.json`
into the bundle: numbers and ids, no text.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import torch

from train.data import Corpus, Documents
from train.errors import StageError
from train.logging import progress
from ulmfit_demo.models import bundle
from ulmfit_demo.models.awd_lstm import PAD, LanguageModel
from ulmfit_demo.models.engine import engine_of
from ulmfit_demo.models.inspection import memory, shipped, units

CUT = 400  # tokens of a review that the units are measured on
BS = 64
N_WORDS = 12  # that a unit answers to most, each way
SAMPLED = 40  # values of each unit kept a review, for the percentiles
LENGTHS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
CONTEXT = 300  # tokens before each place, as Khandelwal et al. take them
PLACES = 400
PLACES_AT_ONCE = 8
SEED = 20


def unit_figures(loaded: bundle.Bundle, documents: Documents) -> dict:
    """What `shipped.Units` holds. Raises `StageError` without labelled reviews of both kinds."""
    labels = np.asarray(documents.labels)
    positive = loaded.config["classes"].index("pos")
    signs = (labels == positive).astype(int)
    if not 0 < signs.sum() < len(signs):
        raise StageError("the held-out reviews have no labels of both kinds")
    means, values = unit_values(
        loaded.lm, [documents[i].tolist()[:CUT] for i in range(len(labels))]
    )
    first = loaded.vocab.index("xxbos")
    answers = units.response(loaded.lm.body, first, range(len(loaded.vocab))).clone()
    markers = [i for i, w in enumerate(loaded.vocab) if w.startswith("xx")]
    answers[markers] = torch.nan
    up = answers.nan_to_num(-torch.inf).topk(N_WORDS, 0).indices.T
    down = (-answers).nan_to_num(-torch.inf).topk(N_WORDS, 0).indices.T
    low, high = np.percentile(values, [1, 99], axis=0)
    return {
        "auc": np.round(units.auc(means, signs), 4).tolist(),
        "low": np.round(low, 3).tolist(),
        "high": np.round(high, 3).tolist(),
        "lifting": up.tolist(),
        "lowering": down.tolist(),
        "n_reviews": len(labels),
    }


def unit_values(model: LanguageModel, texts: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Each unit's mean over each text [texts, emb_sz], and a sample of its values [sampled, emb_sz]."""
    engine = engine_of(model)
    precision, rng = memory.precision(engine), random.Random(SEED)
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]), reverse=True)
    means = np.zeros((len(texts), model.body.sizes.emb_sz))
    sampled = []
    with torch.inference_mode():
        for start in progress(range(0, len(order), BS), "units"):
            which = order[start : start + BS]
            sizes = torch.tensor([len(texts[i]) for i in which])
            ids = torch.full((len(which), int(sizes.max())), PAD)
            for row, i in zip(ids, which, strict=True):
                row[: len(texts[i])] = torch.tensor(texts[i])
            features, _ = engine.read(ids, model.body.zero_state(len(which)), precision)
            inside = (torch.arange(ids.shape[1])[None] < sizes[:, None])[..., None]
            means[which] = (features.masked_fill(~inside, 0).sum(1) / sizes[:, None]).numpy()
            for row, n in zip(features, sizes.tolist(), strict=True):
                places = sorted(rng.sample(range(n), min(n, SAMPLED)))
                sampled.append(row[places].numpy())
    return means, np.concatenate(sampled)


def memory_figures(model: LanguageModel, documents: Documents, n: int = PLACES) -> dict:
    """What `shipped.Curves` holds: the mean over one place of each of `n` long reviews."""
    rng = random.Random(SEED)
    context = min(CONTEXT, max(documents.lengths) - 2)  # a tiny corpus may have short reviews only
    if context < 2:
        raise StageError("the held-out reviews are too short to measure a memory")
    long = [i for i in range(len(documents)) if documents.lengths[i] > context + 1]
    chosen = sorted(rng.sample(long, min(n, len(long))))
    lengths = [k for k in LENGTHS if k < context]
    precision = memory.precision(engine_of(model))
    rows = []  # each: the whole, then shortened to each length, then shuffled beyond each
    for start in progress(range(0, len(chosen), PLACES_AT_ONCE), "memory"):
        contexts, targets = [], []
        for i in chosen[start : start + PLACES_AT_ONCE]:
            ids = documents[i].tolist()
            place = rng.randrange(context, len(ids))
            before = ids[place - context : place]
            contexts += [before, *(before[-k:] for k in lengths)]
            contexts += [memory.shuffled(before, k, rng.randrange(2**31)) for k in lengths]
            targets += [ids[place]] * (1 + 2 * len(lengths))
        found = memory.bits_after(model, contexts, targets, precision)
        rows.append(np.asarray(found).reshape(-1, 1 + 2 * len(lengths)))
    bits = np.concatenate(rows).mean(0).round(4)
    return {
        "lengths": lengths,
        "shortened": bits[1 : 1 + len(lengths)].tolist(),
        "distances": lengths,
        "shuffled": bits[1 + len(lengths) :].tolist(),
        "whole": float(bits[0]),
        "context": int(context),
        "n_places": len(chosen),
    }


def measure(folder: Path, corpus: Corpus) -> dict:
    """Write `inside.json` into the bundle in `folder`; returns what it holds."""
    loaded = bundle.load(folder)
    if loaded.vocab != corpus.vocab:
        raise bundle.BundleError(f"{folder} was made with another vocabulary than this cache")
    documents = corpus.split("heldout")
    found = {
        "weights": shipped.fingerprint(folder),
        "units": unit_figures(loaded, documents),
        "curves": memory_figures(loaded.lm, documents),
    }
    (folder / shipped.FILE).write_text(json.dumps(found), encoding="utf-8")
    return found
