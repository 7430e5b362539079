"""Equity and economics against published worked examples."""

from __future__ import annotations

import math

import numpy as np
import pytest

from smsim.economics import (
    acceptability,
    achievement,
    concentration_index,
    difference_of_ratios,
    erreygers_index,
    frontier,
    net_monetary_benefit,
    ratio_of_means,
    t_quantile,
    wagstaff_bounds,
)
from smsim.errors import DataError


def test_grouped_concentration_index_is_that_of_the_world_bank_handbook() -> None:
    # O'Donnell et al. 2008, table 8.1: under-five deaths per 1,000 in India by wealth fifth, 1982-92: C = -0.1694.
    births = (29939, 28776, 26528, 24689, 19739)
    deaths = (154.7, 152.9, 119.5, 86.9, 54.3)
    assert concentration_index(deaths, births) == pytest.approx(-0.1694, abs=5e-5)


def test_one_household_per_group_gives_the_covariance_formula() -> None:
    y = np.random.default_rng(1).random(200)
    rank = (np.arange(200) + 0.5) / 200
    assert concentration_index(y) == pytest.approx(2 * np.cov(y, rank, bias=True)[0, 1] / y.mean(), rel=1e-12)


def test_when_the_richer_half_adopts_c_is_a_half_and_erreygers_is_one() -> None:
    adopts = np.repeat([0.0, 1.0], 50)
    assert concentration_index(adopts) == pytest.approx(0.5, rel=1e-12)
    assert erreygers_index(adopts) == pytest.approx(1.0, rel=1e-12)
    assert achievement(adopts) == pytest.approx(0.25, rel=1e-12)


def test_wagstaff_bounds_are_reached_when_only_the_richest_or_the_poorest_adopt() -> None:
    only_richest = np.repeat([0.0, 1.0], [70, 30])
    lower, upper = wagstaff_bounds(0.3)
    assert concentration_index(only_richest) == pytest.approx(upper, rel=1e-12)
    assert concentration_index(only_richest[::-1]) == pytest.approx(lower, rel=1e-12)


def test_nobody_adopting_has_no_concentration_and_no_inequality() -> None:
    assert math.isnan(concentration_index([0, 0, 0]))
    assert erreygers_index([0, 0, 0]) == 0
    assert math.isnan(erreygers_index([]))


def test_an_empty_group_has_no_say() -> None:
    assert concentration_index([0.1, math.nan, 0.3], [10, 0, 20]) == concentration_index([0.1, 0.3], [10, 20])


def test_frontier_is_that_of_paltiel_2006() -> None:
    # HIV screening, doi:10.7326/0003-4819-145-11-200612050-00004, table 4: US$ and quality-adjusted life-months.
    costs = {"none": 26000, "once": 27000, "5 years": 28020, "3 years": 28440, "annual": 29440}
    months = {"none": 277.25, "once": 277.57, "5 years": 277.78, "3 years": 277.83, "annual": 277.76}
    found = {c.name: c for c in frontier({n: (costs[n], months[n] / 12) for n in ("annual", *costs)})}
    assert list(found) == list(costs)
    assert found["once"].icer == pytest.approx(1000 / (0.32 / 12))
    assert found["5 years"].icer == pytest.approx(1020 / (0.21 / 12))
    assert found["3 years"].icer == pytest.approx(420 / (0.05 / 12))
    assert found["annual"].status == "dominated"
    assert math.isnan(found["none"].icer)
    assert found["none"].status == "frontier"


def test_an_option_that_a_mix_of_two_others_beats_is_off_the_frontier() -> None:
    # half of a and half of c has the effect of b, 2, for 20 instead of 30
    found = {c.name: c for c in frontier({"a": (10, 1), "b": (30, 2), "c": (30 + 1e-9, 3), "d": (100, 4)})}
    assert found["b"].status == "extended dominated"
    assert math.isnan(found["b"].icer)
    assert found["c"].icer == pytest.approx(10)  # against a
    assert found["d"].icer == pytest.approx(70)


def test_of_two_equal_options_one_is_kept() -> None:
    assert [c.status for c in frontier({"a": (1, 1), "b": (1, 1)})] == ["frontier", "dominated"]


def test_fieller_limits_are_where_a_paired_t_test_starts_to_reject() -> None:
    rng = np.random.default_rng(2)
    cost, effect = rng.normal(100, 5, 30), rng.normal(4, 1, 30)
    value, lower, upper = ratio_of_means(cost, effect)
    assert value == pytest.approx(cost.mean() / effect.mean())
    for limit in (lower, upper):
        rest = cost - limit * effect
        t = abs(rest.mean()) / (rest.std(ddof=1) / math.sqrt(30))
        assert t == pytest.approx(t_quantile(29), rel=1e-9)


def test_no_ratio_where_the_effect_cannot_be_told_from_nothing() -> None:
    assert math.isnan(ratio_of_means([10, 10, 10], [1, -2, 1.5]).value)
    assert math.isnan(ratio_of_means([10, 10, 10], [-1, -1.1, -0.9]).value)
    assert math.isnan(difference_of_ratios([10] * 3, [1, 1.1, 1.2], [10] * 3, [1, -2, 1]).value)


def test_jackknife_is_leaving_out_one_world_at_a_time() -> None:
    rng = np.random.default_rng(3)
    xa, xb = rng.normal(100, 5, (2, 12))
    ya, yb = rng.normal(6, 1, (2, 12))
    value, lower, upper = difference_of_ratios(xa, ya, xb, yb)
    left = [np.delete(np.arange(12), i) for i in range(12)]
    parts = np.array([xa[k].mean() / ya[k].mean() - xb[k].mean() / yb[k].mean() for k in left])
    error = math.sqrt(11 / 12 * ((parts - parts.mean()) ** 2).sum())
    assert (lower, upper) == pytest.approx((value - t_quantile(11) * error, value + t_quantile(11) * error), rel=1e-12)


def test_t_quantiles_are_those_of_the_printed_tables() -> None:
    assert [round(t_quantile(n), 3) for n in (1, 5, 10, 30)] == [12.706, 2.571, 2.228, 2.042]


def test_acceptability_counts_worlds_in_which_an_option_has_the_largest_net_benefit() -> None:
    cost = [[0.0, 10.0], [0.0, 10.0], [0.0, 10.0], [0.0, 10.0]]
    effect = [[0.0, 1.0], [0.0, 2.0], [0.0, 4.0], [0.0, 0.0]]
    curve = acceptability(cost, effect, [0, 4, 10])  # at 10 a dollar-for-dollar tie in the first world
    assert curve[:, 1].tolist() == [0, 0.25, (0.5 + 1 + 1 + 0) / 4]
    assert curve.sum(axis=1).tolist() == [1, 1, 1]
    assert net_monetary_benefit(10, 4, 5) == 10


def test_acceptability_refuses_tables_of_different_shapes() -> None:
    with pytest.raises(DataError, match=r"one shape.*\(2, 2\), \(2, 3\)"):
        acceptability(np.zeros((2, 2)), np.zeros((2, 3)), [1])
