"""Traits, thresholds and first stages have the shares, spreads and gradients that the scenario asks for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from smsim.engine.arrays import ADOPTED, AWARE, UNAWARE
from smsim.scenario import Scenario
from smsim.world import CELL_AXES, CELLS, World, build_world

SIZE, COMMUNITIES = 50, 1000


def built(seed: int = 1, behaviour: dict[str, Any] | None = None, **world: Any) -> World:
    """A world of many small communities, in which spreads between communities can be measured."""
    size = {"households": SIZE * COMMUNITIES, "households_per_community": SIZE}
    return build_world(Scenario.from_mapping({"world": size | world, "behaviour": behaviour or {}}), seed)


def anova_icc(values: Any) -> float:
    """Intraclass correlation by analysis of variance, equal groups of SIZE."""
    groups = values.reshape(COMMUNITIES, SIZE).astype(float)
    between = SIZE * groups.mean(axis=1).var(ddof=1)
    within = groups.var(axis=1, ddof=1).mean()
    return float((between - within) / (between + (SIZE - 1) * within))


@pytest.mark.parametrize(
    ("trait", "key", "icc_key", "icc"),
    [
        ("female", "female_headed_share", None, 0.0),
        ("child", "child_share", None, 0.0),
        ("minority", "minority_share", "minority_icc", 0.2),
        ("hesitant", "hesitant_share", "hesitancy_icc", 0.25),
    ],
)
@pytest.mark.parametrize("share", [0.0, 0.15, 0.6, 1.0])
def test_shares_are_those_of_the_scenario(trait: str, key: str, icc_key: str | None, icc: float, share: float) -> None:
    w = built(**({key: share} | ({icc_key: icc} if icc_key else {})))
    values = getattr(w.households, trait)
    assert set(np.unique(values)) <= {0, 1}
    error = np.sqrt(share * (1 - share) * (icc + (1 - icc) / SIZE) / COMMUNITIES)
    assert abs(values.mean() - share) <= 4 * error


@pytest.mark.parametrize("icc", [0.0, 0.1, 0.25, 0.6])
@pytest.mark.parametrize(
    ("trait", "key", "share_key"),
    [("hesitant", "hesitancy_icc", "hesitant_share"), ("minority", "minority_icc", "minority_share")],
)
def test_traits_cluster_in_communities_as_their_icc_says(trait: str, key: str, share_key: str, icc: float) -> None:
    w = built(**{key: icc, share_key: 0.3})
    assert anova_icc(getattr(w.households, trait)) == pytest.approx(icc, abs=0.04)  # four s.e. with 1,000 communities


@pytest.mark.parametrize("icc", [0.0, 0.1, 0.5])
def test_awareness_at_the_start_has_its_share_and_icc(icc: float) -> None:
    w = built(behaviour={"aware_share": 0.4, "aware_icc": icc})
    aware = w.households.initial_stage[0] == AWARE
    assert np.all(aware | (w.households.initial_stage[0] == UNAWARE))
    assert abs(aware.mean() - 0.4) < 4 * np.sqrt(0.24 * (icc + (1 - icc) / SIZE) / COMMUNITIES)
    assert anova_icc(aware) == pytest.approx(icc, abs=0.04)  # four s.e. with 1,000 communities


def test_initial_adopters_are_the_share_asked_for_and_everyone_at_one() -> None:
    some = built(behaviour={"initial_adopters": 0.07}).households.initial_stage[0] == ADOPTED
    assert abs(some.mean() - 0.07) < 4 * np.sqrt(0.07 * 0.93 / some.size)
    assert np.all(built(behaviour={"initial_adopters": 1}).households.initial_stage == ADOPTED)


@pytest.mark.parametrize("icc", [0.0, 0.1, 0.5])
def test_thresholds_have_mean_spread_and_icc_and_the_hesitant_need_more(icc: float) -> None:
    w = built(behaviour={"threshold_mean": 0.3, "threshold_sd": 0.2, "threshold_icc": icc, "hesitancy": 0.5})
    own = w.households.threshold[0] - 0.5 * w.households.hesitant
    assert abs(own.mean() - 0.3) < 4 * 0.2 * np.sqrt((icc + (1 - icc) / SIZE) / COMMUNITIES)
    # The variance of a sample variance is 2 sigma^4 / n for normals, n the number of communities at worst.
    assert own.std() == pytest.approx(0.2, abs=4 * 0.2 / np.sqrt(2 * COMMUNITIES))
    assert anova_icc(own) == pytest.approx(icc, abs=0.09)  # four s.e. at icc .5 with 1,000 communities


def test_two_behaviours_have_thresholds_of_their_own() -> None:
    w = build_world(Scenario.from_mapping({"world": {"hesitant_share": 0}, "behaviours": {"a": {}, "b": {}}}), 1)
    a, b = w.households.threshold.reshape(2, 16, 250) - w.households.threshold.reshape(2, 16, 250).mean(
        2, keepdims=True
    )
    assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 4 / np.sqrt(4000)


def test_wealth_ranks_are_the_middles_of_n_equal_steps() -> None:
    rank = built().wealth_rank
    n = SIZE * COMMUNITIES
    assert np.array_equal(np.sort(rank), (np.arange(n) + 0.5) / n)


def test_wealth_differs_between_communities() -> None:
    # z = sqrt(.3) z_c + sqrt(.7) e: ranks of a bivariate normal correlate as (6 / pi) asin(.3 / 2)
    assert anova_icc(built().wealth_rank) == pytest.approx(6 / np.pi * np.arcsin(0.15), abs=0.04)  # four s.e.


def test_memberships_have_the_shares_of_the_model_document() -> None:
    membership = built().households.membership
    for bit, share in zip((1, 2, 4, 8), (0.9, 0.8, 0.35, 0.25), strict=True):
        has = (membership & bit) > 0
        assert abs(has.mean() - share) < 4 * np.sqrt(share * (1 - share) / has.size)


@pytest.mark.parametrize("gradient", [-1.0, 0.0, 0.5, 1.0])
def test_joiners_follow_wealth_and_groups(gradient: float) -> None:
    w = built(participation=0.6, participation_gradient=gradient)
    in_group = (w.households.membership & 12) > 0
    m = 1 - w.wealth_rank
    chance = np.clip(0.6 * (1 + gradient * (1 - 2 * m)) * np.where(in_group, 1.3, 0.7), 0, 1)
    fifth = np.minimum((w.wealth_rank * 5).astype(int), 4)
    for group in range(10):
        here = (fifth == group // 2) & (in_group == bool(group % 2))
        error = np.sqrt(max(np.mean(chance[here] * (1 - chance[here])), 1e-12) / here.sum())
        assert abs(w.households.joiner[here].mean() - chance[here].mean()) <= 4 * error


def test_media_access_rises_with_wealth_as_a_logistic() -> None:
    w = built()
    chance = 1 / (1 + np.exp(-(0.4 + 4 * (w.wealth_rank - 0.5))))
    for low in np.arange(0, 1, 0.2):
        here = (w.wealth_rank >= low) & (w.wealth_rank < low + 0.2)
        assert abs(w.households.media[here].mean() - chance[here].mean()) < 4 * np.sqrt(0.25 / here.sum())


def test_distance_has_its_median_and_bounds_and_is_shorter_where_people_are_richer() -> None:
    w = built(median_distance_km=4)
    km = w.households.distance_km
    # The log of a community's distance has s.d. sqrt(.25 + .09); the median's s.e. is 1.25 times the mean's.
    assert abs(np.log(np.median(km) / 4)) < 4 * 1.25 * np.sqrt(0.34 / COMMUNITIES)
    assert km.min() >= 0.1
    assert km.max() <= 40
    by_community = km.reshape(COMMUNITIES, SIZE)
    wealth = w.wealth_rank.reshape(COMMUNITIES, SIZE)
    assert np.corrcoef(np.log(by_community.mean(axis=1)), wealth.mean(axis=1))[0, 1] < -0.3


def test_fear_is_uniform() -> None:
    fear = np.sort(built().households.fear)
    n = fear.size
    assert np.abs(fear - (np.arange(n) + 0.5) / n).max() < 1.95 / np.sqrt(n)  # Kolmogorov-Smirnov at 0.001


def test_a_cell_says_wealth_head_language_hesitancy_and_distance() -> None:
    w = built(households=4000)
    h = w.households
    parts = np.unravel_index(h.cell, [len(levels) for _, levels in CELL_AXES])
    assert np.prod([len(levels) for _, levels in CELL_AXES]) == CELLS == w.places.cells
    assert [name for name, _ in CELL_AXES] == ["wealth", "head", "language", "hesitancy", "distance"]
    for part, expected in zip(
        parts, (np.floor(w.wealth_rank * 5), h.female, h.minority, h.hesitant, h.distance_km > 5), strict=True
    ):
        assert np.array_equal(part, expected)
