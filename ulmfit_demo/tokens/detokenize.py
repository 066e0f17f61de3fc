"""Word tokens → text as a person writes it. Guesses spaces; does not know the source.

Tokenizing throws away where spaces were, so the result is a good guess and not an inverse. The
function is total: any list of strings gives a string.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ulmfit_demo.tokens.types import REPEATS

MOST_REPEATS = 10_000  # a generated text can say `xxrep 999999999 a`


def _words(line: str) -> frozenset[str]:
    return frozenset(line.split())


_dropped = _words("xxbos xxeos xxpad")
_closing = _words(", . ; : ! ? % ) ] } … ’’ ” ° ™ ®")
_opening = _words("( [ { $ £ € # ¿ ¡ “ ``")
_both_sides = _words("/ \\")
_hyphens = _words("- ‐ ‑")
_dashes = "-‐‑–—"
_straight_quotes = _words("\" ''")
_apostrophes = _words("' ’")
_clitics = _words("'s 'm 're 've 'll 'd n't ’s ’m ’re ’ve ’ll ’d n’t")
_sentence_ends = _words(". ! ?")
# Pieces of one word that spaCy splits (`can not` is the same two tokens, and rarer).
_second_halves = {("can", "not"), ("gon", "na"), ("got", "ta"), ("lem", "me")} | {
    (verb, "nt")
    for verb in _words("do does did ca wo is are was were have has had would could should")
}
_short_words = _words(
    "a i am an as at be by do go he hi if in is it me mr my no of oh ok on or so to tv up us we"
    " the and but for was not"
)
_stand_alone = frozenset("iwxzk")  # iii, www, xxx, zzz and kkk are words of their own


@dataclass(slots=True)
class _Item:
    """One word of the output and whether it sticks to its neighbours."""

    text: str
    token: str  # as the tokenizer printed it, in lower case
    repeated: bool = False
    stick_left: bool = False
    stick_right: bool = False
    first: int = 0  # its tokens, the markers before it included: tokens[first : last + 1]
    last: int = 0


class Piece(NamedTuple):
    """A word as it is written, what stands between it and the one before, and its tokens."""

    space: str  # "" or " "
    text: str
    first: int  # tokens[first : last + 1], the markers before the word included
    last: int


def detokenize(tokens: Iterable[str]) -> str:
    """The text that a person would have written for these tokens.

    `xxbos`, `xxeos` and `xxpad` go, `xxmaj`, `xxup`, `xxrep` and `xxwrep` are undone, and
    punctuation, quotes, contractions, brackets and hyphens find their neighbours again.
    """
    return _join(_written([token for token in tokens if token]))


def spaced(tokens: Iterable[str]) -> str:
    """The tokens with spaces between them as a person would write them; no letter changes.

    For tokens that no rule has changed: `xxmaj` is a word that somebody typed.
    """
    items = [_Item(token, token.lower()) for token in tokens if token]
    _stick_punctuation(items)
    _stick_quotes(items)
    return _join(items, dots=False)


def continued(prompt: str, before: Sequence[str], tokens: Sequence[str]) -> tuple[str, list[Piece]]:
    """`tokens` as a person would write them behind `prompt`, whose own tokens are `before`.

    Returns the prompt as it stands before them, and one piece a word: capitals, quotes and the space
    at the seam come from both (`I do` + `n't`, `"` + `i 'm`, `a well-` + `written`). The prompt keeps
    what was typed, but for spaces at its end that the first word takes away.
    """
    both, n = [*before, *tokens], len(before)
    at = [i for i, token in enumerate(both) if token]
    items = _written([both[i] for i in at])
    old = [item for item in items if at[item.last] < n]
    new = [item for item in items if at[item.last] >= n]
    if not new:
        return prompt, []
    prompt, space = _seam(prompt, old[-1] if old else None, new[0])
    pieces: list[Piece] = []
    for i, item in enumerate(new):
        if i:
            space = "" if new[i - 1].stick_right or item.stick_left else " "
        first, last = max(0, at[item.first] - n), at[item.last] - n
        if pieces and pieces[-1].last == last:  # `xxwrep 3 ha` is three words and one piece
            held = pieces.pop()
            pieces.append(Piece(held.space, held.text + space + _shown(item), held.first, last))
        else:
            pieces.append(Piece(space, _shown(item), first, last))
    return prompt, pieces


def _seam(prompt: str, left: _Item | None, right: _Item) -> tuple[str, str]:
    """The prompt and what stands between it and `right`; the source knows more than its tokens."""
    bare = prompt.rstrip(" ")
    if not bare or left is None or bare[-1].isspace():
        return prompt, ""
    if right.stick_left:
        return bare, ""
    if bare != prompt:
        return prompt, ""
    mark = bare[-1]
    held = bare[:-1].rstrip(_dashes if mark in _dashes else "")[-1:]  # "" or what the mark follows
    free = not held or held.isspace()
    if mark in _dashes or mark in _both_sides:
        return prompt, " " if free else ""
    if mark in "\"'":
        opens = free or held in "([{" or (not held.isalnum() and left.stick_right)
        return prompt, "" if opens else " "
    if mark in "$£€":
        return prompt, ""
    return prompt, "" if left.stick_right else " "


def _written(tokens: Sequence[str]) -> list[_Item]:
    items = _undo_rules(tokens)
    _stick_punctuation(items)
    _stick_quotes(items)
    _stick_repeats(items)
    _restore_single_letters(items)
    return items


def _undo_rules(tokens: Sequence[str]) -> list[_Item]:
    """Apply the markers (`xxmaj`, `xxup`, `xxrep n`, `xxwrep n`) to the token they announce."""
    items: list[_Item] = []
    case = ""
    characters = words = 1
    index = first = 0
    while index < len(tokens):
        token = tokens[index]
        has_count = index + 1 < len(tokens) and tokens[index + 1].isdecimal()
        index += 1
        if token in _dropped:
            first = index if first == index - 1 else first
            continue
        if token in ("xxmaj", "xxup"):
            case = token
        elif token in REPEATS and has_count:
            count = _bounded(tokens[index])
            index += 1
            if token == "xxrep":
                characters = count
            else:
                words = count
        elif token == "xxfld":
            index += has_count
        else:
            for item in _items(token, case, characters, words):
                item.first, item.last = first, index - 1
                items.append(item)
            first = index
            # In capitals, a whole word has one xxup; spaCy may have split the word behind it.
            goes_on = case == "xxup" and index < len(tokens) and _continues(token, tokens[index])
            case = case if goes_on else ""
            characters = words = 1
    return items


def _bounded(count: str) -> int:
    # More digits than `MOST_REPEATS` has are too many, whatever the number is.
    return min(int(count), MOST_REPEATS) if len(count) < 10 else 1


def _continues(token: str, following: str) -> bool:
    return (
        following in _clitics or following in _hyphens or token in _hyphens or following == "xxrep"
    )


def _items(token: str, case: str, characters: int, words: int) -> list[_Item]:
    text = token.replace("▁", " ")  # `replace_space` undone
    if characters * len(text) <= MOST_REPEATS:
        text *= characters
    if case == "xxup":
        text = text.upper()
    elif case == "xxmaj":
        text = text[:1].upper() + text[1:]
    if words * len(text) > MOST_REPEATS:
        words = 1
    return [_Item(text, token.lower(), characters > 1) for _ in range(words)]


def _stick_punctuation(items: list[_Item]) -> None:
    for index, item in enumerate(items):
        previous = items[index - 1] if index else None
        following = items[index + 1] if index + 1 < len(items) else None
        token = item.token
        if item.text.isspace():
            item.stick_left = item.stick_right = True
        elif token in _closing or token in _clitics:
            item.stick_left = True
        elif token in _opening:
            item.stick_right = True
        elif token in _both_sides:
            item.stick_left = item.stick_right = True
        elif token in _hyphens and not item.repeated:
            inside = previous and following and _wordlike(previous) and _wordlike(following)
            item.stick_left = item.stick_right = bool(inside)
        elif previous and (previous.token, token) in _second_halves:
            item.stick_left = True


def _stick_quotes(items: list[_Item]) -> None:
    """Opening quotes stick to the right and closing ones to the left, by turns in a line."""
    open_double = open_single = False
    for index, item in enumerate(items):
        if "\n" in item.text:
            open_double = open_single = False
        elif item.token in _straight_quotes:
            item.stick_left, item.stick_right = open_double, not open_double
            open_double = not open_double
        elif item.token in _apostrophes:
            if open_single:
                item.stick_left, open_single = True, False
            elif item.token == "'" and _quote_closes(items, index):
                item.stick_right = open_single = True
            else:
                # The apostrophe of a plural: the brothers' house.
                item.stick_left = True
        elif item.token == "‘":
            item.stick_right = open_single = True


def _quote_closes(items: Sequence[_Item], index: int) -> bool:
    """True where the apostrophe at `index` has a partner within the next words of its line."""
    for item in items[index + 1 : index + 31]:
        if "\n" in item.text:
            return False
        if item.token == "'":
            return True
    return False


def _stick_repeats(items: list[_Item]) -> None:
    """Join `l` `ooo` `ve`: a run of one letter was cut out of the word around it.

    A neighbour that ends or begins with the same letter was not part of that word, since
    `replace_rep` takes the whole run.
    """
    for index, item in enumerate(items):
        if not item.repeated:
            continue
        if not item.token.isalpha():
            # A row of full stops or exclamation marks follows its word, a row of dashes does not.
            item.stick_left = item.stick_left or item.token in {".", "!", "?"}
            continue
        previous = items[index - 1] if index else None
        following = items[index + 1] if index + 1 < len(items) else None
        if item.token not in _stand_alone and previous and _fragment(previous, 3):
            item.stick_left = previous.token[-1] != item.token
        if following and following.token.startswith("."):
            item.stick_right = len(following.token) > 1
        elif following and _fragment(following, 2):
            item.stick_right = following.token[0] != item.token


def _fragment(item: _Item, longest: int) -> bool:
    """True for a few letters that are no common word of their own."""
    token = item.token
    # `a` stays: `aaa` behind it is `ahhh`, cut after its first letter.
    return token.isalpha() and len(token) <= longest and token not in _short_words - {"a"}


def _restore_single_letters(items: list[_Item]) -> None:
    """`I` and a lone letter that begins a sentence get the capital that fastai drops silently."""
    begins = True
    for item in items:
        if item.text == "i" or (begins and len(item.text) == 1 and item.text.isalpha()):
            item.text = item.text.upper()
        if item.text.isalnum():
            begins = False
        elif item.token in _sentence_ends:
            begins = True


def _wordlike(item: _Item) -> bool:
    return item.text[:1].isalnum() or item.text[-1:].isalnum()


def _shown(item: _Item) -> str:
    # `fix_html` makes `…` of three full stops, which people write more often.
    return "..." if item.text == "…" else item.text


def _join(items: Sequence[_Item], dots: bool = True) -> str:
    parts: list[str] = []
    for index, item in enumerate(items):
        if index and not items[index - 1].stick_right and not item.stick_left:
            parts.append(" ")
        parts.append(_shown(item) if dots else item.text)
    return "".join(parts)
