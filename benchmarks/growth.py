"""How the time grows with households, ties, weeks, replicates and budget: one series at a time, in one process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.full import PRESET, STRATEGY, preset
from benchmarks.graph import BETA, TIES, WEEKS, watts_strogatz
from benchmarks.measure import Row, Spread, interleave, ratios
from benchmarks.sizes import Sizes

FAMILY = "growth"
TIES_SERIES = (4, 8, 16, 32)
WEEKS_SERIES = (52, 156, 364)
REPLICATES = (1, 4, 16)
BUDGETS = (0, 3, 6, 12)


def rows(sizes: Sizes) -> Iterator[Row]:
    """Each series in the plain and the full model, as multiples of its first member."""
    series: dict[str, tuple[float, ...]] = {
        "households": sizes.growth,
        "ties": TIES_SERIES,
        "weeks": WEEKS_SERIES,
        "replicates": REPLICATES,
        "budget": BUDGETS,
    }
    for model in ("plain", "full"):
        for what, values in series.items():
            if model == "plain" and what == "budget":
                continue  # it has no campaign
            seen = sizes.ask(
                grow, model=model, what=what, values=values, base=sizes.base, repeats=min(3, sizes.repeats)
            )
            first = seen[str(values[0])]
            for value in values:
                unit = {"budget": "US$ per household"}.get(what, what)
                work = f"{model} model, {value:,} {unit}" + (
                    "" if what == "households" else f", {sizes.base:,} households"
                )
                spread = ratios(seen[str(value)], first)
                cpu = Spread.of(seen[str(value)])
                yield Row(
                    FAMILY,
                    f"growth/{model}/{what}/{value}",
                    work,
                    "smsim",
                    cpu,
                    None,
                    spread,
                    f"times {values[0]:,} {unit}",
                )


def grow(model: str, what: str, values: list[int], base: int, repeats: int) -> dict[str, list[float]]:
    """CPU seconds of each member of a series, in turn."""
    _work(model, what, values[0], 500)()
    return interleave({str(value): _work(model, what, value, base) for value in values}, repeats)


def _work(model: str, what: str, value: int, base: int) -> Callable[[], Any]:
    from benchmarks import plain
    from smsim import simulate
    from smsim.world import build_world

    households = value if what == "households" else base
    ties = value if what == "ties" else TIES
    runs = value if what == "replicates" else 1
    if model == "plain":
        weeks = value if what == "weeks" else WEEKS
        # The same epidemic whatever the step and the ties.
        scenario = plain.susceptible_infected(weeks, BETA * WEEKS / weeks * TIES / ties)
        world = plain.world_of(scenario, watts_strogatz(households, ties))
        strategy = "none"
    else:
        scenario = preset(PRESET, households, mean_ties=ties)
        if what == "weeks":
            scenario = scenario.replace(campaign={"weeks": value}, run={"burn_in_weeks": 0, "follow_up_weeks": 0})
        if what == "budget":
            scenario = scenario.replace(campaign={"budget_per_household": value})
        world, strategy = build_world(scenario, 1), STRATEGY
    return lambda: [simulate(scenario, strategy, seed, world).seed for seed in range(runs)]
