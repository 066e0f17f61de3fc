"""A taught classifier: called as the pipeline is, saved and loaded as safetensors and JSON.

taught.json           names, encoder, prompt, the base model's name and fingerprint
taught.safetensors    weight [k, d], bias [k], mean and scale [d]; `tuned.*`: the last layer's own
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TypedDict

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse_tensors
from safetensors.torch import save as tensor_bytes
from torch import Tensor

from ulmfit_demo import limits
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.inference.sentiment import group_words
from ulmfit_demo.models.bundle import BundleError
from ulmfit_demo.teach.features import ENCODERS, LM, PROMPT, along, features
from ulmfit_demo.teach.head import Head, Norm, unsure
from ulmfit_demo.teach.learn import reader_of
from ulmfit_demo.teach.task import checked_names
from ulmfit_demo.tokens import clean, incremental

FORMAT = 1
CONFIG, WEIGHTS = "taught.json", "taught.safetensors"
MOST = {CONFIG: 1_000_000, WEIGHTS: 200_000_000}  # bytes: the last layer of a large model has 15 MB


class Said(TypedDict):
    """What a taught classifier says of one text; None for a text without words."""

    label: str | None  # one of its names
    score: float | None  # the probability of the label
    unsure: bool  # another label is nearly as likely


@dataclass(frozen=True)
class Word:
    """One word of a text, and what is said after it."""

    text: str
    probabilities: tuple[float, ...]  # [k] after this word
    moved: float  # the final label's probability, by this word


@dataclass(frozen=True)
class Taught:
    """A head, its normalization, its names, and the encoder that it sits on."""

    loaded: LoadedModels = field(repr=False)
    names: tuple[str, ...]
    head: Head = field(repr=False)
    kind: str = LM
    n_labels: int = 0
    tuned: dict[str, Tensor] | None = field(default=None, repr=False)

    def __call__(self, texts: str | Sequence[str]) -> Said | list[Said]:
        """A text gives `{"label", "score", "unsure"}`, a list a list; its first 200 tokens are read."""
        if texts is None or isinstance(texts, str):
            return self.judge([_text(texts)])[0]
        return self.judge([_text(t) for t in limits.several(texts, "The texts")])

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """Texts → [n, k]."""
        documents = [self.loaded.numericalize(text) for text in texts]
        return self._judge(documents)

    def n_tokens(self, text: str) -> int:
        """How many tokens a text has, `xxbos` included; the first `TEACH_TOKENS` of them are read."""
        return len(self.loaded.numericalize(_text(text)))

    def read_along(self, text: str) -> tuple[Word, ...]:
        """What is said after every word that is read; `xxbos` is the first, with the text ""."""
        pieces = incremental.tokenize(_text(text), self.loaded.words(), None)
        ids = pieces.ids[: limits.TEACH_TOKENS]
        found = self.head.probabilities(along(reader_of(self.loaded, self.kind, self.tuned), ids))
        best = int(found[-1].argmax())
        words = group_words(pieces, [0.0] * len(pieces.ids))
        # the last word takes what is read behind it: a rule's token may be cut off from its word
        read = [w for w in words if w.last < len(ids)]
        rows = found[[*(w.last for w in read[:-1]), len(ids) - 1]]
        moved = np.diff(rows[:, best], prepend=rows[0, best])
        return tuple(
            Word(clean(w.text), tuple(row.tolist()), float(m))
            for w, row, m in zip(read, rows, moved, strict=True)
        )

    def without_each(self, text: str) -> tuple[tuple[str, float], ...]:
        """(word, what the final label's probability loses without it), for each word of a text."""
        pieces = incremental.tokenize(_text(text), self.loaded.words(), None)
        ids = list(pieces.ids[: limits.TEACH_TOKENS])
        words = [w for w in group_words(pieces, [0.0] * len(pieces.ids)) if w.text]
        words = [w for w in words if w.last < len(ids)]
        if not words:
            return ()
        found = self._judge([ids, *(ids[: w.first] + ids[w.last + 1 :] for w in words)])
        best = int(found[0].argmax())
        lost = found[0, best] - found[1:, best]
        return tuple((clean(w.text), float(x)) for w, x in zip(words, lost, strict=True))

    def files(self) -> dict[str, bytes]:
        """The files of the folder that `save` writes, by name."""
        norm = self.head.norm
        tensors = {
            "weight": torch.tensor(self.head.weight, dtype=torch.float32),
            "bias": torch.tensor(self.head.bias, dtype=torch.float32),
            "mean": torch.tensor(norm.mean, dtype=torch.float32),
            "scale": torch.tensor(norm.scale, dtype=torch.float32),
        }
        for name, tensor in (self.tuned or {}).items():
            tensors[f"tuned.{name}"] = tensor.half().contiguous()
        config = {
            "format": FORMAT,
            "names": list(self.names),
            "encoder": self.kind,
            "prompt": PROMPT if self.kind == LM else "",
            "labels": self.n_labels,
            "base": {
                "name": self.loaded.model.name,
                "fingerprint": fingerprint(self.loaded, self.kind),
            },
        }
        text = json.dumps(config, ensure_ascii=False, indent=1) + "\n"
        return {CONFIG: text.encode("utf-8", "replace"), WEIGHTS: tensor_bytes(tensors)}

    def save(self, folder: str | Path) -> Path:
        """Write `taught.json` and `taught.safetensors` into `folder`, which is made."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in self.files().items():
            (folder / name).write_bytes(data)
        return folder

    def __repr__(self) -> str:
        return f"Taught({', '.join(self.names)}; {self.n_labels} labels)"

    def _judge(self, documents: Sequence[Sequence[int]]) -> np.ndarray:
        return self.head.probabilities(
            features(reader_of(self.loaded, self.kind, self.tuned), documents)
        )

    def judge(self, texts: Sequence[str]) -> list[Said]:
        """As calling it with a list."""
        documents = [self.loaded.numericalize(text) for text in texts]
        found: list[Said] = [{"label": None, "score": None, "unsure": False} for _ in texts]
        which = [i for i, d in enumerate(documents) if len(d) > 1]  # more than `xxbos`
        if which:
            judged = self._judge([documents[i] for i in which])
            for i, row, doubtful in zip(which, judged, unsure(judged), strict=True):
                best = int(row.argmax())
                found[i] = {
                    "label": self.names[best],
                    "score": float(row[best]),
                    "unsure": bool(doubtful),
                }
        return found


def load(folder: str | Path, loaded: LoadedModels) -> Taught:
    """Read what `save` wrote, on the models of `loaded`.

    Raises:
        BundleError: a file is missing or odd, or it was taught on another model; the message says so.
    """
    folder = Path(folder)
    try:
        config = json.loads(_read(folder / CONFIG).decode("utf-8"))
        tensors = parse_tensors(_read(folder / WEIGHTS))
    except OSError as e:
        raise BundleError(f"{e.filename} cannot be read: {e.strerror}") from None
    except (ValueError, RecursionError, SafetensorError) as e:
        raise BundleError(f"{folder} holds no taught classifier: {e}") from None
    try:
        if config["format"] != FORMAT or config["encoder"] not in ENCODERS:
            raise ValueError(f"format {config['format']!r}, encoder {config['encoder']!r}")
        base = config["base"]
        if base["fingerprint"] != fingerprint(loaded, config["encoder"]):
            raise BundleError(
                f"{folder} was taught on another model ({base['name']}); on this one "
                "its verdicts would mean nothing. Teach it again, or load that model."
            )
        if config["encoder"] == LM and config["prompt"] != PROMPT:
            raise ValueError(f"it was taught with the prompt {config['prompt']!r}")
        names = _names(config["names"])
        for name, tensor in tensors.items():
            if not tensor.is_floating_point() or not bool(tensor.float().isfinite().all()):
                raise ValueError(f"{name} holds what is no number")
        weight, bias, mean, scale = (
            tensors.pop(k).double().numpy() for k in ("weight", "bias", "mean", "scale")
        )
        d = (2 if config["encoder"] == LM else 3) * loaded.model.config["emb_sz"]
        shapes = [(len(names), d), (len(names),), (d,), (d,)]
        if [weight.shape, bias.shape, mean.shape, scale.shape] != shapes:
            raise ValueError("the shapes are not those of its names and its encoder")
        if not (scale > 0).all():
            raise ValueError("scale divides by what is not above zero")
        if type(config["labels"]) is not int:
            raise ValueError("the number of its labels is none")
        tuned = {k.removeprefix("tuned."): t for k, t in tensors.items()} or None
        found = Taught(
            loaded,
            names,
            Head(Norm(mean, scale), weight, bias),
            config["encoder"],
            config["labels"],
            tuned,
        )
        reader_of(loaded, found.kind, tuned)  # raises where the layer has other shapes
        return found
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as e:
        if isinstance(e, BundleError):
            raise
        why = " ".join(str(e).split())
        raise BundleError(f"{folder / CONFIG} describes no taught classifier: {why}") from None


def _read(path: Path) -> bytes:
    """A file of a taught classifier. Raises ValueError for one that is none: too large, no file."""
    if path.exists() and not path.is_file():
        raise ValueError(f"{path.name} is no file")
    if path.stat().st_size > MOST[path.name]:
        raise ValueError(f"{path.name} has more than {MOST[path.name]:,} bytes")
    return path.read_bytes()


def _names(found: object) -> tuple[str, ...]:
    """The names of labels, as a task may have them. Raises ValueError."""
    if not isinstance(found, list) or not all(isinstance(n, str) and n == clean(n) for n in found):
        raise ValueError("its names are no list of names")
    return checked_names(found)


def is_taught(folder: str | Path) -> bool:
    """Whether `folder` holds what `save` writes."""
    return (Path(folder) / CONFIG).is_file()


def fingerprint(loaded: LoadedModels, kind: str) -> str:
    """sha256 of the weights of the base model that `kind` reads with."""
    name = "lm.safetensors" if kind == LM else "classifier.safetensors"
    path = loaded.model.folder / name
    return _digest(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _digest(path: Path, changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _text(value: object) -> str:
    return limits.text(value, most=2**63)
