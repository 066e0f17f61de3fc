"""The pipeline says what the page shows, refuses with its sentences, and imports no interface."""

import json
import subprocess
import sys

import pytest

import ulmfit_demo
from ulmfit_demo import limits
from ulmfit_demo.inference import generation, sentiment
from ulmfit_demo.models.bundle import BundleError
from ulmfit_demo.models.sampling import Sampling
from ulmfit_demo.pipeline import to_json

REVIEW = "Oh, a WONDERFUL film!!! It is not bad at all."


def test_read_along_is_what_the_sentiment_tab_draws(shipped):
    verdict, _ = sentiment.read(shipped.loaded, REVIEW)
    found = shipped.read_along(REVIEW)
    assert found["label"] == ("pos" if verdict.positive >= 0.5 else "neg")
    assert found["score"] == max(verdict.positive, 1 - verdict.positive)
    assert found["unsure"] == verdict.unsure
    assert [w["positive"] for w in found["words"]] == [w.probability for w in verdict.words]
    for word in found["words"][1:]:
        assert REVIEW[word["start"] : word["end"]] == word["text"]
    assert shipped(REVIEW) == {k: found[k] for k in ("label", "score", "unsure")}


def test_explain_and_what_if_are_about_the_words_of_read_along(shipped):
    text = "A dull film with a wonderful song."
    words = [w["text"] for w in shipped.read_along(text)["words"]]
    found = shipped.explain(text)
    assert [w["text"] for w in found["words"]] == words
    reasons = sentiment.explain(shipped.loaded, text)
    assert [w["leave_one_out"] for w in found["words"]] == list(reasons.left_out)
    changed = shipped.what_if(text, words.index("dull"))
    assert changed["word"] == "dull"
    assert changed["changes"][0]["word"] is None
    assert changed["changes"][0]["text"] == "A film with a wonderful song."
    for change in changed["changes"][:2]:
        score = shipped.read_along(change["text"])["words"][-1]["positive"]
        assert score == pytest.approx(change["positive"], abs=1e-5)


def test_generate_writes_what_the_generation_tab_writes(shipped):
    found = shipped.generate("I liked", n_words=12, n_texts=2, seed=3)
    (*_, written) = generation.write(shipped.loaded, "I liked", Sampling(), 12, 2, 3)
    assert [t["text"] for t in found["texts"]] == [written.continuation(t) for t in written.texts]
    assert [[w["rank"] for w in t["tokens"]] for t in found["texts"]] == [
        [d.rank for d in t.drawn] for t in written.texts
    ]
    assert shipped.generate("I liked", n_words=12, n_texts=2, seed=4)["texts"] != found["texts"]


def test_vocabularies(shipped):
    found = shipped.vocabulary("unhappiness", "bpe", 1_000)
    (rung,) = [r for r in found["ladder"] if r["size"] == 1_000]
    assert rung["pieces"] == shipped.loaded.ladder.tokenize("unhappiness", 1_000, "bpe").texts
    assert [p["piece"] for p in found["pieces"]] == rung["pieces"]
    (word,) = found["merges"]
    assert word["word"] == "▁unhappiness"
    assert len(word["merges"]) == len(word["word"]) - len(rung["pieces"])
    words = shipped.word_vocabulary("The zqxv film", min_freq=3, max_vocab=60_000)
    assert [(t["token"], t["fate"]) for t in words["tokens"]][2:] == [
        ("the", "kept"),
        ("zqxv", "rare"),
        ("film", "kept"),
    ]


def test_the_notebooks_cut_has_one_label_too_few(shipped):
    found = shipped.lm_batches("a b c d e f g", bs=2, seq_len=3, cut="notebook")
    assert found["batches"][-1]["y"][-1][-1] is None
    assert found["batches"][0]["x"] == [["xxbos", "a", "b"], ["d", "e", "f"]]


def test_a_vocabulary_is_trained_within_its_legal_sizes(shipped):
    text = "the boat and the harbour\n" * 40
    sizes = list(shipped.legal_sizes(text, "bpe"))[-1]
    assert sizes["low"] < sizes["high"]
    done = list(shipped.train_vocabulary(text, "bpe", sizes["high"], "the boat"))[-1]
    assert done["stage"] == "done"
    assert "".join(done["sample"]).replace("▁", " ").strip() == "the boat"
    with pytest.raises(ValueError, match="This text allows from"):
        list(shipped.train_vocabulary(text, "bpe", sizes["high"] + 1))
    with pytest.raises(limits.Refused, match="Paste a text"):
        list(shipped.legal_sizes(" "))


def test_a_text_without_words_has_no_verdict(shipped):
    nothing = {"label": None, "score": None, "unsure": False}
    for text in ("", "  \n", None):
        assert shipped(text) == nothing
        assert shipped.read_along(text).items() >= nothing.items()
        assert shipped.explain(text)["words"] == []
        assert shipped.surprisal(text) == {"tokens": [], "perplexity": None}
        assert shipped.other_models(text)["positive"] is None
    assert shipped([]) == []


@pytest.mark.parametrize(
    ("method", "arguments", "sentence"),
    [
        ("generate", {"temperature": 2.1}, "The temperature must be from 0.0 to 2.0, not 2.1."),
        ("generate", {"temperature": None}, "The temperature must be a number from 0.0 to 2.0."),
        ("generate", {"temperature": "warm"}, "The temperature must be a number from 0.0 to 2.0."),
        ("generate", {"n_words": 0}, "The number of words must be from 1"),
        ("next_words", {"top_p": -1}, "top-p must be from"),
        ("lm_batches", {"cut": "bad"}, "The cut must be one of: fastai, notebook."),
        ("lm_batches", {"bs": 0}, "The batch size must be from 1"),
        ("lm_batches", {"bs": 40}, "too short for bs=40"),
        ("tokens", {"tokenizer": "own"}, "The tokenizer must be one of: fastai"),
        ("tokens", {"rules": ["bad"]}, "A rule must be one of: fix_html"),
        ("read_along", {"text": 3}, "This field takes a text."),
        ("what_if", {"word": 99}, "That word is no longer there"),
    ],
)
def test_a_refusal_is_a_sentence(shipped, method, arguments, sentence):
    first = "prompt" if method in ("generate", "next_words") else "text"
    with pytest.raises(limits.Refused) as refused:
        getattr(shipped, method)(**{first: "The old boat", **arguments})
    assert str(refused.value).startswith(sentence) or sentence in str(refused.value)


def test_every_result_is_json(shipped):
    half = "half \ud800 a pair"
    for value in (
        shipped.read_along(half),
        shipped.tokens(half, "spacy"),
        shipped.generate(half, n_words=2),
        shipped.encode([half]),
        shipped.training(),
    ):
        text = to_json(value)
        text.encode("utf-8")
        assert json.loads(text) == (value.tolist() if hasattr(value, "tolist") else value)
    with pytest.raises(ValueError, match="JSON"):
        to_json(float("nan"))


def test_a_bundle_that_is_not_there_is_one_clear_error(tmp_path):
    with pytest.raises(BundleError, match=r"config\.json is missing"):
        ulmfit_demo.load(tmp_path)
    with pytest.raises(BundleError, match="is no folder and no OWNER/NAME"):
        ulmfit_demo.load("./nowhere")


def test_the_package_imports_neither_gradio_nor_plotly():
    code = (
        "import sys, ulmfit_demo, ulmfit_demo.pipeline, ulmfit_demo.cli; "
        "print(sorted({'gradio', 'plotly', 'spaces'} & {m.partition('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
