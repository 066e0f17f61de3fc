"""The shipped model as a pipeline in fp32, so that two machines agree; and a small one that fastai made."""

import json
from types import SimpleNamespace

import pytest
import torch
from fastai.text.models.awdlstm import AWD_LSTM, awd_lstm_clas_config, awd_lstm_lm_config
from fastai.text.models.core import get_language_model, get_text_classifier

import ulmfit_demo
from train.export import fill
from train.state_dicts import classifier_weights, lm_weights
from ulmfit_demo.models import bundle, precision

SIZES = dict(emb_sz=24, n_hid=40, n_layers=2)
HEAD = dict(lin_ftrs=10, bptt=7, max_len=28)
SPECIAL = ["xxunk", "xxpad", "xxbos", "xxeos", "xxfld", "xxrep", "xxwrep", "xxup", "xxmaj"]
WORDS = [
    "a",
    "the",
    "film",
    "boat",
    "was",
    "is",
    "dull",
    "warm",
    "and",
    "not",
    "very",
    "music",
    "by",
    "old",
    "harbour",
]


@pytest.fixture(autouse=True)
def _fp32(monkeypatch):
    monkeypatch.setenv(precision.ENV, "fp32")


@pytest.fixture(scope="session")
def shipped():
    return ulmfit_demo.load()


@pytest.fixture
def small(tmp_path, own_bundles):
    """(a pipeline, fastai's language model, fastai's classifier) with the same random weights."""
    vocab = SPECIAL + WORDS
    torch.manual_seed(4)
    lm = get_language_model(AWD_LSTM, len(vocab), {**awd_lstm_lm_config, **SIZES}).eval()
    classifier = get_text_classifier(
        AWD_LSTM,
        len(vocab),
        2,
        seq_len=HEAD["bptt"],
        config={**awd_lstm_clas_config, **SIZES},
        lin_ftrs=[HEAD["lin_ftrs"]],
        max_len=HEAD["max_len"],
    ).eval()
    with torch.no_grad():
        for model in (lm, classifier):  # a bundle holds fp16
            for p in model[0].parameters():
                p.copy_(p.mul(4).half().float())
        for module in classifier.modules():
            if isinstance(module, torch.nn.BatchNorm1d):
                module.running_mean.normal_(std=0.2)
                module.running_var.uniform_(0.5, 2)
    config = {
        "format": bundle.FORMAT,
        "name": "small",
        "vocab_sz": len(vocab),
        **SIZES,
        "classes": ["neg", "pos"],
        "classifier": HEAD,
    }
    ours_lm, ours_classifier = bundle.build(config)
    fill(ours_lm, lm_weights(lm.state_dict()))
    fill(ours_classifier, classifier_weights(classifier.state_dict()))
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "vocab.json").write_text(json.dumps(vocab))
    bundle.save_weights(ours_lm, folder / "lm.safetensors")
    bundle.save_weights(ours_classifier, folder / "classifier.safetensors")
    return SimpleNamespace(
        pipeline=ulmfit_demo.load(folder), folder=folder, lm=lm, classifier=classifier
    )
