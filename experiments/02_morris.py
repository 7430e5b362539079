"""Which parameters matter at all: Morris screening of every swept parameter of the Ethiopian scenario.

    python experiments/02_morris.py [--full]

Keeps runs, tables and pictures below results/02_morris; started again, it goes on where it was.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from common import bar, run, scenario, table

from smsim.sweep import Sweep, sweep
from smsim.sweep.words import labels_of, leading

SMALL = {"trajectories": 30, "worlds": 2, "households": 4000}
FULL = {"trajectories": 200, "worlds": 4, "households": None}
LITTLE = 0.01  # mean absolute effect below which a factor hardly matters


def screen(trajectories: int, worlds: int, households: int | None, out: Path, name: str = "ethiopia-smdc") -> Sweep:
    """The screening, new or resumed."""
    return sweep(scenario(name, households), "morris", trajectories, worlds, seed=1, out=out / "morris", progress=bar)


def main(out: Path, **size: Any) -> None:
    """Print the ten strongest factors of what each strategy adds, and what the sweep says."""
    study = screen(out=out, **size)
    study.write(command=f"python experiments/02_morris.py ({size})")
    labels = labels_of(study)
    found = study.indices().set_index("index")
    for q in leading(study):
        own = found.query("strategy == @q.strategy and versus == @q.versus and behaviour == @q.behaviour")
        own = own.query("outcome == @q.outcome")
        wide = own.reset_index().pivot_table(index="factor", columns="index", values="value")
        wide = wide.sort_values("mu_star", ascending=False).head(10)
        print(f"{q}: the ten strongest of {len(study.factors)} factors, effects in percentage points\n")
        rows = [(labels[k], *(f"{100 * row[c]:.1f}" for c in ("mu_star", "mu", "sigma"))) for k, row in wide.iterrows()]
        table(("factor", "mu*", "mu", "sigma"), rows)
        little = int((own.loc["mu_star", "value"] < LITTLE).sum())
        print(f"{little} of {len(study.factors)} factors move it by less than {100 * LITTLE:g} percentage point.\n")
    print("\n".join(study.summary()))
    print(f"\nPictures: {out / 'morris'}")


if __name__ == "__main__":
    run(main, __doc__, SMALL, FULL)
