"""View: many reviews at once, pasted or from a file; its column, progress, Stop, a table, a file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import gradio as gr

from ulmfit_demo import lessons, limits, tokens, uploads
from ulmfit_demo.inference import sentiment
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.tabs.sentiment import verdict_html as view
from ulmfit_demo.tabs.shared import events, guard, html, table_file
from ulmfit_demo.uploads.result import GUARDED

NOTHING = "Type one review a line, or choose a CSV file with text."
ABOUT_FILE = (
    "The file holds every column of yours, then ours. A cell that a spreadsheet would run as a formula "
    f"(=1+1, -5 stars) has an apostrophe before it, and a last column, {GUARDED}, says in which columns "
    "of the row: take that first character off to have your text again. Plain numbers stay as they are."
)


def build(loaded: LoadedModels) -> None:
    """Lay out the view, closed, and wire it to `loaded`."""

    @guard.guarded(gr.skip())
    def run(lines, file, column=None):
        """Classify many reviews: a table that fills as they are read, and a CSV file.

        Args:
            lines: one review a line
            file: a CSV file (comma, semicolon, tab or pipe) or a .txt file; read instead of `lines`
            column: name of the column with the reviews; None: the one named text, review, comment …
        """
        upload = uploads.read(file) if file else uploads.pasted(limits.text(lines))
        texts = upload.texts(upload.column(limits.text(column)))
        if all(map(tokens.is_blank, texts)):
            yield html.empty(NOTHING), None
            return
        yield view.lines([], f"{len(texts):,} reviews"), None
        step = None
        for step in sentiment.many(loaded, texts):
            yield shown(texts, step), gr.skip()
        if step is not None:
            with tempfile.TemporaryDirectory(prefix="ulmfit-") as folder:
                path = Path(folder) / "sentiment.csv"
                uploads.write(path, upload, step.verdicts, step.positive)
                # gradio takes its own copy, which it deletes, before it asks for the next step
                yield shown(texts, step), str(path)

    def hidden():
        return gr.Dropdown(choices=[], value=None, visible=False)

    @guard.guarded(hidden)
    def look(file):
        """What an uploaded file holds, and its columns to choose from where it has several."""
        if not file:
            return "", hidden()
        upload = uploads.read(file)
        about = view.note(upload.about)
        if len(upload.columns) == 1:
            return about, hidden()
        found = upload.candidates
        value = upload.labels[found[0]] if len(found) == 1 else None
        if value is None:
            about = view.note(f"{upload.about}. Choose the column with the reviews.")
        choices = [
            (f"{label}: {upload.example(i)}", label) for i, label in enumerate(upload.labels)
        ]
        return about, gr.Dropdown(choices=choices, value=value, visible=True)

    with gr.Accordion("Many at once (on the GPU where there is one)", open=False):
        with gr.Row():
            lines = gr.Textbox(
                value=next(iter(lessons.examples()["lines"].values())),
                label=f"One review a line (up to {limits.LINES})",
                lines=5,
                max_lines=10,
                scale=3,
                elem_id="sentiment-lines",
            )
            with gr.Column(scale=2):
                label = f"Or a file: CSV (up to {limits.ROWS:,} rows), or .txt, one review a line"
                file = table_file.file_field(label, "sentiment-file")
                about = gr.HTML(elem_id="sentiment-upload")
                column = table_file.column_choice("Column with the reviews", "sentiment-column")
        with gr.Row():
            go = gr.Button("Classify", variant="primary", elem_id="sentiment-many")
            stop = gr.Button("Stop", elem_id="sentiment-many-stop")
        table = gr.HTML(elem_id="sentiment-table", min_height=60)
        download = gr.File(label="All results as CSV", interactive=False, height=70)
        gr.HTML(view.note(ABOUT_FILE))
        events.live([file], look, [file], [about, column], None)
        event = go.click(
            run,
            [lines, file, column],
            [table, download],
            api_name="page_sentiment_lines",
            **events.PRIVATE,
            show_progress="hidden",
            concurrency_id="model",
            concurrency_limit=limits.MODEL_LANE,
        )
        stop.click(None, None, None, cancels=[event], api_visibility="private")


def shown(texts: list[str], step: sentiment.Progress) -> str:
    """The first rows and how far it is: texts without a word count as done."""
    rate = 1_000 * step.done / max(step.milliseconds, 1e-9)
    without = f", {len(step.blank):,} without text" if step.blank else ""
    where = f"{step.device}, {step.precision}" if step.precision else step.device
    detail = (
        f"{step.done + len(step.blank):,} of {len(texts):,}{without} · "
        f"{step.milliseconds:,.0f} ms · {rate:,.0f} a second · {where}"
    )
    rows = list(zip(texts, step.verdicts, step.positive, strict=True))
    if len(rows) > limits.SHOWN_ROWS:
        detail += f" · the first {limits.SHOWN_ROWS} are shown"
    return view.lines(rows[: limits.SHOWN_ROWS], detail)
