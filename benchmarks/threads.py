"""Runs side by side: two threads over runs of one shared world, and the same bits; a sweep's runs on all cores.

What two threads could gain at most on this machine is measured beside each: arithmetic on a few numbers that lie in the
first cache of a core, in jobs about as long as the runs. Two cores of a shared machine may be two threads of one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from typing import Any

import numpy as np

from benchmarks.full import PRESET, STRATEGY, preset, year
from benchmarks.graph import WEEKS, Graph
from benchmarks.measure import Row, Spread, interleave, ratios, wall_seconds
from benchmarks.sizes import Sizes

FAMILY = "threads"
A_WORKER = 24  # runs of a sweep for each that works at once
RUNS = {"plain": 64, "full": 8}  # enough that starting the threads does not count
ROUNDS = {"plain": 20_000, "full": 800_000}  # of arithmetic, about as long as a run
NUMBERS = 2048


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
        work, key, spread = f"{RUNS[model]} times arithmetic alone", f"{key}/most", ratios(seen["alone"], seen["both"])
        note = f"seconds by the clock, two threads; one thread {Spread.of(seen['alone']).median:.2f} s"
        yield Row(FAMILY, key, work, "machine", Spread.of(seen["both"]), None, spread, "times faster", note)
    yield from on_all_cores(sizes)


def on_all_cores(sizes: Sizes) -> Iterator[Row]:
    """Runs of a sweep on two, four, eight ... workers: threads, which share Python's lock, and processes."""
    cores = os.cpu_count() or 1
    for workers in sorted({min(2**k, cores) for k in range(1, cores.bit_length() + 1)} - {1}):
        seen = sizes.ask(spread_out, workers=workers, households=sizes.sweep_households, repeats=sizes.repeats)
        for how in ("threads", "processes"):
            work = f"{A_WORKER * workers} runs of {sizes.sweep_households:,} households x {WEEKS} weeks, full model"
            work = f"{work}, {workers} {how}"
            note = f"seconds by the clock; one thread {Spread.of(seen['one']).median:.2f} s"
            spread = ratios(seen["one"], seen[how])
            key = f"threads/{how}/{workers}"
            yield Row(FAMILY, key, work, "smsim", Spread.of(seen[how]), None, spread, "times faster", note)


def side_by_side(model: str, households: int, graph: str, repeats: int) -> dict[str, Any]:
    """Clock seconds of the same runs on one thread and on two, in turn, and whether the records are equal.

    As "alone" and "both" those of arithmetic.
    """
    from smsim.runner import run_all

    one, sums = runs_of(model, households, graph), arithmetic(ROUNDS[model])
    kept: dict[int, list[Any]] = {}

    def work(threads: int) -> Callable[[], None]:
        return lambda: kept.update({threads: run_all(one, range(RUNS[model]), threads=threads)})

    work(2)()
    works = {
        "1": work(1),
        "2": work(2),
        "alone": lambda: run_all(sums, range(RUNS[model]), threads=1),
        "both": lambda: run_all(sums, range(RUNS[model]), threads=2),
    }
    seconds = interleave(works, repeats, wall_seconds)
    same = all(np.array_equal(a, b) for x, y in zip(kept[1], kept[2], strict=True) for a, b in zip(x, y, strict=True))
    return {**seconds, "same": same}


def arithmetic(rounds: int) -> Callable[[int], int]:
    """A job that so many times multiplies and adds to each of a few numbers, and shares nothing."""
    from numba import njit

    @njit(nogil=True)
    def turn(numbers, rounds):  # type: ignore[no-untyped-def]
        for _ in range(rounds):
            for k in range(numbers.shape[0]):
                numbers[k] = numbers[k] * np.uint32(747796405) + np.uint32(2891336453)
        return numbers[0]

    def job(seed: int) -> int:
        return int(turn(np.full(NUMBERS, seed, np.uint32), rounds))

    job(0)
    return job


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


def spread_out(workers: int, households: int, repeats: int) -> dict[str, list[float]]:
    """Clock seconds of the same runs on one thread, on so many threads, and on as many processes, in turn."""
    from smsim.runner import run_all

    one, runs = partial(a_year, households), range(A_WORKER * workers)
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        works: dict[str, Callable[[], Any]] = {
            "one": lambda: run_all(one, runs, threads=1),
            "threads": lambda: run_all(one, runs, threads=workers),
            "processes": lambda: run_all(one, runs, executor=pool),
        }
        for work in works.values():
            work()  # imports, kernels, worlds
        return interleave(works, repeats, wall_seconds)


def a_year(households: int, seed: int) -> int:
    """Households that adopt in one run of a sweep."""
    from benchmarks import plain
    from smsim import simulate

    scenario, worlds = _worlds(households)
    return plain.adopters(simulate(scenario, STRATEGY, seed, worlds[seed % len(worlds)]))


@cache
def _worlds(households: int) -> tuple[Any, list[Any]]:
    from smsim.world import build_world

    scenario = year(households)
    return scenario, [build_world(scenario, seed) for seed in range(8)]
