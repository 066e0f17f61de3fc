"""gradio's script in the page, as `gradio_script.mend_script` changes it: statuses, order of answers."""

import json
import random
import re
import time
from collections.abc import Iterator

import gradio as gr
import pytest
from starlette.middleware import Middleware

from ulmfit_demo import theme
from ulmfit_demo.order import SKIP
from ulmfit_demo.tabs.shared import events
from ulmfit_demo.web import gradio_script, styles
from ulmfit_demo.web.wire import Wire

pytestmark = pytest.mark.browser
SOON = 60_000  # ms
# how often the status of #quiet changed, counted in the page
COUNT = """() => {
  window.changes = 0;
  new MutationObserver((all) => { window.changes += all.length; }).observe(
    document.querySelector('#quiet [data-testid=status-tracker]'), { attributes: true, childList: true, subtree: true });
}"""

# Two questions are taken, then `stream` answers both; the receipt of the first comes after that.
SERVE = """(stream) => {
  const fetched = window.fetch, wait = (ms) => new Promise((r) => setTimeout(r, ms));
  let answered = false;
  window.asked = [];
  window.streams = 0;
  window.fetch = async (url, options) => {
    const path = String(url.url ?? url);
    if (path.includes('/queue/join')) {
      const number = asked.push(JSON.parse(options.body).data[0]);
      while (number === 1 && !answered) await wait(20);
      if (number === 1) await wait(300);
      return Response.json({ event_id: `event ${number}` });
    }
    if (!path.includes('/queue/data')) return fetched(url, options);
    window.streams += 1;
    if (answered) return fetched(url, options);
    answered = true;
    return new Response(stream, { headers: { 'content-type': 'text/event-stream' } });
  };
}"""

# The first stream ends once the second question has its receipt; the next stream brings the second answer.
END = """() => {
  const fetched = window.fetch, wait = (ms) => new Promise((r) => setTimeout(r, ms));
  const line = (message) => `data: ${JSON.stringify(message)}\\n\\n`;
  const answer = (n) => line({ msg: 'process_completed', event_id: `event ${n}`, success: true,
    output: { data: [`answer ${n}`, `answer ${n}`] } });
  let asked = 0;
  window.streams = 0;
  window.fetch = async (url, options) => {
    const path = String(url.url ?? url);
    if (path.includes('/queue/join')) return Response.json({ event_id: `event ${++asked}` });
    if (!path.includes('/queue/data')) return fetched(url, options);
    const number = ++window.streams;
    while (asked < 2) await wait(20);
    await wait(300);
    const end = line({ msg: 'close_stream', event_id: null });
    return new Response(answer(number) + end, { headers: { 'content-type': 'text/event-stream' } });
  };
}"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A page with a field that is followed quietly, and a button that shows its progress or fails."""

    def slowly(text):
        time.sleep(1.5)
        if text == "fail":
            raise gr.Error("It failed.")
        return f"loud {text}"

    order_js = (theme.ASSETS / "script" / "order.js").read_text(encoding="utf-8")
    with gr.Blocks(analytics_enabled=False) as demo:
        field = gr.Textbox(elem_id="field")
        quiet, loud = gr.HTML(elem_id="quiet"), gr.HTML(elem_id="loud")
        field.change(lambda text: f"quiet {text}", field, quiet, show_progress="hidden")
        gr.Button("Go").click(slowly, field, loud)
        gr.Button("Both").click(slowly, field, quiet)
        gr.Button("Check").click(
            slowly,
            field,
            loud,
            validator=lambda text: gr.validate(len(text) < 9, "It is too long."),
        )
        asked, answers = (
            gr.Textbox(elem_id="asked"),
            [gr.HTML(elem_id="answer"), gr.HTML(elem_id="both")],
        )
        # a link sets several fields at once: its questions are sent before the first one counts as open
        events.live(
            [asked], lambda text: (text, text), [asked], answers, None, trigger_mode="multiple"
        )
    wire = Middleware(Wire, script=gradio_script.mend_script)
    _, address, _ = demo.launch(
        prevent_thread_lock=True,
        quiet=True,
        head=f"<script>{order_js}</script>",
        app_kwargs={"middleware": [wire]},
    )
    yield address
    demo.close()


@pytest.fixture
def page(browser, address):
    page = browser.new_page()
    page.goto(address, wait_until="domcontentloaded")
    page.locator("#field textarea").wait_for(timeout=SOON)
    yield page
    page.close()


def type_and_wait(page, text: str) -> None:
    page.locator("#field textarea").fill(text)
    page.locator("#quiet").get_by_text(f"quiet {text}").wait_for(timeout=SOON)


def test_a_hidden_status_is_not_told(page):
    type_and_wait(page, "a")
    page.evaluate(COUNT)
    type_and_wait(page, "ab")
    assert page.evaluate("window.changes") == 0


def test_progress_comes_and_goes_though_a_hidden_event_runs_meanwhile(page):
    tracker = page.locator("#loud [data-testid=status-tracker]")
    for text in ("one", "two"):  # the second time all is as it was told before
        type_and_wait(page, text)
        page.get_by_role("button", name="Go", exact=True).click()
        tracker.locator(".progress-text, .eta-bar, svg").first.wait_for(timeout=SOON)
        type_and_wait(page, f"{text}, typed meanwhile")
        page.locator("#loud").get_by_text(f"loud {text}").wait_for(timeout=SOON)
        page.wait_for_function(
            "(el) => getComputedStyle(el).opacity === '0' || el.classList.contains('hide')",
            arg=tracker.element_handle(),
        )


def test_an_error_stays_until_the_next_success_and_a_shared_output_is_freed(page):
    tracker = page.locator("#quiet [data-testid=status-tracker]")
    type_and_wait(page, "fail")
    page.get_by_role("button", name="Both").click()
    tracker.get_by_text("Error").wait_for(timeout=SOON)
    type_and_wait(page, "well")
    page.wait_for_function("(el) => el.classList.contains('hide')", arg=tracker.element_handle())


def test_an_invalid_input_is_valid_again_once_it_is(page):
    type_and_wait(page, "much too long")
    page.get_by_role("button", name="Check").click()
    said = page.locator("#field").get_by_text("It is too long.")
    said.wait_for(timeout=SOON)
    type_and_wait(page, "short")
    page.get_by_role("button", name="Check").click()
    said.wait_for(state="detached", timeout=SOON)
    page.locator("#loud").get_by_text("loud short").wait_for(timeout=SOON)


def test_an_older_answer_that_is_read_late_does_not_overwrite_a_newer_one(page):
    """The page reads an answer when it has the receipt of its question, and receipts may come late."""

    def said(number: int, msg: str, **fields) -> dict:
        return {"msg": msg, "event_id": f"event {number}", **fields}

    messages = [
        message
        for number, data in ((1, ["answer 1", "answer 1"]), (2, ["answer 2", SKIP]))
        for message in (
            said(number, "estimation", rank=0, queue_size=1, rank_eta=0.1),
            said(number, "process_starts", eta=0.1),
            said(number, "process_completed", success=True, output={"data": data}),
        )
    ]
    messages.append({"msg": "close_stream", "event_id": None})
    page.evaluate(SERVE, "".join(f"data: {json.dumps(m)}\n\n" for m in messages))
    for text in ("older", "newer"):
        page.locator("#asked textarea").fill(text)
    page.locator("#answer").get_by_text("answer").wait_for(timeout=SOON)
    page.wait_for_timeout(1_000)
    assert page.evaluate("asked") == ["older", "newer"]
    assert page.locator("#answer").inner_text().strip() == "answer 2"
    # the older one was read: what the newer left alone is its own
    assert page.locator("#both").inner_text().strip() == "answer 1"
    assert page.evaluate("streams") == 1  # nothing is open any more, so nothing was asked for again


def test_a_question_sent_as_the_stream_ends_is_answered(page):
    """The receipt of the second question is read before the end of the first one's stream."""
    page.evaluate(END)
    page.locator("#asked textarea").fill("first")
    page.wait_for_function("streams === 1")
    page.locator("#asked textarea").fill("second")
    page.locator("#answer").get_by_text("answer 2").wait_for(timeout=SOON)
    assert page.evaluate("streams") == 2


def comes_to_rest(page) -> bool:
    """Whether a second goes by, of the next minute, in which the page asks for no frame."""
    asked = [page.evaluate("frames_asked")]
    for _ in range(60):
        page.wait_for_timeout(1_000)
        asked.append(page.evaluate("frames_asked"))
        if asked[-1] == asked[-2]:
            return True
    return False


def test_a_page_at_rest_asks_for_no_frame(browser, address):
    page = browser.new_page()
    page.add_init_script(
        """window.frames_asked = 0;
        const ask = window.requestAnimationFrame;
        window.requestAnimationFrame = (then) => { frames_asked++; return ask.call(window, then); };"""
    )
    page.goto(address, wait_until="domcontentloaded")
    page.locator("#field textarea").wait_for(timeout=SOON)
    assert comes_to_rest(page)
    page.evaluate(
        """() => {
          const clock = document.querySelector('#loud [data-testid=status-tracker]');
          window.shown = [];
          new MutationObserver(() => shown.push(clock.textContent)).observe(clock,
            { childList: true, subtree: true, characterData: true });
        }"""
    )
    page.get_by_role("button", name="Go", exact=True).click()
    page.locator("#loud").get_by_text("loud").wait_for(timeout=SOON)
    shown = page.evaluate("shown")
    assert any(
        re.search(r"0\.[1-9]|[1-9]\.\d", text) for text in shown
    )  # it counts while it is there
    assert comes_to_rest(page)
    page.close()


def method(pattern: str, script: bytes) -> str:
    """A class with one method of gradio's script, as an expression."""
    found = re.search(pattern, script.decode())
    assert found
    return f"(class {{{found[0]}}})"


def test_a_component_has_the_events_that_gradio_finds(browser):
    """gradio's own method is the oracle, on random events."""
    core = next(p for p in styles.ASSETS.glob("core-*.js") if b"find_attached" in p.read_bytes())
    theirs = core.read_bytes()
    pattern = r"find_attached_events\(\w+,\w+\)\{.*?\}(?=traverse\()"
    classes = [method(pattern, s) for s in (theirs, gradio_script.mend_script(theirs))]
    assert classes[0] != classes[1]
    rng = random.Random(0)
    names = ["change", "input", "submit", "select", None]
    events = [
        {"targets": [[rng.randrange(30), rng.choice(names)] for _ in range(rng.randrange(5))]}
        for _ in range(200)
    ]
    fewer = events[:20]  # of a page that is drawn anew: the list is another one
    page = browser.new_page()
    found = [
        page.evaluate(
            f"""([events, fewer]) => {{
              const app = new {code};
              return [events, fewer, events].map((list) => [...Array(32).keys()].map((id) =>
                app.find_attached_events({{ id, props: {{ shared_props: {{}} }} }}, list)
                  .props.shared_props.attached_events));
            }}""",
            [events, fewer],
        )
        for code in classes
    ]
    page.close()
    assert found[0] == found[1]
    assert any(len(names) > 3 for names in found[0][0])
    assert found[0][0][31] == []


def test_only_who_is_told_something_is_looked_for(browser):
    name = next(p for p in styles.ASSETS.glob("Blocks-*.js") if b"set_event_args" in p.read_bytes())
    pattern = r"async set_event_args\(\w+,\w+\)\{.*?\}(?=(async )?\w+\(\w+)"
    mended = gradio_script.mend_script(name.read_bytes())
    page = browser.new_page()
    told = page.evaluate(
        f"""async () => {{
          const app = new {method(pattern, mended)}, asked = [], told = [];
          app.get_state_cb = async (id) => {{ asked.push(id); return {{ value: 1 }}; }};
          app.update_state_cb = async (id, args) => {{ told.push([id, args]); }};
          await app.set_event_args(3, {{}});
          await app.set_event_args(4, {{ value: 2 }});
          return [asked, told];
        }}"""
    )
    page.close()
    assert told == [[4], [[4, {"value": 2}]]]
