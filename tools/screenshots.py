"""The pictures of README and docs/tour.md, and the one that a link to the app shows, of a running app.

python app.py &
python -m tools.screenshots http://127.0.0.1:7860 [--only typing.gif inside.png ...]
"""

from __future__ import annotations

import argparse
import io
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from ulmfit_demo.resources import assets
from ulmfit_demo.web import preview

CHROMIUM = "/usr/bin/chromium"
WAIT = 120_000  # milliseconds
STANDS = 2_000  # milliseconds after the last part came
REVIEW = "The cast is lovely, but the story falls apart and the ending is an insult."
NO_LESSON = ".u-lesson { display: none !important; }"  # a small picture shows the result instead

MOVING = "screenshots/typing.gif"
FRAME = {"width": 1060, "height": 500}
KEY, END = 90, 3_000  # milliseconds that a letter and the finished review are shown
COLOURS = 64
LARGEST = 2_000_000  # bytes


@dataclass(frozen=True)
class Shot:
    """A view: the query of its address, what has to be there, what is pressed first, its size."""

    query: dict[str, str]
    there: str
    press: str = ""
    size: tuple[int, int] = (1280, 800)
    styles: list[str] = field(default_factory=list)


VERDICT = Shot({"tab": "sentiment", "text": REVIEW}, "#sentiment-along >> text=insult")
SHOTS = {
    "screenshots/tokenizers.png": Shot({"tab": "tokenizers"}, "#tokenizers-result .tok"),
    "screenshots/vocabulary.png": Shot({"tab": "vocabulary"}, "#vocabulary-result .tok"),
    "screenshots/batches.png": Shot(
        {"tab": "batches"}, "#batches-result .b-grid, #batches-result table"
    ),
    "screenshots/sentiment.png": VERDICT,
    "screenshots/generation.png": Shot(
        {"tab": "generation"}, "#generation-result [data-pick=generation-pick]", "#generation-write"
    ),
    "screenshots/inside.png": Shot(
        {"tab": "inside", "text": REVIEW}, "#inside-strip >> text=insult"
    ),
    "screenshots/teach.png": Shot({"tab": "teach"}, "#teach-curve svg"),
    "screenshots/training.png": Shot({"tab": "training"}, "#training-perplexity .plot-container"),
    preview.PICTURE: Shot(VERDICT.query, VERDICT.there, size=preview.SIZE, styles=[NO_LESSON]),
}


def take(page: Page, address: str, shot: Shot) -> bytes:
    """The PNG of one view, once what has to be there has been there for a while."""
    page.goto(f"{address}?{urlencode({**shot.query, '__theme': 'light'})}")
    page.wait_for_selector("#journey >> text=/positive|negative|not sure/", timeout=WAIT)
    if shot.press:
        page.locator(shot.press).click()
    page.wait_for_selector(shot.there, timeout=WAIT)
    for style in shot.styles:
        page.add_style_tag(content=style)
    page.wait_for_timeout(STANDS)
    return page.screenshot()


def save(picture: bytes, path: Path) -> None:
    """As a PNG of 256 colours, a third of the size."""
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
        path, optimize=True
    )


def typing(page: Page, address: str) -> list[Image.Image]:
    """The Sentiment tab while `REVIEW` is typed: one frame a letter, each with that text's verdict."""
    query = {"embed": "sentiment", "text": REVIEW[0], "__theme": "light"}
    page.goto(f"{address}?{urlencode(query)}")
    page.wait_for_selector("#sentiment-along .w", timeout=WAIT)
    page.wait_for_timeout(STANDS)
    box = page.locator("#sentiment-text textarea")
    box.focus()
    page.keyboard.press("End")
    frames = []
    for letter in ["", *REVIEW[1:]]:
        if letter:
            page.keyboard.type(letter)
        page.wait_for_function(
            """() => {
              const letters = (text) => text.replace(/[^\\p{L}]/gu, '');
              const words = [...document.querySelectorAll('#sentiment-along .along > button .w')];
              const shown = words.flatMap((w) => [...w.childNodes].filter((n) => n.nodeType === 3));
              const typed = document.querySelector('#sentiment-text textarea').value;
              return letters(shown.map((n) => n.data).join('')) === letters(typed);
            }""",
            timeout=WAIT,
        )
        page.wait_for_timeout(KEY)
        frames.append(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
    return frames


def save_moving(frames: list[Image.Image], path: Path) -> None:
    """As a GIF whose frames share the colours of the last one, so that only what moves is written."""
    palette = frames[-1].quantize(COLOURS, dither=Image.Dither.NONE)
    drawn = [f.quantize(palette=palette, dither=Image.Dither.NONE) for f in frames]
    times = [KEY] * (len(drawn) - 1) + [END]
    drawn[0].save(
        path, save_all=True, append_images=drawn[1:], duration=times, loop=0, optimize=False
    )
    if path.stat().st_size > LARGEST:
        raise SystemExit(f"{path} has {path.stat().st_size:,} bytes: more than {LARGEST:,}.")


def write(browser: Browser, address: str, name: str) -> None:
    """Take the picture `name` and write it below `assets/`."""
    shot = SHOTS.get(name)
    width, height = shot.size if shot else FRAME.values()
    page = browser.new_page(viewport={"width": width, "height": height})
    path = assets() / name
    if shot:
        save(take(page, address, shot), path)
    else:
        save_moving(typing(page, address), path)
    page.close()
    print(name, path.stat().st_size, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("address", help="where the app runs")
    parser.add_argument("--only", nargs="*", help="file names; without it all pictures")
    options = parser.parse_args()
    names = {Path(name).name for name in [*SHOTS, MOVING]}
    if unknown := set(options.only or []) - names:
        parser.error(
            f"no such picture: {', '.join(sorted(unknown))}; there are {', '.join(sorted(names))}"
        )
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name in [*SHOTS, MOVING]:
            if not options.only or Path(name).name in options.only:
                write(browser, options.address.rstrip("/") + "/", name)
        browser.close()


if __name__ == "__main__":
    main()
