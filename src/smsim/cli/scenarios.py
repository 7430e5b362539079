"""``smsim scenarios``: what there is, and with --check what it gives beside the evidence."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from smsim.cli.shared import Json, Threads, checked_file, progress_bar
from smsim.errors import ScenarioError


def scenarios(
    folder: Annotated[Path, typer.Argument(help="Folder of scenario files.")] = Path("scenarios"),
    check: Annotated[
        bool, typer.Option("--check", help="Run every one on unused seeds, beside its targets (a few minutes).")
    ] = False,
    replicates: Annotated[
        int, typer.Option(min=2, help="Worlds per scenario with targets; of others, at most 20.")
    ] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Seed of those worlds.")] = 20_261,
    threads: Threads = None,
    write: Annotated[
        Path | None, typer.Option("--write", metavar="FILE", help="With --check: also write the page docs/evidence.md.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the scenario files of a folder; with --check, run them and compare with the evidence."""
    if not os.path.isdir(folder):  # noqa: PTH112  # Path.is_dir fails for a name that is too long
        what = "this is a file; smsim check reads one" if os.path.isfile(folder) else "there is no such folder"  # noqa: PTH113
        raise ScenarioError(f"{folder}: {what}; name the folder that holds your scenario files")
    files = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
    if not files:
        raise ScenarioError(f"{folder}: no scenario files here (*.yaml); name a folder that holds some")
    if write is not None:
        if not check:
            raise ScenarioError("--write writes what --check finds; give --check as well")
        checked_file("--write", write)
    if check:
        from smsim.cases import report_on

        with progress_bar("running every scenario") as progress:
            report = report_on(files, replicates, seed, threads, progress)
        typer.echo(json.dumps(report.rows(), indent=2) if as_json else report.screen())
        if write is not None:
            report.write(write)
            typer.echo(f"\nWritten: {write}", err=as_json)
        return
    from smsim.cases_text import listing, row_text

    rows = listing(files)
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    else:
        for row in rows:
            typer.echo(row["problem"] if "problem" in row else row_text(row), err="problem" in row)
    if any("problem" in row for row in rows):
        raise typer.Exit(2)
