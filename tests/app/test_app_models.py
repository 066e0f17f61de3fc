"""The two model tabs over their API: what they say is true, alone and with many others at once."""

import csv
import html
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from gradio_client import handle_file

from tests.page import Page
from ulmfit_demo import limits, theme
from ulmfit_demo.inference import devices, generation, loading, sentiment
from ulmfit_demo.inference.surprisal import surprisal_of
from ulmfit_demo.models import baselines, precision
from ulmfit_demo.models.engine import Unavailable

REVIEW = "Oh, a WONDERFUL film!!! It is not bad at all, and I loved every minute of it."
CUTS = (0.75, 0, 1.0, 0.0, 1.0)


@pytest.fixture(scope="module")
def loaded():
    return loading.load(theme.ASSETS)


@pytest.fixture(scope="module")
def client(url):
    return Page(url, verbose=False)


def probability(shown: str) -> float:
    """What a verdict says, as the probability of positive."""
    share = float(re.search(r"([\d.]+)%", shown)[1]) / 100
    return share if "pos" in re.search(r'<i class="(\w+)"', shown)[1] else 1 - share


def test_words_tile_the_review_and_end_at_the_verdict(loaded):
    verdict, reading = sentiment.read(loaded, REVIEW)
    words = [w for w in verdict.words if w.text]
    assert "".join(w.text for w in words) == REVIEW.replace(" ", "")
    assert [w.text for w in words][:6] == ["Oh", ",", "a", "WONDERFUL", "film", "!!!"]
    assert verdict.words[-1].probability == verdict.positive
    total = sum(w.moved for w in verdict.words)
    assert total == pytest.approx(verdict.positive - verdict.words[0].probability, abs=1e-6)
    assert verdict.words[-1].last + 1 == verdict.n_tokens == len(reading.ids)


def test_a_keystroke_reads_little_and_says_the_same(loaded):
    text = " ".join([REVIEW] * 12)
    _, before = sentiment.read(loaded, text)
    fresh, _ = sentiment.read(loaded, text + " g")
    kept, _ = sentiment.read(loaded, text + " g", before)
    assert kept.n_read < 40 < fresh.n_read
    assert kept.positive == pytest.approx(fresh.positive, abs=1e-4)


@pytest.mark.parametrize("name", ["fp32", "half", "int8", None])
def test_what_if_is_what_the_changed_review_gets(loaded, monkeypatch, name):
    """In every precision, and in the one that this machine chooses: a difference is no rounding."""
    if name:
        monkeypatch.setenv(precision.ENV, name)
    else:
        monkeypatch.delenv(precision.ENV)
    text = "A dull film. I loved the music."
    try:
        verdict, _ = sentiment.read(loaded, text)
    except Unavailable as e:
        pytest.skip(str(e))
    index = next(i for i, w in enumerate(verdict.words) if w.text == "dull")
    found = sentiment.what_if(loaded, text, index)
    assert found.changes[0].text == "A film. I loved the music."
    assert len(found.changes) == 1 + sentiment.SUGGESTIONS
    assert all(c.word in c.text and c.word != "dull" for c in found.changes[1:])
    assert found.positive == verdict.positive
    for change in found.changes:
        assert sentiment.read(loaded, change.text)[0].positive == pytest.approx(
            change.positive, abs=1e-5
        )


def test_reasons_add_up_over_the_words(loaded):
    found = sentiment.explain(loaded, "A dull and stupid film with a wonderful song.")
    assert found.error < 0.02
    by_word = dict(zip((w.text for w in found.words), found.left_out, strict=True))
    assert by_word["stupid"] < 0 < by_word["wonderful"]
    assert len(found.gradients) == len(found.words)


def test_the_api_says_what_the_functions_say(client, loaded):
    assert probability(client.predict(REVIEW, api_name="/sentiment")[0]) == pytest.approx(
        sentiment.read(loaded, REVIEW)[0].positive, abs=6e-3
    )
    shown = client.predict(REVIEW, True, api_name="/other_models")
    assert "VADER" in shown
    assert client.predict(REVIEW, False, api_name="/other_models") == ""
    perplexity = surprisal_of(loaded, REVIEW).perplexity
    assert f"Perplexity {perplexity:,.1f}" in client.predict(REVIEW, api_name="/surprise")


def test_the_page_says_in_which_precision_it_read(client, monkeypatch, loaded):
    """A verdict in int8 is up to a hundredth from that of fp32: its reader must be able to see why."""
    _, device = devices.live_models(loaded.bundle.key)
    for name in ("fp32", "int8"):
        monkeypatch.setenv(precision.ENV, name)
        try:
            assert sentiment.read(loaded, REVIEW)[0].precision == name
        except Unavailable:
            continue
        where = f"· {device}, {name}"
        assert where in client.predict(REVIEW, api_name="/sentiment")[0]
        assert where in client.predict(REVIEW, None, api_name="/sentiment_lines")[0]
        assert where in client.predict("A", *CUTS, 3, 1, 0, False, api_name="/generate")


def test_a_csv_file_gets_a_verdict_for_every_row(client, tmp_path, loaded, monkeypatch):
    monkeypatch.setenv(precision.ENV, "fp32")  # one review and many may be read in different ones
    path = tmp_path / "reviews.csv"
    rows = [["id", "review"], ["1", "A wonderful, warm film."], ["2", ""], ["3", "=Dull, awful."]]
    with path.open("w", newline="", encoding="utf-8") as f:
        csv.writer(f).writerows(rows)
    shown, file = client.predict("", handle_file(path), api_name="/sentiment_lines")
    assert "3 of 3, 1 without text" in shown
    with open(file, newline="", encoding="utf-8") as f:
        written = list(csv.reader(f))
    head = ["id", "review", "verdict", "positive", "apostrophe_added_to"]
    assert written[0] == head
    assert [r[2] for r in written[1:]] == ["positive", "no words", "negative"]
    assert [r[0] for r in written[1:]] == ["1", "2", "3"]
    assert written[3][1] == "'=Dull, awful."  # a spreadsheet must not run it
    assert [r[4] for r in written[1:]] == ["", "", "review"]
    assert float(written[1][3]) == pytest.approx(
        sentiment.read(loaded, rows[1][1])[0].positive, abs=1e-4
    )


def cases() -> dict:
    text = (Path(__file__).parents[1] / "cases" / "uploads.json").read_text()
    return {case["id"]: case for case in json.loads(text)}


def written_verdicts(client, tmp_path, case: dict) -> tuple[str, list[dict]]:
    """The table and the rows of the file that a case gives."""
    path = tmp_path / case["file"]
    path.write_bytes(case["input"].encode())
    shown, file = client.predict("", handle_file(path), api_name="/sentiment_lines")
    with open(file, newline="", encoding="utf-8") as f:
        return shown, list(csv.DictReader(f))


def test_rows_without_a_word_are_said_to_have_none_and_are_counted(client, tmp_path):
    shown, rows = written_verdicts(client, tmp_path, cases()["csv-br"])
    assert [r["verdict"] for r in rows][:2] == cases()["csv-br"]["right"][:2] == ["no words"] * 2
    assert rows[2]["verdict"] == "positive"
    assert shown.count('<td class="unsure">no words</td>') == 2
    shown, rows = written_verdicts(client, tmp_path, cases()["csv-progress"])
    assert cases()["csv-progress"]["right"] in shown
    assert [r["label"] for r in rows] == ["1", "0", "0"]


def test_the_guard_is_taken_off_as_the_file_says(client, tmp_path):
    _, rows = written_verdicts(client, tmp_path, cases()["csv-formula"])
    texts = [r["text"][1:] if r["apostrophe_added_to"] == "text" else r["text"] for r in rows]
    assert texts == cases()["csv-formula"]["right"]


def test_what_the_rules_leave_nothing_of_is_an_empty_text(client):
    """In every view: the answer to `<br />` is the answer to nothing."""
    asked = {
        "/surprise": lambda text: (text,),
        "/sentiment": lambda text: (text,),
        "/explain": lambda text: (text,),
        "/other_models": lambda text: (text, True),
        "/sentiment_lines": lambda text: (f"{text}\n", None),
        "/generate": lambda text: (text, *CUTS, 3, 1, 0, False),
        "/next_word": lambda text: ("", text, *CUTS),
    }
    ms = re.compile(r"[\d.,]+ ms( a step)?")
    for name, arguments in asked.items():
        answer = json.dumps(client.predict(*arguments(""), api_name=name))
        assert name in ("/generate", "/next_word") or "u-empty" in answer
        for text in cases()["surprise-br"]["input"]:
            found = json.dumps(client.predict(*arguments(text), api_name=name))
            assert ms.sub("", found) == ms.sub("", answer), (name, text)


def test_the_api_takes_the_name_of_the_column(client, tmp_path):
    path = tmp_path / "two.csv"
    path.write_text("text;Comment\nDull and stupid.;A wonderful film.\n")
    shown, _ = client.predict("", handle_file(path), api_name="/sentiment_lines")
    assert "Several columns could hold the reviews: “text”, “Comment”" in html.unescape(shown)
    shown, _ = client.predict("", handle_file(path), "comment", api_name="/sentiment_lines")
    assert '<td class="pos">positive</td>' in shown
    assert "A wonderful film." in shown


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"text\n" + b"good\n" * (limits.ROWS + 1), "5,001 rows"),
        (b"\xff\xfe\x00bad", "no CSV in UTF-8"),
        (b"id,opinion\n1,A dull film\n", "No column is named"),
        (b"text\n" + b"x" * (limits.TEXT_CHARACTERS + 1), "Row 1 has"),
    ],
)
def test_a_bad_csv_file_is_one_sentence(client, tmp_path, content, words):
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    shown = client.predict("", handle_file(path), api_name="/sentiment_lines")[0]
    assert "u-notice" in shown
    assert words in shown


def test_a_text_file_is_one_review_a_line(client, tmp_path):
    path = tmp_path / "reviews.txt"
    path.write_text("Great film, but the ending is awful\nDull, dull, dull\n", encoding="utf-8")
    shown, _ = client.predict("", handle_file(path), api_name="/sentiment_lines")
    assert "Great film, but the ending is awful" in shown
    assert "2 of 2" in shown


@pytest.mark.parametrize(
    ("text", "word", "other", "after"),
    [
        ("good, but", ",", "and", "good and but"),
        ("It didn't work", "n't", "never", "It did never work"),
        ("A dull film", "dull", "", "A film"),
        ("A dull film", "dull", "fine", "A fine film"),
    ],
)
def test_a_changed_word_is_not_glued_to_its_neighbours(loaded, text, word, other, after):
    verdict, _ = sentiment.read(loaded, text)
    found = next(w for w in verdict.words if w.text == word)
    assert sentiment.cut(text, found, other) == after


def test_vader_is_quick_on_what_is_slow_for_it():
    started = time.thread_time()
    baselines.vader("😀" * 20_000)
    baselines.vader("good bad but not " * 1_200)
    assert time.thread_time() - started < 30  # minutes, without the bounds


def test_a_text_that_ends_last_says_so(loaded, monkeypatch):
    everything = range(len(loaded.bundle.vocab))
    always = [i for i in everything if i != loaded.vocab.bos_id]
    monkeypatch.setattr(generation.devices, "never_drawn", lambda vocab: always)
    *_, written = generation.write(loaded, "The film", generation.Sampling(), 5, 2, 0)
    assert [t.ended for t in written.texts] == [True, True]


def test_a_branch_keeps_what_stood_before_and_goes_on_from_the_word(loaded):
    settings = generation.Sampling(temperature=0.75)
    *_, written = generation.write(loaded, "The film", settings, 16, 2, 7)
    place = 5
    word = next(
        w
        for w, _ in written.texts[1].drawn[place].alternatives
        if w != written.texts[1].drawn[place].token
    )
    *_, branched = generation.branch(loaded, written, 1, place, word)
    assert branched.texts[:2] == written.texts
    new = branched.texts[2]
    assert new.drawn[:place] == written.texts[1].drawn[:place]
    assert new.drawn[place].token == word
    assert len(new.drawn) == 16
    *_, again = generation.branch(loaded, written, 1, place, word)
    assert again.texts[2] == new
    # steering to the word that was drawn writes the same text again
    same = written.texts[1].drawn[place].token
    *_, unchanged = generation.branch(loaded, written, 1, place, same)
    assert [d.id for d in unchanged.texts[2].drawn] == [d.id for d in written.texts[1].drawn]


@pytest.mark.parametrize("name", ["fp32", "half", "int8"])
def test_the_next_word_table_is_the_one_that_was_drawn_from(loaded, monkeypatch, name):
    monkeypatch.setenv(precision.ENV, name)
    settings = generation.Sampling(temperature=0.75)
    try:
        *_, written = generation.write(loaded, "The film", settings, 12, 2, 7)
    except Unavailable as e:
        pytest.skip(str(e))
    assert written.precision == name
    monkeypatch.setenv(precision.ENV, "fp32")  # the text's own way counts, not what is chosen now
    for text, place in ((0, 0), (0, 4), (1, 11)):
        found = generation.next_word(loaded, written, "", text, place, settings, [0.5, 1.0])
        drawn, shown = written.texts[text].drawn[place], found.distributions[1]
        assert found.drawn == drawn.token
        assert shown.rank == drawn.rank
        assert shown.drawn.probability == pytest.approx(drawn.probability, abs=1e-5)
        assert shown.entropy == pytest.approx(drawn.entropy, abs=1e-3)
        assert found.distributions[0].entropy < shown.entropy


@pytest.mark.parametrize("name", ["fp32", "int8"])
def test_the_bars_under_a_prompt_are_those_of_the_first_word(loaded, monkeypatch, name):
    monkeypatch.setenv(precision.ENV, name)
    settings = generation.Sampling(temperature=1.0)
    found = generation.next_word(loaded, None, "The film", None, 0, settings, [1.0])
    try:
        *_, written = generation.write(loaded, "The film", settings, 1, 1, 7)
    except Unavailable as e:
        pytest.skip(str(e))
    bars = {found.vocab[c.id]: c.probability for c in found.distributions[0].candidates}
    chances = dict(written.texts[0].drawn[0].alternatives)
    assert len(bars.keys() & chances.keys()) > 5  # the bars show those that are never drawn, too
    for word in bars.keys() & chances.keys():
        assert bars[word] == pytest.approx(chances[word], abs=1e-5)


def text_of(client: Page, prompt: str, temperature: float, seed: int) -> str:
    shown = client.predict(prompt, temperature, *CUTS[1:], 8, 1, seed, False, api_name="/generate")
    return html.unescape(re.sub(r"<h4>.*?</h4>|<p.*|<[^>]*>", "", shown))


def test_64_clients_at_once_get_what_each_gets_alone(url, client):
    asked = [(f"Film number {i} was", 0.3 + i % 7 / 5, i) for i in range(64)]
    alone = [text_of(client, *a) for a in asked[:16]]
    others = [Page(url, verbose=False) for _ in range(8)]
    with ThreadPoolExecutor(64) as pool:
        together = list(pool.map(lambda i: text_of(others[i % 8], *asked[i]), range(len(asked))))
    assert together[:16] == alone
    assert len(set(together)) == 64


def test_a_word_that_is_not_there_is_refused(loaded):
    with pytest.raises(limits.Refused):
        sentiment.what_if(loaded, "A film.", 99)
