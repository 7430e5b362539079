"""How long from a moved slider to the new picture, in a real browser: `python benchmarks/workshop.py [HOUSEHOLDS]`.

Starts `smsim app` on s0-default with 5,000 households, 20 worlds and two plans, moves sliders of six kinds 30 times
each with the keyboard, always to values that were not asked for before, and prints median and worst: from the key to
the second frame after the first picture (at least 4 of the 20 worlds), and after the whole band. Beside them stands the
server's processor time per answer, which does not depend on what else the machine does. Each kind begins with the
file's values; at last those of the dearest are moved once more, while all others stand at their upper ends. Needs the
extras `app` and `browser-test`, and chromium.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Locator, Page, sync_playwright

TIMES, LOADS = 30, 5
HEAD = """{households:,} households, 20 worlds, two plans and no campaign; {cores} processors, load {load:.1f} at first

| moved | first picture, ms: median (worst) | whole band, ms: median (worst) | server CPU, ms: median (worst) |
|---|---|---|---|"""
# Section of the controls -> its class.
SECTIONS = {"Plan A": "section-A", "Plan B": "section-B", "Place": "section-place", "More": "section-more"}
# Kind -> which sliders are moved, each to its end: section of the controls, and the slider's title.
KINDS = {
    "a part of plan A": [("Plan A", "Home visits")],
    "the budget": [("Place", "Whole budget"), ("Place", "Length of the campaign")],
    "the campaign's people": [
        ("Place", "Mobilizers who are women"),
        ("More", "Level of training"),
        ("More", "Persuasion gained by a home"),
    ],
    "a number of the behaviour": [
        ("Place", "Mean social support"),
        ("Place", "Weight of what neighbours"),
        ("Place", "Visible support"),
    ],
    "the service": [
        ("Place", "Time in which the facility"),
        ("Place", "How much authorities answer"),
        ("Place", "Service capacity"),
    ],
    "the world anew": [
        ("Place", "Median distance"),
        ("More", "Mean number of ties"),
        ("Place", "Households that ever attend"),
    ],
}
# window.wait(): milliseconds from now to the second frame after the one that draws the next first picture, and after
# the one of the whole answer. A look at every frame would take a tenth of a processor from the answer; this does not.
WAIT = """() => {
  const all = root => { for (const one of root.querySelectorAll('*')) {
    if (one.matches('[data-answer]')) return one;
    const found = one.shadowRoot && all(one.shadowRoot); if (found) return found } };
  const root = all(document).getRootNode();
  const shown = kind => Number(root.querySelector(`[data-${kind}]`)?.dataset[kind] ?? 0);
  const frames = (n, then) => n ? requestAnimationFrame(() => frames(n - 1, then)) : then();
  window.wait = () => { const start = performance.now(), before = shown('answer'), took = {first: null, whole: null};
    window.took = new Promise((done, never) => {
      const late = setTimeout(() => never(new Error('no answer within a minute of a move')), 60000);
      const seen = new MutationObserver(() => {
        const whole = shown('answer') > before;
        if (!whole && shown('first') <= before) return;
        if (whole) { seen.disconnect(); clearTimeout(late) }
        frames(3, () => { const now = performance.now() - start; took.first ??= now;
          if (whole) { took.whole = now; done(took) } }) });
      seen.observe(root, {childList: true, subtree: true}) }) } }"""


class Times(NamedTuple):
    """One move: milliseconds to the first picture and to the whole band, and the server's processor time, ms."""

    first: float
    whole: float
    processor: float


def main() -> None:
    households = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("needs chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.yaml"
        base = Path(__file__).parents[1] / "scenarios" / "s0-default.yaml"
        file.write_text(f"extends: {base.as_posix()}\nworld: {{households: {households}}}\n", encoding="utf-8")
        command = [sys.executable, "-u", "-m", "smsim", "app", str(file), "--no-browser"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8") as server:
            try:
                address = next(m.group() for line in server.stdout or () if (m := re.search(r"http://[\d.:]+", line)))
                with sync_playwright() as play:
                    browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
                    page = browser.new_page(viewport={"width": 1366, "height": 768})
                    page.set_default_timeout(120_000)
                    loads = [load(page, address) for _ in range(LOADS)]
                    print(HEAD.format(households=households, cores=os.cpu_count(), load=os.getloadavg()[0]))
                    page.evaluate(WAIT)
                    for kind, sliders in KINDS.items():
                        say(kind, measure(page, sliders, server.pid))
                        back_to_the_file(page)
                    *others, (dearest, sliders) = KINDS.items()
                    for section, title in chain.from_iterable(kind for _, kind in others[1:]):
                        to_its_end(page, slider(page, section, title))
                    say(f"{dearest}, other sliders at their ends", measure(page, sliders, server.pid))
                    print(
                        f"\nopened, answer shown: {statistics.median(loads):.1f} s, worst of {LOADS} {max(loads):.1f} s"
                    )
                    browser.close()
            finally:
                server.terminate()


def load(page: Page, address: str) -> float:
    """Seconds from the address to the page with its whole answer."""
    start = time.perf_counter()
    page.goto(address)
    page.locator("[data-answer]").wait_for()
    return time.perf_counter() - start


def measure(page: Page, sliders: list[tuple[str, str]], server: int) -> list[Times]:
    found: list[Times] = []
    for section, title in sliders:
        handle = slider(page, section, title)
        if title != "Home visits" and float(handle.get_attribute("aria-valuenow") or 0) > 0:
            press(page, handle, "Home")
        # Another plan B than ever before, so that no answer ahead is at hand.
        press(page, slider(page, "Plan B", "Home visits"), "ArrowRight")
        handle = slider(page, section, title)
        last = float(handle.get_attribute("aria-valuemax") or 0)
        while len(found) < TIMES and float(handle.get_attribute("aria-valuenow") or 0) < last:
            before = processor(server)
            first, whole = press(page, handle, "ArrowRight")
            found.append(Times(first, whole, processor(server) - before))
    return found


def slider(page: Page, section: str, title: str) -> Locator:
    """The handle of a slider, once its section of the controls is open: another may have one of the same title."""
    page.locator(".controls button", has_text=section).first.click()
    inside = page.locator(f".{SECTIONS[section]}")
    handle = inside.locator(".bk-input-group:visible", has_text=title).locator(".noUi-handle").first
    handle.wait_for()
    return handle


def back_to_the_file(page: Page) -> None:
    """All sliders as the file has them, and the answer to that on the page."""
    page.evaluate("() => window.wait()")
    page.locator(".controls button:visible", has_text="Back to the file's values").click()
    page.evaluate("() => window.took")


def to_its_end(page: Page, handle: Locator) -> None:
    if handle.get_attribute("aria-valuenow") != handle.get_attribute("aria-valuemax"):
        press(page, handle, "End")


def press(page: Page, handle: Locator, key: str) -> tuple[float, float]:
    """Press a key on a slider and wait for the whole answer: ms to the first picture, and to the whole."""
    handle.focus()
    page.evaluate("() => window.wait()")
    handle.press(key)
    took = page.evaluate("() => window.took")
    return took["first"], took["whole"]


def processor(process: int) -> float:
    """Processor time of a process so far, in ms; not a number where the system does not say."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    except OSError:
        return float("nan")
    return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def say(kind: str, times: list[Times]) -> None:
    columns = list(zip(*times, strict=True))
    cells = [f"{statistics.median(values):.0f} ({max(values):.0f})" for values in columns]
    print(f"| {kind}, {len(times)} times | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
