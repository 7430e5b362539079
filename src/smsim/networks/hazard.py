"""Likelihood of the adoptions, given the ties: who adopts in which period, and what of it came from the neighbours.

The rule is the engine's, of one behaviour that nobody drops: a household adopts when the hazard that has reached it
passes its resistance, an Exp(1) variate (docs/week.md, steps 2 and 3). In period t the hazard of household i of v is

    exp(a[t] + x[i] (beta + c[t] delta) + z[v] gamma + u[v] + peers (F[i] - W[v]) + norm W[v]),

c runs from -1 to 1 over the periods: what told the first adopters apart may not tell the last ones (delta: drift).

F = share of those it hears of that have adopted by the end of period t - 1 (weighted; W where it hears of nobody),
W = that share of its village. `peers` is therefore what ties add to the coverage of the village, which alone would look
like imitation where a whole village is early. Given a Gaussian prior the posterior is found by Newton's method and
taken as Gaussian (Laplace); the evidence weighs the spreads of the prior (MacKay 1992, doi:10.1162/neco.1992.4.3.415).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smsim.engine.arrays import Array
from smsim.networks.data import Networks

PEERS_SPREAD = 1.5  # of the prior of `peers` and `norm`: e**1.5 = 4.5 times the hazard between no and all neighbours
TIME_SPREAD = 0.7  # of the step of a[t] from one period to the next
ENOUGH = 1e-3  # of log posterior, to take another step
LEVEL, LEVEL_SPREAD = -2.0, 2.0  # of a[0]: about one in eight in the first period, give or take a factor of 7


@dataclass(frozen=True)
class Spreads:
    """Spreads of the prior: effects of household columns, of village columns, and of the villages themselves."""

    households: float
    columns: float
    villages: float


@dataclass(frozen=True)
class Rows:
    """One row per household and period in which it could have adopted: columns, what happened, and a fixed part."""

    matrix: Array  # float64 (R, P): periods; peers, norm; households, their drift; village columns; villages
    event: Array  # bool (R,)
    offset: Array  # float64 (R,)
    sizes: tuple[int, int, int, int, int]  # of those five groups


@dataclass(frozen=True)
class Posterior:
    """Gaussian approximation at one set of spreads."""

    mean: Array  # float64 (P,)
    root: Array  # float64 (P, P): lower Cholesky factor of the precision
    evidence: float  # log, up to a constant that does not depend on the spreads


def listened(data: Networks) -> tuple[Array, Array]:
    """Ties as shares, csr (N, N) whose rows sum to 1 or 0; and who hears of nobody, bool (N,)."""
    from scipy.sparse import diags_array

    total = np.asarray(data.ties.sum(axis=1)).ravel()
    alone = total <= 0
    return diags_array(1.0 / np.where(alone, 1.0, total)) @ data.ties, alone


def exposures(data: Networks) -> tuple[Array, Array]:
    """F and W at the start of each period, float64 (N, T), from the times of the data."""
    assert data.time is not None
    shares, alone = listened(data)
    sizes = np.bincount(data.village, minlength=len(data.villages)).astype(np.float64)
    periods = len(data.periods)
    heard = np.zeros((len(data.ids), periods))
    coverage = np.zeros((len(data.ids), periods))
    for t in range(periods):
        before = ((data.time >= 0) & (data.time < t)).astype(np.float64)
        whole = (np.bincount(data.village, before, minlength=len(sizes)) / sizes)[data.village]
        heard[:, t] = np.where(alone, whole, shares @ before)
        coverage[:, t] = whole
    return heard, coverage


def clock(periods: int) -> Array:
    """c[t]: -1 in the first period, 1 in the last."""
    return np.linspace(-1.0, 1.0, periods) if periods > 1 else np.zeros(1)


def timed_rows(data: Networks, x: Array, z: Array) -> Rows:
    """Rows of data with times; households whose time is not known are left out."""
    assert data.time is not None
    heard, coverage = exposures(data)
    periods = len(data.periods)
    household, period = np.meshgrid(np.arange(len(data.ids)), np.arange(periods), indexing="ij")
    could = (data.time[:, None] >= period) & (data.time[:, None] >= 0)
    i, t = household[could], period[could]
    peers = np.column_stack([heard[i, t] - coverage[i, t], coverage[i, t]])
    drift = x[i] * clock(periods)[t][:, None]
    own = np.eye(len(data.villages))[data.village[i]]
    matrix = np.hstack([np.eye(periods)[t], peers, x[i], drift, z[data.village[i]], own])
    sizes = (periods, 2, 2 * x.shape[1], z.shape[1], len(data.villages))
    return Rows(matrix, data.time[i] == t, np.zeros(len(i)), sizes)


def final_rows(data: Networks, x: Array, z: Array, offset: Array) -> Rows:
    """Rows of data that only say who adopted in the end: one per household; `offset` is what its peers added."""
    assert data.adopted is not None
    i = np.flatnonzero(data.adopted >= 0)
    matrix = np.hstack([np.ones((len(i), 1)), x[i], z[data.village[i]], np.eye(len(data.villages))[data.village[i]]])
    sizes = (1, 0, x.shape[1], z.shape[1], len(data.villages))
    return Rows(matrix, data.adopted[i] == 1, offset[i], sizes)


def precision(rows: Rows, spreads: Spreads) -> tuple[Array, Array]:
    """Prior precision (P, P) and mean (P,)."""
    periods, peers, households, columns, villages = rows.sizes
    found = np.zeros((sum(rows.sizes), sum(rows.sizes)))
    step = np.diff(np.eye(periods), axis=0)
    found[:periods, :periods] = step.T @ step / TIME_SPREAD**2
    found[0, 0] += 1 / LEVEL_SPREAD**2
    diagonal = np.repeat(
        [PEERS_SPREAD**-2.0, spreads.households**-2.0, spreads.columns**-2.0, spreads.villages**-2.0],
        [peers, households, columns, villages],
    )
    at = np.arange(periods, len(found))
    found[at, at] = diagonal
    mean = np.zeros(len(found))
    mean[:periods] = LEVEL
    return found, mean


def log_likelihood(event: Array, eta: Array) -> tuple[float, Array, Array]:
    """Sum over rows of log(1 - exp(-m)) for an event and -m for none, m = e**eta; its slope and minus curvature."""
    m = np.exp(np.minimum(eta, 30.0))
    happened = -np.expm1(-m)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        slope = np.where(event, m * np.exp(-m) / happened, -m)
        curve = np.where(event, slope * (m / happened - 1.0), m)
    # For a tiny m: 1 - m / 2 and m / 2; for a large one both vanish.
    tiny = event & (m < 1e-6)
    slope[tiny], curve[tiny] = 1.0, m[tiny] / 2
    value = float(np.where(event, np.log(np.maximum(happened, 1e-300)), -m).sum())
    return value, slope, np.maximum(curve, 0.0)


def laplace(rows: Rows, spreads: Spreads, start: Array | None = None) -> Posterior:
    """The posterior at these spreads. The log posterior is concave, so Newton's method with halved steps finds it."""
    from scipy.linalg import cho_solve

    prior, centre = precision(rows, spreads)
    w = centre.copy() if start is None else start.copy()

    def value_at(w: Array) -> tuple[float, Array, Array]:
        value, slope, curve = log_likelihood(rows.event, rows.matrix @ w + rows.offset)
        off = w - centre
        return value - 0.5 * float(off @ prior @ off), slope, curve

    value, slope, curve = value_at(w)
    for _ in range(60):
        gradient = rows.matrix.T @ slope - prior @ (w - centre)
        half = np.sqrt(curve)[:, None] * rows.matrix
        root = np.linalg.cholesky(half.T @ half + prior)
        move = cho_solve((root, True), gradient)
        for _ in range(30):
            trial = value_at(w + move)
            if trial[0] >= value - 1e-9:
                break
            move = move / 2
        w, gain = w + move, trial[0] - value
        value, slope, curve = trial
        if gain < ENOUGH:  # the steps converge quadratically: the next one would gain far less
            break
    evidence = value + 0.5 * np.linalg.slogdet(prior)[1] - float(np.log(np.diag(root)).sum())
    return Posterior(w, root, float(evidence))
