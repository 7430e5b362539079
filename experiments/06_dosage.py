"""How many communities to reach: the share treated, at the same money per treated household, against spillover.

    python experiments/06_dosage.py [--full]

What the campaign adds in treated communities and in untreated ones, each against the same world without a campaign,
where communities hardly know each other (5% of ties) and where they do (30%).
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from common import points, run, scenario, table

from smsim.economics import t_quantile
from smsim.runner import replicate_seed, run_all
from smsim.truth import observe

SMALL = {"worlds": 6, "households": 2000}
FULL = {"worlds": 60, "households": None}
SHARES = (0.125, 0.25, 0.5, 0.75)
TIES = (0.05, 0.3)


def main(
    worlds: int, households: int | None, strategies: tuple[str, ...] = ("pragmatic", "activist"), **_: Any
) -> None:
    """Print the effect on the treated, the spillover, and the effect on the whole area per treated household."""
    seeds = [replicate_seed(1, r) for r in range(worlds)]
    rows = []
    for ties in TIES:
        for treated in SHARES:
            place = scenario("s0-default", households, world={"cross_community_ties": ties},
                             campaign={"treated_share": treated})  # fmt: skip
            behaviour = next(iter(place.behaviours))
            for strategy in strategies:
                found = run_all(partial(observe, place, strategy, behaviour), seeds)
                effect, spill = (np.array([getattr(one, k) for one in found]) for k in ("effect", "spill"))
                whole = treated * effect + (1 - treated) * spill
                rows.append((f"{ties:.0%}", f"{treated:.1%}", strategy, with_interval(effect), with_interval(spill),
                             points(whole.mean()), f"{(1 - treated) * spill.mean() / whole.mean():.0%}"))  # fmt: skip
    print(f"{worlds} worlds, base seed 1; coverage beyond no campaign at the end, percentage points, 95% intervals.\n")
    table(
        ("ties across", "treated", "strategy", "in treated", "in untreated", "in the area", "of it by spillover"), rows
    )


def with_interval(values: np.ndarray) -> str:
    """Mean with its 95% t-interval."""
    half = t_quantile(len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return f"{points(values.mean())} ± {100 * half:.1f}"


if __name__ == "__main__":
    run(main, __doc__, SMALL, FULL)
