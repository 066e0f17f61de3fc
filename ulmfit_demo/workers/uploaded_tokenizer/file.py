"""What kind of file a visitor uploaded as a tokenizer, from its first bytes. Parses nothing."""

from __future__ import annotations

import re
from itertools import accumulate

DEPTH = 40  # levels of a tokenizer.json; published ones have about 10
BOM = b"\xef\xbb\xbf"

# How a file begins that is often downloaded in place of the one that was meant.
_OTHERS = (
    (rb"version https://git-lfs", "a Git LFS pointer: it says where the real file is"),
    (rb"version https://hawser", "a Git LFS pointer: it says where the real file is"),
    (rb"(?i:<!doctype html|<html|<head|<body)", "a web page (HTML)"),
    (rb"<[?!a-zA-Z]", "XML or HTML"),
    (rb"\xff\xfe|\xfe\xff|[{\[\"]\x00|\x00[{\[\"]", "text in UTF-16, where UTF-8 is needed"),
    (rb"\x1f\x8b|PK|BZh|\xfd7zXZ|Rar!", "an archive: unpack it first"),
    (rb"\x80[\x02-\x05]", "a pickle, which is never opened here"),
    (rb"%PDF", "a PDF"),
)
# What else a JSON text can be than an object.
_VALUES = (
    (rb"\[", "a JSON list"),
    (rb'"', "a JSON string"),
    (rb"-?[0-9]", "a JSON number"),
    (rb"(true|false|null)\b", "a JSON value without any parts"),
)
WANTED = "A tokenizer.json or a SentencePiece .model is needed."


class UploadError(ValueError):
    """A file or a text that the visitor's tokenizer cannot do; its text is a sentence for them."""


def kind_of_file(data: bytes, name: str = "") -> str:
    """`sentencepiece` or `tokenizers`, from the content; the name only words the refusal.

    Raises:
        UploadError: it is neither; a pickle or an archive is never opened.
    """
    start = data[:256].removeprefix(BOM).lstrip(b" \t\r\n")
    what = name or "The file"
    as_json = name.lower().endswith(".json")
    if not start:
        raise UploadError(f"{what} is empty. {WANTED}")
    for pattern, other in _OTHERS:
        if re.match(pattern, start):
            raise UploadError(f"{what} is {_no(name)}but {other}. {WANTED}")
    for pattern, value in _VALUES if as_json else ():
        if re.match(pattern, start):
            raise UploadError(f"{what} is a .json that holds {value} and no tokenizer. {WANTED}")
    if start[:1] not in b"{[":
        if as_json:
            raise UploadError(f"{what} is {_no(name)}but {_plain(data)}. {WANTED}")
        # `SentencePiece` reads protocol buffers; its library says whether this is one.
        return "sentencepiece"
    if json_depth(data) > DEPTH:
        raise UploadError(
            f"This JSON is nested more than {DEPTH} levels deep, so it is no tokenizer."
        )
    return "tokenizers"


def _no(name: str) -> str:
    """`no .json ` for a file of that name, `no tokenizer ` for one without an ending."""
    ending = re.search(r"\.\w{1,8}$", name)
    return f"no {ending[0]} " if ending else "no tokenizer "


def _plain(data: bytes) -> str:
    """What a file is that is neither JSON nor one of the known others."""
    try:
        text = data[:4_000].decode("utf-8", errors="strict" if len(data) <= 4_000 else "ignore")
    except UnicodeDecodeError:
        text = "\x00"
    if any(ord(c) < 32 and c not in "\t\n\r\f" for c in text):
        return "binary data (a SentencePiece model must be named .model)"
    return "plain text"


def json_depth(data: bytes) -> int:
    """Levels of brackets in JSON, found without parsing it (a parser recurses)."""
    outside = re.sub(rb'"[^"]*"', b"", re.sub(rb"\\.", b"", data, flags=re.DOTALL))
    brackets = re.sub(rb"[^][{}]", b"", outside)
    return max(accumulate(1 if b in b"[{" else -1 for b in brackets), default=0)
