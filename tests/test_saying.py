"""Numbers in plain English sentences."""

from __future__ import annotations

import pytest

from made_up import made_up
from smsim.findings import spending
from smsim.i18n import Words
from smsim.saying import say_count, say_dollars, say_number, shorten
from smsim.scenario import Scenario


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (say_count(1, "week"), "1 week"),
        (say_count(0, "week"), "0 weeks"),
        (say_count(20_000, "household"), "20,000 households"),
        (say_count(1, "community", "communities"), "1 community"),
        (say_count(2, "community", "communities"), "2 communities"),
        (say_dollars(6), "US$\N{NO-BREAK SPACE}6"),
        (say_dollars(12.5, cents=True), "US$\N{NO-BREAK SPACE}12.50"),
        (say_dollars(12.001, cents=True), "US$\N{NO-BREAK SPACE}12"),
        (say_dollars(-1234.5), "\N{MINUS SIGN}US$\N{NO-BREAK SPACE}1,234"),
        (say_number(2**63), "9223372036854775808"),
        (say_number(0.1), "0.1"),
        (say_number("twelve"), "'twelve'"),
        (shorten("x" * 100), "'" + "x" * 56 + "..."),
    ],
)
def test_numbers_read_as_people_write_them(shown: str, expected: str) -> None:
    assert shown == expected


def test_a_budget_reads_the_same_in_check_and_report() -> None:
    found = made_up(campaign={"weeks": 1, "budget_per_household": 12.5})
    assert "at US$\N{NO-BREAK SPACE}12.50 per household over 1 week;" in repr(found.scenario)
    assert "(US$\N{NO-BREAK SPACE}12.50 per treated household)" in spending(found)
    assert Words().money(12.5, cents=True) == say_dollars(12.5, cents=True)


def test_the_smallest_scenario_has_no_plural() -> None:
    said = repr(Scenario.from_mapping({"campaign": {"weeks": 1}, "targets": [
        {"when": "baseline", "value": 0.1, "tolerance": 0.1, "source": "s"}]}))  # fmt: skip
    assert "over 1 week; 1 target; digest" in said
