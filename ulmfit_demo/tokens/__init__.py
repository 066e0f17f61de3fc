"""Text → tokens → ids. Names the package's public parts; computes nothing of its own."""

from ulmfit_demo.limits import clean
from ulmfit_demo.tokens.alignment import Aligned, Change
from ulmfit_demo.tokens.catalogue import OWN, catalogue, tokenize
from ulmfit_demo.tokens.detokenize import Piece, continued, detokenize
from ulmfit_demo.tokens.markers import announced
from ulmfit_demo.tokens.rules import RULE_NAMES, RULES, Rule, Step, is_blank, rewrite, trace
from ulmfit_demo.tokens.subwords import SubwordLadder, subword_pieces
from ulmfit_demo.tokens.types import Token, Tokenized
from ulmfit_demo.tokens.vocabulary import Vocab
from ulmfit_demo.tokens.words import (
    characters,
    fastai_tokens,
    fastai_words,
    keep_common,
    spacy_words,
    whitespace,
)

__all__ = [
    "OWN",
    "RULES",
    "RULE_NAMES",
    "Aligned",
    "Change",
    "Piece",
    "Rule",
    "Step",
    "SubwordLadder",
    "Token",
    "Tokenized",
    "Vocab",
    "announced",
    "catalogue",
    "characters",
    "clean",
    "continued",
    "detokenize",
    "fastai_tokens",
    "fastai_words",
    "is_blank",
    "keep_common",
    "rewrite",
    "spacy_words",
    "subword_pieces",
    "tokenize",
    "trace",
    "whitespace",
]
