"""Pairs of runs that must agree, or nest: what a change that should not matter changes, and whether more ever hurts.

A property takes a scenario and a seed, and says what is wrong, "" if nothing is. The tests try them on scenarios drawn
at random; `smsim validate` on a few fixed ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from smsim.engine.arrays import ADOPTED, LAPSED, MAINTAINED, VOICES, Array
from smsim.results import Run
from smsim.scenario import Scenario
from smsim.simulate import prepare, simulate
from smsim.validate.check import Finding, judged, study
from smsim.validate.lab import Graph, all_on, side_by_side
from smsim.world import World, build_world, world_from_ties

Property = Callable[[Scenario, int], str]

AMPLE = {"service_capacity": 10.0}
NEUTRAL = {"feedback": 0.0}
# Visits, media and leaders only; nothing that a stronger campaign could turn against somebody.
MONOTONE = {
    "kind": "permanent",
    "decision_rate": 1.0,
    "taboo": 0.0,
    "rumour_passing": 0.0,
    "rumour_arrival": 0.0,
    "rumour_initial": 0.0,
    "place": "home",
    "service_capacity": 10.0,
}
QUIET = {"aware_icc": 0.0, "silent_information": 0.0}
GENTLE = {"mix": {"shares": {"visit": 0.5, "media": 0.3, "leader": 0.2}}}


def small(**changes: Any) -> Scenario:
    """A campaign among a few hundred households in two communities."""
    base: dict[str, Any] = {
        "world": {"households": 300, "households_per_community": 150},
        "campaign": {"weeks": 20, "pretest_cost": 0.0, "assessment_cost": 0.0},
        "run": {"burn_in_weeks": 8, "follow_up_weeks": 8},
    }
    return Scenario.from_mapping(base).replace(**changes)


def vary(scenario: Scenario, behaviour: dict[str, Any], **sections: Any) -> Scenario:
    """The scenario with these values in its behaviour and sections."""
    return scenario.replace(behaviours=dict.fromkeys(scenario.behaviours, behaviour), **sections)


def differs(one: Run, two: Run, only: Any = slice(None), of_two: Any = slice(None)) -> str:
    """What sets the households (N,) of two runs apart after the last week, "" if nothing."""
    of_one, other = (run.state._replace(persuasion=run.state.persuasion.swapaxes(1, 2)) for run in (one, two))
    for name in ("stage", "shown", "persuasion", "norm_memory", "voicing", "talking", "rumouring"):
        a, b = getattr(of_one, name)[..., only], getattr(other, name)[..., of_two]
        if not np.array_equal(a, b):
            return f"{name} of {int((a != b).any(axis=tuple(range(a.ndim - 1))).sum())} households"
    return ""


# ---- the properties


def relabelled(scenario: Scenario, seed: int) -> str:
    """The order of households in their communities changes nothing, where supply is ample.

    Rationing and the choice of whom to interview go by that order, so they are left out.
    """
    scenario = vary(scenario, AMPLE, campaign=NEUTRAL, world={"availability": 1.0})
    world = build_world(scenario, seed)
    rng = np.random.default_rng(seed)
    start = world.places.community_start
    order = np.concatenate([rng.permutation(np.arange(a, b)) for a, b in pairwise(start)])
    other = _in_order(world, order)
    one, two = (simulate(scenario, "hybrid", seed, w) for w in (world, other))
    return differs(one, two, order)


def _in_order(world: World, order: Array) -> World:
    """The world with household order[k] in place k, its draws with it."""
    people, n = world.households, len(order)
    place = np.empty(n, np.int64)
    place[order] = np.arange(n)
    rows = [slice(people.indptr[i], people.indptr[i + 1]) for i in order]
    sorted_rows = [np.argsort(place[people.neighbor[row]]) for row in rows]
    ties = {
        "indptr": np.concatenate([[0], np.cumsum([row.stop - row.start for row in rows])]),
        "neighbor": np.concatenate([place[people.neighbor[row]][s] for row, s in zip(rows, sorted_rows, strict=True)]),
        "weight": np.concatenate([people.weight[row][s] for row, s in zip(rows, sorted_rows, strict=True)]),
    }
    moved = {}
    for name, field in people._asdict().items():
        value = ties[name] if name in ties else field[..., order]
        moved[name] = np.ascontiguousarray(value, dtype=field.dtype)
    return World(type(people)(**moved), world.places, world.wealth_rank[order], world.seed)


def split_in_two(scenario: Scenario, seed: int) -> str:
    """A run stopped at any week and taken up again is the uninterrupted run."""
    whole = simulate(scenario, "hybrid", seed)
    prepared = prepare(scenario, "hybrid", seed)
    state, record = prepared.begin()
    week = 1 + seed % (prepared.weeks - 1)
    prepared.advance(state, record, 0, week)
    prepared.advance(state, record, week, prepared.weeks)
    parts = prepared.finish(state, record)
    if not all(np.array_equal(a, b) for a, b in zip(whole.record, parts.record, strict=True)):
        return f"the record, split in week {week}"
    return differs(whole, parts)


def isolated_community(scenario: Scenario, seed: int) -> str:
    """A community that nobody is tied to, with a facility, an authority and money of its own, changes nothing.

    Ranks of wealth and the traits of mobilizers are shared out over the whole area, so that nothing is left to them.
    """
    everybody = {"resident_share": 1.0, "language_share": 1.0, "women_share": 1.0, "training_cost": 0.0}
    alone = vary(
        scenario,
        {},
        campaign=NEUTRAL | everybody,
        world={
            "homophily": 0.0,
            "media_wealth_gradient": 0.0,
            "participation_gradient": 0.0,
            "communities_per_facility": 1,
            "communities_per_district": 1,
            "households": 150,
        },
    )
    ties = build_world(alone, seed).households
    n = len(ties.indptr) - 1
    two, start = side_by_side([Graph(ties.indptr, ties.neighbor)] * 2)
    weight = np.concatenate([ties.weight] * 2).astype(np.int64)
    one_world = world_from_ties(alone, ties.indptr, ties.neighbor, ties.weight, seed)
    two_world = world_from_ties(alone, two.indptr, two.neighbor, weight, seed, start)
    return differs(
        simulate(alone, "hybrid", seed, one_world), simulate(alone, "hybrid", seed, two_world), of_two=slice(n)
    )


def money_for_nothing(scenario: Scenario, seed: int) -> str:
    """No money is no campaign; nor is money for interviews that nobody acts upon."""
    poor = vary(scenario, {}, campaign={"budget_per_household": 0.0})
    if found := differs(simulate(poor, "none", seed), simulate(poor, "hybrid", seed)):
        return f"without money, {found}"
    idle = vary(scenario, {}, campaign=NEUTRAL, strategies=all_on("monitor"))
    return differs(simulate(idle, "none", seed), simulate(idle, "it", seed))


def more_never_hurts(scenario: Scenario, seed: int) -> str:
    """In the monotone sub-model more money, more awareness or lower thresholds lose no adopter.

    More awareness at the start does so only where those who hear do not pass it on before they act: who knew from the
    beginning no longer talks about it, and takes a talker away from its neighbours.
    """
    base = vary(
        scenario,
        MONOTONE,
        world={"turnover": 0.0},
        campaign=NEUTRAL | {"needs_quality": 0.0},
        strategies=GENTLE,
        activities={},
    )
    behaviour = next(iter(base.behaviours.values()))
    money = {"budget_per_household": 2 * base.campaign["budget_per_household"]}
    more = {
        "money": vary(base, {}, campaign=money),
        "awareness": vary(base, QUIET | {"aware_share": min(1.0, behaviour["aware_share"] + 0.2)}),
        "readiness": vary(base, {"threshold_mean": behaviour["threshold_mean"] - 0.05}),
    }
    plain = vary(base, QUIET)
    for what, better in more.items():
        less = _adopters(simulate(plain if what == "awareness" else base, "mix", seed))
        lost = int((less & ~_adopters(simulate(better, "mix", seed))).sum())
        if lost:
            return f"more {what} loses {lost} adopters"
    return ""


def _adopters(run: Run) -> Array:
    return np.asarray(np.isin(run.state.stage[0], (ADOPTED, MAINTAINED)))


def nothing_out_of_nothing(scenario: Scenario, seed: int) -> str:
    """Where everybody needs others and nobody does it, nobody ever will."""
    need = {"threshold_mean": 0.01, "threshold_sd": 0.0, "initial_adopters": 0.0}
    run = simulate(vary(scenario, need), "none", seed)
    found = int(run.record.stage[:, 0, :, 2:].sum())
    return f"{found} household-weeks of support" if found else ""


def no_lapse_no_loss(scenario: Scenario, seed: int) -> str:
    """Without lapse and turnover nobody who does it ever stops."""
    kept = vary(scenario, {"kind": "repeated", "lapse_rate": 0.0}, world={"turnover": 0.0})
    run = simulate(kept, "hybrid", seed)
    counts = run.record.stage[:, 0].sum(axis=1)
    doing = counts[:, ADOPTED] + counts[:, MAINTAINED]
    lost = int((np.diff(doing) < 0).sum() + counts[:, LAPSED].sum())
    return f"{lost} weeks or households lost" if lost else ""


def prices_doubled(scenario: Scenario, seed: int) -> str:
    """Twice the prices and twice the money buy the same, to the bit."""
    activities = {k: 2 * v for k, v in scenario.activities.items() if k.endswith("_cost")}
    costs = {k: 2 * v for k, v in scenario.campaign.items() if k.endswith("_cost") or k == "budget_per_household"}
    # Dissemination is a hazard per documentation dollar.
    costs["dissemination"] = scenario.campaign["dissemination"] / 2
    dear = vary(scenario, {}, activities=activities, campaign=costs)
    return differs(simulate(scenario, "hybrid", seed), simulate(dear, "hybrid", seed))


def names_mean_nothing(scenario: Scenario, seed: int) -> str:
    """A strategy under another name is the same strategy."""
    shares = scenario.strategies["activist"].components[0]
    renamed = vary(
        scenario, {}, strategies={"pragmatic": {"shares": dict(shares.shares), "timing": dict(shares.timing)}}
    )
    return differs(simulate(scenario, "activist", seed), simulate(renamed, "pragmatic", seed))


def weeks_before_are_alike(scenario: Scenario, seed: int) -> str:
    """Up to the campaign every strategy lives through the same weeks."""
    weeks = int(scenario.run["burn_in_weeks"])
    one, two = (simulate(scenario, s, seed).record.stage[:weeks] for s in ("none", "pragmatic"))
    return "" if np.array_equal(one, two) else "stages before the campaign"


def open_topics_are_spoken_of(scenario: Scenario, seed: int) -> str:
    """Without a taboo public support is private support, in every week."""
    run = simulate(vary(scenario, {"taboo": 0.0}), "hybrid", seed)
    support = run.record.stage[:, 0, :, 2:5].sum(axis=(1, 2))
    off = int((support != run.record.voiced[:, 0]).sum())
    return f"{off} weeks" if off or (run.state.shown[0] & VOICES).sum() != support[-1] * VOICES else ""


def deaf_authorities(scenario: Scenario, seed: int) -> str:
    """Authorities that do not respond never respond."""
    run = simulate(vary(scenario, {}, world={"responsiveness": 0.0}), "activist", seed)
    return f"response {run.record.response.max():g}" if run.record.response.any() else ""


PROPERTIES: dict[str, Property] = {
    f.__name__: f
    for f in (
        relabelled,
        split_in_two,
        isolated_community,
        money_for_nothing,
        more_never_hurts,
        nothing_out_of_nothing,
        no_lapse_no_loss,
        prices_doubled,
        names_mean_nothing,
        weeks_before_are_alike,
        open_topics_are_spoken_of,
        deaf_authorities,
    )
}

FIXED: dict[str, dict[str, Any]] = {
    "default": {},
    "easy": {"behaviours": {"it": {"threshold_mean": 0.2, "aware_share": 0.8}}},
    "taboo": {"behaviours": {"it": {"threshold_mean": 0.25, "taboo": 0.5}}, "world": {"participation": 0.7}},
    "scarce": {"behaviours": {"it": {"threshold_mean": 0.15, "service_capacity": 0.01, "give_up": 0.5}}},
}


@study(quick=True)
def metamorphic() -> Iterator[Finding]:
    """Every property on four scenarios, three seeds each."""
    for name, holds in PROPERTIES.items():
        wrong = [
            f"{label}, seed {seed}: {found}"
            for label, changes in FIXED.items()
            for seed in (1, 2, 3)
            if (found := holds(small(**changes), seed))
        ]
        tried = 3 * len(FIXED)
        claim = str(holds.__doc__).split("\n")[0].rstrip(".")
        yield judged(
            f"{claim} ({name})",
            "metamorphic",
            f"none of {tried} runs differs",
            f"{len(wrong)} of {tried}",
            "to the bit",
            not wrong,
            "; ".join(wrong[:2]),
        )
