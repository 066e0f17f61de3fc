"""A loader's order that can be taken up again: seeded by epoch, and able to start at a later batch."""

from __future__ import annotations

import numpy as np


class ResumableOrder:
    """Mixin before a fastai loader: `epoch` fixes the shuffle, `skip` leaves out batches."""

    seed, epoch, skip = 0, 0, 0

    def shuffled(self, idxs: list[int], rng: np.random.Generator):
        """The order of one epoch, from `rng` alone."""
        raise NotImplementedError

    def shuffle_fn(self, idxs):
        rng = np.random.default_rng((self.seed, self.epoch))
        self.epoch += 1
        return self.shuffled(idxs, rng)

    def get_idxs(self):
        idxs = list(super().get_idxs())[self.skip * self.bs :]
        self.skip = 0
        return idxs
