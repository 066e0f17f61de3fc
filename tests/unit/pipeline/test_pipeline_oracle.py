"""The pipeline against fastai: features, verdicts, surprisal, mini-batches, tokens and ids."""

import math
import pickle
import random

import numpy as np
import pytest
import torch
from fastai.text.core import Tokenizer, WordTokenizer, defaults
from fastai.text.data import LMDataLoader, Numericalize, Pad_Chunk, SortedDL, TensorText, pad_input

import ulmfit_demo
from ulmfit_demo.tokens import Vocab

TEXTS = [
    "The film was dull.",
    "A WARM film, and the music was not very old!!! " * 3,
    "The old boat by the harbour",
]


def ids_of(pipeline, text):
    return pipeline.numericalize(text)["ids"]


def test_encode_is_what_fastais_head_pools(small):
    """`PoolingLinearClassifier` concatenates the same three before its first layer."""
    found = small.pipeline.encode(TEXTS)
    assert found.shape == (3, 3 * 24)
    assert found.dtype == np.float32
    seen = []
    small.classifier[1].layers.register_forward_pre_hook(lambda _, x: seen.append(x[0]))
    with torch.inference_mode():
        for text in TEXTS:
            small.classifier.reset()
            small.classifier(torch.tensor([ids_of(small.pipeline, text)]))
    np.testing.assert_allclose(found, torch.cat(seen).numpy(), atol=1e-5)
    np.testing.assert_array_equal(
        small.pipeline.encode(TEXTS[0]), small.pipeline.encode(TEXTS[:1])[0]
    )
    assert small.pipeline.encode([]).shape == (0, 72)


def test_verdicts_equal_fastais(small):
    for text in TEXTS:
        with torch.inference_mode():
            small.classifier.reset()
            probs = small.classifier(torch.tensor([ids_of(small.pipeline, text)]))[0].softmax(-1)[0]
        expected = {
            "label": ["neg", "pos"][int(probs.argmax())],
            "score": pytest.approx(float(probs.max()), abs=1e-5),
            "unsure": False,
        }
        assert small.pipeline(text) == expected
        assert small.pipeline.read_along(text).items() >= expected.items()
    many = small.pipeline([*TEXTS, " ", ""])
    for text, found in zip(TEXTS, many, strict=False):
        alone = small.pipeline(text)
        assert found == {**alone, "score": pytest.approx(alone["score"], abs=1e-5)}
    assert many[3:] == [{"label": None, "score": None, "unsure": False}] * 2


def test_surprisal_is_the_cross_entropy_of_fastais_language_model(small):
    found = small.pipeline.surprisal(TEXTS[1])
    ids = torch.tensor([ids_of(small.pipeline, TEXTS[1])])
    with torch.inference_mode():
        small.lm.reset()
        logs = small.lm(ids)[0][0].log_softmax(-1)
    bits = [-float(logs[i, ids[0, i + 1]]) / math.log(2) for i in range(ids.shape[1] - 1)]
    assert [t["bits"] for t in found["tokens"]] == [
        None,
        *(pytest.approx(b, abs=1e-4) for b in bits),
    ]
    assert found["perplexity"] == pytest.approx(2 ** (sum(bits) / len(bits)), rel=1e-4)


def test_next_words_and_stages_are_fastais_softmax(small):
    ids = torch.tensor([ids_of(small.pipeline, "The old film")])
    with torch.inference_mode():
        small.lm.reset()
        logits = small.lm(ids)[0][0, -1]
    found = small.pipeline.next_words("The old film", temperature=0.75)
    probs = (logits / 0.75).softmax(-1)
    for word in found["words"]:
        assert word["probability"] == pytest.approx(float(probs[word["id"]]), abs=1e-5)
    best = probs.topk(len(found["words"])).indices.tolist()
    assert [w["id"] for w in found["words"]] == best
    stages = small.pipeline.stages("The old film")
    assert stages[0]["stage"].startswith("language model")
    assert len(stages) == 2


def test_the_likeliest_words_are_written_at_temperature_0(small):
    """fastai's model, asked again with the whole text for every word, writes the same."""
    pipeline = small.pipeline
    found = pipeline.generate("The old film", n_words=8, temperature=0)
    ids, banned = ids_of(pipeline, "The old film"), [0, 1, 3, 4]
    written = []
    for _ in range(8):
        with torch.inference_mode():
            small.lm.reset()
            logits = small.lm(torch.tensor([ids + written]))[0][0, -1]
        logits = logits.index_fill(0, torch.tensor(banned), -torch.inf)
        written.append(int(logits.argmax()))
        if written[-1] == 2:  # xxbos: another text would begin
            written.pop()
            break
    assert [t["id"] for t in found["texts"][0]["tokens"]] == written
    assert found == list(pipeline.stream("The old film", n_words=8, temperature=0))[-1]


def test_tokens_and_ids_equal_fastais(shipped):
    text = "The U.S. film cost $1.00!!!! It was GREAT.<br />&copy; 2011"
    theirs = Tokenizer(WordTokenizer(), rules=defaults.text_proc_rules)(text)
    assert [t["text"] for t in shipped.tokens(text)["tokens"]] == list(theirs)
    numericalize = Numericalize(vocab=list(shipped.vocab))
    found = shipped.numericalize(text)
    assert found["tokens"] == list(theirs)
    assert found["ids"] == numericalize(theirs).tolist()
    assert found["decoded"] == list(numericalize.decode(numericalize(theirs)))


@pytest.mark.parametrize(
    ("bs", "seq_len", "shuffle"), [(3, 5, False), (2, 7, True), (1, 100, False)]
)
def test_lm_batches_equal_lmdataloader(shipped, bs, seq_len, shuffle):
    text = "\n\n".join(f"Film {i} was a long and warm one, with a boat." for i in range(7))
    found = shipped.lm_batches(text, bs=bs, seq_len=seq_len, shuffle=shuffle, seed=3)
    documents = [TensorText(torch.tensor(ids_of(shipped, d))) for d in text.split("\n\n")]
    oracle = LMDataLoader(documents, bs=bs, seq_len=seq_len, shuffle=shuffle)
    state = random.getstate()
    random.seed(3)
    expected = [(x.tolist(), y.tolist()) for x, y in oracle]
    random.setstate(state)
    assert [(b["x_ids"], b["y_ids"]) for b in found["batches"]] == expected
    vocab = Vocab(shipped.vocab)
    for batch in found["batches"]:
        for words, ids in zip(
            batch["x"] + batch["y"], batch["x_ids"] + batch["y_ids"], strict=True
        ):
            assert vocab.numericalize(words) == ids


@pytest.mark.parametrize("padding", ["chunk", "first", "last"])
def test_classifier_batches_equal_sorteddl(shipped, padding):
    texts = [f"Film {i} was {'very ' * (i * 7 % 11)}dull." for i in range(8)]
    found = shipped.classifier_batches("\n\n".join(texts), bs=3, padding=padding, seq_len=4)
    documents = [(TensorText(torch.tensor(ids_of(shipped, t))), 0) for t in texts]
    before = {
        "chunk": Pad_Chunk(pad_idx=1, pad_first=True, seq_len=4),
        "first": lambda samples: pad_input(samples, pad_idx=1, pad_first=True),
        "last": lambda samples: pad_input(samples, pad_idx=1),
    }[padding]
    oracle = SortedDL(
        documents, bs=3, shuffle=False, sort_func=lambda d: len(d[0]), before_batch=before
    )
    assert [b["x_ids"] for b in found["batches"]] == [x.tolist() for x, _ in oracle]


def test_loading_never_unpickles(small, monkeypatch):
    def never(*args, **kwargs):
        raise AssertionError("something was unpickled")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, never)
    monkeypatch.setattr(torch, "load", never)
    assert ulmfit_demo.load(small.folder)("A warm film")["label"] in ("neg", "pos")
