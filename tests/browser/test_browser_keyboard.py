"""The whole app by keyboard: every control is reached with Tab, shows that it has the focus, lets go."""

import pytest

from ulmfit_demo.page import TABS
from ulmfit_demo.tabs import inside

pytestmark = pytest.mark.browser
SEEN = {"memory": "memory", "words": "neighbours", "readers": "readers", "change": "find"}
MOST = 400  # presses of Tab

# Everything that takes a mouse, in the open tab, numbered. Of radio buttons the keyboard meets one a
# group, and of what moves with the arrow keys (tabindex -1) the one that is the group's place.
NUMBER = """tab => {
  const panel = document.getElementById(`tab-${tab}`);
  const seen = new Set();
  const found = [...panel.querySelectorAll('button, input, textarea, select, a[href], summary, [tabindex="0"]')]
    .filter((e) => {
      if (!e.checkVisibility({ visibilityProperty: true, opacityProperty: false }) || e.disabled) return false;
      if (e.tabIndex < 0 || e.closest('[aria-hidden="true"], .u-hidden-field, .js-plotly-plot')) return false;
      const box = e.getBoundingClientRect();
      if (!box.width || !box.height) return false;
      if (e.type !== 'radio') return true;
      if (seen.has(e.name)) return false;
      return seen.add(e.name);
    });
  found.forEach((e, i) => { e.dataset.walk = e.type === 'radio' ? `radio ${e.name}` : String(i); });
  return found.map((e) => [e.dataset.walk, e.outerHTML.slice(0, 120)]);
}"""
HERE = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const name = e.type === 'radio' ? `radio ${e.name}` : e.dataset.walk ?? null;
  const s = getComputedStyle(e);
  const ring = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0;
  return [name, ring, e.outerHTML.slice(0, 120), !!e.closest('.u-foot, footer')];
}"""


@pytest.mark.parametrize("tab", TABS)
def test_every_control_is_reached_by_tab_and_shows_it(open_page, answered, still, tab):
    page = open_page(tab)
    if tab == "Generation":
        page.wait_for_selector("#generation-result >> text=40 of 40 tokens", timeout=60_000)
    walk(page, tab, answered, still)
    for view, place in SEEN.items() if tab == "Inside" else ():
        page.get_by_role("tab", name=inside.VIEWS[view][0]).click()
        page.wait_for_selector(f"#inside-{place} >> visible=true", timeout=60_000)
        walk(page, tab, answered, still)


def walk(page, tab, answered, still):
    """Press Tab through the open tab, from its name to the foot of the page."""
    answered(page)  # a late answer would put new controls in the place of those that are numbered
    still(page)
    wanted = dict(page.evaluate(NUMBER, tab.lower()))
    assert len(wanted) > 5
    page.locator(f"#tab-{tab.lower()}").evaluate("() => document.activeElement?.blur()")
    page.get_by_role("tab", name=tab, exact=True).focus()
    reached, unseen = set(), []
    for _ in range(MOST):
        page.keyboard.press("Tab")
        here = page.evaluate(HERE)
        if here is None:  # gradio's open menu takes one press, which closes it
            continue
        if here[3]:
            break  # past the last control: nothing held it back
        if here[0] is not None:
            reached.add(here[0])
        if not here[1]:
            unseen.append(here[2])
    else:
        raise AssertionError("Tab never left the page")
    assert [html for name, html in wanted.items() if name not in reached] == []
    assert unseen == []


def test_tabs_are_changed_by_keyboard(open_page):
    page = open_page()
    page.get_by_role("tab", name="Tokenizers", exact=True).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#tab-vocabulary:visible", timeout=60_000)
