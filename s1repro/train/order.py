"""Which examples share an optimiser step, epoch by epoch.

Each epoch is a fresh seeded shuffle, cut into batches of `batch_size`. Inside a batch the examples are sorted by
length, longest first, so that micro-batches hold similar lengths and little padding. The gradient of a batch is a sum
over its tokens, so this sorting changes nothing but the time. The order depends on the seed and the epoch alone, never
on a generator's state: a training that was killed and resumed sees the same batches.

    list(BatchOrder([5, 9, 7, 3], batch_size=2, seed=0))    # e.g. [1, 3, 2, 0]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch.utils.data import Sampler


class BatchOrder(Sampler[int]):
    """Indices of one epoch. The trainer calls `set_epoch` before each epoch."""

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int) -> None:
        self.lengths = list(lengths)
        self.batch_size = batch_size
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, counted from 0, that the next iteration goes through."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        # Large odd factor: nearby seeds and epochs must not give the same shuffle.
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        shuffled = torch.randperm(len(self.lengths), generator=generator).tolist()
        for start in range(0, len(shuffled), self.batch_size):
            yield from sorted(shuffled[start : start + self.batch_size], key=lambda i: -self.lengths[i])
