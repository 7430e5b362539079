"""What a campaign costs: set-up, field money, supervision; the ledger of it, and the plan that the engine gets.

The budget is B dollars per treated household. Set-up and supervision come off the top and are the same for every
strategy, so compared strategies have the same field money F to the cent::

    F (1 + supervision share) + set-up = B N_T
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from smsim.engine.arrays import ACTIVITIES, Array, Places, Plan, Record
from smsim.errors import ScenarioError
from smsim.saying import say_dollars
from smsim.staff import Staff, StaffWeeks, hire, nobody, staff_weeks
from smsim.steps import UNTESTED
from smsim.strategy import NONE, Strategy

if TYPE_CHECKING:
    from smsim.scenario import Scenario
    from smsim.world import World

SETUP = (
    "training",
    "pretest",
    "needs assessment",
    "documentation",
    "strategy design",
    "partner selection",
    "mobilizer selection",
    "translation",
    "real situations",
    "evaluation",
)
SUPERVISION = "supervision"
TESTED = 0.85  # material quality with one full pretest
RAPID = 0.5  # needs quality of one rapid assessment
YEAR = 52


class Line(NamedTuple):
    """One line of a settled ledger, in dollars."""

    item: str
    kind: str  # activity, set-up or supervision
    planned: float
    spent: float
    unspent: float  # planned, but beyond what the staff could deliver


@dataclass(frozen=True)
class Ledger:
    """Where the budget goes, as planned; dollars."""

    budget: float
    activities: dict[str, float]  # every activity, in the order of `ACTIVITIES`
    setup: dict[str, float]  # every item of `SETUP`
    supervision: float

    @property
    def lines(self) -> tuple[tuple[str, float], ...]:
        """Item and dollars: the activities, the set-up, supervision."""
        return (*self.activities.items(), *self.setup.items(), (SUPERVISION, self.supervision))

    @property
    def field_money(self) -> float:
        """What is left for activities, F."""
        return math.fsum(self.activities.values())

    @property
    def total(self) -> float:
        """The sum of all lines; the budget, to the cent."""
        return math.fsum(dollars for _, dollars in self.lines)

    def settle(self, record: Record) -> tuple[Line, ...]:
        """The ledger after a run: what was spent, and what the staff could not deliver and so was left unspent.

        Set-up and supervision are spent as planned. After a whole campaign planned = spent + unspent on every line.
        """
        spent, unspent = (_totals(dollars) for dollars in (record.spent, record.unspent))
        activities = (
            Line(k, "activity", self.activities[k], *pair) for k, *pair in zip(ACTIVITIES, spent, unspent, strict=True)
        )
        setup = (Line(item, "set-up", dollars, dollars, 0.0) for item, dollars in self.setup.items())
        return (*activities, *setup, Line(SUPERVISION, "supervision", self.supervision, self.supervision, 0.0))


def _totals(dollars: Array) -> list[float]:
    """Sum of every column, exact and thus independent of order; most weeks of most columns are without money."""
    if not dollars.any():
        return [0.0] * dollars.shape[1]
    return [math.fsum(weeks[weeks != 0].tolist()) for weeks in dollars.T]


def make_plan(scenario: Scenario, strategy_name: str, world: World, seed: int) -> tuple[Plan, Ledger]:
    """The plan of one strategy over one world, and its ledger: see `Groundwork.plan`."""
    return Groundwork(scenario, world, seed).plan(strategy_name)


@dataclass(frozen=True)
class Groundwork:
    """What all strategies of a scenario have in common in one world: the budget, the set-up and the staff.

    Parameters
    ----------
    seed : of the run; decides who is hired and who leaves, the same for every strategy
    """

    scenario: Scenario
    world: World
    seed: int

    def plan(self, strategy_name: str) -> tuple[Plan, Ledger]:
        """The plan of one strategy, and its ledger.

        Parameters
        ----------
        strategy_name : a strategy of the scenario, or "none"

        Returns
        -------
        Plan, Ledger : of zeros where there is no campaign (strategy "none", no budget, or nobody treated). Plans of one
            groundwork share the arrays of the staff.

        Raises
        ------
        ScenarioError
            The scenario has no such strategy, or the set-up costs more than the whole budget.
        """
        strategy = find_strategy(self.scenario, strategy_name)
        campaign, weeks = self.scenario.campaign, int(self.scenario.campaign["weeks"])
        if strategy is None or self.budget == 0:
            profile = tuple(float(campaign[k]) for k in ("resident_share", "language_share", "women_share", "training"))
            empty = Ledger(0.0, dict.fromkeys(ACTIVITIES, 0.0), dict.fromkeys(SETUP, 0.0), 0.0)
            staff = nobody(weeks, int(self.world.places.treated.shape[0]), profile)
            return self._plan(np.zeros((weeks, len(ACTIVITIES))), np.full(4, 0.25), staff), empty
        ready = math.fsum(self.setup.values())
        if ready > self.budget:
            raise ScenarioError(_too_dear(self.scenario, self.setup, self.staff, ready, self.budget))
        field_money = (self.budget - ready) / (1 + campaign["supervision_share"])
        spending = field_money * strategy.schedule(weeks)
        by_activity = {k: math.fsum(column) for k, column in zip(ACTIVITIES, spending.T.tolist(), strict=True)}
        ledger = Ledger(self.budget, by_activity, dict(self.setup), self.budget - ready - field_money)
        return self._plan(spending, strategy.leader_share(), self._staff_weeks), ledger

    @cached_property
    def budget(self) -> float:
        """The whole budget in dollars."""
        return budget_of(self.scenario, self.world.places)

    @cached_property
    def staff(self) -> Staff:
        """Who is hired, for how long."""
        return hire(self.scenario.campaign, self.world.places, self.seed)

    @cached_property
    def setup(self) -> dict[str, float]:
        """Dollars by item of `SETUP`."""
        return setup_costs(self.scenario, self.world.places, self.staff)

    @cached_property
    def _staff_weeks(self) -> StaffWeeks:
        return staff_weeks(self.staff, 0, self.staff.weeks)

    @cached_property
    def _season(self) -> Array:
        run = self.scenario.run
        weeks = run["burn_in_weeks"] + self.scenario.campaign["weeks"] + run["follow_up_weeks"]
        return season(self.scenario, int(weeks))

    def _plan(self, spending: Array, leader_share: Array, staff: StaffWeeks) -> Plan:
        return Plan(
            first_week=int(self.scenario.run["burn_in_weeks"]),
            spending=spending,
            unit_cost=np.array([float(self.scenario.activities[f"{k}_cost"]) for k in ACTIVITIES]),
            leader_share=leader_share,
            **staff._asdict(),
            distance_factor=self._season,
        )


def find_strategy(scenario: Scenario, name: str) -> Strategy | None:
    """The strategy of that name, None for "none"; a ScenarioError that lists the names otherwise."""
    if name == NONE:
        return None
    if name not in scenario.strategies:
        close = difflib.get_close_matches(name, scenario.strategies, n=1)
        remedy = f"did you mean {close[0]!r}? " if close else ""
        raise ScenarioError(
            f"no strategy {name!r}; {remedy}this scenario has {', '.join(scenario.strategies)} and none"
        )
    return scenario.strategies[name]


def budget_of(scenario: Scenario, places: Places) -> float:
    """The whole budget in dollars: B times the households of treated communities."""
    households = int(np.diff(places.community_start) @ places.treated)
    return float(scenario.campaign["budget_per_household"] * households)


def setup_costs(scenario: Scenario, places: Places, staff: Staff) -> dict[str, float]:
    """Dollars spent before and beside the field work, the same for every strategy, by item of `SETUP`."""
    campaign = scenario.campaign
    communities = int(np.count_nonzero(places.treated))
    districts = len(set(staff.district.tolist()))  # a district with treated communities has posts
    return dict(zip(SETUP, setup_items(campaign, communities, districts, staff.trained), strict=True))


def setup_items(campaign: Mapping[str, Any], communities: int, districts: int, mobilizers: float) -> tuple[float, ...]:
    """Dollars of each item of `SETUP` for so many treated communities, their districts and mobilizers trained."""
    tests = max(0.0, (campaign["material_quality"] - UNTESTED) / (TESTED - UNTESTED))
    items = (
        campaign["training_cost"] * campaign["training"] * mobilizers,
        campaign["pretest_cost"] * tests * districts,
        campaign["assessment_cost"] * campaign["needs_quality"] / RAPID * communities,
        campaign["documentation_cost"] * communities,
        campaign["design_cost"] if communities > 0 else 0.0,
        campaign["partner_cost"] * districts,
        campaign["selection_cost"] * mobilizers,
        campaign["translation_cost"] * campaign["material_language"] * districts,
        campaign["situations_cost"] * campaign["material_realism"] * districts,
        campaign["survey_cost"] * interviews_planned(campaign) if communities > 0 else 0.0,
    )
    return tuple(float(dollars) for dollars in items)


def interviews_planned(campaign: Mapping[str, Any]) -> int:
    """Interviews of the evaluation: baseline and endline, in one arm, or two where some communities are not treated."""
    arms = 2 if campaign["treated_share"] < 1 else 1
    return int(2 * arms * campaign["survey_clusters"] * campaign["survey_per_cluster"])


def season(scenario: Scenario, weeks: int) -> Array:
    """Seasonal factor of the distance scale, every week of the run: float64 (weeks,).

    1 + a cos(2 pi (t - t0) / 52), rounded to 12 decimals so that it does not depend on the machine's cosine.
    """
    world = scenario.world
    if world["season_amplitude"] == 0:
        return np.ones(weeks)
    angle = 2 * np.pi * (np.arange(weeks) - world["season_peak_week"]) / YEAR
    factor: Array = np.round(1 + world["season_amplitude"] * np.cos(angle), 12)
    return factor


def _too_dear(scenario: Scenario, setup: dict[str, float], staff: Staff, ready: float, budget: float) -> str:
    items = ", ".join(f"{item} {cost:,.0f}" for item, cost in setup.items() if cost > 0)
    per_household = scenario.campaign["budget_per_household"]
    return (
        f"campaign.budget_per_household must cover the set-up, which costs {say_dollars(ready)} ({items}; "
        f"{staff.trained} mobilizers trained); got {per_household:g}, {say_dollars(budget)} in all. "
        f"Raise it above {per_household * ready / budget:.2f}, or plan less training, pretesting or assessment"
    )
