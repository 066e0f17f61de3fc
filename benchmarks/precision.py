"""What rounding costs: accuracy on test reviews and perplexity on held-out ones, per precision.

    python benchmarks/precision.py [--reviews 2000] [--tokens 40000]

Needs the tokenized corpus of a run (`ULMFIT_DATA`, default runs/first/data), same vocabulary.
"""

import json

import torch
import torch.nn.functional as F
from reference import CORPUS, arguments, shipped

from train.data import Corpus
from ulmfit_demo.models.classification import classify
from ulmfit_demo.models.engine import Unavailable, engine_of

ROWS = 32


def main() -> None:
    args = arguments(
        __doc__,
        reviews=(2_000, "test reviews"),
        tokens=(40_000, "held-out tokens"),
        precisions=("fp32,int8", "of the classifier; bf16 is slow where the processor has none"),
    )
    loaded, corpus = shipped(), Corpus(CORPUS)
    if corpus.vocab != loaded.vocab:
        raise SystemExit(f"{CORPUS} has another vocabulary than the bundle")
    test = corpus.split("test").subset(args.reviews)
    documents = [test[i].tolist() for i in range(len(test))]
    labels = torch.from_numpy(test.labels)
    result: dict = {"reviews": len(documents), "classifier": {}, "language model": {}}
    for name in args.precisions.split(","):
        try:
            probs = classify(loaded.classifier, documents, precision=name)
        except Unavailable as e:
            result["classifier"][name] = str(e)
            continue
        right = (probs.argmax(1) == labels).double().mean().item()
        result["classifier"][name] = {"accuracy": right}
        print(json.dumps(result["classifier"]), flush=True)
    held = corpus.split("heldout")
    stream, i = [], 0
    while len(stream) < args.tokens + ROWS:
        stream += held[i].tolist()
        i += 1
    length = args.tokens // ROWS
    rows = torch.tensor(stream[: ROWS * length]).view(ROWS, length)
    engine = engine_of(loaded.lm)
    for name in ("fp32", "half", "int8"):  # token by token: the path that writes
        nats, state = 0.0, loaded.lm.body.zero_state(ROWS)
        with torch.inference_mode():
            for k in range(length - 1):
                features, state = engine.step(rows[:, k], state, name)
                logits = engine.decode(features, name)
                nats += F.cross_entropy(logits, rows[:, k + 1]).item()
        perplexity = float(torch.tensor(nats / (length - 1)).exp())
        result["language model"][name] = {"perplexity": perplexity}
        print(json.dumps(result["language model"]), flush=True)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
