"""Every engine, for the suite that holds them all to one contract: in process, stand-ins of servers, real servers."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoConfig, PreTrainedTokenizerBase

from benchmarks.servers import Served, sglang_command, vllm_command
from s1repro.engines import ENGINES, Engine, ScriptedEngine, load_engine
from s1repro.engines.speculation import Ngram
from tests.engines.completion_server import serving, toy

Run = Callable[[Coroutine[Any, Any, Any]], Any]
LENGTH = 256
STAND_INS = ("vllm", "sglang", "trtllm")
DRAFTING = ["--speculative-config", json.dumps(Ngram(tokens=3, shortest=1).arguments())]
REAL = {
    "vllm-server-real": vllm_command(LENGTH),
    "vllm-server-drafting": [*vllm_command(LENGTH)[:-1], *DRAFTING, "--model"],
    "sglang-server-real": sglang_command(LENGTH),
}
"""How a real server is started, up to the model."""
NAMES = [
    "scripted",
    "transformers",
    "vllm",
    *(f"{kind}-server" for kind in STAND_INS),
    *(pytest.param(name, marks=pytest.mark.server) for name in REAL),
]


@pytest.fixture(scope="session", params=NAMES)
def any_engine(
    request: pytest.FixtureRequest, tiny_qwen: Path, qwen_tokenizer: PreTrainedTokenizerBase, run: Run
) -> Iterator[Engine]:
    """One engine after the other, each over the same small model or a toy of its vocabulary."""
    name = request.param
    vocabulary = vocabulary_of(tiny_qwen)
    with ExitStack() as stack:
        if name == "vllm":
            yield request.getfixturevalue("vllm_engine")
            return
        if name == "scripted":
            yield ScriptedEngine(qwen_tokenizer, lambda ids: endless(ids, vocabulary), LENGTH, vocab_size=vocabulary)
            return
        if name == "transformers":
            engine = load_engine(ENGINES[name](max_model_len=LENGTH, max_concurrency=64), str(tiny_qwen))
        elif name in REAL:
            if not Path(REAL[name][0]).exists():
                pytest.skip(f"no {REAL[name][0]}: make servers, or set S1REPRO_SGLANG to its environment")
            url = stack.enter_context(Served([*REAL[name], str(tiny_qwen)], threads=1)).url
            kind = name.removesuffix("-real").removesuffix("-drafting")
            engine = load_engine(ENGINES[kind](max_model_len=LENGTH, urls=[url]), str(tiny_qwen))
        else:
            eos = qwen_tokenizer.eos_token_id
            stand_in = serving(name.removesuffix("-server"), vocabulary, eos, decode=qwen_tokenizer.decode)
            url = stack.enter_context(stand_in).url
            engine = load_engine(ENGINES[name](max_model_len=LENGTH, urls=[url], model="toy"), str(tiny_qwen))
        yield engine
        run(engine.close())


def vocabulary_of(model: Path) -> int:
    """The model's, which is larger than its tokenizer's."""
    size: int = AutoConfig.from_pretrained(model).vocab_size
    return size


def endless(ids: tuple[int, ...], vocabulary: int) -> Iterator[int]:
    """What the stand-ins' model says."""
    while True:
        ids = (*ids, toy(ids, vocabulary))
        yield ids[-1]
