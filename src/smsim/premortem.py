"""A premortem: the campaign with each step of mobilization skipped in turn, at the same budget, in the same worlds.

Steps are judged by the coverage of the whole area, at the end of the campaign and of the follow-up. The evaluation
comes too late for that: it is judged by the next campaign, which does what the evaluation found best and pays for it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from smsim.costs import find_strategy, make_plan
from smsim.engine.arrays import Array
from smsim.errors import RunError, ScenarioError, SmsimError
from smsim.evaluate import Design, draw
from smsim.findings import bare_points, joined, money, percent, point_digits, points
from smsim.folder import MANIFEST, whole_folder, write_csv, write_manifest
from smsim.outcomes import Weeks, coverage_counts, kinds_of, share
from smsim.paired import Difference, paired_difference
from smsim.runner import replicate_seed, run_all
from smsim.scenario import Scenario
from smsim.simulate import simulate
from smsim.steps import STEPS, check_step, strategy_without, taken
from smsim.strategy import Strategy
from smsim.truth import observe
from smsim.world import World, build_world

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOMENTS = ("end", "follow_up")  # of the campaign, and of the run
HARDLY = 0.01  # a loss whose interval stays within one point hardly matters


class Loss(NamedTuple):
    """What skipping one step costs, in coverage of one behaviour at one moment."""

    step: str
    behaviour: str
    when: str
    planned: float  # mean coverage with the step
    skipped: float  # without it
    loss: Difference  # planned less skipped, worlds paired
    moved: float  # US$ that went from the step to the other field work, mean

    @property
    def verdict(self) -> str:
        """In a word: hardly matters (interval within one point), loses, gains, or cannot be told."""
        if max(abs(self.loss.lower), abs(self.loss.upper)) <= HARDLY:
            return "hardly matters"
        if not self.loss.separated:
            return "cannot be told"
        return "loses" if self.loss.mean > 0 else "gains"


def premortem(
    scenario: Scenario,
    strategy: str = "hybrid",
    steps: Sequence[str] | None = None,
    replicates: int | None = None,
    seed: int | None = None,
    threads: int | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> Premortem:
    """Skip each step of one strategy in turn.

    Parameters
    ----------
    steps : all that the plan takes if None
    replicates, seed : the scenario's own if None

    Raises
    ------
    ScenarioError : no such strategy or step, a plan that takes none of the steps, or fewer than two replicates
    RunError : a world failed; says which, and its seed
    """
    plan = find_strategy(scenario, strategy)
    if plan is None:
        raise ScenarioError(
            f"a premortem needs a strategy with steps to skip, not 'none'; this scenario has "
            f"{', '.join(scenario.strategies)}"
        )
    asked = list(STEPS) if steps is None else [check_step(name).name for name in dict.fromkeys(steps)]
    if not asked:
        raise ScenarioError(f"name at least one step to skip; the steps are {', '.join(STEPS)}")
    present = [name for name in asked if _can_be_skipped(name, scenario, plan)]
    if not present:
        raise ScenarioError(
            f"{scenario.name}, {strategy}: nothing to skip, for of {joined(asked)} the plan takes none, or "
            "does nothing else"
        )
    count = int(scenario.run["replicates"]) if replicates is None else replicates
    if not count >= 2:
        raise ScenarioError(f"replicates must be 2 or more, for an interval needs two worlds; got {count}")
    first = int(scenario.run["seed"]) if seed is None else seed
    variants = {name: _without(scenario, strategy, name) for name in present}
    # The worlds of the next campaign follow those of this one.
    pairs = [(replicate_seed(first, r), replicate_seed(first, count + r)) for r in range(count)]
    work = partial(_one_world, scenario, strategy, variants)
    worlds = run_all(work, pairs, threads=threads, progress=progress)
    values = np.array([coverage for coverage, _ in worlds])
    moved = np.array([dollars for _, dollars in worlds]).mean(axis=0)
    return Premortem(scenario, strategy, first, tuple(present), values, moved)


def _can_be_skipped(step: str, scenario: Scenario, plan: Strategy) -> bool:
    """Whether the plan takes the step, and something is left of it without."""
    try:
        return taken(step, scenario.campaign, scenario.world, plan)
    except ScenarioError:
        return False


def _without(scenario: Scenario, strategy: str, step: str) -> Scenario:
    """The scenario without a step; other strategies of which nothing would be left are left out."""
    given = scenario.to_mapping()
    for name, plan in scenario.strategies.items():
        try:
            strategy_without(step, plan)
        except ScenarioError:
            if name != strategy:
                given.get("strategies", {}).pop(name, None)
    if not given.get("strategies", True):
        del given["strategies"]
    return Scenario.from_mapping(given | {"skip": [*scenario.skip, step]}, scenario.name, scenario.path)


def _one_world(
    scenario: Scenario, strategy: str, variants: dict[str, Scenario], seeds: tuple[int, int]
) -> tuple[Array, Array]:
    """Coverage with and without each step, float64 (S, 2, moments, B), and the US$ that moved, (S,)."""
    seed, later = seeds
    try:
        world = build_world(scenario, seed)
        planned = _coverage(scenario, strategy, seed, world)
        ledger = make_plan(scenario, strategy, world, seed)[1]
        values, moved = [], []
        for name, variant in variants.items():
            if name == "evaluation":
                best = _best_measured(scenario, strategy, seed)
                next_world = build_world(scenario, later)
                pair = [_coverage(scenario, best, later, next_world), _coverage(variant, strategy, later, next_world)]
            else:
                same = variant.campaign["invitation"] == scenario.campaign["invitation"]
                own = world if same else build_world(variant, seed)
                pair = [planned, _coverage(variant, strategy, seed, own)]
            values.append(pair)
            others = [k for k in ledger.activities if k not in STEPS[name].activities]
            spent = make_plan(variant, strategy, world, seed)[1].activities
            moved.append(math.fsum(spent[k] for k in others) - math.fsum(ledger.activities[k] for k in others))
    except (SmsimError, MemoryError):
        raise
    except Exception as error:
        raise RunError(f"the world of seed {seed} failed: {type(error).__name__}: {error}") from error
    return np.array(values), np.array(moved)


def _coverage(scenario: Scenario, strategy: str, seed: int, world: World) -> Array:
    """Coverage of the whole area at the moments of `MOMENTS`, float64 (moments, B)."""
    run = simulate(scenario, strategy, seed, world)
    weeks = Weeks.of(scenario)
    covered, possible = coverage_counts(run.record, kinds_of(scenario))
    return share(covered, possible)[[weeks.end, weeks.follow_up], :, 0]


def _best_measured(scenario: Scenario, strategy: str, seed: int) -> str:
    """The strategy with the largest gain that the evaluation reports for the first behaviour; ties keep the plan's."""
    behaviour = next(iter(scenario.behaviours))
    campaign = scenario.campaign
    design = Design(int(campaign["survey_clusters"]), int(campaign["survey_per_cluster"]))
    measured = {
        name: float(draw(scenario, design, observe(scenario, name, behaviour, seed), 1).change[0])
        for name in dict.fromkeys([strategy, *scenario.strategies])
    }
    return max(measured, key=lambda name: -math.inf if math.isnan(measured[name]) else measured[name])


@dataclass(frozen=True, repr=False)
class Premortem:
    """Coverage with and without each of S steps over R paired worlds."""

    scenario: Scenario
    strategy: str
    seed: int
    steps: tuple[str, ...]
    values: Array  # float64 (R, S, 2, moments, B): planned and skipped
    moved: Array  # float64 (S,): US$, mean over the worlds

    @property
    def replicates(self) -> int:
        """Paired worlds, R."""
        return int(self.values.shape[0])

    def loss(self, step: str, when: str = "end", behaviour: str | None = None) -> Loss:
        """What skipping one step costs.

        Raises
        ------
        ScenarioError : the plan does not take the step, or there is no such moment or behaviour
        """
        if check_step(step).name not in self.steps:
            raise ScenarioError(f"{self.strategy} does not take the step {step!r}; it takes {', '.join(self.steps)}")
        names = list(self.scenario.behaviours)
        name = names[0] if behaviour is None else behaviour
        if name not in names or when not in MOMENTS:
            raise ScenarioError(f"no {name!r}, {when!r} here; there are {', '.join(names)} and {', '.join(MOMENTS)}")
        s = self.steps.index(step)
        planned, skipped = self.values[:, s, :, MOMENTS.index(when), names.index(name)].T
        with_it, without_it = (float(np.nanmean(x)) if np.isfinite(x).any() else math.nan for x in (planned, skipped))
        return Loss(step, name, when, with_it, without_it, paired_difference(planned, skipped, 1), float(self.moved[s]))

    def losses(self) -> list[Loss]:
        """Every loss: by behaviour, moment and step."""
        return [self.loss(s, when, b) for b in self.scenario.behaviours for when in MOMENTS for s in self.steps]

    def table(self) -> pd.DataFrame:
        """One row per behaviour, moment and step; losses are shares, positive where skipping loses."""
        rows = [
            {
                "behaviour": x.behaviour,
                "when": x.when,
                "step": x.step,
                "number": STEPS[x.step].number,
                "planned": x.planned,
                "skipped": x.skipped,
                "loss": x.loss.mean,
                "lower": x.loss.lower,
                "upper": x.loss.upper,
                "separated": x.loss.separated,
                "share_of_worlds_that_lose": x.loss.a_beats_b,
                "verdict": x.verdict,
                "moved_us_dollars": x.moved,
                "replicates": x.loss.replicates,
                "replicates_needed": x.loss.replicates_needed,
            }
            for x in self.losses()
        ]
        return pd.DataFrame(rows)

    def summary(self) -> list[str]:
        """What was found, in plain sentences."""
        lines = []
        for behaviour in self.scenario.behaviours:
            found = sorted((self.loss(s, "end", behaviour) for s in self.steps), key=lambda x: -x.loss.mean)
            lines.append(
                f"Coverage of {behaviour} at the end of the campaign, {self.strategy}, {self.replicates} worlds, by "
                "what skipping a step costs at the same budget:"
            )
            lines += [f"  {_sentence(x)}" for x in found]
        absent = [STEPS[s].title for s in STEPS if s not in self.steps]
        return lines + (
            [f"Not looked at, for the plan does not take it, or does nothing else: {joined(absent)}."] if absent else []
        )

    def plot(self, behaviour: str | None = None) -> Figure:
        """What skipping each step costs, with intervals, at both moments."""
        from smsim.plots.premortem import premortem_figure

        return premortem_figure(self, behaviour or next(iter(self.scenario.behaviours)))

    def write(self, folder: str | os.PathLike[str], command: str | None = None) -> None:
        """Write premortem.csv, a picture per behaviour and the manifest into a folder, all or none."""
        from smsim.plots import picture_stem, save

        details = {"strategy": self.strategy, "seed": self.seed, "replicates": self.replicates,
                   "steps": {s: STEPS[s].without for s in self.steps}}  # fmt: skip
        with whole_folder(folder) as staging:
            write_csv(self.table(), staging / "premortem.csv", ("behaviour",))
            for b, name in enumerate(self.scenario.behaviours, 1):
                stem = picture_stem("premortem", b, name) if len(self.scenario.behaviours) > 1 else "premortem"
                figure = self.plot(name)
                save(figure, staging / f"{stem}.png")
                save(figure, staging / f"{stem}.svg")
            write_manifest(staging / MANIFEST, self.scenario, command, details)

    def __repr__(self) -> str:
        return "\n".join([f"Premortem({self.scenario.name!r}, {self.strategy})", *self.summary()])


def _sentence(x: Loss) -> str:
    step = STEPS[x.step]
    if math.isnan(x.loss.mean):
        return f"{step.number} {step.title}: no value, for nobody was eligible in the last weeks of the campaign."
    digits = point_digits(x.loss.mean, x.loss.lower, x.loss.upper)
    mean, low, high = (x.loss.mean, x.loss.lower, x.loss.upper)
    if x.verdict == "gains":
        mean, low, high = -mean, -high, -low
    interval = f"{bare_points(low, digits=digits)} to {points(high, digits=digits)}"
    where = " in the next campaign" if x.step == "evaluation" else ""
    words = {
        "loses": f"loses {points(mean, digits=digits)}{where} ({interval})",
        "gains": f"gains {points(mean, digits=digits)}{where} ({interval})",
        "hardly matters": f"hardly matters{where} ({interval} lost)",
        "cannot be told": f"cannot be told from no loss{where} ({interval})",
    }[x.verdict]
    freed = f"; {money(x.moved)} go to other field work" if x.moved >= 0.5 else "; it saves nothing"
    return f"{step.number} {step.title}: skipping it {words}, {percent(x.planned)} to {percent(x.skipped)}{freed}."
