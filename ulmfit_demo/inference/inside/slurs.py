"""Words of the corpora that the page puts before nobody unasked: hashes, so that no file shows them."""

from __future__ import annotations

import hashlib

# the first 12 digits of SHA-256 of each, between spaces
_HASHES = (
    "044eb98b1876 08a841e99678 0ce875d62007 120f6e5b4ea3 158869a97379 16ea09fc78ca "
    "17bde8b40646 1e02eec4f109 268651b3ece9 341d56384afc 402f7ebd9886 448b303c89be "
    "45cd3e1bb472 5b3ae48be122 82159dd02870 8f5083e3e5c7 98b52c4b6b7d 9915ba2d8222 "
    "be00f1af522e c1cabb6f6e43 c3de533e9b7f cc02032349c8 daec0c235d31 e7b98c6aa5b9 "
    "eef3bd091670 "
)


def is_slur(word: str) -> bool:
    """Is `word` one of a few slurs? A visitor who types one is still answered."""
    return hashlib.sha256(word.encode()).hexdigest()[:12] in _HASHES
