"""Stage `export`: fastai's weights → one bundle folder that the app reads. Measures nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from train.data import LABELS, Corpus
from train.errors import StageError
from train.names import classifier_weights, lm_weights
from train.recipe import Recipe
from ulmfit_demo.models import bundle

SHOWN = {  # what the Training tab shows: the run's file → its name in the bundle
    "log.jsonl": "training.jsonl",
    "labels.json": "labels.json",
    "baselines.json": "baselines.json",
}
BACKWARDS = "backwards"  # the folder inside a run that holds what was trained on reversed texts


class ExportError(StageError):
    """A weight file is missing or does not fit the recipe."""


def fill(model: nn.Module, weights: dict[str, Tensor]) -> nn.Module:
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


def export(
    recipe: Recipe,
    corpus: Corpus,
    folder: Path,
    out: Path,
    snapshots: dict[str, Path] | None = None,
) -> None:
    """Write the bundle to `out`; it appears there only when it is whole.

    `snapshots`: title → `lm.pth` or `lm.checkpoint` of an earlier state of the language model, to show
    beside the last.
    """
    snapshots = snapshots or {}
    config = make_config(recipe, len(corpus.vocab))
    models = {}
    for name, path, convert in (
        ("lm", folder / "lm.pth", lm_weights),
        ("classifier", last_classifier(recipe, folder), classifier_weights),
        ("classifier_backwards", last_classifier(recipe, folder / BACKWARDS), classifier_weights),
    ):
        if name == "classifier_backwards" and not path.is_file():
            continue
        model = bundle.build(config)[name != "lm"]
        models[name] = fill(model, convert(read(path)))

    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        for name, model in models.items():
            bundle.save_weights(model, partial / f"{name}.safetensors")
        if snapshots:
            config["snapshots"] = [
                {"title": title, "file": f"lm-{i}.safetensors"} for i, title in enumerate(snapshots)
            ]
        for i, path in enumerate(snapshots.values()):
            model = fill(bundle.build(config)[0], lm_weights(read(path)))
            bundle.save_weights(model, partial / f"lm-{i}.safetensors")
        for name, value in (("config", config), ("vocab", corpus.vocab)):
            text = json.dumps(value, ensure_ascii=False, indent=None if name == "vocab" else 1)
            (partial / f"{name}.json").write_text(text, encoding="utf-8")
        for file, name in SHOWN.items():
            if (folder / file).is_file():
                shutil.copy(folder / file, partial / name)
        shutil.rmtree(out, ignore_errors=True)
        partial.rename(out)
    except (OSError, SafetensorError) as e:
        raise ExportError(f"the bundle cannot be written to {out}: {e}") from e
    finally:
        shutil.rmtree(partial, ignore_errors=True)
