"""The engine and its slow twin agree to the last bit; so do runs that ought not to differ.

A disagreement names the field, the week in which it first shows, the index and both values. With
``NUMBA_DISABLE_JIT=1`` the same tests run the engine as plain Python.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import naive
from small_worlds import SmallWorld, build, fixed, hand_world, without_campaign
from smsim.engine import room
from smsim.engine.arrays import (
    ADOPTED,
    ADOPTS,
    AWARE,
    BELIEVES,
    DERIVED,
    KINDS,
    LAPSED,
    MAINTAINED,
    SPREADS_RUMOUR,
    SUPPORTS,
    TALKS,
    UNAWARE,
    VOICES,
    WILLING,
    Record,
    State,
)
from smsim.engine.run import advance, copy_state, new_record, start

SCRATCH = set(DERIVED)
PAIRS = [(a, b) for a in range(4) for b in range(4)]

# With JIT off, NumPy warns that the wrapping products of Philox overflow; they are meant to.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")


@pytest.fixture(scope="module", autouse=True)
def _in_parts() -> Iterator[None]:
    """Households go through a week part by part, also in worlds as small as these."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "PART", 1)
        yield


class Finished(NamedTuple):
    """State and record of an engine run."""

    state: State
    record: Record


def begin(world: SmallWorld) -> Finished:
    """The engine before week 0."""
    households, places, _, behaviours, context, seed, weeks = world
    shape = (weeks, len(behaviours), places.cells, len(places.treated), len(places.district_households))
    return Finished(start(households, places, behaviours, context, seed), new_record(*shape))


def go_on(run: Finished, world: SmallWorld, first: int, stop: int) -> Finished:
    """The same run, advanced in place through weeks first ... stop - 1."""
    households, places, plan, behaviours, context, seed, _ = world
    advance(run.state, run.record, households, places, plan, behaviours, context, seed, first, stop)
    return run


def engine(world: SmallWorld) -> Finished:
    """The engine's whole run."""
    return go_on(begin(world), world, 0, world.weeks)


def difference(found: Any, expected: Any, skip: set[str] = SCRATCH) -> str | None:
    """First field and index that differ between two NamedTuples of arrays, in words; None if none does.

    In a `Record` the earliest week comes first.
    """
    differences = []
    for name in expected._fields:
        a, b = getattr(found, name), getattr(expected, name)
        if name in skip:
            continue
        if (a.dtype, a.shape) != (b.dtype, b.shape):
            return f"{name} is {a.dtype} {a.shape}, expected {b.dtype} {b.shape}"
        if a.dtype.names is not None:
            kept = [field for field in a.dtype.names if field not in skip]
            a, b = a[kept], b[kept]
        if not np.array_equal(a, b):
            index = tuple(int(i) for i in np.argwhere(a != b)[0])
            differences.append((index[0] if isinstance(expected, Record) else 0, name, index, a[index], b[index]))
    if not differences:
        return None
    _, name, index, a, b = min(differences, key=lambda row: row[0])
    names = ", ".join(row[1] for row in differences)
    return f"{name}{list(index)} is {a!r}, expected {b!r} (fields that differ: {names})"


def assert_agrees(world: SmallWorld) -> None:
    """Engine and twin leave the same state and record; otherwise say where they first part."""
    run, twin = engine(world), naive.run(*world)
    in_record = difference(run.record, twin.record)
    if in_record is None and difference(run.state, twin.state) is None:
        return
    parted = begin(world)
    for week, state in enumerate(naive.play(*world), start=-1):
        if week >= 0:
            go_on(parted, world, week, week + 1)
        message = difference(parted.state, state)
        if message:
            pytest.fail(f"state after week {week} (-1: the start): {message}; record by first week: {in_record}")
    pytest.fail(f"only the record, or a run in one piece, differs (first index: week): {in_record}")


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_engine_and_twin_agree_on_random_small_worlds(kind: str, data: Any) -> None:
    """Every field of State and every week of Record are equal, for each kind alone or with any other behaviour."""
    other = data.draw(st.sampled_from((None, *range(4))))
    kinds = [KINDS.index(kind)] + ([] if other is None else [other])
    assert_agrees(build(lambda options: data.draw(st.sampled_from(options)), kinds))


@pytest.mark.parametrize("kinds", PAIRS)
def test_engine_and_twin_agree_on_fixed_worlds(kinds: tuple[int, int]) -> None:
    """Every ordered pair of kinds agrees in worlds whose every dial is at random."""
    for seed in range(12):
        assert_agrees(fixed(seed, kinds))


@pytest.mark.parametrize("kind", range(4))
def test_small_subset_agrees(kind: int) -> None:
    """A few worlds of each kind agree: few enough to run with the JIT off."""
    for seed in range(3):
        assert_agrees(fixed(100 + seed, [kind, (kind + 1) % 4])._replace(weeks=20))


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="this is the run with the JIT off")
def test_engine_and_twin_agree_with_jit_off() -> None:
    """The engine's sources, run as plain Python, give the bits that their compiled form gives."""
    here = Path(__file__)
    source = str(here.parents[1] / "src")
    files = str(here), str(here.parent / "engine" / "test_contagion.py")
    path = os.pathsep.join([source, os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else [source])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files, "-k", "small_subset or by_hand"],
        check=False,  # the assertion below shows what it printed
        cwd=here.parents[1],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


# Four households in a row; a letter is the stage after a week, in the order of `STAGES`.
U, A, W, D, M, L = range(6)

# Each voices as soon as it supports. Household 0 needs nobody (threshold 0): willing and served in week 0. Household 1
# (1/2 of two neighbours) sees it at the start of week 1, household 2 sees household 1 at the start of week 2, and
# household 3 needs its only neighbour. Nobody lapses; habits take forever (maturation 0).
CASCADE = [
    (D, A, A, A),
    (D, D, A, A),
    (D, D, D, A),
    (D, D, D, D),
    (D, D, D, D),
]

# As above, but everybody becomes a habit the week after (maturation 1: mature_week = week + 1).
HABIT = [
    (D, A, A, A),
    (M, D, A, A),
    (M, M, D, A),
    (M, M, M, D),
    (M, M, M, M),
]

# As CASCADE, but a household that showed adoption at the start of a week lapses in it (lapse rate 1), and what it
# showed still counts for its neighbours in that week. Week 2: household 0 is lapsed, still needs nobody, and adopts
# again; household 1 lapses; household 2 saw household 1. Week 3: 0 and 2 lapse; 1 saw both (2/2); 3 saw 2 (1/1).
# Week 4: 0 needs nobody, 2 saw 1 and 3; 1 and 3 lapse. And so on, like a blinking light.
BLINKING = [
    (D, A, A, A),
    (L, D, A, A),
    (D, L, D, A),
    (L, D, L, D),
    (D, L, D, L),
    (L, D, L, D),
]

# No service (capacity 0), and no client gives up: households change their minds, support and voice, but none adopts.
NO_SERVICE = [
    (W, A, A, A),
    (W, W, A, A),
    (W, W, W, A),
    (W, W, W, W),
]

# No service and every client gives up at once: household 0 is willing each week for a moment, never at its end.
GIVING_UP = [(A, A, A, A)] * 3

# A taboo of 1: who supports voices only if its neighbours' share reaches its fear, 0.2, 0.4, 0.6 and 0.8. Household 0
# adopts in week 0 and sees nobody: silent. So nobody else is ever moved.
SILENCE = [(D, A, A, A)] * 4

HAND = {
    "cascade": ({}, CASCADE),
    "habit": ({"maturation_rate": 1.0}, HABIT),
    "blinking": ({"lapse_rate": 1.0}, BLINKING),
    "no service": ({"service_capacity": 0.0}, NO_SERVICE),
    "giving up": ({"service_capacity": 0.0, "give_up": 1.0}, GIVING_UP),
    "silence": ({"taboo": 1.0}, SILENCE),
}


@pytest.mark.parametrize("case", HAND)
def test_four_households_follow_the_table_worked_by_hand(case: str) -> None:
    """Both implementations reproduce stages that a person derived from the document."""
    dials, table = HAND[case]
    world = hand_world(len(table), **dials)
    run = begin(world)
    for week, (state, row) in enumerate(zip(list(naive.play(*world))[1:], table, strict=True)):
        go_on(run, world, week, week + 1)
        assert tuple(state.stage[0]) == row, f"twin, week {week}"
        assert tuple(run.state.stage[0]) == row, f"engine, week {week}"


def test_one_slot_a_week_serves_one_of_those_who_queue() -> None:
    """Four willing households and a quarter of a slot for each of the four: one is served a week, whichever it is."""
    world = hand_world(5, service_capacity=0.25)
    world = world._replace(households=world.households._replace(threshold=np.zeros((1, 4))))
    for record in (engine(world).record, naive.run(*world).record):
        assert record.stage[:, 0, 0, D].tolist() == [1, 2, 3, 4, 4]
        assert record.sought[:, 0].tolist() == [4, 3, 2, 1, 0]
        assert record.turned_away[:, 0].tolist() == [3, 2, 1, 0, 0]


@pytest.mark.parametrize("seed", range(8))
def test_plans_that_are_alike_up_to_a_week_give_identical_households_up_to_it(seed: int) -> None:
    """Minimally different worlds: what is spent from week t on changes nothing before t."""
    world = fixed(seed, [seed % 4, 1])
    plan = world.plan
    t = plan.first_week + len(plan.spending) // 2
    later = plan.spending.copy()
    later[t - plan.first_week :] = later[t - plan.first_week :] * 3 + 5
    other = world._replace(plan=plan._replace(spending=later))
    one, two = go_on(begin(world), world, 0, t), go_on(begin(other), other, 0, t)
    assert difference(one.state, two.state, set()) is None
    assert difference(one.record, two.record) is None


@pytest.mark.parametrize("seed", range(8))
def test_a_run_saved_and_taken_up_again_is_the_uninterrupted_run(seed: int) -> None:
    """Copies of state and record at any week are all that a run needs to go on."""
    world = fixed(seed, [seed % 4, (seed // 2) % 4])
    whole = engine(world)
    for t in (0, 1, world.weeks // 2, world.weeks - 1):
        first = go_on(begin(world), world, 0, t)
        saved = Finished(copy_state(first.state), Record(*(array.copy() for array in first.record)))
        go_on(first, world, t, world.weeks)  # the original going on does not touch the copy
        again = go_on(saved, world, t, world.weeks)
        assert difference(again.state, whole.state) is None, f"saved at week {t}"
        assert difference(again.record, whole.record) is None, f"saved at week {t}"


def test_a_plan_of_zero_dollars_is_no_plan() -> None:
    """M1: a campaign that spends nothing leaves every household as no campaign does."""
    for seed in range(8):
        world = fixed(seed, [seed % 4, 2])
        broke = world._replace(plan=world.plan._replace(spending=np.zeros_like(world.plan.spending)))
        none = world._replace(plan=without_campaign(world.plan, len(world.places.treated)))
        one, two = engine(broke), engine(none)
        assert difference(one.state, two.state) is None
        assert difference(one.record, two.record) is None


@pytest.mark.parametrize("seed", range(12))
def test_counters_equal_a_recount_and_shares_stay_in_bounds(seed: int) -> None:
    """V24: after every week the pushed counters equal a full recount over ties and households; stages sum to N."""
    world = fixed(seed, [seed % 4, (seed + 2) % 4])
    households, places = world.households, world.places
    n = len(households.draw_id)
    ties = np.zeros((n, n), np.int64)
    ties[np.repeat(np.arange(n), np.diff(households.indptr)), households.neighbor] = households.weight
    member = np.equal.outer(np.arange(len(places.treated)), households.community).astype(np.int64)
    run = begin(world)
    for week in range(world.weeks):
        state = go_on(run, world, week, week + 1).state
        for b in range(2):
            shown = state.shown[b]
            for bit, counter in (
                (VOICES, state.voicing),
                (TALKS, state.talking),
                (SPREADS_RUMOUR, state.rumouring),
            ):
                assert np.array_equal(counter[b], ties @ (shown & bit > 0)), (week, b, bit)
            supports = np.isin(state.stage[b], (WILLING, ADOPTED, MAINTAINED))
            adopts = np.isin(state.stage[b], (ADOPTED, MAINTAINED))
            assert np.array_equal(shown & SUPPORTS > 0, supports)
            assert np.array_equal(shown & ADOPTS > 0, adopts)
            assert np.array_equal(shown & SPREADS_RUMOUR > 0, state.mind["rumour"][b] == BELIEVES)
            assert np.array_equal(state.supporters[b], member @ supports)
            assert np.array_equal(state.adopters[b], member @ adopts)
            for stage in (UNAWARE, AWARE, WILLING, ADOPTED, MAINTAINED, LAPSED):
                recount = np.bincount(households.cell[state.stage[b] == stage], minlength=places.cells)
                assert np.array_equal(state.stage_count[b, :, stage], recount)
        assert np.array_equal(state.in_need, member @ ((state.shown & SUPPORTS) == 0).any(axis=0))
        assert np.array_equal(state.voices, member @ ((state.shown & VOICES) > 0).any(axis=0))
        assert np.array_equal(run.record.stage[week], state.stage_count)
        assert run.record.stage[week].sum(axis=(1, 2)).tolist() == [n, n]
        persuaded = state.persuasion.sum(axis=2) * state.fade[:, None]
        remembered = state.norm_memory * state.norm_fade
        for share in (persuaded, remembered, state.endorsement, state.ownership, state.response):
            assert np.all((share >= 0) & (share <= 1 + 1e-12))
