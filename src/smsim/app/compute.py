"""Answers for the workshop: a few plans and no campaign over the same worlds, fast enough to follow a slider.

The worlds, seeds and outcomes are those of `smsim.compare` for the same scenario, seed and number of worlds; a test
holds the two together. What makes it fast is that nothing is done twice: grounds are kept by what shapes them, burn-ins
and runs without a campaign by all that acts without one, and every other run by its plan and prices too.
"""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, takewhile
from typing import Any, NamedTuple, TypeVar

import numpy as np

from smsim.app.layout import village
from smsim.costs import SETUP, SUPERVISION, Ledger, find_strategy
from smsim.economics import Ratio, ratio_of_means
from smsim.engine.arrays import ACTIVITIES, ADOPTED, MAINTAINED, SOURCES, Array, Record, State
from smsim.engine.run import copy_state
from smsim.errors import ScenarioError
from smsim.outcomes import ALL, COUNTED_BY_CASE, GROUPS, WINDOW, Weeks, by_group, kinds_of, share, weekly_coverage
from smsim.paired import Difference, paired_difference
from smsim.runner import default_threads, replicate_seed
from smsim.scenario import Scenario
from smsim.simulate import NO_CAMPAIGN, prepare, prepare_all
from smsim.world import World, build_ground, dress
from smsim.world.build import SHAPING

Kept = TypeVar("Kept")
ITEMS = (*ACTIVITIES, *SETUP, SUPERVISION)
BAND = (0.05, 0.95)  # of the worlds, as in the report
WORLDS, FEW = 20, 4  # worlds of an answer, and of a first picture at least
PATIENCE = 0.45  # seconds before a first picture is made of the worlds that are there
NEARLY_ALL = 0.8  # of the worlds: once so many are there, the whole answer is waited for, which a picture would delay
# Of what plans are made of, what acts without one: it shapes a world, its state or its record.
WITHOUT_PLAN = {"campaign": ("weeks", "treated_share", "invitation"), "activities": ("norm_memory_decay",)}
KEPT_HOUSEHOLDS = 600_000  # worlds with their burn-in, all together: about 300 MB
KEPT_RUNS = 4_000
KEPT_LAYOUTS = 16


class Cancelled(Exception):  # nobody's mistake
    """A newer question has come; the answer to this one is not wanted any more."""


class Wish:
    """That somebody waits for an answer, until they drop it: then all is told at once, whatever queue it stands in."""

    def __init__(self) -> None:
        self.dropped = False
        self._worlds: Sequence[Future[Any]] = ()

    def drop(self) -> None:
        """What runs stops after the run in hand, what waits for its turn never begins."""
        self.dropped = True
        self._call_off()

    def begin(self, worlds: Sequence[Future[Any]]) -> None:
        """These will make the answer."""
        self._worlds = worlds
        if self.dropped:  # by somebody who did not see them yet
            self._call_off()

    def _call_off(self) -> None:
        for world in self._worlds:
            world.cancel()


class Reduced(NamedTuple):
    """What the workshop keeps of one run."""

    coverage: Array  # float64 (T, B)
    end: Array  # float64 (B, 14): coverage in the last week of the campaign, by `GROUPS`
    follow_up: Array  # float64 (B, 14): in the last week of the run
    adopters: Array  # int64 (B,): as the outcome of that name
    convinced: Array  # int64 (B, 8): adoptions during the campaign, by `SOURCES`
    sought: Array  # int64 (B, 2): sought the service during the campaign, and of these turned away
    spent: Array  # float64 (13,): US$ by `ITEMS`
    unspent: float  # US$


class Started(NamedTuple):
    """A world after its burn-in, in which no plan has acted yet; never changed."""

    world: World
    state: State
    record: Record


class Keep:
    """A memory of the last things made, by key; safe for threads. Two that ask at once may both make it."""

    def __init__(self, size: int) -> None:
        self.size = size  # in units of `weight`
        self._things: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()

    def find(self, key: Hashable) -> Any:
        """What is kept under the key; None if nothing is."""
        with self._lock:
            if key not in self._things:
                return None
            self._things.move_to_end(key)
            return self._things[key][0]

    def get(self, key: Hashable, make: Callable[[], Kept], weight: int = 1) -> Kept:
        """What is kept under the key; made, and kept while there is room, if there is nothing."""
        found: Kept | None = self.find(key)
        if found is not None:
            return found
        return self.put(key, make(), weight)

    def put(self, key: Hashable, made: Kept, weight: int = 1) -> Kept:
        """Keep a thing under the key while there is room; returns it."""
        if weight <= self.size:
            with self._lock:
                self._weight += weight - self._things.pop(key, (None, 0))[1]
                self._things[key] = (made, weight)
                while self._weight > self.size:
                    self._weight -= self._things.popitem(last=False)[1][1]
        return made


@dataclass(frozen=True)
class Answer:
    """Plans and no campaign over the same R worlds. Arrays are indexed by `names` first, "none" being the first."""

    scenario: Scenario
    names: tuple[str, ...]
    seed: int
    coverage: Array  # float64 (S, R, T, B)
    end: Array  # float64 (S, R, B, 14)
    follow_up: Array  # float64 (S, R, B, 14)
    adopters: Array  # int64 (S, R, B)
    convinced: Array  # int64 (S, R, B, 8)
    sought: Array  # int64 (S, R, B, 2)
    spent: Array  # float64 (S, R, 13)
    unspent: Array  # float64 (S, R)

    @property
    def worlds(self) -> int:
        """Number of worlds, R."""
        return int(self.coverage.shape[1])

    @cached_property
    def weeks(self) -> Weeks:
        """The weeks of the runs."""
        return Weeks.of(self.scenario)

    @property
    def campaign_weeks(self) -> Array:
        """The week of each entry of a curve, counted from the campaign's first: int64 (T,)."""
        return np.arange(self.coverage.shape[2]) - self.weeks.first

    def curve(self, name: str, behaviour: int = 0) -> Array:
        """Coverage by week: mean and the band that holds 90% of the worlds, float64 (3, T)."""
        worlds = self.coverage[self.names.index(name), :, :, behaviour]
        return np.stack([worlds.mean(axis=0), *np.quantile(worlds, BAND, axis=0)])

    def group(self, name: str, group: str = ALL, behaviour: int = 0, later: bool = False) -> tuple[float, float, float]:
        """Coverage of a group at the campaign's end, or at the end of the run: mean, and the band of 90% of worlds."""
        table = self.follow_up if later else self.end
        worlds = table[self.names.index(name), :, behaviour, GROUPS.index(group)]
        worlds = worlds[np.isfinite(worlds)]
        if not len(worlds):
            return (float("nan"),) * 3
        low, high = np.quantile(worlds, BAND)
        return float(worlds.mean()), float(low), float(high)

    def difference(self, a: str, b: str, behaviour: int = 0, later: bool = False) -> Difference:
        """Coverage under a less that under b, in the same worlds."""
        table = self.follow_up if later else self.end
        one, other = (table[self.names.index(name), :, behaviour, GROUPS.index(ALL)] for name in (a, b))
        return paired_difference(one, other, better=1)

    def additional(self, name: str, behaviour: int = 0) -> Array:
        """Adopters (of events and rounds: services) more than with no campaign in the same world, (R,)."""
        more: Array = self.adopters[self.names.index(name), :, behaviour] - self.adopters[0, :, behaviour]
        return more

    def cost(self, name: str, behaviour: int = 0) -> Ratio:
        """US$ per additional adopter, with its 95% interval; missing where these cannot be told from none."""
        spent = self.spent[self.names.index(name)].sum(axis=-1)
        return ratio_of_means(spent, self.additional(name, behaviour).astype(float))

    def money(self, name: str) -> dict[str, float]:
        """US$ spent by item, mean over worlds; the last is "unspent"."""
        s = self.names.index(name)
        return dict(zip(ITEMS, self.spent[s].mean(axis=0).tolist(), strict=True)) | {
            "unspent": float(self.unspent[s].mean())
        }

    def sources(self, name: str, behaviour: int = 0) -> dict[str, float]:
        """What moved those who adopted during the campaign: share by source; empty if nobody did."""
        counts = self.convinced[self.names.index(name), :, behaviour].sum(axis=0)
        return dict(zip(SOURCES, (counts / counts.sum()).tolist(), strict=True)) if counts.sum() else {}

    def turned_away(self, name: str, behaviour: int = 0) -> float:
        """Of those who sought the service during the campaign, the share turned away; missing if nobody did."""
        sought, away = self.sought[self.names.index(name), :, behaviour].sum(axis=0)
        return float(away / sought) if sought else float("nan")


class Bench:
    """Where answers are made: threads, and what they keep. Shared by all visitors; it holds nothing of theirs."""

    def __init__(self, threads: int | None = None) -> None:
        self.threads = threads or default_threads()
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="smsim-answer")
        self._grounds = Keep(KEPT_HOUSEHOLDS)
        self._started = Keep(KEPT_HOUSEHOLDS)
        self._runs = Keep(KEPT_RUNS)
        self._layouts = Keep(KEPT_LAYOUTS)

    def answer(
        self,
        scenario: Scenario,
        names: Sequence[str],
        worlds: int = WORLDS,
        seed: int | None = None,
        wish: Wish | None = None,
        early: Callable[[Answer], None] | None = None,
    ) -> Answer:
        """Run the plans, and no campaign, over the same worlds.

        Parameters
        ----------
        names : strategies of the scenario, without "none"
        wish : by which the answer may be dropped before it is there
        early : where less than `NEARLY_ALL` is there after `PATIENCE`, told the answer of the worlds that are there,
            the first `FEW` at least

        Raises
        ------
        ScenarioError : a strategy is unknown, or the set-up costs more than the budget
        Cancelled : the wish was dropped
        """
        if not worlds >= 2:
            raise ScenarioError(f"worlds must be 2 or more, for a band needs two; got {worlds}")
        first = int(scenario.run["seed"]) if seed is None else seed
        keys = _keys(scenario, names)
        wish = wish or Wish()

        def work(replicate: int) -> list[Reduced]:
            own = replicate_seed(first, replicate)
            found = {name: self._runs.find((own, key)) for name, key in keys.items()}
            for name, run in self._run(scenario, [name for name in keys if found[name] is None], own, wish):
                found[name] = self._runs.put((own, keys[name]), run)
            return list(found.values())

        until = time.monotonic() + PATIENCE
        futures = [self._pool.submit(work, replicate) for replicate in range(worlds)]
        wish.begin(futures)
        try:
            if early is not None and not _nearly_there(futures, until):
                there = [future.result() for future in chain(futures[:FEW], takewhile(Future.done, futures[FEW:]))]
                if len(there) < worlds:
                    early(_stacked(scenario, keys, first, there))
            return _stacked(scenario, keys, first, [future.result() for future in futures])
        except CancelledError:
            raise Cancelled from None
        finally:
            for future in futures:
                future.cancel()

    def at_hand(self, scenario: Scenario, names: Sequence[str], worlds: int = WORLDS) -> Answer | None:
        """The answer if every run of it is kept; None otherwise."""
        first, keys = int(scenario.run["seed"]), _keys(scenario, names)
        parts = []
        for replicate in range(worlds):
            row = [self._runs.find((replicate_seed(first, replicate), key)) for key in keys.values()]
            if any(one is None for one in row):
                return None
            parts.append(row)
        return _stacked(scenario, keys, first, parts)

    def started(self, scenario: Scenario, seed: int) -> Started:
        """The world of a seed after its burn-in."""
        households = int(scenario.world["households"])
        return self._started.get((place_key(scenario), seed), lambda: self._burn_in(scenario, seed), households)

    def layout(self, start: Started, community: int, ties: Array, households: int) -> Array:
        """Where the households of a community are drawn, float64 (n, 2); kept, for it takes a while."""
        key = (id(start.world.households.neighbor), start.world.seed, community, households)
        return self._layouts.get(key, lambda: (village(households, ties), start))[0]

    def _burn_in(self, scenario: Scenario, seed: int) -> Started:
        shape = tuple(scenario.world[name] for name in SHAPING)
        households = int(scenario.world["households"])
        ground = self._grounds.get((shape, seed), lambda: build_ground(scenario.world, seed), households)
        world = dress(scenario, ground)
        prepared = prepare(scenario, NO_CAMPAIGN, seed, world)
        state, record = prepared.begin()
        prepared.advance(state, record, 0, int(scenario.run["burn_in_weeks"]))
        return Started(world, state, record)

    def _run(self, scenario: Scenario, names: list[str], seed: int, wish: Wish) -> Iterator[tuple[str, Reduced]]:
        """Run plans in the world of a seed, one after the other, until the wish is dropped."""
        if not names:
            return
        start, burn_in = self.started(scenario, seed), int(scenario.run["burn_in_weeks"])
        for prepared in prepare_all(scenario, names, seed, start.world):
            if wish.dropped:
                raise Cancelled
            state, record = copy_state(start.state), prepared.empty_record()
            for array, burnt_in in zip(record, start.record, strict=True):
                array[:burn_in] = burnt_in[:burn_in]
            prepared.advance(state, record, burn_in, prepared.weeks)
            yield prepared.strategy, reduce(scenario, prepared.ledger, record)

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _keys(scenario: Scenario, names: Sequence[str]) -> dict[str, Hashable]:
    """Each plan's key among the kept runs of a seed, no campaign's first.

    Raises
    ------
    ScenarioError : a strategy is unknown
    """
    every = (NO_CAMPAIGN, *dict.fromkeys(name for name in names if name != NO_CAMPAIGN))
    place = place_key(scenario)
    return {name: (place, plan_key(scenario, name)) for name in every}


def _nearly_there(futures: Sequence[Future[Any]], until: float) -> bool:
    """Wait for all, but no longer than that, on the clock of `time.monotonic`; whether all or nearly all are there."""
    try:
        for future in futures:
            future.result(until - time.monotonic())
    except TimeoutError:
        return sum(map(Future.done, futures)) >= NEARLY_ALL * len(futures)
    return True


def _stacked(scenario: Scenario, names: Iterable[str], seed: int, worlds: Sequence[Sequence[Reduced]]) -> Answer:
    """The answer that runs make up: one row per world, one run in it per plan."""
    plans = list(zip(*worlds, strict=True))
    arrays = {field: np.array([[getattr(one, field) for one in plan] for plan in plans]) for field in Reduced._fields}
    return Answer(scenario, tuple(names), seed, **arrays)


def place_key(scenario: Scenario) -> str:
    """All that acts in a run without a campaign: the same key and seed, the same burn-in and the same run of none."""
    run = {name: value for name, value in scenario.run.items() if name not in ("replicates", "seed", "target_coverage")}
    acts = [[getattr(scenario, section)[name] for name in names] for section, names in WITHOUT_PLAN.items()]
    behaviours = [[name, dict(values)] for name, values in scenario.behaviours.items()]
    return json.dumps([dict(scenario.world), acts, run, behaviours], sort_keys=True)


def plan_key(scenario: Scenario, name: str) -> Hashable:
    """What tells one plan from another: its shares and their timing, the budget and the prices; not its name."""
    strategy = find_strategy(scenario, name)
    if strategy is None:
        return NO_CAMPAIGN
    components = tuple(
        (c.weight, tuple(sorted(c.shares.items())), tuple(sorted(c.timing.items())), c.leader_share)
        for c in strategy.components
    )
    return json.dumps([dict(scenario.campaign), dict(scenario.activities)], sort_keys=True), components


def reduce(scenario: Scenario, ledger: Ledger, record: Record) -> Reduced:
    """A run reduced to what the workshop shows; the same numbers as `smsim.outcomes.outcomes_of`, and fewer."""
    weeks, kinds = Weeks.of(scenario), kinds_of(scenario)
    covered, groups = [], []
    for week in (weeks.end, weeks.follow_up):
        stage = record.stage[week]
        done, of = by_group(stage[..., ADOPTED] + stage[..., MAINTAINED]), by_group(stage.sum(axis=-1))
        for b, kind in enumerate(kinds):
            if kind in COUNTED_BY_CASE:
                recent = slice(max(0, week + 1 - WINDOW), week + 1)
                done[b], of[b] = (by_group(n[recent, b].sum(axis=0)) for n in (record.served, record.eligible))
        covered.append(done)
        groups.append(share(done, of))
    adopters = covered[0][:, GROUPS.index(ALL)].copy()
    for b, kind in enumerate(kinds):
        if kind in COUNTED_BY_CASE:
            adopters[b] = record.served[weeks.first :, b].sum()
    campaign = slice(weeks.first, weeks.end + 1)
    lines = ledger.settle(record)
    return Reduced(
        coverage=weekly_coverage(Record(*(array[None] for array in record)), kinds)[0],
        end=groups[0],
        follow_up=groups[1],
        adopters=adopters,
        convinced=record.convinced_by[campaign].sum(axis=0, dtype=np.int64),
        sought=np.stack([record.sought[campaign].sum(axis=0), record.turned_away[campaign].sum(axis=0)], axis=-1),
        spent=np.array([line.spent for line in lines]),
        unspent=float(sum(line.unspent for line in lines)),
    )
