"""Many reviews through PySpark: one JSON line for each line of a text file. Needs Java 17 or 21.

    pip install '.[scale]'
    python docs/examples/many_reviews_spark.py docs/examples/reviews.txt verdicts --workers 2

`mapInPandas` calls `verdicts` once for each partition, so the model is loaded once a partition and not
once a batch. Here the workers are processes of this machine (`local[2]`). On a cluster, `spark-submit`
runs the same script with the master that `--master` names.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator

import pandas as pd
from pyspark.sql import SparkSession

from ulmfit_demo import load

BATCH = 1_024  # reviews that a worker gets at once
VERDICT = "text string, label string, score double, unsure boolean"


def verdicts(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """The batches of one partition, with the column `value` → the same reviews with their verdicts."""
    os.environ.setdefault("ULMFIT_PRECISION", "fp32")  # every worker computes the same
    model = load()
    for batch in batches:
        texts = batch["value"].tolist()
        found = pd.DataFrame(model.classify(texts))
        yield found.assign(text=texts)[["text", "label", "score", "unsure"]]


def classify(spark: SparkSession, source: str, target: str, workers: int = 1) -> None:
    """Classify every line of `source` that is not blank; write JSON lines into the folder `target`."""
    lines = spark.read.text(source, lineSep="\n")
    reviews = lines.where("trim(value) != ''").repartition(workers)
    reviews.mapInPandas(verdicts, VERDICT).write.json(target, ignoreNullFields=False)


def main() -> None:
    parser = argparse.ArgumentParser(description="Classify the lines of a text file with PySpark.")
    parser.add_argument("source", help="a text file, or a folder of them: one review a line")
    parser.add_argument("target", help="folder for the JSON lines; there must be none yet")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--master", help="local[WORKERS] unless it is given")
    options = parser.parse_args()
    spark = (
        SparkSession.builder.master(options.master or f"local[{options.workers}]")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", BATCH)
        .config("spark.ui.enabled", False)
        .getOrCreate()
    )
    classify(spark, options.source, options.target, options.workers)
    spark.stop()


if __name__ == "__main__":
    main()
