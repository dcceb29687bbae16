"""The sides that `make bench` compares do the same work."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedTokenizerBase

from benchmarks import engines, server
from benchmarks.__main__ import KINDS, main
from benchmarks.agreement import NEAR, Recorder, agreement, differences
from benchmarks.comparisons import EIGHT_POINTS, curve
from benchmarks.curve import GREEDY, one_pass, run_by_run
from benchmarks.measure import Subject
from benchmarks.public import Said, public_scheme
from benchmarks.servers import REPO, Served
from s1repro.chat import FORMATS, BoundFormat
from s1repro.engines import Completion, ScriptedEngine, Stop
from s1repro.engines.metered import MeteredEngine
from s1repro.engines.vllm import Vllm
from tests.engines.completion_server import serving
from tests.engines.conftest import endless, vocabulary_of
from tests.processes import ends, wait_for

POINTS = curve((8, 16, 40), (1, 2))


@pytest.fixture
def engine(qwen_tokenizer: PreTrainedTokenizerBase) -> MeteredEngine:
    stop = FORMATS["qwen-plain"].bind(qwen_tokenizer).stop_ids[0]

    def script(ids: tuple[int, ...]) -> Iterator[int]:
        rng = random.Random(hash(ids))
        yield from (rng.randrange(30, 60) for _ in range(rng.randrange(25)))
        yield from itertools.repeat(stop)

    return MeteredEngine(ScriptedEngine(qwen_tokenizer, script, 400))


@pytest.fixture
def fmt(engine: MeteredEngine) -> BoundFormat:
    return FORMATS["qwen-plain"].bind(engine.tokenizer)


def prompts(fmt: BoundFormat) -> list[list[int]]:
    return [fmt.prompt_ids(f"What is {i} plus {i}?") for i in range(12)]


def test_the_points_are_caps_and_waits_at_the_largest() -> None:
    assert [(point.max_thinking_tokens, point.waits) for point in POINTS] == [
        (8, 0),
        (16, 0),
        (40, 0),
        (40, 1),
        (40, 2),
    ]


def test_one_pass_takes_the_same_curve_for_fewer_tokens(engine: MeteredEngine, fmt: BoundFormat) -> None:
    swept = asyncio.run(one_pass(engine, prompts(fmt), POINTS, fmt))
    cost = engine.sampled_tokens
    assert swept == asyncio.run(run_by_run(engine, prompts(fmt), POINTS, fmt))
    assert 0 < cost < 0.8 * (engine.sampled_tokens - cost)


class ScriptedBatch:
    """`vllm.LLM`'s part, played by a scripted engine."""

    def __init__(self, engine: MeteredEngine) -> None:
        self.max_model_len = engine.max_model_len
        self.engine = engine
        self.rounds: list[int] = []

    def generate(self, prompts: Sequence[list[int]], max_tokens: int, stop_ids: Sequence[int]) -> list[Said]:
        self.rounds.append(len(prompts))

        async def run() -> list[Completion]:
            stop = Stop(tuple(stop_ids))
            asked = [self.engine.complete(ids, max_tokens=max_tokens, stop=stop, sampling=GREEDY) for ids in prompts]
            return list(await asyncio.gather(*asked))

        return [Said([*one.token_ids, *one.stop_ids], one.finish_reason == "stop") for one in asyncio.run(run())]


def test_the_public_scheme_takes_a_run_a_point_in_rounds_of_all_that_go_on(
    engine: MeteredEngine, fmt: BoundFormat
) -> None:
    batch = ScriptedBatch(engine)
    public_scheme(batch, prompts(fmt), POINTS, fmt)
    assert len(batch.rounds) == sum(point.waits + 2 for point in POINTS)  # the thinking, a round a Wait, the answer
    assert [asked for asked in batch.rounds if asked > 12] == []
    assert batch.rounds[:6] == [12] * 6, "caps alone: all think, all answer"
    one_wait = batch.rounds[6:9]
    assert one_wait[0] == one_wait[2] == 12 and 0 < one_wait[1] <= 12, "only those that stopped get a Wait"


def test_the_eight_points_are_five_caps_and_three_waits() -> None:
    assert len(EIGHT_POINTS) == 8
    assert sum(point.waits == 0 for point in EIGHT_POINTS) == 5


def test_differences_are_found_in_requests_that_both_got(tiny_qwen: Path, engine: MeteredEngine) -> None:
    here, there = Recorder(engine), Recorder(engine)
    here.said = {((1, 2, 3), 9): (4, 5, 6), ((1, 2), 9): (4,), ((7,), 9): (8,)}
    there.said = {((1, 2, 3), 9): (4, 5, 7), ((1, 2), 9): (4,), ((1, 2), 8): (5,)}
    (found,) = differences(here, there, str(tiny_qwen))
    causal = AutoModelForCausalLM.from_pretrained(tiny_qwen, dtype=torch.float32)
    logits = causal(torch.tensor([[1, 2, 3, 4, 5]])).logits[0, -1]
    assert (found.prompt_tokens, found.position, found.tokens) == (3, 2, (6, 7))
    assert found.gap == pytest.approx(abs(logits[6] - logits[7]).item(), rel=1e-3)


def test_agreement_counts_the_same_samples_and_says_whether_the_rest_are_near_ties(
    tiny_qwen: Path, engine: MeteredEngine, fmt: BoundFormat
) -> None:
    here, there = Recorder(engine), Recorder(engine)
    swept = asyncio.run(one_pass(here, prompts(fmt), POINTS, fmt))
    other = asyncio.run(one_pass(there, prompts(fmt), POINTS, fmt))
    same = agreement((swept, here), (other, there), str(tiny_qwen))
    assert (same["samples"], same["same_share"], same["near_ties"]) == (60, 1.0, True)
    key, ids = next((key, ids) for key, ids in there.said.items() if len(ids) > 2)
    causal = AutoModelForCausalLM.from_pretrained(tiny_qwen, dtype=torch.float32)
    logits = causal(torch.tensor([[*key[0], ids[0]]])).logits[0, -1]
    farthest = int((logits - logits[ids[1]]).abs().argmax())
    there.said[key] = (ids[0], farthest, *ids[2:])
    changed = [[*other[0][1:], other[0][0]], *other[1:]]
    far = agreement((swept, here), (changed, there), str(tiny_qwen))
    assert far["requests_that_differ"] == 1 and far["same_share"] < 1
    assert far["widest_gap_of_logits"] > NEAR * far["differences"][0]["spread"] and not far["near_ties"]


def test_an_engine_that_cannot_be_started_here_is_told_as_not_run_and_the_others_are_compared(
    engine: MeteredEngine, fmt: BoundFormat, tiny_qwen: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "prompts_of", lambda subject: prompts(fmt)[:2])
    monkeypatch.setattr(engines, "EIGHT_POINTS", POINTS)
    monkeypatch.setattr(engines, "VllmEngine", lambda settings, model: engine)
    monkeypatch.setattr(engines, "SGLANG", tiny_qwen / "no such environment")
    monkeypatch.setitem(engines.OTHERS, "vllm-server", lambda: nullcontext(engine))
    monkeypatch.setitem(engines.OTHERS, "transformers", lambda: nullcontext(engine))
    found = engines.measured()
    assert list(found) == ["vllm-server", "transformers", "sglang-server"]
    assert "make servers" in found["sglang-server"]["not_run"]
    assert [found[name]["same_share"] for name in ("vllm-server", "transformers")] == [1.0, 1.0]


class Forgetful(ScriptedEngine):
    """The toy, in this process."""

    forgot = 0

    async def forget_prefixes(self) -> None:
        self.forgot += 1


def test_a_server_and_the_engine_in_this_process_take_the_same_curve_and_the_same_thousand(
    fmt: BoundFormat, tiny_qwen: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size, eos = vocabulary_of(tiny_qwen), fmt.stop_ids[0]
    inside = Forgetful(fmt.tokenizer, lambda ids: endless(ids, size), 400, vocab_size=size)
    monkeypatch.setattr(server, "DEMO", Subject(str(tiny_qwen), "qwen-plain", Vllm(max_model_len=400)))
    monkeypatch.setattr(server, "VllmEngine", lambda settings, model: inside)
    monkeypatch.setattr(server, "EIGHT_POINTS", POINTS)
    monkeypatch.setattr(server, "AT_ONCE", 40)
    cores = os.sched_getaffinity(0)
    with serving("vllm", size, eos, name=str(tiny_qwen)) as stand_in:
        found = asyncio.run(server._compare(stand_in.url, prompts(fmt)[:3]))
    assert found["thousand_at_once"]["same"] == found["thousand_at_once"]["samples"] == 40
    assert found["server"]["same"] == found["server"]["samples"] == 3 * len(POINTS)
    assert found["server"]["seconds_to_in_process"] > 0 and inside.forgot == 6
    assert os.sched_getaffinity(0) == cores


def test_a_server_that_ends_before_it_answers_is_told_with_its_command() -> None:
    with (
        pytest.raises(RuntimeError, match=r"the server did not start: .*python.* -c .* --port "),
        Served([sys.executable, "-c", "raise SystemExit(3)"]),
    ):
        pass


SERVES = """
import sys, time
from benchmarks.servers import Served
server = f"import os, time; open({sys.argv[1]!r}, 'w').write(str(os.getpid())); time.sleep(600)"
Served([sys.executable, "-c", server]).start()
time.sleep(600)
"""


def test_a_server_ends_with_a_bench_that_is_killed(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    with subprocess.Popen([sys.executable, "-c", SERVES, str(told)], cwd=REPO) as bench:
        wait_for(lambda: told.is_file() and told.read_text(), bench)
        bench.kill()
    assert ends(int(told.read_text())), "the server goes on"


def test_a_server_is_started_by_no_thread_that_it_would_end_with() -> None:
    with ThreadPoolExecutor() as pool, pytest.raises(AssertionError, match="it would end with this thread"):
        pool.submit(Served(["true"]).start).result()


def test_what_a_bench_found_is_written_down_with_the_versions_and_the_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "benchmarks").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["benchmarks", "real"])
    monkeypatch.setitem(KINDS, "real", lambda: {"a comparison": {"ratio": 0.5}})
    main()
    (path,) = (tmp_path / "benchmarks").glob("*-real.json")
    assert capsys.readouterr().out.strip() == str(path.relative_to(tmp_path))
    facts = json.loads(path.read_text())
    assert facts["comparisons"] == {"a comparison": {"ratio": 0.5}}
    assert facts["engine"]["max_model_len"] == 1024 and facts["versions"]["torch"] and facts["machine"]["cores"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nonsense"], "no bench nonsense; choose from: demo, server"),
        (["real"], "set S1REPRO_WEIGHTS"),
        (["real-eagle"], "set S1REPRO_WEIGHTS"),
        (["eagle"], "run make eagle first"),
    ],
)
def test_a_bench_that_cannot_be_run_is_one_line(
    arguments: list[str], says: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("S1REPRO_WEIGHTS", raising=False)
    monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments])
    with pytest.raises(SystemExit, match=f"error: .*{says}"):
        main()
