"""``smsim premortem`` and ``smsim evaluate``: what a programme asks before it begins, and how it would judge itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smsim.cli.shared import File, Json, Out, Seed, Threads, checked_folder, command_line, load, progress_bar

if TYPE_CHECKING:
    from smsim.evaluate import Evaluation
    from smsim.premortem import Premortem
    from smsim.scenario import Scenario

Plan = Annotated[str, typer.Option("--strategy", metavar="NAME", help="The strategy that is looked at.")]
Worlds = Annotated[int | None, typer.Option(help="Simulated worlds; the scenario's own number if not given.")]


def premortem(
    file: File,
    strategy: Plan = "hybrid",
    steps: Annotated[str | None, typer.Option(metavar="A,B", help="Only these steps; all if not given.")] = None,
    replicates: Worlds = None,
    seed: Seed = None,
    threads: Threads = None,
    as_json: Json = False,
    out: Out = None,
) -> None:
    """Skip each of the eight steps of mobilization in turn, at the same budget; show what that costs."""
    scenario, folder = _begin(file, seed, replicates, out, "premortem")
    names = [name.strip() for name in steps.split(",") if name.strip()] if steps is not None else None
    with progress_bar("skipping steps") as progress:
        from smsim.premortem import premortem as skip_each

        found = skip_each(scenario, strategy, names, threads=threads, progress=progress)
    _end(found, folder, as_json, f"Pictures and table: {folder}")


def evaluate(
    file: File,
    strategy: Plan = "hybrid",
    clusters: Annotated[int | None, typer.Option(help="Clusters per arm and round; 30 if the file plans none.")] = None,
    per_cluster: Annotated[int | None, typer.Option(help="Households per cluster (7) or LQAS lot (19).")] = None,
    lqas: Annotated[bool, typer.Option("--lqas", help="A sample in every lot (catchment area) instead.")] = False,
    question: Annotated[str, typer.Option(help="direct, or list: a list experiment for a taboo.")] = "direct",
    control: Annotated[float | None, typer.Option(help="Share of communities without campaign, as control.")] = None,
    behaviour: Annotated[str | None, typer.Option(metavar="NAME", help="The file's first if not given.")] = None,
    replicates: Worlds = None,
    seed: Seed = None,
    threads: Threads = None,
    as_json: Json = False,
    out: Out = None,
) -> None:
    """Simulate the survey that a programme would run: what it would report, and whether it would find the effect."""
    scenario, folder = _begin(file, seed, replicates, out, "evaluation")
    with progress_bar("evaluating") as progress:
        from smsim.evaluate import evaluate as survey_worlds

        found = survey_worlds(
            scenario, strategy, clusters, per_cluster, question, lqas, control, behaviour,
            threads=threads, progress=progress,
        )  # fmt: skip
    with progress_bar("drawing surveys") as progress:
        for done, work in enumerate((found.table, found.curve, found.summary)):
            progress(done, 3)
            work()
    _end(found, folder, as_json, f"Picture: {folder / 'evaluation.png'}")


def _begin(file: str, seed: int | None, replicates: int | None, out: Path | None, what: str) -> tuple[Scenario, Path]:
    """The scenario as asked for, and the folder for what is found."""
    scenario = load(file, seed=seed, replicates=replicates)
    return scenario, checked_folder(out or Path("results") / f"{scenario.name}-{what}", scenario)


def _end(found: Premortem | Evaluation, folder: Path, as_json: bool, where: str) -> None:
    """Write what was found, and print it."""
    found.write(folder, command=command_line())
    if as_json:
        typer.echo(found.table().to_json(orient="records", indent=2))
        return
    for sentence in found.summary():
        typer.echo(sentence)
    typer.echo(f"\n{where}")
