"""A visitor's own tokenizer: parity with its library, alignment, and files that mean harm."""

from __future__ import annotations

import json
import os
import pickle
import random
import signal
from pathlib import Path

import pytest
from sentencepiece import SentencePieceProcessor, SentencePieceTrainer
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from tokenizers.trainers import BpeTrainer, UnigramTrainer, WordLevelTrainer, WordPieceTrainer

from ulmfit_demo.tokens import Tokenized, clean
from ulmfit_demo.workers.uploaded_tokenizer import UploadedTokenizers, UploadError
from ulmfit_demo.workers.uploaded_tokenizer import pool as own_module
from ulmfit_demo.workers.uploaded_tokenizer.file import json_depth, kind_of_file

LINES = [
    "The ferry crosses the river twice a day, in summer three times.",
    "An old clock stands in the hall; it doesn't strike any more.",
    "They baked bread, sold it warm and went home early.",
    'Who asked for "more salt" and who for less?',
]


def byte_level() -> Tokenizer:
    """As GPT-2: every byte has a printable sign, nothing is unknown."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(LINES, BpeTrainer(vocab_size=300, initial_alphabet=alphabet))
    return tokenizer


def word_piece() -> Tokenizer:
    """As BERT: lower-cased, accents and control characters dropped, `[CLS]` and `[SEP]`."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[UNK]", "[CLS]", "[SEP]"]
    tokenizer.train_from_iterator(LINES, WordPieceTrainer(vocab_size=90, special_tokens=special))
    ends = [(name, tokenizer.token_to_id(name)) for name in ("[SEP]", "[CLS]")]
    tokenizer.post_processor = processors.BertProcessing(*ends)
    tokenizer.enable_truncation(8)
    return tokenizer


def unigram() -> Tokenizer:
    """As XLNet or T5: normalized, spaces as ▁."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = UnigramTrainer(vocab_size=80, special_tokens=["<unk>"], unk_token="<unk>")
    tokenizer.train_from_iterator(LINES, trainer)
    return tokenizer


def word_level() -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel(unk_token="xxunk"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.train_from_iterator(LINES, WordLevelTrainer(special_tokens=["xxunk"]))
    return tokenizer


MAKERS = {f.__name__: f for f in (byte_level, word_piece, unigram, word_level)}


@pytest.fixture(scope="module")
def own():
    tokenizers = UploadedTokenizers()
    yield tokenizers
    for key in list(tokenizers._own):
        tokenizers.forget(key)


@pytest.fixture(scope="module")
def byte_fallback(tmp_path_factory) -> Path:
    """As Llama: a SentencePiece model that spells unknown characters in bytes."""
    folder = tmp_path_factory.mktemp("fallback")
    (folder / "text.txt").write_text("\n".join(LINES), encoding="utf-8")
    SentencePieceTrainer.train(
        input=str(folder / "text.txt"),
        model_prefix=str(folder / "fallback"),
        vocab_size=330,
        model_type="bpe",
        byte_fallback=True,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    return folder / "fallback.model"


def assert_tiles(result: Tokenized) -> None:
    """Spans are in order, and every visible character has a token or is among the dropped ones."""
    cursor = 0
    dropped = {i for start, end in result.dropped for i in range(start, end)}
    left = {i for i, c in enumerate(result.source) if not c.isspace()}
    covered = {i for t in result.tokens for i in range(t.start, t.end)}
    assert not dropped & covered
    assert left <= dropped | covered, result.source
    for token in result.tokens:
        assert cursor <= token.start <= token.end <= len(result.source)
        cursor = token.end
        piece = result.source[token.start : token.end]
        if token.changed_from is not None:
            assert token.changed_from.endswith(piece)
        elif not piece:
            assert token.kind == "special" or not token.text.strip("▁Ġ")


@pytest.mark.parametrize("name", MAKERS)
def test_tokens_equal_the_library_and_tile_the_source(own, texts, name):
    oracle = MAKERS[name]()
    key, size = own.add(oracle.to_str().encode(), f"{name}.json")
    assert size == oracle.get_vocab_size()
    oracle.no_truncation()
    for text in texts:
        result = own.tokenize(key, text)
        expected = oracle.encode(clean(text))
        assert result.texts == expected.tokens
        assert result.ids == expected.ids
        assert_tiles(result)


def test_a_sentencepiece_model_equals_its_library(own, texts, byte_fallback):
    key, size = own.add(byte_fallback.read_bytes(), "fallback.model")
    oracle = SentencePieceProcessor(model_file=str(byte_fallback))
    assert size == len(oracle)
    for text in texts:
        result = own.tokenize(key, text)
        assert result.texts == oracle.encode(clean(text), out_type=str)
        assert_tiles(result)


def test_bytes_are_shown_as_the_tokenizer_prints_them(own):
    key, _ = own.add(byte_level().to_str().encode(), "gpt.json")
    result = own.tokenize(key, "The ferry é電")
    assert "Ġferry" in result.texts or "Ġf" in result.texts
    word = next(token for token in result.tokens if token.text.startswith("Ġ"))
    assert (word.kind, word.changed_from) == ("word", None)
    pieces = [token for token in result.tokens if token.changed_from == "電"]
    assert len(pieces) == 3
    assert [token.end - token.start for token in pieces] == [1, 0, 0]
    assert result.exact


def test_special_tokens_and_unknown_words_are_named(own):
    key, _ = own.add(word_piece().to_str().encode(), "bert.json")
    result = own.tokenize(key, "The FERRY 電")
    kinds = {token.text: token.kind for token in result.tokens}
    assert kinds["[CLS]"] == kinds["[SEP]"] == "special"
    assert kinds["[UNK]"] == "unknown"
    assert "continuation" in kinds.values()
    assert not result.exact
    # A file's truncation (8 tokens) is not the tokenizer: the whole text is shown.
    assert own.tokenize(key, "a b c d e f g h i j k").n_tokens > 8


def hostile() -> dict[str, bytes]:
    """Files that are no tokenizers, each in a way of its own."""
    rng = random.Random(7)
    good = byte_level().to_str()
    nested = {"model": {"type": "BPE"}, "pre_tokenizer": None}
    for _ in range(30):
        nested = {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [nested]}}
    return {
        "empty": b"",
        "spaces": b" \n ",
        "pickle": pickle.dumps({"model": [1, 2]}),
        "archive": b"PK\x03\x04" + rng.randbytes(300),
        "random": rng.randbytes(5_000),
        "zeros": bytes(5_000),
        "text": b"just some words",
        "deep arrays": b'{"model":' + b"[" * 200_000,
        "deep objects": b'{"a":' * 100_000,
        "nested parts": json.dumps(nested).encode(),
        "cut": good[: len(good) // 2].encode(),
        "other JSON": b'{"weights": [1, 2, 3]}',
        "a list": b"[1, 2]",
        "no UTF-8": b'{"model": {"type": "BPE", "vocab": {"\xff": 0}, "merges": []}}',
        "a big number": b'{"model": {"type": "BPE", "vocab": {"a": 1' + b"0" * 5_000 + b"}}}",
        "strange model": b'{"model": {"type": "os.system", "vocab": {}}}',
    }


HOSTILE = hostile()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_is_no_tokenizer_gets_one_sentence(own, name):
    with pytest.raises(UploadError) as refused:
        own.add(HOSTILE[name], "file")
    sentence = str(refused.value)
    assert "\n" not in sentence
    assert len(sentence) < 320
    assert "Traceback" not in sentence


def test_damaged_models_end_no_more_than_their_own_process(own, ladder_folder):
    """Cut and flipped files: some load, some crash the library; the app's process goes on."""
    data = (ladder_folder / "unigram-120.model").read_bytes()
    rng = random.Random(8)
    damaged = [data[: rng.randrange(len(data))] for _ in range(4)]
    for _ in range(8):
        flipped = bytearray(data)
        for _ in range(rng.choice([1, 30, 3_000])):
            flipped[rng.randrange(len(data))] = rng.randrange(256)
        damaged.append(bytes(flipped))
    sentences = []
    for file in damaged:
        try:
            key, _ = own.add(file, "damaged.model")
            own.tokenize(key, "The ferry ½ ﬁ crosses 電 the river.")
            own.forget(key)
        except UploadError as error:
            sentences.append(str(error))
    assert all("damaged.model" in sentence for sentence in sentences)


def test_a_slow_pattern_gets_one_sentence(own):
    tokenizer = byte_level()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(r"(a+)+\1b"), "isolated"), pre_tokenizers.ByteLevel()]
    )
    key, _ = own.add(tokenizer.to_str().encode(), "slow.json")
    with pytest.raises(UploadError, match="slow"):
        own.tokenize(key, "a" * 4_000)
    assert own.tokenize(key, "the ferry").n_tokens


def test_a_process_that_hangs_is_ended(own, monkeypatch):
    key, _ = own.add(word_level().to_str().encode(), "stuck.json")
    process = own._own[key].worker.process
    os.kill(process.pid, signal.SIGSTOP)
    monkeypatch.setattr(own_module, "ENCODING", 0.3)
    with pytest.raises(UploadError, match="longer than"):
        own.tokenize(key, "the ferry" * 2_000)
    assert process.poll() == -signal.SIGKILL
    monkeypatch.undo()
    assert own.tokenize(key, "the ferry").n_tokens == 2  # in a new process


def test_a_normalizer_that_explodes_is_stopped(own):
    tokenizer = byte_level()
    tokenizer.normalizer = normalizers.Replace("e", "e" * 100_000)
    key, _ = own.add(tokenizer.to_str().encode(), "big.json")
    with pytest.raises(UploadError):
        own.tokenize(key, "e" * 2_000)


def test_a_tokenizer_belongs_to_its_key_and_is_forgotten():
    tokenizers = UploadedTokenizers(files=2, processes=1)
    data = word_level().to_str().encode()
    keys = [tokenizers.add(data, "a/b/mine.json")[0] for _ in range(3)]
    assert len(set(keys)) == 3
    assert tokenizers.name(keys[2]) == "mine.json"
    with pytest.raises(UploadError, match="no longer"):
        tokenizers.tokenize(keys[0], "the ferry")
    with pytest.raises(UploadError, match="Upload"):
        tokenizers.tokenize(None, "the ferry")
    running = [own for own in tokenizers._own.values() if own.worker]
    assert len(running) == 1
    for key in keys[1:]:  # the one without a process gets a new one
        assert tokenizers.tokenize(key, "the ferry").texts == ["the", "ferry"]
        assert tokenizers.tokenize(key, "").texts == []
    process = tokenizers._own[keys[2]].worker.process
    tokenizers.forget(keys[2])
    assert process.poll() is not None
    tokenizers._seconds = -1
    assert tokenizers.tokenize(keys[1], "the ferry").n_tokens == 2
    assert not tokenizers._own


def test_nothing_of_our_environment_reaches_a_file(own, monkeypatch):
    """A crafted file that ran code would find no token, no key and no proxy there."""
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    key, _ = own.add(word_level().to_str().encode(), "curious.json")
    running = own._own[key].worker.process
    told = Path(f"/proc/{running.pid}/environ").read_bytes().split(b"\0")
    names = {line.split(b"=")[0].decode() for line in told if line}
    assert names <= {"PATH", "LD_LIBRARY_PATH", "LC_CTYPE"}  # Python itself sets the last one
    assert os.getpgid(running.pid) == running.pid  # a group of its own, which ends as one


def test_depth_of_json():
    rng = random.Random(9)

    def value(depth: int):
        if depth == 0:
            return rng.choice(['"[{', "\\", "]", 1, None, '\\"{'])
        return rng.choice([[value(depth - 1)], {"a[": value(depth - 1), "b": 2}])

    for depth in range(1, 12):
        assert json_depth(json.dumps(value(depth)).encode()) == depth
    assert kind_of_file(b'  {"model": 1}') == "tokenizers"
    assert kind_of_file(b"\n\x05word") == "sentencepiece"
