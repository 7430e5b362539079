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


PAID = {"strategies": {"paid": {"shares": {"incentive": 0.7, "visit": 0.3}}}}
LINKED = {"first": {"threshold_mean": 0.1}, "second": {"link": "first", "link_weight": 0.3}}


@pytest.mark.parametrize(
    ("behaviours", "strategy", "b"),
    [
        *(({"behaviour": {"kind": kind}}, "hybrid", 0) for kind in ("repeated", "permanent", "event", "round")),
        ({"behaviour": {"incentive_weight": 0.4}}, "paid", 0),
        (LINKED, "hybrid", 1),
    ],
)
def test_who_became_willing_had_the_support_and_its_largest_part_is_the_engines_reason(
    bench: Bench, behaviours: dict[str, Any], strategy: str, b: int
) -> None:
    place = {section: values for section, values in SCENARIO.items() if section != "behaviour"}
    minds = {name: SCENARIO["behaviour"] | values for name, values in behaviours.items()}
    changed = Scenario.from_mapping(place | PAID | {"behaviours": minds})
    start = bench.started(changed, SEED)
    prepared = prepare(changed, strategy, SEED, start.world)
    state, record = copy_state(start.state), Record(*(array.copy() for array in start.record))
    everybody = np.arange(300)
    movers = 0
    for t in range(10, prepared.weeks):
        before = copy_state(state)
        prepared.advance(state, record, t, t + 1)
        found = terms(prepared, b, everybody, before, state, t)
        was, now = before.stage[b], state.stage[b]
        moved = ~np.isin(was, (WILLING, ADOPTED, MAINTAINED)) & np.isin(now, (WILLING, ADOPTED, MAINTAINED))
        assert found.reached[moved].all()
        largest = np.array([SOURCES.index(term) for term in TERMS])[np.argmax(found.support, axis=1)]
        expected = np.where(found.needed <= 0, SOURCES.index("own"), largest)
        np.testing.assert_array_equal(expected[moved], state.mind["source"][b, moved])
        movers += int(moved.sum())
    assert movers > 50


def test_the_watched_run_is_the_run_itself(scenario: Scenario, start: Started, history: History) -> None:
    run = simulate(scenario, "hybrid", SEED, start.world)
    np.testing.assert_array_equal(history.stage[-1], run.state.stage[0, history.households])
    np.testing.assert_array_equal(history.contacts[10:].sum(axis=0) + start.state.contacts[:, history.households].T,
                                  run.state.contacts[:, history.households].T)  # fmt: skip
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


# ---- lives told by hand: stages of the last week before the campaign, and of its weeks

U, A, W, D, M, L = range(6)


def life(*stages: int, new_lives: tuple[int, ...] = ()) -> History:
    """One household's history, and that of a neighbour who does it from week 2 on; the burn-in has three weeks."""
    found = np.array([stages[0]] * 3 + list(stages[1:]), np.uint8)
    weeks = len(found)
    neighbour = np.where(np.arange(weeks) < 4, U, D)
    new = np.isin(np.arange(weeks) - 3, new_lives)
    false, nothing = np.zeros((weeks, 2), bool), np.zeros((weeks, 2))
    return History(
        Scenario.from_mapping({"campaign": {"weeks": weeks - 3}, "run": {"burn_in_weeks": 3, "follow_up_weeks": 0}}),
        0, 0, np.arange(2), stage=np.column_stack([found, neighbour]).astype(np.uint8),
        voices=np.column_stack([false[:, 0], neighbour == D]), contacts=np.zeros((weeks, 2, 3), np.uint8),
        believes=false, new_lives=np.column_stack([new, false[:, 0]]), turned_away=false,
        terms=np.zeros((weeks, 2, len(TERMS))), needed=nothing, facility_up=np.ones(weeks, bool),
        ties=np.array([[0, 1, 1]]), strangers=np.zeros(2, int), coverage=nothing[:, :1],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("stages", "new_lives", "verdict"),
    [
        ((W, W, W, D, D), (), "It was willing before the campaign, and was served in week 3."),
        ((D, D, D, M, M), (), "It did this already before the campaign."),
        ((W, W, W, W, W), (), "It waited already before the campaign, and has for 4 weeks since."),
        ((A, A, W, W, W), (), "It has waited for 3 weeks."),
        ((D, D, U, U, U), (1,), "Not yet: a new caregiver moved in in week 2, and has not heard of it so far."),
        ((U, U, U, U, U), (), "Not yet: it has not heard of it. No visit"),
    ],
)
def test_what_was_before_the_campaign_is_not_made_up(
    stages: tuple[int, ...], new_lives: tuple[int, ...], verdict: str
) -> None:
    assert verdict in why(life(*stages, new_lives=new_lives), 0, 6, Words("en")).verdict


@pytest.mark.parametrize(
    ("stages", "new_lives", "does"),
    [
        ((D, L, W, D), (), ["Does it again."]),
        ((A, W, D, L, D), (), ["Does it for the first time.", "Does it again."]),
        ((D, D, U, A, D), (1,), ["Does it for the first time."]),
    ],
)
def test_who_did_it_before_does_it_again_but_a_new_caregiver_for_the_first_time(
    stages: tuple[int, ...], new_lives: tuple[int, ...], does: list[str]
) -> None:
    events = why(life(*stages, new_lives=new_lives), 0, len(stages) + 1, Words("en")).events
    assert [event.text for event in events if event.kind == "does"] == does


def test_what_is_seen_at_the_end_of_a_week_comes_after_what_was_decided_in_it() -> None:
    events = why(life(A, A, W, D), 0, 5, Words("en")).events
    week = [event.text.split(":")[0] for event in events if event.week == 1]
    assert week == ["Makes up its mind", "Sees it done by"]


@pytest.mark.parametrize(
    ("was", "without", "sentence"),
    [
        ((D, D, D), (U, A, D), "would not have done it before the campaign, but in week 2."),
        ((A, A, D), (D, D, D), "would have done it before the campaign already."),
        ((A, A, A), (A, D, D), "would have done it in week 1."),
        ((A, A, D), (A, A, A), "would not have done it."),
        ((A, A, D), (A, D, D), "would have done it in week 1 instead of week 2."),
        ((D, D, D), (D, D, L), "begun at the same time, and done it for 1 week instead of 2."),
    ],
)
def test_without_something_a_household_begins_at_another_time_or_stops(
    was: tuple[int, ...], without: tuple[int, ...], sentence: str
) -> None:
    assert sentence in what_if(life(*was), life(*without), 0).say(Words("en"), "it")


def test_the_household_taken_away_is_not_counted_among_those_that_do_it() -> None:
    was, without = life(A, D, D), life(A, D, D)
    without.stage[:, 1] = U
    said = what_if(was, without, 0, absent=1).say(Words("en"), "household 2")
    assert "nothing changes for this household" in said
    assert "1 of the other households of the village do it all the same" in said
