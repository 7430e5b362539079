"""How long from a moved slider to the new picture, in a real browser: `python benchmarks/workshop.py [HOUSEHOLDS]`.

Starts `smsim app` on a scenario of 5,000 households with 20 worlds and two plans, moves sliders 30 times with the
keyboard, and prints median and worst of each kind: a part of a plan, the budget, a number of the behaviour, of the
world. From the key to the first frame after the new answer is in the page. Needs the extras `app` and `browser-test`,
and chromium.
"""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

TIMES = 30
SLIDERS = {
    "part of plan A": (0, "Home visits"),
    "budget": (2, "Whole budget"),
    "service capacity": (2, "Service capacity"),
    "distance (the world anew)": (2, "Median distance"),
}
# Resolves with milliseconds from now to the first frame after the next answer.
WATCH = """() => { window.since = performance.now(); window.took = new Promise(done => {
  const before = window.answer();
  const look = () => window.answer() && window.answer() !== before
    ? done(performance.now() - window.since) : requestAnimationFrame(look);
  requestAnimationFrame(look);
}) }"""
FIND = """() => { const all = (root, found) => { for (const one of root.querySelectorAll('*')) {
    if (one.matches('[data-answer]')) found.push(one.dataset.answer);
    if (one.shadowRoot) all(one.shadowRoot, found) } return found };
  window.answer = () => all(document, [])[0] }"""


def main() -> None:
    households = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("needs chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.yaml"
        base = Path(__file__).parents[1] / "scenarios" / "s0-default.yaml"
        file.write_text(f"extends: {base}\nworld: {{households: {households}}}\n", encoding="utf-8")
        command = [sys.executable, "-u", "-m", "smsim", "app", str(file), "--no-browser"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8") as server:
            try:
                address = next(m.group() for line in server.stdout or () if (m := re.search(r"http://[\d.:]+", line)))
                with sync_playwright() as play:
                    browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
                    measure(browser.new_page(viewport={"width": 1366, "height": 768}), address, households)
                    browser.close()
            finally:
                server.terminate()


def measure(page: Page, address: str, households: int) -> None:
    page.set_default_timeout(120_000)
    page.goto(address)
    page.locator("[data-answer]").wait_for()
    page.evaluate(FIND)
    print(f"{households:,} households, 20 worlds, two plans and no campaign; ms from key to picture, {TIMES} times")
    for kind, (card, title) in SLIDERS.items():
        if card:
            page.locator(".accordion-header").nth(card).click()
        handle = page.locator(".bk-input-group", has_text=title).locator(".noUi-handle").first
        handle.focus()
        took = []
        for k in range(TIMES):
            page.evaluate(WATCH)
            handle.press("ArrowRight" if k % 2 == 0 else "ArrowLeft")
            took.append(float(page.evaluate("() => window.took")))
        # Moving back finds what was kept; the moves ahead of it are new.
        print(f"{kind:28} median {statistics.median(took):6.0f}   worst {max(took):6.0f}")
        if card:
            page.locator(".accordion-header").nth(card).click()


if __name__ == "__main__":
    main()
