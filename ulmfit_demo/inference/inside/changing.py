"""The smallest change that flips a verdict: leave words out, or put others in their place.

Words are ranked by the gradient, and the first of them by leaving each out. For the strongest, the
language model's own suggestions are read in their place as whole texts; then two and three of the best
changes together. Counterfactuals as of MiCE's minimal edits (Ross, Marasović, Peters 2021), here by
search alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from ulmfit_demo import limits
from ulmfit_demo.inference import devices, sentiment
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.models.attribution import first_order
from ulmfit_demo.models.classification import classify

MOST = 3  # words changed
LEFT_OUT = 16  # words that are left out, by the gradient
STRONGEST = 8  # of them, in whose place others are tried
SUGGESTED = 4  # words tried in the place of each
AT_ONCE = 20  # texts read between two looks at the clock
CONSIDERED, FOLLOWING = 12, 3  # of `sentiment.suggest`: an eighth of the work of What-if


@dataclass(frozen=True)
class Edit:
    """One word of the review left out, or another in its place."""

    word: sentiment.Word
    other: str  # "" for left out
    positive: float  # of the review with this change alone


@dataclass(frozen=True)
class Stage:
    """The review with the first changes of the path made."""

    text: str
    positive: float
    edit: Edit


@dataclass(frozen=True)
class Search:
    """How far the search has come; the last one of a search is done."""

    text: str
    positive: float  # of the review as it stands
    path: tuple[Stage, ...]  # the changes, one after another; empty where none flips the verdict
    nearest: float  # the probability furthest towards the other side so far
    n_read: int  # changed reviews read
    n_changed: int  # words changed at once now
    done: bool
    timed_out: bool
    milliseconds: float

    @property
    def found(self) -> bool:
        """Does the path end on the other side?"""
        return bool(self.path)


class _OutOfTime(Exception):
    """The search has used its seconds."""


def smallest_change(loaded: LoadedModels, text: str) -> Iterator[Search]:
    """Search for the fewest changed words (up to `MOST`) after which the verdict is the other one.

    Yields after every batch, so that it can be stopped; ends after `limits.CHANGE_SECONDS`. No step for
    a text without any word. Fewest: fewer words are tried first, though not all of them (see above), so
    a smaller change may exist that the search does not see.
    """
    verdict, kept = sentiment.read(loaded, text)
    if verdict is None:
        return
    if verdict.n_tokens > limits.CHANGE_TOKENS:
        raise limits.Refused(
            f"The review has {verdict.n_tokens:,} tokens; changes are searched in up to "
            f"{limits.CHANGE_TOKENS:,}. Shorten it; nothing was lost."
        )
    yield from _Searching(loaded, text, verdict, list(kept.ids)).steps()


class _Searching:
    """One search. What it finds belongs to one request."""

    def __init__(self, loaded: LoadedModels, text: str, verdict: sentiment.Verdict, ids: list[int]):
        self.loaded, self.text, self.verdict, self.ids = loaded, text, verdict, ids
        self.started = time.perf_counter()
        self.was_positive = verdict.positive >= 0.5
        self.nearest, self.n_read, self.n_changed = verdict.positive, 0, 1
        self.models, _ = devices.live_models(loaded.model.key)
        self.column = self.models.config["classes"].index("pos")

    def steps(self) -> Iterator[Search]:
        edits: list[Edit] = []
        try:
            yield self._now(())
            left_out = self._by_gradient()
            read = self._read([sentiment.cut(self.text, word, "") for word in left_out])
            edits += [Edit(w, "", p) for w, p in zip(left_out, read, strict=True)]
            edits.sort(key=lambda e: self._toward(e.positive), reverse=True)
            yield self._now(())
            strongest = [edit.word for edit in edits[:STRONGEST]]
            tried = [(word, other) for word in strongest for other in self._suggestions(word)]
            for start in range(0, len(tried), AT_ONCE):
                part = tried[start : start + AT_ONCE]
                read = self._read([sentiment.cut(self.text, word, other) for word, other in part])
                edits += [Edit(w, other, p) for (w, other), p in zip(part, read, strict=True)]
                yield self._now(())
            edits.sort(key=lambda e: self._toward(e.positive), reverse=True)
            best: dict[int, Edit] = {}
            for edit in edits:
                best.setdefault(edit.word.first, edit)
            if edits and self._flips(edits[0].positive):
                yield self._now((edits[0],), done=True)
                return
            for self.n_changed in range(2, MOST + 1):
                groups = sorted(
                    combinations(list(best.values())[:STRONGEST], self.n_changed),
                    key=lambda group: sum(self._toward(e.positive) for e in group),
                    reverse=True,
                )
                for start in range(0, len(groups), AT_ONCE):
                    some = groups[start : start + AT_ONCE]
                    found = self._read([self._with(group) for group in some])
                    flipped = [g for g, p in zip(some, found, strict=True) if self._flips(p)]
                    if flipped:
                        yield self._now(flipped[0], done=True)
                        return
                    yield self._now(())
            yield self._now((), done=True)
        except _OutOfTime:
            best_so_far = max(edits, key=lambda e: self._toward(e.positive), default=None)
            if best_so_far is not None and self._flips(best_so_far.positive):
                yield self._now((best_so_far,), done=True)
            else:
                yield self._now((), done=True, timed_out=True)

    def _toward(self, positive: float) -> float:
        """How far a probability lies on the other side."""
        return -positive if self.was_positive else positive

    def _flips(self, positive: float) -> bool:
        return (positive >= 0.5) != self.was_positive

    def _by_gradient(self) -> list[sentiment.Word]:
        """Words that speak most for the verdict, by the gradient."""
        scores = first_order(self.models.classifier, self.ids, self.column)
        weights = {
            w: sum(scores[w.first : w.last + 1]) * (1 if self.was_positive else -1)
            for w in self.verdict.words
            if w.text and any(c.isalnum() for c in w.text)
        }
        return sorted(weights, key=weights.__getitem__, reverse=True)[:LEFT_OUT]

    def _suggestions(self, word: sentiment.Word) -> list[str]:
        self._watch_the_clock()
        found = sentiment.suggest(self.loaded, self.ids, word, CONSIDERED, FOLLOWING)
        return found[:SUGGESTED]

    def _with(self, group: Sequence[Edit]) -> str:
        """The review with these changes, from its end, so that places before stay as they are."""
        text = self.text
        for edit in sorted(group, key=lambda e: e.word.start, reverse=True):
            text = sentiment.cut(text, edit.word, edit.other)
        return text

    def _watch_the_clock(self) -> None:
        if time.perf_counter() - self.started > limits.CHANGE_SECONDS:
            raise _OutOfTime

    @devices.retry_on_cpu
    def _read(self, texts: Sequence[str]) -> list[float]:
        """Probability of positive of each text. Raises `_OutOfTime` before it begins too late."""
        self._watch_the_clock()
        documents = [self.loaded.numericalize(t) for t in texts]
        # read as the verdict is: else a text would seem to flip by the rounding
        found = classify(self.models.classifier, documents, job="read")[:, self.column].tolist()
        self.n_read += len(found)
        self.nearest = max([self.nearest, *found], key=self._toward)
        return found

    def _now(self, group: Sequence[Edit], done: bool = False, timed_out: bool = False) -> Search:
        path = []
        order = sorted(group, key=lambda e: self._toward(e.positive), reverse=True)
        for n in range(1, len(order) + 1):
            text = self._with(order[:n])
            verdict, _ = sentiment.read(self.loaded, text)
            path.append(Stage(text, verdict.positive if verdict else 0.5, order[n - 1]))
        return Search(
            self.text,
            self.verdict.positive,
            tuple(path),
            self.nearest,
            self.n_read,
            self.n_changed,
            done,
            timed_out,
            1_000 * (time.perf_counter() - self.started),
        )
