"""The goals of speed and whether they are met. One that was not measured in this run says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from benchmarks.bare import SLOWEST
from benchmarks.measure import Row, say
from benchmarks.sizes import Sizes
from benchmarks.variance import CLOCK


class Goal(NamedTuple):
    """A goal, what was measured, and whether that meets it (None: not measured).

    floor: what would be measured if smsim took no longer than the floor of its own layout, what two threads of this
    machine give to arithmetic, or what pairing would gain if doses need not nest; "" if it has none.
    """

    work: str
    goal: str
    measured: str
    met: bool | None
    floor: str = ""


def goals(rows: Mapping[str, Row], sizes: Sizes) -> list[Goal]:
    """All goals, judged on the rows by key; each at its median, several values at the worst of them."""
    judge = _Judge(rows)
    small, large = "100000", "1000000"
    for name, low, high in (("Mesa agents", 800, 400), ("Starsim", 50, 35)):
        judge.peer(f"plain contagion, 100k, against {name}", name, small, low)
        judge.peer(f"plain contagion, 1M, against {name}", name, large, high)
    for model, least in (("cascade", 6), ("threshold", 25)):
        for size, label in ((small, "100k"), (large, "1M")):
            judge.ratio(f"against CyNetDiff, {model}, {label}", [f"{model}/CyNetDiff/{size}"], least)
            judge.at_the_floor(f"{model}/CyNetDiff/{size}", f"{model}/floor/{size}")
    for size, label in ((small, "100k"), (large, "1M")):
        judge.peer(f"plain contagion, {label}, against scipy sparse", "scipy sparse", size, 12)
    floors = [f"floor/{part}/smsim/{large}" for part in ("weeks", "run")]
    judge.ratio("memory floor of its own layout, 1M (the worse of weeks alone and whole run)", floors, 2, most=True)
    if sizes.large == 1_000_000:
        judge.cpu("full model, 1M households x 156 weeks, CPU", ["full/large/52"], 3)
        judge.at_the_bare("full/large/52", "large", " s")
        for weeks in (52, 156):
            of = f"full/large/{weeks}"
            judge.ratio(f"the same, against plain contagion over {weeks} weeks", [of], 15, most=True)
            judge.at_the_bare(of, "large", "x")
        judge.memory("the same, peak memory", ["full/large/52"], 700)
    if sizes.small == 20_000:
        presets = [key for key in rows if key.startswith("full/small/")]
        judge.cpu("full model, 20k households, one run, s0-default", ["full/small/s0-default"], 0.040)
        judge.at_the_bare("full/small/s0-default", "small", " s")
        judge.cpu("full model, 20k households, one run, slowest preset", presets, 0.040)
        seconds = {key: cpu.median for key in presets if (cpu := rows[key].cpu)}
        if max(seconds, key=seconds.__getitem__, default="") == f"full/small/{SLOWEST}":  # whose floor is measured
            judge.at_the_bare(f"full/small/{SLOWEST}", "slowest", " s")
        judge.cpu("three strategies x 20 replicates, by the clock", ["full/answer"], 1.2)
    if sizes.threaded == 100_000:
        for model in ("plain", "full"):
            judge.ratio(f"two threads over runs, 100k, {model}", [f"threads/{model}"], 1.8)
            judge.at_most_here(f"threads/{model}/most")
    for model, least in (("plain", 30), ("full", 8)):
        pairs = [key for key in rows if key.startswith(f"pairing/{model}/") and sizes.worlds >= 100]
        judge.ratio(f"paired against independent worlds, {model} model, least pair", pairs, least)
        if model == "plain":
            clocked = [key for key in rows if key.startswith(f"pairing/{CLOCK}/") and sizes.worlds >= 100]
            judge.with_a_clock(clocked)
    if sizes.sweep_households == 10_000:
        judge.cpu("26,624 runs, full model, by the clock", ["sweep/full"], 60)
        judge.at_the_bare("sweep/full", "sweep", " s")
        judge.cpu("26,624 runs, plain model, by the clock", ["sweep/plain"], 12)
    if sizes.large == 1_000_000:
        judge.cpu("1M-household world with eight ties", [f"world/{large}"], 1.5)
    judge.cpu("--help, CPU", ["start/help"], 0.1)
    judge.cpu("warm first result, CPU", ["start/warm"], 1.5)
    judge.cpu("cold first result, by the clock", ["start/cold"], 20)
    return judge.found


class _Judge:
    def __init__(self, rows: Mapping[str, Row]) -> None:
        self.rows = rows
        self.found: list[Goal] = []

    def ratio(self, work: str, keys: list[str], bound: float, most: bool = False) -> None:
        self._add(work, keys, lambda row: row.ratio.median if row.ratio else None, bound, "x", most)

    def peer(self, work: str, name: str, size: str, bound: float) -> None:
        self.ratio(work, [f"contagion/{name}/{size}"], bound)
        self.at_the_floor(f"contagion/{name}/{size}", f"floor/run/floor/{size}")

    def at_the_floor(self, theirs: str, floor: str) -> None:
        """Of the last goal: their time over that of the floor of the same work."""
        above, below = self.rows.get(theirs), self.rows.get(floor)
        if above and below and above.cpu and below.cpu:
            self._floor(f"{say(above.cpu.median / below.cpu.median)}x")

    def at_the_bare(self, of: str, work: str, unit: str) -> None:
        """Of the last goal: what was measured, divided by how many times its floor a run of the full model takes."""
        seen, bare = self.rows.get(of), self.rows.get(f"bare/{work}")
        value = seen and (seen.ratio if unit == "x" else seen.cpu)
        if value and bare and bare.ratio:
            self._floor(f"{say(value.median / bare.ratio.median)}{unit}")

    def at_most_here(self, most: str) -> None:
        """Of the last goal: what this machine gives to work that nothing slows down."""
        row = self.rows.get(most)
        if row and row.ratio:
            self._floor(f"{say(row.ratio.median)}x")

    def with_a_clock(self, keys: list[str]) -> None:
        """Of the last goal: the least pair where all contacts of a household have one clock, and doses do not nest."""
        gained = [row.ratio.median for key in keys if (row := self.rows[key]).ratio]
        if gained:
            self._floor(f"{say(min(gained))}x")

    def _floor(self, text: str) -> None:
        self.found[-1] = self.found[-1]._replace(floor=text)

    def cpu(self, work: str, keys: list[str], bound: float) -> None:
        self._add(work, keys, lambda row: row.cpu.median if row.cpu else None, bound, " s", True)

    def memory(self, work: str, keys: list[str], bound: float) -> None:
        self._add(work, keys, lambda row: row.memory, bound, " MB", True)

    def _add(
        self, work: str, keys: list[str], of: Callable[[Row], float | None], bound: float, unit: str, most: bool
    ) -> None:
        values = [value for key in keys if key in self.rows and (value := of(self.rows[key])) is not None]
        goal = f"{'at most' if most else 'at least'} {bound:g}{unit}"
        if not values or len(values) < len(keys):
            self.found.append(Goal(work, goal, "not measured", None))
            return
        worst = max(values) if most else min(values)
        self.found.append(Goal(work, goal, f"{say(worst)}{unit}", worst <= bound if most else worst >= bound))
