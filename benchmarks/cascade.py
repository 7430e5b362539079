"""One-shot cascades and thresholds against CyNetDiff, which does nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import floor
from benchmarks.contagion import SMSIM, timed
from benchmarks.graph import Graph, watts_strogatz
from benchmarks.measure import Row, Spread, peak_memory, ratios
from benchmarks.peers import MISSING, Contestant, csr_arrays, installed
from benchmarks.sizes import Sizes

if TYPE_CHECKING:
    from smsim import Run, Scenario

FAMILY = "cascades"
CHANCE = 0.3  # that a tie passes it on
THEIRS = "CyNetDiff"
WEEKS = 200  # at most; a cascade that is not over by then is an error
MODELS = ("cascade", "threshold")


def rows(sizes: Sizes) -> Iterator[Row]:
    """Two models, smsim and CyNetDiff, per size."""
    for model in MODELS:
        for households in sizes.graphs:
            key, path = f"{model}/{THEIRS}/{households}", sizes.graph(households)
            work = f"independent cascade, {CHANCE:g} per tie" if model == "cascade" else "linear threshold"
            work = f"{work}, {households:,} households"
            if not installed("cynetdiff"):
                yield Row(FAMILY, key, work, THEIRS, note=MISSING)
                continue
            both = sizes.ask(duel, model=model, graph=path, repeats=sizes.repeats)
            memory = {who: sizes.ask(alone, model=model, who=who, graph=path)["memory"] for who in (SMSIM, THEIRS)}
            note = f"reaches {both['reached']:.1%}, smsim {both['smsim_reached']:.1%}; until nothing moves"
            own = Spread.of(both["smsim"])
            yield Row(
                FAMILY, f"{model}/{SMSIM}/{households}", work, SMSIM, own, memory[SMSIM], note=f"{both['weeks']} weeks"
            )
            if "floor" in both:
                cpu, note_of_floor = Spread.of(both["floor"]), "its own thresholds, the adopters of one contagion"
                yield Row(FAMILY, f"{model}/floor/{households}", work, "floor", cpu, note=note_of_floor)
            ratio = ratios(both["cpu"], both["smsim"])
            yield Row(FAMILY, key, work, THEIRS, Spread.of(both["cpu"]), memory[THEIRS], ratio, "times smsim", note)


def contestant(who: str, model: str, graph: Graph, weeks: int = WEEKS) -> Contestant:
    """smsim or CyNetDiff; a run of either draws what it needs, thresholds included."""
    return _theirs(model, graph) if who == THEIRS else _ours(model, graph, weeks)


def _ours(model: str, graph: Graph, weeks: int) -> Contestant:
    from benchmarks import plain

    scenario = _scenario(model, weeks)
    world = plain.world_of(scenario, graph)

    def run(seed: int) -> int:
        here = world if model == "cascade" else plain.thresholds(world, seed)
        done = plain.run_of(scenario, here, seed)
        _must_have_ended(done, model)
        return plain.ever_reached(done) if model == "cascade" else plain.adopters(done)

    return Contestant(int, run)


def _scenario(model: str, weeks: int) -> Scenario:
    from benchmarks import plain

    return plain.independent_cascade(weeks, CHANCE) if model == "cascade" else plain.linear_threshold(weeks)


def _must_have_ended(run: Run, model: str) -> None:
    unaware, adopted = run.record.stage[-2:, 0, :, 0].sum(axis=1), run.record.community[-2:, 0].sum(axis=1)
    if len(set((unaware if model == "cascade" else adopted).tolist())) != 1:
        raise RuntimeError(f"the {model} had not ended after {len(run.record.voiced)} weeks")


def _theirs(model: str, graph: Graph) -> Contestant:
    from cynetdiff.models import IndependentCascadeModel, LinearThresholdModel

    starts, edges = csr_arrays(graph)
    if model == "cascade":
        diffusion = IndependentCascadeModel(starts, edges, activation_prob=CHANCE)
    else:
        diffusion = LinearThresholdModel(starts, edges)  # influence 1 / ties, thresholds uniform
    first = graph.first.tolist()
    diffusion.set_seeds(first)

    def run(seed: int) -> int:
        diffusion.set_rng(seed)
        diffusion.reset_model()
        diffusion.advance_until_completion()
        return int(diffusion.get_num_activated_nodes())

    return Contestant(int, run)


def duel(model: str, graph: str, repeats: int) -> dict[str, Any]:
    """smsim, CyNetDiff and, of thresholds, the floor in turn: seconds, mean share reached, weeks given to smsim."""
    ties = Graph.load(graph)
    weeks = weeks_of(model, ties)
    each = {who: contestant(who, model, ties, weeks) for who in (SMSIM, THEIRS)}
    if model == "threshold":
        each["floor"] = Contestant(int, floor.of_thresholds(ties, weeks))
        each["floor"].run(0)  # compiles
    seen: dict[str, list[tuple[float, int]]] = {who: [] for who in each}
    for seed in range(1, repeats + 1):
        for who, one in each.items():
            seen[who].append(timed(one, seed))
    share = {who: float(np.mean([n for _, n in pairs])) / ties.households for who, pairs in seen.items()}
    return {
        **{who: [s for s, _ in pairs] for who, pairs in seen.items() if who != THEIRS},
        "cpu": [s for s, _ in seen[THEIRS]],
        "reached": share[THEIRS],
        "smsim_reached": share[SMSIM],
        "weeks": weeks,
    }


def weeks_of(model: str, ties: Graph) -> int:
    """Weeks in which cascades on this graph end: twice those of one run. smsim is told beforehand."""
    from benchmarks import plain

    scenario = _scenario(model, WEEKS)
    world = plain.world_of(scenario, ties)
    run = plain.run_of(scenario, world if model == "cascade" else plain.thresholds(world, 0), 0)
    _must_have_ended(run, model)
    moved = run.record.stage[:, 0, :, 0].sum(axis=1) if model == "cascade" else run.record.community[:, 0].sum(axis=1)
    last = int(np.flatnonzero(np.diff(moved))[-1]) + 2 if np.diff(moved).any() else 2
    return 2 * last + 5


def alone(model: str, who: str, graph: str) -> dict[str, Any]:
    """Peak memory of a process with one contestant, graph included."""
    warm = contestant(who, model, watts_strogatz(500))
    warm.run(0)
    one = contestant(who, model, Graph.load(graph))
    timed(one, 1)
    return {"memory": peak_memory()}
