"""Cases of the evidence: every scenario file run on seeds that no fit has used, and set beside what was measured.

Three questions, from one command. Does a case give its targets? How many values were fitted to how many targets? And
would the other cases have foretold it: with the one value that all share fitted to them alone, and what the case had
fitted to its own result put back to what was assumed before (`prior` in the file)?
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from smsim import __version__
from smsim import cases_text as text
from smsim.calibrate import simulated, with_values
from smsim.compare import compare
from smsim.engine.arrays import Array
from smsim.errors import RunError, ScenarioError
from smsim.findings import TargetCheck
from smsim.outcomes import WHENS
from smsim.runner import replicate_seed, run_all
from smsim.scenario import Scenario, Target, load_scenario
from smsim.world import build_world

# Of the worlds on which cases are judged; the files say on which other seeds they were fitted. It was 9000 until a case
# was fitted anew after a look at its gap there: a seed that has changed a file does not judge it.
SEED = 20_261
REPLICATES = (
    100  # worlds differ by 5 to 7 points (sd), so that a median is good to three quarters of a point (standard error)
)
ILLUSTRATIVE = 20  # at most so many where nothing is judged
FORETELLING = 4  # a fourth of the worlds: it is the mean gap of all cases that counts
SHARED = "persuasion_weight"  # the value of the decision rule that all cases have in common, and that no survey gives
GRID = (0.1, 0.2, 0.3, 0.4, 0.5)  # over its swept range


class Level(NamedTuple):
    """What a scenario gives for one strategy and behaviour at the end of the campaign, as shares."""

    strategy: str
    behaviour: str
    baseline: float  # medians over the worlds
    end: float
    follow_up: float
    lower: float  # of the end, 90% of the worlds
    upper: float


@dataclass(frozen=True)
class Case:
    """One scenario file, run: its targets beside the simulation, and what every strategy that was run gives."""

    file: str
    scenario: Scenario
    checks: tuple[TargetCheck, ...]
    levels: tuple[Level, ...]

    @property
    def title(self) -> str:
        """What the case is about."""
        return self.scenario.about.get("title", self.scenario.name)

    @property
    def met(self) -> int:
        """Targets that the median of the worlds reaches within tolerance."""
        return sum(check.verdict == "met" for check in self.checks)

    @property
    def fitted(self) -> tuple[str, ...]:
        """Paths of the values that were fitted to this case."""
        return tuple(dict.fromkeys(str(entry["path"]) for entry in self.scenario.fitted))

    @property
    def grades(self) -> str:
        """How the figures of the file are known: "3 measured, 1 derived"."""
        grades = [entry["grade"] for entry in self.scenario.evidence]
        counts = {grade: grades.count(grade) for grade in ("measured", "derived", "assumed")}
        return ", ".join(f"{n} {grade}" for grade, n in counts.items() if n) or "none"


class Shared(NamedTuple):
    """What the cases say of the value that they share: the one that all together ask for, and that of the files."""

    best: float
    best_gap: float  # mean size of the gaps, results unknown to every case, every case weighing the same
    used: float  # in most files
    used_gap: float


class Foretold(NamedTuple):
    """One target of a case, predicted from the other cases, as shares."""

    case: str
    behaviour: str
    strategy: str
    target: float
    tolerance: float
    predicted: float
    unchanged: float  # what would be foretold if nothing changed; missing where it cannot be said
    shared: float  # the shared value that the other cases ask for

    @property
    def gap(self) -> float:
        """Predicted less target."""
        return self.predicted - self.target


@dataclass(frozen=True)
class Report:
    """What `smsim scenarios --check` found."""

    cases: tuple[Case, ...]
    foretold: tuple[Foretold, ...]
    shared: Shared
    replicates: int
    seed: int

    def rows(self) -> dict[str, Any]:
        """Everything as plain values, for scripts."""
        return text.as_rows(self.cases, self.foretold, self.shared)

    def screen(self) -> str:
        """The tables, to read."""
        return text.screen(self.cases, self.foretold, self.shared)

    def write(self, file: Path) -> None:
        """Write the page of the evidence, ``docs/evidence.md``.

        Raises
        ------
        ScenarioError : the file cannot be written
        """
        made = f"{self.replicates} worlds per case, base seed {self.seed}, smsim {__version__}"
        options = f" --replicates {self.replicates}" if self.replicates != REPLICATES else ""
        options += f" --seed {self.seed}" if self.seed != SEED else ""
        command = f"smsim scenarios --check{options} --write {file.as_posix()}"
        page = text.markdown(self.cases, self.foretold, self.shared, command, made)
        try:
            file.write_bytes(page.encode("utf-8"))
        except OSError as error:
            raise ScenarioError(f"--write {file}: cannot write there ({error.strerror}); name another file") from None


def report_on(
    files: Sequence[Path],
    replicates: int = REPLICATES,
    seed: int = SEED,
    threads: int | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> Report:
    """Run every scenario file on unused seeds, and foretell each measured case from the others.

    Raises
    ------
    ScenarioError : no files, or one cannot be read or run
    RunError : a world failed
    """
    if not files:
        raise ScenarioError("no scenario files here (*.yaml); name a folder that holds some")
    cases = load_cases(files)
    parts = len(cases) + sum(any(_is_result(s, t) for t in s.targets) for _, s in cases)

    def later(done: int, total: int) -> None:
        if progress is not None:
            progress(len(cases) + done, parts)

    checked = check_cases(cases, replicates, seed, threads, progress and (lambda done, total: progress(done, parts)))
    foretold, shared = leave_one_out(cases, max(2, replicates // FORETELLING), seed, threads, later)
    return Report(tuple(checked), tuple(foretold), shared, replicates, seed)


def load_cases(files: Iterable[Path]) -> list[tuple[Path, Scenario]]:
    """All files read; every problem of all of them at once.

    Raises
    ------
    ScenarioError : a file cannot be read or run
    """
    found, problems = [], []
    for file in files:
        try:
            found.append((file, load_scenario(file)))
        except ScenarioError as error:
            problems.append(str(error))
    if problems:
        raise ScenarioError("\n".join(problems))
    return found


def check_cases(
    cases: Sequence[tuple[Path, Scenario]],
    replicates: int = REPLICATES,
    seed: int = SEED,
    threads: int | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> list[Case]:
    """Run every case on the worlds of these seeds: with targets, the strategies they name, else all of the file.

    Where there are no targets, `ILLUSTRATIVE` worlds suffice.

    Raises
    ------
    RunError : a world of a case failed; says which
    """
    found = []
    for n, (file, scenario) in enumerate(cases):
        if progress is not None:
            progress(n, len(cases))
        named = tuple(dict.fromkeys(s for t in scenario.targets for s in t.strategies if s != "none"))
        worlds = replicates if scenario.targets else min(replicates, ILLUSTRATIVE)
        try:
            comparison = compare(scenario, worlds, seed, threads, named or None)
        except (RunError, ScenarioError) as error:
            raise type(error)(f"{file}: {error}") from error
        levels = []
        for strategy in comparison.strategies:
            for behaviour in scenario.behaviours:
                median = {w: float(np.median(comparison.worlds(strategy, f"coverage_{w}", behaviour))) for w in WHENS}
                band = comparison.band(strategy, "coverage_end", behaviour)
                levels.append(Level(strategy, behaviour, median["baseline"], median["end"], median["follow_up"], *band))
        checks = tuple(TargetCheck(*row) for row in comparison.targets().itertuples(index=False))
        found.append(Case(str(file), scenario, checks, tuple(levels)))
    if progress is not None:
        progress(len(cases), len(cases))
    return found


def leave_one_out(
    cases: Sequence[tuple[Path, Scenario]],
    replicates: int = REPLICATES,
    seed: int = SEED,
    threads: int | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> tuple[list[Foretold], Shared]:
    """What the other cases foretell of each case with a measured result, and what all say of the shared value.

    Every case is run with each value of `GRID` for the shared one and its own results unknown: what it fitted to them
    stands at its `prior`, what it fitted to its baseline stays. For each case, the shared value is then the one that
    brings the others nearest to their results (least mean absolute gap, every case weighing the same; linear between
    the values of the grid). Cases of which only the level at the end is known take no part: nothing says where they
    began.
    """
    judged = [(file, s) for file, s in cases if any(_is_result(s, t) for t in s.targets)]
    seeds = [replicate_seed(seed, r) for r in range(replicates)]
    curves: list[Array] = []  # of each case: simulated (grid, results)
    for n, (_, scenario) in enumerate(judged):
        if progress is not None:
            progress(n, len(judged))
        trials = [with_values(scenario, _unfitted(scenario, value)) for value in GRID]
        places = [i for i, t in enumerate(scenario.targets) if _is_result(scenario, t)]
        worlds = run_all(partial(_one_world, trials), seeds, threads=threads)
        curves.append(np.mean(worlds, axis=0)[:, places])
    if progress is not None:
        progress(len(judged), len(judged))
    fine = np.linspace(GRID[0], GRID[-1], 41)
    paths = [np.array([np.interp(fine, GRID, column) for column in curve.T]) for curve in curves]  # (results, fine)
    goals = [np.array([t.value for t in s.targets if _is_result(s, t)]) for _, s in judged]
    misses = np.array([np.abs(path - goal[:, None]).mean(axis=0) for path, goal in zip(paths, goals, strict=True)])
    found = []
    for n, (_, scenario) in enumerate(judged):
        others = np.delete(misses, n, axis=0)
        best = int(np.argmin(others.mean(axis=0))) if len(others) else len(fine) // 2
        results = [t for t in scenario.targets if _is_result(scenario, t)]
        for target, path in zip(results, paths[n], strict=True):
            before = [t.value for t in scenario.targets if t.behaviour == target.behaviour and t.when == "baseline"]
            unchanged = 0.0 if target.against else before[0] if before else math.nan
            about = (scenario.name, target.behaviour, target.strategy, target.value, target.tolerance)
            found.append(Foretold(*about, float(path[best]), unchanged, float(fine[best])))
    if not judged:
        return found, Shared(math.nan, math.nan, math.nan, math.nan)
    mean = misses.mean(axis=0)
    used = Counter(float(b[SHARED]) for _, s in judged for b in s.behaviours.values()).most_common(1)[0][0]
    return found, Shared(float(fine[np.argmin(mean)]), float(mean.min()), used, float(np.interp(used, fine, mean)))


def _one_world(trials: Sequence[Scenario], seed: int) -> list[list[float]]:
    """What every trial gives for its targets in the same world: they differ in what no world depends on."""
    world = build_world(trials[0], seed)
    return [simulated(trial, seed, world) for trial in trials]


def _is_result(scenario: Scenario, target: Target) -> bool:
    """A surveyed figure of what the campaign changed: a difference, or a level where the level before is known."""
    if target.when == "baseline" or target.strategy == "none" or target.measure != "surveyed":
        return False
    before = [t for t in scenario.targets if t.behaviour == target.behaviour and t.when == "baseline"]
    return bool(target.against or before)


def _unfitted(scenario: Scenario, shared: float) -> dict[str, float]:
    """Values that hide a case's results from it: the shared one everywhere, and what it fitted to them at its prior."""
    prior = {str(e["path"]): float(e["prior"]) for e in scenario.fitted if e.get("prior") not in (None, "")}
    return prior | {f"behaviours.{name}.{SHARED}": shared for name in scenario.behaviours}
