"""What a value in an address is as a value of its control; what the control could not hold is left out.

A control's own kind and bounds say what it may be.
"""

from __future__ import annotations

import math

import gradio as gr

from ulmfit_demo import limits, tokens


def legal(component: gr.components.Component, raw: str) -> object | None:
    """`raw` of an address as a value of `component`; None where it is none."""
    if isinstance(component, gr.Checkbox):
        return {"1": True, "0": False}.get(raw)
    if isinstance(component, gr.CheckboxGroup):
        wanted = raw.split(",") if raw else []
        return [value for _, value in component.choices if str(value) in wanted]
    if isinstance(component, gr.Radio | gr.Dropdown):
        known = (value for _, value in component.choices if str(value) == raw)
        return next(
            (value for value in known if value != tokens.OWN), None
        )  # a file is in no address
    if isinstance(component, gr.Slider | gr.Number):
        return _number(component, raw)
    return tokens.clean(raw) if len(raw) <= limits.LINK_TEXT else None


def _number(component: gr.Slider | gr.Number, raw: str) -> float | int | None:
    try:
        value = float(raw)
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    low, high = component.minimum, component.maximum
    value = max(value, -1e9 if low is None else low)
    value = min(value, 1e9 if high is None else high)
    return int(value) if value == int(value) else value
