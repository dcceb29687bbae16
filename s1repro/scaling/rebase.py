"""REBASE: a tree of traces that a process reward model grows where it sees most promise (section 6.2).

Reward-balanced search (Wu et al. 2024, "Inference Scaling Laws", arXiv 2408.00724), which the paper runs with 16
trajectories. At each depth every branch grows by a step and is scored; the trajectories still open are then shared out
among the open branches by the softmax of their rewards, so a good branch goes on many times and a poor one not at all.
Branches that ended leave with the trajectory they are. The answers of all are weighed by their last rewards.

Depths are synchronous, because a share depends on all rewards of a depth; different questions need not wait for each
other. Children of one branch share its ids as their prompt, which an engine's prefix cache holds. A step is a number of
tokens, not a line, so that no property of the text is assumed. Waits are not covered.

    forced = await rebase(engine, reward, prompt_ids, Budget(512), fmt, Sampling(temperature=1.0), trajectories=16,
                          step_tokens=64, temperature=0.1, extract=lambda text: grade(text, "", "math").extracted)
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from s1repro.chat import ThinkingFormat
from s1repro.engines.base import Engine, Sampling, Stop
from s1repro.engines.reward import RewardModel
from s1repro.records import Finish
from s1repro.scaling.budget import Budget
from s1repro.scaling.candidates import keep, nth, require_many, sampled_answer_tokens, together
from s1repro.scaling.forcing import Forced, answer_to, thinking_cap
from s1repro.scaling.trace import Thinking, ending
from s1repro.scaling.voting import weighted_majority


@dataclass(frozen=True)
class _Node:
    """A branch: its ids from the start, its score, why it ended (None: it has not), and what its last step took."""

    ids: tuple[int, ...]
    score: float
    finish: Finish | None
    step: int
    drawn: Sampling

    def thinking(self) -> Thinking:
        """The trace of a branch that has ended."""
        assert self.finish is not None
        return Thinking(self.ids, len(self.ids), 0, 0, self.finish, closed=self.finish == "natural")


@dataclass(frozen=True)
class _Search:
    """What all steps of one search share."""

    engine: Engine
    reward: RewardModel
    prompt_ids: Sequence[int]
    budget: Budget
    cap: int
    fmt: ThinkingFormat
    step_tokens: int

    async def grow(self, trajectories: int, temperature: float, sampling: Sampling) -> tuple[list[_Node], int]:
        """All trajectories, ended, and how many tokens were sampled in the whole tree."""
        numbers = itertools.count()
        growing, ended, spent = [_Node((), 0.0, None, 0, sampling)], list[_Node](), 0
        while growing:
            widths = shares([node.score for node in growing], trajectories - len(ended), temperature)
            parents = [node for node, width in zip(growing, widths, strict=True) for _ in range(width)]
            children = await together(self.step(node, nth(sampling, next(numbers))) for node in parents)
            spent += sum(node.step for node in children)
            ended += [node for node in children if node.finish]
            growing = [node for node in children if not node.finish]
        assert len(ended) == trajectories
        return ended, spent

    async def step(self, node: _Node, drawn: Sampling) -> _Node:
        """A child of `node`: a step longer, and scored."""
        tokenizer, fmt = self.engine.tokenizer, self.fmt
        completion = await self.engine.complete(
            [*self.prompt_ids, *node.ids],
            max_tokens=min(self.step_tokens, self.cap - len(node.ids)),
            stop=Stop((*fmt.stop_ids(tokenizer), *fmt.turn_end_ids(tokenizer)), fmt.stop_strings(tokenizer)),
            sampling=drawn,
        )
        said = (*node.ids, *completion.token_ids, *completion.stop_ids)
        ended = ending(tokenizer, said, completion, self.budget.loop_repeats, fmt)
        ids = said[: ended.kept] if ended else said
        finish = ended.finish if ended else "budget" if len(ids) == self.cap else None
        # What stopped a request is in no account, unless the thinking had ended before it.
        behind = ended is not None and ended.end < len(said)
        took = len(completion.token_ids) + (len(completion.stop_ids) if behind else 0)
        score = await self.reward.score(self.prompt_ids, ids)
        return _Node(ids, score, finish, took, drawn)


async def rebase(
    engine: Engine,
    reward: RewardModel,
    prompt_ids: Sequence[int],
    budget: Budget,
    fmt: ThinkingFormat,
    sampling: Sampling,
    trajectories: int,
    step_tokens: int,
    extract: Callable[[str], str],
    temperature: float,
) -> Forced:
    """Search with `trajectories` traces; returns the best-scored one of those that give the winning answer.

    `extract` reads the answer off an answer's text. `tries` are the trajectories; what other branches and answers took
    is discarded. Raises `ValueError`, before anything runs, for a budget with Waits or one that does not fit, for empty
    steps, and for a `temperature` (the softmax's), or with several trajectories the sampling's, that is not above 0.
    """
    _require(budget, step_tokens, temperature)
    require_many(trajectories, sampling, "trajectories")
    cap = thinking_cap(engine, len(prompt_ids), budget, fmt)
    search = _Search(engine, reward, prompt_ids, budget, cap, fmt, step_tokens)
    ended, spent = await search.grow(trajectories, temperature, sampling)
    forced = await together(answer_to(engine, prompt_ids, node.thinking(), budget, fmt, node.drawn) for node in ended)
    spent += sum(sampled_answer_tokens(engine, each, budget) for each in forced)
    answers = [extract(_text(engine, each.answer_ids)) for each in forced]
    winner = weighted_majority(answers, [node.score for node in ended])
    givers = [index for index, answer in enumerate(answers) if answer == winner]
    best = max(givers, key=lambda index: ended[index].score)
    return keep(forced[best], tries=trajectories, spent=spent, budget=budget, engine=engine)


def shares(scores: Sequence[float], width: int, temperature: float) -> list[int]:
    """`width` shared out by the softmax of `scores`, in whole numbers that sum to it exactly.

    REBASE's balanced rounding: from the best to the worst, each takes its share of what is left, rounded up. So the
    best one never goes empty, a better one never gets less than a worse one, and it is the worst that get nothing.
    """
    order = sorted(range(len(scores)), key=lambda index: -scores[index])
    weights = [math.exp((scores[index] - scores[order[0]]) / temperature) for index in order]
    # Sums over each one and all worse ones, the small ones first: nothing is lost to rounding, and no sum becomes 0
    # while there is something left to share.
    tails = list(itertools.accumulate(reversed(weights)))[::-1]
    given, left = [0] * len(scores), width
    for index, weight, tail in zip(order, weights, tails, strict=True):
        if left == 0:
            break
        given[index] = math.ceil(left * weight / tail - 1e-9)  # 4.0000000001 is 4
        left -= given[index]
    return given


def _require(budget: Budget, step_tokens: int, temperature: float) -> None:
    if budget.waits:
        raise ValueError(f"{budget.waits} waits: tree search ends a trace where the model does, so give 0")
    if step_tokens < 1:
        raise ValueError(f"steps of {step_tokens} tokens: give at least 1")
    if not temperature > 0:
        raise ValueError(f"a softmax of temperature {temperature}: give more than 0, such as 0.1")


def _text(engine: Engine, ids: Sequence[int]) -> str:
    text = engine.tokenizer.decode(list(ids), clean_up_tokenization_spaces=False)
    assert isinstance(text, str)
    return text
