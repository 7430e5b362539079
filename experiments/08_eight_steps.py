"""The eight steps of mobilization: where skipping each of them costs coverage, and where it hardly matters.

    python experiments/08_eight_steps.py [WORLDS] [SEED]

Two invented places with the same campaign and the same prices: in one people must be won, in the other the clinic is
the bottleneck. Skipping is judged at equal budget, by paired differences over WORLDS worlds of base seed SEED. The
places were looked for with base seed 1: another seed shows what the search owes to its luck.
"""

from __future__ import annotations

import sys
from pathlib import Path

from smsim.premortem import Loss, premortem
from smsim.scenario import load_scenario
from smsim.steps import STEPS

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
PLACES = ("steps-persuasion", "steps-queue")


def main(worlds: int = 30, seed: int = 1) -> None:
    """Print the table, as Markdown."""
    print(
        f"Coverage lost by skipping a step, percentage points with 95% intervals; hybrid, {worlds} worlds, base "
        f"seed {seed}.\n"
    )
    print("| step | " + " | ".join(f"{name} | verdict" for name in PLACES) + " |\n|---|" + "---|---|" * len(PLACES))
    found = {
        name: premortem(load_scenario(SCENARIOS / f"{name}.yaml"), replicates=worlds, seed=seed) for name in PLACES
    }
    for step in STEPS.values():
        cells = " | ".join(say(result.loss(step.name)) for result in found.values())
        print(f"| {step.number} {step.title} | {cells} |")


def say(found: Loss) -> str:
    """One cell: the loss, its interval, the verdict."""
    loss = found.loss
    return f"{100 * loss.mean:+.1f} ({100 * loss.lower:+.1f} to {100 * loss.upper:+.1f}) | {found.verdict}"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
