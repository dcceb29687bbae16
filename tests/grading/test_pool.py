"""math-verify in processes: a hard limit in any thread, a new process for a killed one, nothing left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest

from s1repro.grading import grade, pool
from s1repro.grading.engine import decide

ENDLESS = r"\sum_{k=1}^{3} 9^{9^{9^{9}}}"


@pytest.fixture
def one_second(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Workers of this test may think for a second."""
    pool.close()
    monkeypatch.setattr(pool, "SECONDS", 1.0)
    yield
    pool.close()


def in_a_thread(answer: str, reference: str) -> bool:
    verdicts: list[bool] = []
    thread = threading.Thread(target=lambda: verdicts.append(grade(f"\\boxed{{{answer}}}", reference, "math").correct))
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    return verdicts[0]


def test_the_engine_says_what_our_reader_cannot() -> None:
    assert decide(r"\sum_{k=1}^{4} k", "10")
    assert not decide(r"\sum_{k=1}^{4} k", "11")
    assert decide(r"\int_0^1 x^2 dx", r"\frac{1}{3}")


@pytest.mark.parametrize("where", ["main", "thread"])
def test_what_has_no_end_is_ended(one_second: None, where: str) -> None:
    assert pool.ask("x+1", "1+x")  # it is up
    started = time.monotonic()
    verdict = grade(f"\\boxed{{{ENDLESS}}}", "5", "math").correct if where == "main" else in_a_thread(ENDLESS, "5")
    assert not verdict
    assert time.monotonic() - started < 60
    assert pool.ask("x+1", "1+x"), "a new worker has taken the place of the killed one"


def test_an_endless_tower_needs_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "Worker", None)  # none can start
    assert not in_a_thread("9^{9^{9^9}}", "5")
    assert grade("Answer: 1/2", "0.5", "math").correct


def test_a_worker_that_dies_is_replaced(one_second: None) -> None:
    assert pool.ask("x+1", "1+x")
    (worker,) = pool._all
    worker._process.kill()
    worker._process.wait()
    assert not pool.ask("x+1", "1+x"), "no verdict is not right"
    assert pool.ask("x+1", "1+x")


def test_many_threads_at_once(one_second: None) -> None:
    verdicts: list[bool] = []

    def ask(number: int) -> None:
        verdicts.append(pool.ask(f"\\sum_{{k=1}}^{{{number}}} k", str(number * (number + 1) // 2)))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(2, 14)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert verdicts == [True] * len(threads)
    assert len(pool._all) <= 4


def test_a_script_without_a_guard_grades_and_leaves_nothing() -> None:
    code = (
        "from s1repro.grading import grade, pool\n"
        r"print(grade(r'\boxed{\sum_{k=1}^{3} k}', '6', 'math').correct, *(w._process.pid for w in pool._all))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=600)
    verdict, *ids = done.stdout.split()
    assert verdict == "True" and ids
    for process in map(int, ids):
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
