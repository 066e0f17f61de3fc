"""Stage `inside`: the figures against separate calls, on a tiny corpus and random weights."""

import json
import math

import numpy as np
import pytest
import torch

from train import inside
from train.errors import StageError
from ulmfit_demo.models import bundle
from ulmfit_demo.models.inspection import shipped

CONFIG = {
    "format": bundle.FORMAT,
    "name": "tiny",
    "vocab_sz": 40,
    "emb_sz": 6,
    "n_hid": 8,
    "n_layers": 2,
    "classes": ["neg", "pos"],
    "classifier": {"lin_ftrs": 4, "bptt": 7, "max_len": 28},
}
WORDS = ["xxunk", "xxpad", "xxbos", *(f"w{i}" for i in range(37))]


class Tiny:
    """Eight reviews with labels, as `Corpus` and its `Documents`."""

    def __init__(self, labels=(0, 1) * 4, length=30):
        rng = np.random.default_rng(0)
        self.vocab, self.labels = WORDS, np.array(labels)
        self.texts = [
            torch.tensor([2, *rng.integers(3, 40, length + i)]) for i in range(len(labels))
        ]
        self.lengths = np.array([len(t) for t in self.texts])

    def split(self, name):
        assert name == "heldout"
        return self

    def __len__(self):
        return len(self.texts)

    def __getitem__(self, i):
        return self.texts[i]


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(1)
    lm, classifier = bundle.build(CONFIG)
    torch.nn.init.normal_(lm.body.encoder.weight)
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "vocab.json").write_text(json.dumps(WORDS))
    bundle.save_weights(lm, tmp_path / "lm.safetensors")
    bundle.save_weights(classifier, tmp_path / "classifier.safetensors")
    return tmp_path


def test_the_figures_are_those_of_separate_calls(folder):
    corpus = Tiny()
    found = inside.measure(folder, corpus)
    loaded = bundle.load(folder)
    assert shipped.of(loaded).units.auc == tuple(found["units"]["auc"])
    body = loaded.lm.body
    with torch.inference_mode():
        means = np.stack(
            [body(t[None], body.zero_state(1))[0][0].mean(0).numpy() for t in corpus.texts]
        )
        answers = body(torch.tensor([[2, i] for i in range(40)]), body.zero_state(40))[0][:, -1]
    for unit, auc in enumerate(found["units"]["auc"]):
        pairs = [
            (a > b) + (a == b) / 2
            for a in means[corpus.labels == 1, unit]
            for b in means[corpus.labels == 0, unit]
        ]
        assert auc == pytest.approx(np.mean(pairs), abs=1e-4)
        order = [i for i in answers[:, unit].argsort(descending=True).tolist() if i > 2]
        assert found["units"]["lifting"][unit] == order[:12]
        assert found["units"]["lowering"][unit] == order[::-1][:12]
    curves = found["curves"]
    assert curves["context"] == max(corpus.lengths) - 2
    (text,) = [t for t in corpus.texts if len(t) > curves["context"] + 1]
    at = [curves["context"], curves["context"] + 1]  # one of these places was drawn

    def bits(context, target):
        with torch.inference_mode():
            logits, _ = loaded.lm(context[None])
        return float(-logits[0, -1].log_softmax(-1)[target] / math.log(2))

    wholes = [bits(text[p - curves["context"] : p], text[p]) for p in at]
    place = at[int(np.argmin([abs(w - curves["whole"]) for w in wholes]))]
    assert curves["whole"] == pytest.approx(
        min(wholes, key=lambda w: abs(w - curves["whole"])), abs=1e-3
    )
    for k, value in zip(curves["lengths"], curves["shortened"], strict=True):
        assert value == pytest.approx(bits(text[place - k : place], text[place]), abs=1e-3)


def test_reviews_without_both_labels_are_refused(folder):
    with pytest.raises(StageError, match="labels of both kinds"):
        inside.measure(folder, Tiny(labels=(1, 1)))
