"""One folder is one model: reads and writes it. Computes nothing and never unpickles.

config.json              sizes, classes, how it was trained
vocab.json               the words, in order of their ids
lm.safetensors           language model, fp16 (the tied embedding is stored once)
classifier.safetensors   classifier, fp16 body, fp32 head
classifier_backwards.safetensors   optional: the same shape, trained on texts read from their end
lm-*.safetensors         optional: earlier states of the language model, named in config.json
lm-*.vocab.json          optional: the words of such a state, where they are not those of vocab.json
metrics.json             what `python -m train evaluate` measured
training.jsonl           optional, for `ulmfit_demo.training_log`: the training's log
labels.json              optional, the same: accuracy with few labels and with many
baselines.json           optional, the same: other methods on the same split
README.md                the model card
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ulmfit_demo.models.awd_lstm import Classifier, LanguageModel, Sizes
from ulmfit_demo.models.calibration import BACKWARDS, Calibration, from_config

FORMAT = 2  # since 2 an earlier state may have words of its own
READABLE = (1, FORMAT)
MOST = {"vocab_sz": 1_000_000, "emb_sz": 16_384, "n_hid": 65_536, "n_layers": 32}


class BundleError(RuntimeError):
    """The folder holds no usable model; the message says which file and why."""


@dataclass(frozen=True)
class Snapshot:
    """The language model at an earlier moment; its files are read when they are first asked for."""

    title: str
    path: Path
    config: dict
    bundle_vocab: list[str]
    vocab_path: Path | None = None  # its own words; None: those of the bundle

    @cached_property
    def vocab(self) -> list[str]:
        """Its words in order of their ids, `xxunk` first. Raises `BundleError`."""
        if self.vocab_path is None:
            return self.bundle_vocab
        words = _read_json(self.vocab_path)
        if not isinstance(words, list) or not all(isinstance(w, str) for w in words):
            raise BundleError(f"{self.vocab_path} is not a list of words")
        if not 0 < len(words) <= MOST["vocab_sz"]:
            raise BundleError(f"{self.vocab_path} holds {len(words):,} words")
        return words

    @cached_property
    def n_shared(self) -> int:
        """How many entries of the bundle's vocabulary are words of its own too. Raises `BundleError`.

        Entries, as fastai's `match_embeds` counts rows: `xxfake` may stand there several times.
        """
        own = set(self.vocab)
        return sum(word in own for word in self.bundle_vocab)

    @cached_property
    def model(self) -> LanguageModel:
        """Ready for inference on the CPU. Raises `BundleError`."""
        with _Unset():
            model = LanguageModel(sizes({**self.config, "vocab_sz": len(self.vocab)}))
        with torch.no_grad():
            load_weights(model, self.path)
        return model.eval().requires_grad_(False)


@dataclass(frozen=True)
class Bundle:
    name: str
    folder: Path
    config: dict
    vocab: list[str]
    lm: LanguageModel
    classifier: Classifier
    classifier_backwards: Classifier | None = None
    snapshots: tuple[Snapshot, ...] = ()
    metrics: dict = field(default_factory=dict)
    calibration: Calibration = field(default_factory=Calibration)

    @cached_property  # a look at each folder on the way, and each key press asks
    def key(self) -> str:
        """What no other bundle is called: two may have one name, but one folder is one model."""
        return str(self.folder.resolve())


def sizes(config: dict) -> Sizes:
    """The shape of the body, which all models of a bundle share."""
    return Sizes(**{k: config[k] for k in ("vocab_sz", "emb_sz", "n_hid", "n_layers")})


def build(config: dict) -> tuple[LanguageModel, Classifier]:
    """The two models with the shapes of `config`, of random weights."""
    return LanguageModel(sizes(config)), _classifier(config)


def _classifier(config: dict) -> Classifier:
    head = config["classifier"]
    return Classifier(
        sizes(config), head["lin_ftrs"], len(config["classes"]), head["bptt"], head["max_len"]
    )


class _Unset(TorchFunctionMode):
    """In this, a module has no random weights: to draw them takes longer than to read the true ones."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if getattr(func, "__module__", None) == nn.init.__name__:
            return kwargs["tensor"] if "tensor" in kwargs else args[0]
        return func(*args, **kwargs)


def save_weights(model: nn.Module, path: Path) -> None:
    """Write `model` as safetensors: the body in fp16, all else (biases, norms, head) as it is."""
    tensors = {
        name: (t.half() if name.startswith("body.") else t).contiguous().cpu()
        for name, t in model.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    save_file(tensors, path)
    path.chmod(0o644)  # safetensors writes it for its owner alone


def load_weights(model: nn.Module, path: Path) -> None:
    """Fill `model` from `path` in fp32. Raises `BundleError` where names or shapes differ."""
    try:
        tensors: dict[str, Tensor] = load_file(path)
    except FileNotFoundError:
        raise BundleError(f"{path.name} is missing in {path.parent}") from None
    except (SafetensorError, OSError) as e:
        raise BundleError(f"{path} cannot be read: {e}") from None
    wanted = {
        name: t
        for name, t in model.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    if wanted.keys() != tensors.keys():
        odd = sorted(wanted.keys() ^ tensors.keys())
        raise BundleError(f"{path} does not fit config.json: {', '.join(odd[:3])}")
    for name, t in wanted.items():
        if t.shape != tensors[name].shape:
            raise BundleError(f"{path}: {name} has shape {list(tensors[name].shape)}")
        t.copy_(tensors[name])


def _read_json(path: Path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BundleError(f"{path.name} is missing in {path.parent}") from None
    except OSError as e:
        raise BundleError(f"{path} cannot be read: {e.strerror}") from None
    except (ValueError, RecursionError) as e:
        raise BundleError(f"{path} is not valid JSON: {e}") from None


def load(folder: Path) -> Bundle:
    """Read one bundle, ready for inference on the CPU; earlier states later. Raises `BundleError`."""
    folder = Path(folder)
    config = _read_json(folder / "config.json")
    try:
        return _load(folder, config)
    except KeyError as e:
        raise BundleError(f"{folder / 'config.json'} does not say {e}") from None
    except (AttributeError, TypeError, ValueError, RuntimeError, MemoryError) as e:
        if isinstance(e, BundleError):
            raise
        raise BundleError(f"{folder / 'config.json'} describes no model: {e}") from None


def _load(folder: Path, config: dict) -> Bundle:
    if config.get("format") not in READABLE:
        raise BundleError(f"{folder} has bundle format {config.get('format')!r}, not {FORMAT}")
    for key, most in MOST.items():
        if not (type(config[key]) is int and 0 < config[key] <= most):
            raise BundleError(f"{folder / 'config.json'}: {key} is no whole number up to {most:,}")
    vocab = _read_json(folder / "vocab.json")
    if len(vocab) != config["vocab_sz"]:
        raise BundleError(
            f"{folder}: vocab.json holds {len(vocab)} words, not {config['vocab_sz']}"
        )
    if "pos" not in config["classes"]:
        raise BundleError(f"{folder / 'config.json'}: none of the classes is called pos")
    has_twin = (folder / "classifier_backwards.safetensors").is_file()
    with _Unset():
        lm, classifier = build(config)
        backwards = _classifier(config) if has_twin else None
    with torch.no_grad():
        load_weights(lm, folder / "lm.safetensors")
        load_weights(classifier, folder / "classifier.safetensors")
        if backwards is not None:
            load_weights(backwards, folder / "classifier_backwards.safetensors")
    snapshots = []
    for entry in config.get("snapshots", ()):
        path = folder / Path(entry["file"]).name
        words = folder / Path(entry["vocab"]).name if "vocab" in entry else None
        for file in (path, words):
            if file is not None and not file.is_file():
                raise BundleError(f"{file.name} is missing in {folder}")
        snapshots.append(Snapshot(str(entry["title"]), path, config, vocab, words))
    for model in (lm, classifier, backwards):
        if model is not None:
            model.eval().requires_grad_(False)
    try:
        calibration, theirs = from_config(config), from_config(config, BACKWARDS)
    except (TypeError, ValueError) as e:
        raise BundleError(f"{folder / 'config.json'}: {e}") from None
    classifier.temperature = calibration.temperature
    if backwards is not None:
        backwards.temperature = theirs.temperature
    metrics = folder / "metrics.json"
    return Bundle(
        name=config.get("name", folder.name),
        folder=folder,
        config=config,
        vocab=vocab,
        lm=lm,
        classifier=classifier,
        classifier_backwards=backwards,
        snapshots=tuple(snapshots),
        metrics=_read_json(metrics) if metrics.is_file() else {},
        calibration=calibration,
    )
