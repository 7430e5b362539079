"""A sweep: many runs of a small world over a year, on two threads, extrapolated from a sample unless told otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.full import STRATEGY, year
from benchmarks.graph import WEEKS, Graph
from benchmarks.measure import Row, Spread, wall_seconds
from benchmarks.sizes import Sizes

FAMILY = "sweep"
WORLDS = 8  # shared by the runs, and built beforehand
BATCHES = 4  # of the sample: their range is the range of the result


def rows(sizes: Sizes) -> Iterator[Row]:
    """Plain and full; runs alone, and each with a design point of its own."""
    for model in ("plain", "full"):
        sample = 4 * sizes.sample if model == "plain" else sizes.sample  # of shorter runs more
        runs = sizes.sweep if sizes.whole else min(sample, sizes.sweep)
        for own in (False, True) if model == "full" else (False,):
            graph = sizes.graph(sizes.sweep_households)
            seconds = sizes.ask(
                batches, model=model, own=own, runs=runs, households=sizes.sweep_households, graph=graph
            )
            scaled = Spread.of([each * sizes.sweep / (runs // BATCHES) for each in seconds])
            detail = ", each with its own checked scenario and thresholds" if own else ""
            work = (
                f"{sizes.sweep:,} runs of {sizes.sweep_households:,} households x {WEEKS} weeks, {model} model{detail}"
            )
            note = "measured whole" if sizes.whole else f"EXTRAPOLATED from {runs} runs"
            note += f"; seconds by the clock, 2 threads, {WORLDS} worlds beforehand, results not written"
            yield Row(FAMILY, f"sweep/{model}{'/own' if own else ''}", work, "smsim", scaled, note=note)


def batches(model: str, own: bool, runs: int, households: int, graph: str) -> list[float]:
    """Clock seconds of each of the batches, on two threads."""
    from smsim.runner import run_all

    one = _run_of(model, own, households, graph)
    run_all(one, range(2), threads=2)
    size = runs // BATCHES
    return [
        wall_seconds(lambda first=first: run_all(one, range(first, first + size), threads=2))  # type: ignore[misc]
        for first in range(0, size * BATCHES, size)
    ]


def _run_of(model: str, own: bool, households: int, graph: str) -> Callable[[int], float]:
    from benchmarks import plain
    from smsim import simulate
    from smsim.world import build_ground, build_world, dress

    if model == "plain":
        scenario = plain.susceptible_infected()
        world = plain.world_of(scenario, Graph.load(graph))
        return lambda k: plain.adopters(simulate(scenario, "none", k, world)) / households
    base = year(households)
    grounds = [build_ground(base.world, seed) for seed in range(WORLDS)]
    worlds = [build_world(base, seed) for seed in range(WORLDS)]
    peer_information = np.random.default_rng(1).uniform(0.003, 0.06, 1000).tolist()

    def run(k: int) -> float:
        if not own:
            return plain.adopters(simulate(base, STRATEGY, k, worlds[k % WORLDS])) / households
        behaviour: dict[str, Any] = {next(iter(base.behaviours)): {"peer_information": peer_information[k % 1000]}}
        scenario = base.replace(behaviours=behaviour)
        return plain.adopters(simulate(scenario, STRATEGY, k, dress(scenario, grounds[k % WORLDS]))) / households

    return run
