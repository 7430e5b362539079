"""Sentences of comparisons with invented numbers: what is ranked, what is not, and where each number comes from."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from smsim.compare import Comparison, Replicate, assemble
from smsim.costs import SETUP, Ledger
from smsim.engine.arrays import ACTIVITIES
from smsim.engine.run import new_record
from smsim.findings import (
    answer,
    costs,
    count,
    joined,
    later,
    left_out,
    money,
    percent,
    points,
    rank,
    spending,
    sureness,
    with_interval,
)
from smsim.outcomes import against_none, outcomes_of
from smsim.paired import Difference
from smsim.results import series_of
from smsim.scenario import Scenario

STRATEGIES = ("none", "pragmatic", "activist", "hybrid")
SCENARIO = Scenario.from_mapping(
    {
        "behaviours": {"soap": {"kind": "repeated"}},
        "campaign": {"weeks": 2},
        "run": {"burn_in_weeks": 1, "follow_up_weeks": 1},
        "targets": [
            {
                "behaviour": "soap",
                "strategy": "none",
                "when": "baseline",
                "value": 0.1,
                "tolerance": 0.01,
                "source": "x",
            },
            {"behaviour": "soap", "strategy": "hybrid", "when": "end", "value": 0.2, "tolerance": 0.01, "source": "x"},
        ],
    },
    "invented",
)


def compared(ends: dict[str, float], spread: float = 0.01, replicates: int = 20, unspent: float = 0.0) -> Comparison:
    """A comparison whose coverage at the end has these means and, world by world, this spread around them."""
    rng = np.random.default_rng(5)
    parts = []
    for _ in range(replicates):
        outcomes, series = {}, {}
        for s in STRATEGIES:
            record = new_record(4, 1, 80, 1, 1)
            shares = [0.1, 0.1, ends[s] + spread * rng.standard_normal(), ends[s]]
            adopters = np.round(np.array(shares) * 10_000).astype(int)
            for cell, part in ((0, 0.25), (64, 0.75)):  # the poorest and the richest fifth, of equal size
                record.stage[:, 0, cell, 3] = adopters * part
                record.stage[:, 0, cell, 1] = 5_000 - record.stage[:, 0, cell, 3]
            budget = 0.0 if s == "none" else 5_000.0
            record.spent[1, 0] = budget - (unspent if s == "pragmatic" else 0)
            record.unspent[1, 0] = unspent if s == "pragmatic" else 0
            ledger = Ledger(budget, dict.fromkeys(ACTIVITIES, 0.0) | {"visit": budget}, dict.fromkeys(SETUP, 0.0), 0.0)
            outcomes[s] = outcomes_of(SCENARIO, ledger, record)
            series[s] = series_of(SCENARIO, record)
        for s in STRATEGIES:
            outcomes[s] |= against_none(outcomes[s], outcomes["none"], SCENARIO)
        parts.append(Replicate(outcomes, series))
    return assemble(SCENARIO, STRATEGIES, 1, parts)


APART = {"none": 0.1, "pragmatic": 0.2, "activist": 0.3, "hybrid": 0.25}


def test_the_first_is_named_when_it_is_separated_from_every_other() -> None:
    comparison = compared(APART)
    assert rank(comparison, "coverage_end", "soap")[:2] == (("activist", "hybrid", "pragmatic"), ("activist",))
    text = answer(comparison, "soap")
    assert text.startswith("soap, at the end of the campaign: activist does best, with a coverage of ")
    assert percent(comparison.mean("activist", "coverage_end", "soap")) in text
    assert "with no campaign" in text


def test_what_is_not_separated_is_not_ranked_and_it_says_how_many_worlds_would_do() -> None:
    comparison = compared(APART | {"hybrid": 0.299})
    order, leaders, needed = rank(comparison, "coverage_end", "soap")
    text = answer(comparison, "soap")
    assert set(leaders) == {"activist", "hybrid"}
    assert f"{leaders[0]} has the highest coverage on average" in text
    assert f"cannot be told apart from {leaders[1]} (" in text
    assert "does best" not in text
    assert "with 20 simulated worlds" in text
    assert f"; about {count(needed)} would be needed." in text
    assert not any(leaders[1] in s for s in sureness(comparison, "soap"))
    assert order[2] == "pragmatic"
    assert any("is ahead of pragmatic" in s for s in sureness(comparison, "soap"))


def test_a_difference_that_no_number_of_worlds_would_show_is_said_to_be_hardly_there() -> None:
    assert "the closest of them hardly differ" in later(
        compared({"none": 0.1} | dict.fromkeys(STRATEGIES[1:], 0.3)), "soap"
    )


def test_strategies_that_do_nothing_cannot_be_told_from_no_campaign() -> None:
    comparison = compared(dict.fromkeys(STRATEGIES, 0.1))
    text = answer(comparison, "soap")
    assert "with 20 simulated worlds, not even " in text
    assert "can be told apart from no campaign" in text
    assert costs(comparison, "soap").startswith("soap: no additional adopters that could be told from chance under")


def test_costs_are_those_of_the_table() -> None:
    comparison = compared(APART)
    cost = comparison.table().set_index("strategy").loc["activist", "cost_per_additional_adopter"]
    assert cost == pytest.approx(5000 / 2000, rel=0.05)
    assert f"{money(cost)} under activist" in costs(comparison, "soap")


def test_the_widest_gap_is_the_one_reported() -> None:
    comparison = compared(APART)
    text = left_out(comparison, "soap")
    assert "most left out under activist are the poorest fifth" in text
    assert points(comparison.mean("activist", "gap_wealth_end", "soap")) in text


def test_unspent_money_is_said_once_with_its_reason() -> None:
    assert spending(compared(APART)).endswith(", and spent all of it.")
    text = spending(compared(APART, unspent=100.0))
    assert text.endswith(
        "Money for visits that the mobilizers could not make is left unspent: US$\N{NO-BREAK SPACE}100 under pragmatic."
    )


def test_a_campaign_that_does_harm_is_said_to_do_no_better_than_none() -> None:
    text = answer(compared({"none": 0.3} | dict.fromkeys(STRATEGIES[1:], 0.1)), "soap")
    assert "no strategy does better than no campaign (" in text


def test_targets_are_checked_against_the_median_world() -> None:
    checks = compared(APART).targets().set_index("when")
    assert checks.loc["baseline", "verdict"] == "met"
    assert checks.loc["baseline", "median"] == 0.1
    assert checks.loc["end", "verdict"] == "missed"
    assert checks.loc["end", "gap"] == pytest.approx(0.05, abs=0.01)


def test_every_number_of_the_summary_is_one_of_the_tables() -> None:
    comparison = compared(APART | {"hybrid": 0.299}, unspent=100.0)
    table, contrasts = comparison.table(), comparison.contrasts()
    known = {"20", "90", "95", "12", "3", *map(str, range(3)), "2 of 2", "1 of 2"}
    numbers = [
        *table.select_dtypes("number").to_numpy().ravel(),
        *comparison.equity()[["mean", "lower"]].to_numpy().ravel(),
    ]
    numbers += [*contrasts[["difference", "lower", "upper", "share_a_beats_b"]].to_numpy().ravel()]
    numbers += [*comparison.targets()[["target", "median"]].to_numpy().ravel(), comparison.mean("hybrid", "budget")]
    numbers += [comparison.mean(s, f"gap_{a}_end", "soap") for s in STRATEGIES for a in ("wealth", "hesitancy")]
    numbers += [float(SCENARIO.campaign["budget_per_household"])]
    for x in numbers:
        if math.isfinite(x):
            known |= {f"{abs(x) * 100:.1f}", f"{abs(x) * 100:.0f}", f"{abs(x):,.0f}", f"{abs(x):,.2f}"}
    known |= {count(x) for x in contrasts["replicates_needed"] if math.isfinite(x)}
    for sentence in comparison.summary():
        found = re.findall(r"\d[\d,]*(?:\.\d+)?", sentence)
        assert {n.rstrip(",") for n in found} <= known, sentence


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (percent(0.1234), "12.3%"),
        (percent(math.nan), "–"),
        (points(-0.021), "−2.1 points"),
        (points(-0.0004), "0.0 points"),
        (money(7.5), "US$\N{NO-BREAK SPACE}7.50"),
        (money(1234.5), "US$\N{NO-BREAK SPACE}1,234"),
        (money(-20), "−US$\N{NO-BREAK SPACE}20"),
        (count(311), "311"),
        (count(12345), "13,000"),
        (joined(["a"]), "a"),
        (joined(["a", "b", "c"], "or"), "a, b or c"),
    ],
)
def test_numbers_read_well(shown: str, expected: str) -> None:
    assert shown == expected


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ((0.0072, 0.0003, 0.0141), "0.72 points (0.03 to 1.41)"),
        ((0.0072, -0.0003, 0.0147), "0.72 points (−0.03 to 1.47)"),
        ((0.007, 0.0, 0.014), "0.7 points (0.0 to 1.4)"),
        ((0.00003, 0.00002, 0.00004), "0.003 points (0.002 to 0.004)"),
        ((0.02, 0.01, 0.03), "2.0 points (1.0 to 3.0)"),
        ((0.02, math.nan, math.nan), "2.0 points"),
        ((math.nan, math.nan, math.nan), "–"),
    ],
)
def test_an_interval_shows_on_which_side_of_zero_it_ends(ends: tuple[float, float, float], expected: str) -> None:
    assert with_interval(Difference(*ends, 0.9, ends[1] > 0, 20, 30)) == expected
