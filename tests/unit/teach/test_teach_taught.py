"""Features against fastai's encoder, lessons, taught classifiers: called, saved, loaded, refused."""

import json

import numpy as np
import pytest
import torch

from ulmfit_demo import limits, load
from ulmfit_demo.inference import loading
from ulmfit_demo.limits import Refused
from ulmfit_demo.models.bundle import BundleError
from ulmfit_demo.pipeline import Pipeline
from ulmfit_demo.resources import assets
from ulmfit_demo.teach import curve, features, learn, task, taught, tuning

LINES = ["A song of joy.", "The drums are loud.", "He finds the letter.", "The killer flees.", "x"]
LABELS = ["music", "music", "plot", "plot", "plot"]


@pytest.fixture(scope="module")
def loaded():
    return loading.load(assets())


@pytest.fixture(scope="module")
def m(loaded):
    return Pipeline(loaded)


@pytest.mark.parametrize("kind", features.ENCODERS)
def test_features_are_those_of_the_plain_encoder(loaded, kind):
    reader = learn.reader_of(loaded, kind)
    documents = [loaded.numericalize(line) for line in LINES]
    found = features.features(reader, documents)
    for row, ids in zip(found, documents, strict=True):
        whole = torch.tensor([[*ids, *reader.prompt]])
        states = reader.body(whole, reader.body.zero_state(1))[0][0]
        own = states[: len(ids)]
        parts = [states[-1], own.mean(0)]
        if kind == features.CLASSIFIER:
            parts = [own[-1], own.amax(0), own.mean(0)]
        assert row == pytest.approx(torch.cat(parts).numpy(), abs=2e-5)
    # read along, the last beginning is the text
    assert features.along(reader, documents[0])[-1] == pytest.approx(found[0], abs=2e-5)


def test_a_taught_classifier_is_called_as_the_pipeline_is(m):
    made = m.fit(LINES, LABELS)
    one, many = made("A song."), made(["A song.", "", "The killer."])
    assert set(one) == {"label", "score", "unsure"}
    assert one["label"] == many[0]["label"] == "music"
    assert one["score"] == pytest.approx(many[0]["score"], abs=1e-5)
    assert many[1] == {"label": None, "score": None, "unsure": False}
    words = made.read_along("A song of joy.")
    assert words[-1].probabilities == pytest.approx(
        made.probabilities(["A song of joy."])[0], abs=1e-4
    )
    assert [w.text for w in words] == ["", "A", "song", "of", "joy", "."]
    assert [w for w, _ in made.without_each("A song.")] == ["A", "song", "."]


def test_save_and_load_give_the_same_verdicts_and_another_model_is_refused(m, tmp_path):
    made = m.fit(LINES, LABELS)
    made.save(tmp_path / "taught")
    assert sorted(p.name for p in (tmp_path / "taught").iterdir()) == [
        taught.CONFIG,
        taught.WEIGHTS,
    ]
    again = load(tmp_path / "taught")
    for a, b in zip(made(LINES), again(LINES), strict=True):
        assert a["label"] == b["label"]
        assert a["score"] == pytest.approx(b["score"], abs=1e-5)
    path = tmp_path / "taught" / taught.CONFIG
    config = json.loads(path.read_text())
    config["base"] = {"name": "another", "fingerprint": "0"}
    path.write_text(json.dumps(config))
    with pytest.raises(BundleError, match="taught on another model"):
        load(tmp_path / "taught")
    path.write_text("[")
    with pytest.raises(BundleError, match="no taught classifier"):
        load(tmp_path / "taught")


@pytest.mark.parametrize(
    ("texts", "labels", "sentence"),
    [
        (LINES, LABELS[:2], "5 texts and 2 labels"),
        (LINES[:2], ["a", ""], "Label 2 is empty"),
        (["", "b"], ["a", "b"], "Text 1 is empty"),
        (LINES[:2], ["a", "a"], "All labels are"),
        (LINES[:2], ["a", "A"], "All labels are"),
        ([], [], "Paste lines first"),
        ("text", "label", "must be a list"),
    ],
)
def test_refusals_are_sentences(m, texts, labels, sentence):
    with pytest.raises(Refused, match=sentence):
        m.fit(texts, labels)


def test_two_thousand_equal_lines(m):
    found = m.fit_and_judge(["the same"] * 2_000, ["a", "b"] * 1_000, ["the same"])
    assert found["verdicts"][0]["unsure"]
    assert found["n"] == 2_000
    assert 0 < found["validated"] <= 2_000


def test_the_labels_of_a_long_text_are_those_of_its_beginning(m):
    """Verdict, read along and left-out words read the same 200 tokens."""
    made = m.fit(LINES, LABELS)
    text = "The drums are loud. " * 60
    assert made.n_tokens(text) > limits.TEACH_TOKENS
    words = made.read_along(text)
    score = made(text)["score"]
    assert max(words[-1].probabilities) == pytest.approx(score, abs=1e-4)
    ids = m.loaded.numericalize(text)[: limits.TEACH_TOKENS]
    assert made._judge([ids])[0].max() == pytest.approx(score, abs=1e-6)
    assert len(made.without_each(text)) == len(words) - 1


def test_one_example_of_a_class(m):
    found = m.fit_and_judge(LINES[:4], ["music", "music", "music", "plot"], LINES)
    assert found["confusion"][1][1] == 0  # held back, nothing is known of its class
    assert [v["label"] for v in found["verdicts"][:4]] == ["music", "music", "music", "plot"]


def test_eight_classes_with_chinese_names(m):
    names = list("剧演乐摄剪服声灯")
    lines = [f"这是{name}的第{i}句话。" for name in names for i in range(2)]
    found = m.fit_and_judge(lines, [n for n in names for _ in range(2)], lines[:3])
    assert found["labels"] == names
    assert len(found["verdicts"]) == 3
    assert sum(map(sum, found["confusion"])) == 16


def test_a_lesson_learns_and_offers_what_it_doubts_most(loaded):
    lesson = learn.begin(loaded, task.presets(assets())["film"].task)
    found = learn.learn(lesson)
    truth = np.array(lesson.task.truth)
    assert (found.probabilities.argmax(1) == truth)[found.doubts].mean() > 0.5  # a third by chance
    best = np.sort(found.probabilities[found.doubts], 1)
    margins = best[:, -1] - best[:, -2]
    assert (np.diff(margins) >= 0).all()
    first = int(found.doubts[0])
    after = learn.learn(lesson, [(first, int(truth[first]))])
    assert first not in after.doubts
    assert len(after.labelled) == len(found.labelled) + 1


def test_the_trained_encoder_beats_random_weights_and_words(loaded):
    lesson = learn.begin(loaded, task.presets(assets())["film"].task)
    prompt = learn.reader_of(loaded).prompt
    sets = {
        curve.OURS: lesson.norm(lesson.features),
        curve.RANDOM: curve.random_features(loaded.bundle.lm.body.sizes, lesson.documents, prompt),
        curve.WORDS: curve.bag_of_words(lesson.documents),
    }
    points = list(curve.curve(sets, np.array(lesson.task.truth), 3, draws=2))
    at = {(p.start, p.labels): p.accuracy for p in points}
    assert sorted({p.labels for p in points}) == [6, 12, 24, 48, 96, 192]
    assert at[curve.OURS, 48] > max(at[curve.RANDOM, 48], at[curve.WORDS, 48]) + 0.1


def test_a_tuned_layer_belongs_to_the_visitor_alone(loaded, tmp_path):
    body = loaded.bundle.lm.body
    before = {k: v.clone() for k, v in body.rnns[-1].state_dict().items()}
    tuned = {k: (v * 1.1).half() for k, v in before.items()}
    given = task.pasted("a\tA song.\nb\tThe killer flees.")
    plain, own = learn.begin(loaded, given), learn.begin(loaded, given, tuned=tuned)
    assert np.abs(plain.features - own.features).max() > 1e-3
    assert all(torch.equal(body.rnns[-1].state_dict()[k], v) for k, v in before.items())
    made = taught.Taught(loaded, given.names, learn.learn(own).head, "lm", 2, tuned)
    again = taught.load(made.save(tmp_path / "t"), loaded)
    assert again.probabilities(["A song."]) == pytest.approx(
        made.probabilities(["A song."]), abs=1e-4
    )


def test_held_back_lines_are_a_quarter_of_each_class():
    labels = np.array([0] * 20 + [1] * 12)
    held = tuning.hold_back(labels)
    assert np.bincount(labels[held]).tolist() == [5, 3]
