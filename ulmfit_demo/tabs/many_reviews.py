"""View: many reviews at once, pasted or from a CSV file; progress, Stop, a table and a file."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import gradio as gr

from ulmfit_demo import lessons, limits
from ulmfit_demo.services import Services, reviews
from ulmfit_demo.tabs import common
from ulmfit_demo.views import html
from ulmfit_demo.views import sentiment as view

COLUMNS = ("text", "review", "sentence", "content")  # where the reviews stand in a CSV file


def build(services: Services) -> None:
    """Lay out the view, closed, and wire it to `services`."""

    def run(lines, file):
        """Classify many reviews: a table that fills as they are read, and a CSV file.

        Args:
            lines: one review a line
            file: a CSV file with a column “text” or one column, or a .txt file; read instead of `lines`
        """
        try:
            texts = read_file(file) if file else pasted(lines)
            if not any(text.strip() for text in texts):
                yield html.empty("Type one review a line, or choose a CSV file with text."), None
                return
            yield shown(texts, None), None
            step = None
            for step in reviews.many(services, texts):
                yield shown(texts, step), gr.skip()
            if step is not None:
                with tempfile.TemporaryDirectory(prefix="ulmfit-") as folder:
                    # gradio takes its own copy, which it deletes, before it asks for the next step
                    yield shown(texts, step), write_csv(Path(folder), texts, step.positive)
        except limits.Refused as refusal:
            yield html.notice(str(refusal)), gr.skip()
        except Exception:
            common.log.exception("sentiment_lines failed")
            yield html.notice(common.BROKEN), gr.skip()

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
            file = gr.File(
                label=f"Or a CSV file (up to {limits.ROWS:,} rows, a column “text” or one column)",
                file_types=[".csv", ".txt"],
                scale=2,
                height=150,
                elem_id="sentiment-file",
            )
        with gr.Row():
            go = gr.Button("Classify", variant="primary", elem_id="sentiment-many")
            stop = gr.Button("Stop", elem_id="sentiment-many-stop")
        table = gr.HTML(elem_id="sentiment-table", min_height=60)
        download = gr.File(label="All results as CSV", interactive=False, height=70)
        event = go.click(
            run,
            [lines, file],
            [table, download],
            api_name="page_sentiment_lines",
            **common.PRIVATE,
            show_progress="hidden",
            concurrency_id="model",
            concurrency_limit=limits.MODEL_LANE,
        )
        stop.click(None, None, None, cancels=[event], api_visibility="private")


def pasted(lines: object) -> list[str]:
    """The reviews in a text, one a line. Raises `Refused`."""
    text = limits.text(lines).encode("utf-8", "replace").decode()  # half a pair is no UTF-8
    rows = [line for line in text.splitlines() if line.strip()]
    if len(rows) > limits.LINES:
        raise limits.Refused(
            f"{len(rows):,} lines; this takes up to {limits.LINES} pasted at once. "
            f"A CSV file may have {limits.ROWS:,}."
        )
    return rows


def read_file(path: str) -> list[str]:
    """The reviews of a file. Raises `Refused`.

    A .txt file has one a line; a CSV file has a column named like one of `COLUMNS`, or one column.
    """
    data = Path(path).read_bytes()
    if len(data) > limits.CSV_BYTES:
        raise limits.Refused(
            f"The file has {len(data) / 1e6:.1f} MB; up to {limits.CSV_BYTES / 1e6:.0f} MB are read."
        )
    try:
        text = data.decode("utf-8-sig")
        is_plain = Path(path).suffix.lower() == ".txt"
        rows = (
            [[line] for line in text.splitlines()]
            if is_plain
            else list(csv.reader(io.StringIO(text), strict=True))
        )
    except (UnicodeDecodeError, csv.Error) as e:
        raise limits.Refused(f"The file is no CSV in UTF-8: {e}.") from None
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    head = [cell.strip().lower() for cell in rows[0]] if rows else []
    named = [head.index(name) for name in COLUMNS if name in head]
    texts = [row[named[0]] if named[0] < len(row) else "" for row in rows[1:]] if named else []
    if not named:
        if any(len(row) > 1 for row in rows):
            names = ", ".join(COLUMNS)
            raise limits.Refused(
                f"No column is named like the reviews. Name one of these: {names}."
            )
        texts = [row[0] for row in rows]
    if len(texts) > limits.ROWS:
        raise limits.Refused(f"{len(texts):,} rows; this takes up to {limits.ROWS:,} at once.")
    for i, text in enumerate(texts):
        if len(text) > limits.TEXT_CHARACTERS:
            raise limits.Refused(
                f"Row {i + 1} has {len(text):,} characters; up to {limits.TEXT_CHARACTERS:,} are read."
            )
    return texts


def write_csv(folder: Path, texts: list[str], positive: list[float | None]) -> str:
    """Path of a CSV file in `folder` with every verdict."""
    path = folder / "sentiment.csv"
    with path.open("w", encoding="utf-8", errors="replace", newline="") as f:
        writer = csv.writer(f)
        writer.writerow(["verdict", "positive", "text"])
        for text, p in zip(texts, positive, strict=True):
            word = "" if p is None else "positive" if p >= 0.5 else "negative"
            writer.writerow([word, "" if p is None else f"{p:.4f}", safe_cell(text)])
    return str(path)


def safe_cell(text: str) -> str:
    """`text` so that a spreadsheet does not run it as a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def shown(texts: list[str], step: reviews.Progress | None) -> str:
    if step is None:
        return view.lines([], f"{len(texts):,} reviews")
    known = [(t, p) for t, p in zip(texts, step.positive, strict=True)]
    rate = 1_000 * step.done / max(step.milliseconds, 1e-9)
    where = f"{step.device}, {step.precision}" if step.precision else step.device
    detail = (
        f"{step.done:,} of {len(texts):,} reviews · {step.milliseconds:,.0f} ms · "
        f"{rate:,.0f} a second · {where}"
    )
    if len(known) > limits.SHOWN_ROWS:
        detail += f" · the first {limits.SHOWN_ROWS} are shown"
    return view.lines(known[: limits.SHOWN_ROWS], detail)
