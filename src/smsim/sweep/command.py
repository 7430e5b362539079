"""The body of `smsim sweep`: run or resume, merge shards, show how far it is, analyse, write."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from smsim.cluster import MANY, PROCESSES
from smsim.errors import RunError, ScenarioError
from smsim.folder import package_version
from smsim.runner import default_threads
from smsim.scenario import Scenario, load_scenario
from smsim.sweep.bundle import BUNDLE, bundle_spec, compare_with, is_bundle, write_bundle
from smsim.sweep.execute import code_digest, complete, read_shard
from smsim.sweep.problem import read_groups
from smsim.sweep.store import SPEC, Status, Store
from smsim.sweep.study import RUNS, Sweep, is_begun, load_sweep, sweep, sweep_again
from smsim.sweep.write import write_sweep

Progress = Callable[[int, int], Any]
RESULTS = Path("results")


@dataclass
class Options:
    """What was asked on the command line; None where nothing was said."""

    method: str = "sobol"
    n: int | None = None
    replicates: int = 4
    seed: int | None = None
    factors: list[str] = field(default_factory=list)
    strategies: list[str] | None = None
    groups: list[str] = field(default_factory=list)
    by_section: bool = False
    second_order: bool = True
    decide: str | None = None
    phase: str | None = None
    threads: int | None = None
    cluster: str | None = None
    shard: str | None = None
    merge: bool = False
    status: bool = False
    bundle: bool = False

    @property
    def where(self) -> str | None:
        """The cluster; without one, processes for as many runs side by side as threads would hinder."""
        if self.cluster is not None:
            return self.cluster
        count = default_threads() if self.threads is None else self.threads
        return PROCESSES if count >= MANY else None

    @property
    def two_factors(self) -> list[str] | None:
        """What --phase names."""
        return None if self.phase is None else [name.strip() for name in self.phase.split(",")]


# Options that decide what is run.
DECIDED = {
    "method": "--method", "n": "-n", "replicates": "--replicates", "seed": "--seed", "factors": "--factor",
    "strategies": "--strategies", "groups": "--group", "by_section": "--by-section",
    "second_order": "--no-second-order",
}  # fmt: skip
USUAL_N = {"sobol": 64, "morris": 20, "fast": 129, "grid": 9}  # other methods: 512 points


def sweep_command(
    file: str | None,
    folders: list[str],
    out: Path | None,
    options: Options,
    command: str,
    checked_folder: Callable[[Path, Scenario], Path],
    progress: Callable[[str], AbstractContextManager[Progress]],
) -> bool:
    """What `smsim sweep` does; whether a run failed.

    Raises
    ------
    ScenarioError : anything that cannot be used
    RunError : parts of a merge are missing
    """
    if file is None:
        if not options.status:
            raise ScenarioError("name a scenario file, or the folder of a sweep that was begun: smsim sweep FILE")
        _echo(status_lines(known_sweeps()) or ["No sweeps below results/."])
        return False
    if is_bundle(file):
        return _rerun(Path(file), out, options, command, progress)
    if file.endswith(".zip"):
        raise ScenarioError(f"{file}: is no bundle of a sweep, or there is none; `smsim sweep FILE --bundle` makes one")
    begun = Path(file) if is_begun(file) else None
    if begun and not options.merge:
        refuse_other_request(begun, options)
    if options.merge:
        parts = [file, *folders] if begun else folders  # the scenario is in the parts; naming it as well is fine
        target = out or begun
        if target is None:
            raise ScenarioError("--merge needs --out: the folder of the shards' common store, or one to gather them in")
        study = merge(target, [part for part in parts if Path(part) != target])
        tell_by(study, options)
    else:
        if folders:
            raise ScenarioError(f"only --merge takes more folders; got {' '.join(folders)}")
        scenario = None if begun else load_scenario(file)
        target = begun or (out if out is not None else RESULTS / f"{scenario.name}-{options.method}")  # type: ignore[union-attr]
        if options.status:
            _echo(status_lines([target]))
            return False
        if begun and out is not None and out != begun:
            raise ScenarioError(f"{begun} is a sweep that was begun there; go on with it without --out")
        if is_begun(target) and (bad := len(Store.open(target / RUNS).damaged())):
            typer.echo(f"{target}: {_damaged(bad)} (not what the checksum says) and computed again", err=True)
        if options.cluster not in (None, PROCESSES) and options.shard is not None:
            raise ScenarioError("--cluster and --shard are two ways to share the work; give one")
        with progress("sweeping") as tell:
            if scenario is None:
                study = resume(target, options, tell)
            else:
                study = run_sweep(scenario, checked_folder(target, scenario), options, tell)
    if not study.finished:  # one shard of several, or another process has the rest
        _echo([*status_lines([target]), f"When every shard is done: smsim sweep {file} --merge --out {target}"])
        return study.store.status().failed > 0
    with progress("analysing") as tell:
        said = finish(study, target, command, tell)
    if options.bundle:
        said += ["", f"Bundle: {write_bundle(study, target, command)}; anybody reruns it by: smsim sweep {BUNDLE}"]
    _echo([*said, "", f"Tables and pictures: {target}"])
    return study.store.status().failed > 0


def _rerun(
    bundle: Path,
    out: Path | None,
    options: Options,
    command: str,
    progress: Callable[[str], AbstractContextManager[Progress]],
) -> bool:
    """Run what a bundle asks and compare every file with it; whether any differs."""
    target = out if out is not None else RESULTS / f"{bundle.stem}-again"
    spec, told = bundle_spec(bundle)
    with progress("sweeping") as tell:
        study = sweep_again(spec, target, options.threads, options.where, tell)
    study.decision, study.phase = told
    with progress("analysing") as tell:
        write_sweep(study, target, command, tell)
    alike, different = compare_with(bundle, target)
    if not different:
        _echo([f"The same to the byte: all {alike} files of {bundle}, run again into {target}"])
        return False
    _echo([f"{len(different)} of {alike + len(different)} files differ from {bundle}: {', '.join(different[:12])}"])
    return True


def run_sweep(scenario: Scenario, folder: Path, options: Options, progress: Progress) -> Sweep:
    """Begin a sweep in a folder or go on with it."""
    groups = read_groups(options.groups)
    return sweep(
        scenario,
        method=options.method,
        n=USUAL_N.get(options.method, 512) if options.n is None else options.n,
        replicates=options.replicates,
        seed=int(scenario.run["seed"]) if options.seed is None else options.seed,
        factors=options.factors,
        strategies=options.strategies,
        groups=groups if groups or options.by_section else None,
        second_order=options.second_order,
        decide=options.decide,
        phase=options.two_factors,
        out=folder,
        threads=options.threads,
        cluster=options.where,
        shard=read_shard(options.shard) if options.shard else None,
        progress=progress,
    )


def refuse_other_request(folder: Path, options: Options) -> None:
    """What a begun sweep runs was decided when it was begun: an option that would say otherwise is not passed over.

    Raises
    ------
    ScenarioError : naming the options
    """
    usual, given = Options(), vars(options)
    asked = [option for name, option in DECIDED.items() if given[name] != getattr(usual, name)]
    if asked:
        raise ScenarioError(
            f"{folder}: was begun, and what it runs was decided then; leave out {', '.join(asked)}, or begin another "
            "sweep with a scenario file and an --out of its own"
        )


def resume(folder: Path, options: Options, progress: Progress) -> Sweep:
    """Go on with the sweep that a folder holds, as it was begun."""
    study = load_sweep(folder)
    study.store.refuse_unless({**study.store.spec, "smsim": package_version(), "code": code_digest()})
    tell_by(study, options)
    shard = read_shard(options.shard) if options.shard else None
    complete(study.store, study.model, options.threads, options.where, shard, progress)
    return study


def tell_by(study: Sweep, options: Options) -> None:
    """What the findings of a sweep that is there are to be about.

    Raises
    ------
    ScenarioError : no such outcome or factor
    """
    if options.decide is not None:
        study.decide_by(options.decide)
    if options.phase is not None:
        study.show_phase(*options.two_factors or ())


def merge(folder: Path, shards: list[str]) -> Sweep:
    """Gather the parts of shards that ran into folders of their own; without any, those of `folder` itself.

    Raises
    ------
    ScenarioError : a folder holds no sweep, or another one
    RunError : chunks are still missing
    """
    if shards:
        first = Store.open(Path(shards[0]) / RUNS)
        target = Store.begin(folder / RUNS, {k: v for k, v in first.spec.items() if k != "design"}, first.design())
        for shard in shards:
            target.merge(Store.open(Path(shard) / RUNS))
    study = load_sweep(folder)
    missing = study.store.missing()
    if missing:
        which = _whose(missing, study.store.chunks)
        raise RunError(
            f"{folder}: {len(missing)} of {study.store.chunks} chunks are missing, {which}; run their shards, or "
            f"complete it here: smsim sweep {folder}"
        )
    return study


def _whose(missing: list[int], chunks: int) -> str:
    """The shards that make up what is missing, if some do; else where it begins."""
    for count in range(2, chunks // 2 + 1):
        shards = sorted({chunk % count for chunk in missing})
        if len(shards) < count and sum(chunk % count in shards for chunk in range(chunks)) == len(missing):
            return f"those of shard {' and '.join(f'{shard + 1}/{count}' for shard in shards)}"
    return f"the first is {missing[0]}"


def finish(study: Sweep, folder: Path, command: str, progress: Progress) -> list[str]:
    """Analyse a finished sweep and write its folder; the sentences to print."""
    write_sweep(study, folder, command, progress)
    return study.summary()


def status_lines(folders: list[Path]) -> list[str]:
    """How far the sweeps of these folders are, a line each."""
    return [f"{folder}: {_say(Store.open(folder / RUNS).status())}" for folder in folders]


def known_sweeps() -> list[Path]:
    """Folders below results/ that hold a sweep."""
    return sorted(path.parent.parent for path in RESULTS.glob(f"*/{RUNS}/{SPEC}")) if RESULTS.is_dir() else []


def _echo(lines: list[str]) -> None:
    for line in lines:
        typer.echo(line)


def _say(state: Status) -> str:
    share = state.runs_done / state.runs
    words = f"{state.runs_done:,} of {state.runs:,} runs done ({share:.0%}; {state.done:,} of {state.chunks:,} chunks)"
    words += f", {state.failed:,} failed" if state.failed else ""
    words += f", {_damaged(state.damaged)}, to be computed again" if state.damaged else ""
    return words


def _damaged(chunks: int) -> str:
    return "1 chunk is damaged" if chunks == 1 else f"{chunks:,} chunks are damaged"
