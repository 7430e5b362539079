"""Plain contagion: smsim against other simulators, same graph, same rule, one after the other in one process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.graph import BETA, WEEKS, Graph, watts_strogatz
from benchmarks.measure import Row, Spread, cpu_seconds, peak_memory, ratios
from benchmarks.peers import MISSING, PEERS, Contestant, installed
from benchmarks.sizes import Sizes

FAMILY = "plain contagion"
SMSIM = "smsim"
SLOW = {"NDlib": 300_000}  # above so many households only with --slow
THREE = 300_000  # above so many households three repeats, of interpreted peers


def rows(sizes: Sizes) -> Iterator[Row]:
    """One row per contestant and size."""
    for households in sizes.graphs:
        work = f"{households:,} households, {WEEKS} weeks"
        path = sizes.graph(households)
        own = sizes.ask(alone, who=SMSIM, graph=path, repeats=sizes.repeats)
        share = f"{own['adopters']:.1%} adopt"
        yield Row(
            FAMILY, f"contagion/{SMSIM}/{households}", work, SMSIM, Spread.of(own["cpu"]), own["memory"], note=share
        )
        for name, peer in PEERS.items():
            key = f"contagion/{name}/{households}"
            if not installed(peer.package):
                yield Row(FAMILY, key, work, name, note=MISSING)
            elif households > SLOW.get(name, households) and not sizes.slow:
                yield Row(FAMILY, key, work, name, note="not measured: minutes a run; --slow measures it")
            else:
                yield _compared(name, key, work, households, sizes)


def _compared(name: str, key: str, work: str, households: int, sizes: Sizes) -> Row:
    path, repeats = sizes.graph(households), sizes.repeats if households <= THREE else min(3, sizes.repeats)
    both = sizes.ask(duel, who=name, graph=path, repeats=repeats)
    memory = sizes.ask(alone, who=name, graph=path, repeats=1)["memory"]
    share = f"{both['adopters']:.1%} adopt, smsim {both['smsim_adopters']:.1%}; {PEERS[name].how}"
    ratio = ratios(both["cpu"], both["smsim"])
    return Row(FAMILY, key, work, name, Spread.of(both["cpu"]), memory, ratio, "times smsim", share)


def contestant(who: str, graph: Graph) -> Contestant:
    """smsim or a peer, built on a graph for the plain contagion."""
    if who != SMSIM:
        return PEERS[who].build(graph, BETA, WEEKS)
    from benchmarks import plain  # not above: a peer's memory is measured without smsim

    scenario = plain.susceptible_infected()
    world = plain.world_of(scenario, graph)
    return Contestant(int, lambda seed: plain.adopters(plain.run_of(scenario, world, seed)))


def timed(one: Contestant, seed: int) -> tuple[float, int]:
    """CPU seconds of one run, without what `fresh` does, and its adopters."""
    ready, found = one.fresh(seed), []
    seconds = cpu_seconds(lambda: found.append(one.run(ready)))
    return seconds, found[0]


def warm(who: str) -> None:
    """Compile and import whatever the first run would."""
    one = contestant(who, watts_strogatz(500))
    one.run(one.fresh(0))


def duel(who: str, graph: str, repeats: int) -> dict[str, Any]:
    """smsim and a peer in turn: seconds of each, and the mean share of adopters."""
    ties = Graph.load(graph)
    pair = {name: contestant(name, ties) for name in (SMSIM, who)}
    for name in pair:
        warm(name)
    seen: dict[str, list[tuple[float, int]]] = {name: [] for name in pair}
    for seed in range(1, repeats + 1):
        for name, one in pair.items():
            seen[name].append(timed(one, seed))
    share = {name: float(np.mean([n for _, n in pairs])) / ties.households for name, pairs in seen.items()}
    return {
        "cpu": [s for s, _ in seen[who]],
        "smsim": [s for s, _ in seen[SMSIM]],
        "adopters": share[who],
        "smsim_adopters": share[SMSIM],
    }


def alone(who: str, graph: str, repeats: int) -> dict[str, Any]:
    """One contestant by itself: seconds, share of adopters, and the peak memory of the process, graph included."""
    ties = Graph.load(graph)
    warm(who)
    one = contestant(who, ties)
    seen = [timed(one, seed) for seed in range(1, repeats + 1)]
    return {
        "cpu": [s for s, _ in seen],
        "adopters": float(np.mean([n for _, n in seen])) / ties.households,
        "memory": peak_memory(),
    }
