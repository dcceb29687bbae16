"""Problem families whose state is a symbol or a store: permutations, automata, stacks, walks.

Same form as `s1repro.demo.arithmetic`: a few small functions and one `Family` a section. Tables are part of the
question, so a solver has to look things up instead of knowing them.

    draw(AUTOMATON, 3, random.Random(0)).answer()
"""

from __future__ import annotations

import random

from s1repro.demo.problem import Family, listing

NODES = "ABCDE"


# Permutations: follow one element through a word in two permutations of five elements.

Mapping = tuple[str, tuple[int, ...]]


def _sample_permutation(rng: random.Random, n: int) -> tuple[str, int, tuple[Mapping, ...]]:
    tables = {name: tuple(rng.sample(range(1, 6), 5)) for name in "PQ"}
    start = rng.randrange(1, 6)
    names = [rng.choice("PQ") for _ in range(n)]
    shown = ",".join(f"{name}{i}{image}" for name in "PQ" for i, image in enumerate(tables[name], 1))
    wording = rng.choice(("Permutations {} send {} through {} to what?", "Under {} follow element {} along {}."))
    return wording.format(shown, start, listing(names)), start, tuple((name, tables[name]) for name in names)


PERMUTATION = Family(
    name="permutation",
    domain="20",
    max_steps=16,
    sample=_sample_permutation,
    apply=lambda state, op: op[1][state - 1],
    write=lambda state, op, result: f"{op[0]};{op[0]}{state}{result}",
    answer=lambda states: str(states[-1]),
    slip=lambda state, rng: (state - 1 + rng.randrange(1, 5)) % 5 + 1,
    shortcuts=True,
)

# Automata: five states, two input symbols, a table of moves.

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
    domain="68",
    max_steps=16,
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
        choices = ["push"] * (depth < 4) + ["add", "mul"] * (depth > 1)
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
    max_steps=16,
    sample=_sample_stack,
    apply=_apply_stack,
    write=lambda state, op, result: f"{_instruction(op)};{_digits(state)}={_digits(result)}",
    answer=lambda states: _digits(states[-1]),
    slip=lambda state, rng: (*state[:-1], (state[-1] + rng.randrange(1, 10)) % 10),
)

# Walks on a torus of 10 by 10 squares.

STEPS = {"N": (0, 1), "S": (0, -1), "E": (1, 0), "W": (-1, 0)}


def _sample_walk(rng: random.Random, n: int) -> tuple[str, tuple[int, int], tuple[tuple[str, int], ...]]:
    start = (rng.randrange(10), rng.randrange(10))
    ops = tuple((rng.choice("NSEW"), rng.randrange(1, 10)) for _ in range(n))
    wording = rng.choice(("Torus of side 10: from {} walk {}.", "From square {} one robot walks {} modulo 10."))
    return wording.format(f"{start[0]}{start[1]}", listing([f"{way}{d}" for way, d in ops])), start, ops


def _apply_walk(state: tuple[int, int], op: tuple[str, int]) -> tuple[int, int]:
    (dx, dy), distance = STEPS[op[0]], op[1]
    return ((state[0] + dx * distance) % 10, (state[1] + dy * distance) % 10)


WALK = Family(
    name="walk",
    domain="51",
    max_steps=16,
    sample=_sample_walk,
    apply=_apply_walk,
    write=lambda state, op, result: f"{op[0]}{op[1]};{state[0]}{state[1]}={result[0]}{result[1]}",
    answer=lambda states: f"{states[-1][0]}{states[-1][1]}",
    slip=lambda state, rng: ((state[0] + rng.randrange(1, 10)) % 10, state[1]),
)

MACHINES = (PERMUTATION, AUTOMATON, STACK, WALK)
