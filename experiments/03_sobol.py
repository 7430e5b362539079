"""How much each decisive parameter explains, per strategy: Sobol indices of the strongest of the screening.

    python experiments/03_sobol.py [--full]

Screens first (as 02_morris.py does), takes the strongest factors of any strategy, and splits the variance among them.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from common import bar, run, table

from smsim.sweep import sweep
from smsim.sweep.words import labels_of, leading

SMALL = {"trajectories": 4, "worlds": 2, "households": 2000, "base_points": 64, "factors": 6}
FULL = {"trajectories": 20, "worlds": 4, "households": None, "base_points": 512, "factors": 12}


def main(out: Path, base_points: int, factors: int, worlds: int, **size: Any) -> None:
    """Print first-order and total indices per strategy, and the pairs that interact most."""
    screened = import_module("02_morris").screen(worlds=worlds, out=out, **size)
    table_of = screened.indices().query("index == 'mu_star' and versus == 'none' and outcome == 'coverage_end'")
    behaviour = screened.decision[0]
    strongest = table_of[table_of["behaviour"] == behaviour].groupby("factor")["value"].max()
    chosen = list(strongest.sort_values(ascending=False, kind="stable").index[:factors])
    by_path = {f.path: f for f in screened.factors}
    assert screened.scenario is not None
    study = sweep(screened.scenario, "sobol", base_points, worlds, seed=1, factors=[by_path[k] for k in chosen],
                  out=out / "sobol", progress=bar)  # fmt: skip
    study.write(command="python experiments/03_sobol.py")
    labels, found = labels_of(study), study.indices()
    for q in leading(study):
        own = found.query("strategy == @q.strategy and versus == @q.versus and behaviour == @q.behaviour")
        own = own.query("outcome == @q.outcome")
        print(f"{q}\n")
        alone = own[own["factor2"] == ""].pivot_table(index="factor", columns="index", values=["value", "upper"])
        rows = []
        for k, row in alone.sort_values(("value", "ST"), ascending=False).iterrows():
            cells = [f"{row['value', i]:.2f} ± {row['upper', i] - row['value', i]:.2f}" for i in ("S1", "ST")]
            rows.append((labels[k], *cells))
        table(("factor", "S1", "ST"), rows)
        pairs = own[own["index"] == "S2"].sort_values("value", ascending=False).head(3)
        said = [f"{labels[p.factor]} x {labels[p.factor2]} {p.value:.2f}" for p in pairs.itertuples()]
        print(f"Strongest pairs (S2): {'; '.join(said)}\n")
    print("\n".join(study.summary()))
    print(f"\nPictures: {out / 'sobol'}")


if __name__ == "__main__":
    run(main, __doc__, SMALL, FULL)
