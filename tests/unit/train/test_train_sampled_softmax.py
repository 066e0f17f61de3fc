"""The sampled loss against plain PyTorch: values, gradients, formats, and whole training steps."""

import dataclasses

import pytest
import torch
from fastai.callback.core import Callback
from fastai.callback.rnn import RNNRegularizer
from fastai.losses import CrossEntropyLossFlat
from fastai.text.models.awdlstm import EmbeddingDropout
from fastai.text.models.core import LinearDecoder
from torch.nn import functional as F

from train import data, language_model, recipe, sampled_softmax
from train.regularization import FewPassRegularizer
from train.sampled_softmax import BlockwiseCrossEntropy, SampledSoftmax

LM = recipe.LanguageModel(emb_sz=16, n_hid=24, bs=8, seq_len=10, sampled=16, drop_mult=0.5)


def inputs(tokens=300, columns=70, emb_sz=20):
    torch.manual_seed(0)
    x, weight, bias = (
        torch.randn(tokens, emb_sz),
        torch.randn(columns, emb_sz),
        torch.randn(columns),
    )
    leaves = [t.requires_grad_() for t in (x * 0.5, weight * 0.5, bias * 3)]
    return [t.detach().requires_grad_() for t in leaves], torch.randint(0, columns, (tokens,))


def loss_and_gradients(loss_of, leaves):
    for t in leaves:
        t.grad = None
    loss = loss_of()
    (loss * 3).backward()  # a factor, as a gradient scaler or a second loss gives one
    return loss.detach(), [t.grad.clone() for t in leaves]


@pytest.mark.parametrize("block", [64, 300, 1_024])  # the last block shorter, exact, alone
def test_the_blockwise_loss_is_that_of_pytorch(monkeypatch, block):
    monkeypatch.setattr(sampled_softmax, "BLOCK", block)
    (x, weight, bias), targets = inputs()
    plain = loss_and_gradients(
        lambda: F.cross_entropy(F.linear(x, weight, bias), targets), (x, weight, bias)
    )
    ours = loss_and_gradients(
        lambda: BlockwiseCrossEntropy.apply(x, weight, bias, targets), (x, weight, bias)
    )
    assert ours[0] == pytest.approx(float(plain[0]), rel=1e-6)
    for a, b in zip(ours[1], plain[1], strict=True):
        assert torch.allclose(a, b, atol=1e-6, rtol=1e-4)


def test_in_bf16_loss_and_gradients_are_within_its_rounding(monkeypatch):
    monkeypatch.setattr(sampled_softmax, "BLOCK", 128)
    (x, weight, bias), targets = inputs(tokens=1_000)
    plain = loss_and_gradients(
        lambda: F.cross_entropy(F.linear(x, weight, bias), targets), (x, weight, bias)
    )
    with torch.autocast("cpu", dtype=torch.bfloat16):
        ours = loss_and_gradients(
            lambda: BlockwiseCrossEntropy.apply(x, weight, bias, targets), (x, weight, bias)
        )
    assert ours[0].dtype == torch.float32
    assert ours[0] == pytest.approx(float(plain[0]), abs=5e-3)
    for a, b in zip(ours[1], plain[1], strict=True):
        assert a.dtype == torch.float32
        assert (a - b).norm() / b.norm() < 0.01  # bf16 has 8 bits: 0.4 % a number


def test_a_hopeless_token_has_a_finite_loss():
    weight, bias = torch.zeros(2, 3), torch.tensor([0.0, 500.0])
    loss = BlockwiseCrossEntropy.apply(torch.ones(4, 3), weight, bias, torch.zeros(4).long())
    assert float(loss) == pytest.approx(87.3, abs=0.1)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    out = tmp_path_factory.mktemp("sampled") / "run" / "data"
    settings = recipe.Data(layout="generated", min_freq=1, heldout=20)
    data.prepare(None, out, settings, workers=1)
    return data.Corpus(out)


class PlainDecoder(LinearDecoder):
    """The same columns with `F.linear`: logits in one tensor, gradients by autograd."""

    columns = correction = None

    def forward(self, input):
        if self.columns is None:
            return super().forward(input)
        dropped = self.output_dp(input)
        bias = self.decoder.bias[self.columns] - self.correction
        return F.linear(dropped, self.decoder.weight[self.columns], bias), input, dropped


def losses(learn, batches=12):
    """Training losses of `batches` steps, and the validation loss after them."""
    seen = []

    class Record(Callback):
        order, run_valid = 90, False

        def after_batch(self):
            seen.append((float(self.learn.loss), float(self.learn.loss_grad)))

    with learn.no_bar(), learn.no_logging():
        learn.dls.train.n = batches * learn.dls.train.bs
        learn.fit_one_cycle(1, 1e-2, cbs=[Record()])
        return seen, float(learn.validate()[0])


@pytest.mark.parametrize("sampled", [16, 0])
def test_training_steps_are_those_of_fastai_and_plain_pytorch(corpus, tmp_path, sampled):
    """Sampled loss, row dropout and penalties: the same losses step by step, in float32."""
    settings = dataclasses.replace(LM, sampled=sampled)
    runs = []
    for plain in (False, True):
        language_model.seed_everything(3)
        learn = language_model.learner(corpus, settings, tmp_path, torch.device("cpu"))
        if plain:
            learn.model[1].__class__ = PlainDecoder
            learn.model[0].encoder_dp.__class__ = EmbeddingDropout
            learn.loss_func = CrossEntropyLossFlat()
            for regularizer in learn.cbs.filter(lambda cb: isinstance(cb, FewPassRegularizer)):
                regularizer.__class__ = RNNRegularizer
        language_model.seed_everything(4)
        runs.append(losses(learn))
    (ours, valid), (theirs, plain_valid) = runs
    assert len(ours) == 12
    assert ours[-1][0] < ours[0][0]  # it learns
    assert torch.tensor(ours).numpy() == pytest.approx(torch.tensor(theirs).numpy(), abs=2e-4)
    assert valid == pytest.approx(plain_valid, abs=2e-4)


def test_validation_scores_the_whole_vocabulary(corpus, tmp_path):
    learn = language_model.learner(corpus, LM, tmp_path, torch.device("cpu"))
    assert learn.cbs.filter(lambda cb: isinstance(cb, SampledSoftmax))
    x, y = next(iter(learn.dls.valid))
    learn.model.eval()
    logits = learn.model(x)[0]
    assert logits.shape == (*x.shape, len(corpus.vocab))
    plain = CrossEntropyLossFlat()(logits, y)
    assert float(learn.loss_func(logits, y)) == pytest.approx(float(plain), rel=1e-6)
