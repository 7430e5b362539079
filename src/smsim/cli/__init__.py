"""The command line. Nothing heavy is imported before a command needs it: ``smsim --help`` must answer at once.

Exit codes: 0 fine, 1 a run failed, 2 bad input, 130 interrupted.
"""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from smsim.cli.networks import MappingFile, calibrate_data, predict
from smsim.cli.programme import evaluate, premortem
from smsim.cli.scenarios import scenarios
from smsim.cli.shared import File, Json, Out, Seed, Threads
from smsim.cli.shared import checked_folder as _checked_folder
from smsim.cli.shared import command_line as _command
from smsim.cli.shared import known_language as _known_language
from smsim.cli.shared import known_strategies as _known_strategies
from smsim.cli.shared import load as _load
from smsim.cli.shared import progress_bar as _progress
from smsim.cli.shared import spare_linear_algebra as _spare_linear_algebra
from smsim.cli.sweep import sweep
from smsim.cli.workshop import pack, workshop
from smsim.errors import RunError, ScenarioError, SmsimError


def _said_plainly(error: typer.BadParameter) -> str | None:
    """What a mistyped number must be and what was given, which typer does not say; None for other mistakes."""
    flaws: list[Any] = getattr(error.__cause__, "errors", list)()
    if not flaws or error.param is None:
        return None
    flaw, limits = flaws[0], flaws[0].get("ctx", {})
    must = {
        "int_parsing": "a whole number",
        "int_from_float": "a whole number",
        "float_parsing": "a number",
        "greater_than_equal": f"{limits.get('ge')} or more",
        "greater_than": f"more than {limits.get('gt')}",
        "less_than_equal": f"{limits.get('le')} or less",
        "less_than": f"less than {limits.get('lt')}",
    }.get(flaw["type"])
    envvar = getattr(error.param, "envvar", None)
    name = error.param.opts[-1] + (f" (or {envvar})" if envvar else "")
    return f"{name} must be {must}; got {flaw['input']}" if must else None


class Sentences(TyperGroup):
    """Turns what goes wrong on purpose into a sentence and an exit code; only bugs leave a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            sentence = _said_plainly(error)
            if sentence is None:
                raise
            typer.echo(sentence, err=True)
            raise typer.Exit(2) from None
        except SmsimError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1 if isinstance(error, RunError) else 2) from None
        except MemoryError:
            typer.echo("not enough memory: use fewer --threads or fewer world.households", err=True)
            raise typer.Exit(1) from None
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            # Whoever writes results says where. Here it is a stream, or the engine that a first run compiles.
            import numba

            import smsim.engine  # noqa: F401 - it names the folder

            folder = numba.config.CACHE_DIR  # type: ignore[attr-defined]  # Numba makes it when it starts
            typer.echo(
                f"a disk has no room left ({error.strerror}); make room and start again. A first run keeps the "
                f"compiled engine, some 15 MB, in {folder}, or where NUMBA_CACHE_DIR says",
                err=True,
            )
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

STRIDE = 13  # weeks of a run between two steps of its progress bar


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
def warmup() -> None:
    """Compile the engine for this machine now, so that nobody waits for it later."""
    import time

    with _progress("compiling") as progress:
        from smsim.simulate import warm_up

        began = time.perf_counter()
        progress(0, 1)
        warm_up()
        progress(1, 1)
    typer.echo(f"Ready: the engine is compiled ({time.perf_counter() - began:.0f} s).")


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
    _spare_linear_algebra()
    with _progress("simulating") as progress:
        from smsim.simulate import prepare

        prepared = prepare(scenario, strategy)
        state, record = prepared.begin()
        for first in range(0, prepared.weeks, STRIDE):
            stop = min(first + STRIDE, prepared.weeks)
            prepared.advance(state, record, first, stop)
            progress(stop, prepared.weeks)
    prepared.finish(state, record).write(folder, command=_command())
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
    language: Annotated[str, typer.Option(help="Language of the report: en, fr, es, pt, sw, hi or ar.")] = "en",
    out: Out = None,
) -> None:
    """Compare strategies at equal budget; write a report."""
    _known_language(language)
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
    with _progress("drawing", compiles=False) as progress:
        comparison.write(folder, command=_command(), language=language, progress=progress)
    for sentence in comparison.summary(language):
        typer.echo(sentence)
    typer.echo(f"\nReport: {folder / 'report.html'}")


app.command()(predict)
app.command()(sweep)
app.command("app")(workshop)
app.command()(pack)
app.command()(premortem)
app.command()(evaluate)


@app.command()
def calibrate(
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="A scenario file with `targets` and `fitted`.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Instead: a folder of villages, nodes.csv and edges.csv.")
    ] = None,
    mapping: MappingFile = None,
    replicates: Annotated[int, typer.Option(help="Worlds per trial.", min=2)] = 32,
    seed: Annotated[int, typer.Option(help="Seed of those worlds.", min=0)] = 1000,
    threads: Threads = None,
    out: Out = None,
) -> None:
    """Fit what a scenario lists under `fitted` to its targets; or, with --data, the adoption rule to real villages."""
    if (file is None) == (data is None):
        raise ScenarioError("calibrate needs a scenario file, or --data and a folder of villages: one of the two")
    if data is not None:
        calibrate_data(data, mapping, out, seed, threads)
        return
    assert file is not None
    if mapping is not None:
        raise ScenarioError("--mapping names the columns of --data; a scenario file needs none")
    scenario = _load(file)
    folder = _checked_folder(out or Path("results") / f"{scenario.name}-fit", scenario)
    with _progress("fitting") as progress:
        from smsim.calibrate import beyond
        from smsim.calibrate import calibrate as fit_to_targets

        fit = fit_to_targets(scenario, replicates=replicates, seed=seed, threads=threads, progress=progress)
    fit.write(folder, command=_command())
    for path, value in fit.values.items():
        typer.echo(f"{path}: {value:g}{beyond(path, value)}")
    for row in fit.rows():
        typer.echo(
            f"{row['behaviour']}, {row['when']} under {row['strategy']}: target {row['target']:.1%}, "
            f"fitted {row['fitted']:.1%}, on other seeds {row['other_seeds']:.1%}"
        )
    typer.echo(f"\nFit: {folder / 'fit.json'}. The scenario file is yours to change: copy the values into it.")


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
        step = f". Step: {p.step}" if p.step else ""
        typer.echo(f"{p.path}{symbol}: {default} {p.unit}{limits}\n    {p.doc}. Source: {p.source}{step}")


app.command()(scenarios)
