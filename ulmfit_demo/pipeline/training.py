"""The pipeline's trainings: subword vocabularies and small models of one's own text; the shipped log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property

from sentencepiece import SentencePieceProcessor

from ulmfit_demo import limits
from ulmfit_demo.pipeline.base import Base, given
from ulmfit_demo.pipeline.results import training as results
from ulmfit_demo.pipeline.results.as_json import to_json
from ulmfit_demo.pipeline.results.tokenizing import PieceScore
from ulmfit_demo.resources import assets
from ulmfit_demo.tokens import subword_pieces
from ulmfit_demo.training_log import history
from ulmfit_demo.workers.live_training import corpus
from ulmfit_demo.workers.live_training.request import SIZES, Budget, request
from ulmfit_demo.workers.live_training.run import Run
from ulmfit_demo.workers.live_training.supervisor import Waiting
from ulmfit_demo.workers.subword_training import training

KINDS = ("unigram", "bpe")
SOURCES = ("ours", "own")
SUBWORDS = training.Budget(
    cpu_seconds=limits.TRAIN_CPU_SECONDS,
    seconds=limits.TRAIN_SECONDS,
    memory=limits.TRAIN_MEMORY,
    largest=limits.TRAIN_PIECES,
)
LIVE = Budget(limits.LIVE_CPU_SECONDS, limits.LIVE_SECONDS, limits.LIVE_MEMORY)


class Training(Base):
    """What is trained in a child process, within limits of time and memory, and what was trained."""

    def legal_sizes(self, text: str, kind: str = "unigram") -> Iterator[results.LegalSizes]:
        """The vocabulary sizes that SentencePiece can train on a text.

        Args:
            text: what to learn from, up to 2 MB
            kind: how pieces are learned, unigram or bpe
        """
        text, kind = limits.text_to_learn_from(text), limits.choice(kind, KINDS, "The kind")
        for step in training.legal_sizes(text, kind, SUBWORDS):
            if isinstance(step, training.Sizes):
                yield {
                    "stage": "done",
                    "share": 1.0,
                    "low": step.low,
                    "high": step.high,
                    "capped": step.capped,
                }
            else:
                yield {
                    "stage": step.stage,
                    "share": step.share,
                    "low": None,
                    "high": None,
                    "capped": None,
                }

    def train_vocabulary(
        self, text: str, kind: str = "unigram", size: int = 150, sample: str = ""
    ) -> Iterator[results.TrainedVocabulary]:
        """Train a SentencePiece model on a text: progress, then its pieces.

        Args:
            text: what to learn from, up to 2 MB
            kind: how pieces are learned, unigram or bpe
            size: pieces of the vocabulary
            sample: a text that is cut into the new pieces
        """
        text, kind = limits.text_to_learn_from(text), limits.choice(kind, KINDS, "The kind")
        size = limits.whole(size, (1, 10**6), "The vocabulary size")
        sample = limits.text(sample, limits.TRAIN_SAMPLE)
        for step in training.train(text, size, kind, SUBWORDS):
            if isinstance(step, training.Trained):
                yield _trained(step, given(sample))
            else:
                yield {"stage": step.stage, "share": step.share, "pieces": None, "sample": None}

    def train_live(
        self,
        source: str = "ours",
        own: str = "",
        prompt: str = limits.LIVE_FIRST_PROMPT,
        epochs: int = 12,
        size: str = "medium",
    ) -> Iterator[results.LiveTraining]:
        """Train a tiny language model from random weights; its loss and its lines as they come.

        Args:
            source: `ours` for the text that ships, `own` for the next argument
            own: a text of 2,000 to 50,000 characters; each line (or sentence) is a text of its own
            prompt: how the lines begin that it writes after each epoch
            epochs: how often it reads the text: 6, 12 or 24
            size: `small` or `medium`
        """
        ours = limits.choice(source, SOURCES, "The text") == "ours"
        shape = SIZES[limits.choice(size, SIZES, "The model")]
        epochs = limits.choice(epochs, limits.LIVE_EPOCHS, "The number of epochs")
        prompt = limits.text(prompt, limits.LIVE_PROMPT)
        texts = corpus.opinions(assets()) if ours else own_documents(own)
        steps = self.loaded.supervisor.train(request(texts, epochs, shape, prompt, LIVE))
        run = Run()
        try:
            for step in steps:
                if isinstance(step, Waiting):
                    yield _live(run, step.before)
                    continue
                fresh = run.take(step)
                if fresh or step["event"] in ("ready", "done", "ended"):
                    yield _live(run)
        finally:
            steps.close()  # ends the process where nobody listens any more

    def training(self) -> results.History:
        """How the shipped model was trained: every figure of its log, and the study notebook's."""
        return self._history

    @cached_property
    def _history(self) -> results.History:
        # through JSON: tuples become the lists that every other door gives
        return json.loads(to_json(history.load(self.bundle).as_dict()))


def own_documents(own: object) -> list[str]:
    """A visitor's text as documents to train on. Raises `Refused` or `TextError`."""
    own = limits.text(own, limits.LIVE_TEXT)
    if len(own.strip()) < limits.LIVE_LEAST:
        raise limits.Refused(
            f"Your text has {len(own.strip()):,} characters. From fewer than "
            f"{limits.LIVE_LEAST:,} there is little to learn; paste more."
        )
    return corpus.documents(own)[0]


def _trained(step: training.Trained, sample: str) -> results.TrainedVocabulary:
    processor = SentencePieceProcessor(model_proto=step.model)
    first = len(training.SPECIALS) + 1  # after the special tokens and <unk>
    pieces: list[PieceScore] = [
        {"piece": processor.id_to_piece(i), "score": processor.get_score(i)}
        for i in range(first, len(processor))
    ]
    pieces.sort(key=lambda p: -p["score"])
    cut = subword_pieces(processor, sample, step.type)
    return {"stage": "done", "share": 1.0, "pieces": pieces, "sample": cut.texts}


def _live(run: Run, before: int = 0) -> results.LiveTraining:
    return {
        "stage": "waiting" if before else run.stage,
        "why": run.why or None,
        "before": before,
        "step": run.step,
        "tokens_per_second": run.tokens_per_second,
        "losses": [{"step": step, "loss": loss} for step, loss in run.points],
        "epochs": [
            {
                "epoch": e.number,
                "step": e.step,
                "held_out": e.held_out,
                "training": e.training,
                "lines": [
                    {"text": line.text, "copied": line.copied, "ended": line.ended}
                    for line in e.lines
                ],
            }
            for e in run.epochs
        ],
    }
