"""Makes the demo's process reward model: the base model, taught to see where a worked solution goes wrong.

Best-of-N and REBASE choose by such a model (section 6.2). It reads what the policy reads and writes, question and trace
in a thinking format, and labels every token of the trace: 1 while all steps of the pass so far are right, 0 from the
line with the first wrong one on. A re-check begins a new pass. The traces are the teacher's, half of them with a
mistake. It knows the mistakes that the teacher makes and no others. Seeded, a few minutes on two cores.

It is the real thing in form, not yet in judgement. Made from an earlier base, in 300 steps, it took 95 % of the right
held-out lines for right, but only 17 % of the wrong ones for wrong: 79.8 % together, where always saying "right" gives
80.6 %. A wrong result shows only beside the one that the base expects there, and a model of four layers has not learnt
to compare the two in that time. So a search with it shows that the machinery works, not that searching pays: from the
base that ships, after 60 steps, it takes 96 and 13 %, and best of four by it is worse than one (recipes/README.md).

    python -m s1repro.demo.reward --base data/demo/base --folder runs/demo-reward
"""

from __future__ import annotations

import argparse
import itertools
import logging
import math
import random
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy
from transformers import AutoConfig, AutoModelForTokenClassification, PreTrainedModel
from transformers.utils import logging as transformers_logging

from s1repro.artifacts import file_sha256
from s1repro.chat import FORMATS, BoundFormat
from s1repro.demo.documents import CHECK
from s1repro.demo.problem import Problem, draw
from s1repro.demo.teacher import think
from s1repro.demo.training import Pace, descend, keep
from s1repro.demo.worlds import FAMILIES
from s1repro.encoding import plain_ids
from s1repro.pretrained import load_tokenizer, model_mark

SEED = 2501
STEPS = 300
BATCH = 32
"""Traces a step."""
POOLED = 8
"""Batches drawn at once and sorted by length, so that little is spent on padding."""
RATE, WARMUP = 1e-3, 20
"""Peak learning rate of AdamW, and its steps of warm-up; then linear to 0."""
WRONG_SHARE = 0.5
"""Share of the traces with a mistake, in families that have mistakes."""
REDRAWS = 100
"""Traces drawn at most until one has a mistake, or none."""
HELD_OUT = 400
"""Problems to measure on; their questions are never trained on."""
IGNORED = -100
"""Label of a token that is not learnt: the prompt and the padding."""


@dataclass(frozen=True)
class Judged:
    """A question and a trace about it in ids, a label a token: `IGNORED` for the prompt, then 1 (right) or 0.

    `ends` are the places of the last token of each line.
    """

    ids: list[int]
    labels: list[int]
    ends: list[int]


def judge(problem: Problem, trace: str) -> list[bool]:
    """For each line of `trace`: is it right, and all of its pass before it?"""
    states = problem.states()
    steps = [problem.line(index, states[index], states[index + 1]) for index in range(len(problem.ops))]
    result, judged, number, right = f"Result: {problem.answer()}", [], 0, True
    for line in trace.strip().split("\n"):
        if line == CHECK.strip():
            number, right = 0, True
        else:
            expected = result if line.startswith("Result:") or number >= len(steps) else steps[number]
            number, right = number + 1, right and line == expected
        judged.append(right)
    return judged


def label(fmt: BoundFormat, problem: Problem, trace: str) -> Judged:
    """`trace` about `problem` as the policy would have it in its context, each token with the label of its line."""
    prompt = fmt.prompt_ids(problem.text)
    told = plain_ids(fmt.tokenizer, fmt.closed(trace))
    breaks = [str(fmt.tokenizer.decode([token])).count("\n") for token in told]
    lines = list(itertools.accumulate(breaks, initial=0))[:-1]  # a line break belongs to the line that it ends
    of_line = judge(problem, trace)
    ends = [place for place, line in enumerate(lines) if place + 1 == len(lines) or lines[place + 1] > line]
    return Judged(
        ids=[*prompt, *told],
        labels=[IGNORED] * len(prompt) + [int(of_line[min(line, len(of_line) - 1)]) for line in lines],
        ends=[len(prompt) + place for place in ends],
    )


def draw_trace(rng: random.Random) -> tuple[Problem, str]:
    """A problem of any family and length, and a trace of the teacher's, with a mistake in every second one."""
    family = rng.choice(FAMILIES)
    problem = draw(family, rng.randint(1, family.max_steps), rng)
    wanted = family.slip is not None and rng.random() < WRONG_SHARE
    for _ in range(REDRAWS):
        trace = think(problem, rng).trace
        if all(judge(problem, trace)) != wanted:
            break
    return problem, trace


def batches(
    fmt: BoundFormat,
    rng: random.Random,
    steps: int,
    held_out: Collection[str],
) -> Iterator[list[Judged]]:
    """`steps` batches of traces about questions that are not in `held_out`."""
    made = 0
    while made < steps:
        drawn = [draw_trace(rng) for _ in range(BATCH * POOLED)]
        traces = [label(fmt, *pair) for pair in drawn if pair[0].text not in held_out]
        traces.sort(key=lambda judged: len(judged.ids))
        starts = list(range(0, len(traces) - BATCH + 1, BATCH))
        rng.shuffle(starts)
        for start in starts[: steps - made]:
            yield traces[start : start + BATCH]
            made += 1


def train(model: PreTrainedModel, stream: Iterator[list[Judged]], steps: int) -> list[float]:
    """Train on `steps` batches; returns the loss of each."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.95), weight_decay=0.01)
    return descend(model, (_loss(model, batch) for batch in stream), [optimizer], Pace(steps, WARMUP, cooldown=1.0))


def measure(model: PreTrainedModel, traces: Sequence[Judged]) -> dict[str, float]:
    """How often the model is right at the end of a line: of all, and where the steps so far are right or wrong."""
    hits: dict[int, list[bool]] = {0: [], 1: []}
    model.train(False)
    ordered = sorted(traces, key=lambda judged: len(judged.ids))
    with torch.inference_mode():
        for start in range(0, len(ordered), BATCH):
            batch = ordered[start : start + BATCH]
            guesses = _logits(model, batch)[0].argmax(dim=2)
            for row, judged in enumerate(batch):
                for end in judged.ends:
                    hits[judged.labels[end]].append(int(guesses[row, end]) == judged.labels[end])
    return {
        "lines": len(hits[0]) + len(hits[1]),
        "right_lines": len(hits[1]),
        "accuracy": _share(hits[0] + hits[1]),
        "accuracy_where_right": _share(hits[1]),
        "accuracy_where_wrong": _share(hits[0]),
    }


def _share(hits: Sequence[bool]) -> float:
    return round(sum(hits) / len(hits), 4) if hits else math.nan


def _loss(model: PreTrainedModel, batch: Sequence[Judged]) -> tuple[torch.Tensor, int]:
    """The loss, and the tokens that the batch takes."""
    logits, labels = _logits(model, batch)
    return cross_entropy(logits[labels != IGNORED], labels[labels != IGNORED]), labels.numel()


def _logits(model: PreTrainedModel, batch: Sequence[Judged]) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits [traces, tokens, 2] and labels [traces, tokens], padded at the right."""
    width = max(len(judged.ids) for judged in batch)
    ids = torch.tensor([judged.ids + [0] * (width - len(judged.ids)) for judged in batch])
    labels = torch.tensor([judged.labels + [IGNORED] * (width - len(judged.ids)) for judged in batch])
    # No mask: attention looks back alone, so padding at the end is seen by padding only.
    with torch.autocast("cpu", torch.bfloat16):
        logits: torch.Tensor = model(input_ids=ids, use_cache=False).logits
    return logits.float(), labels


def load_untrained(base: Path, seed: int) -> PreTrainedModel:
    """The base model's weights under a new head of two labels, wrong and right."""
    torch.manual_seed(seed)
    verbosity = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity(logging.ERROR)  # that the head is new is no news
    config = AutoConfig.from_pretrained(base, num_labels=2)
    config.classifier_dropout = 0.0
    model: PreTrainedModel = AutoModelForTokenClassification.from_pretrained(
        base, config=config, dtype=torch.float32, use_safetensors=True
    )
    transformers_logging.set_verbosity(verbosity)
    return model


def make_reward(base: Path, folder: Path, format_name: str, steps: int, seed: int) -> None:
    """Train the reward model and write it, its tokenizer and its manifest into `folder`."""
    started = time.monotonic()
    model_mark(str(base), "--base")
    fmt = FORMATS[format_name].bind(load_tokenizer(str(base), "--base", trust_remote_code=False))
    rng = random.Random(seed)
    measured = [draw_trace(rng) for _ in range(HELD_OUT)]
    model = load_untrained(base, seed)
    losses = train(model, batches(fmt, rng, steps, {problem.text for problem, _ in measured}), steps)
    facts = {
        "made_by": f"python -m s1repro.demo.reward --base {base} --format {format_name} --steps {steps} --seed {seed}",
        "base_sha256": file_sha256(base / "model.safetensors"),
        "held_out": measure(model, [label(fmt, *pair) for pair in measured]),
        "minutes": round((time.monotonic() - started) / 60, 1),
    }
    keep(folder, model, fmt.tokenizer, losses, facts)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--base", type=Path, default=Path("data/demo/base"))
    parser.add_argument("--folder", type=Path, default=Path("runs/demo-reward"))
    parser.add_argument("--format", choices=sorted(FORMATS), default="qwen-plain")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    try:
        make_reward(given.base, given.folder, given.format, given.steps, given.seed)
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
