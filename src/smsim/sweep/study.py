"""A sweep from the outside: `sweep` runs one, `Sweep` holds what came out of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from smsim.cluster import PROCESSES, Cluster, open_cluster
from smsim.engine.arrays import Array
from smsim.errors import ScenarioError
from smsim.folder import package_version
from smsim.outcomes import Weeks
from smsim.runner import replicate_seed
from smsim.saying import say_count
from smsim.scenario import Scenario
from smsim.simulate import NO_CAMPAIGN
from smsim.sweep import trust
from smsim.sweep.analyse import analyse
from smsim.sweep.decisions import (
    Winners,
    decision_of,
    find_winners,
    flips,
    independent_points,
    phase_of,
    regret,
    worth_of_knowing,
)
from smsim.sweep.design import Design
from smsim.sweep.execute import code_digest, complete, points_per_chunk
from smsim.sweep.indices import MAIN, Refusal, estimate, usable_rows
from smsim.sweep.point import Campaigns, Model
from smsim.sweep.prim import Box, find_boxes, sentence
from smsim.sweep.problem import Factor, make_factors, to_plain, values_at, with_groups
from smsim.sweep.quantities import Quantity, quantities, read_cube, read_weekly, say_outcome
from smsim.sweep.store import SPEC, Store

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RUNS = "runs"  # the store, below the folder of a sweep
WEEK_STEP = 4  # weeks between two indices over time


def sweep(
    scenario: Scenario,
    method: str = "sobol",
    n: int = 64,
    replicates: int = 4,
    seed: int = 1,
    factors: Iterable[str | Factor] = (),
    strategies: Sequence[str] | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    second_order: bool = True,
    decide: str | None = None,
    phase: Sequence[str] | None = None,
    out: str | os.PathLike[str] | None = None,
    threads: int | None = None,
    cluster: str | None = None,
    shard: tuple[int, int] | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> Sweep:
    """Run a scenario over a design of its uncertain parameters, every strategy in the same worlds at every point.

    Parameters
    ----------
    method : sobol, morris, fast, rbd_fast, pawn, delta (SALib's); latin or grid for a design without indices
    n : base points (sobol: a power of two), trajectories (morris), points per factor (fast), values per factor (grid),
        else points
    replicates : paired worlds, the same at every design point
    seed : of design and worlds
    factors : what to sweep, see `smsim.sweep.problem.make_factors`; every parameter that the table sweeps if empty
    strategies : all of the scenario if None; no campaign is always run beside them
    groups : factors that move together, by name of the group (sobol, morris): paths or patterns
    decide, phase : outcome by which strategies are compared (coverage of the first behaviour at the end if None), and
        the two factors of the phase diagram (the most decisive if None): see `Sweep.decide_by`, `Sweep.show_phase`
    out : folder to keep the runs in, and to resume from; a temporary one if None
    threads, cluster, shard : where to run, never what: see `smsim.cluster.open_cluster`; shard (i, n) runs a part only.
        A script that asks for "processes" must be a file, and do so below ``if __name__ == "__main__":``

    Raises
    ------
    ScenarioError : a method, size, factor or strategy that cannot be used; `out` holds another sweep
    """
    names = list(scenario.strategies if strategies is None else dict.fromkeys(strategies))
    chosen = (NO_CAMPAIGN, *(name for name in names if name != NO_CAMPAIGN))
    swept, notes = make_factors(scenario, factors)
    if groups is not None:
        swept = with_groups(swept, groups)
    design = Design(method, n, _checked_seed(seed), second_order, groups is not None)
    design.check(swept)
    model = Campaigns(scenario, swept, chosen, replicates, seed)
    decision, shown = decision_of(model.columns(), decide), phase_of(swept, phase)
    folder, own = _folder(out)
    described = {"scenario": {"name": scenario.name, "given": scenario.to_mapping()}, "digest": scenario.digest}
    with ExitStack() as stack:
        found: str | Cluster | None = cluster
        # A wrong address leaves no folder behind.
        if cluster is not None and cluster != PROCESSES and not is_begun(folder):
            found = stack.enter_context(open_cluster(cluster, threads))
        store = begin(folder / RUNS, model, swept, design, described | {"notes": list(notes)})
        complete(store, model, threads, found, shard, progress)
    study = Sweep(store, model, swept, design, own)
    study.decision, study.phase = decision, shown
    return study


def is_begun(folder: str | os.PathLike[str]) -> bool:
    """Whether a folder holds a sweep."""
    return os.path.isfile(Path(folder) / RUNS / SPEC)  # noqa: PTH113  # Path.is_file fails for a name that is too long


def begin(
    root: Path, model: Model, factors: Sequence[Factor], design: Design, described: Mapping[str, Any] | None = None
) -> Store:
    """The store of a sweep, new or resumed: everything that determines its runs is written down first.

    Parameters
    ----------
    described : what is particular to the model
    """
    spec = {
        "smsim": package_version(),
        "code": code_digest(),
        "method": design.method,
        "n": design.n,
        "seed": str(design.seed),
        "second_order": design.second_order,
        "groups": design.groups,
        "replicates": model.replicates,
        "strategies": list(model.strategies),
        "columns": list(model.columns()),
        "series": list(model.series()),
        "factors": [to_plain(f) for f in factors],
        "points": design.points(factors),
        "chunk": points_per_chunk(model),
        **(described or {}),
    }
    return Store.begin(root, spec, design.sample(factors))


def load_sweep(folder: str | os.PathLike[str]) -> Sweep:
    """The sweep that a folder holds, finished or not.

    Raises
    ------
    ScenarioError : there is none, or it is no sweep of a scenario
    """
    store = Store.open(Path(folder) / RUNS)
    if "scenario" not in store.spec:
        raise ScenarioError(f"{folder}: holds a sweep of a function, not of a scenario")
    return Sweep(store, *_asked(store.spec))


def sweep_again(
    spec: Mapping[str, Any],
    out: Path,
    threads: int | None = None,
    cluster: str | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> Sweep:
    """Run what a specification asks, from nothing, into a folder.

    Raises
    ------
    ScenarioError : the folder holds another sweep, or this SALib makes another design of the same request
    """
    model, factors, design = _asked(spec)
    described = {key: spec[key] for key in ("scenario", "digest", "notes")}
    store = begin(out / RUNS, model, factors, design, described)
    store.refuse_unless(spec)
    complete(store, model, threads, cluster, None, progress)
    return Sweep(store, model, factors, design)


def _asked(spec: Mapping[str, Any]) -> tuple[Campaigns, tuple[Factor, ...], Design]:
    """Model, factors and design of a specification."""
    scenario = Scenario.from_mapping(spec["scenario"]["given"], spec["scenario"]["name"])
    factors = tuple(Factor(**entry) for entry in spec["factors"])
    design = Design(spec["method"], spec["n"], int(spec["seed"]), spec["second_order"], spec["groups"])
    model = Campaigns(scenario, factors, tuple(spec["strategies"]), spec["replicates"], int(spec["seed"]))
    return model, factors, design


class Sweep:
    """The runs of a sweep and what they say. Nothing but the outcome asked for is held in memory."""

    def __init__(
        self, store: Store, model: Model, factors: Sequence[Factor], design: Design, own: object = None
    ) -> None:
        self.store = store
        self.model = model
        self.factors = tuple(factors)
        self.design = design
        self.decision = decision_of(model.columns(), None)  # behaviour and outcome by which strategies are compared
        self.phase: tuple[str, str] | None = None  # factors of the phase diagram; the two most decisive if None
        self._own = own  # the temporary folder, as long as this lives
        self._analysed: dict[tuple[Quantity, ...], tuple[pd.DataFrame, ...]] = {}

    # ---- what was run

    @property
    def strategies(self) -> tuple[str, ...]:
        """Every strategy that was run, "none" first."""
        return self.model.strategies

    @property
    def finished(self) -> bool:
        """Whether every design point has been run."""
        return not self.store.missing()

    @property
    def scenario(self) -> Scenario | None:
        """The scenario that was swept; None for a function."""
        return getattr(self.model, "scenario", None)

    @cached_property
    def x(self) -> Array:
        """The design in the unit cube, float64 (points, factors)."""
        return self.store.design()

    def points(self) -> pd.DataFrame:
        """The design in the factors' own units: point, and a column per factor."""
        rows = [values_at(self.factors, point) for point in self.x]
        frame = pd.DataFrame(rows, columns=[f.path for f in self.factors])
        frame.insert(0, "point", np.arange(len(frame)))
        return frame

    def failures(self) -> pd.DataFrame:
        """Every run that failed: point, replicate, strategy, seed, stage, message."""
        columns = ["point", "replicate", "strategy", "seed", "stage", "message"]
        parts = [t.to_pandas().query("failed")[columns] for t in self.store.read([*columns, "failed"])]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)

    def cube(self, behaviour: str, outcome: str) -> Array:
        """One outcome of every run, float64 (points, replicates, strategies); NaN where it failed or is missing.

        Raises
        ------
        ScenarioError : not all runs are there, or no such outcome was kept
        """
        return self._cube(f"{behaviour}/{outcome}")

    # ---- indices

    def indices(
        self, outcomes: Sequence[str] | None = None, progress: Callable[[int, int], Any] | None = None
    ) -> pd.DataFrame:
        """Sensitivity indices, tidy: strategy, versus, behaviour, outcome, index, factor, factor2, value, lower, upper.

        `versus` is "" for an outcome as it is, "none" for what is beyond no campaign, a strategy for the difference
        between two. The interval is SALib's 95% bootstrap interval, missing where a method has none.
        """
        return self._analyse(outcomes, progress)[0]

    def quality(self, outcomes: Sequence[str] | None = None) -> pd.DataFrame:
        """How far each set of indices can be trusted: rows lost, replicate variance, repeat, verdict; a row each."""
        return self._analyse(outcomes, None)[1]

    def convergence(self, outcomes: Sequence[str] | None = None) -> pd.DataFrame:
        """The ranking index against N: strategy, versus, behaviour, outcome, n, factor, value, lower, upper."""
        return self._analyse(outcomes, None)[2]

    def repeat(self, outcomes: Sequence[str] | None = None) -> pd.DataFrame:
        """The ranking index from each half of the worlds: strategy ... outcome, factor, first, second."""
        return self._analyse(outcomes, None)[3]

    def indices_by_week(self) -> pd.DataFrame:
        """The ranking index of coverage over time: week, strategy, behaviour, factor, value.

        Week 0 is the first of the campaign. Weeks in which coverage is the same at every point are left out.
        """
        columns = ["week", "strategy", "behaviour", "factor", "value"]
        method = self.design.method
        step = WEEK_STEP * (4 if method == "delta" else 1)
        first = -Weeks.of(self.scenario).first if self.scenario else 0
        rows = []
        for column in self.model.series() if method in MAIN else ():
            weekly = read_weekly(self.store, column)
            behaviour = column.rsplit("/", 1)[0]
            for place in range(weekly.shape[-1]):
                week = place + first
                if week < 0 or (week + 1) % step:
                    continue
                for s, strategy in enumerate(self.strategies):
                    y = weekly[:, s, place].astype(float)
                    use = usable_rows(self.design, self.factors, y).rows
                    found = estimate(self.design, self.factors, self.x[use], y[use], resamples=2, pairs=False)
                    if not isinstance(found, Refusal):
                        rows += [(week, strategy, behaviour, e.factor, e.value) for e in trust.main_of(method, found)]
        return pd.DataFrame(rows, columns=columns)

    # ---- decisions

    def decide_by(self, text: str) -> None:
        """Compare strategies by another outcome: ``outcome``, or ``behaviour/outcome``; see `decision`.

        Raises
        ------
        ScenarioError : no such outcome was kept, or more of it is neither better nor worse
        """
        self.decision = decision_of(self.model.columns(), text)

    def show_phase(self, *paths: str) -> None:
        """Show the winner over these two factors in the phase diagram; see `phase`.

        Raises
        ------
        ScenarioError : not two, or not swept
        """
        self.phase = phase_of(self.factors, paths)

    def winners(self) -> Winners:
        """The best strategy at every design point: see `smsim.sweep.decisions.find_winners`."""
        return find_winners(self.cube(*self.decision), self.strategies, self.decision[1])

    def flips(self) -> pd.DataFrame:
        """How often moving one factor changes the winner: see `smsim.sweep.decisions.flips`."""
        return flips(self.design, self.factors, self.winners())

    def worth_of_knowing(self) -> pd.DataFrame:
        """What knowing a factor before choosing is worth: see `smsim.sweep.decisions.worth_of_knowing`."""
        chosen = independent_points(self.design, self.factors)
        return worth_of_knowing(self.factors, self.x, self.winners(), chosen, self.design.seed)

    def regret(self) -> pd.DataFrame:
        """What each strategy loses against the best of every future: see `smsim.sweep.decisions.regret`."""
        return regret(self.winners(), independent_points(self.design, self.factors))

    def boxes(self) -> list[tuple[str, Box, str]]:
        """Where each strategy wins: strategy, box of factors, and the box as a sentence."""
        winners = self.winners()
        behaviour, outcome = self.decision
        x, block = self.x[winners.points], winners.points // self.design.block(self.factors)
        own = np.isin(winners.points, independent_points(self.design, self.factors))
        found = []
        for s, strategy in enumerate(winners.strategies):
            for box in find_boxes(self.factors, x, winners.winner == s, block=block, own=own):
                words = sentence(box, self.factors, strategy, say_outcome(behaviour, outcome))
                found.append((strategy, box, words))
        return found

    def decisive(self) -> list[str]:
        """Paths of the factors (or groups) that decide the winner, the most decisive first; as swept if none does."""
        for told in (self.flips(), self.worth_of_knowing()):
            if len(told):
                return list(told["factor"])
        return [f.path for f in self.factors]

    # ---- telling

    def summary(self) -> list[str]:
        """What was found, in plain sentences."""
        from smsim.sweep.words import summary_of

        return summary_of(self)

    def plot(self) -> Figure:
        """The ranking of factors for the first campaign's gain over no campaign."""
        from smsim.plots.sensitivity import ranking_figure

        return ranking_figure(self)

    def write(self, folder: str | os.PathLike[str] | None = None, command: str | None = None) -> None:
        """Write tables, pictures and manifest beside the runs, or into another folder."""
        from smsim.sweep.write import write_sweep

        write_sweep(self, Path(folder) if folder is not None else self.store.root.parent, command)

    def __repr__(self) -> str:
        state = self.store.status()
        name = self.scenario.name if self.scenario else "a function"
        strategies = say_count(len(self.strategies), "strategy", "strategies")
        return (
            f"Sweep({name!r}: {self.design.method}, n = {self.design.n}, "
            f"{say_count(len(self.factors), 'factor')}, {self.store.points:,} design points x "
            f"{say_count(self.model.replicates, 'world')} x {strategies}; "
            f"{state.runs_done:,} of {state.runs:,} runs done, {state.failed:,} failed)"
        )

    # ---- inside

    def _cube(self, column: str) -> Array:
        if column not in self.model.columns():
            raise ScenarioError(f"no outcome {column!r}: {self._known()}")
        missing = self.store.missing()
        if missing:
            raise ScenarioError(
                f"{self.store.root.parent}: {len(missing)} of {self.store.chunks} chunks are still to be run"
            )
        return read_cube(self.store, column)

    def _known(self) -> str:
        return f"there are {', '.join(self.model.columns())}"

    def _analyse(
        self, outcomes: Sequence[str] | None, progress: Callable[[int, int], Any] | None
    ) -> tuple[pd.DataFrame, ...]:
        wanted = tuple(quantities(self.model.columns(), self.strategies, outcomes))
        if outcomes is None:  # what is decided on is always analysed
            behaviour, outcome = self.decision
            more = quantities([f"{behaviour}/{outcome}"], self.strategies, [outcome], levels_only=())
            wanted = tuple(dict.fromkeys([*wanted, *more]))
        if wanted not in self._analysed:
            self._analysed[wanted] = analyse(self, wanted, progress or (lambda done, total: None))
        return self._analysed[wanted]


def _checked_seed(seed: int) -> int:
    replicate_seed(seed, 0)  # refuses what is no seed
    return int(seed)


def _folder(out: str | os.PathLike[str] | None) -> tuple[Path, object]:
    import tempfile

    if out is not None:
        return Path(out), None
    own = tempfile.TemporaryDirectory(prefix="smsim-sweep-", ignore_cleanup_errors=True)
    return Path(own.name), own
