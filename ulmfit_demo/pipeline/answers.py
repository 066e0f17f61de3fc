"""What the answers of "Check yourself" say: each figure from the app's own functions. Draws nothing.

`lessons/questions.json` holds the questions and the sentences; `facts` fills in what is computed.
"""

from __future__ import annotations

import logging
import math
import re
import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache

from ulmfit_demo import batches, lessons, limits, tokens
from ulmfit_demo.batches import Batches, make_batches, make_stream, order_sorted, padding_share
from ulmfit_demo.inference import devices, generation
from ulmfit_demo.inference.inside import neighbours, readers
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.models.generation import generate
from ulmfit_demo.models.sampling import Sampling
from ulmfit_demo.training_log import history

log = logging.getLogger("ulmfit_demo")
UNTOLD = "The files of this model do not tell it."
SHORT = "I liked this movie"
SENTENCE = "Unfortunately, the cinematography was unremarkable."
REPEATED = "Sooo good, soooooo good"
RARE = "The cinematographer's moonshadows ungrumpled everything."
TRAIN, UNSUP = 25_000, 50_000  # reviews of the corpus (Maas et al. 2011)
TOWN, REVIEW = "Words of an encyclopedia", "Words of a review"  # examples of the tab Inside
N_SHOWN = 5  # tokens of a stream that an answer shows


def answered(loaded: LoadedModels, tab: str) -> list[dict]:
    """The questions of `tab`, each with its `answer` filled in. Needs a model; [] without one."""
    if loaded.bundle is None:
        return []
    known = facts(loaded)
    return [
        {**question, "answer": _answer(question["answer"], known)}
        for question in lessons.questions()
        if question["tab"] == tab
    ]


def _answer(sentence: str, known: Mapping[str, object]) -> str:
    try:
        return fill(sentence, known)
    except KeyError as missing:  # a bundle of other hands, without recipe or metrics
        log.warning("no answer, as the bundle does not tell %s", missing)
        return UNTOLD


def fill(sentence: str, known: Mapping[str, object]) -> str:
    """`sentence` with each `«key»` replaced. Raises KeyError where a key is not known."""
    return re.sub("«(\\w+)»", lambda match: str(known[match[1]]), sentence)


class Facts(dict):
    """Every figure that an answer names, worked out when one is asked for; the models' last.

    Only figures of the loaded files: the same for every visitor. On the CPU, as a panel that somebody
    opens must cost no share of a GPU.
    """

    def __init__(self, loaded: LoadedModels) -> None:
        super().__init__()
        self.loaded = loaded
        self.groups = [_tokens, _batches, _training, _inside, _model]
        self.lock = threading.Lock()

    def __missing__(self, key: str) -> object:
        with self.lock:
            while key not in self and self.groups:
                self.update(self.groups[0](self.loaded))
                self.groups.pop(0)
        if key in self:
            return self[key]
        raise KeyError(key)


@lru_cache(maxsize=2)
def facts(loaded: LoadedModels) -> Facts:
    """The figures for the models that are loaded."""
    return Facts(loaded)


def _tokens(loaded: LoadedModels) -> dict[str, object]:
    vocab = loaded.words()

    def words(text: str) -> list[str]:
        return tokens.fastai_words(text).texts

    short = words(SHORT)
    ids = vocab.numericalize(short)
    return {
        "short": SHORT,
        "short_tokens": " · ".join(short),
        "short_ids": ", ".join(map(str, ids)),
        "short_back": " ".join(vocab.decode(ids)),
        "first_token": short[0],
        "sentence": SENTENCE,
        "n_words": len(tokens.spacy_words(SENTENCE).tokens),
        "n_pieces": _n_pieces(loaded),
        "n_characters": len(SENTENCE),
        "n_rules": len(tokens.RULE_NAMES),
        "rules": ", ".join(tokens.RULE_NAMES),
        "repeated": REPEATED,
        "repeated_tokens": " · ".join(words(REPEATED)),
        "repeated_words": " and ".join(
            f"“{w.lower()}”" for w in re.findall(r"\w+", REPEATED) if re.search(r"(\w)\1\1", w)
        ),
        "rare": RARE,
        "rare_lost": ", ".join(t for t in words(RARE) if t not in vocab),
        "vocab_sz": f"{len(vocab):,}",
        "a_word": "movie",
        "a_word_id": vocab.id_of("movie"),
    }


def _n_pieces(loaded: LoadedModels) -> object:
    if 1_000 not in loaded.ladder.sizes("unigram"):
        return "some"
    return len(loaded.ladder.tokenize(SENTENCE, 1_000).tokens)


def _batches(loaded: LoadedModels) -> dict[str, object]:
    examples = lessons.examples()
    text = next(iter(examples["batches"].values()))
    documents = [tokens.fastai_words(d).texts for d in batches.split_documents(text)]
    stream = make_stream(documents).items
    cut = Batches(len(stream), 6, 5)
    lengths = batches.read_lengths(examples["classifier_batches"]["Notebook: ten lengths"]) or []

    def begins(position: int, n: int = N_SHOWN) -> str:
        return " ".join(stream[position : position + n]) + " …"

    def padding(order) -> str:
        return f"{padding_share(make_batches(lengths, 3, order), lengths):.1%}"

    return {
        "stream_x": begins(0),
        "stream_y": begins(1),
        "n_stream": len(stream),
        "row_2": cut.row_length,
        "row_2_begins": begins(cut.row_length),
        "batch_2": cut.width(0),
        "batch_2_begins": begins(cut.width(0)),
        "padding_given": padding(range(len(lengths))),
        "padding_sorted": padding(order_sorted(lengths)),
    }


def _inside(loaded: LoadedModels) -> dict[str, object]:
    sizes = loaded.model.lm.body.sizes
    found: dict[str, object] = {"n_hid": sizes.n_hid}
    examples = lessons.examples()["inside"]
    with suppress(limits.Refused):  # without an earlier stage
        for name, title in (("town", TOWN), ("review", REVIEW)):
            both = readers.compare(loaded, examples[title])
            for side, bits in zip(("before", "after"), both.bits_per_byte, strict=True):
                found[f"{name}_{side}"] = f"{bits:.2f}"
    try:
        near = neighbours.near(loaded, "wooden", N_SHOWN).columns[-2].neighbours
    except limits.Refused:  # a vocabulary without the word
        return found
    return {**found, "wooden_near": ", ".join(n.word for n in near)}


def _model(loaded: LoadedModels) -> dict[str, object]:
    bundle = loaded.model
    body = bundle.lm.body
    sizes = body.sizes
    prompt = next(iter(lessons.examples()["generation"].values()))
    now = generation.next_word(loaded, None, prompt, None, 0, Sampling(1.0), [1.0])
    best = now.distributions[0].candidates[0]
    written = generate(
        bundle.lm,
        loaded.numericalize(prompt),
        Sampling(0.75),
        n_steps=40,
        n_texts=2,
        banned=devices.never_drawn(bundle.vocab),
        stop=[bundle.vocab.index("xxbos")],
    )
    ranks = [rank for step in written for rank in step.ranks if rank is not None]
    total = sum(p.numel() for p in bundle.lm.parameters())
    encoder = sum(p.numel() for p in body.parameters())
    embedding = sizes.vocab_sz * sizes.emb_sz
    measured = bundle.metrics.get("lm")
    told = {}
    if measured:
        told = {
            "perplexity": f"{measured['perplexity']:.2f}",
            "perplexity_words": f"{measured['perplexity']:.0f}",
            "loss": f"{math.log(measured['perplexity']):.3f}",
            "unk_share": f"{measured['unk_share']:.1%}",
        }
    return {
        **told,
        "prompt": prompt,
        "next_word": loaded.words().decode([best.id])[0],
        "next_probability": f"{best.probability:.0%}",
        "n_drawn": len(ranks),
        "n_likely": sum(rank <= 10 for rank in ranks),
        "emb_sz": sizes.emb_sz,
        "embedding_parameters": f"{embedding:,}",
        "embedding_share": f"{embedding / total:.0%}",
        "encoder_parameters": f"{encoder:,}",
        "head_parameters": f"{sum(p.numel() for p in bundle.classifier.parameters()) - encoder:,}",
    }


def _training(loaded: LoadedModels) -> dict[str, object]:
    h = history.load(loaded.model)
    data, sizes = h.recipe("data"), {}
    if data:
        sizes = {
            "lm_reviews": f"{TRAIN + UNSUP - data['heldout']:,}",
            "labelled": f"{TRAIN - data['heldout']:,}",
            "min_freq": data["min_freq"],
            "max_vocab": f"{data['max_vocab']:,}",
        }
    theirs = [e.perplexity for e in h.notebook.lm.epochs if e.perplexity is not None]
    done = ["language model of film reviews", "classifier"]
    return {
        **sizes,
        "notebook_first": f"{theirs[0]:.1f}",
        "notebook_best": f"{min(theirs):.2f}",
        "notebook_words": f"{min(theirs):.0f}",
        "stages": _stages(["language model of general text", *done] if h.wikipedia else done),
        "unfreezing": ", then ".join(_groups(stage) for stage in h.classifier.stages),
    }


def _stages(done: list[str]) -> str:
    said = "Ours has all three" if len(done) == 3 else "Ours leaves out the first"
    return f"{said}: {' → '.join(done)}"


def _groups(stage: history.Stage) -> str:
    n = sum(history.trained(stage))
    if n == len(stage.rates):
        return f"all {n} layer groups"
    return "the head alone" if n == 1 else f"the top {n} layer groups"
