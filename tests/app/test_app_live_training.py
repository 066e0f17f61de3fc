"""The live training over its API: its code executed and compared, refusals, the line, no process left."""

from __future__ import annotations

import contextlib
import io
import os
import re
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest
import torch

import app
from tests.page import Page
from ulmfit_demo import limits
from ulmfit_demo.tabs.training import live_training
from ulmfit_demo.theme import ASSETS
from ulmfit_demo.workers.live_training import corpus
from ulmfit_demo.workers.live_training.supervisor import Supervisor

ROOT = Path(__file__).resolve().parents[2]
LINES = corpus.opinions(ASSETS)[:70]
pytestmark = pytest.mark.timeout(900)
OWN = {"ours": "", "sentences": " ".join(LINES)}


@pytest.fixture(scope="module")
def client():
    """The view alone: it needs no model."""
    with pytest.MonkeyPatch.context() as patch:
        # the worker is polite: beside busy processes its start alone may take a minute
        patch.setattr(live_training, "BUDGET", replace(live_training.BUDGET, seconds=600))
        with gr.Blocks() as demo, gr.Tabs(), gr.Tab("Training"):
            live_training.build(SimpleNamespace(supervisor=Supervisor(limits.LIVE_WAITING)))
        demo.queue(max_size=limits.QUEUE, default_concurrency_limit=limits.KEYSTROKE_LANE)
        _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, **app.launch_settings())
        yield Page(url, verbose=False)
        demo.close()


def workers() -> list[int]:
    """Running workers that this process started."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError):
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                if (
                    parent == os.getpid()
                    and b"live_training/worker.py" in (entry / "cmdline").read_bytes()
                ):
                    found.append(int(entry.name))
    return found


def wait(condition, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def train(client, own="", source="ours", prompt="The film", epochs=6, size="small"):
    return client.predict(source, own, prompt, epochs, size, api_name="/train_live")


@pytest.mark.parametrize("source", list(OWN))
def test_the_code_gives_the_same_losses(client, source, tmp_path, monkeypatch):
    figure, lines, code = train(client, OWN[source], "ours" if source == "ours" else "own")
    shown = [float(loss) for loss in re.findall(r"([\d.]+) nats</span></p>", lines)]
    assert len(shown) == 7
    assert shown[-1] < shown[0] - 0.5
    assert "Finished" in figure
    assert workers() == []
    monkeypatch.chdir(ROOT if source == "ours" else tmp_path)
    if source != "ours":
        assert OWN[source][:30] not in code
        Path("my.txt").write_text(OWN[source], encoding="utf-8")
    names, threads = {}, torch.get_num_threads()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(code, "shown", "exec"), names)
    finally:
        torch.set_num_threads(threads)
    found = [names["before"], *(values[1] for values in names["learn"].recorder.values)]
    assert found == pytest.approx(shown, abs=0.0051)  # shown with two digits


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("own", "too short", "a", 6, "small"), "Your text has 9 characters"),
        (("own", "x" * 50_001, "a", 6, "small"), "50,001 characters"),
        (("own", "word " * 500, "a", 6, "small"), "at least 20 lines or sentences"),
        (("ours", "", "a" * 61, 6, "small"), "61 characters"),
        (("ours", "", "a", 7, "small"), "not in the list of choices"),
        (("ours", "", "a", 6, "huge"), "not in the list of choices"),
    ],
)
def test_refusals_are_sentences(client, arguments, words):
    try:
        result = client.predict(*arguments, api_name="/train_live")[0]
    except Exception as e:  # gradio's own bounds of a choice
        result = str(e)
    assert words in result
    assert "Traceback" not in result
    assert workers() == []


def test_the_second_is_told_its_place_and_stop_ends_each(client):
    first = client.submit("ours", "", "The film", 24, "medium", api_name="/train_live")
    wait(lambda: workers() != [], 60)
    # a client of its own: gradio cancels by session
    second = Page(client.src, verbose=False).submit(
        "ours", "", "The film", 24, "medium", api_name="/train_live"
    )
    wait(lambda: any("number 1 in the line" in o[0] for o in second.outputs()), 300)
    assert len(workers()) == 1
    before = workers()
    second.cancel()
    time.sleep(1)
    assert workers() == before
    first.cancel()
    wait(lambda: workers() == [], 60)
