"""20,000 samples: the page is made in seconds, opens, and answers each filter before one notices."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from selenium.webdriver.remote.webdriver import WebDriver

from s1repro.records import Sample
from tests.report.page.made import made_run

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
    browser.execute_script("filters.write({text: 'warm'}); refilter()")  # the first search makes the index
    for state in FILTERS:
        took = browser.execute_script(
            "filters.write(arguments[0]); refilter(); return Number(document.body.dataset.filterMs)", state
        )
        print(state, f"{took} ms,", browser.execute_script("return list.rows.length"), "rows")
        assert took < 200, state
    assert len(browser.find_elements("css selector", "#list .item")) < 60
