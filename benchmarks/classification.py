"""A keystroke, a fresh review and many reviews: what the app calls, against fastai's `learn`.

    python benchmarks/classification.py [--reviews 1000]

Same weights. Both sides get texts and tokenize them: a keystroke is `sentiment.read` with what it kept
of the text before, many are `sentiment.many`. The HTML of a keystroke is timed apart.
"""

from pathlib import Path

from reference import (
    ROOT,
    arguments,
    exactly,
    fastai_learner,
    interleaved,
    report,
)
from reference import reviews as texts_of_reviews

from ulmfit_demo import tokens
from ulmfit_demo.inference import loading, sentiment
from ulmfit_demo.models import precision
from ulmfit_demo.models.engine import engine_of
from ulmfit_demo.tabs.sentiment import verdict_html as view


def main() -> None:
    args = arguments(__doc__, reviews=(1_000, "reviews in the batch"))
    loaded = loading.load(Path(ROOT) / "assets")
    tokens.keep_common(loaded.words().words[: sentiment.COMMON])  # as `sentiment.warm_up` does
    learn = fastai_learner(loaded.bundle, classifier=True)
    text = exactly(300)
    typed = iter(f"{text}{chr(97 + i % 26)}" for i in range(10_000))
    in_the_middle = iter(f"{text[:800]}{chr(97 + i % 26)}{text[800:]}" for i in range(10_000))
    verdict, before = sentiment.read(loaded, text)

    with learn.no_bar():
        short = interleaved(
            {
                "learn.predict": lambda: learn.predict(text),
                "ours, a keystroke": lambda: sentiment.read(loaded, next(typed), before),
                "ours, one in the middle": lambda: sentiment.read(
                    loaded, next(in_the_middle), before
                ),
                "ours, a fresh review read along": lambda: sentiment.read(loaded, text),
                "its HTML, not in the above": lambda: (
                    view.verdict(verdict),
                    view.reading(verdict),
                ),
            },
            args,
        )
        documents = texts_of_reviews(args.reviews)
        batch = interleaved(
            {
                "learn.get_preds": lambda: learn.get_preds(dl=learn.dls.test_dl(documents)),
                "ours, all at once": lambda: list(sentiment.many(loaded, documents)),
            },
            args,
        )
    engine = engine_of(loaded.bundle.classifier)
    rows: dict[str, object] = {k: f"{1e3 * v:.1f} ms" for k, v in {**short, **batch}.items()}
    for job in ("read", "batch"):
        rows[f"precision to {job}"] = precision.explain(engine, job).precision
    predict = short["learn.predict"]
    rows["keystroke, times as fast"] = f"{predict / short['ours, a keystroke']:.1f} (wanted 12)"
    fresh_ratio = predict / short["ours, a fresh review read along"]
    rows["fresh review, times as fast"] = f"{fresh_ratio:.1f}"
    ratio = batch["learn.get_preds"] / batch["ours, all at once"]
    rows["many, times as fast"] = f"{ratio:.1f} (wanted 2.5)"
    rows["reviews a second"] = f"{len(documents) / batch['ours, all at once']:.0f}"
    report(f"Classification, {len(documents)} reviews ({args.clock} time)", rows)


if __name__ == "__main__":
    main()
