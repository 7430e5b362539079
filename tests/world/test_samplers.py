"""Normal, gamma and Beta variates have the laws they should (oracle: scipy)."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from smsim.world.samplers import beta_share, fill_normals, log_gamma, normal

# The seeds are fixed: a p-value below 0.001 would be a wrong law, not bad luck met now and then.
DRAWS = 4000


def test_normal_variates_are_standard_normal() -> None:
    sample = [normal(7, 1500, 0, i) for i in range(DRAWS)]
    assert stats.kstest(sample, "norm").pvalue > 0.001


def test_neighbouring_identities_have_uncorrelated_normals() -> None:
    sample = np.array([normal(7, 1500, 0, i) for i in range(DRAWS)])
    assert abs(np.corrcoef(sample[1:], sample[:-1])[0, 1]) < 4 / np.sqrt(DRAWS)


def test_normals_of_a_community_are_those_of_its_households_one_by_one() -> None:
    ids = np.arange(100, dtype=np.uint32)
    out = np.empty(60)
    fill_normals(7, 1500, ids, 35, 95, np.empty(60), out)
    assert out.tolist() == [normal(7, 1500, 0, i) for i in range(35, 95)]


@pytest.mark.parametrize("shape", [0.15, 0.8, 1.0, 3.2, 50.0])
def test_gamma_variates_have_the_gamma_law(shape: float) -> None:
    sample = np.exp([log_gamma(3, 1500, i, shape) for i in range(DRAWS)])
    assert stats.kstest(sample, "gamma", args=(shape,)).pvalue > 0.001


@pytest.mark.parametrize(("mean", "icc"), [(0.2, 0.2), (0.15, 0.25), (0.5, 0.1), (0.5, 0.6), (0.01, 0.05)])
def test_community_shares_have_the_beta_law_of_their_mean_and_icc(mean: float, icc: float) -> None:
    total = (1 - icc) / icc
    sample = [beta_share(11, 1500, c, mean, icc) for c in range(DRAWS)]
    assert stats.kstest(sample, "beta", args=(mean * total, (1 - mean) * total)).pvalue > 0.001


def test_beta_of_mean_a_fifth_and_icc_a_fifth_is_that_of_the_model_document() -> None:
    sample = [beta_share(2, 1500, c, 0.2, 0.2) for c in range(DRAWS)]
    assert stats.kstest(sample, "beta", args=(0.8, 3.2)).pvalue > 0.001


@pytest.mark.parametrize("mean", [0.05, 0.5, 0.9])
def test_at_the_highest_icc_communities_are_all_or_nothing_in_the_right_proportion(mean: float) -> None:
    sample = np.array([beta_share(5, 1500, c, mean, 0.99) for c in range(DRAWS)])
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
    assert {beta_share(5, 1500, c, mean, icc) for c in range(50)} == {mean}
