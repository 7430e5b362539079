"""The Mesa face: a campaign as a `mesa.Model` whose agents are communities, mobilizers, leaders, partners, authorities.

Households are arrays behind views (`CampaignModel.household`): as Mesa agents, a hundred thousand of them would cost
more than the whole run. A step is one week of the engine, with the staff as the mobilizers are at that moment; if
nobody intervenes, the run is the one that `smsim.simulate` gives, to the bit.

Mesa 3.5 has a `Model.scenario` of its own, another thing: the scenario of this project is `model.prepared.scenario`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from mesa import Agent, Model
from mesa.datacollection import DataCollector

from smsim.engine.arrays import (
    ADOPTS,
    BELIEVES,
    EVENT,
    ROUND,
    SOURCES,
    STAGES,
    VOICES,
    Array,
)
from smsim.errors import RunError
from smsim.simulate import Prepared, prepare
from smsim.staff import Staff, StaffWeeks, Tenure, dismiss, hire, staff_week
from smsim.strategy import LEADERS

if TYPE_CHECKING:
    from smsim.results import Run
    from smsim.scenario import Scenario
    from smsim.world import World

RECENT_WEEKS = 26  # over which the coverage of events and rounds is taken


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
        done, of = self._counts(b)
        return _ratio(int(done.sum()), int(of.sum()))

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

    def _counts(self, b: int) -> tuple[Array, Array]:
        """Households that do behaviour b and those that could, by community."""
        if self.prepared.behaviours["kind"][b] in (EVENT, ROUND):
            recent = slice(max(0, self.week - RECENT_WEEKS), self.week)
            return self.record.community[recent, b].sum(axis=0), self.record.community_eligible[recent, b].sum(axis=0)
        return self.state.adopters[b], np.diff(self.prepared.world.places.community_start)

    def __repr__(self) -> str:
        return (
            f"CampaignModel({self.prepared.scenario.name!r}, {self.prepared.strategy!r}, seed {self.prepared.seed}: "
            f"week {self.week} of {self.weeks})"
        )


def _ratio(done: int, of: int) -> float:
    return done / of if of else float("nan")


def _reporter(behaviour: str) -> Any:
    return lambda of: of.coverage(behaviour)


class Community(Agent):  # type: ignore[misc]
    """A village or neighbourhood: households that share leaders, mobilizers and a facility."""

    model: CampaignModel

    def __init__(self, model: CampaignModel, index: int) -> None:
        super().__init__(model)
        self.index = index

    @property
    def households(self) -> range:
        """Indices of its households."""
        start = self.model.prepared.world.places.community_start
        return range(int(start[self.index]), int(start[self.index + 1]))

    @property
    def treated(self) -> bool:
        """Whether the campaign works here."""
        return bool(self.model.prepared.world.places.treated[self.index])

    @property
    def district(self) -> int:
        """Index of its district."""
        return int(self.model.prepared.world.places.district[self.index])

    @property
    def mobilizers(self) -> list[Mobilizer]:
        """The posts that serve it."""
        staff = self.model.staff
        if staff is None:
            return []
        return [self.model.mobilizers[post] for post in staff.pair_post[staff.pair_community == self.index]]

    @property
    def leaders(self) -> list[Leader]:
        """Its leaders, in the order of `smsim.strategy.LEADERS`."""
        return self.model.leaders[len(LEADERS) * self.index : len(LEADERS) * (self.index + 1)]

    @property
    def approved(self) -> bool:
        """Whether its leaders have approved the campaign; may be set."""
        return bool(self.model.state.approved[self.index])

    @approved.setter
    def approved(self, value: bool) -> None:
        self.model.state.approved[self.index] = bool(value)

    @property
    def ownership(self) -> float:
        """How much it has made the cause its own, in [0, 1]; may be set."""
        return float(self.model.state.ownership[self.index])

    @ownership.setter
    def ownership(self, value: float) -> None:
        self.model.state.ownership[self.index] = _share("ownership", value)

    def coverage(self, behaviour: str | None = None) -> float:
        """As `CampaignModel.coverage`, of this community."""
        done, of = self.model._counts(self.model.index_of(behaviour))
        return _ratio(int(done[self.index]), int(of[self.index]))


class Leader(Agent):  # type: ignore[misc]
    """The leaders of one type in one community."""

    model: CampaignModel

    def __init__(self, model: CampaignModel, community: Community, kind: int) -> None:
        super().__init__(model)
        self.community = community
        self.kind = LEADERS[kind]
        self._at = (community.index, kind)

    @property
    def endorsement(self) -> float:
        """How strongly they endorse the behaviour, in [0, 1]; may be set."""
        return float(self.model.state.endorsement[self._at])

    @endorsement.setter
    def endorsement(self, value: float) -> None:
        self.model.state.endorsement[self._at] = _share("endorsement", value)

    @property
    def response(self) -> float:
        """What a session with them achieves, against leaders who do not oppose the campaign."""
        return float(self.model.prepared.world.places.leader_response[self.community.index])


class Mobilizer(Agent):  # type: ignore[misc]
    """A post, and whoever holds it: somebody leaves, the post stays vacant a while, somebody else is trained."""

    model: CampaignModel

    def __init__(self, model: CampaignModel, post: int) -> None:
        super().__init__(model)
        self.post = post

    @property
    def person(self) -> Tenure | None:
        """Who holds the post in the week to come; None while it is vacant and outside the campaign."""
        week = self.model.campaign_week
        return None if week is None else self._staff.holder(self.post, week)

    @property
    def active(self) -> bool:
        """Whether somebody holds the post in the week to come."""
        week = self.model.campaign_week
        return week is not None and bool(self._staff.active[week, self.post])

    @property
    def caseload(self) -> int:
        """Households to visit."""
        return int(self._staff.caseload[self.post])

    @property
    def communities(self) -> list[Community]:
        """Where these households live."""
        staff = self._staff
        return [self.model.communities[c] for c in staff.pair_community[staff.pair_post == self.post]]

    @property
    def supervisor(self) -> int:
        """Number of the supervisor."""
        return int(self._staff.supervisor[self.post])

    def leave(self) -> bool:
        """The holder leaves before the coming week and is replaced after the vacancy.

        Training the successor is not charged: the budget was planned before.

        Returns
        -------
        bool : False if there was nobody to leave
        """
        week = self.model.campaign_week
        if week is None or not self.active:
            return False
        self.model.staff = dismiss(self._staff, self.post, week)
        return True

    @property
    def _staff(self) -> Staff:
        if self.model.staff is None:
            raise RunError("this run has no campaign, so no staff")
        return self.model.staff


class Partner(Agent):  # type: ignore[misc]
    """The partner organisations of a district, who see to it that planned contacts take place."""

    model: CampaignModel

    def __init__(self, model: CampaignModel, district: int) -> None:
        super().__init__(model)
        self.district = district

    @property
    def fidelity(self) -> float:
        """Share of planned contacts that are delivered."""
        return float(self.model.prepared.context["fidelity"][0])


class Authority(Agent):  # type: ignore[misc]
    """Those who decide about the services of a district, and answer to pressure from below."""

    model: CampaignModel

    def __init__(self, model: CampaignModel, district: int) -> None:
        super().__init__(model)
        self.district = district

    @property
    def pressure(self) -> float:
        """Participants in collective action per household, last week."""
        week = self.model.week
        return float(self.model.record.pressure[week - 1, self.district]) if week else 0.0

    @property
    def response(self) -> float:
        """How far they have responded, in [0, 1]; may be set."""
        return float(self.model.state.response[self.district])

    @response.setter
    def response(self, value: float) -> None:
        self.model.state.response[self.district] = _share("response", value)


def _share(what: str, value: float) -> float:
    if not 0 <= value <= 1:
        raise RunError(f"{what} must be in [0, 1]; got {value!r}")
    return float(value)


class HouseholdView:
    """One household as it is now: a window on the arrays, made when asked for."""

    __slots__ = ("_model", "index")

    def __init__(self, model: CampaignModel, index: int) -> None:
        self._model = model
        self.index = index

    @property
    def community(self) -> Community:
        """Where it lives."""
        return self._model.communities[int(self._model.prepared.world.households.community[self.index])]

    @property
    def ties(self) -> dict[int, int]:
        """Index of every household it is tied to -> weight of the tie."""
        households = self._model.prepared.world.households
        row = slice(households.indptr[self.index], households.indptr[self.index + 1])
        return dict(zip(households.neighbor[row].tolist(), households.weight[row].tolist(), strict=True))

    @property
    def about(self) -> dict[str, bool | float]:
        """What does not change: who it is and where it lives."""
        world = self._model.prepared.world
        flags = ("minority", "female", "hesitant", "media", "child", "joiner")
        known: dict[str, bool | float] = {name: bool(getattr(world.households, name)[self.index]) for name in flags}
        known["distance_km"] = float(world.households.distance_km[self.index])
        known["wealth_rank"] = float(world.wealth_rank[self.index])
        return known

    @property
    def contacts(self) -> dict[str, int]:
        """Contacts with the campaign so far: media, visit, dialogue."""
        counts = self._model.state.contacts[self.index].tolist()
        return dict(zip(("media", "visit", "dialogue"), counts, strict=True))

    def stage(self, behaviour: str | None = None) -> str:
        """Its stage, one of `smsim.engine.arrays.STAGES`."""
        return STAGES[self._of("stage", behaviour)]

    def adopted(self, behaviour: str | None = None) -> bool:
        """Whether it does it."""
        return bool(self._of("shown", behaviour) & ADOPTS)

    def voices(self, behaviour: str | None = None) -> bool:
        """Whether it says openly that it supports it."""
        return bool(self._of("shown", behaviour) & VOICES)

    def believes_rumour(self, behaviour: str | None = None) -> bool:
        """Whether it believes the rumour."""
        return self._of("rumour", behaviour) == BELIEVES

    def convinced_by(self, behaviour: str | None = None) -> str:
        """What last moved it to willing, one of `smsim.engine.arrays.SOURCES`."""
        return SOURCES[self._of("source", behaviour)]

    def threshold(self, behaviour: str | None = None) -> float:
        """Support that it needs, in shares of neighbours."""
        return float(self._model.prepared.world.households.threshold[self._model.index_of(behaviour), self.index])

    def persuasion(self, behaviour: str | None = None) -> float:
        """Persuasion gathered from media, visits and dialogues, in [0, 1]."""
        return float(self._model.state.persuasion[self._model.index_of(behaviour), :, self.index].sum())

    def _of(self, field: str, behaviour: str | None) -> int:
        return int(getattr(self._model.state, field)[self._model.index_of(behaviour), self.index])

    def __repr__(self) -> str:
        stages = ", ".join(f"{name} {self.stage(name)}" for name in self._model.behaviours)
        return f"HouseholdView({self.index} in community {self.community.index}: {stages})"


def bound(scenario: Scenario) -> type[CampaignModel]:
    """A model class with the scenario built in, ``(strategy="hybrid", seed=None)``, as a SolaraViz page wants it.

    On reset, Mesa 3.5 passes a scenario of its own kind to every model class that takes an argument of this name.
    """

    class BoundModel(CampaignModel):
        def __init__(self, strategy: str = "hybrid", seed: int | None = None) -> None:
            super().__init__(scenario, strategy, seed)

    return BoundModel


def page(scenario: Scenario, strategy: str = "hybrid", seed: int = 1) -> Any:
    """A page of Mesa's own (SolaraViz): step through a run and watch coverage and spending.

    Write ``page = smsim.model.page(scenario)`` into a file and start it with ``solara run FILE``.

    Raises
    ------
    RunError
        Solara is not installed.
    """
    try:
        from mesa.visualization import SolaraViz, make_plot_component
    except ImportError as error:
        raise RunError(f"Mesa's page needs the extra mesa-viz: pip install 'smsim[mesa-viz]' ({error})") from error
    make: Any = bound(scenario)  # other arguments than its base
    model: CampaignModel = make(strategy, seed)

    def as_share(axes: Any) -> None:
        axes.set(ylim=(0, 1), xlabel="week", ylabel="share of households")

    return SolaraViz(
        model,
        components=[
            make_plot_component(list(model.behaviours), post_process=as_share),
            make_plot_component("US$ spent"),
        ],
        model_params={
            "strategy": {"type": "Select", "value": strategy, "values": [*scenario.strategies, "none"]},
            "seed": {"type": "SliderInt", "value": seed, "min": 0, "max": 100, "step": 1},
        },
        name=f"smsim: {scenario.name}",
    )
