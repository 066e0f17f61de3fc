"""What a link to the app shows elsewhere: our picture and words, none of gradio's."""

import re
import struct
import urllib.request

from ulmfit_demo.tabs.journey import front
from ulmfit_demo.web import preview


def get(url: str) -> bytes:
    with urllib.request.urlopen(url) as answer:
        return answer.read()


def test_the_page_names_our_picture_and_words(url):
    page = get(url).decode("utf-8")
    head = page[: page.index("</head>")]
    found = re.findall(r'<meta (?:property|name)="((?:og|twitter):[^"]+)" content="([^"]*)"', head)
    tags = dict(found)
    assert len(tags) == len(found)  # none stands there twice: readers take the first
    assert tags["og:title"] == tags["twitter:title"] == front.TITLE
    assert tags["og:image"] == tags["twitter:image"] == url.rstrip("/") + preview.PATH
    assert not [v for v in tags.values() if "gradio" in v.lower()]


def test_the_picture_is_there_in_the_size_that_is_told(url):
    data = get(url.rstrip("/") + preview.PATH)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == preview.SIZE
    assert len(data) < 300_000
