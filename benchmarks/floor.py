"""The memory floor: what a plain contagion must at least read and write in smsim's layout, and decides nothing.

The floor replays a run that smsim has just made: it is told who adopts in which week. Per week it looks at the byte of
every group of 64 households; in a group in which some neighbour has adopted it reads what smsim compares, stage,
exposure left and voices (uint8 each), and writes what is left. Per adopter of the week it writes stage and exposure
left, reads its cell (uint8), reads its row of ties (neighbour int32), adds to each neighbour's counter
(uint8) and marks its group: the scattered updates, done by smsim's own `tell`, which lays rows side by side. It draws
nothing, compares nothing and counts nothing. The floor of a whole run also allocates and writes once every array that
smsim keeps of its households.

The floor of a threshold contagion draws its thresholds, makes the arrays of a run, writes once whom a household waits
for, and touches what its adopters touch: few, so that it looks at no group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numba import njit

from benchmarks.graph import Array, Graph, watts_strogatz
from benchmarks.measure import Row, Spread, interleave, ratios
from benchmarks.sizes import Sizes
from smsim.engine.lanes import WIDTH, bits, lanes, put, where
from smsim.engine.push import ASLEEP, tell

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


@njit(error_model="numpy")  # type: ignore[untyped-decorator]
def touch(households, order, week_start, stage, left, voices, cell, groups, ties, weights):  # type: ignore[no-untyped-def]
    """The reads and writes of the module's text; `order` holds the adopters, week after week, from `week_start`."""
    read = 0
    for t in range(week_start.shape[0] - 1):
        for g in range(np.uintp(groups.shape[0])):
            if groups[g] != ASLEEP:
                low = WIDTH * g
                put(left, low, lanes(left, low) - where(bits(lanes(stage, low) == 0), lanes(voices, low), 0))
        read += adopt(
            households, order, week_start[t], week_start[t + 1], stage, left, voices, cell, groups, ties, weights
        )
    return read


@njit(error_model="numpy")  # type: ignore[untyped-decorator]
def adopt(households, order, first, last, stage, left, voices, cell, groups, ties, weights):  # type: ignore[no-untyped-def]
    """What the adopters order[first:last] of a week touch."""
    read = 0
    for k in range(first, last):
        i = np.uintp(order[k])
        stage[i] = 1
        left[i] = 1
        read += cell[i]
    tell(households, voices, groups, order, first, last, 1, True, ties, weights)
    return read


@njit(error_model="numpy")  # type: ignore[untyped-decorator]
def adopt_all(households, order, week_start, stage, left, voices, cell, groups, ties, weights):  # type: ignore[no-untyped-def]
    """What the adopters of all weeks touch."""
    read = 0
    for t in range(week_start.shape[0] - 1):
        read += adopt(
            households, order, week_start[t], week_start[t + 1], stage, left, voices, cell, groups, ties, weights
        )
    return read


def replay(graph: str, repeats: int) -> dict[str, Any]:
    """CPU seconds of smsim's weeks and runs and of their floors, in turn."""
    _measure(watts_strogatz(500), 1)  # compiles
    return _measure(Graph.load(graph), repeats)


def _measure(graph: Graph, repeats: int) -> dict[str, list[float]]:
    from benchmarks import plain
    from smsim import simulate
    from smsim.engine import contagion
    from smsim.engine.arrays import Record, frozen, frozen_array
    from smsim.simulate import prepare

    scenario = plain.susceptible_infected()
    world = plain.world_of(scenario, graph)
    prepared = prepare(scenario, "none", 1, world)
    order, week_start = _adopters_by_week(prepared)
    people, seed = frozen(world.households), np.uint64(1)
    facts = world.facts
    inputs = frozen_array(world.places.community_start), frozen_array(prepared.behaviours)[0]
    record = prepared.empty_record()
    no_weeks = Record(*(array[:0] for array in record))

    def play(record: Record, room: Any) -> None:
        contagion.play(record, people, *inputs, room, facts.heaviest, facts.even, facts.asks, seed)

    ready: list[Any] = []
    kept: list[Any] = []
    begun = contagion.new_room(world.households, record, facts)
    play(no_weeks, begun)

    def columns() -> tuple[Array, ...]:
        fresh = contagion.new_room(world.households, record, facts)
        kept = map(np.zeros_like, (fresh.stage, fresh.left, fresh.voices, world.households.cell))
        return *kept, np.full_like(fresh.groups, ASLEEP), fresh.ties, fresh.weights

    def floor_weeks() -> None:
        touch(people, order, week_start, *ready[0])

    def smsim_run() -> None:
        simulate(scenario, "none", 1, world)

    def floor_run() -> None:
        kept[:] = [[np.copy(array) for array in begun]]
        touch(people, order, week_start, *ready[0])

    works = {
        "smsim weeks": lambda: play(record, ready[1]),
        "smsim start": lambda: play(no_weeks, ready[1]),
        "floor weeks": floor_weeks,
        "smsim run": smsim_run,
        "floor run": floor_run,
    }
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            # outside the measured time
            ready[:] = [columns(), contagion.new_room(world.households, record, facts)]
            seconds[name] += interleave({name: work}, 1)[name]
    # A kernel makes the start and all weeks: the weeks alone are what they take more.
    starts = seconds.pop("smsim start")
    seconds["smsim weeks"] = [whole - start for whole, start in zip(seconds["smsim weeks"], starts, strict=True)]
    return seconds


def of_thresholds(graph: Graph, weeks: int) -> Callable[[int], int]:
    """Seed to a threshold contagion's floor: draws that seed's thresholds, and replays the contagion of seed 1."""
    from benchmarks import plain
    from smsim.engine import contagion
    from smsim.engine.arrays import frozen
    from smsim.simulate import prepare

    scenario = plain.linear_threshold(weeks)
    world = plain.world_of(scenario, graph)
    prepared = prepare(scenario, "none", 1, plain.thresholds(world, 1))
    order, week_start = _adopters_by_week(prepared)
    people, record, cell = frozen(world.households), prepared.empty_record(), world.households.cell

    def run(seed: int) -> int:
        plain.thresholds(world, seed)
        room = contagion.new_room(world.households, record, world.facts)
        room.ask.fill(1)
        room.left.fill(1)
        adopt_all(
            people, order, week_start, room.stage, room.left, room.voices, cell, room.groups, room.ties, room.weights
        )
        return len(order)

    return run


def _adopters_by_week(prepared: Any) -> tuple[Array, Array]:
    """Households that adopt, by week and index, int64, the first adopters in week 0; and where each week begins."""
    state, record = prepared.begin()
    before = np.zeros_like(state.stage[0])
    groups = []
    for week in range(prepared.weeks):
        if week:
            prepared.advance(state, record, week - 1, week)
        adopted = state.stage[0] >= _adopted()
        groups.append(np.flatnonzero(adopted & (before == 0)))
        before = adopted.astype(np.uint8)
    return np.concatenate(groups), np.cumsum([0, *map(len, groups)])


def _adopted() -> int:
    from smsim.engine.arrays import ADOPTED

    return int(ADOPTED)
