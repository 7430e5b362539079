"""The bench of the validations: quiet scenarios, given ties, thresholds and first adopters, and bounds from theory.

Everything goes through the shipped path: a checked `Scenario`, a `World` over given ties, `simulate`. A quiet scenario
is one in which every mechanism is switched off by its own parameter; a study switches on what it is about.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import norm, t

from smsim.engine.arrays import ADOPTED, AWARE, MAINTAINED, STAGES, UNAWARE, Array
from smsim.results import Run
from smsim.scenario import Scenario
from smsim.simulate import prepare
from smsim.world import World, world_from_ties

STRIDE = 4  # weeks between two looks at whether anything still moves
LEVEL = 1e-4  # two-sided level of every statistical bound: among a hundred of them one false alarm in a hundred suites
Z = float(norm.ppf(1 - LEVEL / 2))

QUIET_WORLD: dict[str, Any] = {
    "turnover": 0.0,
    "opposed_share": 0.0,
    "acceptance_unapproved": 1.0,
    "availability": 1.0,
    "hesitant_share": 0.0,
    "participation": 1.0,
    "participation_gradient": 0.0,
    "media_access_log_odds": 20.0,
    "media_wealth_gradient": 0.0,
    "ownership_gain": 0.0,
    "responsiveness": 0.0,
    "endorsement_gain": 0.0,
    "cross_community_ties": 0.0,
}
# Everybody is aware, wants nothing and hears nothing; who wants it acts in the same week and is served in it.
QUIET_BEHAVIOUR: dict[str, Any] = {
    "kind": "permanent",
    "aware_share": 1.0,
    "aware_icc": 0.0,
    "peer_information": 0.0,
    "threshold_mean": 10.0,
    "threshold_sd": 0.0,
    "threshold_icc": 0.0,
    "hesitancy": 0.0,
    "norm_weight": 0.0,
    "leader_weight": 0.0,
    "persuasion_weight": 0.0,
    "incentive_weight": 0.0,
    "decision_rate": 1.0,
    "taboo": 0.0,
    "rumour_passing": 0.0,
    "rumour_arrival": 0.0,
    "rumour_forgetting": 0.0,
    "rumour_initial": 0.0,
    "rumour_threshold": 0.0,
    "service_capacity": 10.0,
    "place": "home",
    "give_up": 0.0,
    "lapse_rate": 0.0,
    "maintained_lapse_ratio": 1.0,
    "unsupported_lapse_ratio": 1.0,
    "maturation_rate": 0.0,
    "ownership_protection": 0.0,
    "ownership_transport": 0.0,
}
QUIET_ACTIVITIES: dict[str, Any] = {"visit_gain": 0.0, "dialogue_gain": 0.0, "media_gain": 0.0}
# No set-up, no supervision: the whole budget is field money.
QUIET_CAMPAIGN: dict[str, Any] = {
    "budget_per_household": 0.0,
    "partner_capacity": 1.0,
    "needs_quality": 0.0,
    "feedback": 0.0,
    "training_cost": 0.0,
    "pretest_cost": 0.0,
    "assessment_cost": 0.0,
    "supervision_share": 0.0,
    "mobilizer_attrition": 0.0,
    "visits_per_mobilizer_week": 1000.0,
}


def quiet(weeks: int, behaviour: dict[str, Any] | None = None, **sections: dict[str, Any]) -> Scenario:
    """A scenario of `weeks` weeks, all campaign, in which nothing happens but what is switched on.

    sections: `world`, `activities`, `campaign`, `run`, `strategies`, laid over the quiet values.
    """
    return Scenario.from_mapping(
        {
            "world": QUIET_WORLD | sections.get("world", {}),
            "behaviours": {"it": QUIET_BEHAVIOUR | (behaviour or {})},
            "activities": QUIET_ACTIVITIES | sections.get("activities", {}),
            "campaign": QUIET_CAMPAIGN | {"weeks": weeks} | sections.get("campaign", {}),
            "run": {"burn_in_weeks": 0, "follow_up_weeks": 0} | sections.get("run", {}),
        }
        | {key: sections[key] for key in ("strategies",) if key in sections},
        "validation",
    )


def all_on(activity: str) -> dict[str, Any]:
    """A strategy, named "it", that spends everything on one activity, evenly."""
    return {"it": {"shares": {activity: 1.0}}}


# ---- ties


class Graph(NamedTuple):
    """Undirected ties of weight 1, as rows: neighbours of i are neighbor[indptr[i] : indptr[i + 1]], ascending."""

    indptr: Array  # int64 (N + 1,)
    neighbor: Array  # int64 (nnz,)

    @property
    def degree(self) -> Array:
        """Number of ties of each household, int64 (N,)."""
        return np.diff(self.indptr)

    @property
    def ends(self) -> Array:
        """Both ends of every tie, once: int64 (M, 2), the lower first."""
        a = np.repeat(np.arange(len(self.indptr) - 1), self.degree)
        return np.column_stack([a, self.neighbor])[a < self.neighbor]


def graph_of(n: int, a: Array, b: Array) -> Graph:
    """The graph of these ties; loops and repetitions are dropped."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    code = np.unique((low * n + high)[low != high])
    low, high = code // n, code % n
    both = np.sort(np.concatenate([low * n + high, high * n + low]))
    return Graph(np.searchsorted(both, np.arange(n + 1) * n), both % n)


def complete(n: int) -> Graph:
    """Everybody tied to everybody."""
    rows = np.tile(np.arange(n), (n, 1))
    return Graph(np.arange(n + 1) * (n - 1), rows[~np.eye(n, dtype=bool)])


def ring(n: int, reach: int) -> Graph:
    """A ring in which everybody is tied to the `reach` next on either side."""
    i = np.repeat(np.arange(n), reach)
    return graph_of(n, i, (i + np.tile(np.arange(1, reach + 1), n)) % n)


def unconnected(n: int) -> Graph:
    """Nobody tied to anybody."""
    return Graph(np.zeros(n + 1, np.int64), np.empty(0, np.int64))


def random_graph(n: int, mean_degree: float, rng: np.random.Generator) -> Graph:
    """Erdos and Renyi's G(n, p) with n p = mean_degree, up to ties drawn twice."""
    ties = rng.binomial(n * (n - 1) // 2, mean_degree / (n - 1))
    return graph_of(n, rng.integers(0, n, ties), rng.integers(0, n, ties))


def configuration(degree: Array, rng: np.random.Generator) -> Graph:
    """The configuration model of these degrees, loops and repetitions erased (a share of about 1/N of the ties)."""
    stubs = rng.permutation(np.repeat(np.arange(len(degree)), degree))
    half = len(stubs) // 2
    return graph_of(len(degree), stubs[:half], stubs[half : 2 * half])


def rewired(graph: Graph, share: float, rng: np.random.Generator) -> Graph:
    """The graph with this share of its ties picked for exchange, in pairs that keep every degree.

    Maslov & Sneppen 2002, doi:10.1126/science.1065103. Some ties are picked twice, so that a few less have moved.
    """
    ends = graph.ends.copy()
    n = len(graph.degree)
    have = {(int(a), int(b)) for a, b in ends}
    for e in rng.permutation(len(ends))[: round(share * len(ends) / 2)]:
        for _ in range(100):  # most partners do
            f = int(rng.integers(len(ends)))
            (a, b), (c, d) = ends[e], ends[f] if rng.random() < 0.5 else ends[f][::-1]
            one, two = (min(a, d), max(a, d)), (min(c, b), max(c, b))
            if len({int(a), int(b), int(c), int(d)}) == 4 and one not in have and two not in have:
                have -= {tuple(map(int, ends[e])), tuple(map(int, ends[f]))}
                ends[e], ends[f] = one, two
                have |= {(int(one[0]), int(one[1])), (int(two[0]), int(two[1]))}
                break
    return graph_of(n, ends[:, 0], ends[:, 1])


def side_by_side(graphs: Sequence[Graph]) -> tuple[Graph, Array]:
    """Many graphs as one, without a tie between them, and where each starts: int64 (len + 1,)."""
    start = np.concatenate([[0], np.cumsum([len(g.degree) for g in graphs])])
    rows = np.concatenate([[0], np.cumsum(np.concatenate([g.degree for g in graphs]))])
    neighbor = np.concatenate([g.neighbor + s for g, s in zip(graphs, start, strict=False)])
    return Graph(rows, neighbor), start


# ---- worlds


def settle(
    scenario: Scenario, graph: Graph, seed: int, *, stage: Any = None, start: Array | None = None, **fields: Any
) -> World:
    """A world over given ties, with first stages (N,) and other fields of its households as given, else as drawn.

    start: first household of each community and the total, (C + 1,); one community if None.
    """
    weight = np.ones(len(graph.neighbor), np.int64)
    world = world_from_ties(scenario, graph.indptr, graph.neighbor, weight, seed, start)
    households, given = world.households, {}
    for name, value in (fields if stage is None else fields | {"initial_stage": stage}).items():
        like = getattr(households, name)
        given[name] = np.broadcast_to(np.asarray(value, like.dtype), like.shape).copy()
    return dataclasses.replace(world, households=households._replace(**given))


def first_adopters(n: int, who: Any, others: int = AWARE) -> Array:
    """Stages at the start: `who` have adopted, the others are aware (or in the stage `others`)."""
    stage = np.full(n, others, np.uint8)
    stage[who] = ADOPTED
    return stage


def shares(run: Run) -> dict[str, Array]:
    """Share of all households in each stage at the end of each week, float64 (T,) by stage."""
    counts = run.record.stage[:, 0].sum(axis=1, dtype=np.int64)
    return {name: counts[:, k] / counts[0].sum() for k, name in enumerate(STAGES)}


def adopters(run: Run) -> Array:
    """Households that do it at the end of each week, int64 (T,)."""
    counts = run.record.stage[:, 0].sum(axis=1, dtype=np.int64)
    return np.asarray(counts[:, STAGES.index("adopted")] + counts[:, STAGES.index("maintained")])


def ever(run: Run, start: Array) -> Array:
    """Households of each block that know of it after the last week, int64 (blocks,)."""
    return np.add.reduceat((run.state.stage[0] != UNAWARE).astype(np.int64), start[:-1])


def doing(run: Run, start: Array) -> Array:
    """Households of each block that do it after the last week, int64 (blocks,)."""
    return np.add.reduceat(np.isin(run.state.stage[0], (ADOPTED, MAINTAINED)).astype(np.int64), start[:-1])


def until_still(scenario: Scenario, world: World, seed: int) -> Run:
    """A run without campaign, ended once a week has moved nobody; its record is empty from there.

    Only for quiet scenarios in which such a week is the end: thresholds without chance, and news that is told at once.
    """
    prepared = prepare(scenario, "none", seed, world)
    state, record = prepared.begin()
    for week in range(0, prepared.weeks, STRIDE):
        stop = min(week + STRIDE, prepared.weeks)
        prepared.advance(state, record, week, stop)
        if stop >= 2 and np.array_equal(record.stage[stop - 1], record.stage[stop - 2]):
            break
    return prepared.finish(state, record)


def quantiles(n: int) -> Array:
    """The middles of n equal parts of (0, 1): a uniform sample without its noise, float64 (n,)."""
    return (np.arange(n) + 0.5) / n


# ---- bounds


def binomial_margin(p: float, n: float) -> float:
    """How far a share of n independent trials may lie from p at `LEVEL`; half a trial for its steps."""
    return Z * math.sqrt(max(p * (1 - p), 0.0) / n) + 0.5 / n


def mean_margin(values: Any) -> float:
    """How far the mean of independent values may lie from its expectation at `LEVEL`, by Student's t."""
    x = np.asarray(values, float)
    return float(_t(len(x) - 1) * x.std(ddof=1) / math.sqrt(len(x)))


@cache
def _t(freedom: int) -> float:
    return float(t.ppf(1 - LEVEL / 2, freedom))
