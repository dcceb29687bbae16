"""20,000 samples, one of 100,000 tokens: the page is made in seconds, opens, and answers before one notices."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from selenium.webdriver.remote.webdriver import WebDriver

from s1repro.records import Sample
from s1repro.report.curves import Evaluated
from s1repro.report.notes import notes
from tests.report.page.made import BUDGETS, STEPS, made_run

FILTERS = (
    {"run": "demo", "verdict": "wrong"},
    {"budget": "256", "benchmark": "toy"},
    {"change": "wr"},
    {"change": "same", "waits": "1"},
    {"text": "the SIGN of the second"},
    {"text": "toy-2499"},
    {},
)


@pytest.fixture(scope="module")
def many() -> dict[str, list[Sample]]:
    return {"demo": made_run(2500)}


@pytest.mark.slow
def test_20_000_samples(many: dict[str, list[Sample]], open_page: Callable[..., WebDriver]) -> None:
    assert len(many["demo"]) == 20_000
    started = time.process_time()  # of this process: the page is made in it, the browser is not
    browser = open_page(many)
    assert time.process_time() - started < 10
    filter_quickly(browser)
    assert len(browser.find_elements("css selector", "#list .item")) < 60


@pytest.mark.slow
def test_a_sample_of_100_000_tokens(many: dict[str, list[Sample]], open_page: Callable[..., WebDriver]) -> None:
    """One question's trace is that long at all of its points: it is named, and shown with all its formulas."""
    thinking = "\n\n".join(STEPS * 1200)
    assert len(thinking) > 400_000
    long = [replace(sample, thinking=thinking, thinking_tokens=100_000) for sample in many["demo"][: len(BUDGETS)]]
    run = Evaluated("demo", [*long, *many["demo"][len(long) :]], frozenset())
    named = notes([run])
    assert "the longest with 100,000 on question toy-0" in named[0]
    browser = open_page({"demo": run.samples}, notes=named)
    assert browser.find_element("css selector", ".notes").text == named[0]
    assert milliseconds(browser, "list.choose(0)", "#reader .gap") < 1000
    assert milliseconds(browser, "reader.box.querySelector('.gap').click()", "#reader .thinking") < 2000
    whole = "return document.querySelector('#reader .thinking').textContent.length > 400000"
    assert browser.execute_script(whole), "the formulas out of sight stand there as they were written"
    filter_quickly(browser)
    assert milliseconds(browser, "compare.open(0)", "#compare[open] .end") < 3000


def filter_quickly(browser: WebDriver) -> None:
    """All filters, each within 200 ms."""
    browser.execute_script("filters.write({text: 'warm'}); refilter()")  # the first search makes the index
    for state in FILTERS:
        took = browser.execute_script(
            "filters.write(arguments[0]); refilter(); return Number(document.body.dataset.filterMs)", state
        )
        print(state, f"{took} ms,", browser.execute_script("return list.rows.length"), "rows")
        assert took < 200, state


def milliseconds(browser: WebDriver, action: str, shown: str) -> float:
    """From an action until what it shows is painted and the page answers again."""
    took = browser.execute_async_script(
        "const [action, shown, done] = arguments; const start = performance.now(); eval(action);"
        "const look = () => requestAnimationFrame(() => setTimeout(() =>"
        "  document.querySelector(shown) ? done(performance.now() - start) : look())); look();",
        action,
        shown,
    )
    print(action, f"{took:.0f} ms")
    return float(took)
