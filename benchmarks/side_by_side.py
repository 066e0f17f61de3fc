"""Many reviews: a batch a core against every product split over the cores. Same process, in turn.

    python benchmarks/side_by_side.py [--reviews 1000]

With `--repeats 5` or more; what else runs on the machine disturbs both sides alike, but two threads that
wait for each other more than two that do not.
"""

import statistics
import time
from unittest.mock import patch

from reference import arguments, ids_of, report, reviews, shipped

from ulmfit_demo.models import classification, precision
from ulmfit_demo.models.engine import engine_of
from ulmfit_demo.models.workers import cores


def main() -> None:
    args = arguments(__doc__, reviews=(1_000, "reviews"))
    loaded = shipped()
    documents = ids_of(loaded, reviews(args.reviews))
    chosen = precision.choose(engine_of(loaded.classifier), "batch")
    sides = {"every product split": 1, "a batch a core": cores()}
    wall: dict[str, list[float]] = {name: [] for name in sides}
    cpu: dict[str, list[float]] = {name: [] for name in sides}
    for round_ in range(max(5, args.repeats)):
        # the other one first, every second time
        for name, n in sorted(sides.items(), key=lambda s: s[1], reverse=bool(round_ % 2)):
            started = time.perf_counter(), time.process_time()
            with patch.object(classification, "cores", lambda n=n: n):
                classification.classify(loaded.classifier, documents, precision=chosen)
            wall[name].append(time.perf_counter() - started[0])
            cpu[name].append(time.process_time() - started[1])
            print(f"  {name}: {wall[name][-1]:.2f} s, CPU {cpu[name][-1]:.2f} s", flush=True)
    split, own = sides
    rows: dict[str, object] = {
        name: f"{statistics.median(wall[name]):.2f} s, {statistics.median(cpu[name]):.2f} s of the CPU"
        for name in sides
    }
    for what, times in (("wall", wall), ("CPU", cpu)):
        ratios = [a / b for a, b in zip(times[split], times[own], strict=True)]
        rows[f"times as fast, {what}"] = (
            f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        )
    rows["precision"] = chosen
    report(f"Side by side, {len(documents)} reviews, {cores()} cores", rows)


if __name__ == "__main__":
    main()
