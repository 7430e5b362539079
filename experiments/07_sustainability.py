"""What lasts: coverage beyond no campaign in the three years after the campaign's end.

    python experiments/07_sustainability.py [--full]

Half a year, one, two and three years after the last week, as a share of what had been gained by then; in the default
context, where a taboo silences, and where supply binds and authorities answer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from common import points, run, scenario, table

from smsim.compare import compare
from smsim.economics import ratio_of_means
from smsim.outcomes import Weeks

SMALL = {"worlds": 6, "households": 1000}
FULL = {"worlds": 50, "households": None}
CONTEXTS = ("s0-default", "s2-silenced-majority", "s4-supply-bound-responsive")
AFTER = (26, 52, 104, 156)  # weeks


def main(worlds: int, households: int | None, contexts: tuple[str, ...] = CONTEXTS, **_: Any) -> None:
    """Print what each strategy had gained, and the share of it kept, with Fieller's 95% interval."""
    rows = []
    for name in contexts:
        found = compare(scenario(name, households, run={"follow_up_weeks": AFTER[-1]}), replicates=worlds, seed=1)
        end = Weeks.of(found.scenario).end
        coverage = found.series[..., 0, 0, 0].astype(float)  # (strategies, worlds, weeks): first behaviour, everybody
        gain = coverage - coverage[:1]
        for s, strategy in enumerate(found.strategies[1:], 1):
            kept = [ratio_of_means(gain[s, :, end + w], gain[s, :, end]) for w in AFTER]
            cells = [f"{k.value:.0%} ({k.lower:.0%} to {k.upper:.0%})" if np.isfinite(k.lower) else "-" for k in kept]
            rows.append((name, strategy, points(gain[s, :, end].mean()), *cells))
    print(f"{worlds} worlds, base seed 1; gain in percentage points over no campaign, and the share of it kept.\n")
    table(("context", "strategy", "gain at the end", *(f"kept after {w} weeks" for w in AFTER)), rows)


if __name__ == "__main__":
    run(main, __doc__, SMALL, FULL)
