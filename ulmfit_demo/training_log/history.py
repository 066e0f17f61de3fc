"""How a bundle was trained, read from its own files, and the notebook's tables beside it. Draws nothing.

Of the bundle: `training.jsonl` (the log), `config.json` (the recipe), `metrics.json`, and where they are
there `labels.json` and `baselines.json`. A missing file leaves its part empty. The only figures that are
not measured here are the notebook's, in `lessons/notebook_training.json`, with their cells.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from fastai.text.models.awdlstm import awd_lstm_clas_config

from ulmfit_demo.lessons import FOLDER
from ulmfit_demo.models.bundle import Bundle
from ulmfit_demo.training_log import few_labels
from ulmfit_demo.training_log.few_labels import LabelPoint
from ulmfit_demo.training_log.log import Epoch, Phase, Stage, read_lines, read_log

log = logging.getLogger("ulmfit_demo")
PHASES = ("wiki", "lm", "classifier", "student")  # names of the stages in the log
TURNED = "_backwards"  # added to them where reviews were read from their end
NO_LOG = Phase()
SLICE_POWER = 4  # slice(lr/2.6**4, lr): four steps of 2.6 between five layer groups


@dataclass(frozen=True)
class Baseline:
    name: str
    heldout: float | None
    test: float | None


@dataclass(frozen=True)
class Notebook:
    """What the study notebook printed."""

    lm: Phase
    classifier: Phase
    paper: dict


@dataclass(frozen=True)
class History:
    name: str
    config: dict
    lm: Phase
    classifier: Phase
    metrics: dict
    notebook: Notebook
    student: Phase = NO_LOG  # the classifier trained on, with reviews that a teacher labelled
    loaded: bool = False  # fastai's weights of Wikipedia were loaded first
    wiki: Phase = NO_LOG  # the language model that this one began with
    lm_backwards: Phase = NO_LOG  # the twin, of reviews read from their end
    classifier_backwards: Phase = NO_LOG
    student_backwards: Phase = NO_LOG
    labels: tuple[LabelPoint, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    wrong: tuple[dict, ...] = ()  # file, label, positive, and our paraphrase or ""

    def recipe(self, part: str) -> dict:
        """The settings of a section of the recipe; {} where the bundle does not tell them."""
        return self.config.get("recipe", {}).get(part, {})

    @property
    def wikipedia(self) -> bool:
        """Whether the language model began with one that had read Wikipedia."""
        return self.loaded or bool(self.wiki.stages)

    @property
    def source(self) -> str:
        """An earlier language model that this one began with, where the log does not hold it."""
        return "" if self.wiki.stages else self.lm.source

    @property
    def pretraining(self) -> dict:
        """What that model had read: text, documents, tokens, licence, source; {} where nobody says."""
        return self.config.get("pretraining", {})

    @property
    def matched(self) -> tuple[int, int] | None:
        """Words of the reviews that had a row in the model before, and those that got the mean row.

        None where the two vocabularies are the same, or the log does not say.
        """
        if not self.lm.new_words:
            return None
        return self.config["vocab_sz"] - self.lm.new_words, self.lm.new_words

    @property
    def whole_classifier(self) -> Phase:
        """The classifier's stages and its student's, one after another."""
        return replace(
            self.classifier,
            stages=self.classifier.stages + self.student.stages,
            seconds=self.classifier.seconds + self.student.seconds,
        )

    @property
    def tokens_read(self) -> int:
        """By the language model while it trained: mini-batches × rows × columns."""
        recipe = self.recipe("lm")
        cells = recipe.get("bs", 0) * recipe.get("seq_len", 0)
        return sum(s.batches for s in self.lm.stages) * cells

    def as_dict(self) -> dict:
        """Plain numbers, for the API; the log's lines inside the epochs included."""
        return {
            "name": self.name,
            "wikipedia": self.wikipedia,
            "pretraining": self.pretraining,
            "source": self.source,
            "tokens_read": self.tokens_read,
            "wiki": asdict(self.wiki),
            "language_model": asdict(self.lm),
            "classifier": asdict(self.classifier),
            "student": asdict(self.student),
            "language_model_backwards": asdict(self.lm_backwards),
            "classifier_backwards": asdict(self.classifier_backwards),
            "student_backwards": asdict(self.student_backwards),
            "labels": [asdict(p) for p in self.labels],
            "baselines": [asdict(b) for b in self.baselines],
            "metrics": self.metrics,
            "notebook": asdict(self.notebook),
        }


def load(bundle: Bundle) -> History:
    """The history of `bundle`. A file that cannot be read is logged and left out."""
    events = read_lines(bundle.folder / "training.jsonl")
    names = (*PHASES, *(f"{name}{TURNED}" for name in PHASES[1:]))
    phases = {name: read_log(events, name) for name in names}
    sizes = {"lm": bundle.lm, "classifier": bundle.classifier}
    for name, model in sizes.items():
        parameters = sum(p.numel() for p in model.parameters())
        phases[name] = replace(phases[name], parameters=parameters)
    loaded = [e.get("loaded", True) for e in events if e.get("event") == "pretrained"]
    told = json.loads((FOLDER / "wrong_reviews.json").read_text(encoding="utf-8"))
    wrong = bundle.metrics.get("mistakes", {}).get("reviews", ())
    return History(
        name=bundle.name,
        config=bundle.config,
        metrics=bundle.metrics,
        notebook=notebook(),
        loaded=any(loaded),
        labels=few_labels.points(_json(bundle.folder / "labels.json", [])),
        baselines=_baselines(_json(bundle.folder / "baselines.json", {})),
        wrong=tuple({**w, "told": told.get(w["file"], "")} for w in wrong),
        **phases,
    )


def notebook() -> Notebook:
    """The notebook's two trainings, with the rates that its `slice`s give every layer group."""
    told = json.loads((FOLDER / "notebook_training.json").read_text(encoding="utf-8"))
    n_layers = awd_lstm_clas_config["n_layers"]

    def phase(stages: list[dict], groups: int) -> Phase:
        return Phase(
            tuple(
                Stage(
                    groups=s["groups"],
                    rates=slice_rates(s["lr"], s["factor"], groups),
                    epochs=tuple(
                        Epoch(e["train_loss"], e["valid_loss"], e["accuracy"], e.get("perplexity"))
                        for e in s["epochs"]
                    ),
                    cell=s["cell"],
                )
                for s in stages
            ),
            seconds=sum(_seconds(e["time"]) for s in stages for e in s["epochs"]),
        )

    # `awd_lstm_lm_split`: each LSTM, then embedding and decoder; `awd_lstm_clas_split`: embedding, each
    # LSTM, head
    lm = phase(told["language_model"], n_layers + 1)
    return Notebook(lm, phase(told["classifier"], n_layers + 2), told["paper"])


def slice_rates(lr: float, factor: float, n: int) -> tuple[float, ...]:
    """What `slice(lr/factor**4, lr)` gives `n` layer groups: even multiples, the lowest layer first.

    Source: fastai's `even_mults`. A factor of 1 is the plain number `lr`: the same rate for all.
    """
    if n == 1:
        return (lr,)
    step = factor ** (SLICE_POWER / (n - 1))
    return tuple(lr / step ** (n - 1 - i) for i in range(n))


def trained(stage: Stage) -> tuple[bool, ...]:
    """Which layer groups a stage changed, lowest first."""
    n = len(stage.rates)
    first = n - stage.groups if stage.groups else 0
    return tuple(i >= first for i in range(n))


def _seconds(time: str) -> int:
    minutes, seconds = time.split(":")
    return 60 * int(minutes) + int(seconds)


def _json(path: Path, otherwise):
    if not path.is_file():
        return otherwise
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as e:
        log.warning("%s cannot be read: %s", path, e)
        return otherwise


def _baselines(told: dict) -> tuple[Baseline, ...]:
    return tuple(
        Baseline(name, m["accuracy"].get("heldout"), m["accuracy"].get("test"))
        for name, m in told.get("models", {}).items()
    )
