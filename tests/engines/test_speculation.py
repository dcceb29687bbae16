"""Speculation changes how many steps the model takes and nothing that it says; what cannot be right is refused."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from s1repro.chat import FORMATS
from s1repro.engines import Engine, Sampling, Stop, load_engine
from s1repro.engines.metered import MeteredEngine
from s1repro.engines.speculation import DraftModel, Eagle3, Ngram, OtherMethod, Speculation
from s1repro.engines.vllm import Vllm, engine_arguments, expand
from s1repro.scaling import Budget, sweep
from tests.engines.heads import echoing_head

Run = Callable[[Coroutine[Any, Any, Any]], Any]
GREEDY = Sampling()
SAMPLES = 2000


def test_each_way_to_draft_has_vllms_own_settings() -> None:
    assert Speculation().arguments() is None
    ngram = {"method": "ngram", "num_speculative_tokens": 5, "prompt_lookup_max": 4, "prompt_lookup_min": 2}
    assert Ngram(tokens=5).arguments() == ngram
    assert DraftModel(model="m").arguments() == {"method": "draft_model", "model": "m", "num_speculative_tokens": 3}
    assert Eagle3(model="h").arguments() == {"method": "eagle3", "model": "h", "num_speculative_tokens": 3}
    other = OtherMethod(model="h", method="medusa", tokens=2).arguments()
    assert other == {"method": "medusa", "model": "h", "num_speculative_tokens": 2}


def test_steps_are_counted_one_by_one_only_where_something_is_drafted() -> None:
    told = engine_arguments(Vllm(speculative=Ngram()), "model")
    assert (told["speculative_config"], told["per_request_spec_decode_metrics"]) == (Ngram().arguments(), "detailed")
    plain = engine_arguments(Vllm(), "model")
    assert (plain["speculative_config"], plain["per_request_spec_decode_metrics"]) == (None, "none")


def test_weights_and_tokenizer_are_of_the_commit_that_is_asked_for() -> None:
    told = [engine_arguments(Vllm(), "me/model", revision=revision) for revision in ("a" * 40, "")]
    assert [(one["revision"], one["tokenizer_revision"]) for one in told] == [("a" * 40, "a" * 40), (None, None)]


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"engine\.speculative\.tokens is 0; give 1 or more"):
        Vllm(speculative=Ngram(tokens=0)).check()
    with pytest.raises(ValueError, match=r"engine\.speculative\.shortest is 5, above longest, 4"):
        Ngram(shortest=5).check()
    with pytest.raises(ValueError, match=r"engine\.speculative\.model: no folder \./nowhere"):
        Vllm(speculative=Eagle3(model="./nowhere")).require()
    with pytest.raises(ValueError, match=r"engine\.speculative\.model: .* holds no \*\.safetensors weights"):
        DraftModel(model=str(tmp_path)).require()


def test_each_request_s_temperature_is_its_drafts_temperature() -> None:
    spread = torch.full((6,), -1.0)
    expand(spread, torch.tensor([0.5, 0.0, 2.0]), torch.tensor([2, 3, 6], dtype=torch.int32), 0, 1)
    assert spread.tolist() == [0.5, 0.5, 1.0, 2.0, 2.0, 2.0]
    whole = torch.zeros(4, dtype=torch.int32)
    expand(whole, torch.tensor([5, 0, 7], dtype=torch.int32), torch.tensor([1, 1, 4], dtype=torch.int32), 0, 0)
    assert whole.tolist() == [5, 7, 7, 7]


@pytest.fixture(scope="module", params=["ngram", "draft-model", "eagle3"])
def drafting(
    request: pytest.FixtureRequest, tiny_qwen: Path, tmp_path_factory: pytest.TempPathFactory, run: Run
) -> Iterator[Engine]:
    """A real engine over the session's model that drafts; the draft model is the model itself."""
    head = tmp_path_factory.mktemp("eagle3") / "head"
    echoing_head(tiny_qwen, head)
    ways = {
        "ngram": Ngram(tokens=3, shortest=1),
        "draft-model": DraftModel(tokens=3, model=str(tiny_qwen)),
        "eagle3": Eagle3(tokens=3, model=str(head)),
    }
    settings = Vllm(
        max_model_len=256,
        max_concurrency=64,
        enforce_eager=True,
        gpu_memory_utilization=0.3,
        speculative=ways[request.param],
    )
    engine = load_engine(settings, str(tiny_qwen))
    yield engine
    run(engine.close())


@pytest.mark.slow
def test_greedy_ids_stops_and_lengths_are_those_without_drafts(drafting: Engine, vllm_engine: Engine, run: Run) -> None:
    prompts = [[5 + (i * j) % 97 for j in range(1, 20 + i)] for i in range(16)]

    async def said(engine: Engine, max_tokens: int, stop: Stop) -> Any:
        asked = (engine.complete(ids, max_tokens=max_tokens, stop=stop, sampling=GREEDY) for ids in prompts)
        return [(one.token_ids, one.stop_token) for one in await asyncio.gather(*asked)]

    for max_tokens in (1, 2, 3, 4, 5, 61, 200):
        plain = run(said(vllm_engine, max_tokens, Stop()))
        assert run(said(drafting, max_tokens, Stop())) == plain
        assert all(len(ids) == max_tokens for ids, _ in plain)
    for place in (0, 1, 2, 3, 17, 40):
        stop = Stop((plain[0][0][place], plain[3][0][place + 1]))
        for asked in (stop, Stop(stop.token_ids, min_tokens=1)):
            assert run(said(drafting, 60, asked)) == run(said(vllm_engine, 60, asked))
    with pytest.raises(ValueError, match="vLLM cannot keep a stop back for 2 tokens beside drafts, only for one"):
        run(said(drafting, 60, Stop(stop.token_ids, min_tokens=2)))


@pytest.mark.slow
def test_forced_budgets_are_those_without_drafts(drafting: Engine, vllm_engine: Engine, run: Run) -> None:
    fmt = FORMATS["qwen-plain"].bind(vllm_engine.tokenizer)
    budgets = [Budget(cap, max_answer_tokens=9) for cap in (1, 2, 3, 7, 30, 64)]
    budgets += [Budget(64, waits=waits, max_answer_tokens=9) for waits in (1, 2)]
    metered = MeteredEngine(drafting)
    for question in ("What is 12 plus 30?", "Wait, which one?"):
        asked = fmt.prompt_ids(question)
        forced = run(sweep(metered, asked, budgets, fmt, GREEDY))
        assert forced == run(sweep(vllm_engine, asked, budgets, fmt, GREEDY))
        assert all(
            len(one.thinking_ids) <= budget.max_thinking_tokens for one, budget in zip(forced, budgets, strict=True)
        )
    assert metered.acceptance.steps > 0 and metered.acceptance.mean_length > 1


@pytest.mark.slow
def test_a_model_that_drafts_for_itself_is_accepted_whole(drafting: Engine, run: Run) -> None:
    if not isinstance(drafting._speculative, DraftModel):  # type: ignore[attr-defined]
        pytest.skip("what else drafts knows less than the model")
    drafts = run(drafting.complete([5, 6, 7], max_tokens=101, stop=Stop(), sampling=GREEDY)).drafts
    # Counted by vLLM: a first token, then as many steps as it takes to make 100 more of four each.
    assert drafts.proposed == drafts.accepted == (3,) * 25


@pytest.mark.slow
@pytest.mark.parametrize("sampling", [Sampling(1.0), Sampling(0.6), Sampling(1.0, top_p=0.8)], ids=str)
def test_samples_are_of_the_same_distribution_with_drafts(
    drafting: Engine, vllm_engine: Engine, run: Run, sampling: Sampling
) -> None:
    """As near to samples without drafts as those are to one another; the prompt repeats, so that n-grams draft."""
    prompt = [5, 6, 7, 8, 5, 6, 7, 8, 5, 6]

    async def sampled(engine: Engine, seeds: range) -> list[tuple[int, ...]]:
        each = (replace(sampling, seed=seed) for seed in seeds)
        asked = (engine.complete(prompt, max_tokens=6, stop=Stop(), sampling=one) for one in each)
        return [one.token_ids for one in await asyncio.gather(*asked)]

    plain, again = run(sampled(vllm_engine, range(SAMPLES))), run(sampled(vllm_engine, range(SAMPLES, 2 * SAMPLES)))
    drafted = run(sampled(drafting, range(SAMPLES)))
    for place in range(6):
        here, there, with_drafts = (Counter(ids[place] for ids in side) for side in (plain, again, drafted))
        assert distance(here, with_drafts) < distance(here, there) + 0.04, place


def distance(one: Counter[int], other: Counter[int]) -> float:
    """Total variation between two sets of samples, over the 15 tokens that the first has most and all others as one."""
    often = [token for token, _ in one.most_common(15)]
    apart = [one[token] - other[token] for token in often]
    return (sum(map(abs, apart)) + abs(sum(apart))) / (2 * SAMPLES)


@pytest.mark.slow
def test_a_seed_reproduces_a_drafted_sample(drafting: Engine, run: Run) -> None:
    asked = [drafting.complete([5, 6, 7], max_tokens=60, stop=Stop(), sampling=Sampling(1.0, seed=3)) for _ in range(2)]
    one, other = (run(each).token_ids for each in asked)
    assert one == other
