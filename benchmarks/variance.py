"""What pairing is worth: the variance of the difference between two strategies, in the same worlds and in others.

Each strategy runs in the same worlds with the same draws. The variance of the paired difference is that over the
worlds; in independent worlds it would be the sum of the two strategies' variances. The range is the 95% interval of a
bootstrap over worlds.

What the rule of contacts costs is measured with the plain model written once more, in NumPy: with contacts drawn week
by week, as in smsim, and with one clock per household that runs down by the summed hazard of its contacts. The clock
pairs better, but with more money a contact comes sooner instead of as well: doses would not nest, and somebody whom
more money reaches sooner has forgotten more when it matters (docs/model.md, decision 1).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.full import PRESET, preset
from benchmarks.graph import BETA, WEEKS, Array, watts_strogatz
from benchmarks.measure import Row, Spread
from benchmarks.sizes import Sizes

FAMILY = "pairing"
DRAWS = 2000
OUTCOME = {"plain": "mean coverage over the weeks", "full": "coverage at the campaign's end"}


def rows(sizes: Sizes) -> Iterator[Row]:
    """Pairs of strategies in the plain and in the full model."""
    for model in ("plain", "full", *RULES):
        who, said = ("NumPy", f"plain model, {model}") if model in RULES else ("smsim", f"{model} model")
        coverage = sizes.ask(coverages, model=model, worlds=sizes.worlds, households=sizes.village)
        for one, other in pairs(list(coverage)):
            a, b = np.array(coverage[one]), np.array(coverage[other])
            work = f"{said}, {one} against {other}, {sizes.worlds} worlds of {sizes.village:,} households"
            note = f"{OUTCOME['full' if model == 'full' else 'plain']} {a.mean():.3f} and {b.mean():.3f}"
            key = f"pairing/{model}/{one}/{other}"
            gained = gain(a, b)
            yield Row(
                FAMILY, key, work, who, None, None, gained, "times less variance", f"{note}; range: 95% bootstrap"
            )


def pairs(names: list[str]) -> list[tuple[str, str]]:
    """Each name with the first."""
    return [(name, names[0]) for name in names[1:]]


def gain(a: Array, b: Array) -> Spread:
    """(var a + var b) / var (a - b), with its bootstrap interval."""
    draw = np.random.default_rng(1).integers(0, len(a), (DRAWS, len(a)))
    low, high = np.nanquantile(_ratio(a[draw], b[draw]), (0.025, 0.975))
    return Spread(float(_ratio(a, b)), float(low), float(high))


def _ratio(a: Array, b: Array) -> Any:
    paired = (a - b).var(axis=-1, ddof=1)
    return (a.var(axis=-1, ddof=1) + b.var(axis=-1, ddof=1)) / np.where(paired > 0, paired, np.nan)


def coverages(model: str, worlds: int, households: int) -> dict[str, list[float]]:
    """Coverage per strategy and world: full model, at the end of the campaign; plain, its mean over the weeks."""
    from benchmarks import plain
    from smsim import simulate
    from smsim.outcomes import Weeks
    from smsim.simulate import simulate_all
    from smsim.world import build_world

    found: dict[str, list[float]] = {}
    for seed in range(worlds):
        if model in RULES:
            for name, share in _written_once_more(model, households, seed).items():
                found.setdefault(name, []).append(share)
            continue
        if model == "full":
            scenario = preset(PRESET, households)
            world = build_world(scenario, seed)
            runs = simulate_all(scenario, ["pragmatic", "activist", "hybrid"], seed, world)
        else:
            graph = watts_strogatz(households, seed=seed)
            runs = {}
            for name, (beta, budget, shares) in PLAIN.items():
                scenario = plain.susceptible_infected(beta=beta, campaign=_campaign(budget, shares))
                runs[name] = simulate(scenario, "only", seed, plain.world_of(scenario, graph, seed))
        for name, run in runs.items():
            adopted = run.record.community[: Weeks.of(run.scenario).end + 1, 0].sum(axis=1) / households
            # At its end a plain contagion has reached nearly all, whatever the strategy.
            found.setdefault(name, []).append(float(adopted.mean() if model == "plain" else adopted[-1]))
    return found


# A visit or a dialogue makes its household adopt at once. Weekly hazard per adopting neighbour, dollars per household,
# shares of the money. The first differs from the second by what one draw per household decides (its resistance to
# hearing), from the others by contacts, which have a draw each.
PLAIN: dict[str, tuple[float, float, dict[str, float]]] = {
    "visits": (BETA, 0.05, {"visit": 1.0}),
    "the same, passed on 10% faster": (1.1 * BETA, 0.05, {"visit": 1.0}),
    "twice as many visits": (BETA, 0.1, {"visit": 1.0}),
    "half visits, half dialogues": (BETA, 0.05, {"visit": 0.5, "dialogue": 0.5}),
}


# How contacts are decided where the plain model is written once more; neither name is that of a model.
WEEKLY, CLOCK = "contacts week by week", "one clock per household"
RULES = (WEEKLY, CLOCK)


def _written_once_more(rule: str, households: int, seed: int) -> dict[str, float]:
    """Mean coverage over the weeks under each strategy of `PLAIN`, in one world, all with the same draws."""
    from scipy.sparse import csr_array

    from benchmarks import plain
    from smsim.engine.arrays import DIALOGUE, VISIT
    from smsim.simulate import pack_context, prepare

    graph, draw = watts_strogatz(households, seed=seed), np.random.default_rng(seed)
    ties = csr_array((np.ones(len(graph.neighbor)), graph.neighbor, graph.indptr))
    hears, meets = draw.exponential(size=(2, households))
    uniforms = draw.random((2, WEEKS, households))
    found = {}
    for name, (beta, budget, shares) in PLAIN.items():
        scenario = plain.susceptible_infected(beta=beta, campaign=_campaign(budget, shares))
        world = plain.world_of(scenario, graph, seed)
        planned = prepare(scenario, "only", seed, world).plan
        volume = pack_context(scenario)[0]["fidelity"] * planned.spending / planned.unit_cost  # (T, 8)
        joiner = world.households.joiner
        hazards = np.stack(
            [volume[:, [VISIT]] / households * np.ones(households), volume[:, [DIALOGUE]] / joiner.sum() * joiner]
        )
        if rule == CLOCK:
            met = hazards.sum(axis=0).cumsum(axis=0) > meets
        else:
            met = (uniforms < -np.expm1(-hazards)).any(axis=0).cumsum(axis=0) > 0
        adopted, heard, shares_by_week = np.zeros(households, bool), np.zeros(households), []
        adopted[graph.first] = True
        for week in range(WEEKS):
            heard += beta * (ties @ adopted)
            adopted = adopted | (heard > hears) | met[week]
            shares_by_week.append(adopted.mean())
        found[name] = float(np.mean(shares_by_week))
    return found


def _campaign(budget: float, shares: dict[str, float]) -> dict[str, Any]:
    free = dict.fromkeys(("training_cost", "pretest_cost", "assessment_cost", "supervision_share"), 0)
    staff = {"visits_per_mobilizer_week": 1000, "needs_quality": 0, "feedback": 0}
    return {
        "campaign": {"budget_per_household": budget, **free, **staff},
        "world": {"acceptance_unapproved": 1},
        "strategies": {"only": {"shares": shares}},
    }
