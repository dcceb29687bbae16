r"""Whether two answers are the same: their words, or their shapes, part by part.

equal(r"x>2", r"(2,\infty)")        # True
equal("10, 11", "11 and 10")        # True: what stands side by side has no order
equal("(1,2)", "(2,1)")             # False
"""

from __future__ import annotations

from functools import lru_cache

from s1repro.grading.clothes import LONGEST, undress
from s1repro.grading.expression import Unreadable
from s1repro.grading.groups import same_groups, same_matrices
from s1repro.grading.naming import without_name
from s1repro.grading.reading import read_shape
from s1repro.grading.relations import plain, same_relations
from s1repro.grading.remarks import without_remark
from s1repro.grading.sentence import value_in
from s1repro.grading.sets import same_sets
from s1repro.grading.shapes import Relation, Shape
from s1repro.grading.values import same_clocks, same_numerals, same_ratios, same_values
from s1repro.grading.words import same_words


@lru_cache(maxsize=65536)
def equal(answer: str, reference: str) -> bool:
    """Whether two answers, in whatever clothes, are the same."""
    first, second = undress(answer), undress(reference)
    if not first or not second:
        return False
    if same_words(first, second):
        return True
    one, other = shape_of(first), shape_of(second)
    return one is not None and other is not None and matches(one, other)


@lru_cache(maxsize=16384)
def shape_of(undressed: str) -> Shape | None:
    """What an answer without clothes says in mathematics; None where it says nothing that can be compared."""
    if len(undressed) > LONGEST:
        return None
    bare = without_remark(undressed)
    for text in dict.fromkeys((undressed, bare, value_in(bare))):
        if text:
            try:
                return read_shape(text)
            except (Unreadable, RecursionError):
                continue
    return None


def matches(answer: Shape, reference: Shape) -> bool:
    """Whether two shapes are the same."""
    answer, reference = plain(answer, matches), plain(reference, matches)
    if isinstance(answer, Relation) != isinstance(reference, Relation):
        answer, reference = without_name(answer), without_name(reference)
    for rule in (same_clocks, same_numerals, same_values, same_ratios, same_sets):
        verdict = rule(answer, reference)
        if verdict is not None:
            return verdict
    for rule_of_parts in (same_relations, same_matrices, same_groups):
        verdict = rule_of_parts(answer, reference, matches)
        if verdict is not None:
            return verdict
    return False
