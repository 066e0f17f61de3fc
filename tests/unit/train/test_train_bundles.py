"""What is exported, what an export holds of earlier states, and going on from a bundle."""

import dataclasses
import json
import shutil

import pytest
import torch

from tests.tiny_training import CLASSIFIER, LM, RECIPE
from train import classifier as classifier_stage
from train import (
    export,
    language_model,
    unpack,
)
from train.stages import Run
from ulmfit_demo.models import bundle


@pytest.fixture(scope="module")
def exported(corpus, trained, tmp_path_factory):
    """A bundle with two earlier states of its language model."""
    if not (trained / "classifier.pth").is_file():
        classifier_stage.train(corpus, LM, CLASSIFIER, Run(trained), torch.device("cpu"))
    out = tmp_path_factory.mktemp("bundles") / "tiny"
    earlier = {"after one pass": trained / "lm.pth", "on the way": trained / "lm.checkpoint"}
    export.export(RECIPE, corpus, trained, out, earlier)
    return out


def test_earlier_states_of_the_language_model_go_into_the_bundle(trained, exported):
    loaded = bundle.load(exported)
    assert [s.title for s in loaded.snapshots] == ["after one pass", "on the way"]
    assert torch.equal(loaded.snapshots[0].model.bias, loaded.lm.bias)
    state = torch.load(trained / "lm.checkpoint", weights_only=False)["model"]
    assert torch.equal(loaded.snapshots[1].model.bias, state["1.decoder.bias"])
    embedding = loaded.snapshots[1].model.body.encoder.weight
    assert torch.equal(embedding, state["0.encoder.weight"].half().float())


def test_a_bundle_is_enough_to_go_on_from(corpus, exported, tmp_path):
    """`unpack`: the very weights of the bundle, under the names that fastai loads."""
    unpack.unpack(exported, corpus, LM, tmp_path)
    ours = bundle.load(exported).lm
    learn = language_model.learner(corpus, LM, tmp_path, torch.device("cpu"))
    learn.model.load_state_dict(torch.load(tmp_path / "lm.pth"))
    x = torch.randint(9, len(corpus.vocab), (2, 7))  # [bs, seq_len]
    learn.model.eval()
    learn.model.reset()
    with torch.no_grad():
        assert torch.allclose(learn.model(x)[0], ours(x)[0], atol=1e-5)
    with pytest.raises(unpack.UnpackError, match="there already"):
        unpack.unpack(exported, corpus, LM, tmp_path)
    read = torch.load(tmp_path / "classifier.pth")
    assert torch.equal(read["1.layers.1.2.weight"], bundle.load(exported).classifier.linear2.weight)
    assert (tmp_path / "log.jsonl").read_text() == (exported / "training.jsonl").read_text()
    earlier = torch.load(tmp_path / "lm-1.pth")["1.decoder.bias"]
    assert torch.equal(earlier, bundle.load(exported).snapshots[1].model.bias)
    learn.load_encoder("finetuned")  # raises where a name is missing
    assert torch.equal(learn.model[0].encoder.weight, ours.body.encoder.weight)


def test_a_bundle_of_other_words_is_refused(corpus, exported, tmp_path):
    shutil.copytree(exported, tmp_path / "other")
    words = [*corpus.vocab[:-1], "unheard-of"]
    (tmp_path / "other" / "vocab.json").write_text(json.dumps(words), encoding="utf-8")
    with pytest.raises(unpack.UnpackError, match="differ"):
        unpack.unpack(tmp_path / "other", corpus, LM, tmp_path / "run")
    with pytest.raises(unpack.UnpackError, match="another n_hid"):
        unpack.unpack(exported, corpus, dataclasses.replace(LM, n_hid=25), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_failed_export_leaves_no_bundle(corpus, tmp_path):
    with pytest.raises(export.ExportError, match="missing"):
        export.export(RECIPE, corpus, tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()
