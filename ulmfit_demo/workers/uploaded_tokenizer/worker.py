"""Runs one visitor's tokenizer in a process of its own, with limits. Started by `own.py`, by path.

It imports nothing of the package (fastai would cost seconds and memory) and speaks lines of JSON:
first `{"kind": …, "bytes": n}` and the n bytes of the file, then one text a line. Each is answered
by one line, `{"error": sentence}` where it failed. A file that crashes a library ends this process
and nothing else.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
from collections.abc import Callable
from contextlib import suppress

MEMORY = 1 << 30  # bytes of address space
ANSWER = 4_000_000  # characters of one answer
MODELS = ("BPE", "WordPiece", "Unigram", "WordLevel")

Encode = Callable[[str], dict]


def limit() -> None:
    """No more memory than `MEMORY`, no files written, no core dumps."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def sentencepiece_model(data: bytes) -> tuple[int, Encode]:
    """A SentencePiece model: its vocabulary size and a function that encodes with it."""
    from sentencepiece import SentencePieceProcessor

    try:
        processor = SentencePieceProcessor(model_proto=data)
    except (RuntimeError, TypeError) as error:
        raise ValueError("it is damaged, or something else") from error

    def encode(text: str) -> dict:
        encoded = processor.encode(text, return_type="offset_mapping", emit_unk_piece=False)
        ids = encoded["ids"]
        return {
            "texts": encoded["pieces"],
            "ids": ids,
            "offsets": encoded["offsets"],
            "unknown": [processor.is_unknown(i) for i in ids],
            "decoded": processor.decode(ids),
        }

    return len(processor), encode


class NoToken(ValueError):
    """A text holds characters that no token stands for; its text are those characters."""


def tokenizer_json(data: bytes) -> tuple[int, Encode]:
    """A `tokenizer.json` of the tokenizers library; truncation and padding are left out."""
    from tokenizers import Tokenizer

    config = json.loads(data.decode("utf-8-sig"))
    model = config.get("model") if isinstance(config, dict) else None
    if not isinstance(model, dict):
        raise ValueError("it has no model")
    # Files from before version 0.9 leave the type out; the library then guesses.
    if model.get("type", "BPE") not in MODELS:
        raise ValueError(f"its model is none of {', '.join(MODELS)}")
    tokenizer = Tokenizer.from_str(data.decode("utf-8-sig"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    unknown, unknown_text = _unknown(model)
    special = {i for i, t in tokenizer.get_added_tokens_decoder().items() if t.special}
    style = _style(config)
    places = DroppedCharacters(config) if _can_drop(config, unknown) else None

    def encode(text: str) -> dict:
        try:
            encoded = tokenizer.encode(text)
        except Exception:
            lacking = None if unknown is not None else _lacking(tokenizer, text)
            if lacking is None:
                raise
            raise NoToken(lacking) from None
        ids, offsets, added = encoded.ids, encoded.offsets, encoded.special_tokens_mask
        # An unknown token that was typed, or that is put around every text, stands for itself.
        itself = [
            bool(a) or text[start:end].strip() == unknown_text
            for a, (start, end) in zip(added, offsets, strict=True)
        ]
        if places and places.suspected(text, encoded.tokens, offsets):
            offsets = places.offsets(text, encoded.tokens) or offsets
        return {
            "texts": encoded.tokens,
            "ids": ids,
            "offsets": offsets,
            "unknown": [i == unknown and not s for i, s in zip(ids, itself, strict=True)],
            "special": [
                i in special or bool(a) or i == unknown for i, a in zip(ids, added, strict=True)
            ],
            "words": encoded.word_ids,
            "style": style,
            "decoded": tokenizer.decode(
                [i for i, a in zip(ids, added, strict=True) if not a], skip_special_tokens=False
            ),
        }

    return tokenizer.get_vocab_size(), encode


def _unknown(model: dict) -> tuple[int | None, str | None]:
    """The id and the text of the model's unknown token, None where there is none."""
    vocab, name, index = model.get("vocab"), model.get("unk_token"), model.get("unk_id")
    if isinstance(name, str) and isinstance(vocab, dict):
        return vocab.get(name), name
    if isinstance(index, int) and isinstance(vocab, list) and 0 <= index < len(vocab):
        # A Unigram model prints an unknown piece as it is written; only its id tells.
        return index, vocab[index][0]
    return None, None


def _style(config: dict) -> dict:
    """How pieces are printed: GPT-2's bytes, the sign for a space, what is put before and behind."""
    parts = json.dumps(
        [config.get(part) for part in ("normalizer", "pre_tokenizer", "decoder")],
        ensure_ascii=False,
    )
    model = config["model"]
    prefix = model.get("continuing_subword_prefix")
    if prefix is None and model.get("type") == "WordPiece":
        prefix = "##"
    return {
        "byte_level": '"ByteLevel"' in parts,
        "byte_fallback": bool(model.get("byte_fallback")),
        "space": "▁" if '"Metaspace"' in parts or "▁" in parts else "",
        "prefix": prefix or "",
        "suffix": model.get("end_of_word_suffix") or "",
    }


def _can_drop(config: dict, unknown: int | None) -> bool:
    """True for a BPE model that leaves out characters it has no token for, in silence."""
    model = config["model"]
    vocab = model.get("vocab")
    if model.get("type", "BPE") != "BPE" or unknown is not None or not isinstance(vocab, dict):
        return False
    bytes_known = sum(len(piece) == 1 for piece in vocab) >= 256 and _style(config)["byte_level"]
    return not bytes_known


class DroppedCharacters:
    """Where the tokens of a BPE model without an unknown token really stand.

    The library adds up the lengths of the tokens of a word, so a character that it drops moves all
    tokens behind it to the left. A copy of the tokenizer that merges nothing and has an unknown token
    gives one token a character, each in its place; the real tokens are put together from those.
    """

    STANDS_IN = "\uf8ffdropped\uf8ff"  # the copy's unknown token; no file has it

    def __init__(self, config: dict) -> None:
        self._config, self._tokenizer = config, None
        style = _style(config)
        self._prefix, self._suffix = style["prefix"], style["suffix"]

    def _bare(self, token: str) -> str:
        return token.removeprefix(self._prefix).removesuffix(self._suffix)

    def suspected(self, text: str, tokens: list[str], offsets: list[tuple[int, int]]) -> bool:
        """True unless every character belongs to a token that is spelled as it is."""
        cursor = 0
        for token, (start, end) in zip(tokens, offsets, strict=True):
            if text[cursor:start].strip() or text[start:end] != self._bare(token):
                return True
            cursor = end
        return bool(text[cursor:].strip())

    def offsets(self, text: str, tokens: list[str]) -> list[tuple[int, int]] | None:
        """The places of `tokens` in `text`; None where they do not come out of single characters."""
        if self._tokenizer is None:
            self._tokenizer = self._one_a_character()
        encoded = self._tokenizer.encode(text)  # type: ignore[attr-defined]  # tokenizers has no stubs
        singles = [
            (token, place)
            for token, place in zip(encoded.tokens, encoded.offsets, strict=True)
            if token != self.STANDS_IN
        ]
        found, at = [], 0
        for token in tokens:
            first, spelled = at, ""
            while at < len(singles) and spelled != self._bare(token):
                # A token of its own (`<|sep|>`, a byte) is one of the singles as it is.
                if at == first and singles[at][0] == token:
                    spelled = self._bare(token)
                else:
                    spelled += self._bare(singles[at][0])
                at += 1
            if spelled != self._bare(token) or first == at:
                return None
            found.append((singles[first][1][0], singles[at - 1][1][1]))
        return found if at == len(singles) else None

    def _one_a_character(self):
        from tokenizers import Tokenizer

        model, added = self._config["model"], self._config.get("added_tokens") or []
        named = {token["content"] for token in added}
        vocab = {
            piece: i
            for piece, i in model["vocab"].items()
            if len(self._bare(piece)) <= 1 or piece in named or re.fullmatch("<0x..>", piece)
        }
        vocab[self.STANDS_IN] = 1 + max([0, *model["vocab"].values(), *(t["id"] for t in added)])
        changed = {"vocab": vocab, "merges": [], "unk_token": self.STANDS_IN, "fuse_unk": False}
        changed |= {"dropout": None, "ignore_merges": False, "type": "BPE"}
        copy = {**self._config, "truncation": None, "padding": None, "model": {**model, **changed}}
        return Tokenizer.from_str(json.dumps(copy))


def _lacking(tokenizer, text: str) -> str | None:
    """The first word or character of `text` that the model has no token for; None: all have one."""
    added = [t.content for t in tokenizer.get_added_tokens_decoder().values() if t.content]
    between = "|".join(map(re.escape, sorted(added, key=len, reverse=True)))
    for part in re.split(between, text) if between else [text]:
        if tokenizer.normalizer is not None:
            part = tokenizer.normalizer.normalize_str(part)
        words = [(part, (0, len(part)))]
        if tokenizer.pre_tokenizer is not None:
            words = tokenizer.pre_tokenizer.pre_tokenize_str(part)
        for word, (start, end) in words:
            # A Unigram or BPE model fails at one character, the others at the whole word.
            pieces = word if type(tokenizer.model).__name__ in ("Unigram", "BPE") else [word]
            for piece in pieces:
                try:
                    tokenizer.model.tokenize(piece)
                except Exception:
                    written = part[start:end].strip() if piece == word else piece
                    return (written or piece)[:60]
    return None


LOADERS = {"sentencepiece": sentencepiece_model, "tokenizers": tokenizer_json}


def main() -> None:
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    limit()
    header = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read(header["bytes"])
    try:
        size, encode = LOADERS[header["kind"]](data)
        # A file may lack an unknown token: then it is the text that has no token, not the file.
        with suppress(NoToken):
            encode("A first text.")
    except BaseException as error:  # a panic of the Rust library is no Exception
        _answer({"error": _first_line(error)})
        return
    _answer({"size": size})
    for line in sys.stdin.buffer:
        try:
            _answer(encode(json.loads(line)))
        except NoToken as error:
            _answer({"no_token": str(error)})
        except BaseException as error:
            _answer({"error": _first_line(error)})


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _answer(value: dict) -> None:
    text = json.dumps(value)
    if len(text) > ANSWER:
        text = json.dumps({"error": "the tokens it gives are too long to show"})
    sys.stdout.buffer.write(text.encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
