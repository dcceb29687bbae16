"""A real Chromium without a window and without a network, shared by all tests of the page."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

from s1repro.evaluate.points import to_points
from s1repro.records import Sample
from s1repro.report.page.archive import pack
from s1repro.report.page.document import Page, write_page
from s1repro.report.page.wording import Wording
from tests.report.page.made import AFTER, BEFORE

BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--force-prefers-reduced-motion",
    "--window-size=1400,1000",
)

Open = Callable[..., WebDriver]


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    if not BROWSER or not DRIVER:
        pytest.skip("no Chromium with its driver is here (Debian: apt-get install chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    browser = webdriver.Chrome(options, Service(DRIVER))
    yield browser
    browser.quit()


@pytest.fixture
def open_page(chromium: WebDriver, tmp_path: Path) -> Open:
    """`open_page({"demo": samples}, width=390)`: the page of these runs in the browser, all of its texts unpacked."""

    def show(runs: dict[str, list[Sample]], width: int = 1400, address: str = "", **changes: object) -> WebDriver:
        points = [point for name, samples in runs.items() for point in to_points(samples, name)]
        archive = pack(runs, dict.fromkeys(runs, Wording(BEFORE, AFTER)))
        fields = {"run": next(iter(runs)), "title": "A curve", "points": points, "tables": [], "notes": []}
        write_page(tmp_path / "index.html", Page(**{**fields, "archive": archive, **changes}))  # type: ignore[arg-type]
        return read_page(chromium, tmp_path / "index.html", width, address)

    return show


def read_page(chromium: WebDriver, path: Path, width: int = 1400, address: str = "") -> WebDriver:
    """Open a file that is a page, and wait until it has read all its texts."""
    size = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": width < 500}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    chromium.get("about:blank")
    for kind in ("browser", "performance"):
        chromium.get_log(kind)
    chromium.get(path.as_uri() + address)
    WebDriverWait(chromium, 60, 0.05).until(
        lambda browser: browser.execute_script("return document.body.dataset.ready") == "texts"
    )
    return chromium


def complaints(browser: WebDriver) -> list[str]:
    """What the browser's console says: errors, warnings, and what the policy refused."""
    return [entry["message"] for entry in browser.get_log("browser")]


def requests(browser: WebDriver) -> list[str]:
    """The addresses of all that was asked for since the page was opened."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
