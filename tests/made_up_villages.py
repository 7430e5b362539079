"""Small made-up villages with ties, in which people adopt by a rule written out here, household by household."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd

PERIODS = 8


def villages(
    peers: float = 0.0, seed: int = 1, count: int = 8, size: int = 30, own: float = 0.2
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Nodes (id, village, toa, adopted, leader, exp_visit, age, faith) and ties (src, dst), as in the data of Korea.

    A household adopts in a period with chance 1 - exp(-h), log h = -2.2 + 0.5 visit + village + peers (F - W), where F
    is the share of those whom it names that have adopted, W that of the village. toa is PERIODS + 1 for none.
    """
    rng = np.random.default_rng(seed)
    nodes, ties = [], []
    for v in range(1, count + 1):
        effect = own * rng.standard_normal()
        visits = rng.integers(0, 3, size)
        named = [[int(j) for j in rng.choice(size, 4, replace=False) if j != i] for i in range(size)]
        time = [PERIODS + 1] * size
        for t in range(1, PERIODS + 1):
            done = [s < t for s in time]
            whole = sum(done) / size
            for i in range(size):
                if not done[i]:
                    share = sum(done[j] for j in named[i]) / len(named[i])
                    hazard = math.exp(-2.2 + 0.5 * (visits[i] - 1) + effect + peers * (share - whole))
                    if rng.random() < 1 - math.exp(-hazard):
                        time[i] = t
        for i in range(size):
            adopted = int(time[i] <= PERIODS)
            faith = "new" if rng.random() < 0.3 else "old"
            nodes.append((v * 1000 + i, v, time[i], adopted, int(i < 3), visits[i], int(rng.integers(18, 50)), faith))
            ties += [(v * 1000 + i, v * 1000 + j) for j in named[i]]
    columns = ["id", "village", "toa", "adopted", "leader", "exp_visit", "age", "faith"]
    return pd.DataFrame(nodes, columns=columns), pd.DataFrame(ties, columns=["src", "dst"])


def write(folder: Path, nodes: pd.DataFrame, ties: pd.DataFrame) -> Path:
    """Write nodes.csv and edges.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    nodes.to_csv(folder / "nodes.csv", index=False)
    ties.to_csv(folder / "edges.csv", index=False)
    return folder
