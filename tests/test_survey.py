"""Surveys: designs, estimates and decision rules, against published tables, theorems and other libraries."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from smsim.errors import ScenarioError
from smsim.survey import (
    Change,
    Counts,
    Errors,
    ListQuestion,
    Sample,
    change,
    decision_rule,
    design_effect,
    difference_in_differences,
    draw_clusters,
    estimate,
    estimate_lots,
    half_width,
    interval,
    interview,
    lots,
    t_power,
)

PERFECT = Errors(1.0, 1.0, 1.0, 1.0)
# Lots of 80% and 50% coverage, a lot passes with at most d unimmunized of n (PMC3013262, table 1, after Grant &
# Leavenworth 1988): n, d, chance that a good lot passes, that a bad one fails, whether it is the optimal d. (Its row
# for n = 8, d = 2 is left out: it prints .83 for 1 - 37/256.)
LQAS = (
    (8, 1, 0.50, 0.96, False), (8, 3, 0.94, 0.64, False),
    (12, 3, 0.80, 0.93, False), (12, 4, 0.93, 0.81, True), (12, 5, 0.98, 0.61, False),
    (14, 3, 0.70, 0.97, False), (14, 4, 0.87, 0.91, True), (14, 5, 0.96, 0.79, False),
    (19, 5, 0.84, 0.97, False), (19, 6, 0.93, 0.92, True), (19, 7, 0.98, 0.82, False),
    (28, 8, 0.91, 0.98, False), (28, 9, 0.96, 0.96, True), (28, 10, 0.99, 0.90, False),
)  # fmt: skip


def counts_of(covered: Any, size: Any, admitted: Any = None) -> Counts:
    size = np.asarray(size, np.int64)
    covered = np.asarray(covered, np.int64)
    return Counts(size, size, covered, covered if admitted is None else np.asarray(admitted, np.int64))


# ---- designs on paper


def test_thirty_clusters_of_seven_give_ten_points_at_a_design_effect_of_two() -> None:
    # Henderson & Sundaresan 1982: 210 children in 30 clusters of 7 for 10 points, the design effect taken as 2.
    assert half_width(0.5, 210, 2) == pytest.approx(0.0956, abs=5e-5)
    assert half_width(0.5, 192.08, 2) == pytest.approx(0.1, abs=1e-4)  # 1.96^2 x .5 x .5 x 2 / .1^2
    # What makes it 2 is an intraclass correlation of 1/6, which WHO took as rarely exceeded until 2015.
    assert design_effect(7, 1 / 6) == pytest.approx(2)


@pytest.mark.parametrize(
    ("per_cluster", "effect", "size", "power"),
    [(10, 1.153, 34, 0.29), (20, 1.323, 60, 0.47), (40, 1.663, 96, 0.67), (80, 2.343, 136, 0.82)],
)
def test_design_effect_size_and_power_are_those_of_a_published_table(
    per_cluster: int, effect: float, size: int, power: float
) -> None:
    # Killip et al. 2004, Ann Fam Med 2:204: 4 clusters, icc .017, a difference of .5 standard deviations.
    own = design_effect(per_cluster, 0.017)
    assert own == pytest.approx(effect, abs=5e-4)
    assert math.floor(4 * per_cluster / own) == size
    assert t_power(0.5 * math.sqrt(size / 4), size - 2) == pytest.approx(power, abs=0.012)


@pytest.mark.parametrize("size", [12, 20, 60])
def test_power_is_that_of_statsmodels(size: int) -> None:
    power = pytest.importorskip("statsmodels.stats.power")
    for difference in (0.1, 0.4, 0.9):
        expected = power.TTestIndPower().power(difference, size, 0.05)
        shift = difference * math.sqrt(size / 2)
        assert t_power(shift, 2 * size - 2) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("size", "fewest_no", "passes", "fails", "best"), LQAS)
def test_lqas_errors_are_those_of_the_published_table(
    size: int, fewest_no: int, passes: float, fails: float, best: bool
) -> None:
    rule = decision_rule(size, 0.8, 0.5)
    assert (rule.least == size - fewest_no) == best
    if best:
        assert 1 - rule.fails_good == pytest.approx(passes, abs=0.011)  # the table rounds, once down
        assert 1 - rule.passes_bad == pytest.approx(fails, abs=0.011)


def test_rules_of_nineteen_are_those_that_programmes_use() -> None:
    # Valadez: for 40, 45, ... 95% a lot needs 5, 6, ... 16 of 19; the lower threshold lies 30 points below.
    rules = [decision_rule(19, p / 100, (p - 30) / 100).least for p in range(40, 100, 5)]
    assert rules == list(range(5, 17))


@pytest.mark.parametrize(
    ("size", "upper", "lower"), [(0, 0.8, 0.5), (19, 0.5, 0.5), (19, 1.2, 0.5), (19, 0.8, math.nan)]
)
def test_a_rule_that_cannot_be_is_refused(size: int, upper: float, lower: float) -> None:
    with pytest.raises(ScenarioError, match="LQAS needs"):
        decision_rule(size, upper, lower)


# ---- clusters


def test_systematic_clusters_hit_every_community_as_often_as_its_size_asks() -> None:
    size = np.array([10, 250, 40, 700, 5, 95])
    hit = draw_clusters(size, 30, 4000, np.random.default_rng(1))
    times = np.array([(hit == c).sum(axis=1) for c in range(6)])
    share = 30 * size / size.sum()
    assert np.all((times >= np.floor(share)[:, None]) & (times <= np.ceil(share)[:, None]))
    assert times.mean(axis=1) == pytest.approx(share, abs=4 * 0.5 / math.sqrt(4000))


def test_clusters_that_differ_make_the_design_effect_that_their_correlation_says() -> None:
    random, icc = np.random.default_rng(2), 1 / 6
    shape = 0.5 * (1 / icc - 1)
    size = np.full(3000, 10_000)
    counts = counts_of(random.binomial(size, random.beta(shape, shape, 3000)), size)
    found = estimate(interview(counts, draw_clusters(size, 30, 3000, random), 7, PERFECT, random))
    assert float(found.variance.mean() / (0.25 / 210)) == pytest.approx(2, abs=0.06)  # 3000 draws of a chi-square of 29


def test_who_asks_everybody_finds_the_truth() -> None:
    counts = counts_of([3, 50, 0], [10, 50, 20])
    hit = np.tile([0, 1, 2], (5, 1))
    found = estimate(interview(counts, hit, 1000, PERFECT, np.random.default_rng(3)))
    assert found.value == pytest.approx([53 / 80] * 5)
    assert found.influence.sum(axis=1) == pytest.approx(0, abs=1e-12)


def test_the_variance_of_equal_clusters_is_that_of_their_means() -> None:
    yes = np.random.default_rng(4).integers(0, 8, (6, 30))
    found = estimate(Sample(yes, yes, np.full_like(yes, 7), yes * 0, yes * 0))
    assert found.variance == pytest.approx((yes / 7).var(axis=1, ddof=1) / 30)


# ---- what goes wrong in interviews


def test_non_response_silence_and_recall_shift_the_answers_as_they_must() -> None:
    random = np.random.default_rng(5)
    size = np.full(400, 1000)
    counts = counts_of(size * 0.4, size, size * 0.1)  # a quarter of those who do it would say so
    hit = np.tile(np.arange(400), (200, 1))
    found = estimate(interview(counts, hit, 10, Errors(0.9, 0.6, 0.8, 0.95), random)).value
    answering = 0.4 * 0.9 / (0.4 * 0.9 + 0.6 * 0.6)
    expected = answering * 0.25 * 0.8 + (1 - answering * 0.25) * 0.05
    assert float(found.mean()) == pytest.approx(expected, abs=4 * 0.4 / math.sqrt(200 * 2880))


def test_a_list_experiment_finds_what_people_do_not_admit_at_the_cost_of_precision() -> None:
    random = np.random.default_rng(6)
    size = np.full(300, 1000)
    counts = counts_of(size * 0.3, size, size * 0)
    hit = draw_clusters(size, 30, 4000, random)
    direct = estimate(interview(counts, hit, 20, PERFECT, random))
    assert np.all(direct.value == 0)
    found = estimate(interview(counts, hit, 20, PERFECT, random, ListQuestion(4, 0.5)))
    # Halves of 300: variance 4/4 + .3 x .7 of the long list, 4/4 of the short one.
    variance = (1 + 0.21) / 300 + 1 / 300
    assert float(found.value.mean()) == pytest.approx(0.3, abs=4 * math.sqrt(variance / 4000))
    assert float(found.value.var()) == pytest.approx(variance, rel=4 * math.sqrt(2 / 4000))
    assert float(found.variance.mean()) == pytest.approx(variance, rel=0.05)  # 4000 draws of a chi-square of 29


# ---- change, and difference in differences


def test_the_difference_in_differences_is_welchs_test_on_the_changes_of_the_communities() -> None:
    random = np.random.default_rng(7)

    def arm(clusters: int) -> tuple[Change, Any]:
        yes = random.integers(0, 8, (2, 1, clusters))
        place = np.arange(clusters)[None]
        rounds = [estimate(Sample(place, y, np.full_like(y, 7), y * 0, y * 0)) for y in yes]
        return change(rounds[0], rounds[1], place), (yes[1] - yes[0])[0] / 7

    (treated, own), (control, other) = arm(12), arm(20)
    found = difference_in_differences(treated, control)
    expected = stats.ttest_ind(own, other, equal_var=False)
    low, high = expected.confidence_interval()
    assert found.freedom[0] == pytest.approx(expected.df)
    assert (interval(found)[0][0], interval(found)[1][0]) == pytest.approx((low, high))


def test_two_clusters_of_one_community_count_as_one() -> None:
    yes = np.array([[[1, 3, 4, 0]], [[5, 3, 6, 2]]])
    place = np.array([[0, 0, 1, 2]])
    rounds = [estimate(Sample(place, y, np.full_like(y, 7), y * 0, y * 0)) for y in yes]
    assert change(rounds[0], rounds[1], place).freedom[0] == 2


# ---- lots


def test_lots_hold_the_communities_of_a_facility() -> None:
    own = lots(counts_of([1, 2, 3, 4], [10, 20, 30, 40]), np.array([5, 5, 7, 7]))
    assert own.covered.tolist() == [3, 7]
    assert own.households.tolist() == [30, 70]


def test_the_estimate_from_lots_weighs_them_by_size() -> None:
    yes = np.array([[10, 19]])
    found = estimate_lots(Sample(yes, yes, np.full_like(yes, 19), yes * 0, yes * 0), np.array([300, 100]))
    assert found.value[0] == pytest.approx(0.75 * 10 / 19 + 0.25)
    assert found.variance[0] == pytest.approx(0.75**2 * (10 / 19) * (9 / 19) / 18)
