"""Builds and launches the app: the Space's `app_file`. Computes nothing."""

from __future__ import annotations

import os

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
# Else gradio makes a table of the last 10,000 requests after every request.
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "1")

from ulmfit_demo import start

start.begin()
if os.environ.get("SPACES_ZERO_GPU"):
    import spaces  # noqa: F401  (before anything that starts CUDA)

start.import_fastai()

import gradio as gr
from starlette.middleware import Middleware

from ulmfit_demo import lanes, limits, order, services, theme, web
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

start.settled()
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
    """The whole page, with the models of `assets/`."""
    start.begin()
    loaded = services.load(theme.ASSETS)
    settings = dict(analytics_enabled=False, delete_cache=limits.DELETE_CACHE)
    found = []
    with gr.Blocks(title=TITLE, **settings) as demo:
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
    # MCP calls a tool as its function is called, and `show_3` says nothing.
    for event in demo.fns.values():
        if event.fn and event.api_visibility == "public" and isinstance(event.api_name, str):
            event.fn.__name__ = event.api_name
    demo.queue(max_size=limits.QUEUE, default_concurrency_limit=limits.KEYSTROKE_LANE)
    lanes.bound(demo)
    order.keep(demo)
    web.forget()
    start.settled()
    reviews.warm_up(loaded)
    return demo


def launch_settings() -> dict:
    """Look and safety of the served page, the same for `python app.py` and the tests."""
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
        # the same endpoints as tools of an MCP server; needs requirements-mcp.txt
        "mcp_server": os.environ.get("ULMFIT_MCP", "") == "1",
    }


if __name__ == "__main__":
    build().launch(**launch_settings())
