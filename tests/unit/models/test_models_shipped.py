"""The shipped bundle's earlier state: the same words, less training."""

from ulmfit_demo import theme
from ulmfit_demo.models import bundle
from ulmfit_demo.models.surprisal import surprisal
from ulmfit_demo.tokens import Vocab, fastai_words

TEXT = (
    "I did not expect much of this movie, but the story is well told and the acting is good. "
    "The ending was a bit too long for me. I would still recommend it to anyone who likes a drama."
)


def test_the_shipped_earlier_state_is_more_surprised_by_a_review():
    shipped = bundle.load(theme.ASSETS / "models" / "imdb")
    assert [s.title for s in shipped.snapshots] == ["Wikipedia"]
    snapshot = shipped.snapshots[0]
    assert snapshot.vocab != shipped.vocab  # each has words of its own
    tokens = [t.text for t in fastai_words(TEXT).tokens]
    early = surprisal(snapshot.model, Vocab(snapshot.vocab).numericalize(tokens)).perplexity
    late = surprisal(shipped.lm, Vocab(shipped.vocab).numericalize(tokens)).perplexity
    assert late < 0.7 * early
