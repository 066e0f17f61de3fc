"""A recipe and a corpus so small that every stage of the training runs in seconds."""

from __future__ import annotations

from train import recipe

SIZES = {"train/neg": 40, "train/pos": 40, "test/neg": 15, "test/pos": 15, "unsup": 30}
LM = recipe.LanguageModel(
    emb_sz=16, n_hid=24, bs=8, seq_len=10, epochs=2, sampled=16, lr=2e-2, checkpoint_seconds=0
)
STAGES = (
    recipe.Stage(groups=1, epochs=1, lr=3e-2),
    recipe.Stage(groups=0, epochs=2, lr=3e-2),
)
CLASSIFIER = recipe.Classifier(
    bs=8,
    bptt=10,
    max_len=40,
    cut=30,
    lin_ftrs=8,
    stages=STAGES,
    drop_mult=0.01,
    checkpoint_seconds=0,
)
RECIPE = recipe.Recipe(
    "tiny", data=recipe.Data(min_freq=1, heldout=8), lm=LM, classifier=CLASSIFIER
)
