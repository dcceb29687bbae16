"""Will it fit? The peak of a training, estimated before a weight is loaded.

Weights, gradients and AdamW's two moments are float32, 16 bytes a trained parameter. What else there is depends on the
largest micro-batch: the tensors that the backward pass needs of each layer (bytes a token, below), the copies of the
weights that bfloat16 autocast makes, and one tile of logits with its temporaries (`s1repro.train.loss`). A CPU's heap
does not give back what the backward pass frees, so gradients come on top of all of it.

Covered are decoders of the Llama kind (`s1repro.train.sizes`); for others, and where accelerate shards or offloads
(FSDP, DeepSpeed), there is no estimate and nothing is refused. On a GPU the same sums hold, less the temporaries that a
CPU needs; they have been compared with no GPU yet. On a CPU, peak resident memory of real trainings, two steps each, in
GiB (the 0.5B model is Qwen2.5-Coder's with a head of its own, 630M parameters):

    model            training  tokens  autocast  checkpointing  measured  estimated
    SmolLM2-135M     full         512  no        no                3.67       3.66
    SmolLM2-135M     full        1024  bfloat16  no                4.58       4.55
    SmolLM2-135M     full       2x512  bfloat16  no                4.67       4.62    (padded)
    SmolLM2-135M     full         384  bfloat16  no                3.86       3.90    (2 micro-batches a step)
    SmolLM2-135M     full        1024  bfloat16  yes               3.82       3.77
    SmolLM2-135M     LoRA        1024  bfloat16  no                3.66       3.40
    SmolLM2-135M     LoRA        1024  bfloat16  yes               2.47       2.53
    Qwen2.5-0.5B     full         512  bfloat16  no               11.52      11.72
    Qwen2.5-0.5B     full         512  bfloat16  yes              11.14      11.03
    Qwen2.5-0.5B     LoRA         512  bfloat16  no                5.44       5.20
    Qwen2.5-0.5B     LoRA         512  no        no                5.68       5.02
    Qwen2.5-0.5B     LoRA         768  bfloat16  yes               4.54       4.21

    foresee(config, [len(example.input_ids) for example in examples])   # prints the estimate, or raises
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import compress, product

from s1repro.config import Config
from s1repro.device import Device, this_device
from s1repro.settings.training import LoraConfig, SftConfig
from s1repro.train.order import BatchOrder
from s1repro.train.sizes import Sizes, describe

GIB = 1 << 30
FLOAT = 4
"""Bytes of a float32 number."""
PROCESS = {"cpu": int(0.9 * GIB), "cuda": 0}
"""Python and its libraries, where the device's memory is theirs too (measured)."""
TILE = (4096, 32_768)
"""Tokens and words that TRL's head projects at once."""
TEMPORARIES = {"cpu": 29, "cuda": 0}
"""Bytes that its backward pass needs for an entry of the tile, beside the entry: float32 copies, which a GPU's kernel
does without (counted in `trl.kernels.chunked_logprob`)."""
PARTS = ("weights", "gradients", "optimiser", "activations", "loss", "process")
"""Fields of an estimate that are shown."""
SAVING: dict[str, Callable[[SftConfig], SftConfig]] = {
    "sft.micro_batch_size=1": lambda sft: replace(sft, micro_batch_size=1),
    "sft.gradient_checkpointing=true": lambda sft: replace(sft, gradient_checkpointing=True),
    "sft=lora": lambda sft: sft if sft.adapter_rank else LoraConfig(**vars(sft)),
}
"""Settings that save memory, as a user writes them, the harmless first: the results stay, the time grows, another kind
of training."""


@dataclass(frozen=True)
class Batch:
    """A micro-batch: sequences, their common length with padding, and whether there is any."""

    rows: int
    length: int
    padded: bool


@dataclass(frozen=True)
class Estimate:
    """Bytes by what they hold, at the peak. `loss` is the head's tile, its temporaries and its gradient."""

    weights: int
    gradients: int
    optimiser: int
    activations: int
    loss: int
    process: int
    kept: bool
    """Whether gradients of earlier micro-batches are there while the next one's loss is computed."""

    @property
    def peak(self) -> int:
        """Without accumulation, gradients come when the loss's temporaries have gone."""
        last = self.gradients + self.loss if self.kept else max(self.gradients, self.loss)
        return self.weights + self.optimiser + self.activations + self.process + last


def foresee(config: Config, lengths: Sequence[int]) -> None:
    """Print the estimate for examples of these lengths. Raises `ValueError`, with settings that fit, if it cannot."""
    sizes = None if sharded() else describe(config.model)
    if sizes is None:
        return _say("memory: no estimate for this kind of model or launch")
    device = this_device()
    need, batch = estimate(sizes, lengths, config, device.kind)
    where = f"{batch.rows} x {batch.length} tokens"
    has = f"the {'GPU' if device.kind == 'cuda' else 'machine'} has {_gib(device.free)} GiB for it"
    if need.peak <= device.free:
        parts = ", ".join(f"{name} {_gib(size)}" for name, size in asdict(need).items() if name in PARTS)
        return _say(f"memory: about {_gib(need.peak)} GiB at the largest micro-batch ({where}), and {has}: {parts}")
    raise ValueError(
        f"memory: training needs about {_gib(need.peak)} GiB at the largest micro-batch ({where}), but {has}; "
        + _advice(sizes, lengths, config, device)
    )


def estimate(sizes: Sizes, lengths: Sequence[int], config: Config, kind: str) -> tuple[Estimate, Batch]:
    """The peak on a device of `kind`, and the micro-batch that it comes with."""
    sft = config.sft
    batch = max(micro_batches(lengths, sft, config.seed), key=lambda batch: activation_bytes(sizes, batch, sft))
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    adapter = sft.adapter_rank * sizes.edges
    trained = adapter or sizes.parameters
    need = Estimate(
        weights=FLOAT * (sizes.parameters + adapter),
        gradients=FLOAT * trained * (2 if processes > 1 else 1),  # once more in the buckets that are sent
        optimiser=2 * FLOAT * trained,
        activations=activation_bytes(sizes, batch, sft),
        loss=loss_bytes(sizes, batch, sft, kind),
        process=PROCESS[kind],
        kept=sft.batch_size > sft.micro_batch_size * processes,
    )
    return need, batch


def micro_batches(lengths: Sequence[int], sft: SftConfig, seed: int) -> Iterator[Batch]:
    """All micro-batches that training will see."""
    order = BatchOrder(lengths, sft.batch_size, seed)
    for epoch in range(math.ceil(sft.epochs)):
        order.set_epoch(epoch)
        sizes = [lengths[i] for i in order]
        for start in range(0, len(sizes), sft.micro_batch_size):
            rows = sizes[start : start + sft.micro_batch_size]
            yield Batch(len(rows), max(rows), min(rows) < max(rows))


def activation_bytes(sizes: Sizes, batch: Batch, sft: SftConfig) -> int:
    """What the forward pass leaves for the backward pass, the head apart."""
    layer = batch.rows * batch.length * _token_bytes(sizes, sft, batch.padded)
    if batch.padded:  # then attention has a mask, in each layer
        layer += batch.rows * batch.length**2 * _width(sft)
    copies = 2 * sizes.linear if sft.bf16 else 0
    if not sft.gradient_checkpointing:
        return layer * sizes.layers + copies
    # One layer at a time, and every layer's input. Autocast keeps its copies of what is trained for a whole pass.
    inputs = batch.rows * batch.length * FLOAT * sizes.hidden * sizes.layers
    return layer + inputs + (copies // sizes.layers if sft.adapter_rank else copies)


def loss_bytes(sizes: Sizes, batch: Batch, sft: SftConfig, kind: str) -> int:
    """The tile of logits with its temporaries, and the gradients that the head hands on, which are float32."""
    tokens, words = min(batch.rows * batch.length, TILE[0]), min(sizes.vocabulary, TILE[1])
    tile = tokens * words * (_width(sft) + TEMPORARIES[kind])
    head = 0 if sft.adapter_rank else FLOAT * sizes.vocabulary * sizes.hidden
    return tile + head + FLOAT * batch.rows * batch.length * sizes.hidden


def _token_bytes(sizes: Sizes, sft: SftConfig, padded: bool) -> int:
    """Bytes that one layer keeps of one token for its backward pass."""
    width = _width(sft)
    keys = sizes.attention if padded else sizes.key_value  # with a mask, shared keys and values are repeated
    norms = (
        sizes.hidden * FLOAT * (2 if sft.adapter_rank else 4)
    )  # two inputs; for their weights' gradient, two outputs as well
    # Autocast casts the inputs of q, k, v, gate and up one by one; without it they are two tensors.
    inputs = sizes.hidden * width * (5 if sft.bf16 else 2)
    attention = width * (2 * sizes.attention + 2 * keys) + FLOAT * sizes.heads
    gated = width * 4 * sizes.intermediate
    adapters = 0
    if sft.adapter_rank:
        adapters = sft.adapter_rank * width * 7 + (width * sizes.attention if sft.bf16 else 0)
    return norms + inputs + attention + gated + adapters


def _width(sft: SftConfig) -> int:
    """Bytes of a number in a matrix product."""
    return 2 if sft.bf16 else FLOAT


def _advice(sizes: Sizes, lengths: Sequence[int], config: Config, device: Device) -> str:
    """The first combination of what saves memory that fits, or that none does."""
    peak = 0
    for chosen in sorted(product((False, True), repeat=len(SAVING)), key=lambda chosen: chosen[::-1]):
        sft, names = config.sft, list(compress(SAVING, chosen))
        if any(SAVING[name](sft) == sft for name in names) or not names:
            continue  # set already
        for name in names:
            sft = SAVING[name](sft)
        peak = estimate(sizes, lengths, replace(config, sft=sft), device.kind)[0].peak
        if peak <= device.free:
            return f"this fits, with about {_gib(peak)} GiB: {' '.join(names)}"
    tried = f"even {' '.join(names)} needs about {_gib(peak)} GiB; " if peak else ""
    return f"{tried}take a smaller model, shorter examples or a device with more memory"


def sharded() -> bool:
    """Whether accelerate spreads a model over devices, so that one holds only a part of it."""
    return any(os.environ.get(f"ACCELERATE_USE_{name}", "false") == "true" for name in ("FSDP", "DEEPSPEED"))


def _gib(size: int) -> str:
    return f"{size / GIB:.1f}"


def _say(line: str) -> None:
    if os.environ.get("RANK", "0") == "0":
        print(line)
