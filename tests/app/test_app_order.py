"""Every event of the page that redraws something goes through `events.redraw`."""

import json
import urllib.request
from collections import Counter

import gradio as gr

from ulmfit_demo.tabs.journey.strip import FIELDS
from ulmfit_demo.tabs.shared import events

DRAWN = {"html"}
# Pressed or opened: while one of these runs, gradio's page sends no second one (`once`).
PRESSED = {"click", "expand", "upload"}
# Written by long work; each of its events cancels the others first.
CANCELLED = {"generation-result"}


def unordered(config: dict) -> list[str]:
    """The events that redraw and that nothing keeps in order, by name."""
    components = {c["id"]: c for c in config["components"]}
    drawing = [
        d
        for d in config["dependencies"]
        if d["backend_fn"] and any(components[o]["type"] in DRAWN for o in d["outputs"])
    ]
    writers = Counter(o for d in drawing for o in d["outputs"])
    found = []
    for event in drawing:
        numbered = "ulmfitAsk" in (event["js"] or "")
        if numbered and event["queue"] is not False:
            assert components[event["inputs"][-1]]["type"] == "state"
            continue
        drawn = [o for o in event["outputs"] if components[o]["type"] in DRAWN]
        pressed = event["trigger_mode"] == "once" and all(e in PRESSED for _, e in event["targets"])
        if not all(
            (pressed and writers[o] == 1) or components[o]["props"].get("elem_id") in CANCELLED
            for o in drawn
        ):
            found.append(event["api_name"] or str(event["id"]))
    return found


def test_every_event_that_redraws_is_kept_in_order(url):
    with urllib.request.urlopen(f"{url}config", timeout=30) as answer:
        config = json.load(answer)
    assert unordered(config) == []
    numbered = [d for d in config["dependencies"] if "ulmfitAsk" in (d["js"] or "")]
    names = {str(d["api_name"]) for d in numbered}
    assert {n.removeprefix("page_") for n in names if n.startswith("page_")} == {
        "vocabulary",
        "word_vocabulary",
        "legal_sizes",
        "train_vocabulary",
        "train_live",
        "lm_batches",
        "classifier_batches",
        "other_models",
        "sentiment",
        "next_word",
        "generate",
        "surprise",
        "training_stages",
        "teach",
        "teach_own",
        "inside_unit",
        "inside_hold",
        "inside_memory",
        "inside_neighbours",
        "inside_map",
        "inside_readers",
        "inside_change",
    }


def test_the_text_travels_before_a_tab_asks_about_it(url):
    with urllib.request.urlopen(f"{url}config", timeout=30) as answer:
        config = json.load(answer)
    tabs = {c["id"]: c["props"]["id"] for c in config["components"] if c["type"] == "tabitem"}
    first: dict = {}
    for event in config["dependencies"]:
        for target, name in event["targets"]:
            if name == "select" and tabs.get(target) in FIELDS:
                first.setdefault(tabs[target], event["js"])
    assert set(first) == set(FIELDS)
    assert all("ulmfitJourney.take" in (js or "") for js in first.values())


def test_an_event_that_goes_another_way_is_found():
    with gr.Blocks(analytics_enabled=False) as demo:
        text, shown, other = gr.Textbox(), gr.HTML(), gr.HTML()
        button = gr.Button()
        events.live([text], lambda text: text, [text], [shown], "good")
        button.click(str, text, other, api_name="pressed")  # the only one that writes there
        assert unordered(demo.get_config_file()) == []
        text.change(str, text, other, api_name="another_way")
        button.click(str, text, shown, api_name="also_writes")
    assert unordered(demo.get_config_file()) == ["pressed", "another_way", "also_writes"]
