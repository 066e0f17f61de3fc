"""The inference engine against fastai's modules, on random weights."""

import random

import pytest
import torch
from fastai.text.models.awdlstm import AWD_LSTM, awd_lstm_clas_config, awd_lstm_lm_config
from fastai.text.models.core import get_language_model, get_text_classifier

from train.export import fill
from train.state_dicts import classifier_weights, lm_weights
from ulmfit_demo.models import bundle
from ulmfit_demo.models.classification import classify

SIZES = dict(emb_sz=24, n_hid=40, n_layers=2)
VOCAB = 104
CONFIG = {
    "format": bundle.FORMAT,
    "name": "random",
    "vocab_sz": VOCAB,
    **SIZES,
    "classes": ["neg", "pos"],
    "classifier": {"lin_ftrs": 10, "bptt": 7, "max_len": 28},
}


@pytest.fixture(scope="module")
def pair():
    torch.manual_seed(0)
    lm = get_language_model(AWD_LSTM, VOCAB, {**awd_lstm_lm_config, **SIZES}).eval()
    clas = get_text_classifier(
        AWD_LSTM,
        VOCAB,
        2,
        seq_len=7,
        config={**awd_lstm_clas_config, **SIZES},
        lin_ftrs=[10],
        max_len=28,
    ).eval()
    for module in clas.modules():
        if isinstance(module, torch.nn.BatchNorm1d):  # statistics of a model that was trained
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    ours_lm, ours_clas = bundle.build(CONFIG)
    fill(ours_lm, lm_weights(lm.state_dict()))
    fill(ours_clas, classifier_weights(clas.state_dict()))
    return lm, clas, ours_lm, ours_clas


def test_language_model_equals_fastai_with_state_carried_over(pair):
    theirs, _, ours, _ = pair
    theirs.reset()
    state = None
    with torch.inference_mode():
        for length in (5, 1, 9, 1, 1):
            ids = torch.randint(2, VOCAB, (3, length))
            expected = theirs(ids)[0]
            logits, state = ours(ids, state)
            torch.testing.assert_close(logits, expected, atol=1e-5, rtol=1e-4)


def test_state_of_one_call_does_not_reach_another(pair):
    ours = pair[2]
    ids = torch.randint(2, VOCAB, (2, 6))
    with torch.inference_mode():
        first, _ = ours(ids)
        ours(torch.randint(2, VOCAB, (2, 30)))
        again, _ = ours(ids)
    assert torch.equal(first, again)


@pytest.mark.parametrize("length", [1, 2, 6, 7, 8, 27, 28, 29, 40, 63])
def test_classifier_equals_fastai_on_one_document(pair, length):
    _, theirs, _, ours = pair
    ids = torch.randint(2, VOCAB, (1, length))
    with torch.inference_mode():
        theirs.reset()
        expected = theirs(ids)[0]
        torch.testing.assert_close(ours(ids.tolist()), expected, atol=1e-5, rtol=1e-4)


def test_a_batch_of_documents_equals_each_alone(pair):
    ours = pair[3]
    rng = random.Random(1)
    documents = [[rng.randrange(2, VOCAB) for _ in range(rng.randrange(1, 60))] for _ in range(30)]
    batch = classify(ours, documents, bs=8, precision="fp32")
    alone = torch.cat([classify(ours, [d], precision="fp32") for d in documents])
    torch.testing.assert_close(batch, alone, atol=1e-6, rtol=1e-5)


def test_a_document_without_tokens_is_refused(pair):
    with pytest.raises(ValueError, match="without tokens"):
        pair[3]([[2, 3], []])


def test_bundle_keeps_logits_within_fp16(pair, tmp_path):
    ours = pair[2]
    bundle.save_weights(ours, tmp_path / "lm.safetensors")
    back, _ = bundle.build(CONFIG)
    with torch.no_grad():
        bundle.load_weights(back, tmp_path / "lm.safetensors")
    ids = torch.randint(2, VOCAB, (2, 20))
    with torch.inference_mode():
        torch.testing.assert_close(back(ids)[0], ours(ids)[0], atol=5e-3, rtol=5e-3)


def test_a_cut_off_weight_file_is_one_clear_error(pair, tmp_path):
    path = tmp_path / "lm.safetensors"
    bundle.save_weights(pair[2], path)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(bundle.BundleError, match="cannot be read"):
        bundle.load_weights(bundle.build(CONFIG)[0], path)


def test_a_missing_bundle_names_the_file(tmp_path):
    with pytest.raises(bundle.BundleError, match=r"config\.json is missing"):
        bundle.load(tmp_path)
