"""What the commands share: their common options, the scenario of a file, folders, progress."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smsim.errors import ScenarioError

if TYPE_CHECKING:
    from smsim.scenario import Scenario

File = Annotated[str, typer.Argument(metavar="FILE", help="Scenario file (YAML).")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Seed = Annotated[int | None, typer.Option(help="Seed of randomness; the scenario's own if not given.")]
Out = Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for the results; below results/ if not given.")]
Threads = Annotated[
    int | None,
    typer.Option(min=1, max=1024, envvar="SMSIM_THREADS", help="Runs side by side; results do not depend on it."),
]


def load(file: str, seed: int | None = None, replicates: int | None = None) -> Scenario:
    """The scenario with the options of the command line laid over it."""
    from smsim.scenario import load_scenario

    scenario = load_scenario(file)
    asked = {key: value for key, value in (("seed", seed), ("replicates", replicates)) if value is not None}
    if not asked:
        return scenario
    try:
        return scenario.replace(run=asked)
    except ScenarioError as error:
        words = " ".join(str(error).split("\n  ")[1:]) or str(error)
        raise ScenarioError(words.replace("run.seed", "--seed").replace("run.replicates", "--replicates")) from None


def spare_linear_algebra() -> None:
    """Keep Numba from importing SciPy's linear algebra, a seventh of a short run, only to learn that it is there.

    No kernel multiplies matrices. It asks once, and what is imported later finds SciPy as ever. For commands alone:
    a program that imports smsim may have kernels of its own.
    """
    asked = "scipy.linalg.cython_blas"
    if asked in sys.modules:
        return
    sys.modules[asked] = None  # type: ignore[assignment]  # so Python says that there is no such module
    try:
        import numba.np.arraymath  # noqa: F401
    finally:
        del sys.modules[asked]


def needs(extra: str, *packages: str) -> None:
    """A sentence instead of a traceback where an extra is not installed."""
    from importlib.util import find_spec

    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise ScenarioError(
            f"this needs {' and '.join(missing)}, of the extra {extra!r}; install it: pip install 'smsim[{extra}]'"
        )


def known_language(language: str) -> None:
    """Refuse an unknown language before anybody waits for what would be written in it."""
    from smsim.i18n import Words

    Words(language)


def known_strategies(scenario: Scenario, names: list[str]) -> None:
    """Refuse unknown strategies, all at once."""
    from difflib import get_close_matches

    known = [*scenario.strategies, "none"]
    problems = []
    for name in dict.fromkeys(names):
        if name not in known:
            close = get_close_matches(name, known, n=1)
            remedy = f"did you mean {close[0]!r}?" if close else f"this scenario has {', '.join(known)}"
            problems.append(f"no strategy {name!r}; {remedy}")
    if problems:
        raise ScenarioError("\n".join(problems))


def command_line() -> str:
    """The command as typed, for the manifest; without the path of the program, which says nothing elsewhere."""
    import shlex

    return shlex.join(["smsim", *sys.argv[1:]])


def checked_folder(out: Path | None, scenario: Scenario) -> Path:
    """The folder for the results; found writable now, so that nobody waits an hour to learn that it is not."""
    return checked_place(out if out is not None else Path("results") / scenario.name)


def checked_place(folder: Path) -> Path:
    """The folder, found writable."""
    import tempfile

    place = folder
    try:  # all of it: even to ask whether a name exists fails where the name is too long
        while not (place.exists() or place.is_symlink()) and place != place.parent:
            place = place.parent
        if place.exists() and not place.is_dir():
            raise ScenarioError(f"--out {folder}: {place} is a file; name a folder")
        Path(tempfile.mkdtemp(prefix=".smsim-", dir=place)).rmdir()
    except ScenarioError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ScenarioError(f"--out {folder}: cannot write there ({reason}); name another folder") from None
    return folder


def checked_file(option: str, file: Path) -> None:
    """Refuse a file that cannot be written, before anybody waits for what would go into it."""
    try:
        there = file.exists()
        with file.open("ab"):
            pass
        if not there:
            file.unlink()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ScenarioError(f"{option} {file}: cannot write there ({reason}); name another file") from None


@contextmanager
def progress_bar(doing: str, compiles: bool = True) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr; call it with (done, total). `compiles`: the work needs the engine."""
    if compiles:
        from smsim.ahead import compiled

        if not compiled():
            typer.echo("The first run compiles the engine for this machine, which takes up to a minute.", err=True)
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(doing, total=None)

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield advance
