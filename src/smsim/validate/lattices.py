"""Ring lattices and long ties: complex contagion needs wide bridges (Centola & Macy), clusters help it (Centola)."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from smsim.engine.arrays import Array
from smsim.simulate import simulate
from smsim.validate.check import Finding, Line, Picture, close, exactly, judged, study
from smsim.validate.lab import (
    Graph,
    adopters,
    doing,
    first_adopters,
    mean_margin,
    quiet,
    rewired,
    ring,
    settle,
    side_by_side,
    until_still,
)
from smsim.validate.thresholds import by_counts
from smsim.world import build_world

CENTOLA_MACY = "Centola & Macy 2007, doi:10.1086/521848"


def spread(graph: Graph, first: Array, needed: Array | int, weeks: int, start: Array | None = None) -> Array:
    """Adopters at the end of each week, int64 (weeks,), or of each block after the last, if `start` is given.

    A household acts when `needed` of its neighbours do.
    """
    scenario = quiet(weeks, {"norm_weight": 1.0})
    threshold = by_counts(np.broadcast_to(needed, graph.degree.shape), graph.degree)
    stage = first_adopters(len(graph.degree), first)
    world = settle(scenario, graph, 1, threshold=threshold, stage=stage, start=start)
    return (
        adopters(simulate(scenario, "none", 1, world))
        if start is None
        else doing(until_still(scenario, world, 1), start)
    )


def wave(n: int, reach: int, needed: int) -> tuple[int, int]:
    """New adopters per week, 2 (r - theta + 1), and weeks until all of a ring act, from a block of r + 1.

    The two fronts close the last gap at once when each of its households sees enough of both.
    """
    speed = max(0, 2 * (reach - needed + 1))
    if not speed:
        return 0, 0

    def closes(gap: int) -> bool:
        sees = [max(0, reach - j) + max(0, reach - (gap - 1 - j)) for j in range(gap)]
        return min(sees) >= needed

    last = max(gap for gap in range(1, 2 * reach + 2) if closes(gap))
    return speed, 1 + math.ceil((n - (reach + 1) - last) / speed)


@study(quick=True)
def wave_on_a_ring() -> Iterator[Finding]:
    """Threshold-2 contagion crosses a ring lattice as a wave of known speed."""
    n = 600
    for reach, needed in ((2, 2), (3, 2), (4, 2), (2, 1), (4, 4), (2, 3)):
        speed, weeks = wave(n, reach, needed)
        count = spread(ring(n, reach), np.arange(reach + 1), needed, weeks + 5)
        label = f"ring of {n}, degree {2 * reach}, threshold {needed}"
        if not speed:
            yield exactly(
                f"{label}: nobody follows, for the threshold exceeds the reach",
                CENTOLA_MACY,
                0,
                int(count[-1]) - reach - 1,
            )
            continue
        steady = np.arange(1, weeks - 1)
        yield exactly(
            f"{label}: new adopters every week until the fronts meet",
            CENTOLA_MACY,
            [speed] * len(steady),
            np.diff(count)[steady - 1].tolist(),
        )
        yield exactly(f"{label}: weeks until all act", CENTOLA_MACY, weeks, int(np.argmax(count == n)) + 1)


@study(quick=True)
def simple_contagion_takes_shortest_paths() -> Iterator[Finding]:
    """With threshold 1 the week of adoption is the distance from the first adopter, whatever the graph."""
    n, rng = 600, np.random.default_rng(5)
    lattice = ring(n, 2)
    first = np.array([0])
    times = []
    for share in (0.0, 0.02, 0.1):
        graph = rewired(lattice, share, rng)
        count = spread(graph, first, 1, 200)
        rows = csr_array((np.ones(len(graph.neighbor)), graph.neighbor, graph.indptr), shape=(n, n))
        distance = dijkstra(rows, indices=0, unweighted=True)
        want = [int((distance <= week).sum()) for week in range(1, 201)]
        yield exactly(
            f"ring of {n}, degree 4, {share:.0%} of ties rewired, threshold 1: adopters every week",
            "breadth-first distances by SciPy",
            want,
            count.tolist(),
        )
        times.append(int(np.argmax(count == n)) + 1)
    yield judged(
        "simple contagion is sped up by long ties: weeks until all act, 0%, 2% and 10% rewired",
        CENTOLA_MACY,
        "each less than the one before",
        ", ".join(map(str, times)),
        "order",
        times[0] > times[1] > times[2],
    )


@study()
def long_ties() -> Iterator[Finding]:
    """Rewiring slows or stops threshold-2 contagion on narrow bridges, and wide bridges bear more of it."""
    n, copies, rng = 1000, 40, np.random.default_rng(7)
    shown: dict[int, list[float]] = {}
    tried = (0.0, 0.01, 0.03, 0.1, 0.3, 0.6, 1.0)
    for reach in (2, 4):
        lattice = ring(n, reach)
        shown[reach] = []
        for share in tried:
            graphs, firsts = [], []
            for k in range(copies):
                graph = rewired(lattice, share, rng)
                centre = int(rng.integers(n))
                around = graph.neighbor[graph.indptr[centre] : graph.indptr[centre + 1]]
                firsts.append(np.append(around, centre) + k * n)
                graphs.append(graph)
            graph, start = side_by_side(graphs)
            reached = spread(graph, np.concatenate(firsts), 2, 520, start) / n
            shown[reach].append(float((reached > 0.9).mean()))
            if reach == 2 and share == 0.01:
                # A front stops at the first household that lost one of its two ties back: share q = 1 - (1 - p)^2.
                lost = 1 - (1 - share) ** 2
                want = (5 + 2 * (1 - lost) / lost) / n
                yield close(
                    "ring of 1000, degree 4, 1% rewired, threshold 2: share reached before both fronts meet a broken "
                    "bridge",
                    f"{CENTOLA_MACY}; geometric distance to the first lost tie",
                    want,
                    float(reached.mean()),
                    mean_margin(reached) + 0.25 * want,
                    f"t-interval over {copies} graphs, and a quarter of it for ties that happen to help",
                )
    for reach, shares in shown.items():
        yield judged(
            f"ring of {n}, degree {2 * reach}, threshold 2: share of graphs crossed, at "
            f"{', '.join(f'{s:.0%}' for s in tried)} of ties picked for rewiring",
            CENTOLA_MACY,
            "1 without rewiring, fewer with it",
            ", ".join(f"{s:.2g}" for s in shares),
            "order",
            shares[0] == 1 and all(s <= shares[0] for s in shares) and min(shares) < 0.5,
        )
    yield judged(
        "wide bridges bear more rewiring: graphs crossed at 1%, degree 4 and degree 8",
        CENTOLA_MACY,
        "none or few; all",
        f"{shown[2][1]:.2g}; {shown[4][1]:.2g}",
        "order",
        shown[2][1] < 0.5 < shown[4][1],
    )
    yield Picture(
        "validation-rewiring",
        "Contagion with threshold 2 on a ring lattice with long ties",
        "share of ties picked for rewiring",
        f"share of {copies} graphs crossed",
        tuple(Line(f"smsim, degree {2 * reach}", np.array(tried), np.array(s), True) for reach, s in shown.items()),
        (),
        "what smsim does",
    )


def signals_needed(first: float, ratio: float, most: int, u: Array) -> Array:
    """Signals after which each household acts: chance `first` on the first, `ratio` times that on every further one."""
    chance = np.minimum(0.95, np.concatenate([[first], np.full(most - 1, first * ratio)]))
    needed = 1 + np.searchsorted(-np.cumprod(1 - chance), -u)
    return np.asarray(np.where(needed > most, 10 * most, needed))


def experiment(first: float, ratio: float, copies: int) -> tuple[Array, Array]:
    """Shares that act in clustered and in random networks of the same 128 people with six ties: (copies,) twice."""
    n, reach, rng = 128, 3, np.random.default_rng(31)
    needed = signals_needed(first, ratio, 2 * reach, rng.random(n * copies))
    reached = []
    for passes in (0, 3):  # one pass picks every tie once and leaves some in place
        graphs = [ring(n, reach)] * copies
        for _ in range(passes):
            graphs = [rewired(one, 1.0, rng) for one in graphs]
        graph, start = side_by_side(graphs)
        reached.append(np.asarray(spread(graph, start[:-1], needed, 80, start) / n))
    return reached[0], reached[1]


@study()
def clustered_networks() -> Iterator[Finding]:
    """Centola 2010: a clustered network brought more people to join than a random one, 53.8% against 38.3%."""
    copies = 600
    for first, ratio, what, sign in (
        (0.2, 3.5, "reinforcement (chance 0.2 on the first signal, 0.7 on every other; chosen to fit)", 1),
        (0.3, 1.0, "no reinforcement (chance 0.3 on every signal)", -1),
    ):
        clustered, at_random = experiment(first, ratio, copies)
        margin = mean_margin(clustered - at_random)
        yield judged(
            f"128 people with six ties, {what}: who joins, clustered and random",
            "Centola 2010, doi:10.1126/science.1185231: 53.8% against 38.3%",
            f"more in the {'clustered' if sign > 0 else 'random'} network",
            f"{clustered.mean():.1%} and {at_random.mean():.1%}",
            f"{margin:.3f} on the difference: paired t-interval over {copies} networks",
            bool(sign * float((clustered - at_random).mean()) > margin),
            "" if sign > 0 else "without reinforcement clusters hinder, as Centola & Macy say of simple contagion",
        )


@study()
def pairs_of_first_adopters() -> Iterator[Finding]:
    """Beaman 2021: where two must do it before one follows, first adopters who know each other start it."""
    villages, size, weeks = 600, 200, 3
    scenario = quiet(
        weeks, {"norm_weight": 1.0}, world={"households": villages * size, "households_per_community": size}
    )
    people = build_world(scenario, 1).households
    graph = Graph(people.indptr, people.neighbor.astype(np.int64))
    start, rng = np.arange(villages + 1) * size, np.random.default_rng(9)
    one = start[:-1] + rng.integers(0, size, villages)
    friend = graph.neighbor[graph.indptr[one] + rng.integers(0, graph.degree[one])]
    stranger = start[:-1] + (one - start[:-1] + rng.integers(1, size, villages)) % size
    for needed in (2, 1):
        pairs = [spread(graph, np.concatenate([one, two]), needed, weeks, start) / size for two in (friend, stranger)]
        gain = pairs[0] - pairs[1]
        margin = mean_margin(gain)
        yield judged(
            f"{villages} villages of the simulator's own ties, threshold {needed}, three weeks: share reached from two "
            "who are tied and from two at random",
            "Beaman and others 2021, doi:10.1257/aer.20200295",
            "more from two who are tied" if needed == 2 else "no more from two who are tied",
            f"{pairs[0].mean():.1%} and {pairs[1].mean():.1%}",
            f"{margin:.3f} on the difference: paired t-interval",
            bool(gain.mean() > margin if needed == 2 else gain.mean() <= margin),
        )
