"""The controls of a tab by name: what a link restores and a lesson sets. Draws nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import gradio as gr

from ulmfit_demo.tabs.shared.link_values import legal

if TYPE_CHECKING:
    from ulmfit_demo.tabs.shared.lesson import Card

# by name; gradio gives a component its events at run time, so that no class of theirs has them all
Items = dict[str, Any]
INNER = "view"  # the name of a tab's inner tabs in an address


@dataclass(frozen=True)
class Part:
    """A view inside a tab: its controls by name, and the lines that give what it shows.

    The names are those of an address, a lesson and a notebook. Where the controls are the parameters
    of the view's functions too, they stand in the order of these: `[*items.values()]` are an event's
    inputs, and `called` gives the lines.
    """

    items: Items = field(default_factory=dict)
    code: Callable[[dict], str] = lambda values: ""  # values of all the tab's controls → lines


def called(function: Callable[..., str], items: Items) -> Callable[[dict], str]:
    """`function`, which takes the values of `items` in their order, as the `code` of a `Part`."""
    return lambda values: function(*(values[name] for name in items))


@dataclass
class Controls:
    """One tab's controls, in the order in which an address names them."""

    tab: str
    items: Items = field(default_factory=dict)
    inner: gr.Tabs | None = None  # tabs inside the tab
    views: dict[str, gr.Tab] = field(default_factory=dict)  # their names
    opened: gr.State | None = None  # the name of the open one, for `Visibility`
    card: Card | None = None  # the lesson that stands on top
    code: Callable[[dict], str] | None = None  # values by name → the lines that a notebook runs

    def add(self, name: str, part: Part) -> None:
        """Take in the controls of the inner tab `name`, and its lines where it is the open one."""
        self.items |= part.items
        before, first = self.code, next(iter(self.views))

        def code(values: dict) -> str:
            mine = values.get(INNER, first) == name
            return part.code(values) if mine else before(values) if before else ""

        self.code = code

    def defaults(self) -> dict[str, object]:
        """The values that the page starts with."""
        return {name: component.value for name, component in self.items.items()}

    def updates(self, values: Mapping[str, object]) -> list:
        """One update a control, inner tabs last: `values` as they are, the rest left alone."""
        found = [values.get(name, gr.skip()) for name in self.items]
        if self.inner is not None:
            view = values.get(INNER)
            found.append(gr.Tabs(selected=view) if view in self.views else gr.skip())
            if self.opened is not None:  # an inner tab that a link opens tells nobody
                found.append(view if view in self.views else gr.skip())
        return found

    def outputs(self) -> list:
        """The components that `updates` are for."""
        inner = [c for c in (self.inner, self.opened) if c is not None]
        return [*self.items.values(), *inner]

    def read(self, query: Mapping[str, str]) -> dict[str, object]:
        """What an address says of this tab: the values that are legal, by name."""
        values = {}
        for name, component in self.items.items():
            if name in query:
                value = legal(component, query[name])
                if value is not None:
                    values[name] = value
        if query.get(INNER) in self.views:
            values[INNER] = query[INNER]
        return values
