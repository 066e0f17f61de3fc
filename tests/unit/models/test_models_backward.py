"""Gradients of a model that is not in training: cuDNN's LSTM refuses them, unless it is told otherwise."""

import copy

import pytest
import torch

from ulmfit_demo.models import attribution
from ulmfit_demo.models.inspection import memory, units

IDS = [2, 17, 40, 5, 99, 17, 3, 64, 8, 20, 31]
REFUSED = "cudnn RNN backward can only be called in training mode"


class _AsCuDNN(torch.autograd.Function):
    @staticmethod
    def forward(ctx, output, train):
        ctx.train = train
        return output.clone()

    @staticmethod
    def backward(ctx, gradient):
        if not ctx.train:
            raise RuntimeError(REFUSED)
        return gradient, None


@pytest.fixture
def refusing(monkeypatch):
    """An LSTM that goes backwards only where it was told that it trains, as cuDNN's."""
    real = torch.lstm

    def lstm(x, hx, params, has_biases, n_layers, dropout, train, bidirectional, batch_first):
        assert dropout == 0
        found = real(
            x, hx, params, has_biases, n_layers, dropout, train, bidirectional, batch_first
        )
        return _AsCuDNN.apply(found[0], train), *found[1:]

    monkeypatch.setattr(torch, "lstm", lstm)
    monkeypatch.setattr(torch._VF, "lstm", lstm, raising=False)  # what `nn.LSTM` calls


def gradients(lm, classifier) -> dict[str, torch.Tensor]:
    """Every gradient that the app takes."""
    return {
        "memory": torch.tensor(memory.gradients(lm, IDS[:-1], IDS[-1])),
        "listened to": units.listened_to(classifier, IDS, 4)[1].cpu(),
        "first order": torch.tensor(attribution.first_order(classifier, IDS)),
        "integrated": torch.tensor(attribution.integrated_gradients(classifier, IDS).scores),
    }


def test_the_stand_in_refuses_what_cudnn_refuses(random_lm, refusing):
    assert not random_lm.training
    x = torch.zeros(1, 3, random_lm.body.sizes.emb_sz, requires_grad=True)
    with pytest.raises(RuntimeError, match=REFUSED):
        random_lm.body.rnns[0](x)[0].sum().backward()


def test_every_gradient_is_taken_where_cudnn_would_refuse(random_lm, random_classifier, request):
    expected = gradients(random_lm, random_classifier)
    request.getfixturevalue("refusing")
    for name, found in gradients(random_lm, random_classifier).items():
        torch.testing.assert_close(found, expected[name])
    assert not random_lm.training
    assert not random_classifier.training


def test_through_is_what_the_modules_give(random_lm):
    body, state = random_lm.body, random_lm.body.zero_state(2)
    with torch.no_grad():
        _, state = body(torch.tensor([[2, 9, 4], [2, 7, 7]]), state)
        row = torch.tensor([IDS, IDS[::-1]])
        features, _ = body(row, state)
        torch.testing.assert_close(body.through(body.encoder(row), state), features)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_gradients_on_a_gpu_are_the_cpus(random_lm, random_classifier):
    expected = gradients(random_lm, random_classifier)
    moved = [copy.deepcopy(m).to("cuda") for m in (random_lm, random_classifier)]
    for name, found in gradients(*moved).items():
        torch.testing.assert_close(found, expected[name], atol=1e-4, rtol=1e-3)
