"""Fitting: the few values that a scenario lists under `fitted`, to its targets, on stated seeds.

Every trial runs the same worlds with the same draws, so the distance to the targets is a function, not a noise, and
least squares (scipy's trust-region method) can walk it. What was fitted must then be judged on other seeds.

An entry with `when: baseline` sees the state before the campaign and nothing else, so that what the campaign then does
is foretold; entries without `when` are fitted afterwards, together, to the targets that no such entry has claimed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from smsim.engine.arrays import Array
from smsim.errors import ScenarioError
from smsim.folder import whole_folder, write_manifest
from smsim.outcomes import WHENS, Key, outcomes_of
from smsim.parameters import PARAMETERS, Parameter
from smsim.runner import replicate_seed, run_all
from smsim.saying import say_count
from smsim.scenario import Scenario, Target
from smsim.simulate import simulate_all
from smsim.world import World

FAR = 1e3  # tolerances; the distance of values that cannot be run
TRIALS = 8  # of each walk, and again for the slope along each of its values
STEP = 0.04  # of the sweep range: wide enough to move many of the few hundred events that a target is counted on


@dataclass(frozen=True)
class Fit:
    """Fitted values and what the simulation gives with them, on the seeds of the fit and on others."""

    scenario: Scenario  # with the fitted values
    values: dict[str, float]  # path -> value
    seeds: tuple[int, ...]
    reproduced: tuple[float, ...]  # mean of each target's coverage, on the seeds of the fit
    fresh: tuple[float, ...]  # and on as many others

    def rows(self) -> list[dict[str, Any]]:
        """One row per target: what it is, the value to reproduce, what came out on the two sets of seeds."""
        return [
            {
                "behaviour": target.behaviour,
                "strategy": target.strategy,
                "against": target.against,
                "measure": target.measure,
                "when": target.when,
                "target": target.value,
                "tolerance": target.tolerance,
                "fitted": fitted,
                "other_seeds": fresh,
            }
            for target, fitted, fresh in zip(self.scenario.targets, self.reproduced, self.fresh, strict=True)
        ]

    def write(self, folder: str | os.PathLike[str], command: str | None = None) -> None:
        """Write fit.json: the values, what they reproduce, on which seeds, and where all of it comes from."""
        targets = [{k: float(v) if isinstance(v, np.floating) else v for k, v in row.items()} for row in self.rows()]
        with whole_folder(folder) as staging:
            details = {"values": self.values, "targets": targets, "seeds": [str(seed) for seed in self.seeds]}
            write_manifest(staging / "fit.json", self.scenario, command, details)


def calibrate(
    scenario: Scenario,
    replicates: int = 8,
    seed: int = 1000,
    threads: int | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> Fit:
    """Fit the values listed under `fitted` to the targets; everything else stays as it is.

    Parameters
    ----------
    replicates : worlds per trial, the same in every trial
    seed : of those worlds; seed + 1 gives the others, on which the fit is shown

    Raises
    ------
    ScenarioError : no targets, nothing to fit, or more values to fit than targets to fit them to
    """
    paths = list(dict.fromkeys(entry["path"] for entry in scenario.fitted))
    if not paths or not scenario.targets:
        raise ScenarioError(f"{scenario.name}: to fit, a scenario needs `targets`, and `fitted`: what to fit to them")
    stages = _stages(scenario)
    seeds = tuple(replicate_seed(seed, r) for r in range(replicates))
    trials = TRIALS * (len(paths) + len(stages))
    tried = 0

    def tick() -> None:
        nonlocal tried
        tried = min(tried + 1, trials - 1)
        if progress is not None:
            progress(tried, trials)

    values: dict[str, float] = {}
    for own, places in stages:
        values |= _walk(with_values(scenario, values), own, places, seeds, threads, tick)
    fitted = with_values(scenario, values)
    others = [replicate_seed(seed + 1, r) for r in range(replicates)]
    result = Fit(
        fitted, values, seeds, tuple(reproduce(fitted, seeds, threads)), tuple(reproduce(fitted, others, threads))
    )
    if progress is not None:
        progress(trials, trials)
    return result


def _stages(scenario: Scenario) -> list[tuple[list[str], list[int]]]:
    """Which values are fitted to which targets (by place), in this order; no target is used twice."""
    last = {str(entry["path"]): str(entry.get("when") or "") for entry in scenario.fitted}
    stages: list[tuple[list[str], list[int]]] = []
    left = list(range(len(scenario.targets)))
    for when in (*WHENS, ""):
        paths = [path for path, own in last.items() if own == when]
        if not paths:
            continue
        places = [i for i in left if when in ("", scenario.targets[i].when)]
        left = [i for i in left if i not in places]
        if len(paths) > len(places):
            at = f" of `when: {when}`" if when else " that no other fitted value claims" if stages else ""
            raise ScenarioError(
                f"{scenario.name}: fitted must list at most as many values as there are targets{at}; "
                f"got {say_count(len(paths), 'value')} and {say_count(len(places), 'target')}"
            )
        stages.append((paths, places))
    return stages


def _walk(
    scenario: Scenario,
    paths: Sequence[str],
    places: Sequence[int],
    seeds: Sequence[int],
    threads: int | None,
    tick: Callable[[], Any],
) -> dict[str, float]:
    """Values of these paths with the least squared distance, in tolerances, to the targets at these places."""
    from scipy.optimize import least_squares

    known = [parameter_at(path) for path in paths]
    low = np.array([p.low for p in known])
    high = np.array([p.high for p in known])
    start = np.array([_start(scenario, path) for path in paths])
    # Values of very different size (a threshold, a price) are walked in units of their plausible range, from 1:
    # value = start + (x - 1) width, so that a first step is a share of the range even where the value starts at 0.
    width = np.array([p.sweep.high - p.sweep.low if p.sweep else 1.0 for p in known])
    goals = np.array([scenario.targets[i].value for i in places])
    tolerances = np.array([scenario.targets[i].tolerance for i in places])
    before = all(scenario.targets[i].when == "baseline" for i in places)
    first = True

    def distance(x: Array) -> Array:
        nonlocal first
        tick()
        trial = with_values(scenario, dict(zip(paths, start + (x - 1) * width, strict=True)))
        try:
            found = reproduce(_before(trial) if before else trial, seeds, threads)[list(places)]
            missed: Array = (found - goals) / tolerances
        except ScenarioError:  # a budget below the set-up: far from every target, so that the walk turns back
            if first:
                raise
            return np.full(len(goals), FAR)
        first = False
        return missed

    found = least_squares(
        distance,
        np.ones(len(paths)),
        bounds=(1 + (low - start) / width, 1 + (high - start) / width),
        diff_step=STEP,
        max_nfev=TRIALS - 1,
        xtol=1e-3,
        ftol=1e-3,
    )
    return {path: float(f"{x:.3g}") for path, x in zip(paths, start + (found.x - 1) * width, strict=True)}


def _before(scenario: Scenario) -> Scenario:
    """As far as the targets of the baseline can see: no strategy, and nothing after the first week of the campaign."""
    short = scenario.replace(campaign={"weeks": 1}, run={"follow_up_weeks": 0})
    return replace(short, targets=tuple(replace(t, strategy="none", against="") for t in short.targets))


def reproduce(scenario: Scenario, seeds: Sequence[int], threads: int | None = None) -> Array:
    """Mean simulated coverage of each target over the worlds of these seeds, float64 (targets,)."""
    return np.asarray(np.mean(run_all(partial(simulated, scenario), seeds, threads=threads), axis=0))


def simulated(scenario: Scenario, seed: int, world: World | None = None) -> list[float]:
    """What one world gives for each target of the scenario."""
    strategies = tuple(dict.fromkeys(s for t in scenario.targets for s in t.strategies))
    runs = simulate_all(scenario, strategies, seed, world)
    found = {name: outcomes_of(scenario, run.ledger, run.record) for name, run in runs.items()}

    def value(target: Target) -> float:
        key = Key(target.behaviour, target.group, target.outcome)
        return float(target.read(lambda strategy: found[strategy][key]))

    return [value(target) for target in scenario.targets]


def parameter_at(path: str) -> Parameter:
    """The entry of the table for a path of a scenario, such as ``behaviours.delivery.threshold_mean``."""
    parts = path.split(".")
    section = "behaviour" if parts[0] == "behaviours" else parts[0]
    return PARAMETERS[f"{section}.{parts[-1]}"]


def beyond(path: str, value: float) -> str:
    """A remark where a value lies outside the range that is thought plausible, and "" otherwise."""
    sweep = parameter_at(path).sweep
    if sweep is None or sweep.low <= value <= sweep.high:
        return ""
    return f" (outside the {sweep.low:g} to {sweep.high:g} that is thought plausible)"


def with_values(scenario: Scenario, values: dict[str, float]) -> Scenario:
    """The scenario with numbers changed by path."""
    changes: dict[str, Any] = {}
    for path, value in values.items():
        *sections, name = path.split(".")
        inner = changes
        for section in sections:
            inner = inner.setdefault(section, {})
        inner[name] = float(value)
    return scenario.replace(**changes)


def _start(scenario: Scenario, path: str) -> float:
    section, *rest, name = path.split(".")
    inner = getattr(scenario, section)
    return float(inner[rest[0]][name] if rest else inner[name])
