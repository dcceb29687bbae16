"""The order of examples: fresh each epoch, sorted within a batch, a function of seed and epoch alone."""

from __future__ import annotations

from s1repro.train.order import BatchOrder

LENGTHS = [7, 3, 9, 1, 5, 8, 2, 6, 4, 10]


def epoch(order: BatchOrder, number: int) -> list[int]:
    order.set_epoch(number)
    return list(order)


def test_each_epoch_holds_every_example_once_in_another_order() -> None:
    order = BatchOrder(LENGTHS, batch_size=4, seed=0)
    first, second = epoch(order, 0), epoch(order, 1)
    assert sorted(first) == sorted(second) == list(range(10))
    assert len(order) == 10
    assert {frozenset(first[:4]), frozenset(first[4:8])} != {frozenset(second[:4]), frozenset(second[4:8])}


def test_batches_are_sorted_longest_first() -> None:
    indices = list(BatchOrder(LENGTHS, batch_size=4, seed=0))
    for start in range(0, 10, 4):
        lengths = [LENGTHS[i] for i in indices[start : start + 4]]
        assert lengths == sorted(lengths, reverse=True)


def test_the_order_needs_no_memory_of_earlier_epochs() -> None:
    walked = BatchOrder(LENGTHS, batch_size=4, seed=5)
    orders = [epoch(walked, number) for number in range(3)]
    assert epoch(BatchOrder(LENGTHS, batch_size=4, seed=5), 2) == orders[2]
    assert epoch(BatchOrder(LENGTHS, batch_size=4, seed=6), 2) != orders[2]


def test_sorting_does_not_choose_who_shares_a_batch() -> None:
    short = BatchOrder([1] * 10, batch_size=4, seed=0)
    mixed = BatchOrder(LENGTHS, batch_size=4, seed=0)
    assert set(list(short)[:4]) == set(list(mixed)[:4])
