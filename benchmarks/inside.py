"""What the Inside tab costs for a text of 128 words, against the bounds that it was built for.

python benchmarks/inside.py
"""

from reference import arguments, exactly, ids_of, interleaved, report, shipped

from ulmfit_demo import theme
from ulmfit_demo.inference import loading
from ulmfit_demo.inference.inside import changing, neighbours, readers, units
from ulmfit_demo.models.engine import engine_of
from ulmfit_demo.models.inspection import memory
from ulmfit_demo.models.inspection.states import read_states
from ulmfit_demo.models.inspection.units import listened_to, seriation

BOUNDS = {  # milliseconds, of issue 20
    "strip and gates": 150,
    "memory curves": 1_000,
    "neighbours, three stages": 30,
    "two readers": 500,
    "the smallest change, whole search": 2_000,
}
WORD = "wooden"


def main() -> None:
    args = arguments(__doc__, words=(128, "words of the text"))
    loaded = shipped()
    text = exactly(args.words)
    ids = ids_of(loaded, [text])[0]
    found = loading.load(theme.ASSETS)
    values = read_states(loaded.lm.body, ids).units.numpy()
    engine = engine_of(loaded.lm)
    memory.precision(engine)  # measured once
    neighbours.near(found, WORD)  # the norms of the rows are made once
    last = len(ids) - 1
    runs = {
        "strip and gates": lambda: units.read(found, text, 0, last),
        "of it: states": lambda: read_states(loaded.lm.body, ids),
        "of it: who listens": lambda: listened_to(loaded.classifier, ids, last // 2),
        "order of all units": lambda: seriation(values),
        "memory curves": lambda: memory.recall(loaded.lm, ids, last, memory.precision(engine)),
        "memory curves, fp32": lambda: memory.recall(loaded.lm, ids, last),
        "neighbours, three stages": lambda: neighbours.near(found, WORD),
        "map": lambda: neighbours.chart(found, text),
    }
    if found.bundle is not None and found.bundle.snapshots:
        runs["two readers"] = lambda: readers.compare(found, text)
    seconds = interleaved(runs, args)
    *_, search = changing.smallest_change(found, text)  # once: it watches the clock itself
    seconds["the smallest change, whole search"] = search.milliseconds / 1e3
    rows: dict[str, object] = {}
    for name, value in seconds.items():
        bound = f" (bound {BOUNDS[name]:,} ms)" if name in BOUNDS else ""
        rows[name] = f"{1e3 * value:.1f} ms{bound}"
    rows["precision of the memory"] = memory.precision(engine)
    report(f"Inside, {len(ids)} tokens ({args.clock} time)", rows)


if __name__ == "__main__":
    main()
