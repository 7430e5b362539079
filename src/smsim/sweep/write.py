"""A sweep's folder: tidy tables, pictures and a manifest beside the runs; the same sweep gives the same bytes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from smsim.errors import RunError
from smsim.folder import MANIFEST, whole_folder, write_csv, write_manifest
from smsim.outcomes import OUTCOMES
from smsim.sweep.store import Store

if TYPE_CHECKING:
    from smsim.sweep.study import Sweep

CALLER = ("strategy", "behaviour")  # columns that hold names from a scenario
SUMMARY = "summary.txt"
PICTURES = ("ranking", "heatmap", "convergence", "by-week", "morris", "pairs-*", "tornado", "ce-plane", "phase")


def write_sweep(
    study: Sweep, folder: Path, command: str | None = None, progress: Callable[[int, int], Any] | None = None
) -> None:
    """Tables, pictures, summary and manifest of a finished sweep, all or none.

    Raises
    ------
    RunError : runs are missing, or the folder cannot be written
    """
    if not study.finished:
        raise RunError(f"{folder}: the sweep is not finished; start it again to go on")
    study.store.seal()
    indices = study.indices(progress=progress)
    by_week = study.indices_by_week()
    tables = {
        "indices.csv": (indices, (*CALLER, "versus")),
        "quality.csv": (study.quality(), (*CALLER, "versus")),
        "convergence.csv": (study.convergence(), (*CALLER, "versus")),
        "repeat.csv": (study.repeat(), (*CALLER, "versus")),
        "indices_by_week.csv": (by_week, CALLER),
        "flips.csv": (study.flips(), ()),
        "worth_of_knowing.csv": (study.worth_of_knowing(), ()),
        "regret.csv": (study.regret(), ("strategy",)),
        "winners.csv": (winner_frame(study), ("winner",)),
        "boxes.csv": (box_frame(study), ("strategy",)),
        "failures.csv": (study.failures(), ("strategy", "message")),
        "design.csv": (study.points(), ()),
    }
    before = {path for kind in (".png", ".svg") for name in PICTURES for path in folder.glob(name + kind)}
    with whole_folder(folder) as staging:
        for name, (frame, text) in tables.items():
            write_csv(frame, staging / name, text)
        write_outcomes(study.store, staging / "outcomes.parquet")
        (staging / SUMMARY).write_text("\n".join(study.summary()) + "\n", encoding="utf-8", newline="\n")
        now = _write_pictures(study, by_week, staging)
        details = {k: v for k, v in study.store.spec.items() if k not in ("scenario", "columns", "series", "smsim")}
        details |= {"decision": list(study.decision), "phase": list(study.phase) if study.phase else None}
        if study.scenario is not None:
            write_manifest(staging / MANIFEST, study.scenario, command, {"sweep": details})
    for path in before:  # of an earlier analysis that asked for more
        if path.name not in now:
            path.unlink(missing_ok=True)


def winner_frame(study: Sweep) -> pd.DataFrame:
    """The winner at every design point: point, winner, clear, and the mean outcome of each strategy."""
    found = study.winners()
    frame = pd.DataFrame({"point": found.points, "winner": np.array(found.strategies, object)[found.winner]})
    frame["clear"] = found.clear
    for s, name in enumerate(found.strategies):
        frame[name] = found.better * found.values[:, s]
    return frame


def box_frame(study: Sweep) -> pd.DataFrame:
    """The boxes: strategy, limits, density, coverage, support, base."""
    rows = [
        (strategy, "; ".join(box.limits(study.factors)), box.density, box.coverage, box.support, box.base)
        for strategy, box, _ in study.boxes()
    ]
    return pd.DataFrame(rows, columns=["strategy", "limits", "density", "coverage", "support", "base"])


def write_outcomes(store: Store, path: os.PathLike[str]) -> None:
    """Every outcome of every run, tidy: point, replicate, strategy, seed, behaviour, outcome, value, unit.

    Written part by part, so that memory does not grow with the sweep. Failed runs are in failures.csv, not here.
    """
    columns = store.spec["columns"]
    behaviours, outcomes = zip(*(column.rsplit("/", 1) for column in columns), strict=True)
    units = [OUTCOMES[o].unit if o in OUTCOMES else "" for o in outcomes]
    names = pa.dictionary(pa.int32(), pa.string())
    schema = pa.schema(
        [("point", pa.int32()), ("replicate", pa.int32()), ("strategy", names), ("seed", pa.int64()),
         ("behaviour", names), ("outcome", names), ("value", pa.float64()), ("unit", names)]
    )  # fmt: skip
    with open(path, "wb") as target, pq.ParquetWriter(target, schema, compression="zstd") as file:
        for table in store.read(["point", "replicate", "strategy", "seed", "failed", *columns]):
            kept = table.filter(pa.compute.invert(table.column("failed")))
            runs = kept.num_rows
            data = {name: np.repeat(kept.column(name).to_numpy(), len(columns)) for name in schema.names[:4]}
            data["value"] = np.column_stack([kept.column(c).to_numpy() for c in columns]).reshape(-1)
            for name, values in (("behaviour", behaviours), ("outcome", outcomes), ("unit", units)):
                data[name] = np.tile(np.array(values, object), runs)
            arrays = [pa.array(data[field.name]).cast(field.type) for field in schema]
            file.write_table(pa.table(arrays, schema=schema))


def _write_pictures(study: Sweep, by_week: pd.DataFrame, staging: Path) -> set[str]:
    """Write every picture as PNG and SVG; the names of the files."""
    from smsim.plots import save
    from smsim.plots.sweeps import sweep_figures

    for name, figure in sweep_figures(study, by_week).items():
        save(figure, staging / name)
        save(figure, (staging / name).with_suffix(".svg"))
    return {path.name for path in staging.iterdir()}
