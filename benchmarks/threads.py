"""Runs side by side: two threads over runs of one shared world, and the same bits."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.full import PRESET, STRATEGY, preset
from benchmarks.graph import Graph
from benchmarks.measure import Row, Spread, interleave, ratios, wall_seconds
from benchmarks.sizes import Sizes

FAMILY = "threads"
RUNS = {"plain": 64, "full": 8}  # enough that starting the threads does not count


def rows(sizes: Sizes) -> Iterator[Row]:
    """Plain and full, one thread against two, by the clock."""
    for model in ("plain", "full"):
        work = f"{RUNS[model]} runs of {sizes.threaded:,} households, {model} model"
        key = f"threads/{model}"
        if (os.cpu_count() or 1) < 2:
            yield Row(FAMILY, key, work, "smsim", note="not measured: one core")
            continue
        seen = sizes.ask(
            side_by_side,
            model=model,
            households=sizes.threaded,
            graph=sizes.graph(sizes.threaded),
            repeats=sizes.repeats,
        )
        same = "same bits" if seen["same"] else "OTHER BITS"
        note = f"{same}; seconds by the clock, two threads; one thread {Spread.of(seen['1']).median:.2f} s"
        spread = ratios(seen["1"], seen["2"])
        yield Row(FAMILY, key, work, "smsim", Spread.of(seen["2"]), None, spread, "times faster", note)


def side_by_side(model: str, households: int, graph: str, repeats: int) -> dict[str, Any]:
    """Clock seconds of the same runs on one thread and on two, in turn, and whether the records are equal."""
    from smsim.runner import run_all

    one = runs_of(model, households, graph)
    kept: dict[int, list[Any]] = {}

    def work(threads: int) -> Callable[[], None]:
        return lambda: kept.update({threads: run_all(one, range(RUNS[model]), threads=threads)})

    work(2)()
    seconds = interleave({"1": work(1), "2": work(2)}, repeats, wall_seconds)
    same = all(np.array_equal(a, b) for x, y in zip(kept[1], kept[2], strict=True) for a, b in zip(x, y, strict=True))
    return {**seconds, "same": same}


def runs_of(model: str, households: int, graph: str) -> Callable[[int], Any]:
    """Seed to record of a run, over one shared world."""
    from benchmarks import plain
    from smsim import simulate
    from smsim.world import build_world

    if model == "plain":
        scenario = plain.susceptible_infected()
        world = plain.world_of(scenario, Graph.load(graph))
        return lambda seed: simulate(scenario, "none", seed, world).record
    scenario = preset(PRESET, households)
    world = build_world(scenario, 1)
    return lambda seed: simulate(scenario, STRATEGY, seed, world).record
