"""What the paper lacks: accuracy against tokens, FLOPs, device time and money, and what each run took.

FLOPs are those of one sample alone (`s1repro.flops`), a reward model's work not among them. Device seconds of a point
are its tokens at the rate at which the whole run sampled: all points of a run come from one pass, so that none has a
time of its own.

    compute_table(config, runs), runs_table(config, runs)
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from s1repro.artifacts import stage_folder
from s1repro.config import Config
from s1repro.evaluate.metrics import wilson
from s1repro.evaluate.points import answered, by_point, question_scores
from s1repro.flops import Dimensions, flops
from s1repro.paper.measured import Measured, Missing
from s1repro.paper.table import Entry, Number, Table, percent
from s1repro.records import Sample
from s1repro.report.drafts import read_acceptance
from s1repro.report.ends import ENDS
from s1repro.telemetry import Took, took

UNKNOWN = Missing("the run's telemetry does not say")
FORMULA = "2 N T + 4 L A (1 + ... + T)"


def sample_flops(model: Dimensions, sample: Sample) -> float:
    """What a sample took alone: its own trace and answer, and the tries that were not kept, alike in length.

    Without what a reward model did to score them.
    """
    own = flops(model, sample.prompt_tokens + sample.thinking_tokens + sample.answer_tokens)
    others = max(sample.tries - 1, 1) if sample.discarded_tokens else 0
    return own + (others * flops(model, sample.prompt_tokens + sample.discarded_tokens / others) if others else 0.0)


def evaluation(config: Config, name: str) -> Took | None:
    """What the evaluation of a run took."""
    return took(stage_folder(config.runs, name, "evaluate"))


def compute_table(config: Config, runs: Measured) -> Table:
    """Each point of each run: accuracy, and what a question took."""
    entries: list[Entry] = []
    for name in runs.samples:
        spent = evaluation(config, name)
        for key, samples in by_point(answered(runs.of(name))).items():
            row = f"{name}: {key[0]}, {key[1]}, {key[2]:,}, {key[3]} Waits"
            entries += [Entry(row, column, number) for column, number in _point(config, spent, samples).items()]
    note = (
        f"A question at each point. FLOPs: {FORMULA}, N weights of the matrices, T tokens of prompt, thinking and "
        "answer, L layers, A heads times head size; what was drawn and not kept is counted, the reward model's work "
        "(best-of-n, rebase) is not. Device seconds: the sampled tokens at the rate of the whole run, which samples "
        "all its points in one pass. "
        f"{_priced(config)}"
    )
    return Table("compute", "Accuracy against compute", note, entries)


def runs_table(config: Config, runs: Measured) -> Table:
    """What each run took: training, evaluation, tokens, money."""
    entries: list[Entry] = []
    for name in runs.samples:
        if not runs.of(name):
            continue
        trained, spent = took(stage_folder(config.runs, name, "train")), evaluation(config, name)
        cells: dict[str, Number | Missing] = {
            "training, s": Number(trained.seconds) if trained else Missing("no training of its own, or not timed"),
            **_run(config, spent),
            "accepted length": _drafted(config, name),
        }
        entries += [Entry(name, column, number) for column, number in cells.items()]
    note = (
        "Wall seconds of training and sampling, of starting the engine apart; device seconds are those times the "
        f"devices. What a killed process took is lost. {_priced(config)}"
    )
    return Table("runs", "What the runs took", note, entries)


def ends_table(runs: Measured) -> Table:
    """How the thinking of forced samples ended."""
    entries: list[Entry] = []
    for name in runs.samples:
        for key, samples in by_point(runs.of(name)).items():
            row = f"{name}: {key[0]}, {key[1]}, {key[2]:,}, {key[3]} Waits"
            counts: dict[str, int] = {"samples": len(samples)}
            counts |= {str(end): sum(sample.finish == end for sample in samples) for end in ENDS}
            counts["Waits said"] = sum(sample.waits_used for sample in samples)
            counts["answers cut"] = sum(sample.answer_cut for sample in samples)
            entries += [Entry(row, column, Number(count, digits=0)) for column, count in counts.items()]
    note = "Samples by why their thinking ended, the Waits that were said in place of an end, and answers cut."
    return Table("ends", "How thinking ended", note, entries)


def _point(config: Config, spent: Took | None, samples: Sequence[Sample]) -> dict[str, Number | Missing]:
    scores = question_scores(samples)
    drawn = fmean(sample.sampled_tokens + sample.discarded_tokens + sample.answer_tokens for sample in samples)
    rate = spent.rate if spent else None
    seconds = drawn / rate if rate else None
    model = spent.model if spent else None
    return {
        "accuracy": percent(wilson(sum(scores.values()), len(scores))),
        "thinking tokens": Number(fmean(sample.thinking_tokens for sample in samples)),
        "sampled tokens": Number(drawn),
        "GFLOPs": Number(fmean(sample_flops(model, s) for s in samples) / 1e9, digits=3) if model else UNKNOWN,
        "device s": Number(seconds, digits=4) if seconds is not None else UNKNOWN,
        f"{config.paper.currency} a 1,000": _cost(config, None if seconds is None else 1000 * seconds),
    }


def _run(config: Config, spent: Took | None) -> dict[str, Number | Missing]:
    columns = ("sampling, s", "start, s", "device s", "tokens sampled", "prompt cached, %", "tokens a device s")
    money = config.paper.currency
    if spent is None:
        return dict.fromkeys((*columns, money), UNKNOWN)
    cached = 100 * spent.cached_tokens / spent.prompt_tokens if spent.prompt_tokens else None
    numbers: list[Number | Missing] = [
        Number(spent.seconds),
        Number(spent.start_seconds),
        Number(spent.device_seconds),
        Number(spent.sampled_tokens, digits=0),
        UNKNOWN if cached is None else Number(cached),
        UNKNOWN if spent.rate is None else Number(spent.rate, digits=0),
    ]
    return {**dict(zip(columns, numbers, strict=True)), money: _cost(config, spent.device_seconds)}


def _drafted(config: Config, name: str) -> Number | Missing:
    """With speculation: tokens a step, the one that is sampled and the drafted ones that were accepted."""
    found = read_acceptance(stage_folder(config.runs, name, "evaluate"))
    return Number(found.mean_length, digits=2) if found.steps else Missing("nothing was drafted")


def _cost(config: Config, device_seconds: float | None) -> Number | Missing:
    if config.paper.price is None:
        return Missing("no price: set paper.price, of an hour of one device")
    return UNKNOWN if device_seconds is None else Number(config.paper.price * device_seconds / 3600, digits=4)


def _priced(config: Config) -> str:
    price = config.paper.price
    return "" if price is None else f"Priced at {price:g} {config.paper.currency} an hour of one device (paper.price)."
