"""The rule trace against fastai's own functions, and where it says the text changed."""

from __future__ import annotations

import random
import re
import time

import pytest
from fastai.text import core
from fastcore.basics import compose

from ulmfit_demo.tokens import RULE_NAMES, RULES, clean, rewrite, trace
from ulmfit_demo.tokens import rules as rules_module
from ulmfit_demo.tokens.alignment import Aligned, Change, Edit, difference

fastai_rules = compose(*core.defaults.text_proc_rules)
FUNCTIONS = dict(zip(RULE_NAMES, core.defaults.text_proc_rules, strict=True))


def test_rules_are_fastais_in_order():
    """Row 6 of the notebook."""
    assert [rule.name for rule in RULES] == [f.__name__ for f in core.defaults.text_proc_rules]
    assert all(rule.doc for rule in RULES)


def test_all_rules_equal_fastai(texts):
    for text in texts:
        steps = trace(text)
        assert len(steps) == len(RULES)
        assert steps[-1].after == rewrite(text).text == fastai_rules(clean(text))


def test_each_step_equals_its_function(texts):
    for text in texts:
        for step in trace(text):
            assert step.after == FUNCTIONS[step.rule.name](step.before)


def test_any_selection_equals_its_functions(texts):
    rng = random.Random(1)
    for text in texts[:300]:
        names = {name for name in RULE_NAMES if rng.random() < 0.5}
        expected = compose(*(FUNCTIONS[name] for name in RULE_NAMES if name in names))(clean(text))
        assert rewrite(text, names).text == expected
        assert [step.rule.name for step in trace(text, names)] == [
            name for name in RULE_NAMES if name in names
        ]


def test_no_rule_needs_the_fallback(texts, monkeypatch):
    def fail(before, after):
        raise AssertionError(f"the edits do not turn {before!r} into {after!r}")

    monkeypatch.setattr(rules_module, "difference", fail)
    for text in texts:
        rewrite(text)


def test_changes_turn_before_into_after(texts):
    for text in texts:
        for step in trace(text):
            parts, at, place = [], 0, 0
            for start, end, new_start, new_end in step.changes:
                assert at <= start <= end
                parts += step.before[at:start], step.after[new_start:new_end]
                assert new_start - place == start - at
                at, place = end, new_end
            assert "".join([*parts, step.before[at:]]) == step.after


def test_source_ranges_point_at_the_source(texts):
    for text in texts:
        aligned = rewrite(text)
        for character, start, end, label in zip(
            aligned.text, aligned.starts, aligned.ends, aligned.labels, strict=True
        ):
            assert 0 <= start <= end <= len(aligned.source)
            if label is None:
                assert aligned.source[start:end] == character


@pytest.mark.parametrize(
    ("name", "before", "changes"),
    [
        ("fix_html", "a &copy; b", [Change(2, 8, 2, 3)]),
        ("fix_html", "&notit;", [Change(0, 4, 0, 1)]),
        ("replace_rep", "so www!", [Change(3, 6, 3, 14)]),
        ("replace_wrep", "ha ha ha x", [Change(0, 8, 0, 13)]),
        ("spec_add_spaces", "a/b", [Change(1, 1, 1, 2), Change(2, 2, 3, 4)]),
        ("rm_useless_spaces", "a   b", [Change(2, 4, 2, 2)]),
        ("replace_all_caps", "a WORLD", [Change(2, 7, 2, 12)]),
        ("replace_maj", "a World", [Change(2, 3, 2, 9)]),
        ("lowercase", " aB ", [Change(0, 1, 0, 6), Change(2, 4, 7, 8)]),
    ],
)
def test_where_a_rule_changed_the_text(name, before, changes):
    (step,) = trace(before, {name})
    assert step.changes == changes


def test_unknown_rule_is_named():
    with pytest.raises(ValueError, match="no such rule: replace_everything"):
        trace("a", ["lowercase", "replace_everything"])


def test_wrong_edits_still_give_fastais_text(monkeypatch):
    wrong = [
        rules_module.Rule(
            rule.name, rule.doc, rule.function, lambda text: iter([[Edit(0, 0, "x")]])
        )
        for rule in RULES
    ]
    monkeypatch.setattr(rules_module, "RULES", tuple(wrong))
    text = "&copy;   Fast.ai www.fast.ai/INDEX ha ha ha ha"
    aligned = rewrite(text)
    assert aligned.text == fastai_rules(text)
    assert all(0 <= a <= b <= len(text) for a, b in zip(aligned.starts, aligned.ends, strict=True))


def test_difference_is_exact():
    rng = random.Random(2)
    for _ in range(200):
        before = "".join(rng.choice("ab ") for _ in range(rng.randrange(12)))
        after = "".join(rng.choice("ab ") for _ in range(rng.randrange(12)))
        aligned = Aligned(before)
        aligned.apply(difference(before, after))
        assert aligned.text == after
    long = Aligned("a" * 5_000)
    long.apply(difference("a" * 5_000, "b" * 6_000))
    assert long.text == "b" * 6_000


def test_all_caps_equals_fastai_on_long_runs():
    rng = random.Random(3)
    for _ in range(150):
        runs = [
            "".join(rng.choice("ABÉ1.") for _ in range(rng.randrange(150, 260)))
            + rng.choice(["", "x", "X"])
            for _ in range(4)
        ]
        text = rng.choice(["", " ", "Q"]) + rng.choice([" ", "\n", "  "]).join(runs)
        assert rules_module.replace_all_caps(text) == core.replace_all_caps(text)


@pytest.mark.parametrize(
    "text",
    [
        "a " * 20_000,
        "a" * 100_000,
        "AB" * 50_000 + "x",
        "a" + " " * 100_000 + "b",
        "ab a a " * 14_000,
        "&" * 100_000,
        "&amp;" * 20_000,
        "\n" * 100_000,
        ". . . " * 16_000,
        "İI" * 50_000,
    ],
    ids=lambda text: repr(text[:8]),
)
def test_100_000_characters_are_quick(text):
    started = time.process_time()
    rewrite(text)
    assert time.process_time() - started < 10  # minutes, where a rule is quadratic


def test_character_references_are_the_standard_librarys():
    import html

    assert rules_module._character_reference.pattern == html._charref.pattern
    assert re.compile(r"(\s|^)([A-Z]+[^a-z\s]*)(?=(\s|$))").pattern == core._re_all_caps.pattern
    assert re.compile(r"(\s|^)([A-Z][^A-Z\s]*)(?=(\s|$))").pattern == core._re_maj.pattern
