"""What the lessons' steps say of the shipped models, computed with these models."""

from itertools import pairwise

import pytest

import ulmfit_demo
from ulmfit_demo import lessons, theme

pytestmark = pytest.mark.skipif(
    not (theme.ASSETS / "models" / "imdb" / "classifier.safetensors").is_file(),
    reason="no bundle in assets",
)


@pytest.fixture(scope="module")
def m():
    return ulmfit_demo.load()


def step(tab: str, words: str) -> tuple[str, dict]:
    """The text and the settings of the step that says `words`: a sentence that changed is not tested on."""
    (found,) = [s for s in lessons.steps(tab) if words in f"{s['title']} {s['text']}"]
    return found["text"], found["set"]


def line(m, settings: dict) -> tuple[dict, dict[str, float]]:
    """The verdict, and the probability of praise after each word's last occurrence."""
    found = m.read_along(settings["text"])
    return found, {w["text"]: w["positive"] for w in found["words"]}


def test_unforgettable_is_spelled_and_then_two_pieces(m):
    _, settings = step("vocabulary", "with 4,000 it is two")
    assert "unforgettable" in settings["text"]
    sizes = (settings["size"], 1_000, 2_000, 4_000)
    pieces = [len(m.vocabulary(settings["text"], "unigram", size)["pieces"]) for size in sizes]
    assert pieces[0] > 8
    assert min(pieces[:3]) > 2
    assert pieces[3] == 2


def test_the_stream_of_the_batches_is_as_told(m):
    step("batches", "The stream of 90 tokens is first cut into six long rows")
    text = next(iter(lessons.examples()["batches"].values()))
    found = m.lm_batches(text, bs=6, seq_len=5)
    assert found["n_items"] == 90
    first, second = found["batches"][:2]
    assert [len(row) for row in first["x"]] == [5] * 6
    assert [row[0] for row in second["x"]] == [row[-1] for row in first["y"]]  # each row goes on
    step("batches", "every 0 is `xxunk`")
    ids = [i for batch in found["batches"] for row in batch["x_ids"] for i in row]
    assert ids[0] == 2
    assert 0 in ids
    assert m.loaded.words().words[0] == "xxunk"


def test_sorting_saves_padding_as_told(m):
    _, settings = step("batches", "almost half of the cells are padding; sorted by length, less")
    shares = {
        order: m.classifier_batches(settings["reviews"], bs=3, order=order)["padding_share"]
        for order in ("given", "sorted")
    }
    assert 0.4 < shares["given"] < 0.5
    assert shares["sorted"] < 1 / 3


def test_most_italian_words_are_unknown_and_the_classifier_read_so_many_reviews(m):
    step("teach", "Few Italian words stand in its vocabulary")
    step("teach", "the classifier has seen 22,500 labelled reviews")
    lines = (theme.ASSETS / "teach" / "language.tsv").read_text(encoding="utf-8").splitlines()
    known = {}
    for name in ("English", "Italian"):
        words = [
            w
            for line in lines
            if line.startswith(name)
            for w in m.tokens(line.partition("\t")[2])["tokens"]
            if w["text"].isalpha() and not w["text"].startswith("xx")
        ]
        known[name] = sum(w["id"] != 0 for w in words) / len(words)
    assert known["Italian"] < 0.5 < 0.9 < known["English"]
    assert m.training()["metrics"]["corpus"]["train"]["documents"] == 22_500


def test_the_line_rises_until_but_and_then_turns(m):
    _, settings = step("sentiment", "it has risen until there")
    found, after = line(m, settings)
    before = found["words"][[w["text"] for w in found["words"]].index("but") - 1]
    assert before["positive"] > 0.85
    assert found["words"][1]["positive"] < 0.6
    assert (found["label"], found["unsure"]) == ("neg", False)
    assert after["insult"] < 0.2


def test_not_bad_at_all_is_taken_for_blame(m):
    _, settings = step("sentiment", "it falls at “bad” and stays there")
    found, after = line(m, settings)
    assert (found["label"], found["unsure"]) == ("neg", False)
    assert after["Not"] - after["bad"] > 0.15
    at = [w["text"] for w in found["words"]].index("bad")
    assert all(w["positive"] < 0.5 for w in found["words"][at:])
    others = {o["model"]: o["positive"] for o in m.other_models(settings["text"])["others"]}
    assert others["NB-SVM"] < 0.5 < others["VADER"]


def test_irony_wavers_and_ends_unsure(m):
    _, settings = step("sentiment", "goes up and down and ends near the middle: not sure")
    found, _ = line(m, settings)
    values = [w["positive"] for w in found["words"]]
    assert found["unsure"]
    assert 0.35 < values[-1] < 0.65
    assert sum((a < 0.5) != (b < 0.5) for a, b in pairwise(values)) >= 3


def test_a_soup_is_not_sure(m):
    _, settings = step("sentiment", "leans to praise")
    found, _ = line(m, settings)
    assert (found["label"], found["unsure"]) == ("pos", True)


def test_nothing_is_drawn_at_temperature_0(m):
    _, settings = step("generation", "Both texts are the same, whatever the seed")
    texts = []
    for seed in (0, 1):
        found = m.generate("This movie is", 24, 2, seed, temperature=settings["temperature"])
        texts += [t["text"] for t in found["texts"]]
    assert len(set(texts)) == 1


def test_three_words_hold_four_fifths(m):
    _, settings = step("generation", "Here three words hold so much")
    found = m.next_words(
        settings["prompt"], temperature=settings["temperature"], top_p=settings["top_p"]
    )
    assert found["kept"] == 3
    assert [w["cut_by"] for w in found["words"]].count("top-p") >= 5


def test_what_the_models_read(m):
    """Wikipedia, then reviews: the bundle's own record."""
    step("sentiment", "It read Wikipedia and film reviews")
    step("training", "First it reads Wikipedia, then film reviews")
    told = m.training()
    assert told["wikipedia"]
    assert told["pretraining"]["text"].endswith("Wikipedia")


def test_the_rates_of_the_classifier(m):
    step(
        "training", "at first each with a smaller rate than the one above it, at the end all at one"
    )
    stages = m.training()["classifier"]["stages"]
    assert stages[0]["groups"] == 1
    assert stages[1]["rates"][0] < stages[1]["rates"][-1]
    assert len(set(stages[-1]["rates"])) == 1


def test_the_words_that_the_inside_lesson_points_at(m):
    """A step opens at the word that its text speaks of, and 300 numbers are 300."""
    step("inside", "the language model holds 300 numbers")
    assert m.loaded.bundle.lm.body.sizes.emb_sz == 300
    _, settings = step("inside", "what the classifier listens to after “wooden”")
    found = m.unit(settings["text"], token=settings["place"])
    assert found["tokens"][settings["place"]]["text"] == "wooden"
    assert len(found["listened"]) == 10
    _, settings = step("inside", "Click a word for both top tens")
    token = m.two_readers(settings["text"])["tokens"][settings["place"]]
    assert token["text"] == "must"
    assert token["bits"][0] - token["bits"][1] > 10


def test_a_held_unit_turns_the_text(m):
    from ulmfit_demo.inference.inside import units

    _, settings = step("inside", "hold it at 0.9, then at −0.9")
    strongest = m.unit(settings["text"], token=settings["place"])["listened"][0]["unit"]
    texts = [units.hold(m.loaded, "The acting was", strongest, v, 25, 0) for v in (0.9, -0.9)]
    assert texts[0].free == texts[1].free
    assert len({texts[0].free, texts[0].held, texts[1].held}) == 3


def test_the_second_grandmother_owes_most_to_my_and_a_little_to_the_first(m):
    _, settings = step(
        "inside", "The second “grandmother” owes most to the “my” before it. Which older"
    )
    found = m.memory(settings["text"], settings["place"])
    assert found["text"] == "grandmother"
    words = [c["text"] for c in found["context"]]
    first = words.index("grandmother")
    assert settings["place"] - first > 20
    saved = [c["left_out"] for c in found["context"]]
    assert words[saved.index(max(saved))] == "my"
    assert saved.index(max(saved)) == settings["place"] - 1
    assert max(saved[: settings["place"] - 10]) == saved[first] > 0.3


def test_wooden_moves_from_materials_to_acting_and_the_classifier_leaves_it(m):
    step("inside", "In Wikipedia “wooden” lives beside materials")
    near = [{n["word"] for n in s["neighbours"]} for s in m.neighbours("wooden")["stages"]]
    assert {"leather", "plaster", "marble"} <= near[0]
    assert {"stilted", "lifeless"} <= near[1]
    kept = [s["kept"] for s in m.neighbours("wooden")["stages"]]
    assert kept[1] < 0.7 < 0.95 < kept[2]


def test_fine_tuning_forgets_the_words_of_an_encyclopedia(m):
    step("inside", "what did fine-tuning forget?")
    examples = lessons.examples()["inside"]
    before, after = m.two_readers(examples["Words of an encyclopedia"])["bits_per_byte"]
    assert after > 1.2 * before
    before, after = m.two_readers(examples["Words of a review"])["bits_per_byte"]
    assert after < 0.5 * before


def test_one_word_turns_the_verdict_over(m):
    _, settings = step("inside", "A verdict that one word turns over rests on that word")
    found = m.smallest_change(settings["text"])
    assert found["found"]
    assert len(found["path"]) == 1
    assert found["path"][0]["word"] in settings["text"]
