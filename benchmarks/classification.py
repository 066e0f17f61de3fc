"""A keystroke, a fresh review and many reviews: ours against fastai's `learn`, same weights.

    python benchmarks/classification.py [--reviews 1000]

Both sides tokenize in the first two; the many are tokenized before, for both.
"""

from reference import (
    CORPUS,
    arguments,
    exactly,
    fastai_learner,
    ids_of,
    interleaved,
    report,
    reviews,
    shipped,
)

from ulmfit_demo.models import precision
from ulmfit_demo.models.classification import classify
from ulmfit_demo.models.engine import engine_of
from ulmfit_demo.models.reading import read_along
from ulmfit_demo.tokens import Vocab, plain


def many(loaded, n: int) -> list[list[int]]:
    """`n` test reviews as ids where the cache of the corpus is there, else texts of such lengths."""
    if (CORPUS / "vocab.json").is_file():
        from train.data import Corpus

        corpus = Corpus(CORPUS)
        if corpus.vocab == loaded.vocab:
            documents = corpus.split("test").subset(n)
            return [documents[i].tolist() for i in range(len(documents))]
    return ids_of(loaded, reviews(n))


def main() -> None:
    args = arguments(__doc__, reviews=(1_000, "reviews in the batch"))
    loaded = shipped()
    learn = fastai_learner(loaded, classifier=True)
    text = exactly(300)
    texts = iter(f"{text}{chr(97 + i % 26)}" for i in range(10_000))
    before = read_along(loaded.classifier, ids_of(loaded, [text])[0])
    pieces, vocab = plain.typed(text), Vocab(loaded.vocab)

    def keystroke():
        ids = vocab.numericalize(plain.typed(next(texts), pieces).tokens)
        return read_along(loaded.classifier, ids, before)

    def fresh():
        return read_along(loaded.classifier, ids_of(loaded, [text])[0])

    with learn.no_bar():
        short = interleaved(
            {
                "learn.predict": lambda: learn.predict(text),
                "ours, a keystroke": keystroke,
                "ours, a fresh review read along": fresh,
                "ours, tokenizing alone": lambda: ids_of(loaded, [text]),
            },
            args,
        )
        documents = many(loaded, args.reviews)
        dl = loader(documents, loaded.config["classifier"]["bptt"])
        batch = interleaved(
            {
                "learn.get_preds": lambda: learn.get_preds(dl=dl),
                "ours, all at once": lambda: classify(loaded.classifier, documents),
            },
            args,
        )
    engine = engine_of(loaded.classifier)
    rows: dict[str, object] = {k: f"{1e3 * v:.1f} ms" for k, v in {**short, **batch}.items()}
    for job in ("read", "batch"):
        rows[f"precision to {job}"] = precision.explain(engine, job).precision
    predict = short["learn.predict"]
    rows["keystroke, times as fast"] = f"{predict / short['ours, a keystroke']:.1f} (wanted 15)"
    fresh_ratio = predict / short["ours, a fresh review read along"]
    rows["fresh review, times as fast"] = f"{fresh_ratio:.1f} (wanted 3.5)"
    ratio = batch["learn.get_preds"] / batch["ours, all at once"]
    rows["many, times as fast"] = f"{ratio:.1f} (wanted 3)"
    rows["reviews a second"] = f"{len(documents) / batch['ours, all at once']:.0f}"
    report(f"Classification, {len(documents)} reviews ({args.clock} time)", rows)


def loader(documents: list[list[int]], bptt: int):
    """What `learn.dls.test_dl` makes, of ids: fastai's `SortedDL` with its chunked padding."""
    import torch
    from fastai.text.all import Pad_Chunk, SortedDL, TensorCategory, TensorText

    items = [(TensorText(torch.tensor(d)), TensorCategory(torch.tensor(0))) for d in documents]
    return SortedDL(
        items,
        res=[len(d) for d in documents],
        bs=64,
        before_batch=Pad_Chunk(seq_len=bptt),
        device=torch.device("cpu"),
    )


if __name__ == "__main__":
    main()
