"""The strip, the front door, old texts as HTML, the line over a review as rows: without a page."""

import json
import re
from dataclasses import replace

from ulmfit_demo import lessons
from ulmfit_demo.inference.generation import Text, Written
from ulmfit_demo.inference.sentiment import Verdict, Word
from ulmfit_demo.models.sampling import Sampling
from ulmfit_demo.tabs.generation import texts_html
from ulmfit_demo.tabs.journey import front, strip_html
from ulmfit_demo.tabs.sentiment import verdict_html
from ulmfit_demo.tabs.shared import lesson_html

EVIL = "<img src=x onerror=alert(1)>"
FOUND = {
    "n_characters": 11,
    "tokens": ["xxbos", "xxmaj", EVIL],
    "ids": [2, 8, 0],
    "row": ["xxbos", EVIL],
    "bs": 1,
    "state": [-0.001, -0.25, 0.125, 1.0],
    "next_words": [{"word": "xxmaj", "probability": 0.8}],
    "label": "neg",
    "score": 0.94,
    "unsure": False,
}


def stops(html: str) -> list[str]:
    return [re.sub(r"<[^>]+>|&nbsp;", " ", li).strip() for li in re.findall(r"<li>.*?</li>", html)]


def test_the_strip_has_a_stop_for_every_step_and_escapes():
    html = strip_html.followed(EVIL, FOUND)
    assert "<img" not in html
    shown = [" ".join(s.split()) for s in stops(html)]
    assert len(shown) == len(strip_html.STOPS)
    assert shown[2] == "ids 2 8 0"
    assert shown[4] == "state 4 numbers +0.00 −0.25 +0.12"
    assert shown[5] == "next word a capital 80%"
    assert shown[6] == "verdict negative 94%"
    assert re.findall('data-open="([a-z]+)"', html) == list(strip_html.STOPS.values())


def test_an_unsure_verdict_is_no_verdict_in_the_strip():
    html = strip_html.followed("x", {**FOUND, "unsure": True})
    assert " ".join(stops(html)[6].split()) == "verdict not sure"


def test_a_link_without_an_address_is_not_drawn(monkeypatch):
    html = front.front({"The paper": "https://example.org/?a=1&b=2"})
    assert html.count("<a ") == 1
    assert 'href="https://example.org/?a=1&amp;b=2"' in html
    assert 'rel="noopener"' in html
    assert all(address.startswith("https://") for address in lessons.links().values())


def test_every_text_of_a_lesson_or_an_example_is_known_as_ours():
    given = lessons.given()
    for tab, texts in lessons.examples().items():
        assert tab == "train_vocabulary" or set(texts.values()) <= set(given)
    assert lessons.steps("sentiment")[1]["set"]["text"] in given
    # the value of a menu is no text: a visitor may type that word
    values = {v for step in lessons.steps("teach") for k, v in step["set"].items() if k == "preset"}
    assert values
    assert not (values | {"words", "bpe", "sorted"}) & set(given)


WRITTEN = Written(
    "The film", (2, 5), Sampling(temperature=0.75), 40, 7, (Text(0), Text(1), Text(0, branch_of=0))
)


def test_old_texts_say_what_made_them():
    html = texts_html.old(WRITTEN, other_beginning=True)
    assert "temperature 0.75, 2 texts of 40 tokens, seed 7 and after another beginning" in html
    one = replace(WRITTEN, texts=(Text(0),), sampling=Sampling(temperature=1.0, top_p=0.8))
    assert "temperature 1, top-p 0.8, 1 text of 40 tokens, seed 7." in texts_html.old(one, False)


def word(text: str, probability: float, moved: float) -> Word:
    return Word(text, 0, len(text), 0, 0, probability, moved, False)


VERDICT = Verdict(
    0.25,
    False,
    (word("", 0.5, 0.0), word("a", 1.0, 0.5), word(EVIL, 0.25, -0.75)),
    *(3, 0, 3, "CPU", "fp32", 1.0),
)


def test_a_reading_has_a_row_for_each_word():
    sent = verdict_html.reading(VERDICT)
    assert "<" not in sent
    value = json.loads(sent)
    assert value["rows"] == [
        ["start", 50.0, 0.0, "", False, "xxbos, the start"],
        ["a", 100.0, 50.0, "p4", False],
        [EVIL, 25.0, -75.0, "n4", False],
    ]
    assert (value["first"], value["note"]) == (0, "")
    assert value["high"]
    assert "moved it most, by -75 points" in value["label"]


def test_of_a_long_review_the_last_words_are_drawn():
    n = verdict_html.READ_WORDS + 2
    words = (word("", 0.5, 0.0), *(word("a", 0.5, 0.0) for _ in range(n - 1)))
    value = json.loads(verdict_html.reading(replace(VERDICT, words=words)))
    assert len(value["rows"]) == verdict_html.READ_WORDS
    assert (value["first"], value["high"]) == (2, False)
    assert value["note"] == "The last 1,000 of 1,002 words are drawn."


def test_a_step_says_what_the_page_is_to_open_and_press():
    step = {"title": "A", "text": "b", "set": {}, "open": "panel", "press": "go", "show": "it"}
    html = lesson_html.step([step], 0)
    assert 'data-open="panel"' in html
    assert 'data-show="it"' in html
    assert '<button type="button" class="lesson-press" data-press="go">' in html
    assert "data-" not in lesson_html.step([{"title": "A", "text": "b", "set": {}}], 0)
