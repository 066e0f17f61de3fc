"""Which lines of fastai and torch give what the two model tabs show. Runs none of them."""

from __future__ import annotations

from ulmfit_demo import lessons
from ulmfit_demo.inference import devices
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.models.sampling import Sampling
from ulmfit_demo.resources import assets, named
from ulmfit_demo.tokens import clean


def folder(loaded: LoadedModels) -> str:
    """The bundle, as a path from the repository's root where it lies in a checkout."""
    path = loaded.model.folder.resolve()
    return named(path.relative_to(assets())) if path.is_relative_to(assets()) else str(path)


def sentiment(loaded: LoadedModels, text: str) -> str:
    """Lines that end with `verdict`, the probability of positive, and `along`, after every token."""
    if loaded.bundle is None:
        return f"# {loaded.missing}"
    temperature = round(loaded.model.calibration.temperature, 6)
    return lessons.code("model_head", folder=folder(loaded)) + lessons.code(
        "sentiment", text=clean(text), temperature=temperature
    )


def generation(
    loaded: LoadedModels, prompt: str, settings: Sampling, n_words: int, n_texts: int, seed: int
) -> str:
    """Lines that end with `texts`, tokens of each text, and `next_words` after the prompt."""
    if loaded.bundle is None:
        return f"# {loaded.missing}"
    vocab = loaded.model.vocab
    return lessons.code("model_head", folder=folder(loaded)) + lessons.code(
        "generation",
        prompt=clean(prompt),
        never=[vocab[i] for i in devices.never_drawn(vocab)],
        temperature=settings.temperature,
        top_k=settings.top_k,
        top_p=settings.top_p,
        min_p=settings.min_p,
        penalty=settings.repetition_penalty,
        n_words=n_words,
        n_texts=n_texts,
        seed=seed,
    )
