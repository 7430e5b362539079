"""News that each tie passes on once with chance T is bond percolation: thresholds and sizes by generating functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from scipy.stats import poisson

from smsim.engine.arrays import UNAWARE, Array
from smsim.validate.check import Finding, Line, Picture, close, judged, study
from smsim.validate.lab import (
    Graph,
    binomial_margin,
    configuration,
    ever,
    first_adopters,
    mean_margin,
    quiet,
    random_graph,
    settle,
    side_by_side,
    until_still,
)

NEWMAN = "Newman 2002, doi:10.1103/PhysRevE.66.016128, generating functions solved numerically"
LARGE = 0.05  # share of a graph beyond which an outbreak is a large one

Degrees = Array  # probability of each degree, float64 (largest + 1,)
Draw = Callable[[int, np.random.Generator], Graph]


def poisson_degrees(mean: float) -> Degrees:
    """Degree distribution of a random graph."""
    return np.asarray(poisson.pmf(np.arange(80), mean))


def degrees(share: dict[int, float]) -> Degrees:
    """A degree distribution from the shares of its degrees."""
    table = np.zeros(max(share) + 1)
    for degree, probability in share.items():
        table[degree] = probability
    return table


def drawn(share: dict[int, float]) -> Draw:
    """The configuration model with exactly these shares of degrees."""

    def draw(n: int, rng: np.random.Generator) -> Graph:
        sizes = np.repeat(list(share), [round(p * n) for p in share.values()])
        return configuration(rng.permutation(sizes), rng)

    return draw


def giant(table: Degrees, pass_on: float) -> float:
    """Size of a large outbreak, which is also its chance: S = 1 - G0(u), u = 1 - T + T G1(u)."""
    k = np.arange(len(table))
    mean = float(table @ k)
    u = 0.0
    for _ in range(20_000):
        u = 1 - pass_on + pass_on * float((table * k)[1:] @ u ** k[:-1]) / mean
    return 1 - float(table @ u**k)


def threshold(table: Degrees) -> float:
    """T_c = <k> / (<k^2> - <k>)."""
    k = np.arange(len(table))
    return float(table @ k / (table @ k**2 - table @ k))


def small(table: Degrees, pass_on: float) -> float:
    """Mean size of an outbreak below the threshold: 1 + T <k> / (1 - T (<k^2> - <k>) / <k>)."""
    k = np.arange(len(table))
    return float(1 + pass_on * (table @ k) / (1 - pass_on / threshold(table)))


def outbreaks(draw: Draw, pass_on: float, graphs: int, size: int, seed: int) -> Array:
    """Households that ever hear of it, one first teller in each of many graphs: int64 (graphs,).

    Nobody ever wants it. Who hears of it talks of it for one week, so that a tie passes it on with chance
    T = 1 - e^(-beta eta). The first teller did it, shows it for a week and then lapses into silence.
    """
    rng = np.random.default_rng(seed)
    graph, start = side_by_side([draw(size, rng) for _ in range(graphs)])
    teller = start[:-1] + rng.integers(0, size, graphs)
    scenario = quiet(
        200,
        {
            "kind": "repeated",
            "lapse_rate": 1.0,
            "aware_share": 0.0,
            "silent_information": 1.0,
            "peer_information": -math.log(1 - pass_on),
            "talk_weeks": 1,
        },
    )
    stage = first_adopters(len(graph.degree), teller, UNAWARE)
    return ever(until_still(scenario, settle(scenario, graph, seed, stage=stage, start=start), seed), start)


FAMILY: dict[str, tuple[Degrees, Draw]] = {
    "random graph, mean 4": (poisson_degrees(4), lambda n, rng: random_graph(n, 4, rng)),
    "random 3-regular graph": (degrees({3: 1.0}), drawn({3: 1.0})),
    "random 4-regular graph": (degrees({4: 1.0}), drawn({4: 1.0})),
    "configuration model, degrees 2 (60%) and 6 (40%)": (degrees({2: 0.6, 6: 0.4}), drawn({2: 0.6, 6: 0.4})),
}


def above(name: str, pass_on: float, graphs: int, size: int, seed: int) -> Iterator[Finding]:
    """Chance and size of large outbreaks."""
    table, draw = FAMILY[name]
    reached = outbreaks(draw, pass_on, graphs, size, seed) / size
    large = reached > LARGE
    want = giant(table, pass_on)
    label = f"{name}, T = {pass_on:g} (threshold {threshold(table):.4g})"
    yield close(
        f"{label}: chance of a large outbreak",
        NEWMAN,
        want,
        float(large.mean()),
        binomial_margin(want, graphs) + 10 / size,
        f"binomial over {graphs} graphs, and 10/N for graphs of {size}",
    )
    yield close(
        f"{label}: share reached by a large one",
        NEWMAN,
        want,
        float(reached[large].mean()),
        mean_margin(reached[large]) + 10 / size,
        f"t-interval over {int(large.sum())} outbreaks, and 10/N",
    )


@study(quick=True)
def cascade_on_random_graph() -> Iterator[Finding]:
    """The independent cascade on G(n, 4/n): giant outbreaks of 79.681% at T = 0.5."""
    yield from above("random graph, mean 4", 0.5, 400, 500, 1)


@study()
def giant_outbreaks() -> Iterator[Finding]:
    """Giant outbreaks by generating functions on four families of graphs, on both sides of their thresholds."""
    yield from above("random graph, mean 4", 0.5, 400, 1000, 2)
    yield from above("random graph, mean 4", 0.3, 400, 2000, 3)
    yield from above("random 3-regular graph", 0.75, 400, 1000, 4)
    yield from above("random 3-regular graph", 0.6, 400, 1500, 5)
    yield from above("random 4-regular graph", 0.5, 400, 1000, 6)
    yield from above("configuration model, degrees 2 (60%) and 6 (40%)", 0.45, 400, 1500, 7)
    for seed, (name, pass_on) in enumerate(
        [("random graph, mean 4", 0.2), ("random 3-regular graph", 0.4), ("random 4-regular graph", 0.26)], 8
    ):
        table, draw = FAMILY[name]
        size = 500
        reached = outbreaks(draw, pass_on, 2000, size, seed)
        yield close(
            f"{name}, T = {pass_on:g}, below the threshold {threshold(table):.4g}: mean households reached",
            NEWMAN,
            small(table, pass_on),
            float(reached.mean()),
            mean_margin(reached) + 10 / size * reached.mean(),
            f"t-interval over {len(reached)} graphs, and 10/N of it",
        )


@study(quick=True)
def below_the_threshold() -> Iterator[Finding]:
    """Below the threshold news dies out after a few households, as many as the generating function says."""
    table, draw = FAMILY["random graph, mean 4"]
    reached = outbreaks(draw, 0.2, 600, 500, 11)
    yield close(
        "random graph, mean 4, T = 0.2, below the threshold 0.25: mean households reached",
        NEWMAN,
        small(table, 0.2),
        float(reached.mean()),
        mean_margin(reached) + 0.02 * reached.mean(),
        f"t-interval over {len(reached)} graphs, and 10/N of it for graphs of 500",
    )


@study()
def thresholds_located() -> Iterator[Finding]:
    """The threshold is found again from outbreaks below it; above it, the chance of a large one follows the theory."""
    lines: list[Line] = []
    size, graphs = 1000, 200
    for seed, (name, (table, draw)) in enumerate(FAMILY.items(), 21):
        critical = threshold(table)
        # Below, mean size - 1 = T <k> / (1 - T / T_c): solved for T_c.
        low, many = 0.7 * critical, 2000
        reached = outbreaks(draw, low, many, size // 2, seed)
        informed = low * float(table @ np.arange(len(table)))
        mean, slack = float(reached.mean()), mean_margin(reached)
        found = [low / (1 - informed / (m - 1)) for m in (mean, mean - slack, mean + slack)]
        yield close(
            f"{name}: threshold found from the size of outbreaks at T = {low:.4g}",
            NEWMAN,
            critical,
            found[0],
            max(abs(f - found[0]) for f in found[1:]) + 0.02 * critical,
            f"t-interval over {many} graphs carried through, and 2% for graphs of {size // 2}",
        )
        tried = critical * np.array([0.6, 1.2, 1.3, 1.5, 1.8])
        chance = np.array(
            [
                float((outbreaks(draw, T, graphs, size, 100 * seed + k) > LARGE * size).mean())
                for k, T in enumerate(tried.tolist())
            ]
        )
        want = np.array([giant(table, T) for T in tried.tolist()])
        error = np.array([binomial_margin(p, graphs) for p in want])
        short = name.split(",")[0]
        dense = np.linspace(0.6 * critical, float(tried[-1]), 80)
        lines += [
            Line(f"theory, {short}", dense, np.array([giant(table, T) for T in dense.tolist()])),
            Line(f"smsim, {short}", tried, chance, True, error),
        ]
        off = int((np.abs(chance - want) > error + 10 / size).sum())
        yield judged(
            f"{name}: chance of a large outbreak at {len(tried)} values of T from 0.6 to 1.8 of the threshold",
            NEWMAN,
            "on the curve of the theory",
            f"{off} off it",
            f"largest {error.max() + 10 / size:.2g}: binomial over {graphs} graphs, and 10/N for graphs of {size}",
            not off,
        )
    yield Picture(
        "validation-percolation",
        "News that each tie passes on once",
        "chance T that a tie passes it on",
        "chance of a large outbreak",
        tuple(lines),
    )
