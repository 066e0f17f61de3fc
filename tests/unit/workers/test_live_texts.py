"""The text that ships, a visitor's text cut into documents, the recording, and their HTML."""

from __future__ import annotations

import random
import re

from ulmfit_demo import limits, theme
from ulmfit_demo.tabs.training import live_training_html as view
from ulmfit_demo.workers.live_training import corpus
from ulmfit_demo.workers.live_training.request import SETTINGS, SIZES
from ulmfit_demo.workers.live_training.run import Run, gather, perplexity, recorded


def test_the_opinions_are_lines_of_their_own():
    lines = corpus.opinions(theme.ASSETS)
    assert len(lines) == len(set(lines)) == 260
    assert all(line == line.strip() and line[-1] in ".?" for line in lines)


def test_lines_are_documents_and_few_lines_are_cut_into_sentences():
    lines = [f"Line {i}. Two sentences." for i in range(25)]
    assert corpus.documents("\n".join(lines) + "\n\n") == (lines, True)
    parts, by_line = corpus.documents(" ".join(lines))
    assert not by_line
    assert parts[:2] == ["Line 0.", "Two sentences."]
    chinese, _ = corpus.documents("电影好看。我喜欢。" * 15)
    assert len(chinese) == 30


def test_cutting_loses_no_letter():
    rng = random.Random(4)
    for _ in range(200):
        text = "".join(rng.choice("ab .!?\n。 \ud800") for _ in range(rng.randrange(400)))
        try:
            parts, _ = corpus.documents(text)
        except corpus.TextError:
            continue
        assert re.sub(r"\s", "", "".join(parts)) == re.sub(r"\s", "", text).replace(
            "\ud800", "\ufffd"
        )


def test_the_recording_is_of_the_default_training():
    """Made by `python -m ulmfit_demo.workers.live_training.record`; another default needs another recording."""
    head, run = recorded(theme.ASSETS)
    assert run.stage == "done"
    assert (head["epochs"], head["size"]) == (limits.LIVE_EPOCHS[1], "medium")
    assert [e.number for e in run.epochs] == list(range(head["epochs"] + 1))
    texts = corpus.opinions(theme.ASSETS)
    held_out = len(texts) // SETTINGS["held_out"]
    assert run.facts["texts"] == [len(texts) - held_out, held_out]
    assert run.epochs[-1].held_out < run.epochs[0].held_out / 2
    assert any(line.ended for line in run.epochs[-1].lines)
    assert head["size"] in SIZES


def test_html_of_a_run_in_every_stage():
    _, whole = recorded(theme.ASSETS)
    events = [
        {"event": "loading"},
        {"event": "tick", "seconds": 3.0},
        {"event": "ready", **{k: v for k, v in whole.facts.items() if k != "event"}},
        {
            "event": "epoch",
            "epoch": 0,
            "step": 0,
            "held_out": 5.4,
            "training": None,
            "lines": [{"tokens": ["<img", "src=x>"], "ended": True, "copied": True}],
        },
        {"event": "progress", "epoch": 1, "step": 7, "loss": 2.0, "tokens_per_second": 1234.5},
    ]
    for n in range(len(events) + 1):
        html = view.figure(gather(events[:n]), "a <b> title")
        assert "a &lt;b&gt; title" in html
        assert html.count("<section") == html.count("</section>") == 1
    assert "as unsure as between <b>7.4</b> words" in html
    assert "1,234" in html
    lines = view.written(gather(events), "<script>", 0.6, 1)
    assert "<img" not in lines
    assert "<script>" not in lines
    assert "word for word in the text" in lines
    run = gather([*events, {"event": "ended", "why": "Ended at the limit."}])
    assert view.status(run) == "Ended at the limit."


def test_the_height_of_the_curve_is_the_loss():
    """Each point of the line is at its share of the axis, which begins at 0."""
    run = Run(facts={"vocabulary": 100, "steps": 10, "epochs": 1}, points=[(5, 2.5), (10, 0.0)])
    points = re.search(r'class="t" points="([^"]*)"', view._curve(run))[1]
    assert points == "50.00,50.00 100.00,100.00"  # ln 100 = 4.6: the axis goes to 5


def test_the_line_is_told_in_words():
    assert "number 1 in the line" in view.waiting(1)
    assert "2 more are before you" in view.waiting(3)


def test_perplexity_has_a_bound():
    assert perplexity(0.0) == 1.0
    assert perplexity(1e9) < float("inf")
