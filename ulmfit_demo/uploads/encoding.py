"""Bytes of a file → text, and which encoding it was. Parses nothing."""

from __future__ import annotations

import codecs
import re

UNKNOWN = "?"  # the encoding of bytes that are not UTF-8 and not plainly another one


def decode(data: bytes) -> tuple[str, str]:
    """(text, encoding). Of an unknown encoding each odd byte becomes a lone surrogate."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            text = data.decode("utf-16")  # "Unicode text" of a spreadsheet
        except UnicodeDecodeError:
            text = ""
        if re.search("[ -~]", text) and "\x00" not in text:
            return text, "UTF-16"
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        if _is_cp1252(data):
            return data.decode("cp1252"), "Windows-1252"
        return data.decode("utf-8-sig", "surrogateescape"), UNKNOWN
    return text, UNKNOWN if "\x00" in text else "UTF-8"  # zero bytes: UTF-16, or no text at all


_utf8_character = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
# Control characters, signs that no Western text has inside a word, capitals behind small letters, words
# without a plain letter, and three odd characters in a row: another encoding's letters look like that.
_not_western = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f]|[^\W\d_][¢-¬®-¶¸-¿×÷‚„†‡ˆ‰‹›˜™¨][^\W\d_]|[a-zß-ÿ][À-ÖØ-ÞŠŽŸŒ]"
    r"|\b[À-ÖØ-öø-ÿ]{2,}\b|[^\x00-\x7f“”‘’„«»–—…\xa0]{3}"
)


def _is_cp1252(data: bytes) -> bool:
    """True where the bytes are plainly Western text in Windows-1252.

    None of its bytes are a character of UTF-8, and none stands where only another encoding puts it.
    """
    if _utf8_character.search(data):
        return False
    try:
        return not _not_western.search(data.decode("cp1252"))
    except UnicodeDecodeError:
        return False
