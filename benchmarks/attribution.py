"""Does the verdict hang on the words that attribution names? Deletes five of them; writes JSON.

    python benchmarks/attribution.py [--reviews 200] > attribution.json

On held-out reviews (`ULMFIT_DATA`, default runs/first/data), for integrated gradients and leave-one-out.
"""

import json
import statistics
import sys

from reference import CORPUS, arguments, shipped

from train.data import Corpus
from train.deletion_check import deletion_check
from ulmfit_demo.models.attribution import integrated_gradients, leave_one_out


def main() -> None:
    args = arguments(
        __doc__, reviews=(200, "held-out reviews"), most=(400, "longest review, in tokens")
    )
    loaded, corpus = shipped(), Corpus(CORPUS)
    if corpus.vocab != loaded.vocab:
        raise SystemExit(f"{CORPUS} has another vocabulary than the bundle")
    held = corpus.split("heldout")
    documents = [held[i].tolist() for i in range(len(held)) if held.lengths[i] <= args.most]
    documents = documents[:: max(1, len(documents) // args.reviews)][: args.reviews]
    skip = {i for i, w in enumerate(loaded.vocab) if w.startswith("xx")}
    found, without = [], []
    for i, d in enumerate(documents):
        found.append(integrated_gradients(loaded.classifier, d))
        without.append(leave_one_out(loaded.classifier, d))
        print(f"{i + 1} of {len(documents)}", end="\r", file=sys.stderr)
    result = {
        "reviews": len(documents),
        "longest": args.most,
        "completeness": {
            "within_2_percent": sum(a.error <= 0.02 for a in found) / len(found),
            "median_error": statistics.median(a.error for a in found),
            "largest_error": max(a.error for a in found),
            "median_steps": statistics.median(a.n_steps for a in found),
        },
    }
    for name, scores in (
        ("integrated_gradients", [a.scores for a in found]),
        ("leave_one_out", without),
    ):
        result[name] = vars(deletion_check(loaded.classifier, documents, scores, skip=skip))
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
