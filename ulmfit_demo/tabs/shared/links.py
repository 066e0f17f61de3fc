"""A link restores the view: the state of the tab in the address, read at load. Draws nothing.

The page writes the address (`assets/script/link.js`); here it is read, and each value is taken only
where its control could hold it.
"""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

import gradio as gr

from ulmfit_demo import limits
from ulmfit_demo.tabs.shared.controls import INNER, Controls
from ulmfit_demo.tabs.shared.events import UNQUEUED

WHOLE = (
    "_whole"  # in an address that the browser went back to: what it does not say is at its start
)


def connect(demo: gr.Blocks, tabs: gr.Tabs, all_controls: list[Controls]) -> None:
    """Write every change of a control into the address, set the controls at load, wire the lessons.

    A tab is restored by a button that the page presses where the address names that tab: an event at
    load with all controls as outputs would make gradio build all tabs at once, and every key press
    afterwards would cost tens of milliseconds more.
    """
    following = [*(controls.tab for controls in all_controls[1:]), None]
    address = gr.Textbox(visible="hidden", elem_id="link-address", show_label=False)
    for controls, after in zip(all_controls, following, strict=True):
        _write(controls)
        _restore(controls, tabs, address)
        if controls.card is not None:
            controls.card.wire(controls, tabs, after)
    texts = {controls.tab: _texts(controls) for controls in all_controls}
    js = f"() => {{ window.ulmfitLink.start({json.dumps(texts)}) }}"
    demo.load(None, None, None, js=js, api_visibility="private")


def _restore(controls: Controls, tabs: gr.Tabs, address: gr.Textbox) -> None:
    """First the controls are set, then the tab opens: what it shows then is of the new values."""
    views = [c for c in (controls.inner, controls.opened) if c is not None]
    n = len(controls.items)
    start = controls.defaults()
    if controls.views:
        start[INNER] = next(iter(controls.views))

    def wanted(search):
        query = read(search)
        values = controls.read(query)
        return controls.updates({**start, **values} if WHOLE in query else values)

    def restored(search):
        found = wanted(search)[:n]
        return found if n > 1 else found[0]

    def opened(search):
        found = wanted(search)[n:]
        return [gr.Tabs(selected=controls.tab), *found] if views else gr.Tabs(selected=controls.tab)

    search = "() => [window.ulmfitLink.address()]"
    button = gr.Button(visible="hidden", elem_id=f"restore-{controls.tab}")
    set_ = button.click(restored, address, list(controls.items.values()), js=search, **UNQUEUED)
    shown = set_.then(opened, address, [tabs, *views], js=search, **UNQUEUED)
    ready = "() => { window.ulmfitLink.ready() }"
    for ended in (shown.then, set_.failure, shown.failure):
        ended(None, None, None, js=ready, api_visibility="private")


def read(search: object) -> dict[str, str]:
    """The names and values of an address's query; {} where it is none or too long."""
    if not isinstance(search, str) or len(search) > limits.LINK_QUERY:
        return {}
    try:
        pairs = parse_qsl(search.removeprefix("?"), True, errors="replace", max_num_fields=50)
    except ValueError:
        return {}
    return dict(pairs)


def _texts(controls: Controls) -> dict[str, list[str]]:
    """Where the page finds each text field, and how it starts."""
    return {
        name: [f"#{c.elem_id} textarea, #{c.elem_id} input", c.value or ""]
        for name, c in controls.items.items()
        if type(c) is gr.Textbox
    }


def _write(controls: Controls) -> None:
    tab = json.dumps(controls.tab)
    # An event on a text field costs with every key; the page reads those fields itself.
    items = {name: c for name, c in controls.items.items() if type(c) is not gr.Textbox}
    components = list(items.values())
    keys = json.dumps(list(items))
    start = json.dumps([c.value for c in components])
    if components:
        gr.on(
            [c.change for c in components],
            None,
            components,
            None,
            js=f"(...values) => {{ window.ulmfitLink.changed({tab}, {keys}, {start}, values) }}",
            api_visibility="private",
        )
    first = next(iter(controls.views), None)
    for name, view in controls.views.items():
        view.select(
            None,
            None,
            None,
            js=f"() => {{ window.ulmfitLink.view({tab}, {json.dumps(name)}, {json.dumps(first)}) }}",
            api_visibility="private",
        )


def follow(tab: gr.Tab) -> None:
    """The address names the tab that is open."""
    js = "() => { window.ulmfitLink.select() }"
    tab.select(None, None, None, js=js, api_visibility="private")
