"""The stage `evaluate`: the model's thinking is forced to many budgets.

Reads the folder `checkpoint` and the benchmarks in `evals/`; writes `runs/<name>/evaluate/`: `samples.jsonl`, a line a
sample, `journal_config.json`, `telemetry.jsonl`, wandb's files and `manifest.json`, last. Killed at any moment and
started again it repeats no finished sample, loses none, and ends with the same `samples.jsonl`. Other budgets, Waits or
benchmarks in the same run add to it.

    run(config)     # or: python -m s1repro.evaluate recipe=demo method.budgets=[64,128]
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s1repro.artifacts import Journal, fingerprint, stage_folder
from s1repro.benchmarks import benchmark_fingerprint, listed, load_benchmark
from s1repro.config import Config
from s1repro.engines.base import EngineSettings
from s1repro.evaluate.arrivals import Arrivals
from s1repro.evaluate.growing import GrowingCurve
from s1repro.evaluate.journal import SAMPLES, claim, complete, finished, is_complete, listed_points, to_line, transcript
from s1repro.evaluate.plan import Task, plan
from s1repro.evaluate.vouched import PointKey
from s1repro.flops import Dimensions, dimensions
from s1repro.pretrained import load_tokenizer, model_mark, require_model
from s1repro.records import Kept, Question, Transcript
from s1repro.telemetry import note
from s1repro.tracking import settled, tracked
from s1repro.trained import read_training, require_format

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from s1repro.chat import BoundFormat
    from s1repro.engines import Engine
    from s1repro.engines.metered import MeteredEngine

Load = Callable[[EngineSettings, str, bool, str], "Engine"]
"""Starts an engine, as `s1repro.engines.load_engine` does."""


def run(config: Config, load: Load | None = None) -> None:
    """Take all samples that are not in yet; `load` is `load_engine` unless given.

    Raises `ValueError` where model, benchmarks or budgets are unfit, before the engine starts.
    """
    folder = stage_folder(config.runs, config.name, "evaluate")
    benchmarks = listed(config.data.benchmarks, config.data.files, config.data.limit, config.data.evals)
    if not benchmarks:
        raise ValueError("data.benchmarks is empty, so that there is nothing to measure; name one, such as [math500]")
    asked: dict[PointKey, int] = {
        (benchmark.label, config.method.name, *cut): config.method.samples
        for benchmark in benchmarks
        for cuts in config.method.traces(config.engine.max_model_len)
        for cut in cuts
    }
    identity = _identity(config)
    sources = {benchmark.label: benchmark_fingerprint(benchmark) for benchmark in benchmarks}
    if is_complete(folder, identity, asked, sources):
        print(f"evaluate: done already, {folder}")
        return
    questions = {benchmark.label: load_benchmark(benchmark) for benchmark in benchmarks}
    digests = {name: fingerprint([vars(question) for question in all_]) for name, all_ in questions.items()}
    _require_fit(config, questions)
    model = None
    if load is None:
        trusted, length = config.model.trust_remote_code, config.engine.max_model_len
        model = require_model(config.checkpoint, length, trusted, config.checkpoint_revision)
        config.engine.require()
    with Journal(folder / SAMPLES) as journal:  # holds the folder: a second evaluation is refused
        owner = claim(folder, identity, digests)
        samples = _measure(config, journal, owner, questions, load, dimensions(model) if model else None)
        complete(folder, identity, samples, asked, sources, partial(transcript, journal=journal))
    print(f"evaluate: {len(samples)} samples at {len(listed_points(folder))} points, {folder}")


def _require_fit(config: Config, questions: Mapping[str, Sequence[Question]]) -> None:
    """Raise `ValueError` where format and tokenizer, or budgets and engine, do not go together."""
    # Heavy imports come late: a finished stage answers at once.
    from s1repro.chat import FORMATS
    from s1repro.evaluate.runner import require_all_fit

    if not config.model.other_format:
        require_format(config.checkpoint, FORMATS[config.model.format], config.checkpoint_revision)
    trusted, revision = config.model.trust_remote_code, config.checkpoint_revision
    tokenizer = load_tokenizer(config.checkpoint, "checkpoint", trusted, revision)
    require_all_fit(config, _format(config, tokenizer), questions)


def _measure(
    config: Config,
    journal: Journal,
    owner: str,
    questions: Mapping[str, Sequence[Question]],
    load: Load | None,
    model: Dimensions | None,
) -> list[Kept]:
    """All samples of the folder, after taking those that are missing."""
    from s1repro.engines import load_engine

    folder = journal.path.parent
    samples, planned = finished(journal), plan(config, questions)
    groups = [[task for task in group if task.key not in samples] for group in planned]
    missing = [group for group in groups if group]
    if not missing:
        return list(samples.values())
    if samples:
        print(f"evaluate: {len(samples)} samples are in already, {sum(map(len, missing))} to go")
    with tracked(config, "evaluate", folder, settled(config)) as dashboard:
        tasks = [task.key for group in planned for task in group]
        arrivals = Arrivals(config.name, tasks, samples, dashboard.point)
        curve = GrowingCurve(tasks, samples)

        def write(sample: Transcript) -> None:
            samples[sample.key] = kept = sample.kept(journal.append(to_line(sample, owner)))
            arrivals.add(kept)
            curve.add(sample)

        started = time.monotonic()
        trusted, revision = config.model.trust_remote_code, config.checkpoint_revision
        engine = (load or load_engine)(config.engine, config.checkpoint, trusted, revision)
        facts: dict[str, Any] = {
            "start_seconds": round(time.monotonic() - started, 3),
            "devices": config.engine.devices,
        }
        facts |= {"model": asdict(model)} if model else {}
        asyncio.run(_answer(engine, missing, config, folder, write, curve.lines, facts))
        dashboard.samples([samples[task] for task in tasks], partial(transcript, journal=journal))
    return list(samples.values())


async def _answer(
    engine: Engine,
    groups: Sequence[Sequence[Task]],
    config: Config,
    folder: Path,
    write: Callable[[Transcript], None],
    below: Callable[[], Sequence[str]],
    facts: dict[str, Any],
) -> None:
    """Run the engine on `groups`; whatever happens, note what it cost, with `facts`, and give the engine back."""
    from s1repro.engines.metered import MeteredEngine
    from s1repro.evaluate.runner import Prompts, answer_all

    metered, written, started = MeteredEngine(engine), 0, time.monotonic()

    def count(sample: Transcript) -> None:
        nonlocal written
        write(sample)
        written += 1

    try:
        take = config.method.start(engine, config.model.trust_remote_code)
        prompts = Prompts(metered, _format(config, engine.tokenizer), config.method)
        await answer_all(prompts, take, groups, count, config.engine.max_concurrency, below)
    finally:
        note(folder, {"samples": written, **_cost(metered, time.monotonic() - started), **facts})
        await engine.close()


def _format(config: Config, tokenizer: PreTrainedTokenizerBase) -> BoundFormat:
    from s1repro.chat import FORMATS

    return FORMATS[config.model.format].bind(tokenizer)


def _cost(metered: MeteredEngine, seconds: float) -> dict[str, Any]:
    """What was really run: everything that may differ from run to run."""
    cost: dict[str, Any] = {
        "requests": metered.requests,
        "prompt_tokens": metered.prompt_tokens,
        "cached_tokens": metered.cached_tokens,
        "sampled_tokens": metered.sampled_tokens,
        "seconds": round(seconds, 3),
        "tokens_per_second": round(metered.sampled_tokens / max(seconds, 1e-9), 1),
    }
    return cost | {"drafts": metered.acceptance.to_json()} if metered.acceptance.steps else cost


def _identity(config: Config) -> dict[str, Any]:
    """What two samples must share to be points of one curve; of a model that says so, how it was trained.

    The model's length is among it only where it bounds a thinking or an answer: elsewhere it changes no sample.
    """
    training, bounded = read_training(config.checkpoint), config.method.takes_what_is_left()
    return {
        **({"training": training.recipe, "training.seed": training.seed} if training else {}),
        "model": model_mark(config.checkpoint, "checkpoint", config.checkpoint_revision),
        **({"checkpoint_revision": config.checkpoint_revision} if config.checkpoint_revision else {}),
        "model.format": config.model.format,
        "engine.dtype": config.engine.precision,
        **({"engine.max_model_len": config.engine.max_model_len} if bounded else {}),
        "seed": config.seed,
        **{f"method.{name}": value for name, value in config.method.identity().items()},
    }
