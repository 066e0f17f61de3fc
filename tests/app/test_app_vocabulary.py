"""The Vocabulary tab over its API: figures, refusals, and the code it shows, executed and compared."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import time
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest
from fastai.text.data import make_vocab
from sentencepiece import SentencePieceProcessor

import app
from tests.page import Page
from ulmfit_demo import limits, theme
from ulmfit_demo.tabs.vocabulary import layout as vocabulary
from ulmfit_demo.tokens import SubwordLadder

ROOT = Path(__file__).resolve().parents[2]
LINE = "the ciné film's “plot” <b> 电影 xxrep 3 unremarkable!"  # one block of rows
TEXT = "Unfortunatly, the ciné film's “whodunnit” <b> was unremarkable — 电影 xxrep 3 a!"
LEARN = "The boat left the harbour at dawn.\nThe gulls followed the boat out to sea. " * 3


@pytest.fixture(scope="module")
def client():
    """The tab alone: it needs the ladder and no model."""
    loaded = SimpleNamespace(ladder=SubwordLadder(theme.ASSETS / "subwords"), bundle=None)
    with gr.Blocks() as demo, gr.Tabs(), gr.Tab("Vocabulary"):
        vocabulary.build(loaded)
    demo.queue(max_size=limits.QUEUE, default_concurrency_limit=limits.KEYSTROKE_LANE)
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, **app.launch_settings())
    yield Page(url, verbose=False)
    demo.close()


def shown(html: str) -> list[str]:
    """The texts of the chips, without those of the legend."""
    body = html.split('<div class="legend"')[0]
    return [unescape(t) for t in re.findall(r'<span class="tok [^>]*data-tip[^>]*>([^<]*)<', body)]


def run(code: str, monkeypatch) -> tuple[dict, str]:
    """Execute shown lines from the repository's root: (their names, what they print)."""
    monkeypatch.chdir(ROOT)
    names, printed = {}, io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "shown", "exec"), names)
    return names, printed.getvalue()


@pytest.mark.parametrize("kind", ["unigram", "bpe"])
def test_the_ladders_code_prints_the_ladder(client, kind, monkeypatch):
    html, *figures, code = client.predict(LINE, kind, 1_000, api_name="/vocabulary")
    _, printed = run(code, monkeypatch)
    lines = printed.splitlines()
    assert len(lines) == 8
    pieces = [piece for line in lines for piece in line.split(" ")[2:]]
    assert "".join(pieces) == "".join(shown(html))
    assert all(f'"pieces of the whole text">{line.split(" ")[1]}<' in html for line in lines)
    assert len(figures) == 3
    assert all(json.loads(f)["data"] and json.loads(f)["name"] for f in figures)
    assert ("Merge order" in html) == (kind == "bpe")


def test_the_word_vocabularys_code_finds_the_same_words(client, monkeypatch):
    for min_freq, max_vocab in ((3, 60_000), (40, 60_000), (1, 200), (5, 7_991)):
        figures, words, code = client.predict(
            TEXT, min_freq, max_vocab, api_name="/word_vocabulary"
        )
        names, _ = run(code, monkeypatch)
        assert f"<b>{len(names['vocab']):,}</b>" in figures
        assert names["vocab"] == make_vocab(names["counter"], min_freq, max_vocab)
        lost = re.findall(r'tok-unknown"[^>]*data-tip[^>]*>([^<]*)<', words)
        assert [unescape(w) for w in lost] == list(names["lost"])
        assert f"{len(lost)} of {len(names['tokens'])} tokens become xxunk" in words


@pytest.mark.parametrize("kind", ["unigram", "bpe"])
def test_the_trainings_code_trains_the_same_model(client, kind, monkeypatch):
    import base64

    _, size = client.predict(LEARN, kind, 5_000, api_name="/legal_sizes")
    html, code = client.predict(LEARN, kind, size, TEXT, api_name="/train_vocabulary")
    names, printed = run(code, monkeypatch)
    data = re.search(r"base64,([A-Za-z0-9+/=]+)", html)[1]
    downloaded = SentencePieceProcessor(model_proto=base64.b64decode(data))
    own = names["processor"]
    assert len(downloaded) == len(own) == size
    for i in range(size):
        assert downloaded.id_to_piece(i) == own.id_to_piece(i)
        assert downloaded.get_score(i) == pytest.approx(own.get_score(i), abs=1e-5)
    assert printed.startswith(f"{size} ")
    cut = own.encode(TEXT, out_type=str, emit_unk_piece=False)
    assert "".join(shown(html)) == "".join(cut)


def test_a_long_text_is_read_from_a_file_in_the_code(client, tmp_path, monkeypatch):
    text = LEARN * 20
    _, code = client.predict(text, "bpe", 60, "a boat", api_name="/train_vocabulary")
    assert "my.txt" in code
    assert text[:50] not in code
    (tmp_path / "my.txt").write_text(text, encoding="utf-8", newline="")
    monkeypatch.chdir(tmp_path)
    names = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(code, "shown", "exec"), names)
    assert len(names["processor"]) == 60


def test_the_announced_range_is_what_training_says(client):
    html, size = client.predict(LEARN, "bpe", 5_000, api_name="/legal_sizes")
    low, high = (int(n.replace(",", "")) for n in re.search(r"([\d,]+) to ([\d,]+)", html).groups())
    assert size == high
    for wrong in (low - 1, high + 1, 0 + 1, 999_999):
        html, _ = client.predict(LEARN, "bpe", wrong, "", api_name="/train_vocabulary")
        assert f"from {low:,} to {high:,} pieces, not {wrong:,}" in html
        assert "too high" not in html
    html, _ = client.predict(LEARN, "bpe", high, "", api_name="/train_vocabulary")
    assert "v-download" in html


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("/vocabulary", ("a" * 20_001, "unigram", 1_000), "20,001 characters"),
        ("/vocabulary", ("a", "unigram", 1_001), "not in the list of choices"),
        ("/word_vocabulary", ("a", 3, 60_001), "greater than maximum value 60000"),
        ("/legal_sizes", ("x" * 2_000_001, "bpe", 20), "up to 2,000,000"),
        ("/legal_sizes", ("电" * 700_000, "bpe", 20), "2.1 MB"),
        ("/train_vocabulary", (" ", "bpe", 20, ""), "Paste a text or choose a file"),
        ("/train_vocabulary", ("\u200b", "bpe", 20, ""), "nothing to learn"),
        ("/train_vocabulary", (LEARN, "bpe", 40, "x" * 2_001), "2,001 characters"),
    ],
)
def test_refusals_are_sentences(client, name, arguments, words):
    try:
        result = client.predict(*arguments, api_name=name)[0]
    except Exception as e:  # gradio's own bounds of a slider, and its types
        result = str(e)
    assert words in result
    assert "Traceback" not in result


def test_a_cancelled_training_ends_its_process(client):
    import random

    rng = random.Random(1)
    text = "".join(rng.choice("abcdefghijklmnop \n") for _ in range(400_000))
    job = client.submit(text, "unigram", 2_000, "", api_name="/train_vocabulary")
    wait(lambda: workers() == 1)
    job.cancel()
    wait(lambda: workers() == 0)


def workers() -> int:
    found = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                found += (
                    parent == os.getpid()
                    and b"subword_training" in (entry / "cmdline").read_bytes()
                )
    return found


def wait(condition, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)
