"""gradio's style sheets for the components on the page, joined in one. Changes no rule of them.

gradio asks for one small sheet after another, 38 for this page's first view. Its loader asks for none
that the page has a `<link>` for, and a browser does not load a `disabled` one: the page gets the joined
sheet and a disabled link for each that is in it. Sheets of a gradio that is built otherwise are asked
for as before.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, MutableMapping
from pathlib import Path

import gradio

ASSETS = Path(gradio.__file__).parent / "templates" / "frontend" / "assets"
FIRST = re.compile(rb'<link rel="stylesheet" crossorigin href="\./assets/(index-[\w-]+\.css)">')
TYPES = re.compile(rb'"type":"([a-z]+)"')
DEPENDENCIES = re.compile(r"__vite__mapDeps\(\[([\d,]*)\]\)")
# gradio's word that it loads keeps its place while the parts of the page come
LOADING = (
    "html:not(.u-shown) div:has(> p.loading) "
    "{ position: fixed !important; top: 30vh; left: 0; right: 0; }\n"
)
FILES = re.compile(r"m\.f=\[([^\]]*)\]")


class Joined:
    """`Wire`'s `page`: puts the joined sheet into a page and into `own`, which serves it."""

    def __init__(self, own: MutableMapping[str, tuple[bytes, str]], root: str = "./own/") -> None:
        self.own, self.root = own, root

    def __call__(self, page: bytes) -> bytes:
        """`page` with one sheet in place of gradio's first; as it is where that is not found."""
        found = FIRST.search(page)
        if not found:
            return page
        types = {t.decode() for t in TYPES.findall(page)}
        names = [found[1].decode(), *names_of(types)]
        names = [n for n in dict.fromkeys(names) if (ASSETS / n).is_file()]
        sheets = (_from_here((ASSETS / n).read_text(encoding="utf-8")) for n in names)
        sheet = "\n".join([LOADING, *sheets]).encode()
        name = f"gradio-{hashlib.blake2b(sheet, digest_size=6).hexdigest()}.css"
        self.own[name] = (sheet, "text/css; charset=utf-8")
        links = f'<link rel="stylesheet" href="{self.root}{name}">' + "".join(
            f'<link rel="stylesheet" disabled href="./assets/{n}">' for n in names
        )
        return page[: found.start()] + links.encode() + page[found.end() :]


def names_of(types: Iterable[str]) -> list[str]:
    """The sheets that gradio's loader asks for with components of these types."""
    names: list[str] = [p.name for p in sorted(ASSETS.glob("Blocks-*.css"))]
    for entry in sorted(ASSETS.glob("index-*.js")):
        names += _sheets(entry.read_text(encoding="utf-8"))
    for core in sorted(ASSETS.glob("core-*.js")):
        text = core.read_text(encoding="utf-8")
        files = _files(text)
        for kind in sorted(types):
            part = re.search(rf"[,{{]{kind}:\{{(.*?import\.meta\.url\)\}})", text)
            for numbers in DEPENDENCIES.findall(part[1]) if part else ():
                names += [files[int(n)] for n in numbers.split(",") if n]
    return [n for n in dict.fromkeys(names) if n.endswith(".css")]


def _files(script: str) -> list[str]:
    listed = FILES.search(script)
    return re.findall(r'"\./([^"]+)"', listed[1]) if listed else []


def _sheets(script: str) -> list[str]:
    return [name for name in _files(script) if name.endswith(".css")]


def _from_here(sheet: str) -> str:
    """The sheet with its own files named from where the joined one lies."""
    return re.sub(r"url\((['\"]?)\./", r"url(\1../assets/", sheet)
