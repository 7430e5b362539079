"""One run: scenario, strategy and seed in, `Run` out. The only caller of the engine besides the Mesa face."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from numbers import Integral
from operator import itemgetter
from typing import Any

import numpy as np

from smsim import ahead
from smsim.costs import Groundwork, Ledger
from smsim.engine.arrays import BEHAVIOUR, CONTEXT, KINDS, PLACES, Array, Facts, Plan, Record, State
from smsim.engine.contagion import HEAVIEST, is_contagion, spread
from smsim.engine.run import advance, copy_state, last_kernels, new_record, start
from smsim.errors import ScenarioError
from smsim.results import Run
from smsim.scenario import Scenario
from smsim.world import World, build_world

NO_CAMPAIGN = "none"

_of_behaviour, _of_context = (itemgetter(*(of.names or ())) for of in (BEHAVIOUR, CONTEXT))


@dataclass(frozen=True)
class Prepared:
    """What the engine needs for one run: a world, a plan, and the numbers of the model."""

    scenario: Scenario
    strategy: str
    seed: int
    world: World
    plan: Plan
    ledger: Ledger
    behaviours: Array  # recarray (B,) of `BEHAVIOUR`
    context: Array  # recarray (1,) of `CONTEXT`

    @property
    def weeks(self) -> int:
        """Weeks of the whole run: burn-in, campaign and follow-up."""
        return total_weeks(self.scenario)

    def begin(self) -> tuple[State, Record]:
        """State before the first week, and an empty record."""
        world = self.world
        state = start(world.households, world.places, self.behaviours, self.context, self.seed)
        return state, self.empty_record()

    def advance(self, state: State, record: Record, first_week: int, stop_week: int) -> None:
        """Advance state and record, in place, from first_week up to stop_week."""
        world = self.world
        ahead.wait()
        advance(
            state,
            record,
            world.households,
            world.places,
            self.plan,
            self.behaviours,
            self.context,
            self.seed,
            first_week,
            stop_week,
        )

    @property
    def is_contagion(self) -> bool:
        """Whether the run is a contagion and nothing else, which has a kernel of its own."""
        return is_contagion(self.plan, self.behaviours, self.context, self.world.facts)

    def spread(self, record: Record, facts: Facts | None = None) -> Run:
        """The whole run of a contagion, into a record of zeros; its state is worked out if somebody asks for it.

        facts : the world's own if None
        """
        world = self.world
        spread(record, world.households, world.places, self.behaviours, self.seed, facts or world.facts)
        return self.finish(self.last_state, record)

    def last_state(self) -> State:
        """State after the last week."""
        state, record = self.begin()
        self.advance(state, record, 0, self.weeks)
        return state

    def finish(self, state: State | Callable[[], State], record: Record) -> Run:
        """The run that state and record make up."""
        return Run(self.scenario, self.strategy, self.seed, self.world, self.ledger, record, state)

    def empty_record(self, runs: tuple[int, ...] = ()) -> Record:
        """A record of zeros for the whole run, or for several: see `new_record`."""
        places = self.world.places
        districts = len(places.district_households)
        return new_record(self.weeks, len(self.behaviours), places.cells, len(places.treated), districts, runs)


def simulate(scenario: Scenario, strategy: str = "hybrid", seed: int | None = None, world: World | None = None) -> Run:
    """Simulate one strategy in one world.

    Parameters
    ----------
    strategy : a strategy of the scenario, or "none" for no campaign
    seed : seed of the run, and of the world unless one is given; the scenario's own if None

    Raises
    ------
    ScenarioError : the strategy is unknown, its set-up exceeds the budget, or the seed is not in [0, 2**63)
    """
    prepared = prepare(scenario, strategy, seed, world)
    if prepared.is_contagion:
        return prepared.spread(prepared.empty_record())
    state, record = prepared.begin()
    prepared.advance(state, record, 0, prepared.weeks)
    return prepared.finish(state, record)


def simulate_all(
    scenario: Scenario, strategies: Iterable[str], seed: int | None = None, world: World | None = None
) -> dict[str, Run]:
    """Simulate several strategies in the same world with the same draws; the burn-in, which they share, once.

    Every run is the one that `simulate` gives, to the bit.
    """
    names = list(dict.fromkeys(strategies))
    return simulate_together(scenario, names, seed, world)[0] if names else {}


def simulate_together(
    scenario: Scenario, strategies: Iterable[str], seed: int | None = None, world: World | None = None
) -> tuple[dict[str, Run], Record]:
    """What `simulate_all` gives of one strategy or more, and their records as one: arrays with the run in front.

    Raises
    ------
    ScenarioError : no strategy is named, or as `simulate` says
    """
    names = dict.fromkeys(strategies)
    if not names:
        raise ScenarioError(f"name at least one strategy; this scenario has {', '.join(scenario.strategies)} and none")
    prepared = prepare_all(scenario, names, seed, world)
    records = prepared[0].empty_record((len(prepared),))
    own = [Record(*(array[k] for array in records)) for k in range(len(prepared))]
    runs = {}
    step_by_step = []
    for one, record in zip(prepared, own, strict=True):
        if one.is_contagion:
            runs[one.strategy] = one.spread(record)
        else:
            step_by_step.append((one, record))
    if step_by_step:
        burn_in, shared = scenario.run["burn_in_weeks"], step_by_step[0][1]
        state = prepared[0].begin()[0]
        prepared[0].advance(state, shared, 0, burn_in)
        for one, record in step_by_step:
            branch = state if one is step_by_step[-1][0] else copy_state(state)
            if record is not shared:
                for array, burnt in zip(record, shared, strict=True):
                    array[:burn_in] = burnt[:burn_in]
            one.advance(branch, record, burn_in, one.weeks)
            runs[one.strategy] = one.finish(branch, record)
    return {one.strategy: runs[one.strategy] for one in prepared}, records


def prepare(scenario: Scenario, strategy: str, seed: int | None = None, world: World | None = None) -> Prepared:
    """Everything the engine needs, checked: see `simulate` for the arguments."""
    return prepare_all(scenario, [strategy], seed, world)[0]


def prepare_all(scenario: Scenario, strategies: Iterable[str], seed: int | None, world: World | None) -> list[Prepared]:
    """`prepare` of several strategies, which share what does not depend on the strategy."""
    if seed is None:
        seed = int(scenario.run["seed"])
    if not (isinstance(seed, Integral) and 0 <= seed < 2**63):
        raise ScenarioError(f"seed must be a whole number in [0, 2**63); got {seed!r}")
    seed = int(seed)
    if world is None:
        world = _world(scenario, seed)
    behaviours, context = pack_behaviours(scenario), pack_context(scenario)
    ahead.help_out(lambda: _last_kernels(world, behaviours, context))
    groundwork = Groundwork(scenario, world, seed)
    return [Prepared(scenario, name, seed, world, *groundwork.plan(name), behaviours, context) for name in strategies]


def _last_kernels(world: World, behaviours: Array, context: Array) -> list[tuple[Any, tuple[Any, ...]]]:
    """`last_kernels`, but none for what without a campaign would be a contagion: it may not need them."""
    row, table = np.zeros(0), np.zeros((0, 0))
    idle = Plan(0, table, row, row, table, table, table, table, table, row)
    if is_contagion(idle, behaviours, context, world.facts):
        return []
    return last_kernels(world.households, world.places, idle, behaviours, context)


def total_weeks(scenario: Scenario) -> int:
    """Burn-in, campaign and follow-up, in weeks."""
    return int(scenario.run["burn_in_weeks"] + scenario.campaign["weeks"] + scenario.run["follow_up_weeks"])


def pack_behaviours(scenario: Scenario) -> Array:
    """The numbers of each behaviour as the engine reads them, recarray (B,)."""
    names = list(scenario.behaviours)
    rows = []
    for values in scenario.behaviours.values():
        link = values["link"]
        numbers = {
            **values,
            "kind": KINDS.index(values["kind"]),
            "place": PLACES.index(values["place"]),
            "link": -1 if link is None else names.index(link),
        }
        rows.append(_of_behaviour(numbers))
    return np.array(rows, BEHAVIOUR).view(np.recarray)


def pack_context(scenario: Scenario) -> Array:
    """The numbers that all behaviours share, recarray (1,)."""
    values = {**scenario.world, **scenario.activities, **scenario.campaign}
    # Share of planned contacts that partners deliver: .5 + .5 of their capacity.
    values["fidelity"] = 0.5 + 0.5 * values["partner_capacity"]
    # Hazard per unit of coverage gap: kappa_diss x documentation dollars per community.
    values["dissemination"] = values["dissemination"] * values["documentation_cost"]
    # A list with errors on both sides is in part a good list and in part none (Youden's index; exact where half are in
    # need, too kind where few are).
    values["needs_quality"] = values["needs_quality"] * (1 - 2 * values["needs_error"])
    # Material that shows nothing people know persuades less.
    values["material_quality"] = values["material_quality"] * (
        1 - values["unreal_penalty"] * (1 - values["material_realism"])
    )
    return np.array([_of_context(values)], CONTEXT).view(np.recarray)


def _world(scenario: Scenario, seed: int | None) -> World:
    return build_world(scenario, int(scenario.run["seed"]) if seed is None else seed)


def warm_up() -> None:
    """Compile everything that a run needs, or find it compiled: two small runs. What is compiled is kept on disk.

    Every run has the same types, so that one with a campaign stands for all; where only neighbours act it counts in one
    byte or in two, by what ties weigh at most.
    """
    small = _small()
    silent = {"taboo": 0, "rumour_passing": 0, "rumour_arrival": 0, "rumour_initial": 0}
    quiet = {"kind": "permanent", "place": "home", "service_capacity": 1, **silent}
    alone = prepare(small.replace(world={"turnover": 0}, behaviours={"behaviour": quiet}), NO_CAMPAIGN, 1)
    for heaviest in (1, HEAVIEST):
        alone.spread(alone.empty_record(), alone.world.facts._replace(heaviest=heaviest))
    simulate(small, "hybrid", 1)


def compile_weeks() -> None:
    """Compile the kernel of a run's weeks, and nothing else: what the child of `ahead` does.

    It takes no compiler to make a small world and a state of the types that all have.
    """
    with ahead.uncompiled():
        prepared = prepare(_small(), "hybrid", 1)
        state, record = prepared.begin()
    prepared.advance(state, record, 0, 0)


def _small() -> Scenario:
    return Scenario.from_mapping(
        {
            "world": {"households": 60, "households_per_community": 20},
            "behaviours": {"behaviour": {"kind": "repeated"}},
            "campaign": {"weeks": 8, "budget_per_household": 200},
            "run": {"burn_in_weeks": 2, "follow_up_weeks": 2},
        },
        name="warm-up",
    )
