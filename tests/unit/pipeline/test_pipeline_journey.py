"""One text on its way: every stop says what the part of the pipeline that it stands for says."""

import pytest

import ulmfit_demo
from ulmfit_demo import theme

pytestmark = pytest.mark.skipif(
    not (theme.ASSETS / "models" / "imdb" / "classifier.safetensors").is_file(),
    reason="no bundle in assets",
)
TEXT = "I LOVED this film!!! Unfortunately, the ending wasn't as good as the rest."


@pytest.fixture(scope="module")
def m():
    return ulmfit_demo.load()


def test_every_stop_says_what_its_own_method_says(m):
    found = m.journey(TEXT)
    tokens = m.tokens(TEXT)["tokens"]
    assert found["n_characters"] == len(TEXT)
    assert found["tokens"] == [t["text"] for t in tokens]
    assert found["ids"] == [t["id"] for t in tokens]
    batches = m.lm_batches(TEXT, bs=6, seq_len=5)["batches"]
    assert (found["bs"], found["row"]) == (6, batches[0]["x"][0])
    values = m.unit(TEXT, unit=7)["tokens"]
    assert len(found["state"]) == m.bundle.config["emb_sz"]
    assert found["state"][7] == pytest.approx(values[-1]["value"], abs=1e-4)
    likely = [w for w in m.next_words(TEXT, temperature=1.0)["words"] if w["drawable"] > 0][:3]
    assert [w["word"] for w in found["next_words"]] == [w["word"] for w in likely]
    for mine, theirs in zip(found["next_words"], likely, strict=True):
        assert mine["probability"] == pytest.approx(theirs["probability"], abs=1e-6)
    verdict = m.classify(TEXT)
    assert {k: found[k] for k in verdict} == verdict


def test_a_text_too_short_for_six_rows_is_one_row(m):
    found = m.journey("A bad film.")
    assert (found["bs"], found["row"]) == (1, found["tokens"][: len(found["row"])])


@pytest.mark.parametrize("text", ["", "  \n "])
def test_a_text_without_words_has_nothing_to_show(m, text):
    found = m.journey(text)
    assert found["tokens"] == found["ids"] == found["state"] == found["next_words"] == []
    assert found["row"] is found["label"] is found["score"] is None
    assert found["n_characters"] == len(text)


def test_what_is_kept_of_a_text_changes_no_answer(m):
    words, before = (TEXT * 12).split(" "), None
    for n in (30, 90, 91, 92, 60, 140):
        text = " ".join(words[:n])
        found, before = m.journey_on(text, before=before)
        fresh = m.journey(text)
        assert (found["tokens"], found["ids"]) == (fresh["tokens"], fresh["ids"])
        assert found["state"] == fresh["state"]  # to the last bit
        assert found["next_words"] == fresh["next_words"]
        assert found["score"] == pytest.approx(fresh["score"], abs=1e-5)
        assert [found["label"], found["unsure"]] == [fresh["label"], fresh["unsure"]]
        assert before.prompt.reread < 64 or n in (30, 90, 140)
