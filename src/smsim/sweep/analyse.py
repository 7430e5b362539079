"""Every quantity of a sweep analysed: its indices, and the tables that say how far to trust them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from smsim.engine.arrays import Array
from smsim.sweep import trust
from smsim.sweep.indices import Refusal, estimate, usable_rows
from smsim.sweep.quantities import Quantity, noise_of, worlds_of
from smsim.sweep.words import labels_of

if TYPE_CHECKING:
    from smsim.sweep.study import Sweep

_QUANTITY = list(Quantity._fields)
_COLUMNS = (
    [*_QUANTITY, "index", "factor", "factor2", "value", "lower", "upper"],
    [
        *_QUANTITY, "points", "lost", "dropped", "mean", "sd", "noise_share", "sd_worlds", "sd_residual",
        "halves_correlation", "halves_same_leaders", "leader", "enough", "verdict",
    ],
    [*_QUANTITY, "n", "factor", "value", "lower", "upper"],
    [*_QUANTITY, "factor", "first", "second"],
)  # fmt: skip


def analyse(study: Sweep, wanted: Sequence[Quantity], progress: Callable[[int, int], Any]) -> tuple[pd.DataFrame, ...]:
    """Four tables of these quantities: indices, their quality, convergence, and the repeat over other worlds."""
    labels = labels_of(study)
    tables: tuple[list[dict[str, Any]], ...] = ([], [], [], [])
    cube, column = np.empty(0), ""
    for done, quantity in enumerate(wanted):
        progress(done, len(wanted))
        if quantity.column != column:
            cube, column = study.cube(quantity.behaviour, quantity.outcome), quantity.column
        _analyse_one(study, quantity, worlds_of(cube, study.strategies, quantity), labels, tables)
    progress(len(wanted), len(wanted))
    return tuple(pd.DataFrame(rows, columns=columns) for rows, columns in zip(tables, _COLUMNS, strict=True))


def _analyse_one(
    study: Sweep, quantity: Quantity, worlds: Array, labels: dict[str, str], tables: tuple[list[dict[str, Any]], ...]
) -> None:
    """Indices of one quantity and what is to be said of them, as rows of the four tables."""
    design, factors, x = study.design, study.factors, study.x
    indices, quality, settling, halves = tables
    where = quantity._asdict()
    means = worlds.mean(axis=1)
    usable = usable_rows(design, factors, means)
    rows = usable.rows
    noise = noise_of(worlds[rows]) if rows.any() else noise_of(np.full((1, 1), np.nan))
    row: dict[str, Any] = {
        **where,
        "points": int(rows.sum()),
        "lost": usable.lost,
        "dropped": usable.dropped,
        "mean": float(means[rows].mean()) if rows.any() else np.nan,
        "sd": float(np.sqrt(noise.points)),
        "noise_share": noise.share,
        "sd_worlds": float(np.sqrt(noise.worlds)),
        "sd_residual": float(np.sqrt(noise.residual)),
        "halves_correlation": np.nan,
        "halves_same_leaders": np.nan,
        "leader": "",
        "enough": False,
    }
    found: object = Refusal("no point has a value")
    if rows.any():
        found = estimate(design, factors, x[rows], means[rows])
    if isinstance(found, Refusal):
        quality.append(row | {"verdict": f"no indices: {found.reason}"})
        return
    assert isinstance(found, list)
    indices += [
        {**where, "index": e.index, "factor": e.factor, "factor2": e.factor2, "value": e.value,
         "lower": e.value - e.half_width, "upper": e.value + e.half_width}
        for e in found
    ]  # fmt: skip
    steps = trust.convergence(design, factors, x, means, rows)
    settling += [
        {**where, "n": step.n, "factor": e.factor, "value": e.value, "lower": e.value - e.half_width,
         "upper": e.value + e.half_width}
        for step in steps
        for e in step.estimates
    ]  # fmt: skip
    again = trust.repeat(design, factors, x, worlds, rows)
    if again is not None:
        row |= {"halves_correlation": again.correlation, "halves_same_leaders": again.same_leaders}
        halves += [
            {**where, "factor": a.factor, "first": a.value, "second": b.value}
            for a, b in zip(again.first, again.second, strict=True)
        ]
    said = trust.verdict(design, steps, labels)
    leader = trust.ranked(design.method, found)[0].factor
    quality.append(row | {"leader": leader, "enough": said.enough, "verdict": said.words})
