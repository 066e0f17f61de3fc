"""Which lines of fastai and torch give what the two model tabs show. Runs none of them."""

from __future__ import annotations

from ulmfit_demo import lessons
from ulmfit_demo.inference import devices
from ulmfit_demo.inference.loading import Services
from ulmfit_demo.models.sampling import Sampling
from ulmfit_demo.resources import assets, named
from ulmfit_demo.tokens import clean


def folder(services: Services) -> str:
    """The bundle, as a path from the repository's root where it lies in a checkout."""
    path = services.model.folder.resolve()
    return named(path.relative_to(assets())) if path.is_relative_to(assets()) else str(path)


def sentiment(services: Services, text: str) -> str:
    """Lines that end with `verdict`, the probability of positive, and `along`, after every token."""
    if services.bundle is None:
        return f"# {services.missing}"
    temperature = round(services.model.calibration.temperature, 6)
    return lessons.code("model_head", folder=folder(services)) + lessons.code(
        "sentiment", text=clean(text), temperature=temperature
    )


def generation(
    services: Services, prompt: str, settings: Sampling, n_words: int, n_texts: int, seed: int
) -> str:
    """Lines that end with `texts`, tokens of each text, and `next_words` after the prompt."""
    if services.bundle is None:
        return f"# {services.missing}"
    vocab = services.model.vocab
    return lessons.code("model_head", folder=folder(services)) + lessons.code(
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
