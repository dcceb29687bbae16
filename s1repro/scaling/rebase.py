"""REBASE: a tree of traces that a process reward model grows where it sees most promise (section 6.2).

Reward-balanced search (Wu et al. 2024, "Inference Scaling Laws", arXiv 2408.00724), which the paper runs with 16
trajectories. At each depth every branch grows by a step and is scored; the trajectories still open are then shared out
among the open branches by the softmax of their rewards, so a good branch goes on many times and a poor one not at all.
Branches that ended leave with the trajectory they are. The answers of all are weighed by their last rewards.

Depths are synchronous, because a share depends on all rewards of a depth; different questions need not wait for each
other. Children of one branch share its ids as their prompt, which an engine's prefix cache holds. A step is a number of
tokens, not a line, so that no property of the text is assumed. Waits are not covered.

    tree = Tree(trajectories=16, step_tokens=64, temperature=0.1)
    forced = await rebase(prompt, Budget(512), reward, tree, read=lambda text: extract(text, "math"))
"""

from __future__ import annotations

import asyncio
import itertools
import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from s1repro.engines.base import Engine
from s1repro.engines.reward import RewardModel
from s1repro.engines.stopping import text_of
from s1repro.grading import extract, same_answer
from s1repro.records import Finish, Question
from s1repro.scaling.answer import Forced, answer_to
from s1repro.scaling.budget import Budget
from s1repro.scaling.candidates import Search, keep, nth, require_many, together
from s1repro.scaling.method import Cut, Take
from s1repro.scaling.prompt import Prompt
from s1repro.scaling.trace import Thinking, ending
from s1repro.scaling.voting import joined, weighted_majority
from s1repro.settings.checks import require_at_least_one


@dataclass(frozen=True)
class Tree:
    """How a tree grows: all its trajectories, the tokens of a step, and the temperature of the softmax of rewards.

    Raises `ValueError` for empty steps and for a temperature that is not above 0.
    """

    trajectories: int
    step_tokens: int
    temperature: float

    def __post_init__(self) -> None:
        if self.step_tokens < 1:
            raise ValueError(f"steps of {self.step_tokens} tokens: give at least 1")
        if not self.temperature > 0:
            raise ValueError(f"a softmax of temperature {self.temperature}: give more than 0, such as 0.1")


@dataclass(frozen=True)
class _Node:
    """A branch: its ids from the start, its score, why it ended (None: it has not), and what its last step took.

    `prompt` has the seed that the last step was drawn with.
    """

    prompt: Prompt
    ids: tuple[int, ...]
    score: float
    finish: Finish | None
    step: int

    def thinking(self) -> Thinking:
        """The trace of a branch that has ended."""
        assert self.finish is not None
        return Thinking(self.ids, len(self.ids), 0, 0, self.finish, closed=self.finish == "natural")


@dataclass(frozen=True)
class _Search:
    """What all steps of one search share."""

    prompt: Prompt
    budget: Budget
    cap: int
    reward: RewardModel
    tree: Tree

    async def grow(self) -> tuple[list[_Node], int]:
        """All trajectories, ended, and how many tokens were sampled in the whole tree."""
        numbers = itertools.count()
        growing, ended, spent = [_Node(self.prompt, (), 0.0, None, 0)], list[_Node](), 0
        while growing:
            width = self.tree.trajectories - len(ended)
            widths = shares([node.score for node in growing], width, self.tree.temperature)
            parents = [node for node, width in zip(growing, widths, strict=True) for _ in range(width)]
            children = await together(self.step(node, nth(self.prompt, next(numbers))) for node in parents)
            spent += sum(node.step for node in children)
            ended += [node for node in children if node.finish]
            growing = [node for node in children if not node.finish]
        assert len(ended) == self.tree.trajectories
        return ended, spent

    async def step(self, node: _Node, drawn: Prompt) -> _Node:
        """A child of `node`: a step longer, and scored."""
        completion = await drawn.complete(node.ids, min(self.tree.step_tokens, self.cap - len(node.ids)))
        said = (*node.ids, *completion.token_ids, *completion.stop_ids)
        ended = ending(drawn.fmt, said, completion, self.budget.loop_repeats)
        ids = said[: ended.kept] if ended else said
        finish = ended.finish if ended else "budget" if len(ids) == self.cap else None
        # What stopped a request is in no account, unless the thinking had ended before it.
        behind = ended is not None and ended.end < len(said)
        took = len(completion.token_ids) + (len(completion.stop_ids) if behind else 0)
        score = await self.reward.score(drawn.ids, ids)
        return _Node(drawn, ids, score, finish, took)


async def rebase(
    prompt: Prompt,
    budget: Budget,
    reward: RewardModel,
    tree: Tree,
    read: Callable[[str], str],
    same: Callable[[str, str], bool] = operator.eq,
) -> Forced:
    """Search a tree of traces; returns the best-scored one of those that give the winning answer.

    `read` reads the answer off an answer's text, and `same` says which answers vote together; both run beside the event
    loop. `tries` are the trajectories; what other branches and answers took
    is discarded. Raises `ValueError`, before anything runs, for a budget with Waits or one that does not fit, and for
    several trajectories at the sampling's temperature 0.
    """
    if budget.waits:
        raise ValueError(f"{budget.waits} waits: tree search ends a trace where the model does, so give 0")
    require_many(tree.trajectories, prompt.sampling, "trajectories")
    ended, spent = await _Search(prompt, budget, prompt.thinking_cap(budget), reward, tree).grow()
    forced = await together(answer_to(node.prompt, node.thinking(), budget) for node in ended)
    spent += sum(len(each.answer_ids) - each.final_tokens for each in forced)
    texts = [text_of(prompt.fmt.tokenizer, each.answer_ids) for each in forced]
    answers = await asyncio.to_thread(lambda: joined([read(text) for text in texts], same))
    winner = weighted_majority(answers, [node.score for node in ended])
    givers = [index for index, answer in enumerate(answers) if answer == winner]
    best = max(givers, key=lambda index: ended[index].score)
    return keep(forced[best], tries=tree.trajectories, spent=spent)


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


@dataclass
class Rebase(Search):
    """REBASE: a tree of traces, grown where a process reward model sees most promise."""

    name: ClassVar[str] = "rebase"

    step_tokens: int = 256
    """Tokens that a branch grows by before it is scored."""
    balance_temperature: float = 0.1
    """The softmax of the scores shares the trajectories out at this temperature; at 0.1, a branch scored 0.8 gets about
    a third of what one scored 0.9 gets."""

    def check(self) -> None:
        """See `Method.check`."""
        super().check()
        require_at_least_one("method", self, "step_tokens")
        if not self.balance_temperature > 0:
            raise ValueError(f"method.balance_temperature is {self.balance_temperature}; give more than 0, such as 0.1")

    def start(self, engine: Engine, trust_remote_code: bool = False) -> Take:
        """See `Method.start`."""
        reward = self.reward(engine, trust_remote_code)
        tree = Tree(self.candidates, self.step_tokens, self.balance_temperature)

        async def take(prompt: Prompt, question: Question, cuts: Sequence[Cut]) -> list[Forced]:
            def read(answer: str) -> str:
                return extract(answer, question.kind)

            def same(first: str, second: str) -> bool:
                return same_answer(first, second, question.kind)

            budgets = [self.budget(cut, prompt.engine.max_model_len) for cut in cuts]
            return [await rebase(prompt, budget, reward, tree, read, same) for budget in budgets]

        return take
