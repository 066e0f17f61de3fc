"""What fastai's markers announce: `xxmaj`, `xxup`, `xxrep 3`, `xxwrep 3` → the source characters."""

from __future__ import annotations

from collections.abc import Sequence

from ulmfit_demo.tokens.alignment import Span
from ulmfit_demo.tokens.types import Token


def announced(source: str, tokens: Sequence[Token]) -> dict[int, Span]:
    """For each token of kind `rule`, by its place: the source range of what it stands before.

    `xxrep`, `3` and `w` are one announcement: both markers point at `www`. `xxup` before a word
    that spaCy split afterwards (`DON'T`) points at all of it. A marker at the end points at nothing.
    """
    found: dict[int, Span] = {}
    for index, token in enumerate(tokens):
        if token.kind != "rule":
            continue
        after = index + 1
        while after < len(tokens) and tokens[after].kind == "rule":
            after += 1
        if after == len(tokens):
            break
        start, end = tokens[after].start, tokens[after].end
        if start == end and tokens[after].changed_from is not None:
            continue  # it shares the characters of a token before it
        while (
            token.rule
            and after + 1 < len(tokens)
            and tokens[after + 1].start == end < tokens[after + 1].end
            and tokens[after + 1].rule == token.rule
            and tokens[after + 1].kind != "rule"
        ):
            after += 1
            end = tokens[after].end
        found[index] = Span(start, end, source[start:end])
    return found
