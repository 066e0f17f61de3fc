"""The questionnaire: every question has its answer, and the figures in it are the app's own."""

import json
import math
import re
import shutil
from pathlib import Path

import pytest

from ulmfit_demo import lessons, theme
from ulmfit_demo.inference import devices, loading
from ulmfit_demo.models import bundle as bundles
from ulmfit_demo.pipeline import answers
from ulmfit_demo.tokens import SubwordLadder, Vocab
from ulmfit_demo.tokens.corpus_ladder import CorpusLadder
from ulmfit_demo.tokens.word_counts import WordCounts
from ulmfit_demo.training_log import history

TABS = (
    "tokenizers",
    "vocabulary",
    "batches",
    "sentiment",
    "generation",
    "inside",
    "training",
    "teach",
)


@pytest.fixture(scope="module")
def loaded():
    return loading.load(theme.ASSETS)


def test_every_question_of_the_notebook_has_a_place():
    asked = lessons.questions()
    assert sorted(q["number"] for q in asked) == list(range(1, lessons.CHAPTER + 9))
    assert {q["tab"] for q in asked} == set(TABS)
    for q in asked[:22]:
        assert sum(option["right"] for option in q["options"]) == 1, q["number"]
        assert len(q["options"]) == 3
        # computed by the app, or cited
        assert "«" in q["answer"] or q.get("source"), q["number"]


def test_answers_are_filled_in(loaded):
    found = [q for tab in TABS for q in answers.answered(loaded, tab)]
    assert len(found) == lessons.CHAPTER + 8
    assert not [q["number"] for q in found if "«" in q["answer"] or "»" in q["answer"]]
    assert not [q["number"] for q in found if q["answer"] == answers.UNTOLD]


def test_figures_against_other_ways_to_compute_them(loaded):
    facts = answers.facts(loaded)
    assert facts["short_tokens"] == "xxbos · i · liked · this · movie"
    measured = loaded.bundle.metrics["lm"]  # of its own line in the file, not of the loss
    assert float(facts["perplexity"]) == round(measured["perplexity"], 2)
    assert math.isclose(measured["perplexity"], math.exp(float(facts["loss"])), rel_tol=1e-3)
    assert (facts["row_2"], facts["batch_2"], facts["n_stream"]) == (14, 5, 90)
    assert (facts["padding_given"], facts["padding_sorted"]) == ("44.8%", "30.8%")
    assert facts["embedding_parameters"] == f"{loaded.bundle.lm.body.encoder.weight.numel():,}"
    assert "moonshadows" in facts["rare_lost"]
    assert facts["stages"].startswith("Ours has all three: language model of general text → ")
    assert 0 < facts["n_likely"] <= facts["n_drawn"] == 80


def test_a_question_without_its_fact_is_an_error():
    with pytest.raises(KeyError):
        answers.fill("«nothing of the kind»".replace(" ", "_"), {})


def test_a_bundle_that_tells_little_leaves_only_those_answers_open(tmp_path, own_bundles):
    folder = tmp_path / "quiet"
    shutil.copytree(theme.ASSETS / "models" / "imdb", folder)
    for name in ("metrics.json", "training.jsonl"):
        (folder / name).unlink()
    config = json.loads((folder / "config.json").read_text())
    config.pop("recipe")
    (folder / "config.json").write_text(json.dumps(config))
    bundle = bundles.load(folder)
    devices.register(bundle)
    quiet = loading.LoadedModels(
        SubwordLadder(theme.ASSETS / "subwords"), bundle, Vocab(bundle.vocab)
    )
    found = {q["number"]: q["answer"] for tab in TABS for q in answers.answered(quiet, tab)}
    assert [n for n, answer in found.items() if answer == answers.UNTOLD] == [15, 3, 19, 7]
    history.load(bundle).as_dict()


def test_a_question_on_tokens_asks_no_model(loaded):
    known = answers.Facts(loaded)
    assert known["short_tokens"]
    assert "next_word" not in known
    assert known["next_word"]


def test_without_a_model_there_are_no_answers(tmp_path):
    assert answers.answered(loading.load(Path(tmp_path)), "tokenizers") == []


def test_steps_are_short_and_say_what_is_true():
    for tab in TABS:
        steps = lessons.steps(tab)
        assert 3 <= len(steps) <= 6
        for step in steps:
            assert len(f"{step['title']} {step['text']}".split()) <= 60, step["title"]
    ladder = CorpusLadder.load(theme.ASSETS / "vocabulary/ladder.json")
    lengths = dict(zip(ladder.sizes("unigram"), ladder.tokens_a_review("unigram"), strict=True))
    assert 0.66 < lengths[10_000] / lengths[1_000] < 0.75  # "almost a third shorter"
    counts = WordCounts.load(theme.ASSETS / "vocabulary/words.json.gz")
    assert 0.17 < counts.vocabulary(3, 1_000).unknown_share < 0.22  # "one token in five"
    assert re.search("one token in five", lessons.steps("vocabulary")[-1]["text"])
