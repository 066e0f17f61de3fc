"""View: the visitor's own lines and labels, pasted or from a CSV file. Reads no line itself."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from ulmfit_demo import limits, uploads
from ulmfit_demo.tabs.shared import events, guard, html, table_file

PASTE = "music\tThe songs are hummed for days.\nplot\tThe butler did it.\nA line without a label."


@dataclass(frozen=True)
class OwnLines:
    """The controls of the view."""

    names: gr.Textbox
    lines: gr.Textbox
    file: gr.File
    column: gr.Dropdown  # with the texts
    label: gr.Dropdown  # the column with the labels
    go: gr.Button


def build() -> OwnLines:
    """Lay out the view, closed. A file's columns are offered as it comes."""
    with gr.Accordion(
        "Your own lines and labels: paste them, or a CSV file", open=False, elem_id="teach-own"
    ):
        names = gr.Textbox(
            "",
            label=f"Labels, {limits.TEACH_NAMES[0]} to {limits.TEACH_NAMES[1]}, separated by commas",
            placeholder="empty: those that stand in the lines",
            max_lines=1,
            elem_id="teach-names",
        )
        with gr.Row():
            lines = gr.Textbox(
                label=f"One text a line, up to {limits.TEACH_LINES:,}; label and tab first",
                placeholder=PASTE,
                lines=6,
                max_lines=10,
                scale=3,
                elem_id="teach-lines",
            )
            with gr.Column(scale=2, min_width=260):
                about = f"Or a file: CSV, up to {limits.TEACH_LINES:,} rows"
                file = table_file.file_field(about, "teach-file")
                upload = gr.HTML(elem_id="teach-upload")
                column = table_file.column_choice("Column with the texts", "teach-column")
                label = table_file.column_choice("Column with the labels", "teach-label")
        go = gr.Button("Use these lines", variant="primary", elem_id="teach-use")
    events.live([file], look, [file], [upload, column, label], None)
    return OwnLines(names, lines, file, column, label, go)


def hidden() -> gr.Dropdown:
    """A menu of columns while there is no file with any."""
    return gr.Dropdown(choices=[], value=None, visible=False)


@guard.guarded(hidden, hidden)
def look(file):
    """The columns of an uploaded file, to choose from."""
    if not file:
        return "", hidden(), hidden()
    upload = uploads.read(file)
    texts = upload.candidates
    text = upload.labels[texts[0]] if len(texts) == 1 else None
    named = [c for c in upload.labels if c.casefold() in ("label", "class", "category")]
    choices = [("no labels in the file", ""), *((c, c) for c in upload.labels)]
    return (
        html.empty(upload.about),
        gr.Dropdown(choices=list(upload.labels), value=text, visible=True),
        gr.Dropdown(choices=choices, value=named[0] if named else "", visible=True),
    )
