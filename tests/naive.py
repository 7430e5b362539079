"""The slow twin: the week of docs/week.md in plain Python, to be read beside it, section by section.

It shares nothing with the engine but the names of `smsim.engine.arrays`: it has its own draws, its own logarithm, and
where the engine keeps counters up to date it counts again, over all ties and all households, every week. One `Home`
is one household, one `Layer` is that household for one behaviour. Equality with the engine is exact, so sums run in
the order that the document gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import ceil, factorial, floor, inf
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from smsim.engine.arrays import (
    ACTION,
    ACTIVITIES,
    ADOPTED,
    ADOPTS,
    AWARE,
    BELIEVES,
    BY_DIALOGUE,
    BY_INCENTIVE,
    BY_LEADER,
    BY_LINK,
    BY_MEDIA,
    BY_PEER,
    BY_VISIT,
    DEBUNKED,
    DERIVED,
    DIALOGUE,
    EVENT,
    FADED,
    HOME,
    INCENTIVE,
    LAPSED,
    LEADER,
    MAINTAINED,
    MEDIA,
    MIND,
    MONITOR,
    NEEDS,
    NEVER,
    NOT_KEEPING,
    OWN,
    PERMANENT,
    REFUSES,
    ROUND,
    SERVICE,
    SPEAKS,
    SPREADS_RUMOUR,
    SUPPORTS,
    SUSCEPTIBLE,
    TALKS,
    UNAWARE,
    VISIT,
    VOICES,
    WILLING,
    Households,
    Places,
    Plan,
    Record,
    State,
)

# ---- draws, as engine/draws.py describes them -------------------------------------------------------------------

STREAMS = (
    "INITIAL_RUMOUR",
    "TALK",
    "RUMOUR_HEAR",
    "RUMOUR_END",
    "DECIDE",
    "EVENTS",
    "ATTEMPT",
    "GIVE_UP",
    "LAPSE",
    "MATURE",
    "TURNOVER",
    "MEDIA_CONTACT",
    "VISIT_CONTACT",
    "DIALOGUE_CONTACT",
    "VISIT_ACCEPT",
    "DIALOGUE_ACCEPT",
    "DEBUNK",
    "RUMOUR_SHOCK",
    "STOCK",
    "RATION",
    "APPROVE",
    "SURVEY_WHO",
    "SURVEY_ERROR",
    "DISSEMINATE",
)
STREAM = {name: number for number, name in enumerate(STREAMS)}


def philox(counter: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[int, int, int, int]:
    """Four 32-bit words of Philox4x32-10 (Salmon et al. 2011)."""
    a, b, c, d = counter
    k, m = key
    for _ in range(10):
        left, right = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = (right >> 32) ^ b ^ k, right % 2**32, (left >> 32) ^ d ^ m, left % 2**32
        k, m = (k + 0x9E3779B9) % 2**32, (m + 0xBB67AE85) % 2**32
    return a, b, c, d


def word(seed: int, stream: int, n: int, identity: int) -> int:
    """Keyed word below 2**32: number `identity % 4` of the block `identity // 4`."""
    return philox((identity // 4, n, stream, 0), (seed % 2**32, seed >> 32))[identity % 4]


def uniform(seed: int, stream: int, n: int, identity: int) -> float:
    """Keyed uniform in (0, 1)."""
    return (word(seed, stream, n, identity) + 0.5) * 2.0**-32


def log(x: float) -> float:
    """Natural logarithm by the artanh of s, of which the powers from 7 on are slightly bent to stand for all others."""
    exponent = 0
    while x < 0.7071067811865476:
        x, exponent = x * 2.0, exponent - 1
    while x >= 2.0 * 0.7071067811865476:
        x, exponent = x * 0.5, exponent + 1
    s = (x - 1.0) / (x + 1.0)
    q = s * s
    c3, c5, c7, c9 = 0.3333333333333356, 0.19999999999769416, 0.14285714359187635, 0.1111110039259205
    c11, c13, c15 = 0.09091729503092355, 0.07658277116774126, 0.07386215818860145
    fourth = (q * q) * (q * q)
    tail = ((c3 + c5 * q) + (c7 + c9 * q) * (q * q)) + ((c11 + c13 * q) + c15 * (q * q)) * fourth
    return exponent * 0.6931471805599453 + 2.0 * (s + s * (q * tail))


def exp(x: float) -> float:
    """Exponential: 2**k times the series of what is left of x when k times ln 2 is taken away, up to its 13th power."""
    if x < -700.0:
        return 0.0
    x = min(x, 700.0)
    k = round(x * (1.0 / 0.6931471805599453))  # of two as near the even one
    r = (x - k * 0.6931471803691238) - k * 1.9082149292705877e-10
    square, fourth = r * r, (r * r) * (r * r)

    def four(n: int) -> float:  # of the series, divided by r**n
        c = [1.0 / factorial(n + j) for j in range(4)]
        return (c[0] + c[1] * r) + (c[2] + c[3] * r) * square

    return 2.0**k * (1.0 + (r + square * (four(2) + (four(6) + four(10) * fourth) * fourth)))


def exponential(u: float) -> float:
    """Exp(1) variate of a uniform."""
    return -log(1.0 - u)


def strikes(u: float, hazard: float) -> bool:
    """True with probability 1 - e**-hazard; the two bounds come first, as in the engine, so that ties fall alike."""
    if u >= hazard:
        return False
    return u < hazard - 0.5 * hazard * hazard or exponential(u) < hazard


def words_below(hazard: float) -> int:
    """Words that strike at a hazard: those below this; the last word never does."""
    return min(ceil((1.0 - exp(-hazard)) * 2.0**32 - 0.5), 2**32 - 1)


def trials(u: float, p: float) -> int:
    """Geometric number of weekly trials up to the first success; a billion stands for never."""
    if p >= 1.0:
        return 1
    if p <= 0.0:
        return 10**9
    k = log(1.0 - u) / log(1.0 - p)
    return 10**9 if k >= 1e9 else int(k) + 1


def chance_to_hazard(p: float) -> float:
    """Hazard with 1 - e**-hazard = p."""
    if p >= 1.0:
        return 64.0
    return 0.0 if p <= 0.0 else -log(1.0 - p)


def added(numbers: list[float]) -> float:
    """Sum of the sums of every eighth number, from the first, the second, ... on."""
    return total(total(numbers[first::8]) for first in range(8))


def total(numbers: Iterable[float]) -> float:
    """Sum from left to right; from Python 3.12 on, the built-in sum of floats compensates, and its last bit differs."""
    result = 0.0
    for number in numbers:
        result = result + number
    return result


# ---- who and what ------------------------------------------------------------------------------------------------


@dataclass
class Layer:
    """One household for one behaviour."""

    threshold: float
    reference: float
    stage: int
    aware_week: int = NEVER
    source: int = OWN
    credit: dict[int, float] = field(default_factory=lambda: {MEDIA: 0.0, VISIT: 0.0, DIALOGUE: 0.0})
    shows: set[int] = field(default_factory=set)
    rumour: int = SUSCEPTIBLE
    rumour_week: int = NEVER
    rumour_spells: int = 0
    resist_rumour: float = inf
    resist_talk: float = inf
    decisions: int = 0
    decision_wait: int = 0
    adoptions: int = 0
    lapse_at: float = 0.0
    lapse_class: int = NOT_KEEPING
    mature_week: int = NEVER
    events: int = 0
    event_week: int = NEVER
    # What the neighbours show, counted afresh after every commit.
    n_voice: int = 0
    n_talk: int = 0
    n_rumour: int = 0
    # Findings of this week's decision.
    ok: bool = False
    ready: bool = False

    @property
    def persuaded(self) -> float:
        """Persuasion in its units."""
        return (self.credit[MEDIA] + self.credit[VISIT]) + self.credit[DIALOGUE]


@dataclass
class Home:
    """One household."""

    id: int
    c: int  # community
    cell: int
    minority: int
    female: int
    hesitant: int
    media: int
    child: int
    joiner: int
    membership: int
    distance_km: float
    fear: float
    invite_id: int
    invite_weight: float
    ties: list[tuple[int, int]]  # neighbour, weight
    layers: list[Layer]
    g: float = 0.0
    lives: int = 0
    turnover_week: int = 0
    contacts: dict[int, int] = field(default_factory=lambda: {MEDIA: 0, VISIT: 0, DIALOGUE: 0})

    @property
    def needs(self) -> bool:
        """It does not support some behaviour, as shown."""
        return any(SUPPORTS not in layer.shows for layer in self.layers)


@dataclass
class Community:
    """One community."""

    homes: range
    facility: int
    district: int
    leader_response: float
    treated: bool
    joiners: float
    share: float  # of the budget
    E: list[float] = field(default_factory=lambda: [0.0] * 4)
    approved: bool = False
    O: float = 0.0  # ownership
    started_alone: bool = False
    interviews: float = 0.0
    estimate: float = -1.0
    demand: list[int] = field(default_factory=list)
    lapse_sum: list[list[float]] = field(default_factory=list)  # by behaviour and class
    volume: list[float] = field(default_factory=lambda: [0.0] * 8)  # of this week

    @property
    def n(self) -> int:
        """Households."""
        return len(self.homes)


class Twin(NamedTuple):
    """What a run ends with."""

    state: State
    record: Record


def run(
    households: Households, places: Places, plan: Plan, behaviours: Any, context: Any, seed: int, weeks: int
) -> Twin:
    """Whole run: the state after the last week and the record of all."""
    simulation = Simulation(households, places, plan, behaviours, context, seed, weeks)
    for _ in simulation.play():
        pass
    return Twin(simulation.state(), simulation.record)


def play(
    households: Households, places: Places, plan: Plan, behaviours: Any, context: Any, seed: int, weeks: int
) -> Iterator[State]:
    """State at the start, then after each week: to find the first week that differs."""
    simulation = Simulation(households, places, plan, behaviours, context, seed, weeks)
    yield simulation.state()
    for _ in simulation.play():
        yield simulation.state()


def _plain(record: Any) -> SimpleNamespace:
    """One row of a structured array as Python numbers under the same names."""
    return SimpleNamespace(**{name: record[name].item() for name in record.dtype.names})


class Simulation:
    """One run. Methods are the sections of docs/week.md, in its order."""

    def __init__(
        self, households: Households, places: Places, plan: Plan, behaviours: Any, context: Any, seed: int, weeks: int
    ) -> None:
        self.seed, self.weeks, self.plan = int(seed), weeks, plan
        self.par = [_plain(row) for row in behaviours]
        self.ctx = _plain(context[0])
        self.spending, self.unit_cost = plan.spending.tolist(), plan.unit_cost.tolist()
        self.homes = [_home(households, i, len(self.par)) for i in range(len(households.draw_id))]
        start = places.community_start.tolist()
        treated = places.treated.tolist()
        self.communities = [
            Community(
                range(start[c], start[c + 1]),
                int(places.facility[c]),
                int(places.district[c]),
                float(places.leader_response[c]),
                bool(treated[c]),
                float(places.joiners[c]),
                treated[c] / sum(treated) if sum(treated) else 0.0,
                demand=[0 for _ in self.par],
                lapse_sum=[[0.0] * 4 for _ in self.par],
            )
            for c in range(len(treated))
        ]
        self.facility_households = places.facility_households.tolist()
        self.up = [True for _ in self.facility_households]
        self.district_households = places.district_households.tolist()
        self.Y = [0.0 for _ in self.district_households]
        self.H: list[list[float]] = []  # by week and district
        self.cells = int(places.cells)
        self.fade = [1.0 for _ in self.par]  # worth of a unit of persuasion
        self.norm_fade = 1.0  # of norm memory
        self.record = _empty_record(weeks, len(self.par), self.cells, len(treated), len(self.Y))
        self.start()

    # -- shorthand of the document

    def u(self, stream: str, n: int, identity: int, b: int = 0) -> float:
        """Keyed uniform; b for streams that differ by behaviour."""
        return uniform(self.seed, STREAM[stream] + 64 * b, n, identity)

    def E(self, stream: str, n: int, identity: int, b: int = 0) -> float:
        """Its Exp(1) variate."""
        return exponential(self.u(stream, n, identity, b))

    def trials(self, p: float, stream: str, n: int, identity: int, b: int = 0) -> int:
        """Weeks until the first success."""
        return trials(self.u(stream, n, identity, b), p)

    def everyone(self) -> Iterator[tuple[Home, int, Layer, Any]]:
        """Every household with every behaviour and its parameters."""
        for home in self.homes:
            for b, layer in enumerate(home.layers):
                yield home, b, layer, self.par[b]

    def supporters(self, b: int, c: int) -> int:
        """Private support in a community, as shown."""
        return sum(SUPPORTS in self.homes[i].layers[b].shows for i in self.communities[c].homes)

    def adopters(self, b: int, c: int) -> int:
        """Households of a community that show ADOPTS."""
        return sum(ADOPTS in self.homes[i].layers[b].shows for i in self.communities[c].homes)

    def in_need(self, c: int) -> int:
        """Households of a community with a behaviour they do not support."""
        return sum(self.homes[i].needs for i in self.communities[c].homes)

    def voices(self, c: int) -> int:
        """Households of a community that voice some behaviour."""
        return sum(any(VOICES in layer.shows for layer in self.homes[i].layers) for i in self.communities[c].homes)

    # -- Start of a run

    def start(self) -> None:
        """Everything before week 0."""
        for home in self.homes:
            home.turnover_week = -1 + self.trials(self.ctx.turnover, "TURNOVER", 0, home.id)
        for home, b, layer, par in self.everyone():
            if self.u("INITIAL_RUMOUR", 0, home.id, b) < par.rumour_initial:
                layer.rumour = BELIEVES
                layer.rumour_week = -1 + self.trials(par.rumour_forgetting, "RUMOUR_END", 0, home.id, b)
            elif par.rumour_passing > 0 or par.rumour_arrival > 0:
                layer.resist_rumour = self.E("RUMOUR_HEAR", 0, home.id, b) / (1 + home.hesitant)
            if par.peer_information > 0 and layer.stage == UNAWARE:
                layer.resist_talk = self.E("TALK", 0, home.id, b) / par.peer_information
            layer.decision_wait = self.trials(par.decision_rate, "DECIDE", 0, home.id, b)
            if layer.stage in (ADOPTED, MAINTAINED) and par.kind != PERMANENT:
                layer.lapse_at = self.E("LAPSE", 0, home.id, b)
            if layer.stage == ADOPTED:
                layer.mature_week = -1 + self.trials(par.maturation_rate, "MATURE", 0, home.id, b)
            if par.kind == EVENT:
                layer.event_week = par.event_lag_weeks - 1 + self.trials(par.event_rate, "EVENTS", 0, home.id)
            layer.ready = par.taboo == 0
        self.show(None)

    def play(self) -> Iterator[int]:
        """Week after week."""
        for t in range(self.weeks):
            self.plan_week(t)
            self.environment(t)
            self.exposure(t)
            self.peer_awareness(t)
            self.rumour(t)
            self.decision(t)
            self.service(t)
            self.maintenance(t)
            self.turnover(t)
            self.show(t)
            self.aggregates(t)
            self.note(t)
            yield t

    # -- 0 Plan

    def plan_week(self, t: int) -> None:
        """Dollars into volumes."""
        w = t - self.plan.first_week
        self.w = w if 0 <= w < len(self.spending) else None
        record = self.record
        for c, place in enumerate(self.communities):
            place.volume = [0.0] * 8
            if self.w is None:
                continue
            for k in range(8):
                dollars = self.spending[w][k] * place.share
                unspent = 0.0
                place.volume[k] = dollars / self.unit_cost[k]
                capacity = float(self.plan.visit_capacity[w, c])
                if k == VISIT and place.volume[k] > capacity:
                    place.volume[k] = capacity
                    unspent = dollars - capacity * self.unit_cost[k]
                record.unspent[t, k] += unspent
                record.spent[t, k] += dollars - unspent
                record.delivered[t, k] += place.volume[k]
            place.interviews += place.volume[MONITOR]
        self.disseminate(t)

    def disseminate(self, t: int) -> None:
        """Untreated communities that begin by themselves."""
        treated = [c for c, place in enumerate(self.communities) if place.treated]
        if not treated:
            return
        others = [c for c, place in enumerate(self.communities) if not place.treated]
        coverage = sum(self.adopters(0, c) for c in treated) / sum(self.communities[c].n for c in treated)
        if self.ctx.dissemination > 0 and t >= self.plan.first_week:
            for c in others:
                gap = coverage - self.adopters(0, c) / self.communities[c].n
                if not self.communities[c].started_alone and gap > 0:
                    hazard = self.ctx.dissemination * gap
                    self.communities[c].started_alone = strikes(self.u("DISSEMINATE", t, c), hazard)
        dialogues = total(self.communities[c].volume[DIALOGUE] for c in treated)
        joiners = total(self.communities[c].joiners for c in treated)
        for c in others:
            if self.communities[c].started_alone:
                self.communities[c].volume[DIALOGUE] = 0.5 * (dialogues / joiners) * self.communities[c].joiners

    # -- 1 Environment

    def environment(self, t: int) -> None:
        """Stock, endorsement, approval."""
        ctx = self.ctx
        for f, up in enumerate(self.up):
            district = next(place.district for place in self.communities if place.facility == f)
            A = ctx.availability + (1 - ctx.availability) * self.Y[district]
            v = self.u("STOCK", t, f)
            if up:
                self.up[f] = not (A <= 0 or v < (1 / ctx.stockout_weeks) * (1 - A) / A)
            else:
                self.up[f] = A > 0 and v < 1 / ctx.stockout_weeks
        for c, place in enumerate(self.communities):
            L, s = place.volume[LEADER], place.leader_response
            for kind in range(4):
                E = place.E[kind]
                sessions = 4 * float(self.plan.leader_share[kind]) * L
                gain = (1 - exp(-ctx.endorsement_gain * sessions)) * s
                place.E[kind] = E + (1 - E) * gain - ctx.endorsement_decay * E
            if not place.approved and L > 0 and strikes(self.u("APPROVE", t, c), L * s):
                place.approved = True

    def acceptance(self, place: Community) -> float:
        """Acc: share of contacts that a community lets in."""
        return 1.0 if place.approved or place.started_alone else self.ctx.acceptance_unapproved

    # -- 2 Exposure

    def exposure(self, t: int) -> None:
        """Contacts of the campaign, then collective action and ownership."""
        self.fade_all()
        dialogues = [0 for _ in self.communities]
        for c, place in enumerate(self.communities):
            in_need = self.in_need(c)
            for i in place.homes:
                channels = self.contacts(t, self.homes[i], place, in_need)
                dialogues[c] += DIALOGUE in channels
                if channels:
                    self.touch(t, self.homes[i], channels)
        self.act_together(t, dialogues)

    def fade_all(self) -> None:
        """Persuasion and norm memory fade; units worth less than a millionth are made anew."""
        self.norm_fade = self.norm_fade * (1 - self.ctx.norm_memory_decay)
        if self.norm_fade < FADED:
            for home in self.homes:
                home.g = home.g * self.norm_fade
            self.norm_fade = 1.0
        for b, par in enumerate(self.par):
            self.fade[b] = self.fade[b] * (1 - par.persuasion_decay)
            if self.fade[b] < FADED:
                for home in self.homes:
                    credit = home.layers[b].credit
                    for channel in credit:
                        credit[channel] = credit[channel] * self.fade[b]
                self.fade[b] = 1.0

    def p(self, layer: Layer, b: int) -> float:
        """Persuasion in [0, 1]."""
        return layer.persuaded * self.fade[b]

    def hit(self, stream: str, t: int, identity: int, hazard: float) -> bool:
        """A contact at this hazard."""
        return word(self.seed, STREAM[stream], t, identity) < words_below(hazard)

    def contacts(self, t: int, home: Home, place: Community, in_need: int) -> set[int]:
        """Channels by which the campaign reaches a household this week."""
        ctx, volume, acc = self.ctx, place.volume, self.acceptance(place)
        z = (1 - ctx.needs_quality) + ctx.needs_quality * int(home.needs) * place.n / max(in_need, 1)
        h_media = volume[MEDIA] / place.n
        h_visit = (volume[VISIT] / place.n) * ctx.fidelity * z
        h_dialogue = (volume[DIALOGUE] / place.joiners) * ctx.fidelity * home.invite_weight
        found = set()
        if home.media and self.hit("MEDIA_CONTACT", t, home.id, h_media):
            found.add(MEDIA)
        if self.hit("VISIT_CONTACT", t, home.id, h_visit) and (acc >= 1 or self.u("VISIT_ACCEPT", t, home.id) < acc):
            found.add(VISIT)
        invited = home.joiner and self.hit("DIALOGUE_CONTACT", t, home.invite_id, h_dialogue)
        if invited and (acc >= 1 or self.u("DIALOGUE_ACCEPT", t, home.id) < acc):
            found.add(DIALOGUE)
        return found

    def touch(self, t: int, home: Home, channels: set[int]) -> None:
        """What the contacts of a week do to a household."""
        ctx, plan, w, c = self.ctx, self.plan, self.w, home.c
        assert w is not None, "contacts need volumes, and outside the campaign there are none"
        trust = (
            ctx.trust
            * (1 - ctx.outsider_penalty * (1 - float(plan.resident[w, c])))
            * (1 - ctx.language_penalty * home.minority * (1 - float(plan.language[w, c])))
            * (1 - ctx.gender_penalty * home.female * (1 - float(plan.women[w, c])))
            * (0.5 + 0.5 * float(plan.training[w, c]))
        )
        q = ctx.material_quality * (1 - home.minority * (1 - ctx.material_language))
        for column, channel in enumerate((MEDIA, VISIT, DIALOGUE)):
            home.contacts[channel] += channel in channels
            self.record.contacts[t, column] += channel in channels
        if DIALOGUE in channels:
            home.g = 1.0 / self.norm_fade
        for b, layer in enumerate(home.layers):
            par = self.par[b]
            if layer.stage == UNAWARE:
                source = BY_VISIT if VISIT in channels else BY_DIALOGUE if DIALOGUE in channels else BY_MEDIA
                self.hear(t, b, layer, source)
            if MEDIA in channels:
                gain = ctx.media_gain * par.message_share * q
                layer.credit[MEDIA] += gain * (1 - self.p(layer, b)) / self.fade[b]
            if VISIT in channels:
                gain = ctx.visit_gain * par.message_share * trust * q
                layer.credit[VISIT] += gain * (1 - self.p(layer, b)) / self.fade[b]
            if DIALOGUE in channels:
                gain = ctx.dialogue_gain * par.message_share * trust * q
                layer.credit[DIALOGUE] += gain * (1 - self.p(layer, b)) / self.fade[b]
            talked = VISIT in channels or DIALOGUE in channels
            if talked and layer.rumour == BELIEVES and self.u("DEBUNK", t, home.id, b) < ctx.debunking * trust:
                self.enter_rumour(t, home, b, DEBUNKED, par.debunk_waning)

    def hear(self, t: int, b: int, layer: Layer, source: int) -> None:
        """Unaware becomes aware."""
        layer.stage = AWARE
        layer.resist_talk = inf
        layer.aware_week = t
        self.record.informed_by[t, b, source] += 1

    def enter_rumour(self, t: int, home: Home, b: int, rumour: int, leaving: float) -> None:
        """A spell of believing, or of immunity, that ends at a weekly rate."""
        layer = home.layers[b]
        layer.rumour = rumour
        layer.rumour_spells += 1
        layer.resist_rumour = inf
        layer.rumour_week = t + self.trials(leaving, "RUMOUR_END", layer.rumour_spells, home.id, b)

    def act_together(self, t: int, dialogues: list[int]) -> None:
        """Collective action, its pressure, and ownership."""
        ctx = self.ctx
        part_of = [
            min(ctx.action_participants * place.volume[ACTION], float(self.voices(c)))
            for c, place in enumerate(self.communities)
        ]
        pressure = [0.0 for _ in self.Y]
        for c, place in enumerate(self.communities):
            pressure[place.district] += part_of[c]
            self.record.participants[t] += part_of[c]
            joined = min(ctx.ownership_gain * ((dialogues[c] + part_of[c]) / place.n), 1.0)
            place.O = place.O + joined * (1 - place.O) - ctx.ownership_decay * place.O
        self.H.append([part / n for part, n in zip(pressure, self.district_households, strict=True)])

    # -- 3 Peer awareness

    def peer_awareness(self, t: int) -> None:
        """News by talk."""
        for _, b, layer, par in self.everyone():
            layer.resist_talk -= layer.n_voice + par.silent_information * layer.n_talk
            if layer.resist_talk < 0:
                self.hear(t, b, layer, BY_PEER)

    # -- 4 Rumour

    def rumour(self, t: int) -> None:
        """Outbreak, passing, forgetting."""
        for home, b, layer, par in self.everyone():
            outbreak = par.rumour_shock_week >= 0 and t - self.plan.first_week == par.rumour_shock_week
            if layer.rumour == SUSCEPTIBLE:
                layer.resist_rumour -= par.rumour_passing * layer.n_rumour + par.rumour_arrival
                hit = outbreak and self.u("RUMOUR_SHOCK", t, home.id, b) < par.rumour_shock_share
                if hit or layer.resist_rumour < 0:
                    self.enter_rumour(t, home, b, BELIEVES, par.rumour_forgetting)
            elif t >= layer.rumour_week:
                self.leave_rumour(home, b)

    def leave_rumour(self, home: Home, b: int) -> None:
        """Susceptible again, from next week on, with a new resistance."""
        layer = home.layers[b]
        layer.rumour = SUSCEPTIBLE
        layer.rumour_spells += 1
        if self.par[b].rumour_passing > 0 or self.par[b].rumour_arrival > 0:
            layer.resist_rumour = self.E("RUMOUR_HEAR", layer.rumour_spells, home.id, b) / (1 + home.hesitant)

    # -- 5 Decision, 6 Voice

    def decision(self, t: int) -> None:
        """Weigh, wait, move; and see whether it dares to voice."""
        for b, par in enumerate(self.par):
            omega = [self.supporters(b, c) / place.n for c, place in enumerate(self.communities)]
            for home in self.homes:
                layer, place = home.layers[b], self.communities[home.c]
                g = home.g * self.norm_fade
                visible = layer.n_voice / layer.reference if layer.reference > 0 else 0.0
                f = (1 - g) * visible + g * omega[home.c]
                leaders = [place.E[kind] for kind in range(4) if home.membership & 2**kind]
                injunctive = total(leaders) / len(leaders) if leaders else 0.0
                inc = min(1.0, place.volume[INCENTIVE] / max(place.demand[b], 1))
                linked = int(par.link >= 0 and SUPPORTS in home.layers[par.link].shows)
                S = par.norm_weight * f + par.leader_weight * injunctive + par.persuasion_weight * self.p(layer, b)
                S = S + par.incentive_weight * inc + par.link_weight * linked
                needed = layer.threshold + par.rumour_threshold if layer.rumour == BELIEVES else layer.threshold
                layer.ok = S >= needed
                layer.ready = par.taboo <= 0 or f + par.leader_weight * injunctive >= par.taboo * home.fear
                candidates = [
                    (BY_PEER, par.norm_weight * f),
                    (BY_LEADER, par.leader_weight * injunctive),
                    (BY_MEDIA, par.persuasion_weight * (layer.credit[MEDIA] * self.fade[b])),
                    (BY_VISIT, par.persuasion_weight * (layer.credit[VISIT] * self.fade[b])),
                    (BY_DIALOGUE, par.persuasion_weight * (layer.credit[DIALOGUE] * self.fade[b])),
                    (BY_INCENTIVE, par.incentive_weight * inc),
                    (BY_LINK, par.link_weight * linked),
                ]
                if self.moves(home, b):
                    layer.stage = AWARE if layer.stage == WILLING else WILLING
                    if layer.stage == WILLING:
                        # max keeps the first of equals
                        layer.source = OWN if needed <= 0 else max(candidates, key=lambda pair: pair[1])[0]
                    self.next_decision(home, b)

    def moves(self, home: Home, b: int) -> bool:
        """One favourable week less to wait; True in the week in which it moves."""
        layer = home.layers[b]
        if not ((layer.stage in (AWARE, LAPSED) and layer.ok) or (layer.stage == WILLING and not layer.ok)):
            return False
        layer.decision_wait -= 1
        return layer.decision_wait == 0

    def next_decision(self, home: Home, b: int) -> None:
        """A new wait."""
        layer = home.layers[b]
        layer.decisions += 1
        layer.decision_wait = self.trials(self.par[b].decision_rate, "DECIDE", layer.decisions, home.id, b)

    # -- 7 Service

    def service(self, t: int) -> None:
        """Who comes, who is served, and what becomes of the others."""
        for b, par in enumerate(self.par):
            seekers: list[list[int]] = [[] for _ in self.up]
            for place in self.communities:
                place.demand[b] = 0
            for i, home in enumerate(self.homes):
                place = self.communities[home.c]
                if self.eligible(t, home, b) and self.seeks(t, home, b):
                    seekers[place.facility].append(i)
                    place.demand[b] += 1
            for f, queue in enumerate(seekers):
                cap = self.capacity(f, par)
                offset = self.u("RATION", t, f, b)
                for j, i in enumerate(queue):
                    n = len(queue)
                    got = cap >= n or floor((j + 1) * cap / n + offset) - floor(j * cap / n + offset) >= 1
                    self.record.sought[t, b] += 1
                    (self.serve if got else self.turn_away)(t, self.homes[i], b)

    def eligible(self, t: int, home: Home, b: int) -> bool:
        """The service is for this household this week; an event is then over, and the next one is drawn."""
        layer, par = home.layers[b], self.par[b]
        if par.kind == EVENT:
            now = t >= layer.event_week
            if now:
                layer.events += 1
                layer.event_week = t + self.trials(par.event_rate, "EVENTS", layer.events, home.id)
        elif par.kind == ROUND:
            now = bool(home.child) and t % par.round_interval_weeks == par.round_interval_weeks // 2
        else:
            return layer.stage == WILLING
        self.record.eligible[t, b, home.cell] += now
        self.record.community_eligible[t, b, home.c] += now
        return now

    def seeks(self, t: int, home: Home, b: int) -> bool:
        """It wants it and makes the way."""
        par, place = self.par[b], self.communities[home.c]
        way = home.distance_km * (1 - par.ownership_transport * place.O)
        way = way / (par.distance_scale_km * float(self.plan.distance_factor[t]))
        if home.layers[b].stage not in (WILLING, ADOPTED, MAINTAINED):
            return False
        return par.place == HOME or self.E("ATTEMPT", t, home.id, b) > way

    def capacity(self, f: int, par: Any) -> float:
        """Households that a facility can serve this week."""
        served = [place for place in self.communities if place.facility == f]
        slots = total(place.volume[SERVICE] for place in served)
        own = par.service_capacity * self.facility_households[f]
        own = own * (1 + self.ctx.response_capacity * self.Y[served[0].district])
        return (own if self.up[f] or par.place == HOME else 0.0) + par.slot_share * slots

    def serve(self, t: int, home: Home, b: int) -> None:
        """Served: a willing household adopts."""
        layer, par = home.layers[b], self.par[b]
        if par.kind in (EVENT, ROUND):
            self.record.served[t, b, home.cell] += 1
            self.record.community[t, b, home.c] += 1
        if layer.stage == WILLING:
            layer.stage = ADOPTED
            layer.adoptions += 1
            if par.kind != PERMANENT:
                layer.lapse_at = self.E("LAPSE", layer.adoptions, home.id, b)
            layer.mature_week = t + self.trials(par.maturation_rate, "MATURE", layer.adoptions, home.id, b)
            self.record.convinced_by[t, b, layer.source] += 1

    def turn_away(self, t: int, home: Home, b: int) -> None:
        """Not served: disappointed, and perhaps lost."""
        layer = home.layers[b]
        self.record.turned_away[t, b] += 1
        for channel in layer.credit:
            layer.credit[channel] = layer.credit[channel] * 0.5
        if self.u("GIVE_UP", t, home.id, b) < self.par[b].give_up:
            layer.stage = AWARE if layer.stage == WILLING else LAPSED

    # -- 8 Maintenance

    def maintenance(self, t: int) -> None:
        """Lapse, or habit."""
        before = [[list(sums) for sums in place.lapse_sum] for place in self.communities]
        for place in self.communities:
            for b, par in enumerate(self.par):
                base = par.lapse_rate * exp(-par.ownership_protection * place.O)
                m, u = par.maintained_lapse_ratio, par.unsupported_lapse_ratio
                for k, chance in enumerate((base, base * m, base * u, base * m * u)):
                    place.lapse_sum[b][k] = place.lapse_sum[b][k] + chance_to_hazard(chance)
        for home, b, layer, par in self.everyone():
            if ADOPTS not in layer.shows:
                continue
            if layer.stage in (ADOPTED, MAINTAINED) and self.lapses(par):
                until, now = before[home.c][b], self.communities[home.c].lapse_sum[b]
                self.come_under(layer, until)
                if now[layer.lapse_class] > layer.lapse_at:
                    layer.stage = LAPSED
            if layer.stage == ADOPTED and t >= layer.mature_week:
                layer.stage = MAINTAINED

    def come_under(self, layer: Layer, sums: list[float]) -> None:
        """The class of hazards that it is in now, and the sum at which its resistance is used up, as of these sums."""
        k = int(layer.stage == MAINTAINED) + 2 * int(not layer.ok)
        if k != layer.lapse_class:
            left = layer.lapse_at
            if layer.lapse_class != NOT_KEEPING:
                left = left - sums[layer.lapse_class]
            layer.lapse_class, layer.lapse_at = k, sums[k] + left

    def lapses(self, par: Any) -> bool:
        """Whether anybody may give this behaviour up."""
        return par.kind != PERMANENT and par.lapse_rate > 0

    # -- 9 Turnover

    def turnover(self, t: int) -> None:
        """A new caregiver, who knows nothing."""
        for home in self.homes:
            if t < home.turnover_week:
                continue
            home.lives += 1
            home.g = 0.0
            home.turnover_week = t + self.trials(self.ctx.turnover, "TURNOVER", home.lives, home.id)
            for b, layer in enumerate(home.layers):
                layer.stage, layer.aware_week, layer.source = UNAWARE, NEVER, OWN
                layer.credit = dict.fromkeys(layer.credit, 0.0)
                if layer.rumour != SUSCEPTIBLE:
                    self.leave_rumour(home, b)
                if self.par[b].peer_information > 0:
                    layer.resist_talk = self.E("TALK", home.lives, home.id, b) / self.par[b].peer_information
                self.next_decision(home, b)

    # -- 10 Commit

    def show(self, t: int | None) -> None:
        """What everybody shows from now on, and what neighbours then count; t is None before the first week."""
        for home, b, layer, par in self.everyone():
            layer.shows = set()
            if layer.stage in (WILLING, ADOPTED, MAINTAINED):
                layer.shows.add(SUPPORTS)
                if layer.ready:
                    layer.shows.add(VOICES)
            if layer.stage in (ADOPTED, MAINTAINED):
                layer.shows.add(ADOPTS)
            if ADOPTS not in layer.shows or not self.lapses(par):
                layer.lapse_class = NOT_KEEPING
            elif t is not None:
                self.come_under(layer, self.communities[home.c].lapse_sum[b])
            if layer.rumour == BELIEVES:
                layer.shows.add(SPREADS_RUMOUR)
                if layer.stage in (AWARE, LAPSED):
                    layer.shows.add(REFUSES)
            quiet = layer.stage != UNAWARE and VOICES not in layer.shows
            if t is not None and quiet and t + 1 - layer.aware_week <= par.talk_weeks and home.fear <= 1 - par.taboo:
                layer.shows.add(TALKS)
        for home, b, layer, _ in self.everyone():
            around = [(self.homes[j].layers[b].shows, weight) for j, weight in home.ties]
            layer.n_voice = sum(weight for shows, weight in around if VOICES in shows)
            layer.n_talk = sum(weight for shows, weight in around if TALKS in shows)
            layer.n_rumour = sum(weight for shows, weight in around if SPREADS_RUMOUR in shows)

    # -- 11 Aggregates

    def aggregates(self, t: int) -> None:
        """Authorities, and monitoring."""
        ctx = self.ctx
        delay = ctx.response_delay_weeks
        for d, Y in enumerate(self.Y):
            heard = [self.H[s][d] for s in range(max(0, t - delay - 12), t - delay + 1)]
            H = total(heard) / len(heard) if heard else 0.0
            target = ctx.responsiveness * (H * H) / (H * H + ctx.pressure_half * ctx.pressure_half) if H else 0.0
            owned = [place.O for place in self.communities if place.district == d]
            O = total(owned) / len(owned)
            if target > Y:
                self.Y[d] = Y + (target - Y) / ctx.response_weeks
            else:
                self.Y[d] = Y - ctx.response_decay * (1 - O) * (Y - target)
        if self.w is not None and self.w % ctx.monitor_weeks == 0:
            before = [place.estimate for place in self.communities]
            for c, place in enumerate(self.communities):
                if place.treated:
                    self.survey(t, c, place)
            if ctx.feedback > 0:
                self.share_budget(before)

    def survey(self, t: int, c: int, place: Community) -> None:
        """Interviews of a round in a community."""
        n = min(floor(place.interviews), place.n, 4096)
        place.interviews -= n
        yes = 0
        for j in range(n):
            who = place.homes[floor(self.u("SURVEY_WHO", t, c * 4096 + j) * place.n)]
            adopter = ADOPTS in self.homes[who].layers[0].shows
            says_yes = self.ctx.monitor_sensitivity if adopter else 1 - self.ctx.monitor_specificity
            yes += self.u("SURVEY_ERROR", t, c * 4096 + j) < says_yes
        if n > 0:
            place.estimate = yes / n

    def share_budget(self, estimates: list[float]) -> None:
        """More money where the coverage last found is lower."""
        treated = [c for c, place in enumerate(self.communities) if place.treated]
        known = {c: max(0.95 - estimates[c], 0.02) for c in treated if estimates[c] >= 0}
        if not known:
            return
        mean = total(known.values()) / len(known)
        gaps = {c: known.get(c, mean) for c in treated}
        gap = total(gaps.values())
        feedback = self.ctx.feedback
        for c in treated:
            self.communities[c].share = (1 - feedback) / len(treated) + feedback * gaps[c] / gap

    # -- what is written down

    def note(self, t: int) -> None:
        """Rest of the record's row."""
        record = self.record
        for home, b, layer, par in self.everyone():
            record.stage[t, b, home.cell, layer.stage] += 1
            record.refused[t, b, home.cell] += layer.stage in (AWARE, LAPSED) and layer.rumour == BELIEVES
            record.voiced[t, b] += VOICES in layer.shows
            record.believing[t, b] += layer.rumour == BELIEVES
            if par.kind not in (EVENT, ROUND):
                record.community[t, b, home.c] += ADOPTS in layer.shows
                record.community_eligible[t, b, home.c] += 1
        for b in range(len(self.par)):
            by_place = [added([self.homes[i].layers[b].persuaded for i in place.homes]) for place in self.communities]
            record.persuasion[t, b] = total(by_place) * self.fade[b] / len(self.homes)
        for home in self.homes:
            record.reached[t, home.cell] += any(home.contacts.values())
        number = len(self.communities)
        record.endorsement[t] = total(E for place in self.communities for E in place.E) / (4 * number)
        record.approved[t] = sum(place.approved for place in self.communities) / number
        record.ownership[t] = total(place.O for place in self.communities) / number
        record.response[t] = self.Y
        record.pressure[t] = self.H[t]

    def state(self) -> State:
        """Everything as the engine's State; the fields of `DERIVED` are left 0."""
        homes, places, kinds = self.homes, self.communities, range(len(self.par))
        shape = len(self.par), len(homes)

        def layered(name: str, dtype: Any) -> Any:
            return np.array([[getattr(home.layers[b], name) for home in homes] for b in kinds], dtype)

        def placed(name: str, dtype: Any) -> Any:
            return np.array([getattr(place, name) for place in places], dtype)

        def counted(what: int) -> Any:
            return np.array([sum(what in home.layers[b].shows for home in homes) for b in kinds], np.int64)

        stage_count = np.zeros((len(self.par), self.cells, 6), np.int64)
        refused = np.zeros((len(self.par), self.cells), np.int64)
        for home, b, layer, _ in self.everyone():
            stage_count[b, home.cell, layer.stage] += 1
            refused[b, home.cell] += REFUSES in layer.shows
        mind = np.zeros(shape, MIND).view(np.recarray)
        for name in set(MIND.names or ()) - set(DERIVED):
            mind[name] = layered(name, MIND[name])
        needed = [
            [
                layer.threshold + par.rumour_threshold if layer.rumour == BELIEVES else layer.threshold
                for layer in (home.layers[b] for home in homes)
            ]
            for b, par in enumerate(self.par)
        ]
        channels = (MEDIA, VISIT, DIALOGUE)
        every = range(len(places))
        return State(
            stage=layered("stage", np.uint8),
            shown=np.array([[sum(home.layers[b].shows) for home in homes] for b in kinds], np.uint8),
            persuasion=np.array([[[home.layers[b].credit[k] for k in channels] for home in homes] for b in kinds]),
            fade=np.array(self.fade),
            norm_memory=np.array([home.g for home in homes]),
            norm_fade=np.array([self.norm_fade]),
            mind=mind,
            resist_talk=layered("resist_talk", np.float64),
            resist_rumour=layered("resist_rumour", np.float64),
            decision_wait=layered("decision_wait", np.int32),
            event_week=layered("event_week", np.int32),
            events=layered("events", np.uint16),
            lapse_class=layered("lapse_class", np.uint8),
            lapse_sum=np.array([[place.lapse_sum[b] for place in places] for b in kinds]),
            voicing=layered("n_voice", np.int32),
            talking=layered("n_talk", np.int32),
            rumouring=layered("n_rumour", np.int32),
            turnover_week=np.array([home.turnover_week for home in homes], np.int32),
            lives=np.array([home.lives for home in homes], np.uint16),
            contacts=np.array([[home.contacts[k] for home in homes] for k in channels], np.uint16),
            endorsement=placed("E", np.float64),
            approved=placed("approved", np.uint8),
            ownership=placed("O", np.float64),
            started_alone=placed("started_alone", np.uint8),
            budget_share=placed("share", np.float64),
            interviews=placed("interviews", np.float64),
            estimate=placed("estimate", np.float64),
            demand=np.array([[place.demand[b] for place in places] for b in kinds], np.int64),
            facility_up=np.array(self.up, np.uint8),
            response=np.array(self.Y),
            stage_count=stage_count,
            refused=refused,
            supporters=np.array([[self.supporters(b, c) for c in every] for b in kinds], np.int64),
            adopters=np.array([[self.adopters(b, c) for c in every] for b in kinds], np.int64),
            voiced=counted(VOICES),
            believing=counted(SPREADS_RUMOUR),
            in_need=np.array([self.in_need(c) for c in every], np.int64),
            voices=np.array([self.voices(c) for c in every], np.int64),
            pending=np.zeros(shape, np.uint8),
            hot=np.zeros(shape, np.uint8),
            due=np.zeros(shape, np.int32),
            persuaded=layered("persuaded", np.float64),
            needed=np.array(needed),
            standing=np.array(
                [NEEDS * home.needs + SPEAKS * any(VOICES in layer.shows for layer in home.layers) for home in homes],
                np.uint8,
            ),
            warm=np.zeros(len(places), np.uint8),
            moving=np.zeros((len(self.par), len(places)), np.uint8),
            persuaded_sum=np.array(
                [[added([homes[i].layers[b].persuaded for i in place.homes]) for place in places] for b in kinds]
            ),
        )


def _home(households: Households, i: int, behaviours: int) -> Home:
    """Household i with its ties and its layers at their first stage."""
    scalars = {
        name: getattr(households, name)[i].item()
        for name in (
            "cell",
            "minority",
            "female",
            "hesitant",
            "media",
            "child",
            "joiner",
            "membership",
            "distance_km",
            "fear",
            "invite_id",
            "invite_weight",
        )
    }
    ties = range(int(households.indptr[i]), int(households.indptr[i + 1]))
    return Home(
        id=int(households.draw_id[i]),
        c=int(households.community[i]),
        ties=[(int(households.neighbor[k]), int(households.weight[k])) for k in ties],
        layers=[
            Layer(
                float(households.threshold[b, i]),
                float(households.reference[b, i]),
                int(households.initial_stage[b, i]),
            )
            for b in range(behaviours)
        ],
        **scalars,
    )


def _empty_record(weeks: int, behaviours: int, cells: int, communities: int, districts: int) -> Record:
    """Zeros of the shapes that `Record` documents."""
    T, B, G, C, D = weeks, behaviours, cells, communities, districts
    whole = {
        "stage": (T, B, G, 6),
        "refused": (T, B, G),
        "eligible": (T, B, G),
        "served": (T, B, G),
        "voiced": (T, B),
        "believing": (T, B),
        "sought": (T, B),
        "turned_away": (T, B),
        "informed_by": (T, B, 8),
        "convinced_by": (T, B, 8),
        "contacts": (T, 3),
        "reached": (T, G),
        "community": (T, B, C),
        "community_eligible": (T, B, C),
    }
    real = {
        "delivered": (T, len(ACTIVITIES)),
        "spent": (T, len(ACTIVITIES)),
        "unspent": (T, len(ACTIVITIES)),
        "participants": (T,),
        "persuasion": (T, B),
        "endorsement": (T,),
        "approved": (T,),
        "ownership": (T,),
        "response": (T, D),
        "pressure": (T, D),
    }
    return Record(
        **{name: np.zeros(shape, np.int32) for name, shape in whole.items()},
        **{name: np.zeros(shape) for name, shape in real.items()},
    )
