"""What the Tokenizers tab shows and the code it gives: the same results as fastai's own lines."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from fastai.text.core import Tokenizer, WordTokenizer, defaults
from fastcore.basics import compose

from ulmfit_demo import theme, tokens
from ulmfit_demo.tabs.tokenizers import columns_html as view
from ulmfit_demo.tabs.tokenizers import layout as tab
from ulmfit_demo.tokens import RULE_NAMES, SubwordLadder, Vocab, fastai_words, trace

TEXT = 'I LOVED it!!! "<b>&copy; Unglorptious</b>" ha ha ha ha \\ «text» {x} www.fast.ai/INDEX'
VOCAB = theme.ASSETS / "models" / "imdb" / "vocab.json"


def test_columns_hold_every_token(texts):
    for text in texts[:200]:
        result = fastai_words(text)
        sent = view.columns([result])
        assert "<" not in sent
        value = json.loads(sent)
        assert value["source"] == result.source
        assert value["length"] == len(result.source)
        (column,) = value["columns"]
        assert column["texts"] == result.texts
        assert len(column["kinds"]) == len(column["starts"]) == len(column["ends"])
        assert column["ids"] is None
        letters = {letter: kind for kind, letter in view.LETTERS.items()}
        for i, token in enumerate(result.tokens):
            assert letters[column["kinds"][i]] == token.kind
            assert (column["starts"][i], column["ends"][i]) == (token.start, token.end)
            assert column["changed"].get(str(i)) == token.changed_from
        assert (column["decoded"] is None) == result.exact


def test_words_explain_every_rule_and_kind():
    words = json.loads(view.words())
    assert set(words["rules"]) == set(RULE_NAMES)
    assert {kind for kind, *_ in words["kinds"].values()} == set(theme.KINDS)


def test_ids_as_a_tensor_prints():
    ids = [2, 17, 0, 12_345, *range(40)]
    assert view.tensor(ids) == repr(torch.tensor(ids))


def test_rules_show_what_they_changed_and_escape_the_text():
    enabled = [name for name in RULE_NAMES if name != "replace_rep"]
    result = fastai_words(TEXT, enabled)
    html = view.why(result.source, trace(TEXT, enabled), enabled, result)
    assert "<b>2 replace_rep</b> <em>off</em>" in html
    assert html.index("1 fix_html") < html.index("8 lowercase") < html.index("9 WordTokenizer")
    assert "<del>&amp;copy;</del><span> → </span><ins>©</ins>" in html
    assert "<ins>xxup loved</ins>" in html
    assert "<b>©" not in html
    plain = re.sub("<[^>]+>", "", html)
    assert "on a whole corpus" in plain.lower()


def test_any_trace_draws(texts):
    for text in texts[:200]:
        result = fastai_words(text)
        assert "<script" not in view.why(result.source, trace(text), RULE_NAMES, result)


def test_what_became_unknown_is_listed():
    html = view.numericalized(
        ["a", "blorp", "blorp", "xxunk"], [5, 0, 0, 0], ["a", *["xxunk"] * 3], 9
    )
    assert "2 of 4 tokens (50.0%)" in html
    assert "<code>blorp</code> ×2" in html
    assert "tensor([5, 0, 0, 0])" in html
    assert "Every token is in the vocabulary" in view.numericalized([], [], [], 9)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs lines as a notebook at the repository's root would; gives the names they define."""
    (tmp_path / "assets").symlink_to(theme.ASSETS)
    monkeypatch.chdir(tmp_path)

    def execute(lines: str) -> dict:
        names: dict = {}
        exec(compile(lines, "shown", "exec"), names)
        return names

    return execute


@pytest.mark.parametrize("rules", [RULE_NAMES, ["lowercase", "fix_html"], []], ids=len)
@pytest.mark.parametrize("text", [TEXT, "", "'''\n\"\"\"\\"])
def test_the_code_gives_what_the_columns_show(run, text, rules):
    ladder = SubwordLadder(theme.ASSETS / "subwords")
    size = ladder.sizes()[0]
    keys = ["fastai", "spacy", "characters", "whitespace", f"unigram-{size}"]
    names = run(tab.code(keys, text, list(rules), None))
    for key, variable in zip(
        keys,
        ["fastai_toks", "spacy_toks", "character_toks", "whitespace_toks", "piece_toks"],
        strict=True,
    ):
        shown = tokens.tokenize(text, key, ladder, rules=list(rules)).texts
        assert list(names[variable]) == shown, key
    assert names["steps"] == [step.after for step in trace(text, rules)]
    if VOCAB.is_file():
        vocab = Vocab.load(VOCAB)
        ids = vocab.numericalize(fastai_words(text, rules).texts)
        assert names["nums"].tolist() == ids
        assert names["back"] == " ".join(vocab.decode(ids))


def test_the_code_of_ones_own_tokenizer(run, tmp_path, ladder_folder):
    from tokenizers import Tokenizer as OwnTokenizer
    from tokenizers import models, pre_tokenizers

    own = OwnTokenizer(models.WordLevel({"the": 0, "film": 1, "?": 2}, unk_token="?"))
    own.pre_tokenizer = pre_tokenizers.Whitespace()
    own.save("my.json")
    assert run(tab.code(["own"], "the film !", [], "my.json"))["own_toks"] == ["the", "film", "?"]
    Path("my.model").write_bytes((ladder_folder / "bpe-120.model").read_bytes())
    expected = SubwordLadder(ladder_folder).tokenize("The boat.", 120, "bpe").texts
    assert list(run(tab.code(["own"], "The boat.", [], "my.model"))["own_toks"]) == expected


def test_the_steps_are_fastais_tokenizer(oracle):
    rules = compose(*defaults.text_proc_rules)
    assert trace(TEXT)[-1].after == rules(TEXT)
    assert fastai_words(TEXT).texts == list(Tokenizer(WordTokenizer())(TEXT)) == list(oracle(TEXT))
