"""How a bundle was trained, read from its own files, and the notebook's tables beside it. Draws nothing.

Of the bundle: `training.jsonl` (the log), `config.json` (the recipe), `metrics.json`, and where they are
there `labels.json` and `baselines.json`. A missing file leaves its part empty. The only figures that are
not measured here are the notebook's, in `lessons/notebook_training.json`, with their cells.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from fastai.text.models.awdlstm import awd_lstm_clas_config

from ulmfit_demo.lessons import FOLDER
from ulmfit_demo.models.bundle import Bundle
from ulmfit_demo.services import few_labels
from ulmfit_demo.services.few_labels import LabelPoint

log = logging.getLogger("ulmfit_demo")
SLICE_POWER = 4  # slice(lr/2.6**4, lr): four steps of 2.6 between five layer groups


@dataclass(frozen=True)
class Step:
    """One line of the log inside an epoch."""

    batch: int  # mini-batches since the stage began
    loss: float  # mean over the batches since the line before, nats
    lr: float  # of the last layer group
    mom: float


@dataclass(frozen=True)
class Epoch:
    train_loss: float
    valid_loss: float
    accuracy: float
    perplexity: float | None = None


@dataclass(frozen=True)
class Stage:
    """A stretch with the same layers trained; `groups`: how many from the top, 0 is all of them."""

    groups: int = 0
    rates: tuple[float, ...] = ()  # one a layer group, lowest layer first
    batches: int = 0  # mini-batches in all
    steps: tuple[Step, ...] = ()
    epochs: tuple[Epoch, ...] = ()
    cell: int | None = None  # of the notebook
    taught: bool = False  # a student's: it learned from a teacher's labels too


@dataclass(frozen=True)
class Phase:
    """The training of the language model, of the classifier or of its student."""

    stages: tuple[Stage, ...] = ()
    seconds: float = 0.0  # at work, with validation; pauses left out
    batches: int = 0  # of one epoch
    precision: str = ""
    parameters: int = 0

    @property
    def epochs(self) -> tuple[Epoch, ...]:
        return tuple(e for s in self.stages for e in s.epochs)


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
    student: Phase = Phase()  # the classifier trained on, with reviews that a teacher labelled
    wikipedia: bool = False  # weights of Wikipedia were loaded first
    source: str = ""  # the run whose language model this one began with
    labels: tuple[LabelPoint, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    wrong: tuple[dict, ...] = ()  # file, label, positive, and our paraphrase or ""

    def recipe(self, part: str) -> dict:
        """The settings of a section of the recipe; {} where the bundle does not tell them."""
        return self.config.get("recipe", {}).get(part, {})

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
            "source": self.source,
            "tokens_read": self.tokens_read,
            "language_model": asdict(self.lm),
            "classifier": asdict(self.classifier),
            "student": asdict(self.student),
            "labels": [asdict(p) for p in self.labels],
            "baselines": [asdict(b) for b in self.baselines],
            "metrics": self.metrics,
            "notebook": asdict(self.notebook),
        }


def load(bundle: Bundle) -> History:
    """The history of `bundle`. A file that cannot be read is logged and left out."""
    events = _lines(bundle.folder / "training.jsonl")
    phases = {name: read_log(events, name) for name in ("lm", "classifier", "student")}
    sizes = {"lm": bundle.lm, "classifier": bundle.classifier}
    for name, model in sizes.items():
        parameters = sum(p.numel() for p in model.parameters())
        phases[name] = replace(phases[name], parameters=parameters)
    source = [e.get("source", "") for e in events if e.get("event") == "init"]
    told = json.loads((FOLDER / "wrong_reviews.json").read_text(encoding="utf-8"))
    wrong = bundle.metrics.get("mistakes", {}).get("reviews", ())
    return History(
        name=bundle.name,
        config=bundle.config,
        metrics=bundle.metrics,
        notebook=notebook(),
        wikipedia=any(e.get("event") == "pretrained" for e in events),
        source=Path(source[-1]).name if source else "",
        labels=few_labels.points(_json(bundle.folder / "labels.json", [])),
        baselines=_baselines(_json(bundle.folder / "baselines.json", {})),
        wrong=tuple({**w, "told": told.get(w["file"], "")} for w in wrong),
        **phases,
    )


def read_log(events: Iterable[dict], phase: str) -> Phase:
    """The lines of `phase` ("lm", "classifier" or "student"), in their order → what was trained.

    A "start" begins anew; after a "resume" the batches that are done again replace those of before.
    """
    stages: dict[str, dict] = {}
    seconds, before, batches, precision = 0.0, None, 0, ""
    for e in events:
        title = str(e.get("stage", ""))
        if title.split(" ")[0] != phase:
            continue
        event = e.get("event")
        if event == "start":
            stages, seconds = {}, 0.0
        if event in ("start", "resume"):
            batches, precision = e.get("batches", 0), e.get("precision", "")
        elif before is not None:
            seconds += max(0.0, e["time"] - before)
        before = e["time"]
        if event == "stage":
            stage = stages.setdefault(title, _new_stage())
            stage.update(groups=e["groups"], rates=tuple(e["rates"]))
        elif "lr" in e:
            stage = stages.setdefault(title, _new_stage())
            kept = [s for s in stage["steps"] if s.batch < e["batch"]]
            stage["steps"] = [*kept, Step(e["batch"], e["train_loss"], e["lr"], e["mom"])]
            stage["batches"] = e["of"]
        elif e.get("done"):
            stage = stages.setdefault(title, _new_stage())
            names = ("train_loss", "valid_loss", "accuracy")
            epoch = Epoch(*(e[n] for n in names), e.get("perplexity"))
            stage["epochs"] = [*stage["epochs"][: e["epoch"]], epoch]
    found = tuple(
        Stage(
            s["groups"],
            s["rates"],
            s["batches"],
            tuple(s["steps"]),
            tuple(s["epochs"]),
            taught=phase == "student",
        )
        for s in stages.values()
    )
    return Phase(found, seconds, batches, precision)


def _new_stage() -> dict:
    return {"groups": 0, "rates": (), "batches": 0, "steps": [], "epochs": []}


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


def _lines(path: Path) -> list[dict]:
    """The log; a line that is cut off is left out."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return []
    found = []
    for line in text.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            log.warning("%s has a line that is no JSON", path)
    return [e for e in found if isinstance(e, dict) and "time" in e]


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
