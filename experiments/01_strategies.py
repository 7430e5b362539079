"""Which strategy does best where: all strategies over the presets, at equal budget, in paired worlds.

    python experiments/01_strategies.py [--full]

Prints coverage at the end of the campaign and a year later, what each strategy adds with its 95% interval, cost per
additional adopter, and which pairs the worlds separate.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

from common import PRESETS, points, run, scenario, table

from smsim.compare import compare

SMALL = {"worlds": 6, "households": 1000}
FULL = {"worlds": 50, "households": None}


def main(worlds: int, households: int | None, contexts: tuple[str, ...] = PRESETS, **_: Any) -> None:
    """Print the tables."""
    rows, pairs = [], []
    for name in contexts:
        found = compare(scenario(name, households), replicates=worlds, seed=1)
        behaviour = next(iter(found.scenario.behaviours))
        for s in found.campaigns:
            gain = found.difference(s, "none", "coverage_end", behaviour)
            cost = found.cost(s, behaviour)
            rows.append(
                (
                    name, s, f"{found.mean(s, 'coverage_end', behaviour):.3f}",
                    f"{found.mean(s, 'coverage_follow_up', behaviour):.3f}",
                    f"{points(gain.mean)} ({points(gain.lower)} to {points(gain.upper)})", f"{cost.value:.0f}",
                )
            )  # fmt: skip
        for outcome, when in (("coverage_end", "end"), ("coverage_follow_up", "+ follow-up")):
            for a, b in combinations(found.campaigns, 2):
                d = found.difference(a, b, outcome, behaviour)
                verdict = (a if d.mean > 0 else b) if d.separated else "not separated"
                pairs.append((name, when, f"{a} - {b}", f"{points(d.mean)} ({points(d.lower)} to {points(d.upper)})",
                              f"{d.a_beats_b:.0%}", verdict))  # fmt: skip
    print(f"{worlds} paired worlds per context, base seed 1; differences in percentage points.\n")
    table(("context", "strategy", "end", "follow-up", "beyond no campaign", "US$ per additional adopter"), rows)
    table(("context", "when", "pair", "difference", "share of worlds", "better"), pairs)


if __name__ == "__main__":
    run(main, __doc__, SMALL, FULL)
