"""View: how unlikely each word of a text was, and what the stages of training would write next."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo import limits
from ulmfit_demo.inference import stages
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.inference.surprisal import surprisal_of
from ulmfit_demo.tabs.generation import texts_html as view
from ulmfit_demo.tabs.shared import events, examples, guard, html


def build(loaded: LoadedModels) -> gr.Textbox:
    """Lay out the two views, closed, and wire them to `loaded`; the text of the first."""

    @guard.guarded()
    def show(text):
        """How unlikely the language model finds each word of a text, in bits.

        Args:
            text: any text in English
        """
        found = surprisal_of(loaded, limits.text(text))
        if found is None:
            return html.empty("Type a text: its unlikely words are marked.")
        return view.surprisal(found)

    @guard.guarded()
    def compare(prompt):
        """What each stage of the training would have written next: the likeliest words.

        Args:
            prompt: how the text begins
        """
        prompt = limits.text(prompt, limits.PROMPT_CHARACTERS)
        return view.stages(stages.before_and_after(loaded, prompt))

    with gr.Accordion("Surprise: which words of a text were unlikely", open=False) as surprises:
        text = examples.field("surprise", "Any text", "surprise-text", 3, 8, scale=None)
        shown = gr.HTML(elem_id="surprise-result", min_height=120)
        events.live([text], show, [text], [shown], "surprise")
        events.redraw([surprises.expand], show, [text], [shown])
    earlier = loaded.bundle.snapshots if loaded.bundle else ()
    title = view.stages_title([s.title for s in earlier if s.vocab_path is not None])
    with gr.Accordion(title, open=False) as compared:
        prompt = examples.field(
            "generation", "The text begins with", "stages-prompt", 1, 4, scale=None
        )
        table = gr.HTML(elem_id="stages-result", min_height=260)
        events.live([prompt], compare, [prompt], [table], "training_stages")
        events.redraw([compared.expand], compare, [prompt], [table])
    return text
