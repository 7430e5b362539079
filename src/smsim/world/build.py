"""A world: households, their ties and their places, made from a scenario and a seed and never changed again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from smsim import ahead
from smsim.engine.arrays import STAGES, Array, Facts, Households, Places, frozen_array
from smsim.errors import ScenarioError
from smsim.saying import say_count
from smsim.world import cache
from smsim.world.households import CELLS, at_the_start, cell_of, settle_people
from smsim.world.samplers import identities
from smsim.world.services import community_starts, lay_out, treated_communities
from smsim.world.ties import FLAWS, compress, draw_ties, flaw, homophily_order, invitations, weighted_degree

if TYPE_CHECKING:
    from smsim.scenario import Scenario

MAX_BYTES = 16 * 2**30
INVITATIONS = ("random", "nominated", "hub", "kin")
# The arrays of a ground: of the fields of `Households` and `Places`, those that `dress` and constants do not give.
PEOPLE = tuple(
    name
    for name in Households._fields
    if name not in ("invite_id", "invite_weight", "reference", "threshold", "initial_stage")
)
PLACES = tuple(name for name in Places._fields if name != "cells")
OTHERS = ("wealth_rank", "order", "degree")
# Parameters of the section `world` that shape a ground; the others belong to the run.
SHAPING = (
    "households", "households_per_community", "communities_per_facility", "communities_per_district",
    "median_distance_km", "female_headed_share", "minority_share", "minority_icc", "hesitant_share", "hesitancy_icc",
    "child_share", "media_access_log_odds", "media_wealth_gradient", "participation", "participation_gradient",
    "religious_following", "traditional_following", "womens_following", "youth_following", "opposed_share",
    "opposed_response", "mean_ties", "homophily", "kin_households", "rewiring", "school_share", "cross_community_ties",
    "market_share", "place_clustering",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class World:
    """Households, ties and places of one seed; shared by every strategy that is compared in it."""

    households: Households
    places: Places
    wealth_rank: Array  # float64 (N,) in (0, 1)
    seed: int

    @cached_property
    def facts(self) -> Facts:
        """What runs ask of it."""
        most, heaviest = self._ties
        asks, stages = self._highest > 0, self._stage_count
        return Facts(heaviest=most * heaviest, even=heaviest == 1, asks=asks, stage_count=stages)

    @cached_property
    def _ties(self) -> tuple[int, int]:
        """How many ties a household has at most, and the heaviest weight of one."""
        people = self.households
        return int(np.diff(people.indptr).max()), int(people.weight.max(initial=1))

    @cached_property
    def _highest(self) -> float:
        """The highest threshold of the first behaviour."""
        return float(self.households.threshold[0].max())

    @cached_property
    def _stage_count(self) -> Array:
        people, cells, stages = self.households, self.places.cells, len(STAGES)
        at = people.cell.astype(np.intp) * stages
        counts = [np.bincount(at + stage, minlength=cells * stages) for stage in people.initial_stage]
        return np.array(counts).reshape(-1, cells, stages)

    def replace(self, *, threshold: Any = None, initial_stage: Any = None) -> World:
        """The same people, ties and places with other thresholds or other first stages.

        Parameters
        ----------
        threshold : one number, one per household (N,), or one per behaviour and household (B, N)
        initial_stage : the same, of whole numbers that count `STAGES`. An array may be kept as it is, without a copy,
            and must not change any more.

        Raises
        ------
        ScenarioError
            A number is missing or no stage, or an array has another shape.
        """
        given: dict[str, Array] = {}
        known: dict[str, Any] = {"_ties": self._ties}
        if threshold is None:
            known["_highest"] = self._highest
        else:
            thresholds = self._filled("threshold", self._numbers("threshold", threshold))
            highest = thresholds.max(axis=1)
            if np.isnan(highest).any():
                who = np.argwhere(np.isnan(thresholds))[0, 1]
                raise ScenarioError(f"threshold must be known of every household; that of household {who} is NaN")
            given["threshold"], known["_highest"] = thresholds, float(highest[0])
        if initial_stage is None:
            known["_stage_count"] = self._stage_count
        else:
            stages = self._numbers("initial_stage", initial_stage)
            wrong = stages[~np.isin(stages, range(len(STAGES)))]
            if wrong.size:
                last, names = len(STAGES) - 1, ", ".join(STAGES)
                raise ScenarioError(f"initial_stage must be 0 to {last}, for {names}; got {wrong[0]:g}")
            given["initial_stage"] = self._filled("initial_stage", stages)
        other = replace(self, households=self.households._replace(**given))
        vars(other).update(known)  # what is known of ties and stages still holds
        return other

    def _numbers(self, name: str, value: Any) -> Array:
        behaviours, n = self.households.threshold.shape
        try:
            numbers = np.asarray(value)
        except ValueError:  # a list of lists of different lengths
            numbers = np.array(None)
        numeric = numbers.dtype.kind in "biuf"
        if not numeric or numbers.shape not in ((), (n,), (behaviours, n)):
            got = f"shape {numbers.shape}" if numeric else f"{type(value).__name__} that is no number"
            raise ScenarioError(
                f"{name} must be one number, or numbers of shape ({n},) or ({behaviours}, {n}): one per household, or "
                f"per behaviour and household; got {got}"
            )
        return numbers

    def _filled(self, name: str, numbers: Array) -> Array:
        like = getattr(self.households, name)
        return frozen_array(np.ascontiguousarray(np.broadcast_to(numbers.astype(like.dtype, copy=False), like.shape)))

    def __repr__(self) -> str:
        n = len(self.households.draw_id)
        households = say_count(n, "household")
        communities = say_count(len(self.places.treated), "community", "communities")
        return f"World({households}, {communities}, {len(self.households.neighbor) / n:.1f} ties, seed {self.seed})"


class Ground(NamedTuple):
    """People, ties and places before any behaviour or campaign; scenarios that differ in those alone can share it."""

    people: dict[str, Array]  # by name of the field of `Households`
    places: Places
    wealth_rank: Array  # float64 (N,)
    order: Array  # int32 (N,): households by likeness, inside their communities
    degree: Array  # float64 (N,): sum of tie weights
    seed: int


def build_world(scenario: Scenario, seed: int) -> World:
    """The world of a scenario and a seed.

    Raises
    ------
    ScenarioError
        If it would need more memory than a large workstation has.
    """
    check_size(scenario)
    return dress(scenario, build_ground(scenario.world, seed))


def world_from_ties(
    scenario: Scenario, indptr: Array, neighbor: Array, weight: Array, seed: int, start: Array | None = None
) -> World:
    """A world over given ties, rows as in `Households`; one community unless `start` (C + 1,) is given.

    Raises
    ------
    ScenarioError
        If the rows are not symmetric, ascending and weighted 1 to 255, or `start` does not divide the households.
    """
    rows = _checked_rows(indptr, neighbor, weight)
    n = len(rows[0]) - 1
    start = np.array([0, n] if start is None else start, np.int64)
    if start[0] != 0 or start[-1] != n or not np.all(np.diff(start) > 0):
        raise ScenarioError(f"start must ascend from 0 to the {n} households, a step per community; got {start}")
    return dress(scenario, _ground(scenario.world, seed, start, rows))


def world_bytes(scenario: Scenario) -> int:
    """Memory that a world and one run over it need at their peak, in bytes; an estimate from above."""
    world: dict[str, Any] = dict(scenario.world)
    behaviours = len(scenario.behaviours)
    per_tie = 5 + 2 * (4 + 4 + 1)  # kept, and while it is being sorted
    per_household = 200 + 210 * behaviours
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


def build_ground(world: Mapping[str, Any], seed: int) -> Ground:
    """People, ties and places, from the section `world` of a scenario; a large one is kept on disk, see `cache`."""
    ahead.begin()
    shape = {name: world[name] for name in SHAPING}
    start = community_starts(shape["households"], shape["households_per_community"])
    entry = cache.entry(shape, seed) if shape["households"] >= cache.SMALLEST else None
    if entry is None:
        return _ground(shape, seed, start, None)
    arrays = cache.recall(entry, PEOPLE + PLACES + OTHERS)
    if arrays is None:
        ground = _ground(shape, seed, start, None)
        named = ground.people | ground.places._asdict() | ground._asdict()
        cache.keep(entry, {name: named[name] for name in PEOPLE + PLACES + OTHERS})
        return ground
    people, places, others = ({name: arrays[name] for name in names} for names in (PEOPLE, PLACES, OTHERS))
    return Ground(people, Places(**places, cells=CELLS), **others, seed=seed)


def dress(scenario: Scenario, ground: Ground) -> World:
    """The world on this ground: thresholds and first stages of each behaviour, who is treated and who invited."""
    people, places, key = ground.people, ground.places, np.uint64(ground.seed)
    start, ids = places.community_start, people["draw_id"]
    shape = len(scenario.behaviours), len(ids)
    threshold, stage = np.empty(shape), np.empty(shape, np.uint8)
    for b, behaviour in enumerate(scenario.behaviours.values()):
        threshold[b], stage[b] = at_the_start(key, b, ids, people["community"], people["hesitant"], behaviour)
    invite_id, invite_weight = np.empty_like(ids), np.empty(len(ids))
    invitations(
        INVITATIONS.index(scenario.campaign["invitation"]), scenario.world["kin_households"], start, ground.order,
        people["joiner"], people["indptr"], people["neighbor"], people["weight"], ground.degree, invite_id,
        invite_weight,
    )  # fmt: skip
    households = Households(
        **people,
        invite_id=invite_id,
        invite_weight=invite_weight,
        reference=np.tile(ground.degree, (len(threshold), 1)),
        threshold=threshold,
        initial_stage=stage,
    )
    treated = treated_communities(len(start) - 1, scenario.campaign["treated_share"], key)
    _freeze(invite_id, invite_weight, households.reference, threshold, stage, treated)
    return World(households, places._replace(treated=treated), ground.wealth_rank, ground.seed)


def _ground(world: Mapping[str, Any], seed: int, start: Array, rows: tuple[Array, Array, Array] | None) -> Ground:
    key = np.uint64(seed)
    n = int(start[-1])
    ids = identities(n)
    community = np.repeat(np.arange(len(start) - 1, dtype=np.int32), np.diff(start))
    people = settle_people(key, ids, community, world)
    rank = people.pop("wealth_rank")
    places = lay_out(
        start, people["joiner"], key, world["communities_per_facility"], world["communities_per_district"],
        world["opposed_share"], world["opposed_response"],
    )  # fmt: skip
    unlike = people["minority"] + people["hesitant"] + (1.0 - rank)
    order = homophily_order(key, start, ids, world["homophily"], unlike)
    people |= {"draw_id": ids, "community": community}
    if rows is None:
        ends = draw_ties(key, start, people, places, order, world)
        rows = compress(n, *ends)
        del ends  # half of the memory
    indptr, neighbor, weight = rows
    degree = weighted_degree(indptr, weight)
    traits = (people[name] for name in ("female", "minority", "hesitant", "distance_km"))
    people |= {"cell": cell_of(rank, *traits), "indptr": indptr, "neighbor": neighbor, "weight": weight}
    _freeze(*people.values(), *places[:-1], rank, order, degree)
    return Ground(people, places, rank, order, degree, seed)


def _freeze(*arrays: Array) -> None:
    """Make arrays read-only: worlds are shared by strategies and threads."""
    for array in arrays:
        array.setflags(write=False)


def _checked_rows(*rows: Array) -> tuple[Array, Array, Array]:
    """Copies of indptr, neighbor and weight in the types of `Households`."""
    if any(part.ndim != 1 or (part.size and part.dtype.kind not in "iu") for part in rows):
        raise ScenarioError("indptr, neighbor and weight must be one-dimensional arrays of whole numbers")
    indptr, neighbor, weight = (part.astype(np.int64) for part in rows)
    if not (len(indptr) >= 2 and indptr[0] == 0 and np.all(np.diff(indptr) >= 0)):
        raise ScenarioError("indptr must start at 0 and not descend, with one entry more than there are households")
    if not indptr[-1] == len(neighbor) == len(weight):
        raise ScenarioError(
            f"indptr must end at the number of entries; it ends at {indptr[-1]}, with {len(neighbor)} neighbours and "
            f"{len(weight)} weights"
        )
    wrong, household = flaw(indptr, neighbor, weight)
    if wrong:
        row = slice(indptr[household], indptr[household + 1])
        raise ScenarioError(
            f"given ties: {FLAWS[wrong]}; household {household} of {len(indptr) - 1} has neighbours "
            f"{neighbor[row]} with weights {weight[row]}"
        )
    return indptr, neighbor.astype(np.int32), weight.astype(np.uint8)
