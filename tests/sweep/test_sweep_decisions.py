"""Winners, what flips them, regret, the worth of knowing, PRIM, and how far indices are trusted."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from functions import Functions, numbers, study_of

from smsim.sweep.decisions import TIE, find_winners, wilson
from smsim.sweep.design import Design
from smsim.sweep.prim import find_boxes, sentence
from smsim.sweep.problem import Factor
from smsim.sweep.quantities import noise_of
from smsim.sweep.study import Sweep

# One strategy gives x0, the other always a half: the winner flips where x0 passes a half, whatever the others do.
RACE = {"bold": lambda x: x[0], "safe": lambda x: 0.5 + 0 * x[0]}


def race(folder: Path, method: str, n: int) -> Sweep:
    return study_of(folder, Functions(RACE, numbers(3)), Design(method, n, 1))


@pytest.mark.parametrize(
    ("method", "n", "share"),
    [
        ("sobol", 512, 1 / 2),  # two draws fall on either side of a half in half of all cases
        ("morris", 200, 1.0),  # a step of two thirds always crosses it
    ],
)
def test_flips_are_those_of_a_race_that_is_known(tmp_path: Path, method: str, n: int, share: float) -> None:
    table = race(tmp_path, method, n).flips().set_index("factor")
    assert table.index[0] == "x0"
    assert table.loc["x0", "share"] == pytest.approx(share, abs=0.05)
    assert table.loc["x0", "lower"] <= share <= table.loc["x0", "upper"] + 1e-12
    assert table.loc[["x1", "x2"], "flips"].sum() == 0


def test_the_worth_of_knowing_is_the_integral(tmp_path: Path) -> None:
    # E max(x, 1/2) - max(1/2, E x) = 5/8 - 1/2
    table = race(tmp_path, "latin", 2000).worth_of_knowing().set_index("factor")
    assert table.loc["x0", "worth"] == pytest.approx(1 / 8, abs=0.01)  # what chance would show is taken off
    assert table.loc["x0", "of_perfect"] == pytest.approx(1, abs=0.08)
    assert (table.loc[["x1", "x2"], "worth"] < 0.003).all()


def test_regret_is_the_loss_against_the_best_of_each_future(tmp_path: Path) -> None:
    table = race(tmp_path, "latin", 2000).regret().set_index("strategy")
    # bold loses 1/2 - x below a half, safe x - 1/2 above: 1/8 on average, a half at most, 0.4 in a tenth of cases
    for strategy in RACE:
        assert table.loc[strategy, "regret_mean"] == pytest.approx(1 / 8, abs=0.002)
        assert table.loc[strategy, "regret_most"] == pytest.approx(1 / 2, abs=0.002)
        assert table.loc[strategy, "regret_90"] == pytest.approx(0.4, abs=0.005)
        assert table.loc[strategy, "wins"] == pytest.approx(1 / 2, abs=0.001)


def test_a_winner_is_clear_only_where_the_worlds_separate_it() -> None:
    cube = np.array(
        [
            [[0.2, 0.1], [0.3, 0.2], [0.4, 0.3]],  # always 0.1 ahead, though worlds differ by more than that
            [[0.2, 0.1], [0.1, 0.2], [0.2, 0.15]],  # ahead in two of three
            [[np.nan, 0.1], [0.1, 0.2], [0.2, 0.1]],  # one run failed
        ]
    )
    found = find_winners(cube, ("a", "b"), "coverage_end")
    assert list(found.points) == [0, 1]
    assert list(found.names()) == ["a", TIE]


def test_less_is_better_where_the_outcome_says_so() -> None:
    cube = np.array([[[0.2, 0.1]]])
    assert find_winners(cube, ("a", "b"), "unmet_demand").winner[0] == 1
    assert find_winners(cube, ("a", "b"), "coverage_end").winner[0] == 0


def test_no_campaign_is_no_contender() -> None:
    found = find_winners(np.array([[[0.9, 0.2, 0.1]]]), ("none", "a", "b"), "coverage_end")
    assert found.strategies == ("a", "b")
    assert found.winner[0] == 0


def test_wilsons_interval_is_the_published_one() -> None:
    # Newcombe 1998 (Statistics in Medicine 17:857), method 3: 81/263 gives 0.2553 to 0.3662, 0/20 gives 0 to 0.1611
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)


def test_prim_finds_the_box_that_is_there() -> None:
    x = np.random.default_rng(1).random((4000, 5))
    case = (x[:, 1] > 0.6) & (x[:, 3] < 0.3)
    (box,) = find_boxes(numbers(5), x, case)
    assert set(box.ranges) == {1, 3}
    assert box.ranges[1] == pytest.approx((0.6, 1), abs=0.04)
    assert box.ranges[3] == pytest.approx((0, 0.3), abs=0.04)
    assert box.density > 0.9
    assert box.coverage > 0.93
    assert box.base == pytest.approx(0.12, abs=0.02)


def test_prim_finds_nothing_where_nothing_is() -> None:
    random = np.random.default_rng(2)
    x, case = random.random((1500, 6)), random.random(1500) < 0.3
    assert find_boxes(numbers(6), x, case) == []
    assert find_boxes(numbers(6), x, np.zeros(1500, bool)) == []
    assert find_boxes(numbers(6), x, np.ones(1500, bool)) == []


def test_a_box_is_said_with_the_factors_own_numbers() -> None:
    factors = (
        Factor("world.median_distance_km", 1, 11, unit="km", label="median distance"),
        Factor("campaign.weeks", 1, 10, "integer", unit="weeks", label="campaign weeks"),
        Factor("campaign.invitation", 0, 2, "choice", ("random", "hub", "kin"), label="invitation"),
    )
    x = np.random.default_rng(3).random((6000, 3))
    weeks = np.array([factors[1].value(u) for u in x[:, 1]])
    kind = np.array([factors[2].value(u) for u in x[:, 2]])
    (box,) = find_boxes(factors, x, (x[:, 0] < 0.5) & (weeks >= 6) & (kind != "hub"))
    limits = box.limits(factors)
    assert limits[0].startswith("median distance is at most ")
    assert float(limits[0].split()[-2]) == pytest.approx(6, abs=0.3)
    assert limits[1:] == ["campaign weeks is at least 6 weeks", "invitation is random or kin"]
    words = sentence(box, factors, "hybrid", "coverage at the end")
    assert words.startswith("hybrid wins coverage at the end where median distance is at most")
    assert "against 18% of all" in words


def test_variance_is_taken_apart_as_it_was_put_together() -> None:
    random = np.random.default_rng(4)
    points, worlds = random.normal(0, 2, 3000), random.normal(0, 3, 40)
    values = points[:, None] + worlds[None, :] + random.normal(0, 1.5, (3000, 40))
    found = noise_of(values)
    assert found.points == pytest.approx(points.var(ddof=1) + 1.5**2 / 40, rel=0.05)  # of means over 40 worlds
    assert found.worlds == pytest.approx(worlds.var(ddof=1), rel=0.05)
    assert found.residual == pytest.approx(1.5**2, rel=0.02)
    assert found.share == pytest.approx(1.5**2 / 40 / found.points, rel=0.02)
    assert np.isnan(noise_of(values[:, :1]).share)


def test_indices_settle_with_n_and_it_is_said(tmp_path: Path) -> None:
    model = Functions({"f": lambda x: x[0] + 0.5 * x[1]}, numbers(2))
    study = study_of(tmp_path / "many", model, Design("sobol", 1024, 1, second_order=False))
    (row,) = study.quality(["value"]).itertuples()
    assert row.enough
    assert row.verdict.startswith("N = 1024 was enough: intervals of ST are at most ±0.0")
    steps = study.convergence(["value"])
    assert sorted(set(steps["n"])) == [16, 32, 64, 128, 256, 512, 1024]
    wide = steps.assign(width=steps["upper"] - steps["lower"]).groupby("n")["width"].max()
    assert wide[1024] < wide[64] < wide[16]
    few = study_of(tmp_path / "few", model, Design("sobol", 8, 1, second_order=False))
    (row,) = few.quality(["value"]).itertuples()
    assert not row.enough
    assert "was not enough: the interval of x" in row.verdict


def test_other_worlds_are_asked(tmp_path: Path) -> None:
    class Noisy(Functions):
        def runs(self, points):
            for row in super().runs(points):
                key = (int(points[row.point, 0] * 1e6), row.replicate)
                luck = np.random.default_rng(key).normal(0, 0.05)
                yield row._replace(values={"f/value": row.values["f/value"] + luck + row.replicate})

    model = Noisy({"f": lambda x: 4 * x[0] + 2 * x[1] + x[2] + 0 * x[3]}, numbers(4), replicates=4)
    study = study_of(tmp_path, model, Design("sobol", 256, 1, second_order=False))
    (row,) = study.quality(["value"]).itertuples()
    assert row.halves_correlation == pytest.approx(1)
    assert row.halves_same_leaders == 2  # of four factors the leading half is compared
    assert row.sd_worlds == pytest.approx(np.std([0, 1, 2, 3], ddof=1), rel=0.02)
    assert row.sd_residual == pytest.approx(0.05, rel=0.1)
    assert len(study.repeat(["value"])) == 4


def test_one_world_separates_no_winner() -> None:
    cube = np.random.default_rng(1).random((40, 1, 3))
    assert not find_winners(cube, ("none", "a", "b"), "coverage_end").clear.any()


def test_a_box_takes_the_half_at_the_low_end_whole_or_leaves_it() -> None:
    factors = (Factor("taboo", 0, 1, "half"), Factor("ties", 6, 20))
    x = np.random.default_rng(1).random((400, 2))
    for case, words in ((x[:, 0] > 0.5, "taboo is above 0"), (x[:, 0] <= 0.5, "taboo is 0")):
        (box,) = find_boxes(factors, x, case)
        assert box.limits(factors) == [words]
        assert box.density > 0.9


def test_what_cannot_be_told_from_nothing_is_not_said_to_move_anything() -> None:
    from smsim.sweep.words import _impossible, _moved_by

    rows = [("a", 1.2, 0.9, 1.5), ("b", 0.3, -0.1, 0.7), ("c", -0.05, -0.2, 0.1)]
    table = pd.DataFrame(rows, columns=["factor", "value", "lower", "upper"]).assign(index="ST")
    labels = {"a": "taboo", "b": "ties", "c": "weeks"}
    assert _moved_by(table, labels) == "most moved by taboo (1.2 ± 0.3); no other can be told from nothing"
    assert _moved_by(table[1:], labels) == "no factor can be told from nothing, not even ties (0.3 ± 0.4)"
    assert "error of estimation" in _impossible(table)
    assert not _impossible(table.assign(index="mu_star"))


def test_a_tornado_of_a_morris_design_shows_what_moving_a_factor_alone_does(tmp_path: Path) -> None:
    from smsim.plots.sensitivity import _moved

    model = Functions({"f": lambda x: 3 * x[0] - 1.5 * x[1] + 0 * x[2]}, numbers(3))
    study = study_of(tmp_path, model, Design("morris", 8, 1))
    y = study.cube("f", "value")[:, 0, 0]
    # A step is two thirds of the range, half of what it does to either side.
    np.testing.assert_allclose(_moved(study, y, 1.0), [[0, 2], [1.5, 0.5], [1, 1]], atol=1e-12)


def test_the_words_of_a_sweeps_pictures_stay_inside_for_four_strategies(tmp_path: Path) -> None:
    from smsim.plots.futures import phase_figure
    from smsim.plots.sensitivity import heatmap_figure

    race = {name: lambda x, k=k: 0.3 * x[0] + 0.01 * k * x[1] for k, name in enumerate("abcd")}
    study = study_of(tmp_path, Functions({"none": lambda x: 0 * x[0]} | race, numbers(3)), Design("morris", 6, 1))
    for figure in (phase_figure(study, "x0", "x1"), heatmap_figure(study)):
        figure.draw_without_rendering()
        seen = figure.get_tightbbox()
        assert seen.x0 >= 0
        assert seen.x1 <= figure.get_figwidth()


def test_the_ticks_of_a_ranking_of_four_strategies_stay_apart(tmp_path: Path) -> None:
    from smsim.plots.sensitivity import ranking_figure

    race = {name: lambda x, k=k: 0.3 * x[0] + 0.01 * k * x[1] for k, name in enumerate("abcd")}
    study = study_of(tmp_path, Functions({"none": lambda x: 0 * x[0]} | race, numbers(3)), Design("morris", 6, 1))
    figure = ranking_figure(study)
    figure.draw_without_rendering()
    for axis in figure.axes:
        low, high = axis.get_xlim()
        shown = [t for t in axis.xaxis.get_major_ticks() if low <= t.get_loc() <= high]
        boxes = [t.label1.get_window_extent() for t in shown]
        assert len(boxes) > 1
        assert not any(a.overlaps(b) for a, b in pairwise(boxes))
