"""The presets S0-S6: the prototype's table beside smsim's own, and which differences 12 worlds separate.

    python experiments/00_presets.py [WORLDS]

The prototype's figures are those of section 13 of the original model specification, 12 replicates each.
"""

from __future__ import annotations

import sys
from pathlib import Path

from smsim.compare import compare
from smsim.scenario import load_scenario

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
STRATEGIES = ("none", "pragmatic", "hybrid", "activist")
# preset: coverage at the end of the campaign and 12 months later, in the order of STRATEGIES.
PROTOTYPE = {
    "s0-default": ((0.130, 0.274, 0.268, 0.258), (0.137, 0.259, 0.255, 0.248)),
    "s1-short-unresponsive": ((0.273, 0.563, 0.493, 0.408), (0.386, 0.737, 0.714, 0.663)),
    "s2-silenced-majority": ((0.115, 0.324, 0.416, 0.439), (0.094, 0.286, 0.399, 0.429)),
    "s3-mixed-barriers": ((0.009, 0.537, 0.548, 0.475), (0.007, 0.519, 0.536, 0.484)),
    "s4-supply-bound-responsive": ((0.284, 0.411, 0.394, 0.359), (0.359, 0.457, 0.517, 0.520)),
    "s5-facility-delivery": ((0.074, 0.140, 0.119, 0.102), (0.085, 0.095, 0.103, 0.112)),
    "s6-polio-rounds": ((0.828, 0.946, 0.943, 0.916), (0.826, 0.924, 0.924, 0.905)),
}
PAIRS = (("activist", "pragmatic"), ("hybrid", "pragmatic"), ("hybrid", "activist"))


def main(worlds: int = 12) -> None:
    """Print the table and the paired differences, as Markdown."""
    print(f"Mean coverage over {worlds} worlds, base seed 1; in brackets the prototype's.\n")
    print("| preset | when | " + " | ".join(STRATEGIES) + " |\n|---|---|" + "---|" * len(STRATEGIES))
    differences = []
    for preset, (at_end, later) in PROTOTYPE.items():
        comparison = compare(load_scenario(SCENARIOS / f"{preset}.yaml"), replicates=worlds, seed=1)
        for outcome, when, given in (
            ("coverage_end", "end", at_end),
            ("coverage_follow_up", "+12 months", later),
        ):
            own = [comparison.mean(s, outcome, "behaviour") for s in STRATEGIES]
            cells = " | ".join(f"{a:.3f} ({b:.3f})" for a, b in zip(own, given, strict=True))
            print(f"| {preset} | {when} | {cells} |")
            row = []
            for a, b in PAIRS:
                d = comparison.difference(a, b, outcome, "behaviour")
                row.append(f"{100 * d.mean:+.1f} ({100 * d.lower:+.1f} to {100 * d.upper:+.1f})")
            differences.append(f"| {preset} | {when} | " + " | ".join(row) + " |")
    print("\nPaired differences in percentage points, with 95% intervals.\n")
    print("| preset | when | " + " | ".join(f"{a} - {b}" for a, b in PAIRS) + " |\n|---|---|" + "---|" * len(PAIRS))
    print("\n".join(differences))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 12)
