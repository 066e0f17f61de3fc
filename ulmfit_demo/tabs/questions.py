"""The panel "Check yourself" of a tab: guess first, then see. Holds no question."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo import lessons
from ulmfit_demo.services import Services, questions
from ulmfit_demo.tabs import common
from ulmfit_demo.views import html
from ulmfit_demo.views import questions as view


def build(services: Services, tab: str) -> None:
    """Lay out the tab's questions, closed; their answers are computed when the panel opens."""
    asked = [q for q in lessons.questions() if q["tab"] == tab]
    if not asked:
        return

    @common.guarded()
    def show():
        found = questions.answered(services, tab)
        return view.view(found) if found else html.notice(services.missing)

    title = f"Check yourself: {len(asked)} question{'s' if len(asked) > 1 else ''} of the chapter"
    with gr.Accordion(title, open=False, elem_id=f"{tab}-questions") as panel:
        shown = gr.HTML(html.empty("The answers are being computed."), min_height=60)
    panel.expand(show, None, shown, api_visibility="private", **common.MODEL)
