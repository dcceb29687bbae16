"""Problem families about machines and moves: permutations, automata, stacks, walks.

Same form as `s1repro.demo.arithmetic`: one `Family` a section. An automaton's table is part of the question, so a
solver has to look its moves up instead of knowing them.

    draw(AUTOMATON, 3, random.Random(0)).answer()
"""

from __future__ import annotations

import random

from s1repro.demo.problem import Family, chain, listing, other_digit

NODES = "ABC"


# Permutations: follow one element through a word in the adjacent swaps that generate the symmetric group.


def _begin_permutation(rng: random.Random, n: int) -> tuple[int, tuple[int, ...]]:
    start = element = rng.randrange(1, 10)
    ops: list[int] = []
    for _ in range(n):  # most swaps move the element: else it would seldom come far
        near = [swap for swap in (element - 1, element) if 1 <= swap <= 8]
        ops.append(rng.choice(near) if rng.random() < 0.75 else rng.randrange(1, 9))
        element = _apply_permutation(element, ops[-1])
    return start, tuple(ops)


def _apply_permutation(state: int, op: int) -> int:
    """The swap of elements `op` and `op + 1`."""
    return {op: op + 1, op + 1: op}.get(state, state)


PERMUTATION = chain(
    name="permutation",
    domain="20",
    wordings=("Adjacent swaps send {} through {} to what?", "Follow element {} along the swaps {}."),
    begin=_begin_permutation,
    apply=_apply_permutation,
    spell=lambda op: f"S{op}",
    slip=lambda state, rng: (state - 1 + rng.randrange(1, 9)) % 9 + 1,
)

# Automata: three states, two input symbols, a table of moves.

Move = tuple[int, tuple[tuple[str, str], ...]]


def _begin_automaton(rng: random.Random, n: int) -> tuple[str, tuple[Move, ...]]:
    table = tuple((rng.choice(NODES), rng.choice(NODES)) for _ in NODES)
    start = rng.choice(NODES)
    return start, tuple((rng.randrange(2), table) for _ in range(n))


def _fill_automaton(start: str, ops: tuple[Move, ...]) -> tuple[str, str, str]:
    table = ops[0][1]
    shown = ",".join(f"{node}{bit}{row[bit]}" for bit in (0, 1) for node, row in zip(NODES, table, strict=True))
    return shown, start, listing([str(bit) for bit, _ in ops])


AUTOMATON = Family(
    name="automaton",
    domain="03",
    wordings=("Automaton {} starts in {} and reads {}.", "Run {} from state {} on {} and stop."),
    begin=_begin_automaton,
    fill=_fill_automaton,
    apply=lambda state, op: op[1][NODES.index(state)][op[0]],
    write=lambda state, op, result: f"{op[0]};{state}{op[0]}{result}",
    answer=lambda states: str(states[-1]),
    slip=lambda state, rng: rng.choice([node for node in NODES if node != state]),
)

# Stack machines: push a digit (<), or add or multiply the two on top modulo 10.

Instruction = tuple[str, int]
SYMBOL = {"push": "<", "add": "+", "mul": "*"}


def _instruction(op: Instruction) -> str:
    return SYMBOL[op[0]] + (str(op[1]) if op[0] == "push" else "")


def _begin_stack(rng: random.Random, n: int) -> tuple[tuple[int, ...], tuple[Instruction, ...]]:
    start = (rng.randrange(10),)
    ops: list[Instruction] = []
    depth = 1
    for _ in range(n):
        choices = ["push"] * (depth < 2) + ["add", "mul"] * (depth > 1)
        name = rng.choice(choices)
        depth += 1 if name == "push" else -1
        ops.append((name, rng.randrange(10) if name == "push" else 0))
    return start, tuple(ops)


def _apply_stack(state: tuple[int, ...], op: Instruction) -> tuple[int, ...]:
    name, digit = op
    if name == "push":
        return (*state, digit)
    *rest, x, y = state
    return (*rest, (x + y if name == "add" else x * y) % 10)


STACK = chain(
    name="stack",
    domain="68",
    wordings=("The stack holds {}; modulo 10 run {}.", "What remains on the stack {} after {} modulo 10?"),
    begin=_begin_stack,
    apply=_apply_stack,
    spell=_instruction,
    slip=lambda state, rng: (*state[:-1], other_digit(state[-1], rng)),
    show=lambda state: "".join(map(str, state)),
)

# Walks on a ring of 10 squares.

WALK = chain(
    name="walk",
    domain="51",
    wordings=("Ring of 10 squares: from {} walk {}.", "From square {} one robot walks {} modulo 10."),
    begin=lambda rng, n: (rng.randrange(10), tuple((rng.choice("EW"), rng.randrange(1, 10)) for _ in range(n))),
    apply=lambda state, op: (state + op[1] if op[0] == "E" else state - op[1]) % 10,
    spell=lambda op: f"{op[0]}{op[1]}",
    slip=other_digit,
)

MACHINES = (PERMUTATION, AUTOMATON, STACK, WALK)
