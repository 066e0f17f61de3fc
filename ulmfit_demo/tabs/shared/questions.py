"""The panel "Check yourself" of a tab: guess first, then see. Holds no question."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo import lessons
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.pipeline import answers
from ulmfit_demo.tabs.shared import events, guard, html
from ulmfit_demo.tabs.shared import questions_html as view


def build(loaded: LoadedModels, tab: str) -> None:
    """Lay out the tab's questions, closed; their answers are computed when the panel opens."""
    asked = [q for q in lessons.questions() if q["tab"] == tab]
    if not asked:
        return

    @guard.guarded()
    def show():
        found = answers.answered(loaded, tab)
        return view.view(found) if found else html.notice(loaded.missing)

    whose = " of the chapter" if asked[0]["number"] <= lessons.CHAPTER else ""
    title = f"Check yourself: {len(asked)} question{'s' if len(asked) > 1 else ''}{whose}"
    with gr.Accordion(title, open=False, elem_id=f"{tab}-questions") as panel:
        shown = gr.HTML(html.empty("The answers are being computed."), min_height=60)
    panel.expand(show, None, shown, api_visibility="private", **events.MODEL)
