"""The reveal: every table finds its guess, whoever was nearest is named, and why is kept back until it is asked for."""

from __future__ import annotations

from itertools import combinations

import pytest

pytest.importorskip("panel")

from hypothesis import given
from hypothesis import strategies as st

from smsim.app.guess import CHARACTER, ROOM, Table, after, stacked, strip
from smsim.app.lessons import LESSONS
from smsim.i18n import Words

MARKS = st.lists(st.tuples(st.text("abc", min_size=1, max_size=24), st.integers(0, 100).map(float)), max_size=30)


@given(MARKS)
def test_no_two_names_of_a_row_cover_each_other_and_none_leaves_the_line(marks: list[tuple[str, float]]) -> None:
    spans = []
    for name, at in marks:
        width = CHARACTER * len(name)
        left = ROOM * at / 100 - width * at / 100
        assert 0 <= left <= left + width <= ROOM
        spans.append((left, left + width))
    for (one, other), (row, other_row) in zip(combinations(spans, 2), combinations(stacked(marks), 2), strict=True):
        assert row != other_row or one[1] <= other[0] or other[1] <= one[0]


def test_names_far_apart_stand_in_one_row() -> None:
    assert stacked([("Acacia", 10.0), ("Neem", 60.0)]) == [0, 0]


def test_all_tables_that_were_equally_near_are_named() -> None:
    tables = [
        Table("Acacia", {"A": 40.0, "B": None}),
        Table("Neem", {"A": 60.0, "B": None}),
        Table("Baobab", {"A": 70.0, "B": None}),
    ]
    assert "Nearest: table Acacia and Neem." in strip(tables, "A", "Plan A", 0.5, "", Words())
    assert "Nearest" not in strip(tables, "B", "Plan B", 0.5, "", Words())


@pytest.mark.parametrize("key", LESSONS)
def test_why_is_kept_back_until_somebody_opens_it(key: str) -> None:
    said = after(LESSONS[key], Words())
    folded = said[said.index("<details>") : said.index("</details>")]
    assert folded.count("<p>") == 1
    assert said.count("<p>") == 3
