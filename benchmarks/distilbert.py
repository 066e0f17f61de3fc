"""Reviews a second: our classifier against an architecture of DistilBERT's size, on the CPU.

    pip install transformers
    python benchmarks/distilbert.py [--reviews 64]

Random weights: they take the same time. Theirs are cut at 512 tokens, sorted and batched like ours, in
fp32 and bf16, and the faster counts. Token counts are taken as ours, which favours theirs: WordPiece
makes more of the same text.
"""

import time

import torch
from classification import many
from reference import arguments, interleaved, report, shipped

from ulmfit_demo.models import precision
from ulmfit_demo.models.classification import classify
from ulmfit_demo.models.engine import engine_of

BS = 16  # the fastest of 8, 16, 32 here


def main() -> None:
    args = arguments(__doc__, reviews=(64, "reviews a round; the issue's figure is for 1,000"))
    from transformers import DistilBertConfig, DistilBertForSequenceClassification

    loaded = shipped()
    documents = many(loaded, args.reviews)
    theirs = DistilBertForSequenceClassification(DistilBertConfig()).eval()
    batches = []
    cut = sorted((d[:512] for d in documents), key=len, reverse=True)
    for start in range(0, len(cut), BS):
        part = cut[start : start + BS]
        ids = torch.zeros(len(part), len(part[0]), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, d in enumerate(part):
            ids[row, : len(d)] = torch.tensor(d) % 30_522
            mask[row, : len(d)] = 1
        batches.append((ids, mask))

    def run(dtype):
        with torch.inference_mode(), torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
            for ids, mask in batches:
                theirs(input_ids=ids, attention_mask=mask)

    once: dict[torch.dtype, float] = {}
    run(torch.float32)  # warm
    for dtype in (torch.float32, torch.bfloat16):  # the faster one counts
        start = time.perf_counter()
        run(dtype)
        once[dtype] = time.perf_counter() - start
    dtype = min(once, key=once.get)
    name = f"DistilBERT, {str(dtype).removeprefix('torch.')}"
    seconds = interleaved(
        {name: lambda: run(dtype), "ours": lambda: classify(loaded.classifier, documents)}, args
    )
    per_second = {k: len(documents) / v for k, v in seconds.items()}
    rows: dict[str, object] = {k: f"{v:.1f} reviews/s" for k, v in per_second.items()}
    best = per_second[name]
    for kind, t in once.items():
        rows[f"one run, {str(kind).removeprefix('torch.')}"] = f"{t:.1f} s"
    rows["precision of ours"] = precision.explain(engine_of(loaded.classifier), "batch").precision
    rows["times as fast"] = f"{per_second['ours'] / best:.1f} (wanted 12)"
    report(f"Against DistilBERT, {len(documents)} reviews ({args.clock} time)", rows)


if __name__ == "__main__":
    main()
