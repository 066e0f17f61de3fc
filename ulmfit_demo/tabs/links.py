"""A link restores the view: the state of the tab in the address, read at load. Draws nothing.

The page writes the address (`assets/script/link.js`); here it is read, and each value is taken only
where its control could hold it.
"""

from __future__ import annotations

import json

import gradio as gr

from ulmfit_demo.tabs.controls import Controls

PRIVATE = dict(api_visibility="private", show_progress="hidden", queue=False)


def connect(demo: gr.Blocks, tabs: gr.Tabs, all_controls: list[Controls]) -> None:
    """Write every change of a control into the address, set the controls at load, wire the lessons."""
    following = [*(controls.tab for controls in all_controls[1:]), None]
    for controls, after in zip(all_controls, following, strict=True):
        _write(controls)
        controls.card.wire(controls, tabs, after)

    def restore(request: gr.Request):
        query = dict(request.query_params) if request else {}
        wanted = query.get("tab")
        # the first tab is open as it is: selecting it again would tell the page nothing
        updates = [gr.Tabs(selected=wanted) if wanted in names else gr.skip()]
        for controls in all_controls:
            values = controls.read(query) if controls.tab == wanted else {}
            updates += controls.updates(values)
        return updates

    names = {controls.tab for controls in all_controls}
    outputs = [tabs, *(c for controls in all_controls for c in controls.outputs())]
    js = "() => { window.ulmfitLink.ready() }"
    loaded = demo.load(restore, None, outputs, **PRIVATE)
    loaded.then(None, None, None, js=js, api_visibility="private")


def _write(controls: Controls) -> None:
    tab = json.dumps(controls.tab)
    components = list(controls.items.values())
    keys = json.dumps(list(controls.items))
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
