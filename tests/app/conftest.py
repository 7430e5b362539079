"""A real browser without a network, and the workshop running for it; tests that need them skip where they are not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# Nothing but this computer has an address; what a browser does by itself in the background is off.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]  # fmt: skip
READY = 60_000  # ms; a busy machine is slow, and a test that waits for what never comes fails all the same


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, with every address but this computer's unknown."""
    for package in ("panel", "bokeh", "playwright"):
        if find_spec(package) is None:
            pytest.skip(f"needs {package}: pip install -e '.[app,browser-test]'")
    if CHROMIUM is None:
        pytest.skip("needs chromium: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        made = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield made
        made.close()


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[str]:
    """Address of a running `smsim app`, started in a folder."""
    command = [sys.executable, "-m", "smsim", "app", *arguments, "--no-browser"]
    server = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
        env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    lines = []
    assert server.stdout is not None
    try:
        for line in server.stdout:
            lines.append(line)
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                yield found.group()
                break
        else:
            pytest.fail("the workshop did not start:\n" + "".join(lines))
    finally:
        server.terminate()
        server.wait(20)
        server.stdout.close()


@pytest.fixture(scope="session")
def workshop(browser: Any) -> Iterator[str]:
    """Address of a running `smsim app scenarios/village.yaml`."""
    with running(ROOT, "scenarios/village.yaml") as address:
        yield address


@pytest.fixture
def crowded(browser: Any, tmp_path: Path) -> Iterator[str]:
    """Address of a workshop that was given no file, with a good and a broken scenario in its folder."""
    (tmp_path / "scenarios").mkdir()
    small = "about: {title: Mine}\nillustrative: a test\nworld: {households: 200, households_per_community: 100}\n"
    small += "campaign: {weeks: 20, pretest_cost: 0, training_cost: 0}\nrun: {burn_in_weeks: 10, follow_up_weeks: 10}\n"
    (tmp_path / "scenarios" / "mine.yaml").write_text(small, encoding="utf-8")
    (tmp_path / "scenarios" / "broken.yaml").write_text("world: {households: -3}\n", encoding="utf-8")
    with running(tmp_path) as address:
        yield address


class Visit:
    """One visitor's browser window, and all that it asked for."""

    def __init__(self, browser: Any, address: str, size: tuple[int, int] = (1366, 768)) -> None:
        self.context = browser.new_context(viewport={"width": size[0], "height": size[1]})
        self.page = self.context.new_page()
        self.page.set_default_timeout(READY)
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(address)

    def answered(self, at_least: int = 1) -> None:
        """Wait until the answer to the newest question is shown."""
        self.page.locator(f"[data-answer='{at_least}']").wait_for()

    @property
    def headline(self) -> str:
        """The answer in words."""
        text: str = self.page.locator(".headline").inner_text()
        return text

    def tab(self, name: str) -> None:
        """Open a tab."""
        self.page.locator(".bk-tab", has_text=name).click()

    def slider(self, name: str) -> Any:
        """The handle of the slider with this title."""
        group = self.page.locator(".bk-input-group", has_text=name)
        return group.locator(".noUi-handle")

    def model(self, name: str, expression: str) -> Any:
        """A value of a Bokeh model, by its name; `m` in the expression is the model."""
        return self.page.evaluate(
            f"() => {{ const m = Bokeh.documents[0].get_model_by_name({name!r}); return {expression} }}"
        )


@pytest.fixture
def visit(browser: Any) -> Iterator[Any]:
    """Makes visits, and closes them."""
    made: list[Visit] = []

    def begin(address: str, **options: Any) -> Visit:
        made.append(Visit(browser, address, **options))
        return made[-1]

    yield begin
    for one in made:
        one.context.close()
