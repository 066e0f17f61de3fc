"""What other models say of a review: a linear one, a lexicon, the classifier that reads backwards."""

from __future__ import annotations

from dataclasses import dataclass

from ulmfit_demo import tokens
from ulmfit_demo.inference import devices, sentiment
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.inference.sentiment import Verdict
from ulmfit_demo.models import baselines
from ulmfit_demo.models.calibration import BACKWARDS, FORWARDS, UNSURE
from ulmfit_demo.models.classification import classify


@dataclass(frozen=True)
class BackwardsVerdict:
    """The classifier that was trained on reviews read from their end, and the mean with it."""

    positive: float
    verdict: str
    mean: float  # of its probability and the verdict's
    mean_verdict: str


@devices.retry_on_cpu
def backwards(loaded: LoadedModels, text: str, verdict: Verdict) -> BackwardsVerdict | None:
    """What the classifier that reads backwards says of `text`, whose `verdict` is known.

    None where the bundle has none.

    It reads as the verdict was read: the same job, the same precision.
    """
    models, _ = devices.live_models(loaded.model.key)
    if models.classifier_backwards is None:
        return None
    turned = loaded.numericalize(text)[::-1]  # `xxbos` comes last, as in training
    probs = classify(models.classifier_backwards, [turned], precision=verdict.precision, job="read")
    positive = float(probs[0, models.config["classes"].index("pos")])
    mean = (verdict.positive + positive) / 2
    ours, its = (sentiment.band_of(loaded, key) for key in (FORWARDS, BACKWARDS))
    # No band was fitted to the mean: it is no verdict where either of the two would give none.
    mean_verdict = UNSURE if ours.unsure(mean) or its.unsure(mean) else ours.verdict(mean)
    return BackwardsVerdict(positive, its.verdict(positive), mean, mean_verdict)


def others(loaded: LoadedModels, text: str) -> list[tuple[str, baselines.BaselineVerdict]]:
    """What VADER and NB-SVM say of `text`: (name, verdict); NB-SVM where its weights ship."""
    result = []
    if loaded.nbsvm is not None:
        words = [t.text for t in tokens.fastai_words(text).tokens]
        result.append(("NB-SVM", loaded.nbsvm(words)))
    result.append(("VADER", baselines.vader(text)))
    return result
