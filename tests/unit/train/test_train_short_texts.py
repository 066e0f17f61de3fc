"""Sentences are read as the Sentiment tab reads them; the card and the page say both figures."""

import json

import numpy as np
import pytest
import torch

from train import data, evaluate, export, generated, model_card, recipe, short_texts
from ulmfit_demo import theme
from ulmfit_demo.inference import loading, sentiment
from ulmfit_demo.models import bundle
from ulmfit_demo.tabs.sentiment import verdict_html as view

SENTENCES = [
    ("pos", "A wonderful boat film!!!"),
    ("neg", 'It says "never again" & means it.'),
    ("neg", "THE plot is a mess, the actors are lost."),
    ("pos", "I laughed."),
    ("neg", "boring"),
]
RECIPE = recipe.Recipe(
    "tiny",
    about="a <tiny> one",
    data=recipe.Data(min_freq=1, heldout=8),
    lm=recipe.LanguageModel(emb_sz=8, n_hid=12),
    classifier=recipe.Classifier(bptt=10, max_len=40, lin_ftrs=6),
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    root = tmp_path_factory.mktemp("corpus")
    sizes = {"train/neg": 20, "train/pos": 20, "test/neg": 6, "test/pos": 6, "unsup": 4}
    data.prepare(generated.write(root / "imdb", sizes), root / "data", RECIPE.data, workers=1)
    return data.Corpus(root / "data")


def write_bundle(folder, corpus, seed):
    torch.manual_seed(seed)
    config = export.make_config(RECIPE, len(corpus.vocab))
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "vocab.json").write_text(json.dumps(corpus.vocab))
    lm, classifier = bundle.build(config)
    torch.nn.init.normal_(classifier.body.encoder.weight)
    bundle.save_weights(lm, folder / "lm.safetensors")
    bundle.save_weights(classifier, folder / "classifier.safetensors")
    return folder


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "sentences.tsv"
    rows = "".join(f"{label}\t{text}\n" for label, text in SENTENCES)
    path.write_text(f"label\ttext\n{rows}", encoding="utf-8")
    return path


@pytest.fixture
def measured(corpus, table, tmp_path, monkeypatch):
    monkeypatch.setattr(evaluate, "attribution_metrics", lambda *a: {})
    folder = write_bundle(tmp_path / "ours", corpus, 3)
    other = write_bundle(tmp_path / "theirs", corpus, 4)
    found = evaluate.evaluate(folder, corpus, "x", sentences=table, others=[other])
    return folder, other, found


def test_sentences_are_read_as_the_tab_reads_them(measured, monkeypatch, own_bundles):
    folder, _, metrics = measured
    monkeypatch.setenv("ULMFIT_BUNDLE", str(folder))
    monkeypatch.setenv("ULMFIT_PRECISION", "fp32")
    app = loading.load(theme.ASSETS)
    verdicts = [sentiment.read(app, text)[0].positive >= 0.5 for _, text in SENTENCES]
    right = [said == (label == "pos") for said, (label, _) in zip(verdicts, SENTENCES, strict=True)]
    short = metrics["short_texts"]
    assert short["accuracy"] == pytest.approx(np.mean(right))
    assert (short["n"], short["source"]) == (5, "sentences.tsv")
    assert [sum(row) for row in short["confusion"]] == [3, 2]
    assert short["confusion"][1][1] == sum(
        r for r, (label, _) in zip(right, SENTENCES, strict=True) if label == "pos"
    )
    assert json.loads((folder / "metrics.json").read_text())["short_texts"] == short


def test_another_bundle_is_compared_review_by_review(measured, corpus):
    folder, other, metrics = measured
    (name,) = metrics["against"]
    assert name == "tiny (a <tiny> one)"
    found, test = metrics["against"][name], corpus.split("test")
    right = []
    for place in (folder, other):
        _, probs = evaluate.classifier_metrics(bundle.load(place).classifier, test)
        right.append(probs.argmax(1) == test.labels)
    assert found["both"] + found["only_ours"] == right[0].sum()
    assert found["both"] + found["only_theirs"] == right[1].sum()
    assert found["only_ours"] == (right[0] & ~right[1]).sum()


def test_a_bundle_of_other_words_is_refused_before_anything_is_measured(measured, corpus):
    folder, other, _ = measured
    words = [*corpus.vocab[:-1], "unheard-of"]
    (other / "vocab.json").write_text(json.dumps(words))
    before = (folder / "metrics.json").read_bytes()
    with pytest.raises(bundle.BundleError, match="another vocabulary"):
        evaluate.evaluate(folder, corpus, "x", others=[other])
    assert (folder / "metrics.json").read_bytes() == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "first line"),
        ("pos\tgood\n", "first line"),
        ("label\ttext\n", "no sentences"),
        ("label\ttext\npos\tgood\nfine\tgood\n", "line 3"),
        ("label\ttext\npos\t \n", "line 2"),
        ("label\ttext\npos\ta\tb\n", "line 2"),
    ],
)
def test_a_file_that_is_no_table_is_one_sentence(tmp_path, text, said):
    (tmp_path / "t.tsv").write_text(text)
    with pytest.raises(short_texts.SentencesError, match=said):
        short_texts.read(tmp_path / "t.tsv", ["neg", "pos"])


def test_card_and_page_say_both_figures(measured):
    folder, _, metrics = measured
    card, page = (folder / "README.md").read_text(), view.good_at(metrics)
    for part in ("classifier", "short_texts"):
        shown = f"{metrics[part]['accuracy']:.1%}"
        assert shown in card
        assert shown in page
    assert "5 sentences of sentences.tsv" in card
    bare = {k: v for k, v in metrics.items() if k != "short_texts"}
    assert view.good_at(bare) == model_card.good_at(bare) == view.good_at({}) == ""


def test_the_card_names_the_text_that_was_read_first(measured):
    folder, _, metrics = measured
    config = bundle.load(folder).config
    assert "first read" not in model_card.write(config, metrics, "x")
    before = dict(text="W", documents=1_234, tokens=5e6, licence="CC BY-SA 4.0", source="a dump")
    card = model_card.write({**config, "pretraining": before}, metrics, "x")
    assert "first read W (1,234 documents of it, 5 million tokens)" in card
    assert "CC BY-SA 4.0" in card
