"""The evaluation that a programme would buy: what its survey would report, beside what is true in the simulation.

Every world is simulated with the campaign and without. The survey is then drawn many times from each world, so that
its bias, its design effect and its power are those of the survey, not formulas; the same worlds serve every size.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from smsim import survey
from smsim.costs import find_strategy
from smsim.economics import t_quantile
from smsim.engine.arrays import Array
from smsim.errors import ScenarioError
from smsim.folder import MANIFEST, whole_folder, write_csv, write_manifest
from smsim.runner import replicate_seed, run_all
from smsim.scenario import Scenario
from smsim.survey import MOST_CLUSTERS, MOST_PER_LOT, POWER, Change, Counts, Errors, ListQuestion
from smsim.survey_findings import sentences_of
from smsim.truth import Arm, Observed, coverage_of, expected_change, observe

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DRAWS = 200  # surveys of each world
LQAS_SIZE = 19  # households per lot (Valadez 1991)
BAND = (0.05, 0.95)

QUESTIONS = ("direct", "list")


class Design(NamedTuple):
    """The survey: clusters per arm and round with so many households each, or a sample of that size in every lot."""

    clusters: int
    per_cluster: int
    question: str = "direct"
    lots: bool = False  # LQAS: the catchment areas of the facilities are the lots


class Surveyed(NamedTuple):
    """D surveys of one world; float64 (D,) each."""

    before: Array  # coverage of the treated communities as reported, baseline and endline
    after: Array
    half: Array  # of the interval of the endline coverage
    effect: Array  # design effect that the survey team would compute
    change: Array  # reported change: difference in differences, or after less before without control arm
    variance: Array  # of the change, as the survey team computes it
    freedom: Array  # of its t-test
    low: Array  # its 95% interval
    high: Array
    passed: float  # share of good lots that pass, LQAS only
    failed: float  # share of bad lots that fail, LQAS only


def evaluate(
    scenario: Scenario,
    strategy: str = "hybrid",
    clusters: int | None = None,
    per_cluster: int | None = None,
    question: str = "direct",
    lqas: bool = False,
    control: float | None = None,
    behaviour: str | None = None,
    replicates: int | None = None,
    seed: int | None = None,
    threads: int | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> Evaluation:
    """Simulate the baseline and endline survey of one strategy over many worlds.

    Parameters
    ----------
    clusters, per_cluster : per arm and round; the scenario's own (30 clusters if it plans none), LQAS: 19 per lot
    question : "direct" or "list" (a list experiment, for what people would not admit)
    control : share of communities that are left without campaign; as in the scenario if None
    behaviour : the first of the scenario if None

    Raises
    ------
    ScenarioError : an unknown strategy or behaviour, or a design that cannot be
    """
    if control is not None:
        if not 0 <= control < 1:
            raise ScenarioError(f"the control arm must be a share of the communities in [0, 1); got {control:g}")
        scenario = scenario.replace(campaign={"treated_share": 1 - control})
    if find_strategy(scenario, strategy) is None:
        raise ScenarioError(
            f"there is nothing to evaluate without a campaign; name a strategy: this scenario has "
            f"{', '.join(scenario.strategies)}"
        )
    name = next(iter(scenario.behaviours)) if behaviour is None else behaviour
    if name not in scenario.behaviours:
        raise ScenarioError(f"no behaviour {name!r}; this scenario has {', '.join(scenario.behaviours)}")
    if question not in QUESTIONS:
        raise ScenarioError(f"question must be one of {', '.join(QUESTIONS)}; got {question!r}")
    if question == "list" and lqas:
        raise ScenarioError("LQAS classifies lots by counting yes; a list experiment gives no such count; use clusters")
    if lqas and clusters is not None:
        raise ScenarioError(
            "LQAS asks in every lot (catchment area) and takes no number of clusters; leave --clusters out"
        )
    planned = scenario.campaign
    if clusters is None:
        clusters = int(planned["survey_clusters"]) or 30
    if per_cluster is None:
        per_cluster = LQAS_SIZE if lqas else int(planned["survey_per_cluster"])
    if not 2 <= clusters <= 10_000:
        raise ScenarioError(f"clusters must be in [2, 10000], for a design effect needs two; got {clusters}")
    if not 1 <= per_cluster <= 10_000:
        raise ScenarioError(f"per_cluster must be in [1, 10000] households; got {per_cluster}")
    world = scenario.world
    place, most = "community", int(world["households_per_community"])
    if lqas:
        place, most = "lot (catchment area)", most * int(world["communities_per_facility"])
    if per_cluster > (most := min(most, int(world["households"]))):
        raise ScenarioError(f"per_cluster must be at most the households of a {place}, {most:,}; got {per_cluster:,}")
    if not any(errors_of(scenario)[:2]):
        raise ScenarioError(
            "nobody would answer: campaign.survey_response_adopters and campaign.survey_response_others are both 0; "
            "raise one of them"
        )
    design = Design(clusters, per_cluster, question, lqas)
    count = int(scenario.run["replicates"]) if replicates is None else replicates
    if not count >= 2:
        raise ScenarioError(f"replicates must be 2 or more; got {count}")
    first = int(scenario.run["seed"]) if seed is None else seed
    seeds = [replicate_seed(first, r) for r in range(count)]
    worlds = run_all(partial(observe, scenario, strategy, name), seeds, threads=threads, progress=progress)
    return Evaluation(scenario, strategy, name, design, first, tuple(worlds))


class Drawn(NamedTuple):
    """D surveys of one arm at both rounds."""

    before: survey.Estimate
    after: survey.Estimate
    change: Change
    answers: survey.Sample  # of the endline


def draw(scenario: Scenario, design: Design, world: Observed, draws: int = DRAWS) -> Surveyed:
    """So many surveys of one world; the same ones whenever it is asked."""
    errors = errors_of(scenario)
    random = np.random.default_rng([world.seed, *design[:2]])
    both = [arm for arm in (world.treated, world.control) if arm]
    arms = [_draw_arm(scenario, design, arm, errors, draws, random, world.has_baseline) for arm in both]
    found = arms[0].change if len(arms) == 1 else survey.difference_in_differences(arms[0].change, arms[1].change)
    low, high = survey.interval(found)
    endline = arms[0].after
    with np.errstate(divide="ignore", invalid="ignore"):
        simple = endline.value * (1 - endline.value) / endline.asked
        ratio = np.where(simple > 0, endline.variance / simple, math.nan)
    half = 1.96 * np.sqrt(endline.variance)
    verdicts = (math.nan, math.nan)
    if design.lots:
        verdicts = _verdicts(scenario, design, survey.lots(world.treated.after, world.treated.lot), arms[0].answers)
    return Surveyed(arms[0].before.value, endline.value, half, ratio, *found, low, high, *verdicts)


def _draw_arm(
    scenario: Scenario,
    design: Design,
    arm: Arm,
    errors: Errors,
    draws: int,
    random: np.random.Generator,
    baseline: bool,
) -> Drawn:
    """Both rounds go to the same clusters (lots) and ask other households."""
    if design.lots:
        rounds = [survey.lots(counts, arm.lot) for counts in (arm.before, arm.after)]
        size = rounds[0].households
        hit = np.tile(np.arange(len(size)), (draws, 1))
        asked = [survey.interview(counts, hit, design.per_cluster, errors, random) for counts in rounds]
        before, after = (survey.estimate_lots(sample, size) for sample in asked)
        change = survey.change_in_lots(before if baseline else survey.nothing(after), after)
        return Drawn(before, after, change, asked[1])
    listed = list_of(scenario) if design.question == "list" else None
    hit = survey.draw_clusters(arm.before.households, design.clusters, draws, random)
    asked = [
        survey.interview(counts, hit, design.per_cluster, errors, random, listed) for counts in (arm.before, arm.after)
    ]
    before, after = (survey.estimate(sample) for sample in asked)
    change = survey.change(before if baseline else survey.nothing(after), after, hit)
    return Drawn(before, after, change, asked[1])


def _verdicts(scenario: Scenario, design: Design, truth: Counts, answers: survey.Sample) -> tuple[float, float]:
    """Share of the lots at or above the upper threshold that pass, and of those at or below the lower that fail."""
    upper, lower = survey.thresholds(scenario.run["target_coverage"])
    rule = survey.decision_rule(design.per_cluster, upper, lower)
    passes = answers.yes >= rule.least
    coverage = truth.covered / np.maximum(truth.possible, 1)
    good, bad = coverage >= upper, coverage <= lower
    return (
        float(passes[:, good].mean()) if good.any() else math.nan,
        float((~passes[:, bad]).mean()) if bad.any() else math.nan,
    )


def errors_of(scenario: Scenario) -> Errors:
    """What goes wrong in an interview of this scenario."""
    return Errors(*(float(scenario.campaign[f"survey_{name}"]) for name in Errors._fields))


def list_of(scenario: Scenario) -> ListQuestion:
    """The list experiment of this scenario."""
    return ListQuestion(
        int(scenario.campaign["survey_control_items"]), float(scenario.campaign["survey_control_share"])
    )


@dataclass(frozen=True, repr=False)
class Evaluation:
    """Surveys of R worlds: what is true, what would be reported, and how often the effect would be found."""

    scenario: Scenario
    strategy: str
    behaviour: str
    design: Design
    seed: int
    worlds: tuple[Observed, ...]

    @property
    def controlled(self) -> bool:
        """Whether there is a control arm."""
        return self.worlds[0].control is not None

    @property
    def communities(self) -> int:
        """Communities of the smaller arm: clusters beyond so many lie in the same ones."""
        one = self.worlds[0]
        return min(len(arm.before.households) for arm in (one.treated, one.control) if arm)

    @property
    def interviews(self) -> int:
        """Interviews of both rounds and arms."""
        return self.interviews_of(self.design)

    def interviews_of(self, design: Design) -> int:
        """Interviews of another design."""
        arms = 2 if self.controlled else 1
        if not design.lots:
            return 2 * arms * design.clusters * design.per_cluster
        one = self.worlds[0]
        lots = sum(len(np.unique(arm.lot)) for arm in (one.treated, one.control) if arm)
        return 2 * lots * design.per_cluster

    @cached_property
    def surveyed(self) -> tuple[Surveyed, ...]:
        """The surveys of every world."""
        return self.survey(self.design)

    def survey(self, design: Design, draws: int = DRAWS) -> tuple[Surveyed, ...]:
        """Surveys of another design, of the same worlds."""
        return tuple(draw(self.scenario, design, world, draws) for world in self.worlds)

    def power(self, design: Design | None = None) -> tuple[float, float, float]:
        """Share of the surveys whose interval leaves out 0 on the side of a gain; with its 95% interval over worlds."""
        wanted = self.design if design is None else design
        if wanted not in self._powers:
            surveys = self.surveyed if wanted == self.design else self.survey(wanted)
            self._powers[wanted] = _over_worlds([float((one.low > 0).mean()) for one in surveys])
        return self._powers[wanted]

    @cached_property
    def _powers(self) -> dict[Design, tuple[float, float, float]]:
        return {}

    def power_on_paper(self) -> float:
        """Power of the t-test by its formula, from the mean change and variance of each world; mean over worlds."""
        shifts = [
            (float(one.change.mean() / math.sqrt(one.variance.mean())), float(one.freedom.mean()))
            for one in self.surveyed
            if one.variance.mean() > 0
        ]
        return float(np.mean([survey.t_power(*shift) for shift in shifts])) if shifts else math.nan

    @cached_property
    def smallest(self) -> tuple[Design, float] | None:
        """The fewest clusters per arm that find the effect in 80% of the surveys, with that power; None if none do.

        Lots grow by households per lot instead. The search takes the power to rise with size.
        """
        least, most = 2, 30
        limit = MOST_PER_LOT if self.design.lots else MOST_CLUSTERS
        while self.power(_sized(self.design, most))[0] < POWER:
            if most == limit:
                return None
            least, most = most + 1, min(2 * most, limit)
        while least < most:
            middle = (least + most) // 2
            if self.power(_sized(self.design, middle))[0] >= POWER:
                most = middle
            else:
                least = middle + 1
        found = _sized(self.design, most)
        return found, self.power(found)[0]

    def curve(self) -> pd.DataFrame:
        """Power by size: clusters, per_cluster, interviews, power, and its 95% interval over worlds."""
        return self._curve.copy()

    @cached_property
    def _curve(self) -> pd.DataFrame:
        sizes = (5, 10, 20, 30, 45, 60, 90, 120) if not self.design.lots else (5, 10, 19, 30, 45, 60)
        own = _size(self.design)
        enough = [] if self.smallest is None else [_size(self.smallest[0])]
        wanted = sorted({*sizes, own, *enough})
        rows = []
        for size in wanted:
            design = _sized(self.design, size)
            rows.append((design.clusters, design.per_cluster, self.interviews_of(design), *self.power(design)))
        return pd.DataFrame(rows, columns=["clusters", "per_cluster", "interviews", "power", "lower", "upper"])

    def icc(self) -> float:
        """Intraclass correlation of the endline coverage between treated communities, mean over worlds."""
        found = []
        for world in self.worlds:
            after = world.treated.after
            p = coverage_of(after)
            own = after.covered / np.maximum(after.possible, 1)
            weight = after.possible / max(int(after.possible.sum()), 1)
            if 0 < p < 1:
                found.append(float((weight * (own - p) ** 2).sum() / (p * (1 - p))))
        return float(np.mean(found)) if found else math.nan

    def table(self) -> pd.DataFrame:
        """quantity, true, reported (means over worlds), lower, upper (90% of the surveys), unit, what it says."""
        truth = _truth(self.worlds)
        joined = {name: np.concatenate([np.asarray(getattr(s, name), float).reshape(-1) for s in self.surveyed])
                  for name in Surveyed._fields}  # fmt: skip
        # 1 + (m - 1) icc; lots are strata, not clusters, and a list experiment has another variance altogether.
        clustered = not self.design.lots and self.design.question == "direct"
        on_paper = survey.design_effect(self.design.per_cluster, self.icc()) if clustered else math.nan
        rows = [
            _row("coverage before", truth["before"], joined["before"], "share"),
            _row("coverage after", truth["after"], joined["after"], "share"),
            _row("change", truth["expected"], joined["change"], "share"),
            _row("half width", math.nan, joined["half"], "share"),
            _row("design effect", on_paper, joined["effect"], "ratio"),
            ("effect on the treated", truth["effect"], math.nan, math.nan, math.nan, "share"),
            ("effect on the control arm", truth["spill"], math.nan, math.nan, math.nan, "share"),
        ]
        expected = np.repeat([expected_change(world) for world in self.worlds], len(self.surveyed[0].change))
        held = (joined["low"] <= expected) & (expected <= joined["high"])
        rows.append(("interval holds the truth", 0.95, float(held.mean()), math.nan, math.nan, "share of surveys"))
        rows.append(("power", math.nan, *self.power(), "share of surveys"))
        rows.append(("power on paper", math.nan, self.power_on_paper(), math.nan, math.nan, "share of surveys"))
        if self.design.lots:
            rows.append(_row("good lots that pass", math.nan, joined["passed"], "share"))
            rows.append(_row("bad lots that fail", math.nan, joined["failed"], "share"))
        for name, value in self.bias().items():
            rows.append((f"expected answer: {name}", truth["after"], value, math.nan, math.nan, "share"))
        return pd.DataFrame(rows, columns=["quantity", "true", "reported", "lower", "upper", "unit"])

    def bias(self) -> dict[str, float]:
        """Coverage after the campaign as an endless survey would report it, one fault after the other."""
        errors = errors_of(self.scenario)
        steps: dict[str, list[float]] = {"non-response": [], "silence": [], "recall": []}
        for world in self.worlds:
            after = world.treated.after
            p = coverage_of(after)
            doers, others = p * errors.response_adopters, (1 - p) * errors.response_others
            answering = doers / (doers + others) if doers + others > 0 else math.nan
            admits = after.admitted.sum() / max(int(after.covered.sum()), 1) if self.design.question == "direct" else 1
            open_ones = answering * admits
            steps["non-response"].append(answering)
            steps["silence"].append(open_ones)
            steps["recall"].append(open_ones * errors.sensitivity + (1 - open_ones) * (1 - errors.specificity))
        return {name: float(np.mean(values)) for name, values in steps.items()}

    def asked_by_list(self) -> Evaluation:
        """The same worlds, asked by a list experiment."""
        return replace(self, design=self.design._replace(question="list", lots=False))

    def summary(self) -> list[str]:
        """What the survey would report and find, in plain sentences."""
        return sentences_of(self)

    def plot(self) -> Figure:
        """What is true beside what would be reported, and power by size."""
        from smsim.plots.evaluation import evaluation_figure

        return evaluation_figure(self)

    def write(self, folder: str | os.PathLike[str], command: str | None = None) -> None:
        """Write evaluation.csv, power.csv, the picture and the manifest into a folder, all or none."""
        from smsim.plots import save

        figure = self.plot()
        details = {"strategy": self.strategy, "behaviour": self.behaviour, "seed": self.seed,
                   "replicates": len(self.worlds), "draws": DRAWS, **self.design._asdict()}  # fmt: skip
        with whole_folder(folder) as staging:
            write_csv(self.table(), staging / "evaluation.csv", ("quantity",))
            write_csv(self.curve(), staging / "power.csv", ())
            save(figure, staging / "evaluation.png")
            save(figure, staging / "evaluation.svg")
            write_manifest(staging / MANIFEST, self.scenario, command, details)

    def __repr__(self) -> str:
        return f"Evaluation({self.scenario.name!r}, {self.strategy}: {self.design})\n{self.table().to_string()}"


def _size(design: Design) -> int:
    """What grows when a survey does."""
    return design.per_cluster if design.lots else design.clusters


def _sized(design: Design, size: int) -> Design:
    return design._replace(per_cluster=size) if design.lots else design._replace(clusters=size)


def _truth(worlds: Sequence[Observed]) -> dict[str, float]:
    return {
        "before": float(np.mean([coverage_of(w.treated.before) for w in worlds])),
        "after": float(np.mean([coverage_of(w.treated.after) for w in worlds])),
        "expected": float(np.mean([expected_change(w) for w in worlds])),
        "effect": float(np.mean([w.effect for w in worlds])),
        "spill": float(np.mean([w.spill for w in worlds])),
    }


def _row(quantity: str, true: float, values: Array, unit: str) -> tuple[str, float, float, float, float, str]:
    known = values[np.isfinite(values)]
    if not len(known):
        return quantity, true, math.nan, math.nan, math.nan, unit
    low, high = np.quantile(known, BAND)
    return quantity, true, float(known.mean()), float(low), float(high), unit


def _over_worlds(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean over worlds with its 95% t-interval, kept in [0, 1]."""
    mean, count = float(np.mean(values)), len(values)
    half = t_quantile(count - 1) * float(np.std(values, ddof=1)) / math.sqrt(count)
    return mean, max(0.0, mean - half), min(1.0, mean + half)
