"""A visitor's own tokenizer: kinds of tokens, true places, dropped characters, refused files and texts."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers import processors as post

from ulmfit_demo.workers.uploaded_tokenizer import UploadedTokenizers, UploadError
from ulmfit_demo.workers.uploaded_tokenizer.file import kind_of_file

CASES_AT = Path(__file__).parents[2] / "cases"
CASES = json.loads((CASES_AT / "tokens.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def own():
    tokenizers = UploadedTokenizers()
    yield tokenizers
    for key in list(tokenizers._own):
        tokenizers.forget(key)


def load(own: UploadedTokenizers, tokenizer: Tokenizer | dict) -> str:
    text = json.dumps(tokenizer) if isinstance(tokenizer, dict) else tokenizer.to_str()
    return own.add(text.encode(), "tokenizer.json")[0]


def found(result) -> list[list]:
    return [[t.text, t.kind, t.start, t.end] for t in result.tokens]


@pytest.mark.parametrize("case", CASES["own"], ids=lambda case: case["kind"])
def test_tokens_have_their_kind_and_their_true_place(own, case):
    key = load(own, case["file"])
    result = own.tokenize(key, case["text"])
    assert found(result) == case["tokens"]
    assert [list(span) for span in result.dropped] == case.get("dropped", [])
    expected = Tokenizer.from_str(json.dumps(case["file"])).encode(case["text"])
    assert (result.texts, result.ids) == (expected.tokens, expected.ids)
    own.forget(key)


@pytest.mark.parametrize("case", CASES["refused"], ids=lambda case: case["kind"])
def test_only_a_text_without_a_token_is_refused(own, case):
    key = load(own, case["file"])
    oracle = Tokenizer.from_str(json.dumps(case["file"]))
    assert own.tokenize(key, case["loads"]).texts == oracle.encode(case["loads"]).tokens
    with pytest.raises(Exception, match=r"unk|UNK|Unk"):
        oracle.encode(case["text"])
    with pytest.raises(UploadError) as refused:
        own.tokenize(key, case["text"])
    assert f"this tokenizer has no token for “{case['lacks']}”" in str(refused.value)
    assert own.tokenize(key, case["loads"]).texts  # the next text is cut as before
    own.forget(key)


@pytest.mark.parametrize("case", CASES["files"], ids=lambda case: case["kind"])
def test_a_json_that_is_something_else_says_what_it_is(case):
    data = case["text"].encode(case.get("encoding", "utf-8"))
    with pytest.raises(UploadError) as refused:
        kind_of_file(data, "tokenizer.json")
    sentence = str(refused.value)
    assert ".json" in sentence
    assert case["says"] in sentence
    assert "does not work as a SentencePiece" not in sentence
    if case["kind"] == "Git LFS pointer":
        with pytest.raises(UploadError, match=r"no \.model but a Git LFS pointer"):
            kind_of_file(data, "spiece.model")


def test_a_bom_is_survived(own):
    oracle = Tokenizer(models.WordLevel({"[UNK]": 0, "hi": 1}, unk_token="[UNK]"))
    key, size = own.add(b"\xef\xbb\xbf" + oracle.to_str().encode(), "tokenizer.json")
    assert size == 2
    assert own.tokenize(key, "hi").texts == ["hi"]


def clip_like() -> Tokenizer:
    """As CLIP: bytes, `</w>` at a word's end, one token for unknown and for the end of a text."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    end = "<|endoftext|>"
    pieces = [*alphabet, *(f"{c}</w>" for c in alphabet), "fi", "lm</w>", "film</w>", end]
    tokenizer = Tokenizer(
        models.BPE(
            {piece: i for i, piece in enumerate(pieces)},
            [("f", "i"), ("l", "m</w>"), ("fi", "lm</w>")],
            unk_token=end,
            end_of_word_suffix="</w>",
        )
    )
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(end, special=True)])
    ids = tokenizer.token_to_id(end)
    tokenizer.post_processor = post.TemplateProcessing(
        single=f"$A {end}", special_tokens=[(end, ids)]
    )
    return tokenizer


def test_an_unknown_token_that_is_also_end_of_sequence_is_special(own):
    result = own.tokenize(load(own, clip_like()), "film fi <|endoftext|> é")
    assert found(result) == [
        ["film</w>", "word", 0, 4],
        ["f", "word", 5, 6],
        ["i</w>", "continuation", 6, 7],
        ["<|endoftext|>", "special", 8, 21],
        ["Ã", "word", 22, 23],
        ["©</w>", "continuation", 23, 23],
        ["<|endoftext|>", "special", 23, 23],
    ]
    assert [t.changed_from for t in result.tokens[:4]] == [None] * 4  # `</w>` is no other spelling
    assert [t.changed_from for t in result.tokens[4:6]] == ["é", "é"]
    assert result.unknown_share == 0


def test_an_end_of_word_sign_that_was_typed_stays(own):
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "a</w>": 1, "Ġ": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    result = own.tokenize(load(own, tokenizer), "a</w> Ġ")
    assert found(result) == [["a</w>", "word", 0, 5], ["Ġ", "word", 6, 7]]
    assert {t.changed_from for t in result.tokens} == {None}


@pytest.mark.parametrize("trim", [False, True])
def test_white_space_in_bytes_is_white_space(own, trim):
    """`ĊĊ` is two line feeds, `č` a carriage return, `ĉ` a tab, `ĠĠ` two spaces."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {c: i for i, c in enumerate([*alphabet, "ĊĊ", "ĠĠ", "Ġa"])}
    tokenizer = Tokenizer(models.BPE(vocab, [("Ċ", "Ċ"), ("Ġ", "Ġ"), ("Ġ", "a")]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = post.ByteLevel(trim_offsets=trim)
    text = "a\ra\ta   a\u00a0a\n\n"
    result = own.tokenize(load(own, tokenizer), text)
    assert result.texts == tokenizer.encode(text).tokens
    kinds = {t.text: t.kind for t in result.tokens}
    spaces = ("ĊĊ", "č", "ĉ", "ĠĠ")
    assert [kinds[sign] for sign in spaces] == ["space"] * 4
    assert kinds["Ġa"] == "word"
    for token in result.tokens:
        if token.text in spaces:
            assert text[token.start : token.end].isspace()
            assert token.changed_from is None
    assert result.dropped == ()


def test_byte_fallback_of_white_space_and_of_part_of_a_character(own):
    pieces = ["a", *(f"<0x{byte:02X}>" for byte in range(256))]
    vocab = {piece: i for i, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.BPE(vocab, [], byte_fallback=True))
    result = own.tokenize(load(own, tokenizer), "a\né")
    assert [t.kind for t in result.tokens[:2]] == ["word", "space"]
    assert [t.changed_from for t in result.tokens] == [None, None, "é", "é"]


def test_true_places_of_random_texts(own):
    """Characters without a token are dropped; what is left, read from the places, is the text."""
    rng = random.Random(11)
    vocab = {piece: i for i, piece in enumerate(["a", "b", "c", "ab", "abc", "ca"])}
    merges = [("a", "b"), ("ab", "c"), ("c", "a")]
    oracle = Tokenizer(models.BPE(vocab, merges))
    oracle.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    oracle.add_special_tokens(["<s>"])
    key = load(own, oracle)
    for _ in range(200):
        text = "".join(
            rng.choice(["a", "b", "c", "a", "b", "c", "x", "é", "😀", " ", "<s>"])
            for _ in range(14)
        )
        result = own.tokenize(key, text)
        assert result.texts == oracle.encode(text).tokens
        cursor = 0
        for token in result.tokens:
            assert cursor <= token.start < token.end
            cursor = token.end
            kept = [c for c in text[token.start : token.end] if c in "abc<s>"]
            assert "".join(kept) == token.text
        covered = {i for t in result.tokens for i in range(t.start, t.end)}
        dropped = {i for start, end in result.dropped for i in range(start, end)}
        assert dropped == {i for i, c in enumerate(text) if c != " "} - covered
        assert all(text[i] in "xé😀" for i in dropped)


def test_an_accent_goes_with_its_letter(own):
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "cafe": 1, "a": 2}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents()])
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    key = load(own, tokenizer)
    for word in ("café", "cafe\u0301"):
        (token, a) = own.tokenize(key, f"{word} a").tokens
        assert (token.start, token.end, token.changed_from) == (0, len(word), word)
        assert a.changed_from is None
        assert own.tokenize(key, word).dropped == ()
