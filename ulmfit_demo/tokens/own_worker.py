"""Runs one visitor's tokenizer in a process of its own, with limits. Started by `own.py`, by path.

It imports nothing of the package (fastai would cost seconds and memory) and speaks lines of JSON:
first `{"kind": …, "bytes": n}` and the n bytes of the file, then one text a line. Each is answered
by one line, `{"error": sentence}` where it failed. A file that crashes a library ends this process
and nothing else.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Callable

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


def tokenizer_json(data: bytes) -> tuple[int, Encode]:
    """A `tokenizer.json` of the tokenizers library; truncation and padding are left out."""
    from tokenizers import Tokenizer

    config = json.loads(data)
    model = config.get("model") if isinstance(config, dict) else None
    if not isinstance(model, dict):
        raise ValueError("it has no model")
    # Files from before version 0.9 leave the type out; the library then guesses.
    if model.get("type", "BPE") not in MODELS:
        raise ValueError(f"its model is none of {', '.join(MODELS)}")
    tokenizer = Tokenizer.from_str(data.decode("utf-8"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    # A Unigram model prints an unknown piece as it is written; only its id tells.
    unknown = model.get("unk_id")
    if isinstance(model.get("unk_token"), str):
        unknown = tokenizer.token_to_id(model["unk_token"])
    byte_level = _has_byte_level(config)

    def encode(text: str) -> dict:
        encoded = tokenizer.encode(text)
        return {
            "texts": encoded.tokens,
            "ids": encoded.ids,
            "offsets": encoded.offsets,
            "unknown": [i == unknown for i in encoded.ids],
            "special": [bool(s) for s in encoded.special_tokens_mask],
            "words": encoded.word_ids,
            "byte_level": byte_level,
            "decoded": tokenizer.decode(encoded.ids, skip_special_tokens=True),
        }

    return tokenizer.get_vocab_size(), encode


def _has_byte_level(config: dict) -> bool:
    """True where pieces are printed as GPT-2 prints bytes (`Ġ` for a space)."""
    return any(
        '"ByteLevel"' in json.dumps(config.get(part)) for part in ("pre_tokenizer", "decoder")
    )


LOADERS = {"sentencepiece": sentencepiece_model, "tokenizers": tokenizer_json}


def main() -> None:
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    limit()
    header = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read(header["bytes"])
    try:
        size, encode = LOADERS[header["kind"]](data)
        encode("A first text.")
    except BaseException as error:  # a panic of the Rust library is no Exception
        _answer({"error": _first_line(error)})
        return
    _answer({"size": size})
    for line in sys.stdin.buffer:
        try:
            _answer(encode(json.loads(line)))
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
