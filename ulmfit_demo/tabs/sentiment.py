"""Tab: a review classified while it is typed, and many at once."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo import lessons, limits
from ulmfit_demo.services import Services
from ulmfit_demo.tabs import common
from ulmfit_demo.views import html
from ulmfit_demo.views import sentiment as view


def build(services: Services) -> None:
    """Lay out the tab and wire it to `services`."""

    @common.guarded()
    def show(text):
        verdict = services.sentiment(limits.text(text))
        if verdict is None:
            return html.empty("Type a review: the verdict follows every word.")
        unknown = f", {verdict.n_unknown} unknown" if verdict.n_unknown else ""
        timing = f"{verdict.milliseconds:.0f} ms · {verdict.device}"
        detail = f"{verdict.n_tokens:,} tokens{unknown} · {timing}"
        return view.verdict(verdict.positive, detail)

    @common.guarded()
    def show_lines(text):
        rows = [line for line in limits.text(text).splitlines() if line.strip()]
        if not rows:
            return html.empty("Type one review a line.")
        if len(rows) > limits.LINES:
            raise limits.Refused(f"{len(rows):,} lines; this takes up to {limits.LINES} at once.")
        positive, device, milliseconds = services.sentiment_of_lines(rows)
        detail = f"{len(rows)} lines · {milliseconds:.0f} ms · {device}"
        return view.lines(list(zip(rows, positive, strict=True)), detail)

    common.lesson("sentiment")
    with gr.Row():
        text = gr.Textbox(
            value=common.first_example("sentiment"),
            label="A film review",
            lines=4,
            max_lines=12,
            scale=4,
            elem_id="sentiment-text",
        )
        with gr.Column(scale=1, min_width=200):
            common.example_menu("sentiment", text)
    result = gr.HTML(elem_id="sentiment-result", min_height=96)
    common.live([text], show, [text], [result], "sentiment")
    with gr.Accordion(
        "Many at once: one review a line (on the GPU where there is one)", open=False
    ):
        lines = gr.Textbox(
            value=next(iter(lessons.examples()["lines"].values())),
            label="Reviews",
            lines=5,
            max_lines=12,
            elem_id="sentiment-lines",
        )
        run = gr.Button("Classify the lines", variant="primary")
        table = gr.HTML(elem_id="sentiment-table")
        run.click(
            show_lines,
            lines,
            table,
            api_name="sentiment_lines",
            concurrency_id="model",
            concurrency_limit=limits.MODEL_LANE,
        )
    result.value = show(text.value)
