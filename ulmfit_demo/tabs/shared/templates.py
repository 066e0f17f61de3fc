"""HTML by Jinja2 templates, which stand beside the modules that fill them. Autoescape is on.

Python hands plain values, and every text is escaped where it is put in. What is HTML already (a row of
chips) comes as `markupsafe.Markup`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ulmfit_demo.tabs.shared.signs import seen, visible

TABS = Path(__file__).resolve().parents[1]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TABS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {"visible": visible, "seen": seen}
    return environment


def render(template: str, /, **values: object) -> str:
    """The HTML of a template by its path below `tabs/`, as `shared/lesson.html`.

    Raises:
        jinja2.UndefinedError: the template wants a value that was not given.
    """
    return _environment().get_template(template).render(**values)


def macro(template: str, name: str, /, **values: object) -> str:
    """The HTML of one macro of a template: a view that draws several small things has one file."""
    return str(getattr(_environment().get_template(template).module, name)(**values)).strip()


def markup(html: str) -> Markup:
    """`html`, which is HTML and safe, for a template: it is not escaped again."""
    return Markup(html)
