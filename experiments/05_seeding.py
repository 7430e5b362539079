"""Whom to invite first: at random, who has most ties (leaders), whom neighbours name, or whole kin groups (clustered).

    python experiments/05_seeding.py [--full]

A campaign of dialogues alone, with little money, so that it matters who comes. Once where hearing of it is what
lacks (simple contagion), once where people wait for others to do it (complex contagion). The same worlds throughout.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from common import points, run, scenario, table

from smsim.outcomes import outcomes_of
from smsim.paired import paired_difference
from smsim.runner import replicate_seed, run_all
from smsim.scenario import Scenario
from smsim.simulate import simulate

SMALL = {"worlds": 16, "households": 1000}
FULL = {"worlds": 200, "households": None}
INVITED = {"random": "anybody", "hub": "most ties (leaders)", "nominated": "named by neighbours", "kin": "clustered"}
CONTEXTS: dict[str, dict[str, Any]] = {
    "simple: news lacks": {"aware_share": 0.05, "threshold_mean": 0.0, "threshold_sd": 0.1, "peer_information": 0.02},
    "complex: others are waited for": {"aware_share": 0.9, "threshold_mean": 0.25, "threshold_sd": 0.15,
                                       "norm_weight": 1.0},
}  # fmt: skip


def coverage(base: Scenario, seed: int) -> list[float]:
    """Coverage at the end for every way of inviting, in one world."""
    found = []
    for invitation in INVITED:
        run = simulate(base.replace(campaign={"invitation": invitation}), "dialogues", seed)
        values = outcomes_of(run.scenario, run.ledger, run.record)
        found.append(next(v for k, v in values.items() if k[1:] == ("all", "coverage_end")))
    return found


def main(worlds: int, households: int | None, **_: Any) -> None:
    """Print coverage by invitation, and paired differences to random invitation."""
    seeds = [replicate_seed(1, r) for r in range(worlds)]
    rows = []
    for context, values in CONTEXTS.items():
        base = scenario(
            "s0-default",
            households,
            behaviours={"behaviour": values},
            campaign={"budget_per_household": 0.5, "weeks": 26},
            strategies={"dialogues": {"shares": {"dialogue": 1.0}, "timing": {"dialogue": "front"}}},
            run={"burn_in_weeks": 4, "follow_up_weeks": 0},
        )
        found = np.array(run_all(partial(coverage, base), seeds))
        for k, (invitation, words) in enumerate(INVITED.items()):
            d = paired_difference(found[:, k], found[:, 0], 1)
            rows.append((context, f"{invitation}: {words}", f"{found[:, k].mean():.3f}",
                         "" if k == 0 else f"{points(d.mean)} ({points(d.lower)} to {points(d.upper)})",
                         "" if k == 0 else "yes" if d.separated else "no"))  # fmt: skip
    print(f"{worlds} worlds, base seed 1; differences to random invitation in percentage points, 95% intervals.\n")
    table(("context", "invited", "coverage at the end", "against random", "separated"), rows)


if __name__ == "__main__":
    run(main, __doc__, SMALL, FULL)
