"""An exponential average of the weights during training, as a fastai callback. Trains nothing."""

from __future__ import annotations

import torch
from fastai.learner import Learner
from torch import Tensor

from train.checkpoint import StatefulCallback


class Average(StatefulCallback):
    """Keep `average = decay · average + (1 - decay) · weights` after every step.

    The average is part of each checkpoint (`state`, `load`). Polyak and Juditsky 1992; the decay is
    lower in the first steps (as TensorFlow's `ExponentialMovingAverage`), so that the start is
    forgotten.
    """

    order = 45  # before the checkpoint, which saves it
    run_valid = False

    def __init__(self, decay: float):
        self.decay, self.steps = decay, 0
        self.weights: dict[str, Tensor] = {}

    def after_batch(self) -> None:
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for name, value in self.learn.model.state_dict().items():
            if name not in self.weights or not value.is_floating_point():
                self.weights[name] = value.detach().clone()
            else:
                self.weights[name].lerp_(value.detach(), 1 - decay)

    def state(self) -> dict:
        return {"steps": self.steps, "weights": self.weights}

    def load(self, state: dict) -> None:
        self.steps, self.weights = state["steps"], state["weights"]

    def replace_weights(self, learn: Learner) -> dict:
        """Give `learn` the average where it is better on the held-out reviews; returns both."""
        own = {k: v.clone() for k, v in learn.model.state_dict().items()}
        before = accuracy_of(learn)
        learn.model.load_state_dict(self.weights)
        after = accuracy_of(learn)
        if after < before:
            learn.model.load_state_dict(own)
        return {"accuracy": before, "averaged_accuracy": after, "kept": after >= before}


def accuracy_of(learn: Learner) -> float:
    """Accuracy on the learner's validation set."""
    with torch.no_grad(), learn.no_bar(), learn.no_logging():
        return float(learn.validate()[1])
