"""The workshop's answers are those of `smsim compare`, and what is kept never changes them."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event, Thread

import numpy as np
import pytest

from smsim.app import compute
from smsim.app.compute import FEW, WITHOUT_PLAN, Answer, Bench, Cancelled, Keep, Wish
from smsim.compare import Comparison, compare
from smsim.engine.arrays import Array
from smsim.errors import ScenarioError
from smsim.outcomes import GROUPS
from smsim.parameters import PARAMETERS, Parameter
from smsim.scenario import Scenario

PLANS = ("pragmatic", "activist")
WORLDS = 4
RUN = {"burn_in_weeks": 20, "follow_up_weeks": 20, "seed": 3}


def small(**changes: object) -> Scenario:
    scenario = Scenario.from_mapping(
        {
            "world": {"households": 400, "households_per_community": 100, "communities_per_facility": 2},
            "behaviours": {"soap": {"taboo": 0.2}, "birth": {"kind": "event", "event_rate": 0.02}},
            "campaign": {"weeks": 30, "pretest_cost": 0},
            "run": RUN,
        }
    )
    return scenario.replace(**changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    made = Bench(2)
    yield made
    made.close()


@pytest.fixture(scope="module")
def answer(bench: Bench) -> Answer:
    return bench.answer(small(), PLANS, WORLDS)


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return compare(small(), replicates=WORLDS, strategies=PLANS, threads=2)


@pytest.mark.parametrize("b", [0, 1])
def test_coverage_of_every_group_and_world_equals_that_of_compare(
    answer: Answer, comparison: Comparison, b: int
) -> None:
    behaviour = list(answer.scenario.behaviours)[b]
    for s, name in enumerate(answer.names):
        for g, group in enumerate(GROUPS):
            for outcome, found in (("coverage_end", answer.end), ("coverage_follow_up", answer.follow_up)):
                np.testing.assert_array_equal(
                    found[s, :, b, g], comparison.worlds(name, outcome, behaviour, group), err_msg=f"{name} {group}"
                )


@pytest.mark.parametrize("b", [0, 1])
def test_curves_costs_and_sources_equal_those_of_compare(answer: Answer, comparison: Comparison, b: int) -> None:
    behaviour = list(answer.scenario.behaviours)[b]
    weekly = comparison.weekly()
    for name in PLANS:
        rows = weekly.query(
            "strategy == @name and behaviour == @behaviour and group == 'all' and quantity == 'coverage'"
        )
        # compare keeps weekly series in single precision
        np.testing.assert_allclose(answer.curve(name, b), rows[["mean", "lower", "upper"]].T, rtol=1e-6)
        assert answer.cost(name, b) == pytest.approx(comparison.cost(name, behaviour), rel=1e-12, nan_ok=True)
        pooled = comparison.worlds(name, "additional_adopters", behaviour)
        np.testing.assert_array_equal(answer.additional(name, b), pooled)
        assert sum(answer.money(name).values()) == pytest.approx(
            comparison.mean(name, "spent") + comparison.mean(name, "unspent"), rel=1e-12
        )


def test_the_paired_difference_is_that_of_compare(answer: Answer, comparison: Comparison) -> None:
    assert answer.difference(*PLANS) == comparison.difference(*PLANS, "coverage_end", "soap")


@pytest.mark.parametrize(
    "changes",
    [
        {"campaign": {"budget_per_household": 9.0}},
        {"behaviours": {"soap": {"taboo": 0.5}}},
        {"world": {"mean_ties": 6.0}},
        {"strategies": {"plan-A": {"shares": {"visit": 1.0}}}},
        {"campaign": {"weeks": 20}},
        {"campaign": {"training": 0.1, "women_share": 1.0}, "activities": {"visit_gain": 0.1}},
        {"world": {"availability": 0.5}},
    ],
)
def test_what_is_kept_from_other_questions_does_not_change_an_answer(
    bench: Bench, answer: Answer, changes: dict[str, object]
) -> None:
    scenario = small(**changes)
    plans = ("plan-A", "activist") if "strategies" in changes else PLANS
    fresh = Bench(1)
    expected = fresh.answer(scenario, plans, WORLDS)
    fresh.close()
    found = bench.answer(scenario, plans, WORLDS)
    np.testing.assert_array_equal(found.coverage, expected.coverage)
    np.testing.assert_array_equal(found.spent, expected.spent)


def without_plan() -> list[tuple[str, str, object]]:
    """Every other value, at both ends and each choice, of what plans are made of; not of what shapes a world."""
    return [
        (section, parameter.name, value)
        for parameter in PARAMETERS.values()
        if parameter.name not in WITHOUT_PLAN.get(section := parameter.section, (parameter.name,))
        for value in parameter.choices or ends(parameter)
        if value != parameter.default
    ]


def ends(parameter: Parameter) -> set[float]:
    whole = (parameter.low, parameter.high) if parameter.sweep is None else (parameter.sweep.low, parameter.sweep.high)
    return {float(x) if not parameter.integer else int(x) for x in whole if np.isfinite(x)}


def test_what_plans_are_made_of_changes_neither_burn_in_nor_the_run_without_a_campaign() -> None:
    def none(scenario: Scenario) -> list[Array]:
        bench = Bench(1)
        start, run = bench.started(scenario, 5), dict(bench._run(scenario, ["none"], 5, Wish()))["none"]
        bench.close()
        parts = (run, start.state, start.record, start.world.households, start.world.places)
        return [np.asarray(array) for part in parts for array in part]

    expected, tried = none(small()), 0
    for section, name, value in without_plan():
        try:
            changed = small(**{section: {name: value}})
        except ScenarioError:  # cannot be paid
            continue
        tried += 1
        for found, array in zip(none(changed), expected, strict=True):
            np.testing.assert_array_equal(found, array, err_msg=f"{section}.{name} = {value}")
    assert tried > 60


def test_an_answer_is_at_hand_only_after_every_run_of_it_was_made() -> None:
    bench = Bench(2)
    assert bench.at_hand(small(), PLANS, WORLDS) is None
    answer = bench.answer(small(), PLANS, WORLDS)
    kept = bench.at_hand(small(), PLANS, WORLDS)
    assert kept is not None
    np.testing.assert_array_equal(kept.coverage, answer.coverage)
    assert bench.at_hand(small(), PLANS, WORLDS + 1) is None
    bench.close()


def test_a_first_picture_is_the_first_worlds_of_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "PATIENCE", 0.0)
    bench, first = Bench(1), []
    answer = bench.answer(small(), PLANS, 3 * FEW, early=first.append)
    bench.close()
    (early,) = first
    assert FEW <= early.worlds < 3 * FEW
    np.testing.assert_array_equal(early.coverage, answer.coverage[:, : early.worlds])


def test_a_question_nobody_wants_any_more_is_dropped(bench: Bench) -> None:
    wish = Wish()
    wish.drop()
    with pytest.raises(Cancelled):
        bench.answer(small(run=RUN | {"seed": 99}), PLANS, WORLDS, wish=wish)


def test_a_dropped_question_does_not_wait_for_its_turn_behind_others() -> None:
    bench, others_are_done, wish, ended = Bench(1), Event(), Wish(), []

    def ask() -> None:
        with pytest.raises(Cancelled):
            bench.answer(small(), PLANS, WORLDS, wish=wish, early=ended.append)
        ended.append("dropped")

    others = bench._pool.submit(others_are_done.wait)
    visitor = Thread(target=ask)
    visitor.start()
    wish.drop()
    visitor.join(60)
    assert ended == ["dropped"]
    assert not others.done()
    others_are_done.set()
    bench.close()


def test_an_unknown_plan_is_a_sentence(bench: Bench) -> None:
    with pytest.raises(ScenarioError, match="no strategy 'pragmatick'; did you mean 'pragmatic'"):
        bench.answer(small(), ["pragmatick"], WORLDS)


def test_a_memory_forgets_what_was_used_longest_ago() -> None:
    keep = Keep(2)
    assert [keep.get(key, lambda key=key: key.upper()) for key in "abac"] == ["A", "B", "A", "C"]  # type: ignore[misc]
    assert keep.get("b", lambda: "again") == "again"
    assert keep.get("c", lambda: "again") == "C"
