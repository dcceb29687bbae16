"""The page in a real Chromium: the curve, the reader, the filters, the keyboard; nothing is run, nobody asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from selenium.common.exceptions import TimeoutException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import Select, WebDriverWait

from s1repro.records import Sample
from tests.report.page.conftest import complaints, requests
from tests.report.page.made import made_run

Open = Callable[..., WebDriver]
RUNS = {"demo": made_run(20), "base": made_run(20, budgets=(64, 256), waits=(), skill=0.3, seed=1)}


def text(browser: WebDriver, selector: str) -> str:
    """What an element says, seen or not."""
    return str(browser.execute_script("return document.querySelector(arguments[0])?.textContent ?? ''", selector))


def pick(browser: WebDriver, name: str, value: str) -> None:
    Select(browser.find_element(By.NAME, name)).select_by_value(value)


def wait_for(browser: WebDriver, selector: str, said: str) -> None:
    try:
        WebDriverWait(browser, 10, 0.05).until(lambda _: said in text(browser, selector))
    except TimeoutException:
        raise AssertionError(f"{selector} does not say {said!r}, but {text(browser, selector)!r}") from None


def row_of(budget: int, waits: int, question: int) -> int:
    """The number of a sample of the run `demo` on the page."""
    keys = [(s.key.question, s.key.budget, s.key.waits) for s in RUNS["demo"]]
    return keys.index((f"toy-{question}", budget, waits))


def test_the_page_is_quiet_and_asks_nobody(open_page: Open) -> None:
    browser = open_page(RUNS)
    assert complaints(browser) == []
    asked = [url for url in requests(browser) if not url.startswith(("file:", "data:", "about:"))]
    assert asked == []
    assert text(browser, "#found").startswith("200 samples")


def test_the_curve_reads_its_points_by_pointer_and_keyboard(open_page: Open) -> None:
    browser = open_page(RUNS)
    assert len(browser.find_elements(By.CSS_SELECTOR, "#charts g[aria-label=dot] > *")) == 10
    dots = browser.find_elements(By.CSS_SELECTOR, "#charts g[aria-label=dot] > *")
    ActionChains(browser).move_to_element(dots[3]).perform()
    wait_for(browser, ".readout", "demo: budget 512")
    assert "20 samples" in text(browser, "g[aria-label=tip]")
    figure = browser.find_element(By.CSS_SELECTOR, "#charts figure")
    figure.send_keys(Keys.ARROW_RIGHT)
    wait_for(browser, ".readout", "budget 1,024")
    figure.send_keys(Keys.ARROW_LEFT, Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    wait_for(browser, ".readout", "budget 128")
    ring = browser.find_element(By.CSS_SELECTOR, "#charts .ring").rect
    dot = browser.find_elements(By.CSS_SELECTOR, "#charts g[aria-label=dot] > *")[1].rect
    middles = [(one["x"] + one["width"] / 2, one["y"] + one["height"] / 2) for one in (ring, dot)]
    assert middles[0] == pytest.approx(middles[1], abs=1) and ring["width"] > dot["width"]
    figure.send_keys(Keys.ENTER)
    wait_for(browser, "#found", "20 samples")
    assert browser.find_element(By.NAME, "budget").get_property("value") == "128"


def test_filters_and_what_a_wait_changed(open_page: Open) -> None:
    browser = open_page(RUNS)
    demo = {(s.key.question, s.key.budget, s.key.waits): s for s in RUNS["demo"]}
    cases = {"wr": (False, True), "rw": (True, False)}
    pick(browser, "run", "demo")
    pick(browser, "waits", "1")
    for kind, (before, after) in cases.items():
        pick(browser, "change", kind)
        wanted = [
            key for key, s in demo.items()
            if key[2] == 1 and s.correct == after and demo[key[0], key[1], 0].correct == before
        ]  # fmt: skip
        wait_for(browser, "#found", f"{len(wanted)} sample")
        cell = browser.find_element(By.CSS_SELECTOR, f"#changes tbody tr:first-child .{kind}")
        assert cell.text == str(len(wanted))
    head = [cell.text for cell in browser.find_elements(By.CSS_SELECTOR, "#changes th")]
    assert head[0] == "budget", "the one run with Waits is not named on each line"
    browser.find_element(By.CSS_SELECTOR, "#filters [type=reset]").click()
    wait_for(browser, "#found", "200 samples")
    browser.find_element(By.NAME, "text").send_keys("PROBLEM TOY-7:")
    wait_for(browser, "#found", "10 samples")


def test_the_reader_marks_what_was_injected_and_cut(open_page: Open) -> None:
    browser = open_page(RUNS, address=f"#row={row_of(64, 0, 3)}")
    wait_for(browser, "#reader .thinking .cut", "Forced cut: the budget was spent, after 64 tokens")
    assert text(browser, "#reader mark.final") == "Final Answer:injected"
    twice = next(s for s in RUNS["demo"] if s.waits_used == 2)
    number = RUNS["demo"].index(twice)
    browser.execute_script(f"chooseSibling({number})")
    wait_for(browser, "#reader h3", twice.key.question)
    marks = [mark.text for mark in browser.find_elements(By.CSS_SELECTOR, "#reader mark.wait")]
    assert [mark.split("\n")[0][:4] for mark in marks] == ["Wait", "Wait"]
    assert "about here" not in "".join(marks)
    assert text(browser, "#reader .result dd:last-of-type") == twice.reference
    assert browser.find_elements(By.CSS_SELECTOR, "#reader .question .katex"), "mathematics is typeset"


def test_the_keyboard_moves_through_the_samples(open_page: Open) -> None:
    browser = open_page(RUNS)
    box = browser.find_element(By.ID, "list")
    box.send_keys(Keys.ARROW_DOWN)
    wait_for(browser, "#reader h3", "toy-0")
    box.send_keys(Keys.END)
    wait_for(browser, "#reader h3", "toy-19")
    assert text(browser, "#list [aria-selected=true] .where").startswith("base")
    assert "row=199" in browser.current_url


def test_one_question_stands_side_by_side_at_all_budgets(open_page: Open) -> None:
    browser = open_page(RUNS, address=f"#row={row_of(256, 0, 4)}")
    wait_for(browser, "#reader h3", "toy-4")
    browser.find_element(By.CSS_SELECTOR, ".side").click()
    wait_for(browser, "#compare h3", "toy-4")
    columns = browser.find_elements(By.CSS_SELECTOR, "#compare .column")
    assert [column.find_element(By.CSS_SELECTOR, ".point").text for column in columns] == [
        *(f"budget {n}" for n in ("64", "128", "256", "512", "1,024", "2,048")),
        *(f"budget 2,048, {n}" for n in ("1 Wait", "2 Waits")),
        "budget 64",
        "budget 256",
    ]
    ends = (
        "const bottom = (node) => node.getBoundingClientRect().bottom;"
        "const boxes = [...document.querySelectorAll('.column .thinking')];"
        "return boxes.every(box => bottom(box.querySelector('.end') ?? box.parentNode) < bottom(box) + 2)"
        " && boxes.some(box => box.scrollHeight > box.clientHeight)"
    )
    WebDriverWait(browser, 5).until(lambda _: browser.execute_script(ends), "each column shows the end of its thinking")
    ActionChains(browser).send_keys(Keys.ESCAPE).perform()
    WebDriverWait(browser, 5).until(lambda _: not browser.execute_script("return compare.box.open"))


EVIL = '</script><img src=x onerror="window.hacked=1"><script>window.hacked=1</script><!--title-->&lt;b&gt;'


def test_what_a_model_wrote_is_text(open_page: Open) -> None:
    key = replace(RUNS["demo"][0].key, question=EVIL, benchmark=f"toy {EVIL}")
    texts = {"thinking": EVIL, "answer": EVIL, "extracted": EVIL, "reference": EVIL, "prompt": EVIL}
    sample: Sample = replace(RUNS["demo"][0], key=key, finish="natural", cut=None, **texts)
    browser = open_page(
        {EVIL: [sample]}, title=EVIL, notes=[EVIL], tables=[(EVIL, f"{EVIL}\n\n| {EVIL} |\n| --- |\n| {EVIL} |")]
    )
    browser.execute_script("list.choose(0)")
    wait_for(browser, "#reader h3", EVIL)
    browser.execute_script("compare.open(0)")
    wait_for(browser, "#compare h3", EVIL)
    assert browser.execute_script("return window.hacked") is None
    assert browser.find_elements(By.TAG_NAME, "img") == []
    for part in ("#reader .question", "#reader .thinking", "#reader .answer", "#reader .result dd", "h1", ".notes li"):
        assert EVIL in text(browser, part), part
    assert complaints(browser) == [], "nothing had to be refused either"


@pytest.mark.parametrize("formula", [r"\href{javascript:window.hacked=1}{x}", r"\htmlData{a=b}{x}", r"\def\x{\x\x}\x"])
def test_a_formula_can_do_nothing_but_be_shown(open_page: Open, formula: str) -> None:
    sample = replace(RUNS["demo"][0], thinking=f"So ${formula}$ holds.")
    browser = open_page({"demo": [sample]}, address="#row=0")
    wait_for(browser, "#reader .thinking", "holds.")
    assert browser.find_elements(By.CSS_SELECTOR, "#reader a, #reader [data-a]") == []


def test_mathematics_is_typeset_and_what_is_none_stays_as_it_is(open_page: Open) -> None:
    said = r"So \boxed{\frac{1}{2}} of $5 is \[ \frac{5}{2}, \] and $\frac{1}{$ is nothing."
    browser = open_page({"demo": [replace(RUNS["demo"][0], answer=said, finish="natural", cut=None)]}, address="#row=0")
    wait_for(browser, "#reader .answer", "of $5 is")
    assert len(browser.find_elements(By.CSS_SELECTOR, "#reader .answer .katex")) == 2
    assert r"and $\frac{1}{$ is nothing." in text(browser, "#reader .answer")
    browser.find_element(By.NAME, "typeset").click()
    wait_for(browser, "#reader .answer", said)


def test_a_long_sample_is_cut_and_can_be_seen_whole(open_page: Open) -> None:
    words = " ".join(f"w{i}" for i in range(100_000))
    browser = open_page({"demo": [replace(RUNS["demo"][0], thinking=words)]}, address="#row=0")
    wait_for(browser, "#reader .gap", "characters left out. Show all")
    assert "w50000 " not in text(browser, "#reader .thinking") and "w99999" in text(browser, "#reader .thinking")
    browser.find_element(By.CSS_SELECTOR, "#reader .gap").click()
    wait_for(browser, "#reader .thinking", "w50000 ")


def test_a_phone_has_list_or_reader_and_nothing_wider_than_itself(open_page: Open) -> None:
    browser = open_page(RUNS, width=390, notes=["A note."])
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
    browser.execute_script("list.choose(5)")
    wait_for(browser, "#reader h3", "toy-0")
    assert not browser.find_element(By.ID, "list").is_displayed()
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
    browser.find_element(By.CSS_SELECTOR, "#reader .back").click()
    assert browser.find_element(By.ID, "list").is_displayed()
