"""What the Generation tab asks: texts word by word, branches, the next word."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch

from ulmfit_demo import limits, tokens
from ulmfit_demo.inference import devices
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.models.generation import next_logits
from ulmfit_demo.models.sampling import NextWords, Sampling, next_words


@dataclass(frozen=True)
class Drawn:
    """One token of a text that the model wrote."""

    id: int
    token: str
    probability: float  # at temperature 1, before any cut
    rank: int  # 1: no other was more likely
    entropy: float  # bits
    alternatives: tuple[tuple[str, float], ...]  # what else could have come, falling
    chosen: bool = False  # by the visitor, not by the model


@dataclass(frozen=True)
class Text:
    """One continuation of the prompt."""

    number: int  # which text of the seed it is
    drawn: tuple[Drawn, ...] = ()
    ended: bool = False
    branch_of: int | None = None  # place in the list of the text that it left


@dataclass(frozen=True)
class Written:
    """All texts of one visitor after a step, and how they were made. A value: it is never changed."""

    prompt: str
    prompt_ids: tuple[int, ...]
    sampling: Sampling
    n_steps: int
    seed: int
    texts: tuple[Text, ...]
    steps: int = 0  # of the last run
    milliseconds: float = 0.0
    device: str = ""
    precision: str = ""  # in which the last run drew
    prompt_tokens: tuple[str, ...] = ()

    def pieces(self, text: Text) -> tuple[str, list[tokens.Piece]]:
        """The prompt and the words that follow it, written as a person would (`tokens.continued`)."""
        return tokens.continued(self.prompt, self.prompt_tokens, [d.token for d in text.drawn])

    def continuation(self, text: Text) -> str:
        """What follows the prompt, with the space between them where there is one."""
        return "".join(piece.space + piece.text for piece in self.pieces(text)[1])


def write(
    loaded: LoadedModels, prompt: str, sampling: Sampling, n_steps: int, n_texts: int, seed: int
) -> Iterator[Written]:
    """Continue `prompt`, one token at a time; yields after each. Raises `Refused` without a model."""
    prompt = beginning(prompt)
    vocab = loaded.words()
    words = tuple(tokens.fastai_words(prompt).texts)
    ids = tuple(vocab.numericalize(words))
    texts = tuple(Text(i) for i in range(n_texts))
    start = Written(prompt, ids, sampling, n_steps, seed, texts, prompt_tokens=words)
    yield from _go_on(loaded, start, range(n_texts), forced=[], n_steps=n_steps)


def beginning(prompt: str) -> str:
    """`prompt`, or "" where fastai's rules leave no word of it: the text then begins anew."""
    return "" if tokens.is_blank(prompt) else prompt


def branch(
    loaded: LoadedModels, written: Written, text: int, place: int, word: str
) -> Iterator[Written]:
    """Leave `text` before its token `place`, put `word` there, and let the model go on.

    The part before stays as it was. The new text is put beside the others, with the random numbers of
    the text that it left. Raises `Refused` where there is no such token or there are too many texts.
    """
    try:
        old = written.texts[text]
        here = old.drawn[place]
    except IndexError:
        raise limits.Refused(
            "That word is no longer there. Click one of the words again."
        ) from None
    chances = dict(here.alternatives)
    if word not in chances:
        raise limits.Refused("Choose one of the words in the list.")
    if len(written.texts) >= limits.BRANCHES:
        raise limits.Refused(
            f"There are {limits.BRANCHES} texts already. Press Write to begin anew."
        )
    id_ = loaded.words().id_of(word)
    rank = 1 + sum(p > chances[word] for p in chances.values())
    steered = replace(here, id=id_, token=word, probability=chances[word], rank=rank, chosen=True)
    kept = (*old.drawn[:place], steered)
    new = Text(old.number, kept, branch_of=text)
    start = replace(written, texts=(*written.texts, new))
    yield from _go_on(
        loaded,
        start,
        [len(written.texts)],
        forced=[d.id for d in kept],
        n_steps=max(1, written.n_steps - len(kept)),
    )


def _go_on(
    loaded: LoadedModels, written: Written, places: Sequence[int], forced: list[int], n_steps: int
) -> Iterator[Written]:
    vocab = loaded.words()
    texts = list(written.texts)
    yield written
    started, steps = time.perf_counter(), 0
    for i, (step, device) in enumerate(
        devices.generate_on_gpu(
            loaded.model.key,
            list(written.prompt_ids),
            forced,
            written.sampling,
            n_steps,
            len(places),
            texts[places[0]].number,
            written.seed,
        )
    ):
        steps = i + 1
        for row, place in enumerate(places):
            if step.ids[row] is None:
                texts[place] = replace(texts[place], ended=True)
                continue
            drawn = Drawn(
                step.ids[row],
                vocab.words[step.ids[row]],
                step.probabilities[row],
                step.ranks[row],
                step.entropies[row],
                tuple((vocab.words[j], p) for j, p in step.alternatives[row]),
            )
            texts[place] = replace(texts[place], drawn=(*texts[place].drawn, drawn))
        written = replace(
            written,
            texts=tuple(texts),
            steps=steps,
            milliseconds=1_000 * (time.perf_counter() - started),
            device=device,
            precision=step.precision,
        )
        yield written
    if steps < n_steps:  # every text came to its end
        for place in places:
            texts[place] = replace(texts[place], ended=True)
        yield replace(written, texts=tuple(texts))


@dataclass(frozen=True)
class Next:
    """The next word's distribution at several temperatures, from the same logits."""

    before: str  # the text that it follows
    drawn: str | None
    alternatives: tuple[tuple[str, float], ...]  # to the drawn word, at temperature 1
    distributions: tuple[NextWords, ...]
    vocab: tuple[str, ...]
    milliseconds: float


def next_word(
    loaded: LoadedModels,
    written: Written | None,
    prompt: str,
    text: int | None,
    place: int,
    sampling: Sampling,
    temperatures: Sequence[float],
) -> Next:
    """What could follow: after the prompt, or at token `place` of a text that was written."""
    vocab = loaded.words()
    drawn, precision = None, ""
    kept: tuple[Drawn, ...] = ()
    before = prompt
    if written is not None and text is not None and text < len(written.texts):
        ids = list(written.prompt_ids)
        tokens_ = written.texts[text].drawn
        kept = tokens_[:place]
        drawn = tokens_[place] if place < len(tokens_) else None
        precision = written.precision
        start, pieces = written.pieces(Text(0, kept))
        before = start + "".join(piece.space + piece.text for piece in pieces)
    else:
        before = beginning(prompt)
        ids = loaded.numericalize(before)
    started = time.perf_counter()
    logits = last_logits(loaded, ids, [d.id for d in kept], precision)
    seen = None
    if sampling.repetition_penalty != 1:
        seen = torch.zeros(len(logits), dtype=torch.bool)
        seen[list({*ids, *(d.id for d in kept)})] = True
    distributions = next_words(
        logits,
        temperatures,
        sampling,
        n=limits.ALTERNATIVES,
        drawn=drawn.id if drawn else None,
        banned=devices.never_drawn(loaded.model.vocab),
        seen=seen,
    )
    return Next(
        before.strip(),
        drawn.token if drawn else None,
        drawn.alternatives if drawn else (),
        tuple(distributions),
        vocab.words,
        1_000 * (time.perf_counter() - started),
    )


@devices.retry_on_cpu
def last_logits(
    loaded: LoadedModels, prompt: Sequence[int], drawn: Sequence[int] = (), precision: str = ""
) -> torch.Tensor:
    """Logits of the token after `prompt` and `drawn`: [vocab_sz], on the CPU.

    They come the way they came when the token was drawn, in `precision`; "" is that of the next text.
    """
    models, _ = devices.live_models(loaded.model.key)
    wanted = precision or devices.WRITES_IN
    logits, _ = next_logits(models.lm, prompt, drawn, precision=wanted)
    return logits[0].float().cpu()
