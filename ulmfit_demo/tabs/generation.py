"""Tab: the language model goes on writing, word by word."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo import limits
from ulmfit_demo.models.sampling import Sampling
from ulmfit_demo.services import Services
from ulmfit_demo.tabs import common
from ulmfit_demo.views import generation as view
from ulmfit_demo.views import html


def build(services: Services) -> None:
    """Lay out the tab and wire it to `services`."""

    def write(prompt, temperature, top_k, top_p, n_words, n_texts, seed):
        try:
            prompt = limits.text(prompt, limits.PROMPT_CHARACTERS)
            sampling = Sampling(
                temperature=limits.number(temperature, limits.TEMPERATURE, "The temperature"),
                top_k=limits.whole(top_k, limits.TOP_K, "top-k"),
                top_p=limits.number(top_p, limits.SHARE, "top-p"),
            )
            n_steps = limits.whole(n_words, limits.WORDS, "The number of words")
            n_texts = limits.whole(n_texts, limits.TEXTS, "The number of texts")
            seed = limits.whole(seed, limits.SEED, "The seed")
            for w in services.write(prompt, sampling, n_steps, n_texts, seed):
                speed = w.milliseconds / max(1, w.n_steps)
                detail = f"{w.n_steps} of {n_steps} tokens · {speed:.0f} ms a step · {w.device}"
                yield view.texts(prompt, w.texts, w.ended, detail)
        except limits.Refused as refusal:
            yield html.notice(str(refusal))
        except Exception:
            common.log.exception("generate failed")
            yield html.notice(common.BROKEN)

    common.lesson("generation")
    with gr.Row():
        prompt = gr.Textbox(
            value=common.first_example("generation"),
            label="The text begins with",
            lines=2,
            max_lines=6,
            scale=4,
            elem_id="generation-prompt",
        )
        with gr.Column(scale=1, min_width=200):
            common.example_menu("generation", prompt)
    with gr.Row():
        temperature = gr.Slider(*limits.TEMPERATURE, value=0.75, step=0.05, label="Temperature")
        n_words = gr.Slider(*limits.WORDS, value=40, step=1, label="Words (tokens)")
        n_texts = gr.Slider(*limits.TEXTS, value=2, step=1, label="Texts")
        seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=limits.SEED[1])
    with gr.Accordion("More ways to cut the distribution", open=False):
        with gr.Row():
            top_k = gr.Slider(*limits.TOP_K, value=0, step=1, label="top-k (0: off)")
            top_p = gr.Slider(0.05, 1.0, value=1.0, step=0.05, label="top-p (1: off)")
    with gr.Row():
        go = gr.Button("Write", variant="primary", elem_id="generation-write")
        stop = gr.Button("Stop", elem_id="generation-stop")
    result = gr.HTML(
        html.empty("Press Write: the model goes on from your words."),
        elem_id="generation-result",
        min_height=190,
    )
    event = go.click(
        write,
        [prompt, temperature, top_k, top_p, n_words, n_texts, seed],
        result,
        api_name="generate",
        show_progress="hidden",
        concurrency_id="model",
        concurrency_limit=limits.MODEL_LANE,
    )
    stop.click(None, None, None, cancels=[event], api_visibility="private")
