"""`python -m benchmarks`: measures, prints one table and the goals, and writes both into benchmarks/results.md."""

from __future__ import annotations

import dataclasses
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks import (
    bare,
    cascade,
    contagion,
    floor,
    full,
    growth,
    many,
    mechanisms,
    startup,
    table,
    threads,
    variance,
    worlds,
)
from benchmarks.goals import goals
from benchmarks.measure import Row
from benchmarks.sizes import QUICK, Sizes

FAMILIES = {
    "contagion": contagion,
    "cascade": cascade,
    "floor": floor,
    "full": full,
    "bare": bare,
    "mechanisms": mechanisms,
    "threads": threads,
    "variance": variance,
    "sweep": many,
    "worlds": worlds,
    "growth": growth,
    "startup": startup,
}


def main(
    quick: Annotated[bool, typer.Option(help="Small sizes: shows that all of it works, measures nothing.")] = False,
    only: Annotated[str, typer.Option(metavar="NAMES", help=f"Some of {', '.join(FAMILIES)}, by commas.")] = "",
    households: Annotated[str, typer.Option(metavar="N,N", help="Sizes of the comparisons, by commas.")] = "",
    repeats: Annotated[int | None, typer.Option(min=1, help="How often each work is repeated.")] = None,
    slow: Annotated[bool, typer.Option(help="Also NDlib at its largest sizes: minutes a run.")] = False,
    whole: Annotated[bool, typer.Option(help="The whole sweep instead of a sample of it.")] = False,
    out: Annotated[Path | None, typer.Option(help="File to write; benchmarks/results.md, with --quick none.")] = None,
) -> None:
    """Measure smsim beside other simulators and beside the machine's memory."""
    names = [name.strip() for name in only.split(",") if name.strip()] or list(FAMILIES)
    unknown = [name for name in names if name not in FAMILIES]
    if unknown:
        raise typer.BadParameter(f"no measurements named {', '.join(unknown)}; there are {', '.join(FAMILIES)}")
    console = Console(width=200) if not sys.stdout.isatty() else Console()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        changes: dict[str, Any] = dict(QUICK) if quick else {}
        if households:
            changes["graphs"] = _sizes(households)
        if repeats is not None:
            changes["repeats"] = repeats
        sizes = dataclasses.replace(Sizes(slow=slow, whole=whole, folder=Path(folder)), **changes)
        with console.status("") as status:
            for name in names:
                status.update(f"measuring: {name}")
                for row in FAMILIES[name].rows(sizes):
                    rows.append(row)
                    status.update(f"measuring: {name}; last {row.work}, {row.who}")
    found = goals({row.key: row for row in rows}, sizes)
    table.show(console, rows, found)
    path = out or (None if quick else table.RESULTS)
    if path is not None:
        table.write(path, " ".join(["python -m benchmarks", *sys.argv[1:]]), rows, found)
        console.print(f"written: {path}")


def _sizes(text: str) -> tuple[int, ...]:
    if not all(part.strip().isdecimal() and int(part) >= 100 for part in text.split(",")):
        raise typer.BadParameter(f"--households must be whole numbers, 100 or more, by commas; got {text!r}")
    return tuple(int(part) for part in text.split(","))


if __name__ == "__main__":
    typer.run(main)
