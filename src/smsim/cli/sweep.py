"""``smsim sweep``: its options; what it does is in `smsim.sweep.command`."""

from __future__ import annotations

from typing import Annotated

import typer

from smsim.cli.shared import Out, Seed, Threads, checked_folder, command_line, progress_bar


def sweep(
    file: Annotated[
        str | None, typer.Argument(metavar="FILE", help="Scenario file, or the folder of a sweep to go on with.")
    ] = None,
    folders: Annotated[
        list[str] | None, typer.Argument(metavar="[DIR...]", help="With --merge: the folders of the shards.")
    ] = None,
    method: Annotated[
        str, typer.Option(help="sobol, morris, fast, rbd_fast, pawn, delta; latin or grid without indices.")
    ] = "sobol",
    n: Annotated[
        int | None, typer.Option("-n", help="Base points (sobol), trajectories (morris), points per factor (fast), ...")
    ] = None,
    replicates: Annotated[int, typer.Option(min=1, help="Paired worlds, the same at every design point.")] = 4,
    seed: Seed = None,
    factor: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH[=RANGE]", help="Sweep only these: a path or pattern; =LOW:HIGH, :log, :half, or =A,B."
        ),
    ] = None,
    strategies: Annotated[str | None, typer.Option(metavar="A,B", help="Only these strategies.")] = None,
    group: Annotated[
        list[str] | None, typer.Option(metavar="NAME=PATH,...", help="Factors that move together (sobol, morris).")
    ] = None,
    by_section: Annotated[bool, typer.Option("--by-section", help="Move each section's factors together.")] = False,
    second_order: Annotated[bool, typer.Option(help="Sobol: pairs of factors too, at twice the runs.")] = True,
    decide: Annotated[
        str | None, typer.Option(metavar="OUTCOME", help="Compare strategies by this; coverage_end if not given.")
    ] = None,
    phase: Annotated[str | None, typer.Option(metavar="PATH,PATH", help="Factors of the phase diagram.")] = None,
    threads: Threads = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Dask: tcp://HOST:PORT, a scheduler file, or local. Without Dask: processes.",
        ),
    ] = None,
    shard: Annotated[str | None, typer.Option(metavar="i/n", help="Run only this part, for an array of jobs.")] = None,
    merge: Annotated[bool, typer.Option("--merge", help="Gather the shards and analyse them.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Say how far it is, and stop.")] = False,
    bundle: Annotated[bool, typer.Option("--bundle", help="Add an RO-Crate that reruns to the same bytes.")] = False,
    out: Out = None,
) -> None:
    """Run a design of the uncertain parameters; say what decides the answer."""
    from smsim.sweep.command import Options, sweep_command

    names = None if strategies is None else [name.strip() for name in strategies.split(",") if name.strip()]
    options = Options(
        method, n, replicates, seed, factor or [], names, group or [], by_section, second_order, decide, phase, threads,
        cluster, shard, merge, status, bundle,
    )  # fmt: skip
    try:
        failed = sweep_command(file, folders or [], out, options, command_line(), checked_folder, progress_bar)
    except KeyboardInterrupt:
        typer.echo("interrupted; the runs that are done are kept, and the same command goes on", err=True)
        raise typer.Exit(130) from None
    except MemoryError:
        typer.echo(
            "not enough memory; the runs that are done are kept, and the same command with fewer --threads goes on",
            err=True,
        )
        raise typer.Exit(1) from None
    if failed:
        raise typer.Exit(1)
