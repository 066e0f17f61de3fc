"""Tab: the language model goes on writing, word by word; steer it, and see what it might have said."""

from __future__ import annotations

import json
import time

import gradio as gr

from ulmfit_demo import limits
from ulmfit_demo.models.sampling import Sampling
from ulmfit_demo.services import Services, writing
from ulmfit_demo.tabs import common, surprise
from ulmfit_demo.views import generation as view
from ulmfit_demo.views import html

TEMPERATURES = (0.5, 1.2)  # beside the chosen one
IDLE = "Press Write: the model goes on from your words."
LOOK = "What could come after your words, at three temperatures: it follows the text above."


def build(services: Services) -> None:
    """Lay out the tab and wire it to `services`."""

    def stream(make, by_surprise, before=None):
        """Yield (HTML, state) of the steps that `make` gives; refusals as notices.

        A step takes a few milliseconds, a page longer to draw it: at most one is shown a frame.
        """
        shown, written = 0.0, None
        try:
            for written in make():
                if time.monotonic() - shown >= limits.FRAME_SECONDS:
                    yield view.texts(written, live=True), written
                    shown = time.monotonic()
            yield view.texts(written, by_surprise), written
        except limits.Refused as refusal:
            kept = view.texts(before, by_surprise) if before else ""
            yield html.notice(str(refusal)) + kept, gr.skip()
        except Exception:
            common.log.exception("generate failed")
            yield html.notice(common.BROKEN), gr.skip()

    def write(
        prompt, temperature, top_k, top_p, min_p, penalty, n_words, n_texts, seed, by_surprise
    ):
        def make():
            return writing.write(
                services,
                limits.text(prompt, limits.PROMPT_CHARACTERS),
                sampling(temperature, top_k, top_p, min_p, penalty),
                limits.whole(n_words, limits.WORDS, "The number of words"),
                limits.whole(n_texts, limits.TEXTS, "The number of texts"),
                limits.whole(seed, limits.SEED, "The seed"),
            )

        yield from stream(make, bool(by_surprise))

    def branch(picked, written, by_surprise):
        def make():
            if written is None:
                raise limits.Refused("Press Write first.")
            text, place, word = wanted(picked, 3)
            return writing.branch(services, written, text, place, word)

        yield from stream(make, bool(by_surprise), written)

    @common.guarded()
    def look(picked, written, prompt, temperature, top_k, top_p, min_p, penalty):
        settings = sampling(temperature, top_k, top_p, min_p, penalty)
        prompt = limits.text(prompt, limits.PROMPT_CHARACTERS)
        text, place = wanted(picked, 2) if picked and written else (None, 0)
        if written is not None and text is not None and prompt != written.prompt:
            text = None  # the visitor types a new beginning: the old texts are no longer meant
        temperatures = sorted({*TEMPERATURES, settings.temperature})
        found = writing.next_word(services, written, prompt, text, place, settings, temperatures)
        return view.next_word(found, (text, place) if text is not None else None)

    def recolour(by_surprise, written):
        return view.texts(written, by_surprise) if written else gr.skip()

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
    with gr.Accordion("More ways to cut the distribution", open=False), gr.Row():
        top_k = gr.Slider(*limits.TOP_K, value=0, step=1, label="top-k (0: off)")
        top_p = gr.Slider(0.05, 1.0, value=1.0, step=0.05, label="top-p (1: off)")
        min_p = gr.Slider(0.0, 0.5, value=0.0, step=0.01, label="min-p (0: off)")
        penalty = gr.Slider(
            *limits.PENALTY, value=1.0, step=0.05, label="Repetition penalty (1: off)"
        )
    with gr.Row():
        go = gr.Button("Write", variant="primary", elem_id="generation-write")
        stop = gr.Button("Stop", elem_id="generation-stop")
        by_surprise = gr.Checkbox(
            False, label="Colour by how unlikely each word was", min_width=220
        )
    result = gr.HTML(html.empty(IDLE), elem_id="generation-result", min_height=190)
    written = gr.State(None, time_to_live=limits.STATE_SECONDS)
    pick, chosen = common.hidden_field("generation-pick"), common.hidden_field("generation-branch")
    nexts = gr.HTML(html.empty(LOOK), elem_id="generation-next", min_height=200)

    cuts = [temperature, top_k, top_p, min_p, penalty]
    lane = dict(show_progress="hidden", concurrency_id="model", concurrency_limit=limits.MODEL_LANE)
    outputs = [result, written]
    event = go.click(
        write,
        [prompt, *cuts, n_words, n_texts, seed, by_surprise],
        outputs,
        api_name="generate",
        **lane,
    )
    branched = chosen.change(
        branch,
        [chosen, written, by_surprise],
        outputs,
        api_visibility="private",
        cancels=[event],
        **lane,
    )
    quiet = dict(api_visibility="private", show_progress="hidden", queue=False)
    # what stood there when it was stopped gets its buttons
    stop.click(recolour, [by_surprise, written], result, cancels=[event, branched], **quiet)
    inputs = [pick, written, prompt, *cuts]
    common.live([pick, prompt, *cuts], look, inputs, [nexts], "next_word")
    by_surprise.change(recolour, [by_surprise, written], result, **quiet)
    surprise.build(services)
    nexts.value = look("", None, prompt.value, 0.75, 0, 1.0, 0.0, 1.0)


def sampling(temperature, top_k, top_p, min_p, penalty) -> Sampling:
    """The settings of one request. Raises `Refused`."""
    return Sampling(
        temperature=limits.number(temperature, limits.TEMPERATURE, "The temperature"),
        top_k=limits.whole(top_k, limits.TOP_K, "top-k"),
        top_p=limits.number(top_p, limits.SHARE, "top-p"),
        min_p=limits.number(min_p, limits.SHARE, "min-p"),
        repetition_penalty=limits.number(penalty, limits.PENALTY, "The repetition penalty"),
    )


def wanted(picked: object, n: int) -> list:
    """What was clicked: [text, place] or [text, place, word]. Raises `Refused`."""
    try:
        values = json.loads(common.picked(picked))
        text, place = values[0], values[1]
        whole = all(isinstance(v, int) and 0 <= v < 10_000 for v in (text, place))
        if not whole or len(values) != n or (n == 3 and not isinstance(values[2], str)):
            raise ValueError
    except (TypeError, ValueError, IndexError, KeyError):
        raise limits.Refused("Click one of the words again.") from None
    return values
