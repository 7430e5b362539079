"""Fitting the rule of `hazard` to villages whose adoptions are known.

With times, the likelihood is exact. Without them (who had adopted in the end), the effect of the ties cannot be read
off: it is found by simulation, as the one at which simulated villages cluster along their ties as the real ones do
(synthetic likelihood, Wood 2010, doi:10.1038/nature09319); everything else follows given that.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from smsim.engine.arrays import Array
from smsim.errors import DataError
from smsim.networks.blas import one_thread
from smsim.networks.data import Networks
from smsim.networks.design import Design, learn_design
from smsim.networks.hazard import PEERS_SPREAD, Posterior, Rows, Spreads, final_rows, laplace, timed_rows
from smsim.networks.mapping import Mapping
from smsim.networks.patterns import tie_correlation
from smsim.networks.spread import simulate_spread

if TYPE_CHECKING:
    import pandas as pd

DRAWS = 1000
ROUNDS = 6  # of data without times: adoption in so many steps
# Spreads that the prior may have, all of equal weight before the data speak; hazards are in logs. Households are many,
# so the prior of their columns is weak; villages are few, so theirs is learned, from next to none upwards.
GRID = tuple(Spreads(*point) for point in itertools.product((0.5,), (0.003, 0.03, 0.12), (0.05, 0.15, 0.3, 0.5)))
PEERS = (-1.0, 0.0, 1.0, 2.0, 3.0, 4.5, 6.0)  # at which villages without times are simulated
SIMULATED = 120
TURNS = 8

Progress = Callable[[int, int], Any]


@dataclass(frozen=True)
class Ends:
    """Data without times, simulated at each effect of `PEERS`, V villages: what the choice between them rests on."""

    offset: Array  # float64 (E, N): what peers added
    mean: Array  # float64 (E, P): parameters
    seen: Array  # float64 (V,): clustering along the ties, as data
    simulated: Array  # float64 (E, V, S)


@dataclass(frozen=True)
class NetworkFit:
    """What was learned: the design, and draws from the posterior, one row each.

    Columns of `draws`: `village spread` (of the villages' own effects), `peers`, `norm`, `period NAME` (a[t]), and one
    for every household and village column of the design, by its name; with times, `NAME: drift` for its delta.
    """

    mapping: Mapping
    design: Design
    draws: pd.DataFrame
    periods: tuple[str, ...]  # empty without times
    span: tuple[float, float] | None
    data: Networks | None = None  # None when read from a file
    ends: Ends | None = None

    def interval(self, name: str) -> tuple[float, float, float]:
        """Median and 90% interval of a column of `draws`."""
        low, middle, high = np.quantile(self.draws[name], [0.05, 0.5, 0.95])
        return float(middle), float(low), float(high)


@one_thread
def fit_networks(
    data: Networks, seed: int = 1000, draws: int = DRAWS, progress: Progress | None = None, ends: Ends | None = None
) -> NetworkFit:
    """Fit the rule to all villages of the data.

    Parameters
    ----------
    seed : of the draws from the posterior, and of simulations in fitting data without times
    ends : simulations of a fit to the same households and more, whose offsets are used again (cross-validation)

    Raises
    ------
    DataError : the data hold no outcome, or nobody adopted, or everybody did
    """
    if data.adopted is None:
        wanted = " or ".join(repr(c) for c in (data.mapping.time, data.mapping.adopted) if c) or "'adopted'"
        raise DataError(
            f"{data.name}: nothing to fit, because the nodes say nothing of adoption; expected a column {wanted}"
        )
    known = data.adopted[data.adopted >= 0]
    if not (0 < known.sum() < len(known)):
        raise DataError(f"{data.name}: some must have adopted and some not; got {known.sum()} of {len(known)}")
    design = learn_design(data)
    x, z = design.matrix(data), design.village_matrix(data)
    rng = np.random.Generator(np.random.Philox(seed))
    tell = progress or (lambda done, total: None)
    steps = len(GRID) + (0 if data.time is not None or ends is not None else len(PEERS))
    if data.time is not None:
        rows, chosen, shifts = timed_rows(data, x, z), None, None
    else:
        if ends is None:
            ends = _simulate_ends(data, x, z, seed, lambda done: tell(done, steps))
        chosen = _choose_peers(ends, rng, draws)
        centre = float(np.mean(chosen))
        rows = final_rows(data, x, z, _between(ends.offset, centre))
        shifts = np.array([_between(ends.mean, c) for c in chosen]) - _between(ends.mean, centre)
    found: list[Posterior] = []
    for k, spreads in enumerate(GRID):
        found.append(laplace(rows, spreads, found[-1].mean if found else None))
        tell(steps - len(GRID) + k + 1, steps)
    table = _draw(found, rows, rng, draws, shifts)
    named = _named(table, rows, design, data, chosen)
    return NetworkFit(data.mapping, design, named, data.periods if data.time is not None else (), data.span, data, ends)


def _draw(found: Sequence[Posterior], rows: Rows, rng: np.random.Generator, draws: int, shifts: Array | None) -> Array:
    """Draws from the mixture of the Gaussian posteriors, weighed by their evidence; first column: village spread."""
    from scipy.linalg import solve_triangular

    evidence = np.array([p.evidence for p in found])
    weight = np.exp(evidence - evidence.max())
    # Systematic resampling: each set of spreads gets its share of the draws, give or take one.
    at = (rng.random() + np.arange(draws)) / draws
    which = np.minimum(np.searchsorted(np.cumsum(weight / weight.sum()), at), len(found) - 1)
    noise = rng.standard_normal((draws, len(found[0].mean)))
    order = rng.permutation(draws)  # so that neighbouring rows are unrelated
    table = np.empty((draws, 1 + noise.shape[1]))
    for k in np.unique(which):
        mine = which == k
        step = solve_triangular(found[k].root, noise[mine].T, lower=True, trans="T").T
        table[mine, 0] = GRID[k].villages
        table[mine, 1:] = found[k].mean + step
    table = table[order]
    if shifts is not None:
        table[:, 1:] += shifts
    return table


def _named(table: Array, rows: Rows, design: Design, data: Networks, chosen: Array | None) -> pd.DataFrame:
    import pandas as pd

    periods, peers, households, columns, _ = rows.sizes
    names = data.periods if data.time is not None else tuple(str(r + 1) for r in range(ROUNDS))
    times = table[:, 1 : 1 + periods]
    if chosen is None:
        effects = table[:, 1 + periods : 1 + periods + peers]
    else:  # one level, spread over the rounds; the ties alone, not the village
        times = np.repeat(times - np.log(ROUNDS), ROUNDS, axis=1)
        effects = np.column_stack([chosen, chosen])
    first = 1 + periods + peers
    content = np.column_stack([table[:, 0], effects, times, table[:, first : first + households + columns]])
    labels = ["village spread", "peers", "norm", *(f"period {n}" for n in names)]
    columns_of = [c.name for c in design.households]
    drifts = [f"{name}: drift" for name in columns_of] if chosen is None else []
    return pd.DataFrame(content, columns=[*labels, *columns_of, *drifts, *design.villages])


def _simulate_ends(data: Networks, x: Array, z: Array, seed: int, tell: Callable[[int], Any]) -> Ends:
    """Fit and simulate at every effect of `PEERS`, with the same resistances."""
    assert data.adopted is not None
    rng = np.random.Generator(np.random.Philox(key=[seed, 1]))
    resistance = rng.exponential(size=(len(data.ids), SIMULATED))
    known = data.adopted >= 0
    spreads = Spreads(0.15, 0.04, 0.3)
    offsets, means, simulated = [], [], []
    for k, effect in enumerate(PEERS):
        offset = added = np.zeros(len(data.ids))
        bias = 0.0
        mean = None
        for turn in range(TURNS):  # what peers add depends on who adopts, and the other way round
            rows = final_rows(data, x, z, offset)
            mean = laplace(rows, spreads, mean).mean
            every = np.hstack([x, z[data.village], np.eye(len(data.villages))[data.village]])
            base = np.repeat((every @ mean[1:])[:, None], SIMULATED, axis=1)
            times = np.full((ROUNDS, SIMULATED), mean[0] - np.log(ROUNDS))
            pull = np.full(SIMULATED, effect)
            run = simulate_spread(data, base, None, times, pull, pull, resistance)
            if turn < TURNS - 1:
                found = np.log(np.exp(run.peers).mean(axis=1))
                added = found if turn == 0 else (added + found) / 2  # half a step: whole ones may swing
                # A mean over runs overstates what peers add where they add it to some runs only.
                # The stronger the peers, the more a small step moves.
                missed = _log_hazard((run.period < ROUNDS)[known].mean()) - _log_hazard(data.adopted[known].mean())
                bias += missed / (1 + abs(effect))
                offset = added + bias
        offsets.append(offset)
        means.append(mean)
        simulated.append(tie_correlation(data, (run.period < ROUNDS).astype(np.float64), known))
        tell(k + 1)
    seen = tie_correlation(data, np.maximum(data.adopted, 0).astype(np.float64)[:, None], known)[:, 0]
    return Ends(np.array(offsets), np.array(means), seen, np.array(simulated))


def _log_hazard(share: float) -> float:
    return float(np.log(-np.log1p(-np.clip(share, 1e-6, 1 - 1e-6))))


def _between(values: Array, effect: float) -> Array:
    """`values`, one row per effect of `PEERS`, at an effect between them."""
    k = int(np.clip(np.searchsorted(PEERS, effect) - 1, 0, len(PEERS) - 2))
    share = (effect - PEERS[k]) / (PEERS[k + 1] - PEERS[k])
    return np.asarray((1 - share) * values[k] + share * values[k + 1])


def _choose_peers(ends: Ends, rng: np.random.Generator, draws: int) -> Array:
    """Draws of the effect of the ties: normal synthetic likelihood of the clustering, times a normal prior.

    Without times, neighbours who influence each other and neighbours who are alike look the same (Manski 1993,
    doi:10.2307/2298123). What share of the clustering is influence is therefore drawn too, evenly from none to all.
    """
    summary = ends.simulated.mean(axis=1)  # (E, S)
    fine = np.linspace(PEERS[0], PEERS[-1], 281)
    middle = np.interp(fine, PEERS, summary.mean(axis=1))
    spread = np.interp(fine, PEERS, summary.std(axis=1, ddof=1))
    chosen = np.empty(draws)
    for k, share in enumerate((rng.permutation(draws) + rng.random()) / draws):
        density = -0.5 * ((share * ends.seen.mean() - middle) / spread) ** 2 - np.log(spread)
        density -= 0.5 * (fine / (2 * PEERS_SPREAD)) ** 2
        weight = np.cumsum(np.exp(density - density.max()))
        chosen[k] = fine[min(int(np.searchsorted(weight, rng.random() * weight[-1])), len(fine) - 1)]
    return chosen


def without(fit: NetworkFit, village: int, seed: int, draws: int) -> NetworkFit:
    """The fit again with one village left out, as if it had never been seen.

    Of data without times, what peers add is taken over from the whole fit; the village's clustering is not looked at.
    """
    data = fit.data
    assert data is not None
    others = [v for v in range(len(data.villages)) if v != village]
    ends = None
    if fit.ends is not None:
        stay = data.village != village
        columns = fit.ends.mean.shape[1]
        drop = [columns - len(data.villages) + village]
        mean = np.delete(fit.ends.mean, drop, axis=1)
        ends = replace(
            fit.ends, offset=fit.ends.offset[:, stay], mean=mean, seen=fit.ends.seen[others],
            simulated=fit.ends.simulated[:, others],
        )  # fmt: skip
    return fit_networks(data.only(others), seed, draws, ends=ends)
