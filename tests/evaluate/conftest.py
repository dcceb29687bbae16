"""A toy benchmark, a checkpoint folder and a scripted engine that thinks and answers."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from transformers import PreTrainedTokenizerBase

from s1repro.chat import FORMATS
from s1repro.config import Config
from s1repro.encoding import plain_ids
from s1repro.engines import Completion, Engine, ScriptedEngine
from s1repro.engines.base import EngineSettings
from s1repro.records import Question
from tests.toy import make_config, write_benchmark

QUESTIONS = [Question(f"q{i}", f"What is {i} plus {i}?", str(2 * i), "exact", "11") for i in range(8)]


@pytest.fixture
def questions() -> list[Question]:
    return QUESTIONS


@pytest.fixture
def config(tmp_path: Path, qwen_tokenizer: PreTrainedTokenizerBase, monkeypatch: pytest.MonkeyPatch) -> Config:
    """A config in a folder of its own, with a checkpoint (its weights are never read) and a benchmark `toy`."""
    monkeypatch.chdir(tmp_path)
    checkpoint = tmp_path / "checkpoint"
    qwen_tokenizer.save_pretrained(checkpoint)
    (checkpoint / "model.safetensors").write_bytes(b"weights")
    rows = [{"id": q.id, "question": q.text, "answer": q.reference, "domain": q.domain} for q in QUESTIONS]
    write_benchmark(tmp_path, rows)
    return make_config(
        checkpoint=str(checkpoint),
        engine={"max_model_len": 512, "max_concurrency": 5},
        method={"budgets": [4, 16, 64], "waits": [0, 1, 2], "max_answer_tokens": 20},
    )


Load = Callable[..., ScriptedEngine]


@pytest.fixture
def load(qwen_tokenizer: PreTrainedTokenizerBase) -> Load:
    """Loads scripted engines; `load.started` holds all that were started."""

    def start(config: EngineSettings, model: str, trust_remote_code: bool = False, _: str = "") -> ScriptedEngine:
        engine = thinker(qwen_tokenizer, config.max_model_len, shuffle_seed=len(started))
        started.append(engine)
        return engine

    started: list[ScriptedEngine] = []
    start.started = started  # type: ignore[attr-defined]
    return start


def thinker(tokenizer: PreTrainedTokenizerBase, max_model_len: int, shuffle_seed: int | None = None) -> ScriptedEngine:
    """Thinks some 0 to 40 tokens, as its prompt decides, then answers; right when it could think to the end."""
    fmt = FORMATS["qwen-plain"].bind(tokenizer)
    stop = fmt.stop_ids[0]
    turn_end = fmt.turn_end_ids[0]
    filler = plain_ids(tokenizer, " on and on and")
    opening = fmt.closed_ids
    references = {tuple(fmt.prompt_ids(q.text)): q.reference for q in QUESTIONS}

    def script(prompt: tuple[int, ...]) -> Iterator[int]:
        draw = int.from_bytes(hashlib.sha256(str(prompt).encode()).digest()[:4], "big")
        if opening in [prompt[i : i + len(opening)] for i in range(len(prompt) - 40, len(prompt))]:
            reference = next(ref for start, ref in references.items() if prompt[: len(start)] == start)
            forced = prompt[-len(opening) :] != opening
            text = " 0" if forced else f"Answer: {reference}"
            yield from plain_ids(tokenizer, text)
            yield from itertools.repeat(turn_end)
        yield from itertools.islice(itertools.cycle(filler), draw % 40)
        yield stop
        yield from itertools.cycle(filler)  # where the end is held back

    return ScriptedEngine(tokenizer, script, max_model_len, shuffle_seed=shuffle_seed)


class SessionEngine:
    """The session's engine, which belongs to a loop of its own, for a stage that makes another loop."""

    def __init__(self, engine: Engine, run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        self.tokenizer, self.max_model_len = engine.tokenizer, engine.max_model_len
        self._engine, self._run = engine, run

    @property
    def under_way(self) -> int:
        return self._engine.under_way

    async def complete(self, prompt_ids: Any, **how: Any) -> Completion:
        return cast(Completion, await asyncio.to_thread(self._run, self._engine.complete(prompt_ids, **how)))

    async def close(self) -> None:
        """It stays open for the other tests."""
