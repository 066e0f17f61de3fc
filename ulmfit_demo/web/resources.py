"""What an MCP client can read: the model card, the vocabulary, the lessons. Also endpoints, as text."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo import lessons, limits
from ulmfit_demo.pipeline import Pipeline
from ulmfit_demo.web.door import door

TABS = (
    "tokenizers",
    "vocabulary",
    "batches",
    "sentiment",
    "generation",
    "inside",
    "training",
    "teach",
)


def connect(pipeline: Pipeline) -> None:
    """Make the resources a part of the `gr.Blocks` that is being built."""

    def model_card() -> str:
        """The model card in Markdown: what the model was trained on and what was measured."""
        return pipeline.model_card()

    def model_vocabulary() -> str:
        """The words of the language model and the classifier, one a line, in order of their ids."""
        return "\n".join(pipeline.vocab)

    for uri, function in (
        ("model://card", model_card),
        ("model://vocabulary", model_vocabulary),
        ("lesson://{tab}", lesson),
    ):
        served = door(function, {}, function.__name__)
        mime = "text/plain" if function is model_vocabulary else "text/markdown"
        gr.api(gr.mcp.resource(uri, mime_type=mime)(served), api_name=function.__name__, queue=True)


def lesson(tab: str) -> str:
    """The lesson of one tab in Markdown: its steps, and the book's questions with their options.

    Args:
        tab: tokenizers, vocabulary, batches, sentiment, generation, inside, training or teach
    """
    tab = limits.choice(tab, TABS, "The tab")
    lines = [f"# {tab.capitalize()}", ""]
    for number, step in enumerate(lessons.steps(tab), 1):
        lines += [f"## {number}. {step['title']}", "", step["text"], ""]
    asked = [q for q in lessons.questions() if q["tab"] == tab]
    if asked:
        lines += ["## Check yourself", ""]
    for question in asked:
        lines.append(f"{question['number']}. {question['question']}")
        lines += [f"   - {option['text']}" for option in question["options"]]
    return "\n".join(lines)
