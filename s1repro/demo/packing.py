"""Documents packed into windows of one fixed size, each document seeing only itself.

One shape for all batches keeps a CPU's kernels warm, and no token of compute is spent on padding. Attention between
documents is masked and positions start anew with each, so a window is the same to the model as its documents one by
one.

    for batch in batches(tokenizer, random.Random(0), 1000, 150, (6, 12)): ...
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from transformers import PreTrainedTokenizerFast

from s1repro.demo.documents import Document, draw_document, draw_look_up

WINDOW = 352
"""Tokens a window; a longer document is left out."""
WINDOWS = 14
"""Windows a batch."""
IGNORED = -100
"""Label of a token that is not learnt."""

Encoded = tuple[list[int], int]
"""A document's ids and how many of them are given."""


@dataclass(frozen=True)
class Batch:
    """Tensors of shape [WINDOWS, WINDOW]; `mask` is [WINDOWS, 1, WINDOW, WINDOW], true where attention may look."""

    ids: torch.Tensor
    labels: torch.Tensor
    positions: torch.Tensor
    mask: torch.Tensor


def batches(
    tokenizer: PreTrainedTokenizerFast, rng: random.Random, steps: int, look_up_steps: int, limits: Sequence[int]
) -> Iterator[Batch]:
    """`steps` batches: look-ups alone for the first `look_up_steps`, then documents of all kinds.

    `limits` are the steps of the longest problem, spread evenly over the training; look-ups at first are as long as
    any. Half of the documents are drawn with that limit, half with any limit up to it.
    """
    made = 0
    while made < steps:
        first = made < look_up_steps
        draw, limit = (draw_look_up, max(limits)) if first else (draw_document, limits[made * len(limits) // steps])
        documents = [draw(rng, limit if rng.random() < 0.5 else rng.randint(2, limit)) for _ in range(600)]
        windows = _fill(_encode(tokenizer, documents))
        rng.shuffle(windows)
        for start in range(0, len(windows) - WINDOWS + 1, WINDOWS):
            if made < steps:
                yield _batch(windows[start : start + WINDOWS])
                made += 1


def _encode(tokenizer: PreTrainedTokenizerFast, documents: list[Document]) -> list[Encoded]:
    given = tokenizer([document.given for document in documents], add_special_tokens=False)["input_ids"]
    told = tokenizer([document.told for document in documents], add_special_tokens=False)["input_ids"]
    return [([*g, *t, tokenizer.eos_token_id], len(g)) for g, t in zip(given, told, strict=True)]


def _fill(documents: list[Encoded]) -> list[list[Encoded]]:
    """First fit, longest first."""
    windows: list[list[Encoded]] = []
    room: list[int] = []
    for document in sorted(documents, key=lambda encoded: -len(encoded[0])):
        size = len(document[0])
        place = next((i for i, left in enumerate(room) if left >= size), None)
        if size > WINDOW:
            continue
        if place is None:
            windows.append([document])
            room.append(WINDOW - size)
        else:
            windows[place].append(document)
            room[place] -= size
    return windows


def _batch(windows: list[list[Encoded]]) -> Batch:
    ids = torch.zeros(WINDOWS, WINDOW, dtype=torch.long)
    labels = torch.full((WINDOWS, WINDOW), IGNORED)
    positions = torch.zeros(WINDOWS, WINDOW, dtype=torch.long)
    owner = torch.full((WINDOWS, WINDOW), -1)
    for i, window in enumerate(windows):
        start = 0
        for number, (document, given) in enumerate(window):
            end = start + len(document)
            ids[i, start:end] = torch.tensor(document)
            labels[i, start + given : end] = torch.tensor(document[given:])
            positions[i, start:end] = torch.arange(len(document))
            owner[i, start:end] = number
            start = end
    same = owner[:, :, None] == owner[:, None, :]
    return Batch(ids, labels, positions, (same & torch.ones(WINDOW, WINDOW, dtype=torch.bool).tril())[:, None])
