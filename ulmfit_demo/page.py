"""The whole app: the page's tabs, the data endpoints, how it is served. Computes nothing."""

from __future__ import annotations

import os
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from ulmfit_demo import limits, startup, theme, web
from ulmfit_demo.inference import loading
from ulmfit_demo.inference.sentiment import warm_up
from ulmfit_demo.pipeline import Pipeline
from ulmfit_demo.resources import assets
from ulmfit_demo.tabs import (
    batches,
    generation,
    inside,
    journey,
    sentiment,
    teach,
    tokenizers,
    training,
    vocabulary,
)
from ulmfit_demo.tabs.journey import front
from ulmfit_demo.tabs.shared import links, notebooks, questions
from ulmfit_demo.web import (
    answers,
    endpoints,
    gradio_overhead,
    gradio_patches,
    gradio_script,
    preview,
    resources,
)

MCP = "ULMFIT_MCP"  # of the environment: 1 serves the endpoints as tools of an MCP server as well
TABS = {
    "Tokenizers": tokenizers,
    "Vocabulary": vocabulary,
    "Batches": batches,
    "Sentiment": sentiment,
    "Generation": generation,
    "Inside": inside,
    "Training": training,
    "Teach": teach,
}
SHARE = """<div class="u-share">
<button type="button" class="u-save-button" data-share="link">Copy a link to this view</button>
<button type="button" class="u-save-button" data-share="embed">Copy the lines that embed it</button>
<button type="button" class="u-save-button" data-share="present">Present</button>
<button type="button" class="u-save-button leave" data-share="page">Leave the presentation</button>
<span role="status"></span></div>"""
FOOT = (
    "What you type is not written to disk and not sent elsewhere. The server remembers your last texts "
    "for half an hour; the address of this page holds yours, so that a link restores the view. A file "
    "and its results are deleted after about an hour. Models trained on Wikipedia and IMDb film reviews "
    "with fastai."
)


def build() -> gr.Blocks:
    """The page and the endpoints, with the model that ships or that ULMFIT_BUNDLE names."""
    startup.begin()
    loaded = loading.load(assets())
    settings: dict[str, Any] = dict(analytics_enabled=False, delete_cache=limits.DELETE_CACHE)
    found, opened = [], {}
    with gradio_overhead.no_app_yet(), gr.Blocks(title=front.TITLE, **settings) as demo:
        # before the page's events: a name that both have goes to the endpoint
        pipeline = Pipeline(loaded)
        endpoints.connect(pipeline)
        resources.connect(pipeline)
        strip = journey.build(pipeline)
        with gr.Tabs(overflow_behavior="wrap") as tabs:  # a phone sees all of them
            for name, tab in TABS.items():
                id_ = name.lower()
                with gr.Tab(name, id=id_, elem_id=f"tab-{id_}") as opened[id_]:
                    gr.HTML(f"<h2>{name}</h2><h3>Try it</h3>", elem_classes="u-heard")
                    found.append(tab.build(loaded))
                    questions.build(loaded, id_)
                    notebooks.build(loaded, found[-1])
                links.follow(opened[id_])
        links.connect(demo, tabs, found)
        journey.connect(demo, strip, tabs, opened, found)
        gr.HTML(SHARE)
        gr.Markdown(FOOT, elem_classes="u-foot")
    line(demo)
    gradio_patches.limit_waiting(demo)
    gradio_patches.keep_order(demo)
    gradio_patches.refuse_values(demo)
    gradio_patches.forget_inputs()
    gradio_overhead.save(demo)
    answers.write_any()
    preview.show(front.TITLE, front.WHAT)
    startup.settled()
    warm_up(loaded, then=startup.give_back)
    return demo


def line(demo: gr.Blocks) -> None:
    """How requests wait.

    gradio's default tells everybody in a lane the new place after every answer: with a hundred who wait,
    a hundred messages for one answer.
    """
    demo.queue(
        status_update_rate=limits.PLACE_SECONDS,
        max_size=limits.QUEUE,
        default_concurrency_limit=limits.KEYSTROKE_LANE,
    )


def launch_settings() -> dict:
    """Look and safety of the served page, the same for `app.py`, the command line and the tests."""
    mcp_server = os.environ.get(MCP, "") == "1"  # needs requirements-mcp.txt
    if mcp_server:
        gradio_patches.write_mcp_json()
        web.quiet_mcp()
    own = theme.own_files()
    wire = Middleware(web.Wire, page=web.Joined(own), script=gradio_script.mend_script, own=own)
    doors = [
        Middleware(web.BodyLimit),
        wire,
        Middleware(web.RefusesRequests),
        Middleware(web.Shortcut),
    ]
    return {
        "theme": theme.theme(),
        "css_paths": theme.STYLES,
        "head": theme.head(),
        "show_error": False,
        "enable_monitoring": False,
        "run_history": False,
        "strict_cors": True,
        "state_session_capacity": limits.SESSIONS,
        "app_kwargs": {"middleware": doors, "routes": [preview.ROUTE]},
        "max_file_size": limits.OWN_TOKENIZER_BYTES,
        "footer_links": ["api", "settings"],
        "mcp_server": mcp_server,
    }
