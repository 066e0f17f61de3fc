"""A classifier's probabilities of cached documents, whole, with a bar of progress. Judges nothing."""

from __future__ import annotations

import torch
from torch import Tensor

from train.data import Documents
from train.logging import progress
from ulmfit_demo.models.awd_lstm import Classifier
from ulmfit_demo.models.classification import classify_batches


def probabilities(model: Classifier, documents: Documents, precision: str, title: str) -> Tensor:
    """[documents, classes], calibrated where the model is; `title` names the bar."""
    texts = [documents[i].tolist() for i in range(len(documents))]
    result = torch.empty(len(texts), len(model.linear2.weight))
    with progress(None, title, len(texts)) as bar:
        for which, probs in classify_batches(model, texts, precision=precision):
            result[which] = probs
            bar.update(len(which))
    return result
