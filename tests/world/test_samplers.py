"""Normal, gamma and Beta variates have the laws they should (oracle: scipy)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numba import njit
from scipy import stats

from smsim.world.samplers import beta_shares, identities, log_gamma, normal, normals, sort_within

# The seeds are fixed: a p-value below 0.001 would be a wrong law, not bad luck met now and then.
DRAWS = 4000
IDS = identities(DRAWS)


@njit
def one_by_one(seed: Any, stream: Any, ids: Any, out: Any) -> None:
    for k in range(len(ids)):
        out[k] = normal(seed, stream, 0, ids[k])


@njit
def log_gammas(seed: Any, stream: Any, ids: Any, shape: Any, out: Any) -> None:
    for k in range(len(ids)):
        out[k] = log_gamma(seed, stream, ids[k], shape)


def shares(seed: int, mean: float, icc: float) -> Any:
    return beta_shares(np.uint64(seed), 1500, IDS, mean, icc)


def test_normal_variates_are_standard_normal() -> None:
    sample = normals(np.uint64(7), 1500, IDS)
    assert stats.kstest(sample, "norm").pvalue > 0.001


def test_neighbouring_identities_have_uncorrelated_normals() -> None:
    sample = normals(np.uint64(7), 1500, IDS)
    assert abs(np.corrcoef(sample[1:], sample[:-1])[0, 1]) < 4 / np.sqrt(DRAWS)


def test_normals_of_all_households_are_those_of_each_one_by_one() -> None:
    one = np.empty(60)
    one_by_one(np.uint64(7), 1500, IDS[35:95], one)
    assert normals(np.uint64(7), 1500, IDS)[35:95].tolist() == one.tolist()


def test_sorting_within_groups_is_a_stable_sort_of_each() -> None:
    start = np.array([0, 7, 8, 300, 1000])
    u = np.random.default_rng(1).random(1000)
    for key in (u, np.round(u, 1), np.zeros(1000), -np.log(u)):
        expected = [a + np.argsort(key[a:b], kind="stable") for a, b in pairwise(start)]
        assert sort_within(start, key).tolist() == np.concatenate(expected).tolist()


@pytest.mark.parametrize("shape", [0.15, 0.8, 1.0, 3.2, 50.0])
def test_gamma_variates_have_the_gamma_law(shape: float) -> None:
    sample = np.empty(DRAWS)
    log_gammas(np.uint64(3), 1500, IDS, shape, sample)
    assert stats.kstest(np.exp(sample), "gamma", args=(shape,)).pvalue > 0.001


@pytest.mark.parametrize(("mean", "icc"), [(0.2, 0.2), (0.15, 0.25), (0.5, 0.1), (0.5, 0.6), (0.01, 0.05)])
def test_community_shares_have_the_beta_law_of_their_mean_and_icc(mean: float, icc: float) -> None:
    total = (1 - icc) / icc
    sample = shares(11, mean, icc)
    assert stats.kstest(sample, "beta", args=(mean * total, (1 - mean) * total)).pvalue > 0.001


def test_beta_of_mean_a_fifth_and_icc_a_fifth_is_that_of_the_model_document() -> None:
    sample = shares(2, 0.2, 0.2)
    assert stats.kstest(sample, "beta", args=(0.8, 3.2)).pvalue > 0.001


@pytest.mark.parametrize("mean", [0.05, 0.5, 0.9])
def test_at_the_highest_icc_communities_are_all_or_nothing_in_the_right_proportion(mean: float) -> None:
    sample = shares(5, mean, 0.99)
    assert np.all((sample >= 0) & (sample <= 1))
    # variance of a Beta share: icc m (1 - m)
    assert abs(sample.mean() - mean) < 4 * np.sqrt(0.99 * mean * (1 - mean) / DRAWS)
    # Of Beta(.005, .005) nearly 96% lies within 1% of the ends; a sampler that underflows would answer the mean.
    total = 0.01 / 0.99
    law = stats.beta(mean * total, (1 - mean) * total)
    inside = law.cdf(0.99) - law.cdf(0.01)
    assert abs(np.mean((sample > 0.01) & (sample < 0.99)) - inside) < 4 * np.sqrt(inside / DRAWS)


@pytest.mark.parametrize(("mean", "icc"), [(0.3, 0.0), (0.0, 0.5), (1.0, 0.5)])
def test_without_spread_every_community_has_the_mean(mean: float, icc: float) -> None:
    assert set(shares(5, mean, icc)) == {mean}
