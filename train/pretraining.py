"""What the language model that a run goes on from had read: for `config.json` and the model card."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np

from train import logs
from train.errors import StageError
from train.recipe import Recipe


class PretrainingError(StageError):
    """The recipe goes on from another language model, and the run does not show it."""


def describe(recipe: Recipe, folder: Path, wiki: Path | None) -> dict | None:
    """The recipe's `[pretraining]`; None where the language model of the run `folder` began anew.

    Documents and tokens are counted where the run `wiki` has its corpus still. Raises PretrainingError
    where the recipe names a text and the run's log does not say that it went on from another, or where
    the log of that one is not to be had.
    """
    own = logs.lines(folder / "log.jsonl")
    kept = any(
        logs.stage_of(line) == logs.WIKI for line in own
    )  # from the bundle that was unpacked
    began = logs.began_with_another(own)
    if not recipe.pretraining.text:
        return None
    if not began:
        raise PretrainingError(
            f"the recipe goes on from a language model of {recipe.pretraining.text}, but the log of "
            f"{folder} does not tell of one: run lm with --init-from RUN"
        )
    if wiki is None and not kept:
        raise PretrainingError(
            f"the recipe goes on from a language model of {recipe.pretraining.text}: say with --wiki "
            "RUN which run made it, for its log"
        )
    if wiki is not None and not logs.lines(wiki / "log.jsonl"):
        raise PretrainingError(f"{wiki} holds no log.jsonl, so it is no run of a language model")
    return {**dataclasses.asdict(recipe.pretraining), **counted(wiki)}


def counted(wiki: Path | None) -> dict:
    """Documents and tokens that the run `wiki` learned from; {} where its corpus is not there."""
    if wiki is None or not (wiki / "data" / "documents.json").is_file():
        return {}
    data = wiki / "data"
    documents = json.loads((data / "documents.json").read_text(encoding="utf-8"))
    lengths = np.diff(np.load(data / "offsets.npy"))
    read = [i for i, d in enumerate(documents) if d["split"] in ("train", "unsup")]
    epochs = sum(
        bool(e.get("done")) and str(e.get("stage", "")).startswith("lm")
        for e in map(json.loads, logs.lines(wiki / "log.jsonl"))
    )
    return {"documents": len(read), "tokens": int(lengths[read].sum()) * epochs}
