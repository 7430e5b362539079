"""A campaign as a `mesa.Model`: one run, stepped week by week."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from mesa import Model
from mesa.datacollection import DataCollector

from smsim.engine.arrays import EVENT, ROUND, Array
from smsim.errors import RunError
from smsim.model.agents import Authority, Community, HouseholdView, Leader, Mobilizer, Partner, ratio
from smsim.outcomes import WINDOW
from smsim.simulate import Prepared, prepare
from smsim.staff import Staff, StaffWeeks, hire, staff_week
from smsim.strategy import LEADERS

if TYPE_CHECKING:
    from smsim.results import Run
    from smsim.scenario import Scenario
    from smsim.world import World


class CampaignModel(Model):  # type: ignore[misc]  # Mesa has no types
    """One run, stepped week by week, open to intervention.

    Parameters
    ----------
    scenario : the fixed inputs
    strategy : a strategy of the scenario, or "none"
    seed : of the run, and of the world unless one is given; also Mesa's `rng`. None: the scenario's own, as in
        `simulate`. For replicates pass seeds: ``batch_run(CampaignModel, {"scenario": [s], "seed": [1, 2, 3]})``
        in Mesa 3.3, ``batch_run(CampaignModel, {"scenario": [s]}, rng=[1, 2, 3])`` in Mesa 3.5.
    world : a world to run in
    collect : fill `datacollector` at the start and after every week

    Raises
    ------
    ScenarioError
        The strategy is unknown, or its set-up costs exceed the budget.
    """

    def __init__(
        self,
        scenario: Scenario,
        strategy: str = "hybrid",
        seed: int | None = None,
        world: World | None = None,
        collect: bool = True,
    ) -> None:
        prepared = prepare(scenario, strategy, seed, world)
        super().__init__(rng=prepared.seed)
        # Staff rows of our own: they are written week by week.
        rows = StaffWeeks(*(getattr(prepared.plan, name).copy() for name in StaffWeeks._fields))
        self.prepared: Prepared = replace(prepared, plan=prepared.plan._replace(**rows._asdict()))
        self.state, self.record = self.prepared.begin()
        self.week = 0  # of the run; the next one to be simulated
        places = self.prepared.world.places
        campaign = self.prepared.scenario.campaign
        self.staff: Staff | None = None if prepared.ledger.budget == 0 else hire(campaign, places, prepared.seed)
        self.communities = [Community(self, c) for c in range(places.treated.size)]
        self.leaders = [Leader(self, c, kind) for c in self.communities for kind in range(len(LEADERS))]
        self.mobilizers = [Mobilizer(self, post) for post in range(self.staff.posts if self.staff else 0)]
        districts = range(places.district_communities.size)
        self.partners = [Partner(self, d) for d in districts]
        self.authorities = [Authority(self, d) for d in districts]
        self.collect = collect
        self.datacollector = DataCollector(
            model_reporters={name: _reporter(name) for name in self.behaviours} | {"US$ spent": CampaignModel.spent},
            agenttype_reporters={Community: {name: _reporter(name) for name in self.behaviours}},
        )
        if collect:
            self.datacollector.collect(self)

    @property
    def weeks(self) -> int:
        """Weeks of the whole run: burn-in, campaign and follow-up."""
        return self.prepared.weeks

    @property
    def campaign_week(self) -> int | None:
        """Campaign week that the next step simulates, from 0; None outside the campaign."""
        week = self.week - self.prepared.plan.first_week
        return week if 0 <= week < self.prepared.plan.spending.shape[0] else None

    @property
    def behaviours(self) -> tuple[str, ...]:
        """Names of the behaviours, in the order of every array with a behaviour axis."""
        return tuple(self.prepared.scenario.behaviours)

    @property
    def run(self) -> Run:
        """The run, as `simulate` gives it.

        Raises
        ------
        RunError
            It is not over.
        """
        if self.week < self.weeks:
            raise RunError(f"the run is at week {self.week} of {self.weeks}; finish it with run_model() first")
        return self.prepared.finish(self.state, self.record)

    def step(self) -> None:
        """Advance by one week; after the last week, do nothing."""
        if self.week >= self.weeks:
            return
        week = self.campaign_week
        if self.staff is not None and week is not None:
            for name, row in zip(StaffWeeks._fields, staff_week(self.staff, week), strict=True):
                getattr(self.prepared.plan, name)[week] = row[0]
        self.prepared.advance(self.state, self.record, self.week, self.week + 1)
        self.week += 1
        self.running = self.week < self.weeks
        if self.collect:
            self.datacollector.collect(self)

    def run_model(self) -> None:
        """Run to the last week."""
        while self.running:
            self.step()

    def coverage(self, behaviour: str | None = None) -> float:
        """Share of households that do it now (of events and rounds: served in the last 26 weeks); NaN without any.

        Parameters
        ----------
        behaviour : name; the first behaviour if None
        """
        b = self.index_of(behaviour)
        done, of = self.counts(b)
        return ratio(int(done.sum()), int(of.sum()))

    def spent(self) -> float:
        """Dollars spent in the field so far."""
        return float(self.record.spent[: self.week].sum())

    def household(self, index: int) -> HouseholdView:
        """A view of one household, by its index."""
        n = self.prepared.world.households.draw_id.size
        if not 0 <= index < n:
            raise IndexError(f"household must be in [0, {n - 1}]; got {index}")
        return HouseholdView(self, index)

    def index_of(self, behaviour: str | None) -> int:
        """Index of a behaviour by its name; 0 if None."""
        if behaviour is None:
            return 0
        if behaviour not in self.behaviours:
            raise RunError(f"no behaviour {behaviour!r}; this scenario has {', '.join(self.behaviours)}")
        return self.behaviours.index(behaviour)

    def counts(self, b: int) -> tuple[Array, Array]:
        """Households that do behaviour b and those that could, by community."""
        if self.prepared.behaviours["kind"][b] in (EVENT, ROUND):
            recent = slice(max(0, self.week - WINDOW), self.week)
            return self.record.community[recent, b].sum(axis=0), self.record.community_eligible[recent, b].sum(axis=0)
        return self.state.adopters[b], np.diff(self.prepared.world.places.community_start)

    def __repr__(self) -> str:
        return (
            f"CampaignModel({self.prepared.scenario.name!r}, {self.prepared.strategy!r}, seed {self.prepared.seed}: "
            f"week {self.week} of {self.weeks})"
        )


def _reporter(behaviour: str) -> Any:
    return lambda of: of.coverage(behaviour)
