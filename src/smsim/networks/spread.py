"""Adoption spreading over real ties, many simulations at once: the rule of `hazard`, run forward from nobody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smsim.engine.arrays import Array
from smsim.networks.data import Networks
from smsim.networks.hazard import clock, listened


@dataclass(frozen=True)
class Spread:
    """Simulated adoption. S simulations of N households over T periods."""

    period: Array  # int64 (N, S): period of adoption, T = not by the end
    peers: Array  # float64 (N, S): log of the mean over the periods of exp(what neighbours and village added)


def simulate_spread(
    data: Networks, base: Array, drift: Array | None, time: Array, peers: Array, norm: Array, resistance: Array
) -> Spread:
    """Run the rule forward from no adopters.

    Parameters
    ----------
    base : log hazard of each household without time and peers, float64 (N, S)
    drift : what is added to it over time, times c[t], float64 (N, S); None for nothing
    time : a[t], float64 (T, S)
    peers, norm : effects of the ties and of the village's coverage, float64 (S,)
    resistance : Exp(1) variates, float64 (N, S): one per household and simulation, so that simulations that share
        them differ by their parameters alone
    """
    from scipy.sparse import coo_array, csr_array

    households, runs = base.shape
    shares, alone = listened(data)
    sizes = np.bincount(data.village, minlength=len(data.villages)).astype(np.float64)
    member = coo_array(
        (1.0 / sizes[data.village], (data.village, np.arange(households))), shape=(len(sizes), households)
    ).tocsr()
    heard_of = csr_array(shares)
    clocks = clock(len(time))
    hazard = np.zeros((households, runs))
    period = np.full((households, runs), len(time), dtype=np.int64)
    adopted = np.zeros((households, runs))
    total = np.zeros((households, runs))
    for t in range(len(time)):
        coverage = (member @ adopted)[data.village]
        heard = heard_of @ adopted
        heard[alone] = coverage[alone]
        pull = np.exp(np.clip(peers * (heard - coverage) + norm * coverage, -30.0, 30.0))
        total += pull
        level = base + time[t] if drift is None else base + drift * clocks[t] + time[t]
        hazard += np.exp(np.clip(level, -30.0, 30.0)) * pull
        now = (hazard > resistance) & (adopted == 0)
        period[now] = t
        adopted[now] = 1.0
    return Spread(period, np.log(total / len(time)))
