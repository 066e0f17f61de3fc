"""Many reviews through Ray Data: one JSON line for each line of a text file.

    pip install '.[scale]'
    python docs/examples/many_reviews_ray.py docs/examples/reviews.txt verdicts --workers 2

A worker is an actor: it calls `ulmfit_demo.load()` once and then classifies one batch after the other.
Here the workers are processes of this machine. On a cluster, start the same script there with
`RAY_ADDRESS=auto`, and give paths that every machine can read.
"""

from __future__ import annotations

import argparse
import os

import pyarrow as pa
import ray

from ulmfit_demo import load

BATCH = 1_024  # reviews that a worker gets at once
VERDICT = pa.schema(
    [
        ("text", pa.string()),
        ("label", pa.string()),
        ("score", pa.float64()),
        ("unsure", pa.bool_()),
    ]
)


class Classifier:
    """One worker. The model is loaded when the worker starts, not for every batch."""

    def __init__(self) -> None:
        os.environ.setdefault("ULMFIT_PRECISION", "fp32")  # every worker computes the same
        self.model = load()

    def __call__(self, batch: pa.Table) -> pa.Table:
        """A batch with the column `text` → the same reviews with their verdicts."""
        texts = batch["text"].to_pylist()
        verdicts = self.model.classify(texts)
        rows = [{"text": t, **v} for t, v in zip(texts, verdicts, strict=True)]
        return pa.Table.from_pylist(rows, VERDICT)


def classify(source: str, target: str, workers: int = 1) -> None:
    """Classify every line of `source` that is not blank; write JSON lines into the folder `target`."""
    reviews = ray.data.read_text(source)
    verdicts = reviews.map_batches(
        Classifier,
        batch_format="pyarrow",
        batch_size=BATCH,
        compute=ray.data.ActorPoolStrategy(size=workers),
        num_cpus=1,  # of a worker; Ray sets OMP_NUM_THREADS from it, which PyTorch reads
    )
    verdicts.write_json(target)


def main() -> None:
    parser = argparse.ArgumentParser(description="Classify the lines of a text file with Ray Data.")
    parser.add_argument("source", help="a text file, or a folder of them: one review a line")
    parser.add_argument("target", help="folder for the JSON lines")
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    # one core more: reading and writing are tasks of their own
    ray.init(num_cpus=options.workers + 1, include_dashboard=False)
    classify(options.source, options.target, options.workers)
    ray.shutdown()


if __name__ == "__main__":
    main()
