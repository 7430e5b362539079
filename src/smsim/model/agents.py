"""The agents of a campaign, and a view of one household: windows on the arrays of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesa import Agent

from smsim.engine.arrays import ADOPTS, BELIEVES, SOURCES, STAGES, VOICES
from smsim.errors import RunError
from smsim.staff import Staff, Tenure, dismiss
from smsim.strategy import LEADERS

if TYPE_CHECKING:
    from smsim.model.campaign import CampaignModel


def ratio(done: int, of: int) -> float:
    """done / of; NaN of nothing."""
    return done / of if of else float("nan")


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
        done, of = self.model.counts(self.model.index_of(behaviour))
        return ratio(int(done[self.index]), int(of[self.index]))


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
        counts = self._model.state.contacts[:, self.index].tolist()
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
        return self._thinks("rumour", behaviour) == BELIEVES

    def convinced_by(self, behaviour: str | None = None) -> str:
        """What last moved it to willing, one of `smsim.engine.arrays.SOURCES`."""
        return SOURCES[self._thinks("source", behaviour)]

    def threshold(self, behaviour: str | None = None) -> float:
        """Support that it needs, in shares of neighbours."""
        return float(self._model.prepared.world.households.threshold[self._model.index_of(behaviour), self.index])

    def persuasion(self, behaviour: str | None = None) -> float:
        """Persuasion gathered from media, visits and dialogues, in [0, 1]."""
        state, b = self._model.state, self._model.index_of(behaviour)
        return float(state.persuasion[b, self.index].sum() * state.fade[b])

    def _of(self, field: str, behaviour: str | None) -> int:
        return int(getattr(self._model.state, field)[self._model.index_of(behaviour), self.index])

    def __repr__(self) -> str:
        stages = ", ".join(f"{name} {self.stage(name)}" for name in self._model.behaviours)
        return f"HouseholdView({self.index} in community {self.community.index}: {stages})"

    def _thinks(self, field: str, behaviour: str | None) -> int:
        return int(self._model.state.mind[field][self._model.index_of(behaviour), self.index])
