"""One budget stays one budget, whatever is moved."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from smsim.app.split import WHOLE, as_entry, rebalance, thousandths
from smsim.engine.arrays import ACTIVITIES
from smsim.scenario import Scenario
from smsim.strategy import BUILT_IN, HYBRID, PRAGMATIC


def budget_of_thousandths() -> st.SearchStrategy[dict[str, int]]:
    cuts = st.lists(st.integers(0, WHOLE), min_size=len(ACTIVITIES) - 1, max_size=len(ACTIVITIES) - 1).map(sorted)
    return cuts.map(
        lambda c: dict(zip(ACTIVITIES, [b - a for a, b in zip([0, *c], [*c, WHOLE], strict=True)], strict=True))
    )


@given(budget_of_thousandths(), st.sampled_from(ACTIVITIES), st.integers(0, WHOLE))
def test_a_moved_part_takes_its_value_and_the_whole_stays_whole(parts: dict[str, int], moved: str, to: int) -> None:
    after = rebalance(parts, moved, to)
    assert after[moved] == to
    assert sum(after.values()) == WHOLE
    assert min(after.values()) >= 0


def test_the_others_give_in_proportion_to_what_they_have() -> None:
    parts = dict.fromkeys(ACTIVITIES, 0) | {"visit": 200, "media": 600, "action": 200}
    assert rebalance(parts, "action", 600) == parts | {"visit": 100, "media": 300, "action": 600}


def test_where_the_others_have_nothing_they_take_the_rest_in_equal_parts() -> None:
    parts = dict.fromkeys(ACTIVITIES, 0) | {"visit": WHOLE}
    after = rebalance(parts, "visit", 300)
    assert {after[k] for k in ACTIVITIES if k != "visit"} == {100}


def test_built_in_strategies_are_whole_thousandths() -> None:
    for strategy in BUILT_IN.values():
        assert thousandths(strategy) == {k: round(v * WHOLE) for k, v in strategy.shares().items()}


def test_an_untouched_split_written_as_a_strategy_spends_as_the_strategy_did() -> None:
    entry = as_entry(thousandths(PRAGMATIC), PRAGMATIC)
    again = Scenario.from_mapping({"strategies": {"same": entry}}).strategies["same"]
    assert (again.schedule(52) == PRAGMATIC.schedule(52)).all()


def test_an_activity_keeps_the_timing_that_most_of_its_money_had() -> None:
    assert as_entry(thousandths(HYBRID), HYBRID)["timing"] == {
        "visit": "pulsed", "leader": "front", "media": "pulsed", "incentive": "pulsed",
    }  # fmt: skip
