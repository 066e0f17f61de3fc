"""Stage `unpack`: the models of a bundle → a run folder to go on from. Trains nothing.

A bundle's embedding and LSTM are fp16: what goes on from them is not bit for bit what would have gone
on from the run that made them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from fastai.text.models.awdlstm import AWD_LSTM, awd_lstm_clas_config
from fastai.text.models.core import get_text_classifier
from torch import nn

from train.checkpoint import save_atomically
from train.data import Corpus
from train.errors import StageError
from train.export import SHOWN
from train.language_model import save_result
from train.logs import BACKWARDS, lines, parted
from train.recipe import LanguageModel
from train.state_dicts import fastai_lm, fill_fastai_classifier
from ulmfit_demo.models import bundle
from ulmfit_demo.models.awd_lstm import Classifier


class UnpackError(StageError):
    """The bundle does not fit the run, or the run has a language model already."""


def unpack(source: Path, corpus: Corpus, settings: LanguageModel, folder: Path) -> None:
    """Write what the run that made the bundle `source` had left into the run `folder`.

    `lm.pth`, `models/finetuned.pth`, `classifier.pth` (`student.pth` where the classifier is a student),
    `backwards/classifier.pth`, its log and curves, and `lm-N.pth` for each earlier state of the language
    model (for `export --snapshot`), with `lm-N.vocab.json` where it has words of its own.

    Raises UnpackError where words or sizes differ or the run has a model, `BundleError` where `source`
    is no bundle.
    """
    for name in ("lm.pth", "classifier.pth", "student.pth", "log.jsonl"):
        if (folder / name).is_file():
            raise UnpackError(
                f"{folder / name} is there already: give another --run, or move it away"
            )
    loaded = bundle.load(source)
    odd = [k for k in ("emb_sz", "n_hid", "n_layers") if loaded.config[k] != getattr(settings, k)]
    if odd:
        raise UnpackError(f"{source} has another {odd[0]} than the recipe: {loaded.config[odd[0]]}")
    if loaded.vocab != corpus.vocab:
        raise UnpackError(
            f"{source} has {len(loaded.vocab):,} words, the run's data {len(corpus.vocab):,}, and they "
            "differ: use the recipe and the corpus that made it"
        )
    own, turned = parted(lines(source / "training.jsonl"))
    for place, log in ((folder, own), (folder / BACKWARDS, turned)):
        if log:
            place.mkdir(exist_ok=True)
            text = "".join(f"{line}\n" for line in log)
            (place / "log.jsonl").write_text(text, encoding="utf-8")
    for name in SHOWN:
        if (source / name).is_file():
            shutil.copy(source / name, folder / name)
    for i, snapshot in enumerate(loaded.snapshots):
        save_atomically(fastai_lm(snapshot.model.state_dict()), folder / f"lm-{i}.pth")
        if snapshot.vocab_path is not None:
            shutil.copy(snapshot.vocab_path, folder / f"lm-{i}.vocab.json")
    student = loaded.config.get("recipe", {}).get("student", {}).get("unlabelled")
    name = "student.pth" if student else "classifier.pth"
    save_atomically(fastai_classifier(loaded, loaded.classifier).state_dict(), folder / name)
    if loaded.classifier_backwards is not None:
        (folder / BACKWARDS).mkdir(exist_ok=True)
        state = fastai_classifier(loaded, loaded.classifier_backwards).state_dict()
        save_atomically(state, folder / BACKWARDS / name)
    save_result(fastai_lm(loaded.lm.state_dict()), folder)  # last: its file says that all is there


def fastai_classifier(loaded: bundle.Bundle, classifier: Classifier) -> nn.Module:
    """fastai's `get_text_classifier` with the weights of `classifier`, one of the bundle's."""
    head = loaded.config["classifier"]
    sizes = {k: loaded.config[k] for k in ("emb_sz", "n_hid", "n_layers")}
    model = get_text_classifier(
        AWD_LSTM,
        len(loaded.vocab),
        len(loaded.config["classes"]),
        seq_len=head["bptt"],
        config={**awd_lstm_clas_config, **sizes},
        lin_ftrs=[head["lin_ftrs"]],
        max_len=head["max_len"],
    )
    fill_fastai_classifier(model, classifier.state_dict())
    return model
