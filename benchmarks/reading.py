"""What reading along costs: one pass with a probability a token, against each prefix alone.

python benchmarks/reading.py
"""

from reference import arguments, exactly, ids_of, interleaved, report, shipped

from ulmfit_demo.models import precision
from ulmfit_demo.models.attribution import leave_one_out
from ulmfit_demo.models.classification import classify
from ulmfit_demo.models.engine import engine_of
from ulmfit_demo.models.reading import read_along
from ulmfit_demo.models.surprisal import surprisal


def main() -> None:
    args = arguments(__doc__, words=(300, "words of the review"))
    loaded = shipped()
    ids = ids_of(loaded, [exactly(args.words)])[0]
    model = loaded.classifier
    before = read_along(model, ids)
    middle = len(ids) // 2
    edited = [*ids[:middle], 9, *ids[middle + 1 :]]
    alone = [ids[:n] for n in range(1, len(ids) + 1, 10)]  # a tenth of the prefixes
    seconds = interleaved(
        {
            "read along": lambda: read_along(model, ids),
            "verdict alone": lambda: classify(model, [ids]),
            "a keystroke at the end": lambda: read_along(model, [*ids[:-1], 9], before),
            "a word changed in the middle": lambda: read_along(model, edited, before),
            "a tenth of the prefixes": lambda: [classify(model, [p]) for p in alone],
            "leave one out, 60 words": lambda: leave_one_out(model, ids[:60]),
            "surprise": lambda: surprisal(loaded.lm, ids),
        },
        args,
    )
    rows: dict[str, object] = {k: f"{1e3 * v:.1f} ms" for k, v in seconds.items()}
    rows["precision"] = precision.explain(engine_of(model), "read").precision
    rows["a reading keeps"] = f"{before.n_bytes / 1e6:.2f} MB"
    report(f"Reading along, {len(ids)} tokens ({args.clock} time)", rows)


if __name__ == "__main__":
    main()
