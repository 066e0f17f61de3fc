"""The picture and the words that a link to the app shows elsewhere, in the place of gradio's own.

gradio names its own picture and title in its Open Graph and Twitter tags, and its `head` parameter
comes after those and through a script, which the readers of such tags do not run. So the template is
changed as it is read: https://github.com/gradio-app/gradio/issues/11233.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

from gradio import routes
from jinja2 import BaseLoader, Environment
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

from ulmfit_demo.resources import assets

PATH = "/preview.png"
PICTURE = "preview/preview.png"  # in assets
SIZE = (1200, 630)
OTHERS = re.compile(r'<meta\s+(?:property="og:|name="twitter:)[^>]*>', re.DOTALL)


class Loader(BaseLoader):
    """Gives the templates of `inner`, with our tags in the page's."""

    def __init__(self, inner: BaseLoader, tags: str) -> None:
        self.inner, self.tags = inner, tags

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        source, path, is_fresh = self.inner.get_source(environment, template)
        if template.startswith("frontend/"):
            source = OTHERS.sub("", source).replace("</head>", f"{self.tags}</head>", 1)
        return source, path, is_fresh


def tags(title: str, description: str) -> str:
    """The tags, with the picture's whole address, which Jinja2 fills in from the request's."""
    root, picture = "{{ config['root'] }}", "{{ config['root'] }}" + PATH
    said = {
        "og:type": "website",
        "og:url": root,
        "og:title": title,
        "og:description": description,
        "og:image": picture,
        "og:image:width": str(SIZE[0]),
        "og:image:height": str(SIZE[1]),
        "og:image:alt": description,
    }
    cards = {
        "twitter:card": "summary_large_image",
        "twitter:title": title,
        "twitter:description": description,
        "twitter:image": picture,
    }
    parts = [f'<meta property="{k}" content="{_value(v)}" />' for k, v in said.items()]
    parts += [f'<meta name="{k}" content="{_value(v)}" />' for k, v in cards.items()]
    return "".join(parts) + f'<meta name="description" content="{_value(description)}" />'


def _value(value: str) -> str:
    return value if value.startswith("{{") else escape(value)


def show(title: str, description: str) -> None:
    """Let gradio's page carry our tags from now on; a second call replaces those of the first."""
    environment = routes.templates.env
    loader = environment.loader
    inner = loader.inner if isinstance(loader, Loader) else loader
    if inner is None:
        raise RuntimeError("gradio's templates have no loader")
    environment.loader = Loader(inner, tags(title, description))
    if environment.cache is not None:
        environment.cache.clear()


def picture(request: Request) -> FileResponse:
    """The picture, for anyone."""
    return FileResponse(assets() / PICTURE, media_type="image/png")


ROUTE = Route(PATH, picture)
