"""The transformers engine: against the bare model, in batches, with seeds, cancelled, failing and closed.

What it has in common with other engines is in test_conformance.py.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from s1repro.engines import Completion, Sampling, Stop, load_engine
from s1repro.engines.generation import draw
from s1repro.engines.transformers import Transformers, TransformersEngine

Run = Callable[[Coroutine[Any, Any, Any]], Any]
GREEDY = Sampling()
ENDLESS = Stop()


def config(**settings: Any) -> Transformers:
    return Transformers(**{"max_model_len": 256, "max_concurrency": 16, **settings})


@pytest.fixture(scope="module")
def folder(tiny_qwen: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model, whose own generation config wants what nobody asks for."""
    copy = tmp_path_factory.mktemp("stubborn") / "model"
    shutil.copytree(tiny_qwen, copy)
    wants = {"do_sample": True, "repetition_penalty": 9.0, "top_k": 2, "temperature": 0.1, "min_new_tokens": 7}
    every_tenth = list(range(0, 400, 10))
    (copy / "generation_config.json").write_text(json.dumps({**wants, "eos_token_id": every_tenth}))
    return copy


@pytest.fixture(scope="module")
def engine(folder: Path, run: Run) -> Iterator[TransformersEngine]:
    engine = load_engine(config(), str(folder))
    assert isinstance(engine, TransformersEngine)
    yield engine
    run(engine.close())


@pytest.fixture
def calls(engine: TransformersEngine) -> Iterator[list[int]]:
    """The rows of every forward pass."""
    rows: list[int] = []

    def note(module: Any, args: Any, kwargs: Any) -> None:
        rows.append(len(kwargs["input_ids"]))

    hook = engine._model.register_forward_pre_hook(note, with_kwargs=True)
    yield rows
    hook.remove()


@dataclass
class Gate:
    """Holds the model in its fifth forward pass until `opened`."""

    passed: int = 0
    reached: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)

    def hold(self, *_: Any) -> None:
        self.passed += 1
        if self.passed == 5:
            self.reached.set()
            assert self.opened.wait(60)


@pytest.fixture
def gate(engine: TransformersEngine) -> Iterator[Gate]:
    gate = Gate()
    hook = engine._model.register_forward_pre_hook(gate.hold)
    yield gate
    hook.remove()


async def ask(
    engine: TransformersEngine, prompt: Sequence[int], count: int, sampling: Sampling = GREEDY, stop: Stop = ENDLESS
) -> tuple[int, ...]:
    return (await engine.complete(prompt, max_tokens=count, stop=stop, sampling=sampling)).token_ids


async def together(*asked: Coroutine[Any, Any, Any]) -> list[Any]:
    return await asyncio.gather(*asked)


def bare(engine: TransformersEngine, prompt: Sequence[int], count: int) -> tuple[int, ...]:
    """The model's greedy continuation with nothing around it: no cache, no padding, no `generate`."""
    ids = list(prompt)
    with torch.no_grad():
        for _ in range(count):
            ids.append(int(engine._model(torch.tensor([ids])).logits[0, -1].argmax()))
    return tuple(ids[len(prompt) :])


def test_greedy_is_the_bare_model_s_whatever_its_generation_config_says(engine: TransformersEngine, run: Run) -> None:
    prompts = [(5, 6, 7), (300,), tuple(range(40, 90)), (8, 8)]
    expected = [bare(engine, prompt, 25) for prompt in prompts]
    assert any(set(ids) & set(range(0, 400, 10)) for ids in expected), "no unwanted stop came up"
    assert run(together(*(ask(engine, prompt, 25) for prompt in prompts))) == expected
    assert [run(ask(engine, prompt, 25)) for prompt in prompts] == expected


def test_what_waits_at_once_is_one_batch(engine: TransformersEngine, run: Run, calls: list[int]) -> None:
    run(together(*(ask(engine, [5, seed], 10, Sampling(seed % 2, seed=seed)) for seed in range(12))))
    assert calls == [12] * 10


def test_a_batch_is_as_long_as_it_must_be(engine: TransformersEngine, run: Run, calls: list[int]) -> None:
    first = run(ask(engine, [5, 6, 7], 9))
    calls.clear()
    run(together(ask(engine, [5, 6, 7], 200, stop=Stop((first[-1],))), ask(engine, [9], 5)))
    assert calls == [2] * (first.index(first[-1]) + 1)


def test_max_concurrency_is_the_most_rows(engine: TransformersEngine, run: Run, calls: list[int]) -> None:
    run(together(*(ask(engine, [5, row], 2) for row in range(40))))
    assert calls == [16, 16, 16, 16, 8, 8]


def test_no_row_runs_past_max_model_len(engine: TransformersEngine, run: Run, calls: list[int]) -> None:
    asked = [([5] * 250, 3), ([5], 20), ([6] * 249, 2)]
    said = run(together(*(ask(engine, *request) for request in asked)))
    assert calls == [3] * 6 + [1] * 14
    assert said == [run(ask(engine, *request)) for request in asked]


def test_requests_for_all_that_fits_share_a_batch(engine: TransformersEngine, run: Run, calls: list[int]) -> None:
    samplings = [GREEDY, Sampling(1.0, seed=1), Sampling(1.0, 0.9, seed=2)]
    prompts = [range(40, 40 + length) for length in (200, 240, 220)]
    asked = [(list(ids), 256 - len(ids), sampling) for ids, sampling in zip(prompts, samplings, strict=True)]
    said = run(together(*(ask(engine, *request) for request in asked)))
    assert calls == [3] * 16 + [2] * 20 + [1] * 20
    assert [len(ids) for ids in said] == [56, 16, 36]
    assert said == [run(ask(engine, *request)) for request in asked]


def test_requests_of_many_rounds_stay_together(engine: TransformersEngine, run: Run, calls: list[int]) -> None:
    async def rounds(start: int) -> None:
        ids = [5, start]
        for _ in range(4):
            ids.extend(await ask(engine, ids, 3))

    run(together(*(rounds(start) for start in range(8))))
    assert calls == [8] * 12


def test_a_seed_reproduces_a_sample_in_any_company(engine: TransformersEngine, run: Run) -> None:
    def sample(seed: int) -> Coroutine[Any, Any, tuple[int, ...]]:
        return ask(engine, [5, 6], 40, Sampling(1.0, 0.9 if seed % 2 else 1.0, seed))

    greedy = [ask(engine, [5] * length, 30) for length in (1, 9, 90)]
    crowd = run(together(*greedy, *(sample(seed) for seed in range(30))))[3:]  # more than run at once
    assert crowd[:4] == [run(sample(seed)) for seed in range(4)]
    assert len(set(crowd)) == 30
    assert run(ask(engine, [5, 6], 40, Sampling(1e-6, 1.0, 1))) == run(ask(engine, [5, 6], 40))


def test_only_what_was_asked_for_stops(engine: TransformersEngine, run: Run) -> None:
    """In a long hot sample the end-of-sequence token comes up like any other; without a stop it is a token."""
    eos = engine.tokenizer.eos_token_id
    hot = [Sampling(temperature=2.0, seed=seed) for seed in range(16)]
    unstopped = run(together(*(ask(engine, [5], 200, one) for one in hot)))
    assert [len(ids) for ids in unstopped] == [200] * 16
    assert any(eos in ids for ids in unstopped)
    stopped = run(together(*(ask(engine, [5], 200, one, Stop((eos,))) for one in hot)))
    assert stopped == [ids[: ids.index(eos)] if eos in ids else ids for ids in unstopped]
    assert max(map(max, unstopped)) >= len(engine.tokenizer), "no padding id was sampled: the test shows nothing"
    assert len(run(ask(engine, [5, *unstopped[0]], 10))) == 10


def test_tokens_are_drawn_as_often_as_they_are_likely() -> None:
    likely = torch.tensor([0.1, 0.4, 0.0, 0.3, 0.2])
    count = 1000

    def drawn(temperature: float, top_p: float) -> list[float]:
        column = torch.ones(count, 1, dtype=torch.float64)
        numbers = (torch.arange(count, dtype=torch.float64) / count)[:, None]
        tokens = draw(likely.log().repeat(count, 1), temperature * column, top_p * column, numbers)
        return (torch.bincount(tokens, minlength=5) / count).tolist()

    assert drawn(1.0, 1.0) == pytest.approx([0.1, 0.4, 0.0, 0.3, 0.2], abs=0.002)
    squared = (likely**2 / (likely**2).sum()).tolist()
    assert drawn(0.5, 1.0) == pytest.approx(squared, abs=0.002)
    assert drawn(1.0, 0.69) == pytest.approx([0, 4 / 7, 0, 3 / 7, 0], abs=0.002)
    assert drawn(1.0, 0.71) == pytest.approx([0, 4 / 9, 0, 3 / 9, 2 / 9], abs=0.002)
    assert drawn(1.0, 0.01) == [0, 1, 0, 0, 0]


@pytest.mark.parametrize("sampling", [Sampling(-1.0), Sampling(float("nan")), Sampling(1.0, 0.0), Sampling(1.0, 1.1)])
def test_a_sampling_that_makes_no_sense_is_refused(engine: TransformersEngine, run: Run, sampling: Sampling) -> None:
    with pytest.raises(ValueError, match=r"the temperature is|top_p is"):
        run(ask(engine, [5], 3, sampling))


def test_a_stop_string_over_tokens_without_text_is_found_when_the_row_ends(
    engine: TransformersEngine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (a,), (b,) = (engine.tokenizer("A").input_ids, engine.tokenizer("B").input_ids)
    silent = len(engine.tokenizer) + 3
    script = [a, *[silent] * 9, b, a, a, a]

    def dictate(self: Any, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        scores[:, script[input_ids.shape[1] - 1]] = torch.inf
        return scores

    monkeypatch.setattr("s1repro.engines.generation._Draw.__call__", dictate)
    done = run(engine.complete([5], max_tokens=14, stop=Stop((), ("AB",)), sampling=GREEDY))
    assert done == Completion((), "stop", stop_string="AB", stop_ids=tuple(script[:11]))


def test_a_cancelled_request_disturbs_no_other(
    engine: TransformersEngine, run: Run, calls: list[int], gate: Gate
) -> None:
    async def cancel_some() -> list[Any]:
        tasks = [asyncio.create_task(ask(engine, [5, row], 20)) for row in range(20)]  # 16 run, 4 wait
        assert await asyncio.to_thread(gate.reached.wait, 60)
        for row in (3, 18):
            tasks[row].cancel()
        gate.opened.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    results = run(cancel_some())
    cancelled = [row for row, result in enumerate(results) if isinstance(result, asyncio.CancelledError)]
    assert cancelled == [3, 18]
    assert calls == [16] * 20 + [3] * 20
    for row in (0, 4, 17, 19):
        assert results[row] == run(ask(engine, [5, row], 20))


def test_a_batch_that_nobody_waits_for_ends(engine: TransformersEngine, run: Run, calls: list[int], gate: Gate) -> None:
    async def cancel_all() -> None:
        tasks = [asyncio.create_task(ask(engine, [5, row], 250)) for row in range(4)]
        assert await asyncio.to_thread(gate.reached.wait, 60)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        gate.opened.set()

    run(cancel_all())
    assert len(run(ask(engine, [5], 3))) == 3
    assert calls == [4] * 5 + [1] * 3


def test_the_event_loop_is_free_meanwhile(engine: TransformersEngine, run: Run, gate: Gate) -> None:
    async def open_from_the_loop() -> tuple[int, ...]:
        task = asyncio.create_task(ask(engine, [5], 10))
        assert await asyncio.to_thread(gate.reached.wait, 60)
        gate.opened.set()
        return await task

    assert len(run(open_from_the_loop())) == 10


def test_an_error_reaches_all_of_its_batch_and_no_other(engine: TransformersEngine, run: Run) -> None:
    def fail(module: Any, args: Any, kwargs: Any) -> None:
        if len(kwargs["input_ids"]) == 16:
            raise RuntimeError("out of memory")

    async def failing() -> list[Any]:
        asked = [ask(engine, [5, row], 3) for row in range(20)]  # 16 at once, then 4
        return await asyncio.gather(*asked, return_exceptions=True)

    hook = engine._model.register_forward_pre_hook(fail, with_kwargs=True)
    results = run(failing())
    hook.remove()
    assert [str(result) for result in results[:16]] == ["out of memory"] * 16
    assert [len(result) for result in results[16:]] == [3] * 4


def test_an_engine_serves_one_event_loop_after_another(engine: TransformersEngine) -> None:
    assert asyncio.run(ask(engine, [5], 3)) == asyncio.run(ask(engine, [5], 3))


def test_a_closed_engine_says_so(folder: Path, run: Run) -> None:
    async def close_midway() -> list[Any]:
        engine = TransformersEngine(config(max_concurrency=2), str(folder))
        asked = [asyncio.create_task(ask(engine, [5, row], 250)) for row in range(3)]  # 2 run, 1 waits
        while not engine._running:
            await asyncio.sleep(0.001)
        await engine.close()
        with pytest.raises(RuntimeError, match="this engine is closed"):
            await ask(engine, [5], 3)
        await engine.close()  # once more does no harm
        assert engine._worker is not None
        assert engine._worker.done()
        return await asyncio.gather(*asked, return_exceptions=True)

    assert [str(result) for result in run(close_midway())] == ["the engine was closed"] * 3


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"dtype": "int8"}, "engine.dtype is 'int8'; choose from: float32, bfloat16, float16"),
        ({"max_model_len": 513}, "is made for 512 tokens"),
    ],
)
def test_settings_it_cannot_keep_are_refused(folder: Path, settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says) as error:
        load_engine(config(**settings), str(folder))
    assert "\n" not in str(error.value)


def test_the_dtype_is_the_one_asked_for(folder: Path, run: Run) -> None:
    engine = TransformersEngine(config(dtype="bfloat16"), str(folder))
    assert engine._model.dtype == torch.bfloat16
    assert len(run(ask(engine, [5], 3))) == 3
    run(engine.close())


def test_weights_that_are_torn_or_not_all_there_are_refused(folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    weights = broken / "model.safetensors"
    tensors = load_file(weights)
    del tensors["model.layers.1.mlp.up_proj.weight"]
    save_file(tensors, weights, metadata={"format": "pt"})
    with pytest.raises(ValueError, match=r"lack 1 tensors, such as model\.layers\.1\.mlp\.up_proj\.weight"):
        TransformersEngine(config(), str(broken))
    whole = weights.read_bytes()
    for torn in (whole[: len(whole) // 2], whole[:5], b""):
        weights.write_bytes(torn)
        with pytest.raises(ValueError, match="cannot load the model") as error:
            TransformersEngine(config(), str(broken))
        assert "\n" not in str(error.value)


def test_weights_of_another_format_are_refused(folder: Path, tmp_path: Path) -> None:
    pickled = tmp_path / "pickled"
    shutil.copytree(folder, pickled)
    torch.save(load_file(pickled / "model.safetensors"), pickled / "pytorch_model.bin")
    (pickled / "model.safetensors").rename(pickled / "spare.safetensors")  # there, but not the model's
    with pytest.raises(ValueError, match="cannot load the model"):
        TransformersEngine(config(), str(pickled))
    (pickled / "spare.safetensors").unlink()
    with pytest.raises(ValueError, match="holds no weights"):
        TransformersEngine(config(), str(pickled))
