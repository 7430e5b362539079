"""Pictures: complete, legible, the same bytes every time, and deaf to what users write."""

from __future__ import annotations

import re
import threading
from itertools import combinations, pairwise, product
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.text import Text

from made_up import STRATEGIES, made_up
from smsim import plots
from smsim.compare import Comparison, compare
from smsim.plots.coverage import apart
from smsim.plots.sensitivity import LETTER, MARK, NEAR, places_apart
from smsim.plots.style import ORDER, looks, share_label
from smsim.report import render
from smsim.scenario import Scenario
from smsim.simulate import simulate


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return made_up()


@pytest.fixture(scope="module")
def pictures(comparison: Comparison) -> dict[str, plots.Picture]:
    return plots.comparison_figures(comparison)


def test_there_are_four_pictures_of_each_behaviour_and_one_of_money(pictures: dict[str, plots.Picture]) -> None:
    shown = [(p.shows, p.behaviour) for p in pictures.values()]
    kinds = ("coverage", "differences", "equity", "sources")
    assert shown == [(k, b) for b in ("soap", "birth") for k in kinds] + [("spending", "")]
    assert all(name.endswith(".png") and name.isascii() and "/" not in name for name in pictures)


def test_alternative_texts_say_what_the_picture_shows(pictures: dict[str, plots.Picture]) -> None:
    alt = pictures["coverage-1-soap.png"].alt
    assert "pragmatic 42% at the end of the campaign and 36% at the end of the follow-up" in alt
    assert all(len(p.alt) > 60 and p.behaviour in p.alt for p in pictures.values())


def test_no_text_is_smaller_than_nine_points(pictures: dict[str, plots.Picture]) -> None:
    sizes = [t.get_fontsize() for p in pictures.values() for t in p.figure.findobj(Text) if t.get_text()]  # type: ignore[attr-defined]
    assert min(sizes) >= 9


def test_every_strategy_is_named_at_the_end_of_its_line(comparison: Comparison) -> None:
    axes = plots.coverage_figure(comparison, "soap").axes[0]
    labels = " ".join(text.get_text() for text in axes.texts)
    for name in ("pragmatic 36%", "activist 37%", "no campaign 13%", "hybrid 4"):
        assert name in labels


def test_the_line_of_a_strategy_is_the_mean_over_the_worlds(comparison: Comparison) -> None:
    axes = plots.coverage_figure(comparison, "birth").axes[0]
    line = axes.lines[STRATEGIES.index("activist")]
    expected = comparison.series[STRATEGIES.index("activist"), :, :, 1, 0, 0].astype(float).mean(axis=0)
    np.testing.assert_array_equal(line.get_ydata(), expected)
    assert list(line.get_xdata()[:2]) == [-20, -19]  # weeks count from the start of the campaign


def test_differences_that_are_not_separated_are_hollow(comparison: Comparison) -> None:
    axes = plots.difference_figure(comparison, "soap").axes[0]
    faces = {
        round(100 * float(line.get_xdata()[0])): line.get_markerfacecolor()
        for line in axes.lines
        if line.get_marker() == "o"
    }
    assert faces[0] == "white"  # hybrid less pragmatic
    assert faces[-9] != "white"  # activist less pragmatic


def test_bars_of_spending_add_up_to_what_was_spent_and_left(comparison: Comparison) -> None:
    bars = plots.spending_figure(comparison).axes[0].patches
    for place, name in enumerate(comparison.campaigns):
        length = sum(bar.get_width() for bar in bars if round(bar.get_y() + bar.get_height() / 2) == place)  # type: ignore[attr-defined]
        assert length == pytest.approx(comparison.mean(name, "spent") + comparison.mean(name, "unspent"), rel=1e-12)


def test_the_same_figure_gives_the_same_bytes(comparison: Comparison, tmp_path: Path) -> None:
    for ending in ("png", "svg"):
        for k in (1, 2):
            plots.save(plots.equity_figure(comparison, "soap"), tmp_path / f"{k}.{ending}")
        assert (tmp_path / f"1.{ending}").read_bytes() == (tmp_path / f"2.{ending}").read_bytes()
    svg = (tmp_path / "1.svg").read_text(encoding="utf-8")
    assert "<dc:date>" not in svg
    assert ElementTree.fromstring(svg).tag.endswith("svg")


def test_threads_draw_side_by_side(comparison: Comparison) -> None:
    alone = plots.picture_bytes(plots.coverage_figure(comparison, "soap"), "svg")
    found: list[bytes] = []

    def draw() -> None:
        found.append(plots.picture_bytes(plots.coverage_figure(comparison, "soap"), "svg"))

    threads = [threading.Thread(target=draw) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [alone, alone]


def test_no_two_of_eighteen_strategies_look_alike() -> None:
    names = ["none", *(f"s{k}" for k in range(3 * len(ORDER)))]
    assert len({(str(look.colour), str(look.line)) for look in looks(names).values()}) == len(names)


def test_labels_keep_their_distance_and_their_order() -> None:
    places = apart([0.5, 0.51, 0.52, 0.99], [0.1] * 4)
    assert all(b - a >= 0.1 - 1e-12 for a, b in pairwise(places))
    assert places[-1] <= 1
    assert apart([0.1, 0.9], [0.1, 0.1]) == [0.1, 0.9]  # nothing moves that need not


def test_file_names_keep_the_letters_of_a_name_and_differ_where_windows_sees_no_difference() -> None:
    names = ["Équité", "quité", "मिला-जुला", "إنصاف", "CON", "con", "../x\\y:z. "]
    stems = [plots.picture_stem("coverage", k, name) for k, name in enumerate(names, 1)]
    assert stems == [
        "coverage-1-équité", "coverage-2-quité", "coverage-3-मिला-जुला", "coverage-4-إنصاف", "coverage-5-con",
        "coverage-6-con", "coverage-7-x-y-z",
    ]  # fmt: skip


def test_letters_lie_on_no_other_letter_and_on_no_mark() -> None:
    """Ten letters for a heap of marks, as in Morris' picture, where several factors do nearly the same."""
    random = np.random.default_rng(2)
    frame = (150.0, 200.0)
    marks = np.concatenate([random.normal((60, 120), 6, (10, 2)), random.uniform((0, 0), frame, (40, 2))])
    letters = places_apart(marks[:10], marks, frame)
    box = np.array(LETTER)
    assert all((abs(a - b) >= box).any() for a, b in combinations(letters, 2))
    assert all((abs(a - b) >= (box + MARK) / 2).any() for a, b in product(letters, marks))
    assert (letters >= box / 2).all()
    assert (letters <= np.array(frame) - box / 2).all()
    alone = places_apart(marks[:1], marks[:1], frame) - marks[:1]
    assert np.hypot(*alone[0]) == pytest.approx(NEAR)  # nothing moves that need not


def test_small_shares_keep_a_decimal() -> None:
    assert [share_label(x) for x in (0.0412, 0.412, float("nan"))] == ["4.1%", "41%", "–"]


def test_the_smallest_campaign_can_be_drawn_and_reported() -> None:
    """No burn-in, no follow-up, one week, one village, and an event that happens to nobody."""
    tiny = Scenario.from_mapping(
        {
            "world": {"households": 60, "households_per_community": 60},
            "behaviours": {"birth": {"kind": "event", "event_rate": 0}, "soap": {"kind": "repeated"}},
            "campaign": {"weeks": 1, "budget_per_household": 60},
            "run": {"burn_in_weeks": 0, "follow_up_weeks": 0},
        }
    )
    found = compare(tiny, replicates=2, seed=1, threads=1)
    pictures = plots.comparison_figures(found)
    assert "birth (at an event" in " ".join(re.sub("<[^>]*>", "", render(found, pictures)).split())
    assert len(plots.run_figure(simulate(tiny, "hybrid", seed=1)).axes) == 2
