"""Reads a recipe (TOML) into typed settings. Knows no fastai and starts nothing.

A recipe holds every number of a run. An unknown key or a value of the wrong type is an error, so a
misspelt setting cannot silently fall back to its default.
"""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from train.errors import StageError


class RecipeError(StageError):
    """The recipe cannot be used; the message says which key and why."""


@dataclass(frozen=True)
class Data:
    layout: str = "imdb"  # imdb | text (any .txt files, no labels) | generated (a tiny corpus)
    min_freq: int = 3
    max_vocab: int = 30_000
    heldout: int = 2_500  # reviews taken out of train, for every choice that is made
    seed: int = 42


@dataclass(frozen=True)
class Subwords:
    sizes: tuple[int, ...] = (200, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 16_000)
    reviews: int = 2_000  # as the notebook: the first 2,000
    model_types: tuple[str, ...] = ("unigram", "bpe")
    measured: int = 2_000  # held-out reviews that the ladder is measured on


@dataclass(frozen=True)
class Stage:
    """One unfreezing step: the last `groups` layer groups train, each lower one `factor` slower."""

    groups: int  # 0: all of them
    epochs: int
    lr: float
    factor: float = 2.6  # ULMFiT, section 3.3: rates fall by 2.6 a layer


@dataclass(frozen=True)
class LanguageModel:
    emb_sz: int = 300
    n_hid: int = 640
    n_layers: int = 2
    drop_mult: float = 0.1
    epochs: int = 1
    bs: int = 128
    seq_len: int = 70
    lr: float = 5e-3
    wd: float = 0.01
    pct_start: float = 0.1  # share of the run spent warming up
    moms: tuple[float, ...] = (0.8, 0.7, 0.8)
    sqr_mom: float = 0.99
    clip: float = 1.0
    alpha: float = 2.0  # activation regularization (AR)
    beta: float = 1.0  # temporal activation regularization (TAR)
    pretrained: str = ""  # "wt103": fastai's Wikipedia weights, where they can be had
    sampled: int = 2_048  # extra softmax columns drawn a batch; 0 is the full softmax
    valid_documents: int = 400  # held-out reviews scored after each epoch; `evaluate` takes all
    precision: str = "auto"  # auto | fp32 | bf16 | fp16
    checkpoint_seconds: float = 120.0
    seed: int = 1
    stages: tuple[Stage, ...] = ()  # none: all layers for `epochs` at `lr`

    def all_stages(self) -> tuple[Stage, ...]:
        return self.stages or (Stage(groups=0, epochs=self.epochs, lr=self.lr, factor=1.0),)


@dataclass(frozen=True)
class Classifier:
    drop_mult: float = 0.3
    bs: int = 64
    bptt: int = 72
    max_len: int = 1_440  # tokens pooled, counted from the end, as fastai
    cut: int = 300  # tokens of a training review that are read; evaluation reads all
    tail: int = 0  # so many of them from its end, where the verdict often stands
    crops: int = 0  # beside each review so many crops of one to three sentences, new each epoch
    wd: float = 0.01
    moms: tuple[float, ...] = (0.8, 0.7, 0.8)
    pct_start: float = 0.25
    lin_ftrs: int = 50
    label_smoothing: float = 0.0
    ema: float = 0.0  # decay of the averaged weights; 0: off
    stages: tuple[Stage, ...] = (
        Stage(groups=1, epochs=1, lr=1e-2),
        Stage(groups=0, epochs=2, lr=3e-3),
    )
    precision: str = "auto"
    checkpoint_seconds: float = 120.0
    seed: int = 1


@dataclass(frozen=True)
class Student(Classifier):
    """The classifier once more, on labelled reviews and on those that a teacher has labelled."""

    unlabelled: int = 0  # how many unsup reviews the teacher labels; 0: no student
    first: int = (
        0  # number of the first of them; above 0: a second round, taught by a run's students
    )
    grams: int = 2  # words of the longest n-gram of the teacher's NB-SVM
    stages: tuple[Stage, ...] = (Stage(groups=0, epochs=1, lr=3e-3),)


@dataclass(frozen=True)
class Labels:
    """The curve of few labels: for each number of labels how many draws, and epochs of all layers."""

    numbers: tuple[int, ...] = (100, 500, 1_000, 5_000, 22_500)
    draws: tuple[int, ...] = (3, 3, 1, 1, 1)
    epochs: tuple[int, ...] = (1, 1, 1, 3, 1)  # at least; see `updates`
    updates: int = 60  # of a stage, at the least: a hundred labels fill few mini-batches
    bs: int = 64
    cut: int = 200
    drop_mult: float = 0.2
    head_lr: float = 1e-2
    lr: float = 4e-3


@dataclass(frozen=True)
class Pretraining:
    """The text of the language model that the run goes on from (`lm --init-from`); "": there is none."""

    text: str = ""  # its name, as the app shows it
    documents: int = 0  # that the model learned from; counted where that run's data is at hand
    tokens: int = 0  # that it read
    licence: str = ""  # of the text
    source: str = ""  # where it is from


@dataclass(frozen=True)
class Recipe:
    name: str
    about: str = ""
    directions: tuple[str, ...] = ("forwards",)  # what `all` trains; "backwards": from the end too
    data: Data = field(default_factory=Data)
    subwords: Subwords = field(default_factory=Subwords)
    lm: LanguageModel = field(default_factory=LanguageModel)
    classifier: Classifier = field(default_factory=Classifier)
    student: Student = field(default_factory=Student)
    labels: Labels = field(default_factory=Labels)
    pretraining: Pretraining = field(default_factory=Pretraining)

    def as_dict(self) -> dict:
        return dataclasses.asdict(self)


def load(path: Path) -> Recipe:
    """Read `path`. Raises `RecipeError` with one clear sentence where it cannot be used."""
    try:
        raw = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipeError(f"there is no recipe at {path}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise RecipeError(f"{path} is not valid TOML: {e}") from None
    raw.setdefault("name", Path(path).stem)
    recipe = _build(Recipe, raw, where="")
    few = recipe.labels
    if not len(few.numbers) == len(few.draws) == len(few.epochs):
        raise RecipeError("labels.numbers, labels.draws and labels.epochs must be equally long")
    for key in SAME_MODEL if recipe.student.unlabelled else ():
        own, its = getattr(recipe.student, key), getattr(recipe.classifier, key)
        if own != its:
            raise RecipeError(
                f"student.{key} is {own}, classifier.{key} {its}: a student goes on with that model"
            )
    if not recipe.directions or set(recipe.directions) - set(DIRECTIONS):
        raise RecipeError(f"directions must be among {', '.join(DIRECTIONS)}")
    if "forwards" not in recipe.directions:
        raise RecipeError("directions lack forwards, whose models a bundle must have")
    return recipe


DIRECTIONS = ("forwards", "backwards")
SAME_MODEL = ("lin_ftrs", "bptt", "max_len")  # what the bundle's one head is made of
_SECTIONS = {
    "data": Data,
    "subwords": Subwords,
    "lm": LanguageModel,
    "classifier": Classifier,
    "student": Student,
    "labels": Labels,
    "pretraining": Pretraining,
}


def _build(cls: type, raw: dict, where: str):
    known = {f.name: f for f in dataclasses.fields(cls)}
    values = {}
    for key, value in raw.items():
        name = f"{where}{key}"
        if key not in known:
            raise RecipeError(f"unknown recipe key {name!r}; known here: {', '.join(known)}")
        if cls is Recipe and key in _SECTIONS:
            if not isinstance(value, dict):
                raise RecipeError(f"{name!r} must be a section")
            values[key] = _build(_SECTIONS[key], value, f"{key}.")
        elif key == "stages":
            if not isinstance(value, list) or not value:
                raise RecipeError(f"{name!r} must be a list of stages")
            values[key] = tuple(_build(Stage, v, f"{name}.") for v in value)
        else:
            values[key] = _coerce(name, value, str(known[key].type))
    missing = [
        n
        for n, f in known.items()
        if n not in values
        and f.default is dataclasses.MISSING
        and f.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise RecipeError(f"recipe key {where}{missing[0]} is missing")
    return cls(**values)


def _coerce(name: str, value: Any, annotation: str) -> Any:
    """Check `value` against a field's annotation (a string: annotations are postponed)."""
    if annotation.startswith("tuple["):
        item = annotation[len("tuple[") :].split(",")[0]
        if not isinstance(value, list):
            raise RecipeError(f"{name!r} must be a list")
        return tuple(_coerce(name, v, item) for v in value)
    kinds: dict[str, tuple[type, ...]]
    kinds = {"int": (int,), "float": (int, float), "str": (str,), "bool": (bool,)}
    kind = kinds[annotation]
    is_of_kind = isinstance(value, kind) and (annotation == "bool" or not isinstance(value, bool))
    if not is_of_kind:
        raise RecipeError(f"{name!r} must be of type {annotation}, not {value!r}")
    return float(value) if annotation == "float" else value
