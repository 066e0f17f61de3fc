"""The whole app: the page's tabs, the data endpoints, how it is served. Computes nothing."""

from __future__ import annotations

import os

import gradio as gr
from starlette.middleware import Middleware

from ulmfit_demo import lanes, limits, order, services, start, theme, web
from ulmfit_demo.pipeline import Pipeline
from ulmfit_demo.resources import assets
from ulmfit_demo.services import reviews
from ulmfit_demo.tabs import (
    batches,
    generation,
    links,
    notebooks,
    questions,
    sentiment,
    tokenizers,
    training,
    vocabulary,
)
from ulmfit_demo.web import endpoints, mcp_json, resources

MCP = "ULMFIT_MCP"  # of the environment: 1 serves the endpoints as tools of an MCP server as well
TABS = {
    "Tokenizers": tokenizers,
    "Vocabulary": vocabulary,
    "Batches": batches,
    "Sentiment": sentiment,
    "Generation": generation,
    "Training": training,
}
TITLE = "ULMFiT, step by step"
INTRO = "Type a text and watch it travel: tokens, ids, mini-batches, a language model, a verdict."
FOOT = (
    "What you type is not stored and not sent elsewhere; the address of this page holds it, so that a "
    "link restores the view. A file and its results are deleted after about an hour. Models trained on "
    "IMDb film reviews with fastai."
)


def build() -> gr.Blocks:
    """The page and the endpoints, with the model that ships or that ULMFIT_BUNDLE names."""
    start.begin()
    loaded = services.load(assets())
    settings = dict(analytics_enabled=False, delete_cache=limits.DELETE_CACHE)
    found = []
    with gr.Blocks(title=TITLE, **settings) as demo:
        # before the page's events: a name that both have goes to the endpoint
        pipeline = Pipeline(loaded)
        endpoints.connect(pipeline)
        resources.connect(pipeline)
        gr.Markdown(f"# {TITLE}\n{INTRO}", elem_classes="u-title")
        with gr.Tabs() as tabs:
            for name, tab in TABS.items():
                with gr.Tab(name, id=name.lower(), elem_id=f"tab-{name.lower()}") as opened:
                    found.append(tab.build(loaded))
                    questions.build(loaded, name.lower())
                    notebooks.build(loaded, found[-1])
                links.follow(opened)
        links.connect(demo, tabs, found)
        gr.Markdown(FOOT, elem_classes="u-foot")
    demo.queue(max_size=limits.QUEUE, default_concurrency_limit=limits.KEYSTROKE_LANE)
    lanes.bound(demo)
    order.keep(demo)
    web.forget()
    start.settled()
    reviews.warm_up(loaded)
    return demo


def launch_settings() -> dict:
    """Look and safety of the served page, the same for `app.py`, the command line and the tests."""
    mcp_server = os.environ.get(MCP, "") == "1"  # needs requirements-mcp.txt
    if mcp_server:
        mcp_json.write_json()
    return {
        "theme": theme.theme(),
        "css_paths": theme.STYLES,
        "head": theme.head(),
        "show_error": False,
        "enable_monitoring": False,
        "run_history": False,
        "strict_cors": True,
        "state_session_capacity": limits.SESSIONS,
        "app_kwargs": {"middleware": [Middleware(web.BodyLimit)]},
        "max_file_size": limits.OWN_TOKENIZER_BYTES,
        "footer_links": ["api", "settings"],
        "mcp_server": mcp_server,
    }
