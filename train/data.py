"""Stage `data`: reviews → token ids, once. Trains nothing; later stages only read the result.

The cache is one folder: `ids.npy` (every token of every review, one after another), `offsets.npy`,
`documents.json` (file name, split, label, bytes) and `vocab.json`. Only ids are kept, no text.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from fastai.data.external import URLs, untar_data
from fastai.text.core import TokenizeWithRules, WordTokenizer
from fastai.text.data import Numericalize, TensorText

from train import generated
from train.errors import StageError
from train.logging import progress
from train.recipe import Data

SPLITS = ("train", "unsup", "heldout", "test")
LABELS = ("neg", "pos")  # sorted, as fastai's CategoryBlock
CHUNK = 500  # files a worker tokenizes at a time


class CorpusError(StageError):
    """The corpus cannot be used; the message says what is missing."""


def find_corpus(folder: Path | None, layout: str = "imdb", out: Path | None = None) -> Path:
    """Where the files are; a `generated` corpus is written beside `out` first.

    `folder`, or fastai's cached IMDb. Raises `CorpusError` where the layout is another.
    """
    if layout == "generated":
        if out is None:
            raise CorpusError("a generated corpus needs a work folder: give it with --run FOLDER")
        return generated.write(out.parent / "corpus")
    if layout == "text":
        if folder is None or next(Path(folder).rglob("*.txt"), None) is None:
            raise CorpusError(
                "this recipe reads a folder of .txt files: give it with --data FOLDER"
            )
        return Path(folder)
    path = Path(folder) if folder else untar_data(URLs.IMDB)
    for sub in [f"{s}/{label}" for s in ("train", "test") for label in LABELS]:
        if not (path / sub).is_dir():
            raise CorpusError(f"no corpus at {path}: the folder {sub}/ is missing")
        if next((path / sub).glob("*.txt"), None) is None:
            raise CorpusError(f"the corpus at {path} has an empty class: {sub}/ holds no .txt file")
    return path


def list_documents(path: Path, settings: Data) -> list[dict]:
    """Every review in the order of the cache: train, unsup, heldout, test; sorted by name in each.

    The held-out reviews are drawn from train, the same number of each label, with a fixed seed. A
    plain folder has no labels: all its files are `unsup` but the held-out ones.
    """
    rng = np.random.default_rng(settings.seed)
    by_split: dict[str, list[dict]] = {s: [] for s in SPLITS}
    if settings.layout == "text":
        names = sorted(str(f.relative_to(path)) for f in path.rglob("*.txt"))
        held = set(rng.permutation(len(names))[: settings.heldout].tolist())
        if len(held) >= len(names):
            raise CorpusError(f"{settings.heldout} held-out files leave none of {len(names)}")
        for i, name in enumerate(names):
            split = "heldout" if i in held else "unsup"
            by_split[split].append({"file": name, "label": -1})
        return [{**d, "split": s} for s in SPLITS for d in by_split[s]]
    for label, label_name in enumerate(LABELS):
        names = sorted(f.name for f in (path / "train" / label_name).glob("*.txt"))
        held = set(rng.permutation(len(names))[: settings.heldout // len(LABELS)].tolist())
        if len(held) >= len(names):
            raise CorpusError(f"{settings.heldout} held-out reviews leave none of {label_name!r}")
        for i, name in enumerate(names):
            split = "heldout" if i in held else "train"
            by_split[split].append({"file": f"train/{label_name}/{name}", "label": label})
        for f in sorted((path / "test" / label_name).glob("*.txt")):
            by_split["test"].append({"file": f"test/{label_name}/{f.name}", "label": label})
    for f in sorted((path / "unsup").glob("*.txt")):
        by_split["unsup"].append({"file": f"unsup/{f.name}", "label": -1})
    return [{**d, "split": s} for s in SPLITS for d in by_split[s]]


def _tokenize_chunk(files: list[Path]) -> tuple[list[str], np.ndarray, list[int], list[int]]:
    """Tokenize `files`: (types in order of appearance, ids into them, lengths, bytes)."""
    texts = [f.read_text(encoding="utf-8") for f in files]
    local: dict[str, int] = {}
    ids: list[int] = []
    lengths: list[int] = []
    for tokens in TokenizeWithRules(tok=WordTokenizer())(texts):
        lengths.append(len(tokens))
        ids.extend(local.setdefault(t, len(local)) for t in tokens)
    n_bytes = [len(t.encode("utf-8")) for t in texts]
    return list(local), np.asarray(ids, dtype=np.int32), lengths, n_bytes


def tokenize(path: Path, documents: list[dict], workers: int):
    """All documents → (types, ids int32 [tokens], lengths [documents]); sets each one's `bytes`."""
    files = [path / d["file"] for d in documents]
    chunks = [files[i : i + CHUNK] for i in range(0, len(files), CHUNK)]
    types: dict[str, int] = {}
    ids, lengths, n_bytes = [], [], []
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for local, chunk_ids, ls, bs in progress(
            pool.imap(_tokenize_chunk, chunks), "tokenize", len(chunks)
        ):
            lut = np.asarray([types.setdefault(t, len(types)) for t in local], dtype=np.int32)
            ids.append(lut[chunk_ids])
            lengths += ls
            n_bytes += bs
    for d, b in zip(documents, n_bytes, strict=True):
        d["bytes"] = b
    return list(types), np.concatenate(ids), np.asarray(lengths, dtype=np.int64)


class _Counted:
    """What fastai's `Numericalize.setup` reads: an object with a `counter`."""

    def __init__(self, counter: Counter):
        self.counter = counter


def build_vocab(types: list[str], counts: np.ndarray, settings: Data) -> list[str]:
    """fastai's vocabulary: specials first, then by frequency. `counts` [types], in order of `types`."""
    counter = Counter({t: int(c) for t, c in zip(types, counts, strict=True) if c})
    num = Numericalize(min_freq=settings.min_freq, max_vocab=settings.max_vocab)
    num.setup(_Counted(counter))
    return list(num.vocab)


def prepare(corpus: Path | None, out: Path, settings: Data, workers: int | None = None) -> None:
    """Run the stage: tokenize the corpus below `corpus` and write the cache to `out`."""
    path = find_corpus(corpus, settings.layout, out)
    documents = list_documents(path, settings)
    types, ids, lengths = tokenize(path, documents, workers or os.cpu_count() or 1)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    seen = sum(d["split"] in ("train", "unsup") for d in documents)  # what a model may learn from
    counts = np.bincount(ids[: offsets[seen]], minlength=len(types))
    vocab = build_vocab(types, counts, settings)

    index = {w: i for i, w in enumerate(vocab) if w != "xxfake"}
    lut = np.asarray([index.get(t, 0) for t in types], dtype=np.uint16)
    if len(vocab) > np.iinfo(np.uint16).max:
        lut = np.asarray([index.get(t, 0) for t in types], dtype=np.int32)
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / "ids.npy", lut[ids])
    np.save(out / "offsets.npy", offsets)
    order = np.argsort(-counts, kind="stable")
    order = order[counts[order] > 0]
    _write_json(out / "counts.json", [[types[i], int(counts[i])] for i in order])
    _write_json(out / "documents.json", documents)
    _write_json(out / "vocab.json", vocab)


def _write_json(path: Path, value) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    partial.replace(path)


class Corpus:
    """The cache, memory-mapped. `split(name)` gives the documents of one split.

    `backwards`: every document read from its end, as fastai's `reverse_text` turns it.
    """

    def __init__(self, folder: Path, backwards: bool = False):
        if not (folder / "vocab.json").is_file():
            raise CorpusError(f"no tokenized corpus at {folder}: run `python -m train data` first")
        self.folder, self.backwards = folder, backwards
        self.ids = np.load(folder / "ids.npy", mmap_mode="r")  # [tokens]
        self.offsets = np.load(folder / "offsets.npy")  # [documents + 1]
        self.documents = json.loads((folder / "documents.json").read_text(encoding="utf-8"))
        self.vocab = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))

    def split(self, *names: str) -> Documents:
        which = [i for i, d in enumerate(self.documents) if d["split"] in names]
        return Documents(self, np.asarray(which, dtype=np.int64))

    def token_counts(self) -> np.ndarray:
        """How often each id stands in train + unsup: int64 [vocab]."""
        docs = self.split("train", "unsup")
        ids = self.ids[: self.offsets[docs.which[-1] + 1]]  # these two splits come first
        return np.bincount(ids, minlength=len(self.vocab))


class Documents:
    """A sequence of documents; each is an int64 `TensorText` [length].

    Of a document longer than `cut` tokens the first `cut - tail` and the last `tail` are kept (Sun et
    al. 2019, "How to Fine-Tune BERT for Text Classification?", head and tail).
    """

    def __init__(self, corpus: Corpus, which: np.ndarray, cut: int | None = None, tail: int = 0):
        self.corpus, self.which, self.cut, self.tail = corpus, which, cut, tail
        if cut is not None and not 0 <= tail < cut:
            raise StageError(f"tail must be at least 0 and less than cut ({cut}), not {tail}")

    def __len__(self) -> int:
        return len(self.which)

    def __getitem__(self, i: int) -> TensorText:
        return TensorText(torch.from_numpy(self.ids(i).astype(np.int64)))

    def ids(self, i: int) -> np.ndarray:
        """The ids of document `i`, in the format of the cache: [length]."""
        start, end = self.corpus.offsets[self.which[i]], self.corpus.offsets[self.which[i] + 1]
        ids = self.corpus.ids[start:end]
        if self.cut is not None and len(ids) > self.cut:
            # read backwards without a tail, a review's end comes first and is kept
            tail = self.cut if self.corpus.backwards and not self.tail else self.tail
            ids = np.concatenate([ids[: self.cut - tail], ids[len(ids) - tail :]])
        if self.corpus.backwards:
            ids = ids[::-1]
        return ids

    def stream(self, order: Sequence[int]) -> np.ndarray:
        """The documents of `order` one after another: [tokens], in the format of the cache."""
        return np.concatenate([self.ids(i) for i in order])

    def subset(self, n: int, first: int = 0) -> Documents:
        """`n` documents spread evenly over these from number `first` on (all, where there are fewer)."""
        step = max(1, len(self) // n) if n else 1
        which = self.which[first::step][:n] if n else self.which
        return Documents(self.corpus, which, self.cut, self.tail)

    @property
    def lengths(self) -> np.ndarray:
        n = self.corpus.offsets[self.which + 1] - self.corpus.offsets[self.which]
        return np.minimum(n, self.cut) if self.cut else n

    @property
    def labels(self) -> np.ndarray:
        return np.asarray([self.corpus.documents[i]["label"] for i in self.which])

    @property
    def n_bytes(self) -> int:
        return sum(self.corpus.documents[i]["bytes"] for i in self.which)
