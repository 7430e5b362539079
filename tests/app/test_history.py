"""Why a household did it: what the workshop says is what the engine decided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from smsim.app.compute import Bench, Started
from smsim.app.history import TERMS, History, posts_of, terms, watch, without_household, without_post
from smsim.app.why import what_if, why
from smsim.engine.arrays import ADOPTED, MAINTAINED, SOURCES, UNAWARE, WILLING, Record
from smsim.engine.run import copy_state
from smsim.i18n import Words
from smsim.scenario import Scenario
from smsim.simulate import prepare, simulate
from smsim.staff import hire

SEED = 11
SCENARIO: dict[str, Any] = {
    "world": {"households": 300, "households_per_community": 100, "turnover": 0.01, "responsiveness": 0.8},
    "behaviour": {"taboo": 0.3, "aware_share": 0.6, "threshold_mean": 0.2, "service_capacity": 0.01},
    "campaign": {"weeks": 40, "pretest_cost": 0, "budget_per_household": 10},
    "run": {"burn_in_weeks": 10, "follow_up_weeks": 20},
}


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    made = Bench(1)
    yield made
    made.close()


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return Scenario.from_mapping(SCENARIO)


@pytest.fixture(scope="module")
def start(bench: Bench, scenario: Scenario) -> Started:
    return bench.started(scenario, SEED)


@pytest.fixture(scope="module")
def history(scenario: Scenario, start: Started) -> History:
    return watch(scenario, "hybrid", start, 1, seed=SEED)


@pytest.mark.parametrize("kind", ["repeated", "permanent", "event", "round"])
def test_who_became_willing_had_the_support_and_its_largest_part_is_the_engines_reason(
    bench: Bench, scenario: Scenario, kind: str
) -> None:
    changed = scenario.replace(behaviours={"behaviour": {"kind": kind}})
    start = bench.started(changed, SEED)
    prepared = prepare(changed, "hybrid", SEED, start.world)
    state, record = copy_state(start.state), Record(*(array.copy() for array in start.record))
    everybody = np.arange(300)
    movers = 0
    for t in range(10, prepared.weeks):
        before = copy_state(state)
        prepared.advance(state, record, t, t + 1)
        found = terms(prepared, 0, everybody, before, state, t)
        was, now = before.stage[0], state.stage[0]
        moved = ~np.isin(was, (WILLING, ADOPTED, MAINTAINED)) & np.isin(now, (WILLING, ADOPTED, MAINTAINED))
        assert found.reached[moved].all()
        largest = np.array([SOURCES.index(term) for term in TERMS])[np.argmax(found.support, axis=1)]
        expected = np.where(found.needed <= 0, SOURCES.index("own"), largest)
        np.testing.assert_array_equal(expected[moved], state.mind["source"][0, moved])
        movers += int(moved.sum())
    assert movers > 50


def test_the_watched_run_is_the_run_itself(scenario: Scenario, start: Started, history: History) -> None:
    run = simulate(scenario, "hybrid", SEED, start.world)
    np.testing.assert_array_equal(history.stage[-1], run.state.stage[0, history.households])
    np.testing.assert_array_equal(history.contacts[10:].sum(axis=0) + start.state.contacts[history.households],
                                  run.state.contacts[history.households])  # fmt: skip
    np.testing.assert_array_equal(history.coverage[-1] * 100, run.record.community[-1, 0])


def test_ties_light_up_only_where_the_other_end_showed_it_and_the_neighbours_were_needed(history: History) -> None:
    carried = history.carried()
    assert carried
    for t, tie, moved in carried:
        other = int(history.ties[tie, 0] + history.ties[tie, 1] - moved)
        assert history.voices[t - 1, other]
        assert history.stage[t, moved] in (WILLING, ADOPTED, MAINTAINED)
        assert history.terms[t, moved, 1:].sum() < history.needed[t, moved]


def test_a_household_that_never_was_has_no_ties_and_does_nothing(scenario: Scenario, start: Started) -> None:
    gone = 105
    changed = without_household(start, gone, scenario, SEED)
    homes = changed.world.households
    assert homes.indptr[gone + 1] == homes.indptr[gone]
    assert not (homes.neighbor == gone).any()
    run = simulate(scenario, "hybrid", SEED, changed.world)
    assert run.state.stage[0, gone] in (UNAWARE, 1)
    assert len(homes.neighbor) == len(start.world.households.neighbor) - 2 * len(
        range(start.world.households.indptr[gone], start.world.households.indptr[gone + 1])
    )


def test_households_out_of_reach_of_the_absent_one_live_as_before(scenario: Scenario, start: Started) -> None:
    # No ties between communities, ample service: the other communities cannot notice.
    apart = scenario.replace(
        world={"cross_community_ties": 0, "responsiveness": 0}, behaviours={"behaviour": {"service_capacity": 5}},
        campaign={"feedback": 0, "households_per_mobilizer": 100},
    )  # fmt: skip
    bench = Bench(1)
    here = bench.started(apart, SEED)
    bench.close()
    changed = without_household(here, 5, apart, SEED)
    was, now = (watch(apart, "pragmatic", one, 2, seed=SEED) for one in (here, changed))
    np.testing.assert_array_equal(was.stage, now.stage)


def test_posts_divide_a_community_and_each_has_its_caseload() -> None:
    # 100 households each, a mobilizer for 40: posts of 37 or 38 in turn, some across two communities.
    shared = Scenario.from_mapping(SCENARIO | {"campaign": {"households_per_mobilizer": 40, "pretest_cost": 0}})
    bench = Bench(1)
    start = bench.started(shared, SEED)
    bench.close()
    found = [posts_of(shared, start, community, SEED) for community in range(3)]
    staff = hire(shared.campaign, start.world.places, SEED)
    for posts in found:
        assert [posts[0].first, *(post.stop for post in posts)] == [*(post.first for post in posts), 100]
        assert all(post.stop - post.first + post.elsewhere == staff.caseload[post.number] for post in posts)
    assert found[0][-1].number == found[1][0].number
    assert found[0][-1].elsewhere == found[1][0].stop


def test_without_its_only_post_nobody_is_visited_and_dialogues_go_on(scenario: Scenario, start: Started) -> None:
    (post,) = posts_of(scenario, start, 1, SEED)
    plan = without_post(scenario, "hybrid", start, post.number, SEED)
    without = watch(scenario, "hybrid", start, 1, seed=SEED, plan=plan)
    assert without.contacts[:, :, 1].sum() == 0
    assert without.contacts[:, :, 2].sum() > 0


def test_without_one_of_two_posts_the_other_visits_on(scenario: Scenario) -> None:
    shared = scenario.replace(campaign={"households_per_mobilizer": 50, "visits_per_mobilizer_week": 4})
    bench = Bench(1)
    start = bench.started(shared, SEED)
    bench.close()
    one, other = posts_of(shared, start, 1, SEED)
    visits = [
        watch(shared, "pragmatic", start, 1, seed=SEED, plan=plan).contacts[:, :, 1].sum()
        for plan in (None, *(without_post(shared, "pragmatic", start, post.number, SEED) for post in (one, other)))
    ]
    assert 0 < visits[1] < visits[0]
    assert 0 < visits[2] < visits[0]


def test_a_reason_called_decisive_is_one(history: History) -> None:
    words = Words("en")
    told = 0
    for i in range(len(history.households)):
        found = why(history, i, len(history.stage) - 1, words)
        if "Decisive" not in found.verdict:
            continue
        told += 1
        total = sum(points for _, points in found.support)
        named = [points for label, points in found.support if label in found.verdict.split(":")[1]]
        assert named
        assert all(total - points < found.needed for points in named)
    assert told > 5


def test_events_are_in_order_and_every_visit_is_one(history: History) -> None:
    for i in range(0, len(history.households), 7):
        found = why(history, i, len(history.stage) - 1, Words("en"))
        weeks = [event.week for event in found.events]
        assert weeks == sorted(weeks)
        assert sum(event.kind == "visit" for event in found.events) == history.contacts[10:, i, 1].sum()


def test_why_as_of_a_week_tells_nothing_of_later_ones_but_how_it_ends(history: History) -> None:
    last = len(history.stage) - 1
    for i in range(0, len(history.households), 9):
        for week in (9, 10, 25, last):
            found = why(history, i, week, Words("en"))
            assert all(event.week <= week - 10 for event in found.events)
            assert bool(found.later) == (week < last)
    early = [why(history, i, 9, Words("en")) for i in range(len(history.households))]
    assert {found.verdict for found in early} <= {
        "Had not heard of it.", "Knew of it, and did not do it.", "Was willing, and not yet served.", "Did it already.",
        "Had done it, and given it up.",
    }  # fmt: skip


def test_nothing_changes_without_nothing(history: History) -> None:
    found = what_if(history, history, 3)
    assert found.week == found.week_without
    assert "nothing changes" in found.say(Words("en"), "household 9")
