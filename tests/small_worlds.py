"""Small random worlds as bare arrays, for tests that need no scenario: a few communities of a few households.

`build` asks a `choose` function for every dial, so that one builder serves Hypothesis (which shrinks towards the first
option of each dial, the tamest) and fixed seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from smsim.engine.arrays import BEHAVIOUR, CONTEXT, KINDS, Households, Places, Plan

Choose = Callable[[Sequence[Any]], Any]

# Options of each parameter: the first is tame, the others are typical or extreme.
BEHAVIOUR_DIALS: dict[str, Sequence[Any]] = {
    "peer_information": (0.0, 0.03, 0.3, 10.0),
    "silent_information": (0.0, 1 / 7, 1.0),
    "talk_weeks": (13, 0, 3),
    "decision_rate": (1.0, 0.25, 0.7, 1e-6),
    "norm_weight": (0.6, 0.0, 1.0, 3.0),
    "leader_weight": (0.0, 0.15, 1.0),
    "persuasion_weight": (0.0, 0.3, 1.0),
    "incentive_weight": (0.0, 0.15, 0.5),
    "taboo": (0.0, 0.3, 1.0),
    "persuasion_decay": (0.0, 0.027, 1.0),
    "message_share": (1.0, 0.4, 0.0),
    "rumour_passing": (0.0, 0.05, 1.0),
    "rumour_arrival": (0.0, 0.02, 0.5),
    "rumour_forgetting": (0.0, 0.1, 1.0),
    "rumour_initial": (0.0, 0.2, 1.0),
    "rumour_threshold": (0.0, 0.3, 2.0),
    "rumour_shock_week": (-1, 0, 3, 8),
    "rumour_shock_share": (0.0, 0.5, 1.0),
    "debunk_waning": (0.0, 0.1, 1.0),
    "service_capacity": (10.0, 0.05, 0.2, 0.0),
    "slot_share": (1.0, 0.3, 0.0),
    "distance_scale_km": (1e9, 12.0, 3.0),
    "give_up": (0.0, 0.25, 1.0),
    "event_rate": (0.1, 0.5, 1.0, 0.0),
    "event_lag_weeks": (0, 4, 11),
    "round_interval_weeks": (4, 1, 7),
    "lapse_rate": (0.0, 0.02, 0.3, 1.0),
    "maintained_lapse_ratio": (1.0, 0.3, 0.0),
    "unsupported_lapse_ratio": (1.0, 4.0),
    "maturation_rate": (1 / 13, 0.5, 1.0, 0.0),
    "ownership_protection": (0.0, 1.0, 100.0),
    "ownership_transport": (0.0, 0.5, 1.0),
    "link_weight": (0.0, 0.3),
    "place": (0, 1),
}
CONTEXT_DIALS: dict[str, Sequence[Any]] = {
    "turnover": (0.0, 0.02, 0.3, 1.0),
    "acceptance_unapproved": (1.0, 0.4, 0.0),
    "endorsement_gain": (0.25, 0.0, 5.0),
    "endorsement_decay": (0.02, 0.0, 1.0),
    "availability": (1.0, 0.85, 0.3, 0.0),
    "stockout_weeks": (4.0, 1.0, 2.5),
    "responsiveness": (0.0, 0.5, 1.0),
    "pressure_half": (0.004, 0.5),
    "response_delay_weeks": (0, 2, 9),
    "response_weeks": (26.0, 1.0, 4.0),
    "response_decay": (0.005, 0.2, 0.0),
    "response_capacity": (1.0, 3.0),
    "ownership_gain": (0.0, 0.3, 10.0),
    "ownership_decay": (0.005, 0.2),
    "action_participants": (50.0, 2.0, 0.7),
    "visit_gain": (0.25, 0.0, 1.0),
    "dialogue_gain": (0.2, 0.0, 1.0),
    "media_gain": (0.005, 0.3),
    "norm_memory_decay": (0.027, 0.0, 1.0),
    "debunking": (0.5, 0.0, 1.0),
    "trust": (0.9, 1.0, 0.3),
    "outsider_penalty": (0.35, 1.0),
    "language_penalty": (0.35, 1.0),
    "gender_penalty": (0.15, 1.0),
    "material_quality": (0.85, 1.0),
    "material_language": (0.8, 0.0),
    "fidelity": (1.0, 0.85, 0.4),
    "needs_quality": (0.0, 0.5, 1.0),
    "feedback": (0.0, 0.5, 1.0),
    "monitor_weeks": (4, 1, 3),
    "monitor_sensitivity": (1.0, 0.8),
    "monitor_specificity": (1.0, 0.7),
    "dissemination": (0.0, 0.5, 20.0),
}


class SmallWorld(NamedTuple):
    """Everything that determines a run, in the order in which the twin takes it."""

    households: Households
    places: Places
    plan: Plan
    behaviours: Any
    context: Any
    seed: int
    weeks: int


def build(choose: Choose, kinds: Sequence[int]) -> SmallWorld:
    """A small world with one behaviour of each of `kinds`, in that order."""
    rng = np.random.default_rng(choose(range(10_000)))
    sizes = [choose((3, 4, 7, 12)) for _ in range(choose((1, 2, 3, 4)))]
    places = _places(choose, sizes)
    weeks = choose((20, 30, 40))
    behaviours = np.recarray(len(kinds), dtype=BEHAVIOUR)
    for b, kind in enumerate(kinds):
        behaviours[b] = (kind, *(choose(BEHAVIOUR_DIALS.get(name, (-1,))) for name in BEHAVIOUR.names[1:]))
        if len(kinds) > 1:
            behaviours[b].link = choose((-1, 1 - b))
    context = np.recarray(1, dtype=CONTEXT)
    context[0] = tuple(choose(CONTEXT_DIALS[name]) for name in CONTEXT.names)
    households = _households(choose, rng, sizes, int(places.cells), len(kinds))
    for c in range(len(sizes)):
        among = households.joiner[places.community_start[c] : places.community_start[c + 1]]
        places.joiners[c] = max(1.0, float(among.sum()))
    plan = _plan(choose, rng, len(sizes), weeks, sum(sizes))
    return SmallWorld(households, places, plan, behaviours, context, choose((0, 1, 2**32 + 5, 2**64 - 1)), weeks)


def fixed(seed: int, kinds: Sequence[int]) -> SmallWorld:
    """A small world of a fixed seed, every dial at random."""
    rng = np.random.default_rng([seed, *kinds])
    return build(lambda options: options[int(rng.integers(len(options)))], kinds)


def _places(choose: Choose, sizes: list[int]) -> Places:
    number = len(sizes)
    facility = np.zeros(number, np.int32)
    district = np.zeros(number, np.int32)
    for c in range(1, number):
        own = choose((False, True))  # a facility of its own, and perhaps a district
        facility[c] = facility.max() + 1 if own else facility[choose(range(c))]
        district[c] = district[c - 1] + (own and choose((False, True)))
    size = np.array(sizes, dtype=np.float64)
    return Places(
        community_start=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        facility=facility,
        district=district,
        leader_response=np.array([choose((1.0, 0.3, 0.0)) for _ in sizes]),
        treated=np.array([choose((1, 1, 0)) for _ in sizes], np.uint8),
        joiners=np.ones(number),
        facility_households=np.bincount(facility, weights=size),
        district_households=np.bincount(district, weights=size),
        district_communities=np.bincount(district).astype(np.float64),
        cells=choose((4, 1, 80)),
    )


def _households(choose: Choose, rng: np.random.Generator, sizes: list[int], cells: int, layers: int) -> Households:
    n = sum(sizes)
    community = np.repeat(np.arange(len(sizes)), sizes).astype(np.int32)
    ties = np.triu(rng.integers(1, 4, (n, n)) * (rng.random((n, n)) < choose((0.1, 0.0, 0.3))), 1)
    ties = (ties + ties.T).astype(np.uint8)
    rows, neighbor = np.nonzero(ties)
    by_degree = ties.sum(axis=1, dtype=np.float64)
    draw_id = np.arange(n, dtype=np.uint32)
    if choose((False, True)):
        draw_id = rng.choice(2**32, n, replace=False).astype(np.uint32)
    together = choose((1, 3))  # so many neighbours in the list share an invitation
    stages = {"aware": (0.5, 0.5, 0, 0, 0, 0), "any": (1 / 6,) * 6, "unaware": (1, 0, 0, 0, 0, 0)}[
        choose(("aware", "any", "unaware"))
    ]

    def bits(share: float) -> Any:
        return (rng.random(n) < share).astype(np.uint8)

    return Households(
        draw_id=draw_id,
        community=community,
        cell=rng.integers(0, cells, n).astype(np.uint8),
        minority=bits(0.3),
        female=bits(0.3),
        hesitant=bits(0.3),
        media=bits(0.6),
        child=bits(0.6),
        joiner=bits(choose((0.5, 1.0, 0.0))),
        membership=rng.integers(0, 16, n).astype(np.uint8),
        distance_km=rng.uniform(0, 8, n),
        fear=rng.uniform(0, 1, n),
        invite_id=draw_id[np.arange(n) // together * together],
        invite_weight=rng.uniform(0.2, 2, n),
        indptr=np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n))]).astype(np.int64),
        neighbor=neighbor.astype(np.int32),
        weight=ties[rows, neighbor],
        reference=np.array([by_degree if choose(("share", "count")) == "share" else np.ones(n) for _ in range(layers)]),
        threshold=rng.normal(choose((0.2, 0.0, -0.4, 0.6)), 0.3, (layers, n)),
        initial_stage=rng.choice(6, (layers, n), p=stages).astype(np.uint8),
    )


def _plan(choose: Choose, rng: np.random.Generator, communities: int, weeks: int, households: int) -> Plan:
    campaign = choose((12, 0, 1, 25))
    # Volumes of about one contact per household and week at the largest scale.
    per_household = np.array([choose((0.0, 0.1, 1.0)) for _ in range(8)])
    per_household *= (1.0, 1.0, 0.2, 1.0, 0.2, 0.3, 0.5, 0.5)
    unit_cost = rng.uniform(0.5, 3, 8)
    shape = (campaign, communities)

    def shares() -> Any:
        return rng.choice([0.0, 1.0, 0.37], shape)

    return Plan(
        first_week=choose((0, 3, 7)),
        spending=per_household * unit_cost * households * rng.choice([1.0, 0.0, 1.7], (campaign, 8)),
        unit_cost=unit_cost,
        leader_share=rng.dirichlet(np.ones(4)),
        visit_capacity=rng.uniform(0, 6, shape) if choose((False, True)) else np.full(shape, 1e9),
        resident=shares(),
        language=shares(),
        women=shares(),
        training=shares(),
        distance_factor=1 + choose((0.0, 0.5)) * np.cos(2 * np.pi * np.arange(weeks) / 52),
    )


def hand_world(weeks: int, **behaviour: Any) -> SmallWorld:
    """Four households in a row, in one community beside its facility, for tables worked by hand.

    Thresholds 0, 1/2, 1/2 and 1 of the neighbours; all aware; whoever changes its mind acts at once; only neighbours
    count; service is ample; nothing else happens.
    """
    tame = {name: options[0] for name, options in BEHAVIOUR_DIALS.items()}
    tame |= {"kind": KINDS.index("repeated"), "norm_weight": 1.0, "link": -1, "maturation_rate": 0.0} | behaviour
    quiet = {name: options[0] for name, options in CONTEXT_DIALS.items()}
    one = np.ones((1, 4))
    zero, bits = np.zeros(4), np.zeros(4, np.uint8)
    households = Households(
        draw_id=np.arange(4, dtype=np.uint32),
        community=np.zeros(4, np.int32),
        cell=np.zeros(4, np.uint8),
        minority=bits,
        female=bits,
        hesitant=bits,
        media=bits,
        child=bits,
        joiner=bits,
        membership=bits,
        distance_km=zero,
        fear=np.array([0.2, 0.4, 0.6, 0.8]),
        invite_id=np.arange(4, dtype=np.uint32),
        invite_weight=np.ones(4),
        indptr=np.array([0, 1, 3, 5, 6]),
        neighbor=np.array([1, 0, 2, 1, 3, 2], np.int32),
        weight=np.ones(6, np.uint8),
        reference=np.array([[1.0, 2.0, 2.0, 1.0]]),
        threshold=np.array([[0.0, 0.5, 0.5, 1.0]]),
        initial_stage=one.astype(np.uint8),
    )
    places = Places(
        community_start=np.array([0, 4]),
        facility=np.zeros(1, np.int32),
        district=np.zeros(1, np.int32),
        leader_response=np.ones(1),
        treated=np.ones(1, np.uint8),
        joiners=np.ones(1),
        facility_households=np.array([4.0]),
        district_households=np.array([4.0]),
        district_communities=np.ones(1),
        cells=1,
    )
    plan = without_campaign(Plan(0, np.zeros((0, 8)), np.ones(8), np.full(4, 0.25), *[one] * 5, np.ones(weeks)), 1)
    behaviours = np.recarray(1, dtype=BEHAVIOUR)
    behaviours[0] = tuple(tame[name] for name in BEHAVIOUR.names)
    context = np.recarray(1, dtype=CONTEXT)
    context[0] = tuple(quiet[name] for name in CONTEXT.names)
    return SmallWorld(households, places, plan, behaviours, context, 1, weeks)


def without_campaign(plan: Plan, communities: int) -> Plan:
    """The same plan with a campaign of no weeks."""
    none = np.zeros((0, communities))
    return plan._replace(
        spending=np.zeros((0, 8)), visit_capacity=none, resident=none, language=none, women=none, training=none
    )
