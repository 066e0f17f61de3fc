"""Two texts of 200 words: ours against fastai's `learn.predict`, same weights. And eight against one.

python benchmarks/generation.py
"""

from reference import arguments, fastai_learner, ids_of, interleaved, report, shipped

from ulmfit_demo.models import precision
from ulmfit_demo.models.engine import engine_of
from ulmfit_demo.models.generation import generate
from ulmfit_demo.models.sampling import Sampling

PROMPT = "This film is"
NEVER_DRAWN = ("xxunk", "xxpad")


def main() -> None:
    args = arguments(__doc__, words=(200, "tokens a text"))
    loaded = shipped()
    learn = fastai_learner(loaded, classifier=False)
    banned = [i for i, w in enumerate(loaded.vocab) if w in NEVER_DRAWN]

    def ours(n_texts: int, name: str | None = None, top_p: float = 1.0):
        ids = ids_of(loaded, [PROMPT])[0]
        sampling = Sampling(0.75, top_p=top_p)
        steps = generate(
            loaded.lm,
            ids,
            sampling,
            n_steps=args.words,
            n_texts=n_texts,
            banned=banned,
            precision=name,
        )
        assert sum(1 for _ in steps) == args.words

    def theirs():
        for _ in range(2):
            learn.predict(PROMPT, args.words, temperature=0.75, no_bar=True)

    choice = precision.explain(engine_of(loaded.lm), "write")
    fns = {"learn.predict, 2 texts": theirs, "ours, 1 text": lambda: ours(1)}
    fns["ours, 2 texts"] = lambda: ours(2)
    fns["ours, 2 texts, top-p 0.9"] = lambda: ours(2, None, 0.9)
    fns["ours, 8 texts"] = lambda: ours(8)
    for name in ("fp32", "half", "int8"):
        if name not in choice.excluded and name != choice.precision:
            fns[f"ours, 2 texts, {name}"] = lambda name=name: ours(2, name)
    seconds = interleaved(fns, args)
    rows: dict[str, object] = {k: f"{v:.3f} s" for k, v in seconds.items()}
    rows["precision chosen"] = choice.precision
    ratio = seconds["learn.predict, 2 texts"] / seconds["ours, 2 texts"]
    rows["times as fast as learn.predict"] = f"{ratio:.1f} (wanted 20, stretch 40)"
    eight = seconds["ours, 8 texts"] / seconds["ours, 1 text"]
    rows["eight texts cost, in ones"] = f"{eight:.2f} (wanted < 2)"
    report(f"Generation, {args.words} tokens a text ({args.clock} time)", rows)


if __name__ == "__main__":
    main()
