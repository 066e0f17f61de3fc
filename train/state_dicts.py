"""The names of the weights: fastai's state dicts ↔ those of `ulmfit_demo.models`. Reads no file."""

from __future__ import annotations

import torch
from torch import Tensor, nn

LAYER = {  # one LSTM layer: ours → fastai's; `_raw` is the weight without its dropout
    "weight_hh_l0": "weight_hh_l0_raw",
    "weight_ih_l0": "module.weight_ih_l0",
    "bias_ih_l0": "module.bias_ih_l0",
    "bias_hh_l0": "module.bias_hh_l0",
}


def body_weights(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """fastai's `AWD_LSTM` names → ours."""
    result = {"body.encoder.weight": state[f"{prefix}encoder.weight"]}
    layer = 0
    while f"{prefix}rnns.{layer}.weight_hh_l0_raw" in state:
        for ours, theirs in LAYER.items():
            result[f"body.rnns.{layer}.{ours}"] = state[f"{prefix}rnns.{layer}.{theirs}"]
        layer += 1
    return result


def lm_weights(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """State dict of fastai's language model → that of `LanguageModel`."""
    return {**body_weights(state, "0."), "bias": state["1.decoder.bias"]}


def classifier_weights(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """State dict of fastai's classifier → that of `Classifier`."""
    result = body_weights(state, "0.module.")
    for i in (0, 1):
        head = f"1.layers.{i}."
        norm = next(
            k[: -len("running_mean")] for k in state if k.startswith(head) and "running_mean" in k
        )
        for name in ("weight", "bias", "running_mean", "running_var"):
            result[f"norm{i + 1}.{name}"] = state[f"{norm}{name}"]
        linear = next(
            k
            for k, t in state.items()
            if k.startswith(head) and k.endswith("weight") and t.ndim == 2
        )
        result[f"linear{i + 1}.weight"] = state[linear]
    return result


def fastai_body(weights: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Our names of the encoder → those of fastai's `AWD_LSTM`; undoes `body_weights`."""
    embedding = weights["body.encoder.weight"]
    result = {f"{prefix}encoder.weight": embedding, f"{prefix}encoder_dp.emb.weight": embedding}
    layer = 0
    while f"body.rnns.{layer}.weight_hh_l0" in weights:
        for ours, theirs in LAYER.items():
            result[f"{prefix}rnns.{layer}.{theirs}"] = weights[f"body.rnns.{layer}.{ours}"]
        layer += 1
    return result


def fastai_lm(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """State dict of `LanguageModel` → that of fastai's language model; undoes `lm_weights`."""
    decoder = {
        "1.decoder.weight": weights["body.encoder.weight"],
        "1.decoder.bias": weights["bias"],
    }
    return fastai_body(weights, "0.") | decoder


def fill_fastai_classifier(model: nn.Module, weights: dict[str, Tensor]) -> None:
    """Copy `weights` of our `Classifier` into fastai's `model` of the same sizes.

    `classifier_weights` finds where each belongs: it gives fastai's own tensors, under our names.
    """
    with torch.no_grad():
        for name, own in classifier_weights(model.state_dict()).items():
            own.copy_(weights[name])
