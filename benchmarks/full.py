"""The full model: one strategy over a million households, one answer at once, and every preset."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.graph import WEEKS, Graph, watts_strogatz
from benchmarks.measure import ROOT, Row, Spread, interleave, peak_memory, ratios, wall_seconds
from benchmarks.sizes import Sizes

FAMILY = "full model"
STRATEGY = "hybrid"
PRESET = "s0-default"
ANSWER = (3, 20)  # strategies and replicates


def rows(sizes: Sizes) -> Iterator[Row]:
    """A large run, its ratio to a plain one and its memory; small runs of every preset; a whole answer."""
    n = sizes.large
    seen = sizes.ask(large, households=n, graph=sizes.graph(n), repeats=min(3, sizes.repeats))
    memory = sizes.ask(large_alone, households=n)["memory"]
    work = f"{n:,} households x {seen['weeks']} weeks, 8 ties, {STRATEGY}"
    times = "times plain contagion"
    for weeks in (WEEKS, seen["weeks"]):
        spread = ratios(seen["full"], seen[f"plain {weeks}"])
        note = f"against plain contagion of the same size over {weeks} weeks"
        yield Row(FAMILY, f"full/large/{weeks}", work, "smsim", Spread.of(seen["full"]), memory, spread, times, note)
        own = Spread.of(seen[f"plain {weeks}"])
        yield Row(FAMILY, f"full/plain/{weeks}", f"plain contagion, {n:,} households x {weeks} weeks", "smsim", own)
    small = sizes.ask(presets, households=sizes.small, repeats=3 * sizes.repeats)  # short, and so the noisiest
    for name, seconds in small["cpu"].items():
        work = f"{name}, {sizes.small:,} households, one run ({STRATEGY})"
        yield Row(FAMILY, f"full/small/{name}", work, "smsim", Spread.of(seconds))
    strategies, replicates = ANSWER
    work = f"{PRESET}, {sizes.small:,} households, {strategies} strategies x {replicates} replicates, 2 threads"
    note = f"seconds by the clock, 20 worlds beforehand; building those took {small['worlds']:.2f} s"
    yield Row(FAMILY, "full/answer", work, "smsim", Spread.of(small["answer"]), note=note)


def preset(name: str, households: int, **world: Any) -> Any:
    """A preset of the scenarios folder, with so many households."""
    from smsim import load_scenario

    return load_scenario(ROOT / "scenarios" / f"{name}.yaml").replace(world={"households": households, **world})


def year(households: int) -> Any:
    """The default preset, a year of campaign and nothing before or after it: a run of a sweep."""
    alone = {"burn_in_weeks": 0, "follow_up_weeks": 0}
    return preset(PRESET, households).replace(run=alone, campaign={"weeks": WEEKS})


@contextmanager
def no_worlds_on_disk() -> Iterator[None]:
    """Worlds are built here, not opened from the cache of an earlier run, nor kept."""
    from smsim.world import cache

    smallest, cache.SMALLEST = cache.SMALLEST, sys.maxsize
    try:
        yield
    finally:
        cache.SMALLEST = smallest


def large(households: int, graph: str, repeats: int) -> dict[str, Any]:
    """CPU seconds of a full run, and of plain ones over a year and over as many weeks, in turn."""
    from benchmarks import plain
    from smsim import simulate
    from smsim.simulate import total_weeks
    from smsim.world import build_world

    _warm()
    scenario = preset(PRESET, households, mean_ties=8)
    world = build_world(scenario, 1)
    weeks = total_weeks(scenario)
    works = {"full": lambda: simulate(scenario, STRATEGY, 1, world)}
    ties = Graph.load(graph)
    for span in (WEEKS, weeks):
        model = plain.susceptible_infected(span)
        there = plain.world_of(model, ties)
        works[f"plain {span}"] = lambda model=model, there=there: simulate(model, "none", 1, there)  # type: ignore[misc]
    return {**interleave(works, repeats), "weeks": weeks}


def large_alone(households: int) -> dict[str, Any]:
    """Peak memory of a process that builds the world and makes one full run."""
    from smsim import simulate

    with no_worlds_on_disk():
        simulate(preset(PRESET, households, mean_ties=8), STRATEGY, 1)
    return {"memory": peak_memory()}


def presets(households: int, repeats: int) -> dict[str, Any]:
    """CPU seconds of one run of every preset, in turn; and clock seconds of a whole answer on two threads."""
    from smsim import simulate
    from smsim.runner import run_all
    from smsim.simulate import simulate_all
    from smsim.world import build_world

    _warm()
    works = {}
    for path in sorted(Path(ROOT / "scenarios").glob("s[0-9]-*.yaml")):
        scenario = preset(path.stem, households)
        world = build_world(scenario, 1)
        works[path.stem] = lambda scenario=scenario, world=world: simulate(scenario, STRATEGY, 1, world)  # type: ignore[misc]
    cpu = interleave(works, repeats)

    scenario = preset(PRESET, households)
    strategies, replicates = ANSWER
    names = list(scenario.strategies)[:strategies]
    worlds: list[Any] = []
    seconds = wall_seconds(
        lambda: worlds.extend(run_all(lambda r: build_world(scenario, r), range(replicates), threads=2))
    )

    def answer() -> None:
        run_all(lambda r: simulate_all(scenario, names, r, worlds[r]), range(replicates), threads=2)

    return {"cpu": cpu, "answer": [wall_seconds(answer) for _ in range(min(3, repeats))], "worlds": seconds}


def _warm() -> None:
    from benchmarks import plain
    from smsim import simulate

    simulate(preset(PRESET, 500), STRATEGY, 1)
    model = plain.susceptible_infected()
    simulate(model, "none", 1, plain.world_of(model, watts_strogatz(500)))
