"""Docking: the same graph, first adopters and rule here and in independent programs (Axtell & others 1996).

The programs are the extra `peers`; where one is missing its checks are skipped, with the reason. Rules without chance
must agree exactly, household by household. Where chance enters, the test is stated: the mean curves may differ by
Welch's bound at `LEVEL` shared out over the weeks (Bonferroni), and the final sizes must pass the two-sample
Kolmogorov-Smirnov test at `LEVEL`.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np
from scipy.stats import ks_2samp, norm

from smsim.engine.arrays import UNAWARE, Array
from smsim.simulate import simulate
from smsim.validate.check import Check, Finding, Line, Picture, exactly, judged, skipped, study
from smsim.validate.lab import LEVEL, Graph, first_adopters, quiet, random_graph, settle, shares

SIZE, WEEKS, RUNS, PASS_ON = 400, 12, 400, 0.25
# Some peers draw from generators that the whole process shares.
_one_at_a_time = threading.Lock()


def graph_and_first() -> tuple[Graph, Array]:
    """The graph of every comparison, and ten who are first."""
    rng = np.random.default_rng(11)
    return random_graph(SIZE, 6, rng), rng.choice(SIZE, 10, replace=False)


def as_networkx(graph: Graph) -> Any:
    """The graph as networkx holds it."""
    found = import_module("networkx").Graph()
    found.add_nodes_from(range(len(graph.degree)))
    found.add_edges_from(graph.ends.tolist())
    return found


def lacking(package: str, claim: str) -> list[Check]:
    """A skipped check if the program is not installed."""
    if find_spec(package) is not None:
        return []
    return [skipped(claim, package, f"{package} is not installed; pip install 'smsim[peers]' brings it")]


def cascade_here() -> Array:
    """Share that has heard by week, in the independent cascade of smsim: float64 (RUNS, WEEKS)."""
    graph, first = graph_and_first()
    scenario = quiet(
        WEEKS,
        {
            "kind": "repeated", "lapse_rate": 1.0, "aware_share": 0.0, "silent_information": 1.0, "talk_weeks": 1,
            "peer_information": -math.log(1 - PASS_ON),
        },
    )  # fmt: skip
    world = settle(scenario, graph, 1, stage=first_adopters(SIZE, first, UNAWARE))
    return np.array([1 - shares(simulate(scenario, "none", seed, world))["unaware"] for seed in range(RUNS)])


def same_curves(what: str, program: str, here: Array, there: Array) -> Iterator[Finding]:
    """Both checks of two sets of curves, float64 (runs, weeks)."""
    error = np.sqrt(here.var(axis=0, ddof=1) / len(here) + there.var(axis=0, ddof=1) / len(there))
    gap = np.abs(here.mean(axis=0) - there.mean(axis=0)) / np.maximum(error, 1e-12)
    bound = float(norm.ppf(1 - LEVEL / (2 * here.shape[1])))
    week = int(gap.argmax())
    yield judged(
        f"{what}: largest difference between the mean curves of smsim and {program}, in standard errors",
        program, f"{there.mean(axis=0)[week]:.4f} in week {week + 1}",
        f"{here.mean(axis=0)[week]:.4f}: {gap[week]:.2f} standard errors",
        f"{bound:.2f}: normal at {LEVEL:g} over {here.shape[1]} weeks; {len(here)} and {len(there)} runs",
        bool(gap[week] <= bound),
    )  # fmt: skip
    p = float(ks_2samp(here[:, -1], there[:, -1]).pvalue)
    yield judged(
        f"{what}: final sizes of smsim and {program} have one distribution", program, f"p at least {LEVEL:g}",
        f"p = {p:.3f}", "two-sample Kolmogorov-Smirnov test", p >= LEVEL,
    )  # fmt: skip


def named(package: str, name: str) -> str:
    """The program with its version."""
    return f"{name} {version(package)}"


@study()
def threshold_in_ndlib() -> Iterator[Finding]:
    """NDlib's threshold model is the same rule without chance: the same households in the same weeks."""
    claim = "threshold model"
    if missing := lacking("ndlib", claim):
        yield from missing
        return
    graph, first = graph_and_first()
    threshold = np.random.default_rng(12).uniform(0.1, 0.6, SIZE)
    scenario = quiet(WEEKS, {"norm_weight": 1.0})
    world = settle(scenario, graph, 1, threshold=threshold, stage=first_adopters(SIZE, first))
    here = np.rint(shares(simulate(scenario, "none", 1, world))["adopted"] * SIZE).astype(int).tolist()
    with _one_at_a_time:
        model = import_module("ndlib.models.epidemics").ThresholdModel(as_networkx(graph), seed=1)
        config = import_module("ndlib.models.ModelConfig").Configuration()
        config.add_model_initial_configuration("Infected", [int(i) for i in first])
        for i, value in enumerate(threshold):
            config.add_node_configuration("threshold", i, float(value))
        model.set_initial_status(config)
        there = [int(step["node_count"][1]) for step in model.iteration_bunch(WEEKS + 1, node_status=False)][1:]
    program = named("ndlib", "NDlib")
    yield exactly(f"{claim}, {SIZE} households, own thresholds: adopters every week", program, there, here)
    yield judged(f"{claim}: the comparison has something to compare", program, "a cascade that stops short of all",
                 f"{there[0]} to {there[-1]} of {SIZE}", "order", 10 < there[0] < there[-1] <= SIZE)  # fmt: skip


def _by_ndlib(graph: Graph, first: Array, runs: int) -> Array:
    network = as_networkx(graph)
    epidemics = import_module("ndlib.models.epidemics")
    curves = np.empty((runs, WEEKS))
    for seed in range(runs):
        model = epidemics.IndependentCascadesModel(network, seed=seed + 1)
        config = import_module("ndlib.models.ModelConfig").Configuration()
        config.add_model_initial_configuration("Infected", [int(i) for i in first])
        for edge in network.edges():
            config.add_edge_configuration("threshold", edge, PASS_ON)
        model.set_initial_status(config)
        steps = model.iteration_bunch(WEEKS + 1, node_status=False)
        curves[seed] = [SIZE - step["node_count"][0] for step in steps][1:]
    return curves / SIZE


def _by_cynetdiff(graph: Graph, first: Array, runs: int) -> Array:
    build = import_module("cynetdiff.utils").networkx_to_ic_model
    model, _ = build(as_networkx(graph), activation_prob=PASS_ON, rng=np.random.default_rng(1))
    return _advance_cynetdiff(model, first, runs)


def _advance_cynetdiff(model: Any, first: Array, runs: int) -> Array:
    curves = np.empty((runs, WEEKS))
    model.set_seeds({int(i) for i in first})
    for k in range(runs):
        model.reset_model()
        for week in range(WEEKS):
            model.advance_model()
            curves[k, week] = model.get_num_activated_nodes()
    return curves / SIZE


def _by_eon(graph: Graph, first: Array, runs: int) -> Array:
    network, eon, rng = as_networkx(graph), import_module("EoN"), np.random.default_rng(1)
    curves = np.empty((runs, WEEKS))
    for k in range(runs):
        _, susceptible, _, _ = eon.basic_discrete_SIR(network, PASS_ON, initial_infecteds=first.tolist(), rng=rng)
        heard = SIZE - np.asarray(susceptible)[1 : WEEKS + 1]
        curves[k] = np.concatenate([heard, np.full(WEEKS - len(heard), SIZE - susceptible[-1])])
    return curves / SIZE


CASCADES: dict[str, tuple[str, Callable[[Graph, Array, int], Array], int]] = {
    "ndlib": ("NDlib", _by_ndlib, 150),
    "cynetdiff": ("CyNetDiff", _by_cynetdiff, 400),
    "EoN": ("EoN", _by_eon, 400),
}


@study()
def independent_cascade() -> Iterator[Finding]:
    """The independent cascade in three programs: NDlib, CyNetDiff, and EoN's discrete-time SIR."""
    claim = f"independent cascade, {SIZE} households, each tie passes it on with chance {PASS_ON}"
    graph, first = graph_and_first()
    here = cascade_here()
    week = np.arange(1, WEEKS + 1)
    lines = [Line("smsim", week, here.mean(axis=0), True)]
    for package, (name, run, runs) in CASCADES.items():
        if missing := lacking(package, claim):
            yield from missing
            continue
        with _one_at_a_time:
            there = run(graph, first, runs)
        yield from same_curves(claim, named(package, name), here, there)
        lines.append(Line(name, week, there.mean(axis=0)))
    yield Picture("validation-docking", "The independent cascade in several programs", "week",
                  "share that has heard (mean)", tuple(lines), (), "means over runs")  # fmt: skip


@study()
def linear_threshold() -> Iterator[Finding]:
    """CyNetDiff's linear threshold model: thresholds drawn uniformly in every run."""
    claim = f"linear threshold model, {SIZE} households, uniform thresholds"
    if missing := lacking("cynetdiff", claim):
        yield from missing
        return
    graph, first = graph_and_first()
    scenario = quiet(WEEKS, {"norm_weight": 1.0})
    rng = np.random.default_rng(13)
    here = np.empty((RUNS, WEEKS))
    for k in range(RUNS):
        world = settle(scenario, graph, 1, threshold=rng.random(SIZE), stage=first_adopters(SIZE, first))
        here[k] = shares(simulate(scenario, "none", 1, world))["adopted"]
    network = as_networkx(graph).to_directed()
    for a, b in network.edges():
        network[a][b]["influence"] = 1 / int(graph.degree[b])
    model, _ = import_module("cynetdiff.utils").networkx_to_lt_model(network, rng=np.random.default_rng(1))
    yield from same_curves(claim, named("cynetdiff", "CyNetDiff"), here, _advance_cynetdiff(model, first, RUNS))
