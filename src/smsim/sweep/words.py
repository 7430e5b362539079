"""What a sweep found, in plain sentences; every number is one of its tables'."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from smsim.saying import say_count
from smsim.simulate import NO_CAMPAIGN
from smsim.sweep.indices import MAIN
from smsim.sweep.problem import Factor, group_names
from smsim.sweep.quantities import Quantity, say_outcome
from smsim.sweep.trust import leading as leading_of

if TYPE_CHECKING:
    from smsim.sweep.study import Sweep

INDEX_SAID = {
    "ST": "total index",
    "mu_star": "mean absolute effect of moving it alone",
    "S1": "first-order index",
    "median": "PAWN index",
    "delta": "delta index",
}
HOLDS, SHAKY = 0.9, 0.7  # rank correlation between two halves of the worlds
MUCH_NOISE = 0.2


def summary_of(study: Sweep) -> list[str]:
    """The findings of a finished sweep, the decision first."""
    return [*run_sentences(study), *decision_sentences(study), *index_sentences(study)]


def run_sentences(study: Sweep) -> list[str]:
    """What was run, what failed, and what became of it."""
    state, width = study.store.status(), len(study.strategies)
    design = f"{study.store.points:,} design points ({study.design.method}, n = {study.design.n})"
    count = study.model.replicates
    worlds = f"{'1 world' if count == 1 else f'{count} paired worlds'}, {say_count(width, 'strategy', 'strategies')}"
    said = [f"{say_count(state.runs, 'run')}: {design} of {say_count(len(study.factors), 'factor')}, {worlds}."]
    said += [f"{note}." for note in study.store.spec.get("notes", [])]
    if state.failed:
        quality = study.quality()
        lost, dropped = (int(quality[c].max()) if len(quality) else 0 for c in ("lost", "dropped"))
        first = study.failures().iloc[0]
        said.append(
            f"{say_count(state.failed, 'run')} failed; failures.csv lists each with its seed. The first: point "
            f"{first['point']}, {first['strategy']}, world {first['replicate']} (seed {first['seed']}): "
            f"{first['message']}"
        )
        said.append(
            f"A design point with a failed run has no value: indices leave out up to {dropped:,} of "
            f"{study.store.points:,} points for {lost:,} without one (blocks of a design go whole), winners leave out "
            "the points themselves. Nothing was filled in."
        )
    return said


def decision_sentences(study: Sweep) -> list[str]:
    """Who wins, what flips it, what is lost, and where each strategy wins."""
    if len([s for s in study.strategies if s != NO_CAMPAIGN]) < 2:
        return []
    outcome = say_outcome(*study.decision)
    table = study.regret()
    if not len(table):
        return [f"No design point has {outcome} of every strategy: nothing can be said of winners."]
    labels = labels_of(study)
    best = table.sort_values("wins", ascending=False, kind="stable").iloc[0]
    least = table.iloc[0]
    unclear = 1 - float(table["clear_wins"].sum())
    first = f"By {outcome}, {best['strategy']} is best in {best['wins']:.0%} of the futures"
    if study.model.replicates == 1:
        said = [f"{first}; one world cannot say how clearly: use --replicates 2 or more."]
    else:
        clearly = f"clearly so in {best['clear_wins']:.0%}"
        said = [f"{first} ({clearly}); in {unclear:.0%} the worlds separate no winner."]
    said.append(
        f"{least['strategy']} is the least regret: choosing it everywhere loses {_points(study, least['regret_mean'])} "
        f"on average against the best of each future, and at most {_points(study, least['regret_most'])}."
    )
    flipped = study.flips()
    if len(flipped):
        rows = flipped.head(3)
        listed = ", ".join(
            f"{labels[r.factor]} ({r.share:.0%} of {r.pairs} moves, {r.clear_share:.0%} between clear winners)"
            for r in rows.itertuples()
        )
        said.append(f"Moving one factor alone changes the winner most often for {listed}.")
    worth = study.worth_of_knowing()
    if len(worth) and worth["of_perfect"].iloc[0] >= 0.01:
        first = worth.iloc[0]
        said.append(
            f"Knowing {labels[first['factor']]} before choosing would be worth most: "
            f"{_points(study, first['worth'])}, {first['of_perfect']:.0%} of what knowing everything would add."
        )
    elif len(worth):
        said.append("Knowing any one factor before choosing would add next to nothing.")
    boxes = study.boxes()
    said += [words[:1].upper() + words[1:] for _, _, words in boxes]
    if not boxes:
        said.append("No box of a few factors says where one strategy wins (PRIM).")
    return said


def index_sentences(study: Sweep) -> list[str]:
    """What moves each strategy's gain, whether N was enough, what luck does, and whether other worlds agree."""
    method = study.design.method
    if method not in MAIN:
        return []
    quality = study.quality()
    labels = labels_of(study)
    said = []
    for row in quality.itertuples():
        quantity = Quantity(row.strategy, row.versus, row.behaviour, row.outcome)
        if quantity not in leading(study):
            continue
        name = f"{quantity.strategy}, {say_outcome(quantity.behaviour, quantity.outcome)} beyond no campaign"
        if row.verdict.startswith("no indices"):
            said.append(f"{name}: {row.verdict}.")
            continue
        found = study.indices()
        own = found[(found["index"] == MAIN[method]) & (found["factor2"] == "")]
        for column in Quantity._fields:
            own = own[own[column] == getattr(row, column)]
        every = found.merge(own[list(Quantity._fields)].drop_duplicates())
        moved = f"{name}, by the {INDEX_SAID[MAIN[method]]}: {_moved_by(own, labels)}"
        verdict = row.verdict[:1].upper() + row.verdict[1:]
        said.append(f"{moved}.{_impossible(every)} {verdict}.{_luck(study, row)}")
    return said


def _moved_by(own: pd.DataFrame, labels: dict[str, str]) -> str:
    """The three factors with the largest indices, of those that can be told from nothing."""
    ranked = own.sort_values("value", ascending=False, kind="stable")
    sure = ranked[~(ranked["lower"] <= 0)]  # without an interval nobody can say
    listed = [f"{labels[r.factor]} ({_with_interval(r)})" for r in (sure if len(sure) else ranked)[:3].itertuples()]
    if not len(sure):
        return f"no factor can be told from nothing, not even {listed[0]}"
    others = "; no other can be told from nothing" if len(sure) <= 3 and len(sure) < len(ranked) else ""
    return f"most moved by {', '.join(listed)}{others}"


def _impossible(every: pd.DataFrame) -> str:
    """A word on estimates of shares of variance that no share can have."""
    shares = every[every["index"].isin(["S1", "ST"])]["value"]
    return " Indices below 0 or above 1 are error of estimation." if ((shares < 0) | (shares > 1)).any() else ""


def leading(study: Sweep) -> list[Quantity]:
    """The quantities that summaries and pictures show first: what each strategy adds, by the outcome decided on."""
    behaviour, outcome = study.decision
    against = NO_CAMPAIGN if NO_CAMPAIGN in study.strategies else ""
    return [Quantity(s, against, behaviour, outcome) for s in study.strategies if s != NO_CAMPAIGN]


def labels_of(study: Sweep) -> dict[str, str]:
    """What factors and groups are called."""
    return {f.group: f.group for f in study.factors} | {f.path: f.label for f in study.factors}


def factor_at(study: Sweep, path: str) -> Factor:
    """The factor with this path."""
    return next(f for f in study.factors if f.path == path)


def _luck(study: Sweep, row: object) -> str:
    worlds = study.model.replicates
    share, correlation = getattr(row, "noise_share"), getattr(row, "halves_correlation")  # noqa: B009
    if np.isnan(share):
        return " One world cannot say what luck does: use --replicates 2 or more."
    said = f" The luck of single runs is {share:.0%} of the variance between points, over {worlds} worlds"
    said += "; more worlds would sharpen the indices." if share > MUCH_NOISE else "."
    if np.isnan(correlation):
        return said
    same = int(getattr(row, "halves_same_leaders"))  # noqa: B009
    most = leading_of(len(group_names(study.factors, study.design.groups)))
    sides = "one half of the worlds against the other" if worlds > 3 else "one world against another"
    holds = "holds" if correlation >= HOLDS else "holds roughly" if correlation >= SHAKY else "does not hold"
    leaders = f"{same} of the {most} leading factors the same"
    if most == 1:
        leaders = "the same factor leads" if same else "another factor leads"
    return f"{said} In other worlds the ranking {holds}: {sides}, rank correlation {correlation:.2f}, {leaders}."


def _with_interval(row: object) -> str:
    value, upper = getattr(row, "value"), getattr(row, "upper")  # noqa: B009
    return f"{value:.2g}" if pd.isna(upper) else f"{value:.2g} ± {upper - value:.2g}"


def _points(study: Sweep, value: float) -> str:
    from smsim.outcomes import OUTCOMES

    outcome = study.decision[1]
    if outcome in OUTCOMES and OUTCOMES[outcome].unit == "share":
        return f"{100 * value:.1f} percentage points"
    return f"{value:.3g} {OUTCOMES[outcome].unit}" if outcome in OUTCOMES else f"{value:.3g}"
