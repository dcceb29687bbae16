"""The vLLM engine: the contract on a real engine, refusals before one starts, and nothing left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import psutil
import pytest

from s1repro.engines import Completion, Engine, Sampling, Stop

Run = Callable[[Coroutine[Any, Any, Any]], Any]
GREEDY = Sampling()


def test_a_completion_is_cut_at_max_tokens_and_at_a_stop(vllm_engine: Engine, run: Run) -> None:
    async def complete(max_tokens: int, *stop: int) -> Completion:
        prompt = [5, 6, 7]
        return await vllm_engine.complete(prompt, max_tokens=max_tokens, stop=Stop(stop), sampling=GREEDY)

    whole = run(complete(30))
    assert (len(whole.token_ids), whole.finish_reason, whole.stop_token) == (30, "length", None)
    assert run(complete(11)).token_ids == whole.token_ids[:11]
    stop = whole.token_ids[8]
    place = whole.token_ids.index(stop)
    never = next(token for token in range(1000) if token not in whole.token_ids)
    stopped = run(complete(30, stop, never))
    assert (stopped.token_ids, stopped.finish_reason, stopped.stop_token) == (whole.token_ids[:place], "stop", stop)
    first = run(complete(30, whole.token_ids[0]))
    assert (first.token_ids, first.stop_token) == ((), whole.token_ids[0])


def test_only_what_was_asked_for_stops(vllm_engine: Engine, run: Run) -> None:
    """In a long hot sample the end-of-sequence token comes up like any other; without a stop it is a token."""
    eos = vllm_engine.tokenizer.eos_token_id

    async def sample(stop: Stop) -> list[Completion]:
        sampling = [Sampling(temperature=2.0, seed=seed) for seed in range(32)]
        return await asyncio.gather(
            *(vllm_engine.complete([5], max_tokens=200, stop=stop, sampling=one) for one in sampling)
        )

    unstopped = run(sample(Stop()))
    assert all(len(c.token_ids) == 200 for c in unstopped)
    assert any(eos in c.token_ids for c in unstopped)
    stopped = run(sample(Stop((eos,))))
    assert any(c.stop_token == eos for c in stopped)
    assert not any(eos in c.token_ids for c in stopped)


def test_ids_from_the_padding_of_the_vocabulary_can_be_fed_back(vllm_engine: Engine, run: Run) -> None:
    tokens = len(vllm_engine.tokenizer)

    hot = Sampling(temperature=2.0)
    sampled = run(vllm_engine.complete([5], max_tokens=100, stop=Stop(), sampling=hot)).token_ids
    assert max(sampled) >= tokens, "no padding id was sampled: the test shows nothing"
    again = vllm_engine.complete([5, *sampled], max_tokens=10, stop=Stop(), sampling=GREEDY)
    assert len(run(again).token_ids) == 10
    with pytest.raises(ValueError, match="outside the model's vocabulary"):
        run(vllm_engine.complete([tokens + 57], max_tokens=1, stop=Stop(), sampling=GREEDY))
    assert isinstance(vllm_engine.tokenizer.decode(sampled), str)


def test_a_continued_prompt_comes_from_the_cache(vllm_engine: Engine, run: Run) -> None:
    prompt = [9 + i % 50 for i in range(100)]
    run(vllm_engine.complete(prompt, max_tokens=1, stop=Stop(), sampling=GREEDY))
    again = run(vllm_engine.complete([*prompt, 5], max_tokens=1, stop=Stop(), sampling=GREEDY))
    assert again.cached_tokens == 96  # three whole blocks of 32


def test_a_seed_reproduces_a_sample_in_any_company(vllm_engine: Engine, run: Run) -> None:
    async def sample(seeds: list[int]) -> list[Completion]:
        return await asyncio.gather(
            *(
                vllm_engine.complete([5, 6], max_tokens=40, stop=Stop(), sampling=Sampling(1.0, 1.0, seed))
                for seed in seeds
            )
        )

    crowd = [completion.token_ids for completion in run(sample([*range(100)]))]  # more than run at once
    alone = [run(sample([seed]))[0].token_ids for seed in range(4)]
    assert crowd[:4] == alone
    assert len(set(crowd)) == 100


def test_seeded_samples_of_more_prompt_than_the_engine_computes_at_once(vllm_engine: Engine, run: Run) -> None:
    """64 prompts of 240 tokens are well beyond a step's; a CPU engine dies where one of them is computed in parts."""
    prompts = [[5 + (i * j) % 97 for j in range(1, 241)] for i in range(64)]

    async def sample() -> list[Completion]:
        asked = (
            vllm_engine.complete(prompt, max_tokens=4, stop=Stop(), sampling=Sampling(1.0, 1.0, i))
            for i, prompt in enumerate(prompts)
        )
        return await asyncio.gather(*asked)

    together = run(sample())
    assert all(len(completion.token_ids) == 4 for completion in together)


def test_a_request_that_does_not_fit_is_refused(vllm_engine: Engine, run: Run) -> None:
    with pytest.raises(ValueError, match="do not fit in max_model_len 256"):
        run(vllm_engine.complete([5] * 200, max_tokens=57, stop=Stop(), sampling=GREEDY))


SCRIPT = """
import asyncio, sys
from s1repro.engines import Sampling, Stop, load_engine
from s1repro.engines.vllm import Vllm

async def forever(engine):
    try:
        print("ready", flush=True)
        while True:
            await engine.complete([5], max_tokens=200, stop=Stop(), sampling=Sampling())
    finally:
        await engine.close()

if __name__ == "__main__":
    config = Vllm(max_model_len=256, enforce_eager=True, gpu_memory_utilization=0.3)
    asyncio.run(forever(load_engine(config, sys.argv[1])))
"""


def runs(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE  # an orphan that nobody reaps holds nothing any more
    except psutil.NoSuchProcess:
        return False


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
def test_no_process_is_left_behind(how: signal.Signals, tiny_qwen: Path, tmp_path: Path) -> None:
    script = tmp_path / "forever.py"
    script.write_text(SCRIPT)
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with (
        (tmp_path / "errors").open("w") as errors,
        subprocess.Popen(
            [sys.executable, str(script), str(tiny_qwen)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment,
        ) as process,
    ):
        assert process.stdout is not None
        assert any(line.strip() == "ready" for line in process.stdout), (tmp_path / "errors").read_text()
        family = psutil.Process(process.pid).children(recursive=True)
        assert any("EngineCore" in " ".join(child.cmdline()) for child in family), family
        os.kill(process.pid, how)
        process.wait(timeout=120)
    started = time.monotonic()
    alive = family
    while alive and time.monotonic() < started + 60:
        time.sleep(0.2)
        alive = [child for child in alive if runs(child)]
    for child in alive:
        child.kill()
    assert not alive, f"still there after {time.monotonic() - started:.0f} s"
