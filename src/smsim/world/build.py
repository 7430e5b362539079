"""A world: households, their ties and their places, made from a scenario and a seed and never changed again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from smsim.engine.arrays import Array, Households, Places
from smsim.errors import ScenarioError
from smsim.world.households import by_rank, cell_of, fill_behaviour, settle_people, wealth_rank
from smsim.world.services import community_starts, lay_out
from smsim.world.ties import compress, draw_ties, homophily_order, invitations, weighted_degree

if TYPE_CHECKING:
    from smsim.scenario import Scenario

MAX_BYTES = 16 * 2**30
INVITATIONS = ("random", "nominated", "hub", "kin")


@dataclass(frozen=True)
class World:
    """Households, ties and places of one seed; shared by every strategy that is compared in it."""

    households: Households
    places: Places
    wealth_rank: Array  # float64 (N,) in (0, 1)
    seed: int

    def __repr__(self) -> str:
        n = len(self.households.draw_id)
        ties = len(self.households.neighbor) / n
        return f"World({n:,} households, {len(self.places.treated):,} communities, {ties:.1f} ties, seed {self.seed})"


def build_world(scenario: Scenario, seed: int) -> World:
    """The world of a scenario and a seed.

    Raises
    ------
    ScenarioError
        If it would need more memory than a large workstation has.
    """
    check_size(scenario)
    start = community_starts(scenario.world["households"], scenario.world["households_per_community"])
    return _build(scenario, seed, start, None)


def world_from_ties(
    scenario: Scenario, indptr: Array, neighbor: Array, weight: Array, seed: int, start: Array | None = None
) -> World:
    """A world over given ties, symmetric rows as in `Households`; one community unless `start` (C + 1,) is given."""
    if start is None:
        start = np.array([0, len(indptr) - 1], np.int64)
    rows = (indptr.astype(np.int64), neighbor.astype(np.int32), weight.astype(np.uint8))
    return _build(scenario, seed, start, rows)


def world_bytes(scenario: Scenario) -> int:
    """Memory that a world and one run over it need at their peak, in bytes; an estimate from above."""
    world: dict[str, Any] = dict(scenario.world)
    behaviours = len(scenario.behaviours)
    per_tie = 5 + 2 * (4 + 4 + 1)  # kept, and while it is being sorted
    per_household = 200 + 130 * behaviours
    return int(world["households"] * (per_household + per_tie * (world["mean_ties"] + 2)))


def check_size(scenario: Scenario) -> None:
    """Refuse what cannot fit, before anything is allocated."""
    needed = world_bytes(scenario)
    if not needed <= MAX_BYTES:
        raise ScenarioError(
            f"world.households x world.mean_ties must fit into {MAX_BYTES / 2**30:.0f} GiB; "
            f"{scenario.world['households']:,} households with {scenario.world['mean_ties']:g} ties need about "
            f"{needed / 2**30:.0f} GiB; lower one of them"
        )


def _build(scenario: Scenario, seed: int, start: Array, rows: tuple[Array, Array, Array] | None) -> World:
    world = scenario.world
    key = np.uint64(seed)
    n = int(start[-1])
    flags = {name: np.zeros(n, np.uint8) for name in ("female", "minority", "hesitant", "child", "media", "joiner")}
    membership = np.zeros(n, np.uint8)
    score, fear, distance_km = np.empty(n), np.empty(n), np.empty(n)
    settle_people(
        key, start, score, flags["female"], flags["minority"], flags["hesitant"], flags["child"], fear, membership,
        distance_km, world["female_headed_share"], world["minority_share"], world["minority_icc"],
        world["hesitant_share"], world["hesitancy_icc"], world["child_share"], world["median_distance_km"],
    )  # fmt: skip
    rank = wealth_rank(score)
    by_rank(
        key, rank, membership, flags["media"], flags["joiner"], world["media_access"], world["media_wealth_gradient"],
        world["participation"], world["participation_gradient"],
    )  # fmt: skip
    places = lay_out(
        start,
        flags["joiner"],
        seed,
        world["communities_per_facility"],
        world["communities_per_district"],
        world["opposed_share"],
        world["opposed_response"],
        scenario.campaign["treated_share"],
    )
    order = np.empty(n, np.int32)
    homophily_order(key, start, world["homophily"], flags["minority"], flags["hesitant"], rank, order)
    if rows is None:
        first_of_district = np.flatnonzero(np.diff(places.district, prepend=-1))
        district_start = np.append(start[first_of_district], n)
        ends = draw_ties(
            key, start, district_start, order, membership, world["mean_ties"], world["rewiring"],
            world["cross_community_ties"],
        )  # fmt: skip
        rows = compress(n, *ends)
    indptr, neighbor, weight = rows
    invite_id, invite_weight = np.empty(n, np.uint32), np.empty(n)
    invited = INVITATIONS.index(scenario.campaign["invitation"])
    invitations(invited, start, order, flags["joiner"], indptr, neighbor, weight, invite_id, invite_weight)
    threshold, stage = _behaviours(scenario, key, start, flags["hesitant"])
    reference = np.tile(weighted_degree(indptr, weight), (len(threshold), 1))
    households = Households(
        draw_id=np.arange(n, dtype=np.uint32),
        community=np.repeat(np.arange(len(start) - 1, dtype=np.int32), np.diff(start)),
        cell=cell_of(rank, flags["female"], flags["minority"], flags["hesitant"], distance_km),
        **flags,
        membership=membership,
        distance_km=distance_km,
        fear=fear,
        invite_id=invite_id,
        invite_weight=invite_weight,
        indptr=indptr,
        neighbor=neighbor,
        weight=weight,
        reference=reference,
        threshold=threshold,
        initial_stage=stage,
    )
    for array in (*households, *places[:-1], rank):
        array.setflags(write=False)
    return World(households, places, rank, seed)


def _behaviours(scenario: Scenario, key: np.uint64, start: Array, hesitant: Array) -> tuple[Array, Array]:
    """Thresholds float64 (B, N) and first stages uint8 (B, N)."""
    shape = len(scenario.behaviours), len(hesitant)
    threshold, stage = np.empty(shape), np.empty(shape, np.uint8)
    for b, p in enumerate(scenario.behaviours.values()):
        fill_behaviour(
            key, b, start, hesitant, threshold[b], stage[b], p["threshold_mean"], p["threshold_sd"],
            p["threshold_icc"], p["hesitancy"], p["aware_share"], p["aware_icc"], p["initial_adopters"],
        )  # fmt: skip
    return threshold, stage
