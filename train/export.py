"""Stage `export`: fastai's weights → one bundle folder that the app reads. Measures nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TypeVar

import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from train.data import LABELS, Corpus
from train.errors import StageError
from train.logs import BACKWARDS, merged
from train.pretraining import describe
from train.recipe import Recipe
from train.state_dicts import classifier_weights, lm_weights
from ulmfit_demo.models import bundle

SHOWN = ("labels.json", "baselines.json")  # what the Training tab shows beside the log


class ExportError(StageError):
    """A weight file is missing or does not fit the recipe."""


M = TypeVar("M", bound=nn.Module)


def fill(model: M, weights: dict[str, Tensor]) -> M:
    """`model` with `weights`. Raises `ExportError` where they do not fit."""
    missing, unexpected = model.load_state_dict(weights, strict=False)
    odd = [k for k in missing if not k.endswith("num_batches_tracked")] + list(unexpected)
    if odd:
        raise ExportError(f"the weights do not fit the recipe: {', '.join(odd[:3])}")
    return model.eval()


def make_config(recipe: Recipe, vocab_sz: int) -> dict:
    """What `config.json` holds: all that the app needs to build the models, and the recipe."""
    lm, clas = recipe.lm, recipe.classifier
    return {
        "format": bundle.FORMAT,
        "name": recipe.name,
        "about": recipe.about,
        "vocab_sz": vocab_sz,
        "emb_sz": lm.emb_sz,
        "n_hid": lm.n_hid,
        "n_layers": lm.n_layers,
        "classes": list(LABELS),
        "classifier": {
            "lin_ftrs": clas.lin_ftrs,
            "bptt": clas.bptt,
            "max_len": clas.max_len,
        },
        "recipe": recipe.as_dict(),
    }


def read(path: Path) -> dict[str, Tensor]:
    """The weights that a stage saved, at its end or in a checkpoint on the way.

    Raises `ExportError` where there are none.
    """
    if not path.is_file():
        raise ExportError(f"{path} is missing: run the stage that trains it first")
    if path.suffix == ".checkpoint":  # our own file, with the state of random generators
        return torch.load(path, map_location="cpu", weights_only=False)["model"]
    return torch.load(path, map_location="cpu", weights_only=True)


def newer(result: Path, source: Path) -> bool:
    """Whether `result` is there and was written after `source`, where that is there."""
    if not result.is_file():
        return False
    return not source.is_file() or result.stat().st_mtime >= source.stat().st_mtime


def last_classifier(recipe: Recipe, folder: Path) -> Path:
    """The weights that ship: the student's where the recipe wants one, else the classifier's.

    The direction that reads backwards may do without a student. Raises `ExportError` where the student
    is missing, or older than the classifier that it goes on from.
    """
    classifier, student = folder / "classifier.pth", folder / "student.pth"
    if not recipe.student.unlabelled:
        return classifier
    if newer(student, classifier):
        return student
    if folder.name == BACKWARDS and not student.is_file():
        return classifier
    raise ExportError(
        f"{student} is missing or older than {classifier.name}: run the stages teach and student first"
    )


def words_of(weights: Path, corpus: Corpus, folder: Path) -> list[str]:
    """The words that the embedding's rows in `weights` stand for, in order.

    They stand beside the file (`lm-0.pth`: `lm-0.vocab.json`, as `unpack` leaves them) or in the run
    that it lies in; in the run `folder` they are those of `corpus`. Raises `ExportError`.
    """
    run = weights.parent.parent if weights.parent.name == BACKWARDS else weights.parent
    beside = weights.with_suffix(".vocab.json")
    if not beside.is_file() and run.resolve() == folder.resolve():
        return corpus.vocab
    for path in (beside, run / "data" / "vocab.json"):
        if path.is_file():
            return json.loads(path.read_text(encoding="utf-8"))
    raise ExportError(f"nothing says which words {weights} knows: {run}/data/vocab.json is missing")


def write_snapshot(
    out: Path, name: str, config: dict, title: str, weights: Path, words: list[str]
) -> dict:
    """Write an earlier state to `out`; returns its entry in `config["snapshots"]`.

    Its `words` are written where they are not those in `out`'s own `vocab.json`. Raises `ExportError`
    where their number is not that of the embedding's rows.
    """
    tensors = lm_weights(read(weights))
    if len(tensors["bias"]) != len(words):
        raise ExportError(
            f"{weights} has {len(tensors['bias']):,} rows for its {len(words):,} words"
        )
    model = fill(bundle.build({**config, "vocab_sz": len(words)})[0], tensors)
    bundle.save_weights(model, out / f"{name}.safetensors")
    entry = {"title": title, "file": f"{name}.safetensors"}
    if words != json.loads((out / "vocab.json").read_text(encoding="utf-8")):
        write_json(out / f"{name}.vocab.json", words)
        entry["vocab"] = f"{name}.vocab.json"
    return entry


def write_json(path: Path, value: object, indent: int | None = None) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=indent), encoding="utf-8")


def export(
    recipe: Recipe,
    corpus: Corpus,
    folder: Path,
    out: Path,
    snapshots: dict[str, Path] | None = None,
    wiki: Path | None = None,
) -> None:
    """Write the bundle to `out`; it appears there only when it is whole.

    `snapshots`: title → `lm.pth` or `lm.checkpoint` of an earlier state of the language model, to show
    beside the last, with its own words where they differ. `wiki`: the run whose language model this one
    began with. Raises `ExportError`, and `PretrainingError` where the recipe tells of another beginning
    than the log.
    """
    snapshots = snapshots or {}
    config = make_config(recipe, len(corpus.vocab))
    before = describe(recipe, folder, wiki)
    if before:
        config["pretraining"] = before
    models = {}
    for name, path, convert in (
        ("lm", folder / "lm.pth", lm_weights),
        ("classifier", last_classifier(recipe, folder), classifier_weights),
        ("classifier_backwards", last_classifier(recipe, folder / BACKWARDS), classifier_weights),
    ):
        if name == "classifier_backwards" and not path.is_file():
            continue
        lm, classifier = bundle.build(config)
        models[name] = fill(lm if name == "lm" else classifier, convert(read(path)))

    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        for name, model in models.items():
            bundle.save_weights(model, partial / f"{name}.safetensors")
        write_json(partial / "vocab.json", corpus.vocab)
        earlier = [
            write_snapshot(partial, f"lm-{i}", config, title, path, words_of(path, corpus, folder))
            for i, (title, path) in enumerate(snapshots.items())
        ]
        if earlier:
            config["snapshots"] = earlier
        write_json(partial / "config.json", config, indent=1)
        log = "".join(f"{line}\n" for line in merged(folder, wiki))
        if log:
            (partial / "training.jsonl").write_text(log, encoding="utf-8")
        for name in SHOWN:
            if (folder / name).is_file():
                shutil.copy(folder / name, partial / name)
        shutil.rmtree(out, ignore_errors=True)
        partial.rename(out)
    except (OSError, SafetensorError) as e:
        raise ExportError(f"the bundle cannot be written to {out}: {e}") from e
    finally:
        shutil.rmtree(partial, ignore_errors=True)
