"""The command line. Nothing heavy is imported before a command needs it: ``smsim --help`` must answer at once.

Exit codes: 0 fine, 1 a run failed, 2 bad input, 130 interrupted.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from smsim.errors import RunError, ScenarioError, SmsimError

if TYPE_CHECKING:
    from smsim.scenario import Scenario


class Sentences(TyperGroup):
    """Turns what goes wrong on purpose into a sentence and an exit code; only bugs leave a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except SmsimError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1 if isinstance(error, RunError) else 2) from None
        except MemoryError:
            typer.echo("not enough memory: use fewer --threads or fewer world.households", err=True)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            typer.echo("interrupted; nothing was written", err=True)
            raise typer.Exit(130) from None


app = typer.Typer(
    cls=Sentences,
    name="smsim",
    help="Simulate social mobilization campaigns and compare their strategies.",
    epilog="Start with: smsim compare scenarios/village.yaml",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # rich would more than double the cost of --help
    pretty_exceptions_enable=False,
)

File = Annotated[str, typer.Argument(metavar="FILE", help="Scenario file (YAML).")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Seed = Annotated[int | None, typer.Option(help="Seed of randomness; the scenario's own if not given.")]
Out = Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for the results; below results/ if not given.")]
Threads = Annotated[
    int | None,
    typer.Option(min=1, max=1024, envvar="SMSIM_THREADS", help="Runs side by side; results do not depend on it."),
]


def app_main() -> None:
    """Entry point of ``smsim``."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a Windows console may lack a letter of a title
    app(prog_name="smsim")


def _print_version(wanted: bool) -> None:
    if wanted:
        import smsim

        typer.echo(f"smsim {smsim.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


@app.command()
def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Scenario files (YAML).")],
    as_json: Json = False,
) -> None:
    """Check scenario files, say what is wrong and where."""
    from smsim.scenario import load_scenario

    reports = []
    for file in files:
        try:
            scenario = load_scenario(file)
            reports.append({"file": file, "fine": True, "digest": scenario.digest, "message": repr(scenario)})
        except ScenarioError as error:
            reports.append({"file": file, "fine": False, "digest": None, "message": str(error)})
    if as_json:
        typer.echo(json.dumps(reports, indent=2))
    else:
        for entry in reports:
            text = f"{entry['file']}: fine\n  {entry['message']}" if entry["fine"] else str(entry["message"])
            typer.echo(text, err=not entry["fine"])
    if not all(entry["fine"] for entry in reports):
        raise typer.Exit(2)


@app.command()
def run(
    file: File,
    strategy: Annotated[str, typer.Option(metavar="NAME", help="Strategy, or 'none' for no campaign.")] = "hybrid",
    seed: Seed = None,
    out: Out = None,
) -> None:
    """Run one strategy once; write it week by week."""
    scenario = _load(file, seed=seed)
    _known_strategies(scenario, [strategy])
    # Beside the results of a comparison, not over them.
    folder = _checked_folder(out or Path("results") / f"{scenario.name}-{strategy}", scenario)
    with _progress("simulating") as progress:
        from smsim.model import CampaignModel

        model = CampaignModel(scenario, strategy, seed=int(scenario.run["seed"]), collect=False)
        while model.running:
            model.step()
            progress(model.week, model.weeks)
    model.run.write(folder, command=_command())
    typer.echo(f"Written: {folder / 'weekly.parquet'}")


@app.command()
def compare(
    file: File,
    replicates: Annotated[
        int | None, typer.Option(help="Paired worlds; the scenario's own number if not given.")
    ] = None,
    seed: Seed = None,
    strategies: Annotated[
        str | None, typer.Option(metavar="A,B", help="Only these strategies; all of the scenario if not given.")
    ] = None,
    threads: Threads = None,
    out: Out = None,
) -> None:
    """Compare strategies at equal budget; write a report."""
    scenario = _load(file, seed=seed, replicates=replicates)
    names = [name.strip() for name in strategies.split(",") if name.strip()] if strategies is not None else None
    if names is not None:
        if not names:
            raise ScenarioError(f"--strategies is empty; this scenario has {', '.join(scenario.strategies)} and none")
        _known_strategies(scenario, names)
    folder = _checked_folder(out, scenario)
    with _progress("comparing") as progress:
        from smsim.compare import compare as compare_strategies

        comparison = compare_strategies(
            scenario,
            replicates=int(scenario.run["replicates"]),
            seed=int(scenario.run["seed"]),
            threads=threads,
            strategies=names,
            progress=progress,
        )
    comparison.write(folder, command=_command())
    for sentence in comparison.summary():
        typer.echo(sentence)
    typer.echo(f"\nReport: {folder / 'report.html'}")


@app.command()
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
        typer.Option(metavar="PATH[=RANGE]", help="Sweep only these: a path or pattern, =LOW:HIGH[:log] or =A,B."),
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
        str | None, typer.Option(metavar="ADDRESS", help="Dask: tcp://HOST:PORT, a scheduler file, or local.")
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
    if sweep_command(file, folders or [], out, options, _command(), _checked_folder, _progress):
        raise typer.Exit(1)


@app.command()
def calibrate(
    file: Annotated[str, typer.Argument(help="A scenario file with `targets` and `fitted`.")],
    replicates: Annotated[int, typer.Option(help="Worlds per trial.", min=2)] = 32,
    seed: Annotated[int, typer.Option(help="Seed of those worlds.", min=0)] = 1000,
    threads: Threads = None,
    out: Out = None,
) -> None:
    """Fit the values that a scenario lists under `fitted` to its targets; show the fit on other seeds."""
    scenario = _load(file)
    folder = _checked_folder(out or Path("results") / f"{scenario.name}-fit", scenario)
    with _progress("fitting") as progress:
        from smsim.calibrate import calibrate as fit_to_targets

        fit = fit_to_targets(scenario, replicates=replicates, seed=seed, threads=threads, progress=progress)
    fit.write(folder, command=_command())
    for path, value in fit.values.items():
        typer.echo(f"{path}: {value:g}")
    for row in fit.rows():
        typer.echo(
            f"{row['behaviour']}, {row['when']} under {row['strategy']}: target {row['target']:.1%}, "
            f"fitted {row['fitted']:.1%}, on other seeds {row['other_seeds']:.1%}"
        )
    typer.echo(f"\nFit: {folder / 'fit.json'}. The scenario file is yours to change: copy the values into it.")


@app.command("app")
def workshop(
    file: Annotated[str | None, typer.Argument(metavar="[FILE]", help="Scenario file to begin with.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; a free one if not given.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the browser.")] = True,
) -> None:
    """Open the workshop in a browser, on this computer alone."""
    _needs("app", "panel", "bokeh")
    from smsim.app.page import serve

    serve(file, port, browser, say=lambda text: typer.echo(text, err=True))


@app.command()
def evaluate(
    file: File,
    strategy: Annotated[str, typer.Option(metavar="NAME", help="The strategy that is evaluated.")] = "hybrid",
    clusters: Annotated[int | None, typer.Option(help="Clusters per arm and round; 30 if the file plans none.")] = None,
    per_cluster: Annotated[int | None, typer.Option(help="Households per cluster (7) or LQAS lot (19).")] = None,
    lqas: Annotated[bool, typer.Option("--lqas", help="A sample in every lot (catchment area) instead.")] = False,
    question: Annotated[str, typer.Option(help="direct, or list: a list experiment for a taboo.")] = "direct",
    control: Annotated[float | None, typer.Option(help="Share of communities without campaign, as control.")] = None,
    behaviour: Annotated[str | None, typer.Option(metavar="NAME", help="The file's first if not given.")] = None,
    replicates: Annotated[int | None, typer.Option(help="Simulated worlds.")] = None,
    seed: Seed = None,
    threads: Threads = None,
    as_json: Json = False,
    out: Out = None,
) -> None:
    """Simulate the survey that a programme would run: what it would report, and whether it would find the effect."""
    scenario = _load(file, seed=seed, replicates=replicates)
    folder = _checked_folder(out or Path("results") / f"{scenario.name}-evaluation", scenario)
    with _progress("evaluating") as progress:
        from smsim.evaluate import evaluate as survey_worlds

        found = survey_worlds(
            scenario, strategy, clusters, per_cluster, question, lqas, control, behaviour,
            threads=threads, progress=progress,
        )  # fmt: skip
        found.write(folder, command=_command())
    if as_json:
        typer.echo(found.table().to_json(orient="records", indent=2))
        return
    for sentence in found.summary():
        typer.echo(sentence)
    typer.echo(f"\nPicture: {folder / 'evaluation.png'}")


@app.command()
def validate(
    quick: Annotated[bool, typer.Option("--quick", help="Only the fast checks, under a minute.")] = False,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also check the real networks of this folder.")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Write docs/verification.md and its pictures.")] = False,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Check the simulator against theorems, published results and other programs."""
    from smsim.validate.command import check_writable, show
    from smsim.validate.command import validate as run_studies

    if write:
        check_writable(quick, Path("docs"))
    with _progress("validating") as progress:
        found = run_studies(quick=quick, data=data, threads=threads, progress=progress)
    if as_json:
        typer.echo(found.as_json())
    else:
        show(found)
    if write:
        for path in found.write(Path("docs")):
            typer.echo(f"Written: {path}", err=as_json)
    if not found.holds:
        raise typer.Exit(1)


@app.command()
def parameters(
    section: Annotated[str | None, typer.Option(metavar="NAME", help="Only world, behaviour, activities, ...")] = None,
    as_json: Json = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of scenario files, for editors.")
    ] = False,
) -> None:
    """List every parameter with its range and source."""
    from dataclasses import asdict

    from smsim.parameters import PARAMETERS

    if schema:
        from smsim.scenario import json_schema

        typer.echo(json.dumps(json_schema(), indent=1))
        return
    known = list(dict.fromkeys(p.section for p in PARAMETERS.values()))
    if section is not None and section not in known:
        raise ScenarioError(f"no section {section!r}; there are {', '.join(known)}")
    chosen = [p for p in PARAMETERS.values() if section in (None, p.section)]
    if as_json:
        typer.echo(json.dumps([{"path": p.path} | asdict(p) for p in chosen], indent=2))
        return
    for p in chosen:
        symbol = f" ({p.symbol})" if p.symbol else ""
        valid = f"one of {', '.join(p.choices)}" if p.choices else f"valid {p.low:g} to {p.high:g}"
        swept = f"; swept {p.sweep.low:g} to {p.sweep.high:g} ({p.sweep.scale})" if p.sweep else ""
        default = f"{p.default:g}" if isinstance(p.default, float) else str("none" if p.default is None else p.default)
        limits = "" if p.default is None else f"; {valid}{swept}"
        typer.echo(f"{p.path}{symbol}: {default} {p.unit}{limits}\n    {p.doc}. Source: {p.source}")


@app.command()
def scenarios(
    folder: Annotated[Path, typer.Argument(help="Folder of scenario files.")] = Path("scenarios"),
    as_json: Json = False,
) -> None:
    """List the scenario files of a folder."""
    from smsim.scenario import load_scenario

    if not os.path.isdir(folder):  # noqa: PTH112  # Path.is_dir fails for a name that is too long
        raise ScenarioError(f"{folder}: there is no such folder; name the folder that holds your scenario files")
    rows = []
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        try:
            rows.append(_row(path, load_scenario(path)))
        except ScenarioError as error:
            rows.append({"file": str(path), "problem": str(error)})
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    else:
        for row in rows or [{"file": str(folder), "problem": f"{folder}: no scenario files here (*.yaml)"}]:
            typer.echo(row["problem"] if "problem" in row else _row_text(row), err="problem" in row)
    if any("problem" in row for row in rows):
        raise typer.Exit(2)


def _row(path: Path, scenario: Scenario) -> dict[str, Any]:
    grades = [entry["grade"] for entry in scenario.evidence]
    return {
        "file": str(path),
        "name": scenario.name,
        "title": scenario.about.get("title", ""),
        "behaviours": list(scenario.behaviours),
        "targets": len(scenario.targets),
        "illustrative": scenario.illustrative,
        "evidence": {grade: grades.count(grade) for grade in ("measured", "derived", "assumed")},
        "digest": scenario.digest,
    }


def _row_text(row: dict[str, Any]) -> str:
    compared = f"{row['targets']} target{'s' * (row['targets'] > 1)}" if row["targets"] else "illustrative"
    evidence = ", ".join(f"{count} {grade}" for grade, count in row["evidence"].items() if count) or "none"
    return f"{row['file']}: {row['title'] or row['name']}\n    {compared}; evidence: {evidence}"


# ---- shared by the commands


def _load(file: str, seed: int | None = None, replicates: int | None = None) -> Scenario:
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


def _needs(extra: str, *packages: str) -> None:
    """A sentence instead of a traceback where an extra is not installed."""
    from importlib.util import find_spec

    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise ScenarioError(
            f"this needs {' and '.join(missing)}, of the extra {extra!r}; install it: pip install 'smsim[{extra}]'"
        )


def _known_strategies(scenario: Scenario, names: list[str]) -> None:
    from difflib import get_close_matches

    known = [*scenario.strategies, "none"]
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            remedy = f"did you mean {close[0]!r}?" if close else f"this scenario has {', '.join(known)}"
            raise ScenarioError(f"no strategy {name!r}; {remedy}")


def _command() -> str:
    """The command as typed, for the manifest; without the path of the program, which says nothing elsewhere."""
    import shlex

    return shlex.join(["smsim", *sys.argv[1:]])


def _checked_folder(out: Path | None, scenario: Scenario) -> Path:
    """The folder for the results; found writable now, so that nobody waits an hour to learn that it is not."""
    import tempfile

    folder = out if out is not None else Path("results") / scenario.name
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


@contextmanager
def _progress(doing: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr; call it with (done, total)."""
    from smsim.engine import cache_folder

    if not any(cache_folder().glob("**/*.nbi")):
        typer.echo("The first run compiles the engine for this machine, which takes a minute or two.", err=True)
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, total=None)

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield advance
