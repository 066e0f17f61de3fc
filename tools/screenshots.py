"""The README's pictures and the one that a link to the app shows, taken of a running app.

python app.py &
python -m tools.screenshots http://127.0.0.1:7860
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from ulmfit_demo.resources import assets
from ulmfit_demo.web import preview

CHROMIUM = "/usr/bin/chromium"
WAIT = 120_000  # milliseconds
STANDS = 2_000  # milliseconds after the last part came
REVIEW = "The cast is lovely, but the story falls apart and the ending is an insult."
README = (1280, 800)
# file → (size, query, what has to be there)
SHOTS: dict[str, tuple[tuple[int, int], dict[str, str], str]] = {
    "screenshots/tokenizers.png": (README, {"tab": "tokenizers"}, "#tokenizers-result .tok"),
    "screenshots/sentiment.png": (
        README,
        {"tab": "sentiment", "text": REVIEW},
        "#sentiment-along >> text=insult",
    ),
    "screenshots/training.png": (
        README,
        {"tab": "training"},
        "#training-perplexity .plot-container",
    ),
    preview.PICTURE: (
        preview.SIZE,
        {"tab": "sentiment", "text": REVIEW},
        "#sentiment-along >> text=insult",
    ),
}
NO_LESSON = ".u-lesson { display: none !important; }"  # the small picture shows the result instead


def take(page: Page, address: str, query: dict[str, str], there: str, lesson: bool) -> bytes:
    """The PNG of one view, once what has to be there has been there for a while."""
    page.goto(f"{address}?{urlencode({**query, '__theme': 'light'})}")
    page.wait_for_selector(there, timeout=WAIT)
    page.wait_for_selector("#journey >> text=/positive|negative|not sure/", timeout=WAIT)
    if not lesson:
        page.add_style_tag(content=NO_LESSON)
    page.wait_for_timeout(STANDS)
    return page.screenshot()


def save(picture: bytes, path: Path) -> None:
    """As a PNG of 256 colours, a third of the size."""
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
        path, optimize=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("address", help="where the app runs")
    address = parser.parse_args().address.rstrip("/") + "/"
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name, ((width, height), query, there) in SHOTS.items():
            page = browser.new_page(viewport={"width": width, "height": height})
            lesson = name != preview.PICTURE
            save(take(page, address, query, there, lesson), assets() / name)
            page.close()
            print(name, (assets() / name).stat().st_size)
        browser.close()


if __name__ == "__main__":
    main()
