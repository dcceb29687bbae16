"""Problem families about machines and moves: permutations, automata, stacks, walks.

Same form as `s1repro.demo.arithmetic`: a few small functions and one `Family` a section. An automaton's table is part
of the question, so a solver has to look its moves up instead of knowing them.

    draw(AUTOMATON, 3, random.Random(0)).answer()
"""

from __future__ import annotations

import random

from s1repro.demo.problem import Family, listing

NODES = "ABC"


# Permutations: follow one element through a word in the adjacent swaps that generate the symmetric group.


def _sample_permutation(rng: random.Random, n: int) -> tuple[str, int, tuple[int, ...]]:
    start = element = rng.randrange(1, 10)
    ops: list[int] = []
    for _ in range(n):  # most swaps move the element: else it would seldom come far
        near = [swap for swap in (element - 1, element) if 1 <= swap <= 8]
        ops.append(rng.choice(near) if rng.random() < 0.75 else rng.randrange(1, 9))
        element = _apply_permutation(element, ops[-1])
    wording = rng.choice(("Adjacent swaps send {} through {} to what?", "Follow element {} along the swaps {}."))
    return wording.format(start, listing([f"S{op}" for op in ops])), start, tuple(ops)


def _apply_permutation(state: int, op: int) -> int:
    """The swap of elements `op` and `op + 1`."""
    return {op: op + 1, op + 1: op}.get(state, state)


PERMUTATION = Family(
    name="permutation",
    domain="20",
    max_steps=12,
    sample=_sample_permutation,
    apply=_apply_permutation,
    write=lambda state, op, result: f"S{op};{state}={result}",
    answer=lambda states: str(states[-1]),
    slip=lambda state, rng: (state - 1 + rng.randrange(1, 9)) % 9 + 1,
)

# Automata: three states, two input symbols, a table of moves.

Move = tuple[int, tuple[tuple[str, str], ...]]


def _sample_automaton(rng: random.Random, n: int) -> tuple[str, str, tuple[Move, ...]]:
    table = tuple((rng.choice(NODES), rng.choice(NODES)) for _ in NODES)
    start = rng.choice(NODES)
    bits = [rng.randrange(2) for _ in range(n)]
    shown = ",".join(f"{node}{bit}{row[bit]}" for bit in (0, 1) for node, row in zip(NODES, table, strict=True))
    wording = rng.choice(("Automaton {} starts in {} and reads {}.", "Run {} from state {} on {} and stop."))
    return wording.format(shown, start, listing([str(bit) for bit in bits])), start, tuple((b, table) for b in bits)


AUTOMATON = Family(
    name="automaton",
    domain="03",
    max_steps=12,
    sample=_sample_automaton,
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


def _digits(state: tuple[int, ...]) -> str:
    return "".join(map(str, state))


def _sample_stack(rng: random.Random, n: int) -> tuple[str, tuple[int, ...], tuple[Instruction, ...]]:
    start = (rng.randrange(10),)
    ops: list[Instruction] = []
    depth = 1
    for _ in range(n):
        choices = ["push"] * (depth < 2) + ["add", "mul"] * (depth > 1)
        name = rng.choice(choices)
        depth += 1 if name == "push" else -1
        ops.append((name, rng.randrange(10) if name == "push" else 0))
    wording = rng.choice(("The stack holds {}; modulo 10 run {}.", "What remains on the stack {} after {} modulo 10?"))
    return wording.format(start[0], listing([_instruction(op) for op in ops])), start, tuple(ops)


def _apply_stack(state: tuple[int, ...], op: Instruction) -> tuple[int, ...]:
    name, digit = op
    if name == "push":
        return (*state, digit)
    *rest, x, y = state
    return (*rest, (x + y if name == "add" else x * y) % 10)


STACK = Family(
    name="stack",
    domain="68",
    max_steps=12,
    sample=_sample_stack,
    apply=_apply_stack,
    write=lambda state, op, result: f"{_instruction(op)};{_digits(state)}={_digits(result)}",
    answer=lambda states: _digits(states[-1]),
    slip=lambda state, rng: (*state[:-1], (state[-1] + rng.randrange(1, 10)) % 10),
)

# Walks on a ring of 10 squares.


def _sample_walk(rng: random.Random, n: int) -> tuple[str, int, tuple[tuple[str, int], ...]]:
    start = rng.randrange(10)
    ops = tuple((rng.choice("EW"), rng.randrange(1, 10)) for _ in range(n))
    wording = rng.choice(("Ring of 10 squares: from {} walk {}.", "From square {} one robot walks {} modulo 10."))
    return wording.format(start, listing([f"{way}{distance}" for way, distance in ops])), start, ops


WALK = Family(
    name="walk",
    domain="51",
    max_steps=12,
    sample=_sample_walk,
    apply=lambda state, op: (state + op[1] if op[0] == "E" else state - op[1]) % 10,
    write=lambda state, op, result: f"{op[0]}{op[1]};{state}={result}",
    answer=lambda states: str(states[-1]),
    slip=lambda state, rng: (state + rng.randrange(1, 10)) % 10,
)

MACHINES = (PERMUTATION, AUTOMATON, STACK, WALK)
