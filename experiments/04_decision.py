"""What decides which strategy wins: flips, the worth of knowing, regret, and boxes (PRIM) over many contexts.

    python experiments/04_decision.py [--full]

The contexts are those of section 9 of the model specification around the default preset: taboo, capacity,
availability, responsiveness, hesitancy, awareness, thresholds, norms, persuasion, distance, participation, entry,
budget and length, each over its plausible range.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from common import bar, run, scenario, table

from smsim.sweep import sweep
from smsim.sweep.words import labels_of

CONTEXTS = (
    "behaviours.*.taboo", "behaviours.*.service_capacity", "world.availability", "world.responsiveness",
    "world.hesitant_share", "behaviours.*.aware_share", "behaviours.*.peer_information",
    "behaviours.*.threshold_mean", "behaviours.*.norm_weight", "behaviours.*.persuasion_weight",
    "world.median_distance_km", "world.participation", "world.acceptance_unapproved",
    "campaign.budget_per_household", "campaign.weeks",
)  # fmt: skip
SMALL = {"base_points": 32, "futures": 400, "worlds": 3, "households": 600}
FULL = {"base_points": 512, "futures": 4000, "worlds": 8, "households": None}


def main(out: Path, base_points: int, futures: int, worlds: int, households: int | None) -> None:
    """Print flips (a Sobol design moves one factor alone), and worth, regret and boxes (a Latin hypercube)."""
    place = scenario("s0-default", households)
    how: dict[str, Any] = {"replicates": worlds, "seed": 1, "factors": CONTEXTS, "progress": bar}
    moved = sweep(place, "sobol", base_points, second_order=False, out=out / "sobol", **how)
    spread = sweep(place, "latin", futures, out=out / "latin", **how)
    labels = labels_of(spread)
    for outcome in ("coverage_follow_up", "coverage_end"):
        print(f"## Decided by {outcome}\n")
        moved.decide_by(outcome)
        spread.decide_by(outcome)
        rows = moved.flips().head(8).itertuples()
        table(("moved alone", "pairs", "winner changes", "95% interval", "between clear winners"),
              [(labels[r.factor], r.pairs, f"{r.share:.0%}", f"{r.lower:.0%} to {r.upper:.0%}", f"{r.clear_share:.0%}")
               for r in rows])  # fmt: skip
        worth = spread.worth_of_knowing().head(5).itertuples()
        table(("known before choosing", "worth in points", "of knowing everything"),
              [(labels[r.factor], f"{100 * r.worth:.2f}", f"{r.of_perfect:.0%}") for r in worth])  # fmt: skip
        lost = spread.regret().itertuples()
        table(("strategy", "mean", "wins", "clearly", "mean regret", "90% regret", "most"),
              [(r.strategy, f"{r.mean:.3f}", f"{r.wins:.0%}", f"{r.clear_wins:.0%}", f"{100 * r.regret_mean:.1f}",
                f"{100 * r.regret_90:.1f}", f"{100 * r.regret_most:.1f}") for r in lost])  # fmt: skip
        for _, _, words in spread.boxes():
            print(f"{words}\n")
    for study in (moved, spread):
        study.write(command="python experiments/04_decision.py")
    print(f"Pictures: {out}")


if __name__ == "__main__":
    run(main, __doc__, SMALL, FULL)
