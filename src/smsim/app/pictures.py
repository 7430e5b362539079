"""``python -m smsim.app.pictures``: every screen of the workshop as a picture, and what the browser asked for.

Writes PNGs for the documents: the app at 1366 x 768, the pack at 1366 x 768 and on a phone. Needs the extras `app` and
`browser-test`, and chromium; it takes a minute or two.
"""

from __future__ import annotations

import argparse
import io
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from PIL import Image

from smsim.app.guide import BROWSERS
from smsim.app.pack import write_pack
from smsim.errors import ScenarioError, SmsimError
from smsim.scenario import load_scenario

SCREEN = {"viewport": {"width": 1366, "height": 768}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
# No address but this computer's is known.
ALONE = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]
COLOURS = 255
TITLE = "S2 Silenced majority, a taboo hides what most people think"
READY = 120_000  # ms
VILLAGE = "() => Bokeh.documents[0].get_model_by_name('homes-A').data.x.length > 0"


def take(folder: Path, scenarios: Path, say: Callable[[str], None]) -> None:
    """Write all pictures into a folder, and say what was asked for.

    Raises
    ------
    ScenarioError : there is no browser, or no scenarios
    """
    from playwright.sync_api import sync_playwright

    chromium = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if chromium is None:
        raise ScenarioError(f"no browser was found ({', '.join(BROWSERS)})")
    scenario = load_scenario(scenarios / "s2-silenced-majority.yaml")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=ALONE)
        with _served(scenarios.resolve().parent) as address:
            page, asked = _page(browser, SCREEN)
            _app(page, address, folder)
            say(f"app: {_said(asked)}")
        pack = Path(place) / "workshop.html"
        write_pack(scenario, pack, points=2, lessons="silence")
        for size, name in ((SCREEN, "pack"), (PHONE, "phone")):
            page, asked = _page(browser, size)
            page.goto(pack.as_uri())
            page.locator("body[data-ready]").wait_for()
            _pack(page, folder, name)
            say(f"{name}: {_said(asked)}")
        browser.close()


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    command = [sys.executable, "-u", "-m", "smsim", "app", "--no-browser"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            lines = iter(server.stdout or ())
            yield next(word for line in lines for word in line.split() if word.startswith("http://"))
        finally:
            server.terminate()


def _page(browser: Any, size: dict[str, Any]) -> tuple[Any, list[str]]:
    page = browser.new_context(**size).new_page()
    page.set_default_timeout(READY)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return page, asked


def _said(asked: list[str]) -> str:
    """How often each place was asked."""
    places = Counter(f"{url.scheme}://{url.hostname or ''}" for url in map(urlparse, asked))
    return f"{len(asked)} requests: " + ", ".join(f"{place} {n}" for place, n in places.items())


def _keep(page: Any, folder: Path, name: str) -> None:
    page.wait_for_timeout(700)  # for the last frame
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE)
    picture.save(folder / f"{name}.png", optimize=True)


def _app(page: Any, address: str, folder: Path) -> None:
    def tab(name: str) -> None:
        page.locator(".bk-tab", has_text=name).click()

    page.goto(address)
    page.locator(".start a").first.wait_for()
    _keep(page, folder, "app-start")
    page.locator(".start a", has_text=TITLE).click()
    page.locator("[data-answer='1']").wait_for()
    _keep(page, folder, "app-result")
    tab("Who and money")
    _keep(page, folder, "app-money")
    page.locator("button", has_text="Place").click()
    tab("Map")
    page.wait_for_function(VILLAGE)
    _keep(page, folder, "app-map")
    tab("Village")
    page.keyboard.press(" ")
    page.wait_for_function("() => Bokeh.documents[0].get_model_by_name('village-week').value >= 30")
    page.keyboard.press(" ")
    page.get_by_placeholder("click one, or type").fill("8")
    page.keyboard.press("Enter")
    page.locator(".why h3").first.wait_for()
    page.locator("button:visible", has_text="Show").last.click()
    page.locator(".why strong", has_text="Without mobilizer").first.wait_for()
    _keep(page, folder, "app-village")
    page.locator("button:visible", has_text="Back to the sliders").click()
    page.locator("select", has_text="Health officer").last.select_option(label="Health officer")
    tab("Result")
    _keep(page, folder, "app-role")
    page.locator("select").first.select_option(label="The silent majority")
    page.get_by_text("How many of a hundred will do it").wait_for()
    page.locator("[data-answer='2']").wait_for()
    fields = page.locator("input[type=text].bk-input:visible")
    for n, text in enumerate(("Baobab", "60", "40", "Acacia", "30", "35", "Neem", "15", "50")):
        fields.nth(n).fill(text)
        fields.nth(n).press("Tab")
    page.get_by_role("button", name="Reveal").click()
    page.locator(".strip").first.wait_for()
    _keep(page, folder, "app-guess")
    page.locator("select", has_text="العربية").select_option(label="العربية")
    page.wait_for_function("() => document.body.dir === 'rtl'")
    page.locator(".bk-tab").nth(1).click()
    _keep(page, folder, "app-arabic")


def _pack(page: Any, folder: Path, name: str) -> None:
    _keep(page, folder, f"{name}-result")
    page.locator("#role").select_option(label="Journalist")
    page.locator("#slider-3").fill("2")
    if name == "phone":
        page.locator("#roles").scroll_into_view_if_needed()
    _keep(page, folder, f"{name}-role")
    page.locator("#role").select_option("")
    for panel in ("who", "village"):
        page.locator(f"[data-panel={panel}]").click()
        if panel == "village":
            page.locator("#scrub").fill("30")
        page.evaluate("() => window.scrollTo(0, 0)")
        _keep(page, folder, f"{name}-{panel}")
    page.locator("#lesson").select_option(index=1)
    page.locator("[data-guess='0-0']").fill("30")
    page.locator("[data-guess='0-1']").fill("45")
    page.locator("#reveal").click()
    page.evaluate("() => window.scrollTo(0, 0)")
    _keep(page, folder, f"{name}-lesson")


def main() -> int:
    """The command; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m smsim.app.pictures", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("docs/images/workshop"))
    parser.add_argument("--scenarios", type=Path, default=Path("scenarios"))
    asked = parser.parse_args()
    try:
        take(asked.folder, asked.scenarios, print)
    except ImportError:
        sys.stderr.write("needs playwright: pip install 'smsim[app,browser-test]'\n")
        return 2
    except SmsimError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    size = sum(path.stat().st_size for path in asked.folder.glob("*.png"))
    sys.stdout.write(f"Written: {asked.folder} ({size / 1e3:.0f} kB)\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
