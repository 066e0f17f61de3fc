"""The looks inside, from a text to plain results: against separate calls, and what they refuse."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from ulmfit_demo import lessons, limits, theme
from ulmfit_demo.inference import loading, sentiment
from ulmfit_demo.inference.inside import changing, neighbours, readers, slurs, units
from ulmfit_demo.models.inspection import shipped
from ulmfit_demo.models.surprisal import surprisal
from ulmfit_demo.pipeline import Pipeline, to_json
from ulmfit_demo.tokens import Vocab

TEXT = "A warm film, but the zqxvy plot makes no sense and the acting is wooden."


@pytest.fixture(scope="module")
def loaded():
    found = loading.load(theme.ASSETS)
    if found.bundle is None:
        pytest.skip("no bundle ships with this checkout")
    return found


@pytest.fixture(scope="module")
def pipeline(loaded):
    return Pipeline(loaded)


def test_a_unit_is_the_encoders_output_and_its_gates_make_its_value(loaded, pipeline):
    ids = loaded.numericalize(TEXT)
    found = pipeline.unit(TEXT, unit=7, token=5)
    with torch.inference_mode():
        body = loaded.bundle.lm.body
        features, _ = body(torch.tensor([ids]), body.zero_state(1))
    values = [t["value"] for t in found["tokens"]]
    assert values == pytest.approx(features[0, :, 7].tolist(), abs=1e-5)
    g = found["gates"]
    assert g["cell"] == pytest.approx(
        g["forget"] * g["cell_before"] + g["input"] * g["candidate"], abs=1e-5
    )
    assert g["value"] == pytest.approx(g["output"] * math.tanh(g["cell"]), abs=1e-5)
    assert g["value"] == pytest.approx(values[5], abs=1e-6)
    gradients = [abs(one["gradient"]) for one in found["listened"]]
    assert gradients == sorted(gradients, reverse=True)


def test_memory_is_about_the_token_that_was_asked_for(loaded, pipeline):
    ids = loaded.numericalize(TEXT)
    bits = surprisal(loaded.bundle.lm, ids).bits
    found = pipeline.memory(TEXT, token=6)
    assert found["precision"] == "fp32"
    assert found["bits"] == pytest.approx(bits[5], abs=1e-4)
    assert len(found["context"]) == len(found["shortened"]) == 6
    assert found["shortened"][-1]["bits"] == pytest.approx(found["bits"], abs=1e-4)
    assert pipeline.memory(TEXT)["token"] == len(ids) - 1


def test_neighbours_against_numpy(loaded, pipeline):
    found = pipeline.neighbours("wooden", n=5)
    last = found["stages"][-2]  # the language model, before the classifier
    matrix = loaded.bundle.lm.body.encoder.weight.numpy().astype("float64")
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True).clip(1e-12)
    words = loaded.bundle.vocab
    cosines = unit @ unit[words.index("wooden")]
    order = [
        i for i in cosines.argsort()[::-1] if words[i] != "wooden" and not words[i].startswith("xx")
    ]
    assert [n["word"] for n in last["neighbours"]] == [words[i] for i in order[:5]]
    assert [n["cosine"] for n in last["neighbours"]] == pytest.approx(cosines[order[:5]], abs=1e-5)
    assert found["shape"] == list(matrix.shape)
    first, second = ({n["word"] for n in s["neighbours"]} for s in found["stages"][:2])
    assert {n["word"] for n in found["stages"][1]["neighbours"] if n["is_new"]} == second - first


def test_words_that_moved_and_the_map(loaded):
    for m in neighbours.moved(loaded):
        cosines = [c for _, c in m.words]
        assert cosines == sorted(cosines)
        assert cosines[0] <= m.median <= 1.001
    found = neighbours.chart(loaded, TEXT)
    assert found.typed[: sum(found.typed)] == (True,) * sum(found.typed)
    assert found.points.shape == (len(found.words), 2)
    assert 0 < found.share <= 1
    assert neighbours.chart(loaded, "? , .") is None


def test_two_readers_against_two_calls(loaded, pipeline):
    if not loaded.bundle.snapshots:
        pytest.skip("this bundle has no earlier stage")
    first = loaded.bundle.snapshots[0]
    vocabs = (Vocab(first.vocab), loaded.words())
    found = pipeline.two_readers(TEXT)
    words = [t["text"] for t in found["tokens"]]
    both = [
        surprisal(m, v.numericalize(words))
        for m, v in zip((first.model, loaded.bundle.lm), vocabs, strict=True)
    ]
    for side in (0, 1):
        assert [t["bits"][side] for t in found["tokens"][1:]] == pytest.approx(
            both[side].bits, abs=1e-4
        )
    assert [t["text"] for t in found["tokens"] if t["unknown"]] == [
        w for w in words if any(w not in v for v in vocabs)
    ]
    assert "zqxvy" in [t["text"] for t in found["tokens"] if t["unknown"]]
    known = [i for i, t in enumerate(found["tokens"]) if i and not t["unknown"]]
    assert found["n_compared"] == len(known)
    # every character but " zqxvy", which is not compared; the space goes with the word
    n_bytes = len(TEXT.replace(" zqxvy", ""))
    for side in (0, 1):
        total = sum(both[side].bits[i - 1] for i in known)
        assert found["bits_per_byte"][side] == pytest.approx(total / n_bytes, rel=1e-4)
    assert all(len(side) == 10 for t in found["tokens"][1:] for side in t["expected"])


def test_without_an_earlier_stage_there_are_no_two_readers(loaded):
    alone = replace(loaded, bundle=replace(loaded.bundle, snapshots=()))
    with pytest.raises(limits.Refused, match="without an earlier stage"):
        readers.compare(alone, TEXT)


@pytest.mark.parametrize("text", ["A dull film.", "A warm and clever film.", TEXT])
def test_a_path_ends_where_the_verdict_is_the_other_one(loaded, text):
    steps = list(changing.smallest_change(loaded, text))
    assert all(not s.done for s in steps[:-1])
    found = steps[-1]
    assert found.done
    verdict, _ = sentiment.read(loaded, text)
    assert found.positive == verdict.positive
    if not found.found:
        assert (found.nearest >= 0.5) == (verdict.positive >= 0.5)
        return
    assert 1 <= len(found.path) <= 3
    for stage in found.path:
        again, _ = sentiment.read(loaded, stage.text)
        assert stage.positive == pytest.approx(again.positive, abs=1e-6)
    assert (found.path[-1].positive >= 0.5) != (verdict.positive >= 0.5)


def test_a_search_without_time_says_so(loaded, monkeypatch):
    monkeypatch.setattr(limits, "CHANGE_SECONDS", 0.0)
    *_, found = changing.smallest_change(loaded, TEXT)
    assert found.timed_out
    assert not found.found


def test_a_held_unit_is_named_and_the_free_text_is_the_generation_tabs(loaded, pipeline):
    held = units.hold(loaded, "The acting was", 5, 0.9, n_words=10, seed=3)
    free = pipeline.generate("The acting was", n_words=10, seed=3)["texts"][0]["text"]
    assert held.free == free
    assert units.hold(loaded, "The acting was", 5, 0.9, n_words=10, seed=3).held == held.held


def test_texts_without_words(pipeline):
    for text in ("", "  \n"):
        assert pipeline.unit(text)["tokens"] == []
        assert pipeline.memory(text)["token"] is None
        assert pipeline.two_readers(text)["tokens"] == []
        assert pipeline.smallest_change(text)["found"] is False


@pytest.mark.parametrize(
    ("method", "arguments", "sentence"),
    [
        ("unit", dict(text="A film", unit=10**6), "The unit must be from 0"),
        ("unit", dict(text="A film", token=99), "no longer there"),
        ("unit", dict(text="a film " * 500), "reads up to 400"),
        ("memory", dict(text="A film", token=0), "Nothing stands before"),
        ("memory", dict(text="A film " * 150, token=250), "Click an earlier word"),
        ("memory", dict(text="A film", token="x"), "must be a number"),
        ("neighbours", dict(word="zqxvyzq"), "No stage of the model knows"),
        ("neighbours", dict(word=" "), "Type a word"),
        ("neighbours", dict(word="film", n=0), "must be from 1"),
        ("two_readers", dict(text="a film " * 500), "reads up to 400"),
        ("smallest_change", dict(text="a film " * 300), "searched in up to 200"),
    ],
)
def test_a_refusal_is_a_sentence(pipeline, method, arguments, sentence):
    with pytest.raises(limits.Refused, match=sentence):
        getattr(pipeline, method)(**arguments)


def test_results_are_json(pipeline):
    odd = "half \ud800 a <b>pair</b>"
    for value in (pipeline.unit(odd, 1, 2), pipeline.memory(odd), pipeline.smallest_change(odd)):
        assert json.loads(to_json(value)) == value
        to_json(value).encode("utf-8")


def test_figures_of_other_weights_are_not_shown(loaded, tmp_path):
    (tmp_path / "lm.safetensors").write_bytes(b"weights")
    figures = {
        "weights": shipped.fingerprint(tmp_path),
        "units": dict(
            auc=[0.4, 0.9],
            low=[0, 0],
            high=[1, 1],
            lifting=[[1], [2]],
            lowering=[[3], [4]],
            n_reviews=2,
        ),
        "curves": dict(
            lengths=[1],
            shortened=[7.0],
            distances=[1],
            shuffled=[6.0],
            whole=5.0,
            context=9,
            n_places=3,
        ),
    }
    (tmp_path / shipped.FILE).write_text(json.dumps(figures))
    found = shipped.of(replace(loaded.bundle, folder=tmp_path))
    assert found.units.ranked == [1, 0]
    assert found.curves.shortened == (7.0,)
    other = tmp_path / "other"
    other.mkdir()
    (other / "lm.safetensors").write_bytes(b"other weights")
    (other / shipped.FILE).write_text(json.dumps(figures))
    assert shipped.of(replace(loaded.bundle, folder=other)) == shipped.Shipped()
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / shipped.FILE).write_text("{")
    assert shipped.of(replace(loaded.bundle, folder=broken)) == shipped.Shipped()


def test_no_slur_is_put_before_anybody(loaded):
    for word in ("lame", "wooden", "dull"):
        for column in neighbours.near(loaded, word, 30).columns:
            assert not [n for n in column.neighbours if slurs.is_slur(n.word)]
    known = {w for m in neighbours.matrices(loaded) for w in m.vocab.words}
    assert (
        3 < sum(map(slurs.is_slur, known)) < 40
    )  # the corpora hold some: these are hashes of words
    assert not any(slurs.is_slur(w) for w in lessons.examples()["inside"]["A turn"].split())
