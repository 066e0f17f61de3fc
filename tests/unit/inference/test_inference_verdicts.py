"""A verdict in words: the same in every view and file; none for a text without a word."""

import json

import pytest
import torch

from ulmfit_demo import limits, uploads
from ulmfit_demo.inference import generation, loading, other_models, sentiment
from ulmfit_demo.inference.surprisal import surprisal_of
from ulmfit_demo.models import bundle as bundles
from ulmfit_demo.models import precision
from ulmfit_demo.models.awd_lstm import Classifier, LanguageModel, Sizes
from ulmfit_demo.models.sampling import Sampling
from ulmfit_demo.tabs.sentiment import many_reviews
from ulmfit_demo.tabs.sentiment import verdict_html as view

SIZES = Sizes(vocab_sz=12, emb_sz=8, n_hid=12, n_layers=2)
WORDS = ["xxunk", "xxpad", "xxbos", "xxfld", "xxrep", "the", "film", "is", "good", "bad", ".", "a"]
TEXT = "the film is good"
NOTHING = ["<br />", "<br /><br />", "nbsp;", "\\n", "&#10;", "&Tab;", "&#12288;", " \u2028 "]


SIDE = {"positive": 1.0, "negative": -1.0, "not sure": 0.01}  # of the last layer's features


@pytest.fixture(params=list(SIDE))
def loaded(tmp_path, own_bundles, monkeypatch, request):
    """(what is loaded, verdict): a classifier and its twin that give this verdict to every text."""
    torch.manual_seed(1)
    folder = tmp_path / "models" / "imdb"
    folder.mkdir(parents=True)
    band = {"temperature": 1.0, "low": 0.3, "high": 0.7}
    config = {
        "format": 1,
        **vars(SIZES),
        "classes": ["neg", "pos"],
        "classifier": {"lin_ftrs": 4, "bptt": 7, "max_len": 28},
        "calibration": band,
        "calibration_backwards": band,
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "vocab.json").write_text(json.dumps(WORDS))
    bundles.save_weights(LanguageModel(SIZES), folder / "lm.safetensors")
    for name in ("classifier", "classifier_backwards"):
        classifier = Classifier(SIZES, 4, 2, 7, 28)
        with torch.no_grad():
            classifier.norm2.bias.fill_(SIDE[request.param])
            classifier.norm2.weight.fill_(0.01)  # the text moves it a little
            classifier.linear2.weight[0] = -1.0
            classifier.linear2.weight[1] = 1.0
        bundles.save_weights(classifier, folder / f"{name}.safetensors")
    monkeypatch.delenv("ULMFIT_BUNDLE", raising=False)
    monkeypatch.setenv(precision.ENV, "fp32")
    return loading.load(tmp_path), request.param


def test_one_word_in_all_five_places(loaded, tmp_path):
    """The tab, its table of other methods, what-if, many at once, and the file."""
    models, word = loaded
    verdict, _ = sentiment.read(models, TEXT)
    assert verdict.word == word
    assert f">{word.upper()}</span>" in view.verdict(verdict)

    twin = other_models.backwards(models, TEXT, verdict)
    assert (twin.verdict, twin.mean_verdict) == (word, word)
    table = view.others(verdict, other_models.others(models, TEXT), twin)
    rows = [
        row for row in table.split("<tr>") if "This model" in row or "win" in row or "Mean" in row
    ]
    assert [f">{word}</td>" in row for row in rows] == [True] * 3

    found = sentiment.what_if(models, TEXT, 4)
    assert found.verdict == word
    assert {change.verdict for change in found.changes} == {word}
    shown = view.what_if(found)
    assert shown.count("not sure, ") == (1 + len(found.changes) if word == "not sure" else 0)

    *_, step = sentiment.many(models, [TEXT, " "])
    assert step.verdicts == [word, "no words"]
    assert f">{word}</td>" in many_reviews.shown([TEXT, " "], step)
    upload = uploads.pasted(f"{TEXT}\n<br />")
    uploads.write(tmp_path / "out.csv", upload, step.verdicts, step.positive)
    assert f"{TEXT},{word},0." in (tmp_path / "out.csv").read_text()
    assert "<br />,no words,\n" in (tmp_path / "out.csv").read_text()


@pytest.mark.parametrize("text", NOTHING)
def test_a_text_of_left_overs_is_an_empty_one(loaded, text):
    models, _ = loaded
    assert sentiment.read(models, text) == sentiment.read(models, "") == (None, None)
    assert sentiment.explain(models, text) is None
    assert surprisal_of(models, text) is None
    with pytest.raises(limits.Refused, match="no longer there"):
        sentiment.what_if(models, text, 0)
    *_, step = sentiment.many(models, [text, TEXT, ""])
    assert (step.done, step.blank, step.verdicts[0]) == (1, {0, 2}, "no words")
    assert "3 of 3, 2 without text" in many_reviews.shown([text, TEXT, ""], step)
    settings = (Sampling(temperature=0.0), 4, 1, 0)
    (*_, empty), (*_, found) = (generation.write(models, t, *settings) for t in ("", text))
    assert (found.prompt, found.texts) == ("", empty.texts)
    assert generation.next_word(models, None, text, None, 0, Sampling(), [1.0]).before == ""


def test_what_is_left_when_the_only_word_is_deleted_has_no_verdict(loaded):
    models, _ = loaded
    found = sentiment.what_if(models, "<br />good", 1)
    assert (found.changes[0].positive, found.changes[0].verdict) == (None, "no words")
    assert '<span class="unsure">no words</span>' in view.what_if(found)


def test_texts_without_any_word_are_all_done_at_once(loaded):
    *_, step = sentiment.many(loaded[0], ["<br />", "", "nbsp;"])
    assert (step.done, len(step.blank), set(step.verdicts)) == (0, 3, {"no words"})
