"""What is known of a household and its village before anybody adopts, as standard numbers.

A `Design` is learned on the villages of a fit and applied to others, which may hold other values of a category.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from smsim.engine.arrays import Array
from smsim.errors import DataError
from smsim.networks.data import Networks, numbers

CURVED = 6  # a covariate with more distinct values than this may rise and fall: its square enters too
RARE = 5  # a category of fewer households tells nothing


@dataclass(frozen=True)
class Column:
    """One number per household: a column of the data (its square, or one of its values), or a count of ties."""

    name: str
    source: str
    kind: str  # amount, square, value, count, leader
    value: str = ""
    part: float = 1.0  # a category of k values weighs as one column: each of them 1 / sqrt(k)
    fill: float = 0.0  # where the data are blank
    mean: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True)
class Design:
    """Columns of households (K) and villages (L), with the means and scales learned from the villages of a fit."""

    households: tuple[Column, ...]
    villages: tuple[str, ...]
    village_mean: tuple[float, ...]
    village_scale: tuple[float, ...]

    def matrix(self, data: Networks) -> Array:
        """Standard household columns, float64 (N, K)."""
        columns = [c.part * (_raw(c, data) - c.mean) / c.scale for c in self.households]
        return np.column_stack(columns) if columns else np.zeros((len(data.ids), 0))

    def village_matrix(self, data: Networks) -> Array:
        """Standard village columns, float64 (V, L): means of the household columns, and measures of the network."""
        found = _village_values(self.matrix(data), self.households, data)
        if not self.villages:
            return np.zeros((len(data.villages), 0))
        values = np.column_stack([found[name] for name in self.villages])
        parts = {f"village mean of {c.name}": c.part for c in self.households}
        part = np.array([parts.get(name, 1.0) for name in self.villages])
        # Three spreads: beyond what the fit has seen, a village counts as the edge of it.
        standard: Array = np.clip((values - np.array(self.village_mean)) / np.array(self.village_scale), -3, 3) * part
        return standard

    def as_json(self) -> dict[str, Any]:
        """For fit.json; `design_from` reads it back."""
        return asdict(self)


def design_from(content: dict[str, Any]) -> Design:
    """The design that `Design.as_json` gave."""
    return Design(
        tuple(Column(**c) for c in content["households"]), tuple(content["villages"]),
        tuple(content["village_mean"]), tuple(content["village_scale"]),
    )  # fmt: skip


def learn_design(data: Networks) -> Design:
    """Choose the columns that vary, and learn their means and scales.

    Raises
    ------
    DataError : an exposure, or a covariate that is not a category, holds something else than numbers
    """
    columns: list[Column] = []
    for name in data.columns.columns:
        text = data.columns[name]
        if name in data.mapping.categories or (name in data.mapping.covariates and not _all_numbers(text)):
            counts = text[text != ""].value_counts()
            common = sorted(str(v) for v in counts.index if counts[v] >= RARE)
            columns += [Column(f"{name} = {v}", name, "value", v, len(common) ** -0.5) for v in common]
            continue
        values = numbers(text, Path(data.mapping.nodes), name)
        known = values[~np.isnan(values)]
        fill = float(known.mean()) if len(known) else 0.0
        columns.append(Column(name, name, "amount", fill=fill))
        if name in data.mapping.covariates and len(np.unique(known)) > CURVED:
            # The square of the distance from the mean; the mean stands in `value`, as text, to be kept to the bit.
            centre, spread = float(known.mean()), float(known.std()) or 1.0
            columns.append(Column(f"{name} squared", name, "square", f"{centre!r} {spread!r}", fill=centre))
    columns += [Column(name, name, "count") for name in data.named.columns]
    if data.leader is not None:
        columns.append(Column("leader", "", "leader"))
    ready = []
    for column in columns:
        values = _raw(column, data)
        if values.std() > 1e-9:
            ready.append(replace(column, mean=float(values.mean()), scale=float(values.std())))
    draft = Design(tuple(ready), (), (), ())
    found = _village_values(draft.matrix(data), draft.households, data)
    spreads = {name: float(values.std()) for name, values in found.items()}
    kept = [name for name in found if len(data.villages) >= 3 and spreads[name] > 1e-9]
    return Design(
        draft.households, tuple(kept), tuple(float(found[n].mean()) for n in kept), tuple(spreads[n] for n in kept)
    )


def _all_numbers(text: Any) -> bool:
    import pandas as pd

    return bool(pd.to_numeric(text[text != ""], errors="coerce").notna().all())


def _raw(column: Column, data: Networks) -> Array:
    """Values of a column before they are standardised, float64 (N,)."""
    if column.kind == "count":
        counts = data.named.get(column.source)  # none where these data have no tie of that kind
        return np.zeros(len(data.ids)) if counts is None else np.log1p(counts.to_numpy(dtype=np.float64))
    if column.kind == "leader":
        if data.leader is None:
            raise DataError(f"{data.name}: the fit knows leaders, and these data name none")
        return np.asarray(data.leader, dtype=np.float64)
    text = data.columns[column.source]
    if column.kind == "value":
        return np.asarray(text == column.value, dtype=np.float64)
    values = numbers(text, Path(data.mapping.nodes), column.source)
    values = np.where(np.isnan(values), column.fill, values)
    if column.kind == "square":
        centre, spread = (float(part) for part in column.value.split())
        values = ((values - centre) / spread) ** 2
    return np.asarray(values)


def _village_values(x: Array, columns: tuple[Column, ...], data: Networks) -> dict[str, Array]:
    """Village means of the household columns, and measures of its network; each float64 (V,)."""
    sizes = np.bincount(data.village, minlength=len(data.villages)).astype(np.float64)
    found = {}
    for k, column in enumerate(columns):
        if column.kind == "square":
            continue
        found[f"village mean of {column.name}"] = np.bincount(data.village, x[:, k], minlength=len(sizes)) / sizes
    found["village size (log)"] = np.log(sizes)
    measures = np.array([_network(data, v) for v in range(len(sizes))])
    found["without ties"] = measures[:, 0]
    found["clustering"] = measures[:, 1]
    if data.leader is not None:
        found["centrality of leaders"] = measures[:, 2]
    return found


def _network(data: Networks, village: int) -> tuple[float, float, float]:
    """Share without ties, clustering (share of closed triples), and mean eigenvector centrality of the leaders.

    Centralities have norm 1 in a village, as in Banerjee et al. (2013), doi:10.1126/science.1236498.
    """
    rows = np.flatnonzero(data.village == village)
    ties = data.ties[rows][:, rows]
    joined = ((ties + ties.T) > 0).astype(np.float64)
    degree = np.asarray(joined.sum(axis=1)).ravel()
    triples = float((degree * (degree - 1)).sum())
    closed = float((joined @ joined).multiply(joined).sum())
    central = np.full(len(rows), len(rows) ** -0.5)
    for _ in range(200):
        step = joined @ central + central  # + itself: converges on bipartite villages too
        norm = float(np.sqrt((step**2).sum()))
        central = step / norm
    leaders = data.leader[rows] if data.leader is not None else np.zeros(len(rows), dtype=bool)
    return (
        float((degree == 0).mean()),
        closed / triples if triples > 0 else 0.0,
        float(central[leaders].mean()) if leaders.any() else float(central.mean()),
    )
