"""``smsim app`` and ``smsim pack``: their options; what they do is in `smsim.app`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from smsim.cli.shared import File, Threads, load, needs, progress_bar

PACKAGES = ("panel", "bokeh")  # of the extra `app`


def workshop(
    file: Annotated[str | None, typer.Argument(metavar="[FILE]", help="Scenario file to begin with.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; a free one if not given.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the browser.")] = True,
) -> None:
    """Open the workshop in a browser, on this computer alone."""
    needs("app", *PACKAGES)
    from smsim.app.serve import serve

    serve(file, port, browser, say=lambda text: typer.echo(text, err=True))


def pack(
    file: File,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="HTML", help="The file to write.")] = Path(
        "workshop.html"
    ),
    slider: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A parameter to move (world.mean_ties); repeat for more.")
    ] = None,
    points: Annotated[int, typer.Option(help="Values computed per slider.")] = 4,
    worlds: Annotated[int, typer.Option(help="Worlds per point.", min=2)] = 20,
    language: Annotated[str, typer.Option(help="Language shown first; all are inside.")] = "en",
    lessons: Annotated[
        str, typer.Option(help="all, none, or some of: peers, silence, supply, left-out, remains.")
    ] = "all",
    roles: Annotated[bool, typer.Option("--roles/--no-roles", help="Six role cards with sliders of their own.")] = True,
    threads: Threads = None,
) -> None:
    """Write the workshop into one file that needs no server and no internet."""
    needs("app", *PACKAGES)
    scenario = load(file)
    with progress_bar("computing") as progress:
        from smsim.app.pack import write_pack

        size = write_pack(
            scenario, out, slider or (), points, worlds, threads, language, progress, lessons=lessons, roles=roles
        )
    typer.echo(f"Written: {out} ({size / 1e6:.1f} MB)")
