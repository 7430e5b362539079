"""Thresholds: Granovetter's crowd, Watts's cascades on random graphs, Centola's experiment, Beaman's pairs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.optimize import brentq
from scipy.stats import poisson

from smsim.engine.arrays import Array
from smsim.simulate import simulate
from smsim.validate.check import Finding, Line, Picture, close, exactly, judged, study
from smsim.validate.lab import (
    adopters,
    binomial_margin,
    complete,
    doing,
    first_adopters,
    mean_margin,
    quiet,
    random_graph,
    settle,
    side_by_side,
    until_still,
)

GRANOVETTER = "Granovetter 1978, doi:10.1086/226707"
WATTS = "Watts 2002, doi:10.1073/pnas.082090499"


def by_counts(count: Array, degree: Array) -> Array:
    """Thresholds, as shares of the ties, of households that act when `count` of their neighbours do."""
    return np.asarray(np.divide(count, degree, out=np.full(len(degree), 10.0), where=degree > 0))


@study(quick=True)
def crowd() -> Iterator[Finding]:
    """Granovetter's hundred people, each of whom acts when as many others do as its threshold says."""
    graph = complete(100)
    scenario = quiet(110, {"norm_weight": 1.0})

    def who_acts(count: Array) -> Array:
        threshold = by_counts(count, graph.degree)
        return adopters(simulate(scenario, "none", 1, settle(scenario, graph, 1, threshold=threshold)))

    uniform = np.arange(100)
    run = who_acts(uniform)
    yield exactly("thresholds 0, 1, ..., 99: all act", GRANOVETTER, 100, int(run[-1]))
    yield exactly("one more acts every week: the k-th in week k", GRANOVETTER, list(range(1, 101)), run[:100].tolist())
    yield exactly(
        "the 1 replaced by a 2: one acts", GRANOVETTER, 1, int(who_acts(np.where(uniform == 1, 2, uniform))[-1])
    )
    yield exactly("thresholds 1, ..., 100 and nobody first: none acts", GRANOVETTER, 0, int(who_acts(uniform + 1)[-1]))


# ---- Watts


def vulnerable(phi: float) -> int:
    """The largest degree at which one acting neighbour is enough, 1 / k >= phi."""
    return int(1 / phi)


def branching(z: float, phi: float) -> float:
    """Vulnerable households that one of them moves on average: z P(Poisson(z) <= K - 2)."""
    return float(z * poisson.cdf(vulnerable(phi) - 2, z))


def edges(phi: float) -> tuple[float, float]:
    """Mean degrees at which global cascades begin and end: branching = 1."""
    top = max(np.linspace(0.5, 20, 2000), key=lambda z: branching(float(z), phi))
    return (
        float(brentq(lambda z: branching(z, phi) - 1, 0.5, top)),
        float(brentq(lambda z: branching(z, phi) - 1, top, 60)),
    )


def chance_of_cascade(z: float, phi: float) -> float:
    """Chance that one random household starts a global cascade: 1 - G0(u), u = 1 - G1v(1) + G1v(u)."""
    k = np.arange(1, vulnerable(phi) + 1)
    weight = poisson.pmf(k - 1, z)  # k p_k / z
    u = 0.0
    for _ in range(20_000):
        u = 1 - float(weight.sum()) + float(weight @ u ** (k - 1))
    return float(1 - np.exp(-z * (1 - u)))


def cascades(z: float, phi: float, graphs: int, size: int, seed: int) -> Array:
    """Share that acts in the end, one first adopter in each of many random graphs: float64 (graphs,)."""
    rng = np.random.default_rng(seed)
    graph, start = side_by_side([random_graph(size, z, rng) for _ in range(graphs)])
    scenario = quiet(200, {"norm_weight": 1.0})
    stage = first_adopters(len(graph.degree), start[:-1] + rng.integers(0, size, graphs))
    world = settle(scenario, graph, seed, threshold=phi, stage=stage, start=start)
    return np.asarray(doing(until_still(scenario, world, seed), start) / size)


@study(quick=True)
def window_inside_and_outside() -> Iterator[Finding]:
    """Watts: threshold 0.18 has global cascades between mean degrees 1.0207 and 5.7647, and none outside."""
    phi = 0.18
    low, high = edges(phi)
    yield close("the window's edges as Watts's condition gives them: lower", WATTS, 1.0207, low, 5e-5, "four decimals")
    yield close("the window's edges as Watts's condition gives them: upper", WATTS, 5.7647, high, 5e-5, "four decimals")
    for seed, z in enumerate((2.0, 4.0), 1):
        size, graphs = 1000, 150
        reached = cascades(z, phi, graphs, size, seed)
        want = chance_of_cascade(z, phi)
        yield close(
            f"threshold {phi}, mean degree {z:g}: chance of a global cascade from one household",
            f"{WATTS}, generating function",
            want,
            float((reached > 0.2).mean()),
            binomial_margin(want, graphs) + 0.02,
            f"binomial over {graphs} graphs, and 0.02 for graphs of {size}",
        )
    for seed, z in enumerate((0.7, 9.0), 5):
        reached = cascades(z, phi, 150, 1000, seed)
        yield exactly(
            f"threshold {phi}, mean degree {z:g}, outside: global cascades", WATTS, 0, int((reached > 0.2).sum())
        )
    rare = cascades(3.0, 0.26, 150, 1000, 9)
    yield exactly("threshold 0.26 has no window: global cascades at mean degree 3", WATTS, 0, int((rare > 0.2).sum()))


@study()
def both_edges_located() -> Iterator[Finding]:
    """Both edges of the window, found from outside it by the cascades that stay small; and the chance inside."""
    phi = 0.18
    edge = edges(phi)
    for name, where, tried, size, graphs in (
        ("lower", edge[0], (0.5, 0.65, 0.8), 700, 2500),
        ("upper", edge[1], (6.5, 7.0, 7.6), 3000, 400),
    ):
        z = np.array(tried)
        # Outside, a household moves z Q vulnerable neighbours, each of them R more: mean size - 1 = z Q / (1 - R).
        moved = z * poisson.cdf(vulnerable(phi) - 1, z)
        found, error, rare = np.empty(len(z)), np.empty(len(z)), 0
        for k, one in enumerate(tried):
            sizes = cascades(one, phi, graphs, size, round(1000 * one)) * size
            rare += int((sizes > 0.2 * size).sum())
            sizes = sizes[sizes <= 0.2 * size]
            found[k] = 1 - moved[k] / (sizes.mean() - 1)
            error[k] = moved[k] / (sizes.mean() - 1) ** 2 * mean_margin(sizes)
        theory = np.array([branching(one, phi) for one in tried])
        slope = float(np.polyfit(z, theory, 1)[0])
        want, got = (_crossing(z, 1 - r) for r in (theory, found))
        yield close(
            f"threshold {phi}: {name} edge, where the line through the cascades' branching number at mean degrees "
            f"{', '.join(f'{one:g}' for one in tried)} meets 1 (the edge itself: {where:.4f})",
            WATTS,
            want,
            got,
            _crossing_error(z, error, slope, want) + 0.01 * where,
            f"t-intervals over {graphs} graphs of {size} carried through the line, and 1%",
        )
        yield judged(
            f"threshold {phi}: outside the {name} edge",
            WATTS,
            "no global cascade",
            f"{rare} of {graphs * len(z)}",
            "at most 0.5%: rare ones, possible in finite graphs",
            rare <= 0.005 * graphs * len(z),
        )
    degrees = (0.8, 1.3, 1.6, 2.0, 3.0, 4.0, 5.0, 5.4, 6.4, 7.5)
    size, graphs = 5000, 80
    reached = [cascades(one, phi, graphs, size, round(100 * one)) for one in degrees]
    # Just above the lower edge a global cascade is small: the giant component itself.
    chance = np.array([float((r > 0.04).mean()) for r in reached])
    want_chance = np.array([chance_of_cascade(one, phi) for one in degrees])
    margin = np.array([binomial_margin(p, graphs) + 0.03 for p in want_chance])
    off = int((np.abs(chance - want_chance) > margin).sum())
    yield judged(
        f"threshold {phi}: chance of a global cascade, {len(degrees)} mean degrees from {degrees[0]} to {degrees[-1]}",
        f"{WATTS}, generating function",
        "on the curve of the theory",
        f"{off} off it",
        f"largest {margin.max():.2g}: binomial over {graphs} graphs, and 0.03 for graphs of {size}",
        not off,
    )
    for one in (3.0, 5.0):
        big = reached[degrees.index(one)]
        size_of_big = float(big[big > 0.2].mean())
        component = float(brentq(lambda s, z=one: s - 1 + np.exp(-z * s), 0.5, 1))
        yield judged(
            f"threshold {phi}, mean degree {one:g}: a global cascade is as large as the giant component, or smaller",
            WATTS,
            f"at most {component:.4f}, and more than half of it",
            f"{size_of_big:.4f}",
            "t-interval over the cascades",
            component / 2 < size_of_big <= component + mean_margin(big[big > 0.2]),
        )
    dense = np.linspace(0.6, 8, 150)
    yield Picture(
        "validation-watts",
        "Watts's cascade window, threshold 0.18",
        "mean degree",
        "chance of a global cascade",
        (
            Line("generating function", dense, np.array([chance_of_cascade(one, phi) for one in dense.tolist()])),
            Line("smsim", np.array(degrees), chance, True, np.array([binomial_margin(p, graphs) for p in chance])),
        ),
        ((edge[0], f"{edge[0]:.4f}"), (edge[1], f"{edge[1]:.4f}")),
    )


def _crossing(z: Array, p: Array) -> float:
    slope, level = np.polyfit(z, p, 1)
    return float(-level / slope)


def _crossing_error(z: Array, error: Array, slope: float, where: float) -> float:
    """Error of the crossing: each point's error times what it moves the line at the crossing, over the slope."""
    centred = z - z.mean()
    leverage = 1 / len(z) + centred * (where - z.mean()) / float(centred @ centred)
    return float(np.sqrt(np.sum((leverage * error) ** 2)) / abs(slope))
