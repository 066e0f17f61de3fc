"""fastai's default text rules one by one, with what each changed. Does not split into tokens.

The text is always fastai's: each rule's own function makes it. The edits beside it, which say
where the text changed, are checked against that result and replaced by a plain difference where
they disagree.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from fastai.text import core

from ulmfit_demo.limits import clean
from ulmfit_demo.tokens.alignment import Aligned, Change, Edit, difference

# The replacements of `core.fix_html`, in its order; `html.unescape` follows.
_html_replacements = (
    ("#39;", "'"),
    ("amp;", "&"),
    ("#146;", "'"),
    ("nbsp;", " "),
    ("#36;", "$"),
    ("\\n", "\n"),
    ("quot;", "'"),
    ("<br />", "\n"),
    ('\\"', '"'),
    ("<unk>", core.UNK),
    (" @.@ ", "."),
    (" @-@ ", "-"),
    ("...", " …"),
)
# The character references that `html.unescape` looks at (`html._charref`).
_character_reference = re.compile(
    r"&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)",
)
_mixed_case_run = re.compile(r"[A-Z](?=\S*[a-z])\S*")
# Below this length a run of visible characters cannot keep `core.replace_all_caps` busy.
_LONG_RUN = 200
_long_runs = re.compile(rf"\S{{{_LONG_RUN},}}")


def _html_edits(text: str) -> Iterator[list[Edit]]:
    for old, new in _html_replacements:
        edits = [Edit(m.start(), m.end(), new) for m in re.finditer(re.escape(old), text)]
        if edits:
            text = text.replace(old, new)
            yield edits
    edits = []
    for match in _character_reference.finditer(text):
        new, end = html.unescape(match.group()), match.end()
        # `&notit;` becomes `¬it;`: only the entity's own characters changed.
        while new and end > match.start() and new[-1] == text[end - 1]:
            new, end = new[:-1], end - 1
        if new or end > match.start():
            edits.append(Edit(match.start(), end, new))
    yield edits


def _rep_edits(text: str) -> Iterator[list[Edit]]:
    edits: list[Edit] = []
    for match in core._re_rep.finditer(text):
        start, end = match.span()
        edits += (
            Edit(start, start, f" {core.TK_REP} {end - start} "),
            Edit(start, end, match.group(1)),
            Edit(end, end, " "),
        )
    yield edits


def _wrep_edits(text: str) -> Iterator[list[Edit]]:
    edits: list[Edit] = []
    for match in core._re_wrep.finditer(text):
        start, end = match.start(1), match.start(3)
        count = len(match.group(2).split()) + 2
        edits += (
            Edit(match.start(), start, " "),
            Edit(start, start, f"{core.TK_WREP} {count} "),
            Edit(start, end, match.group(1)),
            Edit(end, end, " "),
        )
    yield edits


def _spec_edits(text: str) -> Iterator[list[Edit]]:
    edits: list[Edit] = []
    for match in core._re_spec.finditer(text):
        start, end = match.span()
        edits += Edit(start, start, " "), Edit(end, end, " ")
    yield edits


def _space_edits(text: str) -> Iterator[list[Edit]]:
    yield [Edit(m.start() + 1, m.end(), "") for m in core._re_space.finditer(text)]


def _all_caps_edits(text: str) -> Iterator[list[Edit]]:
    edits: list[Edit] = []
    # The same words as `core._re_all_caps`, found without its backtracking.
    for match in re.finditer(r"(?<!\S)[A-Z][^a-z\s]*(?!\S)", text):
        edits += _lowered_word(match, core.TK_UP)
    yield edits


def _maj_edits(text: str) -> Iterator[list[Edit]]:
    edits: list[Edit] = []
    for match in re.finditer(r"(?<!\S)[A-Z][^A-Z\s]*(?!\S)", text):
        edits += _lowered_word(match, core.TK_MAJ)
    yield edits


def _lowered_word(match: re.Match[str], marker: str) -> Iterator[Edit]:
    if len(match.group()) > 1:
        yield Edit(match.start(), match.start(), f"{marker} ")
    yield from _lowered(match.group(), match.start())


def _lowered(text: str, offset: int = 0) -> Iterator[Edit]:
    """One edit for each run of characters that lower-casing changes."""
    lower = text.lower()
    if lower == text:
        return
    run = 0  # the start of the run of changed characters
    at = 0  # the place in `lower`; a character can become two
    for index, character in enumerate(text):
        length = len(character.lower())
        if length != 1:
            if run < index:
                yield Edit(offset + run, offset + index, lower[at - index + run : at])
            yield Edit(offset + index, offset + index + 1, lower[at : at + length])
            run = index + 1
        elif lower[at] == character:
            if run < index:
                yield Edit(offset + run, offset + index, lower[at - index + run : at])
            run = index + 1
        at += length
    if run < len(text):
        yield Edit(offset + run, offset + len(text), lower[at - len(text) + run : at])


def _lowercase_edits(text: str) -> Iterator[list[Edit]]:
    yield list(_lowered(text))
    text = text.lower()
    start = len(text) - len(text.lstrip())
    end = len(text.rstrip())
    edits = [Edit(0, 0, f"{core.BOS} "), Edit(0, start, "")]
    yield edits + ([Edit(end, len(text), "")] if end > start else [])


def replace_all_caps(text: str) -> str:
    """`core.replace_all_caps`, without its quadratic time on a long run of mixed case.

    Its pattern backtracks over every split of such a run (10,000 characters: 2 s) and can only
    fail: a run with a lower-case letter never matches. Those runs are left out, and fastai's
    function does the text between them, where each part begins and ends at white space.
    """
    done: list[str] = []
    at = 0
    for match in _long_runs.finditer(text):
        if _mixed_case_run.match(match.group()):
            done += core.replace_all_caps(text[at : match.start()]), match.group()
            at = match.end()
    return "".join([*done, core.replace_all_caps(text[at:])])


@dataclass(frozen=True, slots=True)
class Rule:
    """One of fastai's rules: its name, a line for people, and the function that applies it."""

    name: str
    doc: str
    function: Callable[[str], str]
    # Lists of edits, each for the text that the list before it left.
    edits: Callable[[str], Iterator[list[Edit]]]


RULES: tuple[Rule, ...] = (
    Rule(
        "fix_html",
        "Turns HTML entities, <br /> and similar left-overs into the characters they mean.",
        core.fix_html,
        _html_edits,
    ),
    Rule(
        "replace_rep",
        "A character three times or more becomes xxrep, the count and the character.",
        core.replace_rep,
        _rep_edits,
    ),
    Rule(
        "replace_wrep",
        "A word three times or more becomes xxwrep, the count and the word.",
        core.replace_wrep,
        _wrep_edits,
    ),
    Rule("spec_add_spaces", "Puts spaces around / # and \\.", core.spec_add_spaces, _spec_edits),
    Rule(
        "rm_useless_spaces",
        "Several spaces become one.",
        core.rm_useless_spaces,
        _space_edits,
    ),
    Rule(
        "replace_all_caps",
        "A word in capitals is lower-cased, with xxup before it.",
        replace_all_caps,
        _all_caps_edits,
    ),
    Rule(
        "replace_maj",
        "A word with a capital first letter is lower-cased, with xxmaj before it.",
        core.replace_maj,
        _maj_edits,
    ),
    Rule(
        "lowercase",
        "Lower-cases what is left and puts xxbos at the beginning of the text.",
        core.lowercase,
        _lowercase_edits,
    ),
)
RULE_NAMES: tuple[str, ...] = tuple(rule.name for rule in RULES)


@dataclass(frozen=True, slots=True)
class Step:
    """One rule at work: the text before and after it, and where the two differ."""

    rule: Rule
    before: str
    after: str
    changes: list[Change]


def enabled_rules(enabled: Collection[str] | None = None) -> tuple[Rule, ...]:
    """The rules named in `enabled`, in fastai's order; all of them for None.

    Raises:
        ValueError: `enabled` holds a name that is not a rule's.
    """
    if enabled is None:
        return RULES
    strange = sorted(set(enabled) - set(RULE_NAMES))
    if strange:
        raise ValueError(f"no such rule: {', '.join(strange)} (rules: {', '.join(RULE_NAMES)})")
    return tuple(rule for rule in RULES if rule.name in enabled)


def rewrite(text: str, enabled: Collection[str] | None = None) -> Aligned:
    """The text after the rules, with every character's source range and the rule that made it.

    With all rules its `text` equals `compose(*defaults.text_proc_rules)(text)` of fastai.

    Raises:
        ValueError: see `enabled_rules`.
    """
    aligned = Aligned(clean(text))
    for rule in enabled_rules(enabled):
        _apply(rule, aligned)
    return aligned


def rewritten(text: str) -> str:
    """`rewrite(text).text` without its places: the rules' functions and nothing else."""
    text = clean(text)
    for rule in RULES:
        text = rule.function(text)
    return text


def is_blank(text: str) -> bool:
    """Whether the rules leave no word of `text`: of `<br />`, `nbsp;` or `&#10;` they make white space.

    >>> [is_blank(text) for text in ("", "<br />", "nbsp;&Tab;", "!")]
    [True, True, True, False]
    """
    return not text.strip() or rewritten(text).strip() == core.BOS


def trace(text: str, enabled: Collection[str] | None = None) -> list[Step]:
    """What each enabled rule did to the text, one after another.

    Raises:
        ValueError: see `enabled_rules`.
    """
    steps = []
    text = clean(text)
    for rule in enabled_rules(enabled):
        aligned = Aligned(text)
        _apply(rule, aligned)
        steps.append(Step(rule, text, aligned.text, aligned.changes()))
        text = aligned.text
    return steps


def _apply(rule: Rule, aligned: Aligned) -> None:
    """Apply `rule`; the edits count only where they give the text that fastai's function gives."""
    before = aligned.text
    expected = rule.function(before)
    if expected == before:
        return
    states = (aligned.starts, aligned.ends, aligned.labels)
    for edits in rule.edits(before):
        aligned.apply(edits, rule.name)
    if aligned.text != expected:
        aligned.text = before
        aligned.starts, aligned.ends, aligned.labels = states
        aligned.apply(difference(before, expected), rule.name)
