"""The pipeline's teaching: a classifier of anyone's own labels on the encoder of the bundle."""

from __future__ import annotations

from collections.abc import Sequence

from ulmfit_demo import limits
from ulmfit_demo.pipeline.base import Base, given
from ulmfit_demo.pipeline.results import teaching as results
from ulmfit_demo.teach import learn, task, validation
from ulmfit_demo.teach import taught as taughts
from ulmfit_demo.teach.features import ENCODERS

ONE_CLASS = "All labels are “{}”. To tell apart it takes two different ones."


class Teaching(Base):
    """What is learned from a few labelled texts. Nothing of it is kept here."""

    def fit(
        self, texts: Sequence[str], labels: Sequence[str], encoder: str = "lm"
    ) -> taughts.Taught:
        """Teach a classifier: `taught = m.fit(texts, labels)`, then `taught("a text")`.

        Args:
            texts: what to learn from; the first 200 tokens of each are read
            labels: the name of each text's label; two to eight different ones, capitals aside
            encoder: lm, the language model, or classifier, which has learned sentiment
        """
        lesson, learned = self._taught(texts, labels, encoder)
        names = lesson.task.names
        return taughts.Taught(self.loaded, names, learned.head, lesson.kind, len(lesson.task.lines))

    def fit_and_judge(
        self, texts: list[str], labels: list[str], judge: list[str], encoder: str = "lm"
    ) -> results.TaughtVerdicts:
        """Teach a classifier with labelled texts and judge other texts with it; nothing is kept.

        Args:
            texts: what to learn from, up to 2,000; the first 200 tokens of each are read
            labels: the name of each text's label; two to eight different ones, capitals aside
            judge: texts to judge, up to 2,000; the first 200 tokens of each are read
            encoder: lm, the language model, or classifier, which has learned sentiment
        """
        others = [given(t) for t in limits.several(judge, "The texts to judge")]
        lesson, learned = self._taught(texts, labels, encoder)
        names = lesson.task.names
        found = validation.cross_validate(
            lesson.features, learned.labels, len(names), lesson.norm, limits.VALIDATION_SECONDS
        )
        taught = taughts.Taught(
            self.loaded, names, learned.head, lesson.kind, len(lesson.task.lines)
        )
        return {
            "labels": list(names),
            "n": len(lesson.task.lines),
            "validated": found.n if found else 0,
            "accuracy": found.accuracy if found else None,
            "plus_minus": found.plus_minus if found else None,
            "confusion": found.confusion.tolist() if found else None,
            "verdicts": taught.judge(others),
        }

    def _taught(self, texts: object, labels: object, encoder: object):
        kind = limits.choice(encoder, ENCODERS, "The encoder")
        lines = [given(t) for t in limits.several(texts, "The texts")]
        names = [given(t).strip() for t in limits.several(labels, "The labels")]
        if len(lines) != len(names):
            raise limits.Refused(f"There are {len(lines):,} texts and {len(names):,} labels.")
        for number, (line, name) in enumerate(zip(lines, names, strict=True), 1):
            if not name:
                raise limits.Refused(f"Label {number:,} is empty.")
            if not line.strip():
                raise limits.Refused(f"Text {number:,} is empty.")
        if len({name.casefold() for name in names}) == 1:
            raise limits.Refused(ONE_CLASS.format(names[0][:40]))
        lesson = learn.begin(self.loaded, task.task_of(list(zip(names, lines, strict=True))), kind)
        return lesson, learn.learn(lesson)
