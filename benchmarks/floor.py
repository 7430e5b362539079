"""The memory floor: what a plain contagion must at least read and write in smsim's layout, and decides nothing.

The floor replays a run that smsim has just made: it is told who adopts in which week. Per week it reads the byte of
news of every household; where there is news it clears the byte and reads and writes what smsim keeps there on hearing:
resistance, hazard and the week since (float64, float64, int32), the counter of voicing neighbours (int32) and the week
in which something is due (int32). Per adopter of the week it writes stage and bits shown (two bytes), reads its row of
ties (neighbour int32, weight uint8) and adds to each neighbour's counter (int32) and byte of news: the scattered
updates. It draws nothing and compares nothing. The floor of a whole run also allocates and writes once every array of
smsim's `State`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numba import njit

from benchmarks.graph import WEEKS, Array, Graph, watts_strogatz
from benchmarks.measure import Row, Spread, interleave, ratios
from benchmarks.sizes import Sizes

FAMILY = "memory floor"


def rows(sizes: Sizes) -> Iterator[Row]:
    """The weeks alone, and the run with the state that it starts from, at each size of graph."""
    for households in sizes.graphs:
        seen = sizes.ask(replay, graph=sizes.graph(households), repeats=sizes.repeats)
        for part in ("weeks", "run"):
            work = f"plain contagion, {households:,} households: " + ("weeks alone" if part == "weeks" else "whole run")
            for who in ("smsim", "floor"):
                ratio = ratios(seen[f"smsim {part}"], seen[f"floor {part}"]) if who == "smsim" else None
                cpu = Spread.of(seen[f"{who} {part}"])
                yield Row(
                    FAMILY,
                    f"floor/{part}/{who}/{households}",
                    work,
                    who,
                    cpu,
                    None,
                    ratio,
                    "times the floor" * bool(ratio),
                )


@njit  # type: ignore[untyped-decorator]
def touch(  # type: ignore[no-untyped-def]
    indptr, neighbor, weight, order, week_start, stage, shown, hot, counter, resist, hazard, since, due
):
    """The reads and writes of the module's text; `order` holds the adopters, week after week, from `week_start`."""
    for t in range(week_start.shape[0] - 1):
        for i in range(hot.shape[0]):
            if hot[i]:
                hot[i] = 0
                resist[i] -= hazard[i] * since[i]
                hazard[i] = counter[i]
                since[i] = t
                due[i] = t
        for k in range(week_start[t], week_start[t + 1]):
            i = order[k]
            stage[i] = 1
            shown[i] = 1
            for e in range(indptr[i], indptr[i + 1]):
                j = neighbor[e]
                counter[j] += weight[e]
                hot[j] |= 1


def replay(graph: str, repeats: int) -> dict[str, Any]:
    """CPU seconds of smsim's weeks and runs and of their floors, in turn."""
    _measure(watts_strogatz(500), 1)  # compiles
    return _measure(Graph.load(graph), repeats)


def _measure(graph: Graph, repeats: int) -> dict[str, list[float]]:
    from benchmarks import plain
    from smsim import simulate
    from smsim.simulate import prepare

    scenario = plain.susceptible_infected()
    world = plain.world_of(scenario, graph)
    prepared = prepare(scenario, "none", 1, world)
    state, record = prepared.begin()
    order, week_start = _adopters_by_week(prepared, state, record)
    n, ties = graph.households, (graph.indptr, graph.neighbor, np.ones(len(graph.neighbor), np.uint8))
    ready: list[Any] = []

    def smsim_weeks() -> None:
        prepared.advance(*ready[0], 0, WEEKS)

    def columns() -> tuple[Array, ...]:
        kinds = (np.uint8, np.uint8, np.uint8, np.int32, np.float64, np.float64, np.int32, np.int32)
        return tuple(np.ones(n, kind) for kind in kinds)

    def floor_weeks() -> None:
        touch(*ties, order, week_start, *ready[1])

    def smsim_run() -> None:
        simulate(scenario, "none", 1, world)

    def floor_run() -> None:
        ready[2:] = [[np.copy(array) for array in state]]
        touch(*ties, order, week_start, *ready[1])

    works = {"smsim weeks": smsim_weeks, "floor weeks": floor_weeks, "smsim run": smsim_run, "floor run": floor_run}
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            ready[:] = [prepared.begin(), columns()]  # outside the measured time
            seconds[name] += interleave({name: work}, 1)[name]
    return seconds


def _adopters_by_week(prepared: Any, state: Any, record: Any) -> tuple[Array, Array]:
    """Households that adopt, by week and index, int64, the first adopters in week 0; and where each week begins."""
    before = np.zeros_like(state.stage[0])
    groups = []
    for week in range(WEEKS):
        if week:
            prepared.advance(state, record, week - 1, week)
        adopted = state.stage[0] >= _adopted()
        groups.append(np.flatnonzero(adopted & (before == 0)))
        before = adopted.astype(np.uint8)
    return np.concatenate(groups), np.cumsum([0, *map(len, groups)])


def _adopted() -> int:
    from smsim.engine.arrays import ADOPTED

    return int(ADOPTED)
