"""One launched app and one Chromium for all tests that need them."""

import os
import shutil
import time

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # two processes of tests share two cores
# Every machine computes the same; a test of the precisions themselves sets or deletes this.
os.environ.setdefault("ULMFIT_PRECISION", "fp32")
CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session", autouse=True)
def unhurried():
    """What ends at a limit of seconds ends by itself here: its answer is not to hang on the machine.

    A test of a limit sets it itself.
    """
    from ulmfit_demo import limits

    with pytest.MonkeyPatch.context() as patch:
        for name in ("CHANGE_SECONDS", "CURVE_SECONDS", "VALIDATION_SECONDS"):
            patch.setattr(limits, name, 300.0)
        yield


@pytest.fixture
def own_bundles(monkeypatch):
    """What this test registers is forgotten after it."""
    from ulmfit_demo.inference import devices

    for name in ("_on_cpu", "_on_gpu"):
        monkeypatch.setattr(devices, name, dict(getattr(devices, name)))


@pytest.fixture(scope="session")
def url():
    """Where the app is served."""
    import app

    demo = app.build()
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, **app.launch_settings())
    yield address
    demo.close()


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium; tests that use it are skipped where it is not installed."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    with playwright.sync_playwright() as p:
        instance = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield instance
        instance.close()


@pytest.fixture(scope="session")
def context(browser):
    """One for the first page of every test: gradio's scripts are compiled once. Its blank page keeps it."""
    context = browser.new_context()
    context.new_page()
    yield context
    context.close()


QUIET = 5  # checks in a row, each a fifth of a second
STREAMS = ("/heartbeat/", "/queue/data")  # these stay open; what comes over them is counted below
# Which questions of the queue have no answer yet. The browser does not tell the end of every stream that
# gradio's page closes, so the page itself counts: questions as they are sent, ends as they are read.
COUNT = """(() => {
  const sent = new Set(), ended = new Set(), send = window.fetch, parse = JSON.parse;
  let joining = 0;
  window.unanswered = () => joining + [...sent].filter((id) => !ended.has(id)).length;
  window.fetch = async (...request) => {
    const address = String(request[0]?.url ?? request[0]);
    if (address.endsWith('/cancel')) ended.add(parse(request[1].body).event_id);
    if (!address.includes('/queue/join')) return send(...request);
    joining += 1;
    try {
      const answer = await send(...request);
      const { event_id } = await answer.clone().json();
      if (event_id) sent.add(event_id);
      return answer;
    } finally {
      joining -= 1;
    }
  };
  JSON.parse = (text, ...rest) => {
    const found = parse(text, ...rest);
    if (found?.msg === 'process_completed') ended.add(found.event_id);
    return found;
  };
  // A page that is left may complain of its streams: where an answer overtakes the receipt of its question,
  // gradio's client opens one stream more and keeps the question as open, until the page goes away.
  window.addEventListener('beforeunload', () => { console.error = () => {}; });
})()"""


@pytest.fixture
def answered():
    """Wait until the server has answered all that a page of `open_page` asked: `answered(page)`."""

    def answered(page, seconds: float = 120):
        quiet, end = 0, time.monotonic() + seconds
        while quiet < QUIET:
            waiting = page.evaluate("window.unanswered()")
            assert time.monotonic() < end, (waiting, sorted(r.url for r in page.asked))
            page.wait_for_timeout(200)
            quiet = 0 if page.asked or waiting else quiet + 1

    return answered


@pytest.fixture
def still():
    """Wait until nothing on a page fades or slides, as axe measures colours: `still(page)`."""

    def still(page):
        page.evaluate(
            "() => new Promise(f => requestAnimationFrame(() => requestAnimationFrame(f)))"
        )
        page.wait_for_function(
            """() => document.getAnimations().every((a) =>
                a.playState !== 'running' || a.effect.getComputedTiming().endTime === Infinity)""",
            timeout=60_000,
        )

    return still


@pytest.fixture
def serious(still):
    """What axe finds serious or critical in a page, in the light and in the dark: `serious(page)`.

    `also` names rules that count whatever axe makes of them; `within`: a part of the page. One page shows both themes: what depends
    on them is a class of its body.
    """
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()

    def found(page, theme: str, also: tuple[str, ...], within: str | None) -> list[tuple]:
        page.evaluate("dark => document.body.classList.toggle('dark', dark)", theme == "dark")
        still(page)
        return [
            (
                theme,
                v["id"],
                [(n["html"][:150], n.get("failureSummary", "")[:300]) for n in v["nodes"][:3]],
            )
            for v in axe.run(page, within, {"resultTypes": ["violations"]}).response["violations"]
            if v["impact"] in ("serious", "critical") or v["id"] in also
        ]

    def serious(page, also: tuple[str, ...] = (), within: str | None = None) -> list[tuple]:
        return [each for theme in ("dark", "light") for each in found(page, theme, also, within)]

    return serious


@pytest.fixture
def open_page(browser, context, url):
    """Open the app in a new page: `open_page(tab, theme, width)`.

    A second page of a test is another visitor's, with a window of its own: who is not in front stands still.

    At the end nothing may have been logged as an error, and nothing asked for from outside.
    """
    pages, problems, outside = [], [], []

    def opened(tab: str | None = None, theme: str = "light", width: int = 1280):
        page = browser.new_page() if pages else context.new_page()
        page.set_viewport_size({"width": width, "height": 800})
        pages.append(page)
        page.add_init_script(COUNT)
        page.asked = set()  # requests that are not answered, beside those that the page counts
        page.on("request", lambda r: any(s in r.url for s in STREAMS) or page.asked.add(r))
        for event in ("requestfinished", "requestfailed"):
            page.on(event, lambda r: page.asked.discard(r))
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: problems.append(str(e)))
        page.on(
            "request",
            lambda r: None if r.url.startswith((url, "data:", "blob:")) else outside.append(r.url),
        )
        page.goto(f"{url}?__theme={theme}", wait_until="domcontentloaded")
        page.wait_for_selector("#tokenizers-result .tok", timeout=60_000)
        if tab:
            show_tab(page, tab)
        return page

    yield opened
    for page in pages:
        page.close()
    assert problems == []
    assert outside == []


def show_tab(page, name: str) -> None:
    """Select a tab, from gradio's overflow menu where the page is too narrow for it."""
    tab = page.get_by_role("tab", name=name, exact=True)
    if tab.count() and tab.first.is_visible():
        tab.first.click()
    else:
        page.locator(".overflow-menu button").first.click()
        page.get_by_text(name, exact=True).last.click()
