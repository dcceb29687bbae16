"""SGLang's server on a CPU, from its wheel for GPUs: `python tests/servers/sglang_cpu.py --model-path ... --port ...`.

The wheel runs real requests on a CPU once a few things are in place that its compiled kernels would bring. Its child
processes run this file's top again, so they stand above the main guard. Seeds count in SGLang only under
`--enable-deterministic-inference`, which it does not offer for a CPU. Here it does: its sampler runs as it is, over a
hash that is written out below, but the kernels that give a request the same sums in any company are left out. For the
tests alone: it is slow.
"""

from __future__ import annotations

import importlib.machinery
import os
import sys
import types
from typing import Any

os.environ["TORCHDYNAMO_DISABLE"] = "1"  # nothing is compiled for so few tokens

import torch

_LIBRARY = torch.library.Library("torchvision", "DEF")
for _name in ("nms", "qnms"):  # operators that torchvision's own library would define
    _LIBRARY.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


class _Kernels(types.ModuleType):
    """A module of GPU kernels that are not there: each says so when it is called."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def missing(*_: object, **__: object) -> None:
            raise NotImplementedError(f"{self.__name__}.{name} needs a GPU")

        return missing


def assign_req_to_token_pool_cpu(
    rows: torch.Tensor, pool: torch.Tensor, starts: torch.Tensor, ends: torch.Tensor, places: torch.Tensor, _: int
) -> None:
    """Note, for each request's row, where its tokens from start to end are kept: the next ones of `places`."""
    taken = 0
    for row, start, end in zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True):
        pool[row, start:end] = places[taken : taken + end - start].to(pool.dtype)
        taken += end - start


def murmur_hash32_cpu(seed: torch.Tensor, positions: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
    """MurmurHash3 of each seed, position and column, [rows, columns] in 0 to 2**32 - 1: the sampler's noise."""
    seed = seed.to(torch.int64)
    rows = [seed & _LOW, (seed >> 32) & _LOW, positions.to(torch.int64)]
    hashed = torch.zeros(len(seed), len(columns), dtype=torch.int64)
    for block in [*(row[:, None] for row in rows), columns.to(torch.int64)[None, :]]:
        mixed = _turned(block * 0xCC9E2D51 & _LOW, 15) * 0x1B873593 & _LOW
        hashed = _turned(hashed ^ mixed, 13) * 5 + 0xE6546B64 & _LOW
    hashed = hashed ^ 16
    hashed = (hashed ^ hashed >> 16) * 0x85EBCA6B & _LOW
    hashed = (hashed ^ hashed >> 13) * 0xC2B2AE35 & _LOW
    return hashed ^ hashed >> 16


_LOW = 0xFFFFFFFF


def _turned(bits: torch.Tensor, left: int) -> torch.Tensor:
    return (bits << left | bits >> 32 - left) & _LOW


_OPERATORS = torch.library.Library("sgl_kernel", "DEF")
_OPERATORS.define("murmur_hash32_cpu(Tensor seed, Tensor positions, Tensor columns) -> Tensor")
_OPERATORS.impl("murmur_hash32_cpu", murmur_hash32_cpu, "CPU")
for _name in ("sgl_kernel", "sgl_kernel.mamba"):
    _module = _Kernels(_name)
    _module.__path__ = []
    _module.__spec__ = importlib.machinery.ModuleSpec(_name, None, is_package=True)
    sys.modules[_name] = _module
sys.modules["sgl_kernel"].assign_req_to_token_pool_cpu = assign_req_to_token_pool_cpu  # type: ignore[attr-defined]

import sglang.srt.batch_invariant_ops  # noqa: E402

sglang.srt.batch_invariant_ops.enable_batch_invariant_mode = lambda: None

if __name__ == "__main__":
    from sglang.launch_server import run_server
    from sglang.srt.arg_groups import choices
    from sglang.srt.server_args import prepare_server_args

    choices.DETERMINISTIC_ATTENTION_BACKEND_CHOICES.append("torch_native")
    choices.RADIX_SUPPORTED_DETERMINISTIC_ATTENTION_BACKEND.append("torch_native")  # with a prefix cache

    run_server(prepare_server_args(sys.argv[1:]))
