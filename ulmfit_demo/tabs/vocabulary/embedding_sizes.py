"""The embedding sizes with which the parameters of a vocabulary are counted."""

from __future__ import annotations

from fastai.text.models.awdlstm import awd_lstm_lm_config

from ulmfit_demo.inference.loading import LoadedModels


def embedding_sizes(loaded: LoadedModels) -> list[tuple[str, int]]:
    """(whose, embedding size): the shipped model's, and that of fastai's AWD-LSTM."""
    ours = loaded.bundle.config["emb_sz"] if loaded.bundle else awd_lstm_lm_config["emb_sz"]
    both = {"this app": int(ours), "fastai": awd_lstm_lm_config["emb_sz"]}
    return list(both.items()) if len(set(both.values())) > 1 else [("fastai", int(ours))]
