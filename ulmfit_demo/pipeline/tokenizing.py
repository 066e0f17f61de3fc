"""The pipeline's tokenizers and vocabularies: text → tokens → ids, and what a vocabulary keeps."""

from __future__ import annotations

from functools import cached_property

from ulmfit_demo import limits, tokens
from ulmfit_demo.pipeline.base import Base, given
from ulmfit_demo.pipeline.results import tokenizing as results
from ulmfit_demo.resources import assets
from ulmfit_demo.tokens.merges import MergeOrder, words
from ulmfit_demo.tokens.word_counts import WordCounts

COUNTS = "vocabulary/words.json.gz"
NO_LADDER = "No subword model was found in assets/subwords. `python -m train subwords` makes them."
NO_COUNTS = (
    "No word counts were found in assets/vocabulary. `python -m train vocabulary` makes them."
)


class Tokenizing(Base):
    """Texts under every tokenizer and vocabulary that ships."""

    def tokenizers(self) -> list[str]:
        """The tokenizers that `tokens` takes: fastai, spacy, unigram-1000, characters and more."""
        return [key for key in tokens.catalogue(self.loaded.ladder) if key != tokens.OWN]

    def tokens(
        self, text: str, tokenizer: str = "fastai", rules: list[str] | None = None
    ) -> results.TokenizedText:
        """Cut a text into tokens, each with its place in the text.

        Args:
            text: any text
            tokenizer: fastai, spacy, characters, whitespace, unigram-1000, bpe-16000 and other sizes
            rules: fastai's rules that are on, such as replace_rep; none given: all of them
        """
        text = given(text)
        key = limits.choice(tokenizer, self.tokenizers(), "The tokenizer")
        on = None if rules is None else chosen_rules(rules)
        found = tokens.tokenize(text, key, self.loaded.ladder, self.loaded.vocab, on)
        return {
            "tokenizer": key,
            "tokens": [
                {
                    "text": t.text,
                    "start": t.start,
                    "end": t.end,
                    "kind": t.kind,
                    "id": t.id,
                    "changed_from": t.changed_from,
                    "rule": t.rule,
                }
                for t in found.tokens
            ],
            "n_tokens": found.n_tokens,
            "n_distinct": found.n_distinct,
            "characters_per_token": found.characters_per_token,
            "unknown_share": found.unknown_share,
            "decoded": found.decoded,
            "exact": found.exact,
        }

    def numericalize(self, text: str) -> results.Numericalized:
        """The ids of a text as the models read it, and the tokens that the ids give back.

        Args:
            text: any text
        """
        vocab = self.loaded.words()
        texts = tokens.fastai_words(given(text)).texts
        ids = vocab.numericalize(texts)
        return {"tokens": texts, "ids": ids, "decoded": vocab.decode(ids)}

    def vocabulary(
        self, text: str, kind: str = "unigram", size: int = 1_000
    ) -> results.SubwordLadderText:
        """Cut a text by every subword vocabulary of one kind, from 200 to 16,000 pieces.

        Args:
            text: a word or a text
            kind: how the pieces were learned, unigram or bpe
            size: the vocabulary whose pieces come with their scores, or their merges
        """
        text, ladder = given(text), self.loaded.ladder
        if not ladder.types():
            raise limits.Refused(NO_LADDER)
        kind = limits.choice(kind, ladder.types(), "The kind of subwords")
        size = limits.choice(size, ladder.sizes(kind), "The vocabulary size")
        rungs = {s: ladder.tokenize(text, s, kind) for s in ladder.sizes(kind)}
        scores = ladder.scores(size, kind)
        return {
            "kind": kind,
            "size": size,
            "ladder": [
                {
                    "size": s,
                    "n_tokens": found.n_tokens,
                    "characters_per_token": found.characters_per_token,
                    "pieces": found.texts,
                }
                for s, found in rungs.items()
            ],
            "pieces": [
                {"piece": scores[t.id][0], "score": scores[t.id][1]}
                for t in rungs[size].tokens
                if t.id is not None
            ],
            "merges": self._merges(text, size) if kind == "bpe" else [],
        }

    def word_vocabulary(
        self, text: str, min_freq: int = 3, max_vocab: int = 60_000
    ) -> results.WordVocabularyText:
        """Which tokens of a text a word vocabulary of the IMDb corpus keeps.

        Args:
            text: any text
            min_freq: how often the corpus must hold a word
            max_vocab: the most words
        """
        text = given(text)
        min_freq = limits.whole(min_freq, limits.MIN_FREQ, "min_freq")
        max_vocab = limits.whole(max_vocab, limits.MAX_VOCAB, "max_vocab")
        counts = self._counts
        if counts is None:
            raise limits.Refused(NO_COUNTS)
        figures = counts.vocabulary(min_freq, max_vocab)
        texts = tokens.fastai_words(text).texts
        fates = [counts.fate(t, min_freq, max_vocab) for t in texts]
        return {
            "size": figures.size,
            "n_words": figures.n_words,
            "n_types": figures.n_types,
            "unknown_share": figures.unknown_share,
            "tokens": [
                {"token": t, "fate": f.reason, "count": f.count, "rank": f.rank}
                for t, f in zip(texts, fates, strict=True)
            ],
        }

    @cached_property
    def _counts(self) -> WordCounts | None:
        try:
            return WordCounts.load(assets() / COUNTS)
        except (OSError, ValueError):
            return None

    @cached_property
    def _merge_order(self) -> MergeOrder:
        ladder = self.loaded.ladder
        return MergeOrder(ladder.scores(ladder.sizes("bpe")[-1], "bpe"))

    def _merges(self, text: str, size: int) -> list[results.MergedWord]:
        """How the model of `size` builds the words of `text`; long ones and later ones are left out."""
        order = self._merge_order
        found = dict.fromkeys(words(self.loaded.ladder.normalize(text, size, "bpe")))
        short = [w for w in found if len(w) <= limits.MERGE_CHARACTERS][: limits.MERGE_WORDS]
        return [
            {
                "word": word,
                "merges": [
                    {"left": m.left, "right": m.right, "rank": m.rank}
                    for m in order.build(word, size - order.n_fixed)
                ],
            }
            for word in short
        ]


def chosen_rules(rules: object) -> list[str]:
    """The rules that are on, in fastai's order. Raises `Refused`."""
    names = tokens.RULE_NAMES
    on = {limits.choice(rule, names, "A rule") for rule in limits.several(rules, "The rules")}
    return [name for name in names if name in on]
