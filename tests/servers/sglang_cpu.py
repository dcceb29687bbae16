"""SGLang's server on a CPU, from its wheel for GPUs: `python tests/servers/sglang_cpu.py --model-path ... --port ...`.

The wheel runs real requests on a CPU once three things are in place that its GPU kernels would bring. Its child
processes run this file's top again, so they stand above the main guard. For the tests alone: it is slow.
"""

from __future__ import annotations

import importlib.machinery
import sys
import types
from typing import Any

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


for _name in ("sgl_kernel", "sgl_kernel.mamba"):
    _module = _Kernels(_name)
    _module.__path__ = []
    _module.__spec__ = importlib.machinery.ModuleSpec(_name, None, is_package=True)
    sys.modules[_name] = _module
sys.modules["sgl_kernel"].assign_req_to_token_pool_cpu = assign_req_to_token_pool_cpu  # type: ignore[attr-defined]

if __name__ == "__main__":
    from sglang.launch_server import run_server
    from sglang.srt.server_args import prepare_server_args

    run_server(prepare_server_args(sys.argv[1:]))
