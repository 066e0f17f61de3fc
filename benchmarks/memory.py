"""Resident memory with both models loaded, and after 1,000 generations and 1,000 readings.

python benchmarks/memory.py [--texts 1000]
"""

import gc
from pathlib import Path

from reference import ROOT, arguments, report

from ulmfit_demo.inference import loading
from ulmfit_demo.models.generation import generate
from ulmfit_demo.models.reading import read_along
from ulmfit_demo.models.sampling import Sampling


def resident() -> float:
    """MB of this process in memory."""
    gc.collect()
    line = next(
        x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("VmRSS")
    )
    return int(line.split()[1]) / 1_024


def main() -> None:
    args = arguments(__doc__, texts=(1_000, "generations"), words=(20, "tokens of each"))
    rows: dict[str, object] = {"before the models": resident()}
    import gradio  # noqa: F401  the app's own part

    rows["with gradio"] = resident()
    loaded = loading.load(ROOT / "assets")
    rows["both models loaded"] = resident()
    ids = loaded.numericalize("This film is a quiet one")

    def write(n: int) -> None:
        for seed in range(n):
            list(generate(loaded.bundle.lm, ids, Sampling(), n_steps=args.words, seed=seed))
            read_along(loaded.bundle.classifier, [*ids, 5 + seed % 100])

    write(50)
    rows["after 50 generations and readings"] = first = resident()
    write(args.texts)
    rows[f"after {args.texts} more"] = last = resident()
    shown = {k: f"{v:.0f} MB" for k, v in rows.items()}
    shown["grown by"] = f"{last - first:+.1f} MB (wanted: none; all under 1,200 MB)"
    report("Memory", shown)


if __name__ == "__main__":
    main()
