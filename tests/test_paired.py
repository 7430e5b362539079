"""Paired differences against published data and tables."""

from __future__ import annotations

import math

import numpy as np
import pytest

from smsim.paired import cost_difference, paired_difference, replicates_needed

# Student 1908, hours of sleep gained under two drugs by ten patients: 95% interval of the difference 0.70 to 2.46.
FIRST = (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0)
SECOND = (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4)


def test_interval_is_that_of_students_sleep_data() -> None:
    found = paired_difference(SECOND, FIRST, 1)
    assert (found.mean, found.lower, found.upper) == pytest.approx((1.58, 0.7001142, 2.4598858), abs=1e-7)
    assert found.separated
    assert found.replicates == 10
    assert found.a_beats_b == 0.95  # nine won and one tie


def test_less_is_better_turns_the_share_but_not_the_difference() -> None:
    found = paired_difference(SECOND, FIRST, -1)
    assert found.a_beats_b == pytest.approx(0.05)
    assert found.mean == pytest.approx(1.58)
    assert math.isnan(paired_difference(SECOND, FIRST, 0).a_beats_b)


def test_worlds_in_which_one_is_missing_are_left_out() -> None:
    assert paired_difference([1, 2, math.nan, 4], [0, 1.5, 3, math.nan], 1).replicates == 2
    alone = paired_difference([1, math.nan], [0, 1], 1)
    assert alone.replicates == 1
    assert not alone.separated
    assert math.isnan(alone.lower)
    assert paired_difference([math.nan], [1], 1).replicates == 0


def test_a_few_worlds_with_the_same_difference_give_no_interval_and_no_verdict() -> None:
    found = paired_difference([0.5, 0.75], [0.25, 0.5], 1)
    assert (found.mean, found.separated) == (0.25, False)
    assert math.isnan(found.lower)
    assert math.isnan(found.upper)
    assert paired_difference([0.5] * 5, [0.25] * 5, 1).separated


def test_equal_strategies_are_never_separated_and_no_number_of_worlds_would_do() -> None:
    found = paired_difference([0.3, 0.4], [0.3, 0.4], 1)
    assert (found.mean, found.separated, found.a_beats_b) == (0, False, 0.5)
    assert math.isnan(found.replicates_needed)


def test_worlds_needed_are_those_of_the_power_tables() -> None:
    # Cohen 1988, paired t-test, two-sided 5%, power 80%: d = .5 needs 34, d = .2 needs 199, d = .8 needs 15.
    assert [replicates_needed(d, 1.0) for d in (0.5, 0.2, 0.8)] == [34, 199, 15]


def test_worlds_needed_do_separate_in_four_of_five_trials() -> None:
    n = int(replicates_needed(0.4, 1.0))
    rng = np.random.default_rng(4)
    won = sum(paired_difference(rng.normal(0.4, 1, n), np.zeros(n), 1).separated for _ in range(1000))
    assert abs(won / 1000 - 0.8) < 4 * math.sqrt(0.8 * 0.2 / 1000)  # four standard errors


def test_cheaper_wins_and_no_adopters_at_all_is_dearest() -> None:
    spent = [100.0] * 5
    found = cost_difference(spent, [50, 51, 52, 53, 54], spent, [40, 41, 42, 43, 44])
    assert found.mean == pytest.approx(100 / 52 - 100 / 42)
    assert found.separated
    assert found.a_beats_b == 1
    assert math.isnan(cost_difference(spent, [50, 51, 52, 53, 54], spent, [0.0] * 5).mean)
