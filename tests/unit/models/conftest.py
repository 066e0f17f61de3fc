"""Small random models and the shipped bundle, shared by the engine's tests."""

from pathlib import Path

import pytest
import torch

from ulmfit_demo.models import bundle
from ulmfit_demo.models.awd_lstm import Classifier, LanguageModel, Sizes

SHIPPED = Path(__file__).resolve().parents[3] / "assets" / "models" / "imdb"
SIZES = Sizes(vocab_sz=104, emb_sz=24, n_hid=40, n_layers=2)


def _fp16(model):
    """Weights as a bundle holds them: fp16 numbers in fp32."""
    with torch.no_grad():
        for p in model.body.parameters():
            p.copy_(p.half().float())
    return model.eval().requires_grad_(False)


@pytest.fixture(scope="session")
def random_lm():
    torch.manual_seed(5)
    model = LanguageModel(SIZES)
    torch.nn.init.normal_(model.body.encoder.weight, std=0.8)
    torch.nn.init.normal_(model.bias, std=0.3)
    return _fp16(model)


@pytest.fixture(scope="session")
def random_classifier():
    """Pools the last 28 tokens, cut at multiples of 7, so that short texts show both cases."""
    torch.manual_seed(6)
    model = Classifier(SIZES, lin_ftrs=10, n_classes=2, bptt=7, max_len=28)
    for norm in (model.norm1, model.norm2):
        norm.running_mean.normal_(std=0.2)
        norm.running_var.uniform_(0.5, 2)
    torch.nn.init.normal_(model.body.encoder.weight, std=0.8)
    return _fp16(model)


@pytest.fixture(scope="session")
def shipped():
    if not (SHIPPED / "lm.safetensors").is_file():
        pytest.skip("no bundle ships with this checkout")
    return bundle.load(SHIPPED)
