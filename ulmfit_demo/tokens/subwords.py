"""Subwords from SentencePiece models, with their place in the source. Does not train models."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from sentencepiece import SentencePieceProcessor

from ulmfit_demo.limits import clean
from ulmfit_demo.tokens.alignment import tile
from ulmfit_demo.tokens.types import Token, Tokenized, kind_of

SPACE = "▁"  # how SentencePiece prints the space before a word

_model_name = re.compile(r"([a-z]+)-([1-9]\d*)\.model")


def subword_pieces(processor: SentencePieceProcessor, text: str, name: str) -> Tokenized:
    """`text` under one SentencePiece model; the pieces are those of `EncodeAsPieces`.

    SentencePiece 0.2.3 counts offsets in code points. It normalizes first (NFKC, white space
    collapsed): a piece that its source characters do not spell has them in `changed_from`.
    """
    source = clean(text)
    encoded = processor.encode(source, return_type="offset_mapping", emit_unk_piece=False)
    ids = encoded["ids"]
    unknown = [processor.is_unknown(index) for index in ids]
    return aligned_pieces(
        name, source, ids, encoded["pieces"], encoded["offsets"], unknown, processor.decode(ids)
    )


def aligned_pieces(
    name: str,
    source: str,
    ids: Sequence[int],
    pieces: Sequence[str],
    offsets: Sequence[tuple[int, int]],
    unknown: Sequence[bool],
    decoded: str,
) -> Tokenized:
    """Pieces with their offsets (code points of `source`) as tokens that tile it."""
    rough = _expansions(pieces, offsets)
    spans = tile(source, rough, [False] * len(rough))
    tokens = tuple(
        Token(
            piece,
            span.start,
            span.end,
            "unknown" if missing else _kind(piece),
            index,
            span.origin if _changed(piece, span.origin) else None,
        )
        for piece, index, span, missing in zip(pieces, ids, spans, unknown, strict=True)
    )
    return Tokenized(name, source, tokens, decoded)


def _expansions(pieces: Sequence[str], offsets: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Offsets in which all pieces of one expanded character have its place.

    Where one character became several pieces (`™` → `T` `M`), SentencePiece gives it to the last
    of them and an empty place to the others.
    """
    ranges = [(start, end) for start, end in offsets]
    for index in range(len(ranges) - 2, -1, -1):
        start, end = ranges[index]
        following = ranges[index + 1]
        # A first ▁ has no source character and comes from none.
        if start == end == following[0] and (pieces[index] != SPACE or index > 0):
            ranges[index] = following
    return ranges


def _kind(piece: str) -> str:
    if not piece.strip(SPACE):
        return "space"
    named = kind_of(piece.removeprefix(SPACE))
    if named == "unknown":
        # The model says by its id what it does not know: a typed `xxunk` is a piece like `xxbos`.
        return "special"
    if named in ("special", "rule"):
        return named
    return "word" if piece.startswith(SPACE) else "continuation"


def _changed(piece: str, origin: str) -> bool:
    """True where the piece is not the source characters, ▁ read as the space it stands for."""
    if not origin:
        return False
    spelled = piece.replace(SPACE, " ")
    return origin not in (piece, spelled, spelled.removeprefix(" "))


class SubwordLadder:
    """The SentencePiece models of a folder, by type and size (`unigram-200.model`).

    Models are loaded when first used and shared: encoding does not change them. A missing folder
    is an empty ladder.
    """

    def __init__(self, folder: str | Path) -> None:
        self._paths: dict[tuple[str, int], Path] = {}
        self._processors: dict[tuple[str, int], SentencePieceProcessor] = {}
        self._lock = Lock()
        folder = Path(folder)
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if match := _model_name.fullmatch(path.name):
                self._paths[match[1], int(match[2])] = path

    def types(self) -> list[str]:
        """The model types there are, `unigram` first."""
        return sorted({kind for kind, _ in self._paths}, key=lambda kind: (kind != "unigram", kind))

    def sizes(self, type: str = "unigram") -> list[int]:
        """The vocabulary sizes of one type, smallest first; empty for a type there is not."""
        return sorted(size for kind, size in self._paths if kind == type)

    def tokenize(self, text: str, size: int, type: str = "unigram") -> Tokenized:
        """`text` in the pieces of one model.

        Raises:
            KeyError: the ladder has no such model.
            OSError, RuntimeError: its file cannot be read.
        """
        return subword_pieces(self._processor(size, type), text, f"{type} {size}")

    def encode(self, texts: Sequence[str], size: int, type: str = "unigram") -> list[list[int]]:
        """The ids of many texts, without their places. Raises KeyError for a model there is not."""
        return self._processor(size, type).encode(list(texts), num_threads=1)

    def normalize(self, text: str, size: int, type: str = "unigram") -> str:
        """`text` as the model reads it: NFKC, spaces as `▁`, one in front. Raises KeyError."""
        return self._processor(size, type).normalize(clean(text))

    def piece(self, size: int, id: int, type: str = "unigram") -> str:
        """The piece with this id.

        Raises:
            KeyError: the ladder has no such model.
            IndexError: the id is outside its vocabulary.
        """
        processor = self._processor(size, type)
        if not 0 <= id < len(processor):
            raise IndexError(f"id {id} is outside the vocabulary of {len(processor)}")
        return processor.id_to_piece(id)

    def scores(self, size: int, type: str = "unigram") -> list[tuple[str, float]]:
        """Every piece with its score, by id: log probabilities (unigram), merge order (BPE).

        Raises:
            KeyError: the ladder has no such model.
        """
        processor = self._processor(size, type)
        return [
            (processor.id_to_piece(index), processor.get_score(index))
            for index in range(len(processor))
        ]

    def _processor(self, size: int, type: str) -> SentencePieceProcessor:
        with self._lock:
            if (type, size) not in self._processors:
                if (type, size) not in self._paths:
                    raise KeyError(f"no {type} model of size {size}; there is {self.sizes(type)}")
                path = str(self._paths[type, size])
                self._processors[type, size] = SentencePieceProcessor(model_file=path)
            return self._processors[type, size]
