"""What a comparison found, in words: rankings that the worlds allow, targets met or missed, costs, who is left out."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from smsim.i18n import MISSING, Words
from smsim.labels import ENGLISH, strategy_name
from smsim.outcomes import ALL, COUNTED_BY_CASE, GAPS, OUTCOMES
from smsim.strategy import NONE

if TYPE_CHECKING:
    from smsim.compare import Comparison
    from smsim.paired import Difference

MANY_WORLDS = 100_000  # beyond this nobody runs them: the difference does not matter
CENT = 0.01
MOST_DIGITS = 6
WORTH_A_WORD = 0.01  # shares below one per cent are left out of the sentences
LOW, HIGH = 0.05, 0.95  # 90% of the worlds lie between


class Ranking(NamedTuple):
    """Strategies by the mean of one outcome, best first, and those that cannot be told from the first."""

    order: tuple[str, ...]
    leaders: tuple[str, ...]  # the first, and all that are not separated from it
    needed: float  # worlds that would separate the first from the closest of them; missing if no number would


class TargetCheck(NamedTuple):
    """One target and what the simulation gives for it, as shares."""

    behaviour: str
    strategy: str
    against: str  # the strategy above which the target lies; "" where the target is a coverage itself
    when: str
    group: str
    measure: str
    target: float
    tolerance: float
    median: float
    lower: float  # 90% of the worlds lie between lower and upper
    upper: float
    gap: float  # median less target
    verdict: str
    grade: str
    source: str


def rank(comparison: Comparison, outcome: str, behaviour: str = ALL) -> Ranking:
    """The campaigns by one outcome; ties of the leading group in the order of the scenario."""
    sign = OUTCOMES[outcome].better or 1

    def place(strategy: str) -> float:
        value = comparison.mean(strategy, outcome, behaviour)
        return math.inf if math.isnan(value) else -sign * value

    order = tuple(sorted(comparison.campaigns, key=place))
    rivals = {s: comparison.difference(order[0], s, outcome, behaviour) for s in order[1:]}
    tied = [s for s in order[1:] if not rivals[s].separated]
    needed = [rivals[s].replicates_needed for s in tied]
    return Ranking(order, (order[0], *tied), max(needed) if needed else math.nan)


def targets_of(comparison: Comparison) -> list[TargetCheck]:
    """Every target of the scenario, checked; "not compared" where its strategy is not part of the comparison."""
    checks = []
    for target in comparison.scenario.targets:
        median = lower = upper = math.nan
        if set(target.strategies) <= set(comparison.strategies):
            place = (target.outcome, target.behaviour, target.group)
            values = target.read({s: comparison.worlds(s, *place) for s in target.strategies}.__getitem__)
            lower, median, upper = (float(x) for x in np.quantile(values, (LOW, 0.5, HIGH)))
        gap = median - target.value
        verdict = "not compared" if math.isnan(gap) else "met" if abs(gap) <= target.tolerance else "missed"
        about = (target.behaviour, target.strategy, target.against, target.when, target.group, target.measure)
        given = (target.value, target.tolerance)
        checks.append(TargetCheck(*about, *given, median, lower, upper, gap, verdict, target.grade, target.source))
    return checks


def summary_of(comparison: Comparison, words: Words = ENGLISH) -> list[str]:
    """The findings, sentence by sentence."""
    layers = list(comparison.scenario.behaviours)
    found = [say(comparison, b, words) for b in layers for say in (answer, later)]
    for b in layers:
        found += [*sureness(comparison, b, words), left_out(comparison, b, words), costs(comparison, b, words)]
    found += [say(comparison, b, words) for b in layers for say in (turned_away, fit)]
    return [sentence for sentence in (*found, spending(comparison, words)) if sentence]


def answer(comparison: Comparison, behaviour: str, words: Words = ENGLISH) -> str:
    """Which strategy reaches most at the end of the campaign, or which cannot be told apart."""
    _ = words
    return _ranked(comparison, behaviour, "coverage_end", _("at the end of the campaign"), words)


def later(comparison: Comparison, behaviour: str, words: Words = ENGLISH) -> str:
    """The same at the end of the follow-up; nothing if there is none."""
    _ = words
    weeks = int(comparison.scenario.run["follow_up_weeks"])
    if not weeks:
        return ""
    when = _("12 months later") if weeks == 52 else words.plural("{n} week later", "{n} weeks later", weeks)
    return _ranked(comparison, behaviour, "coverage_follow_up", when, words)


def _ranked(comparison: Comparison, behaviour: str, outcome: str, when: str, words: Words) -> str:
    _ = words
    order, leaders, needed = rank(comparison, outcome, behaviour)
    best = order[0]
    values = {s: percent(comparison.mean(s, outcome, behaviour), words=words) for s in comparison.strategies}
    said = {
        "behaviour": behaviour, "when": when, "best": strategy_name(best, words), "value": values[best],
        "none": values[NONE], "worlds": worlds(comparison.replicates, words),
    }  # fmt: skip
    if math.isnan(comparison.mean(best, outcome, behaviour)):
        return _("{behaviour}, {when}: nobody was in a position to do it, so there is no coverage to compare.", **said)
    alone = comparison.difference(best, NONE, outcome, behaviour)
    if not (alone.separated and alone.mean > 0):
        if alone.separated:
            return _(
                "{behaviour}, {when}: no strategy does better than no campaign ({none}); the highest is {best} "
                "({value}).",
                **said,
            )
        return _(
            "{behaviour}, {when}: with {worlds}, not even {best} ({value}), the highest on average, can be told apart "
            "from no campaign ({none}); {more}.",
            more=_more(alone.replicates_needed, words), **said,
        )  # fmt: skip
    others = words.listed(under(values[s], s, words) for s in (*order, NONE) if s not in leaders)
    if len(leaders) == 1:
        low, high = (percent(x, words=words) for x in comparison.band(best, outcome, behaviour))
        return _(
            "{behaviour}, {when}: {best} does best, with a coverage of {value} ({low} to {high} in 90% of the "
            "{worlds}). Coverage is {others}.",
            low=low, high=high, others=others, **said,
        )  # fmt: skip
    rivals = words.listed([f"{strategy_name(s, words)} ({values[s]})" for s in leaders[1:]], "or")
    return _(
        "{behaviour}, {when}: {best} has the highest coverage on average ({value}), but with {worlds} it cannot be "
        "told apart from {rivals}; {more}. Coverage is {others}.",
        rivals=rivals, more=_more(needed, words, len(leaders) > 2), others=others, **said,
    )  # fmt: skip


def sureness(comparison: Comparison, behaviour: str, words: Words = ENGLISH) -> list[str]:
    """How far the first at the end of the campaign is ahead of each that it is separated from."""
    _ = words
    order, leaders, _needed = rank(comparison, "coverage_end", behaviour)
    sentences = []
    for rival in order[1:]:
        if rival in leaders:
            continue
        found = comparison.difference(order[0], rival, "coverage_end", behaviour)
        digits = point_digits(found.mean, found.lower, found.upper)
        sentences.append(
            _(
                "{behaviour}: {first} is ahead of {second} by {gap} (95% interval {low} to {high}) and in {share} of "
                "the worlds.",
                behaviour=behaviour, first=strategy_name(order[0], words), second=strategy_name(rival, words),
                gap=points(found.mean, words, digits), low=bare_points(found.lower, words, digits),
                high=points(found.upper, words, digits),
                share=percent(found.a_beats_b, 0, words),
            )
        )  # fmt: skip
    return sentences


def left_out(comparison: Comparison, behaviour: str, words: Words = ENGLISH) -> str:
    """The widest gap between groups at the end, under the strategy that reaches most, and the others beside it."""
    _ = words
    best = rank(comparison, "coverage_end", behaviour).order[0]
    name = strategy_name(best, words)
    gaps = {axis: comparison.mean(best, f"gap_{axis}_end", behaviour) for axis in GAPS}
    gaps = {axis: gap for axis, gap in gaps.items() if math.isfinite(gap)}
    if not gaps or max(gaps.values()) < WORTH_A_WORD:
        return _(
            "{behaviour}: at the end of the campaign no group is behind its counterpart by a point under {best}.",
            behaviour=behaviour, best=name,
        )  # fmt: skip
    axis = max(gaps, key=lambda one: gaps[one])
    people = _people(words)
    high, low = GAPS[axis]
    # Means over the worlds that have a value for the group: the gap is theirs, so that the three numbers agree.
    behind, ahead = (comparison.mean(best, "coverage_end", behaviour, group) for group in (low, high))
    gaps[axis] = ahead - behind
    others = words.listed(
        under(points(comparison.mean(s, f"gap_{axis}_end", behaviour), words), s, words)
        for s in comparison.strategies
        if s != best
    )
    text = _(
        "{behaviour}: most left out under {best} are {behind}, with {low} against {high} of {ahead}, a gap of {gap}. "
        "The gap is {others}.",
        behaviour=behaviour, best=name, behind=people[low], ahead=people[high], low=percent(behind, words=words),
        high=percent(ahead, words=words), gap=points(gaps[axis], words), others=others,
    )  # fmt: skip
    if axis == "wealth" or abs(gaps.get("wealth", 0)) < WORTH_A_WORD:
        return text
    lead = points(abs(gaps["wealth"]), words)
    if gaps["wealth"] > 0:
        more = _("The richest fifth is ahead of the poorest by {gap}.", gap=lead)
    else:
        more = _("The poorest fifth is ahead of the richest by {gap}.", gap=lead)
    return f"{text} {more}"


def _people(words: Words) -> dict[str, str]:
    """Whom the sentences speak of, by group."""
    _ = words
    return {
        "wealth:richest": _("the richest fifth"),
        "wealth:poorest": _("the poorest fifth"),
        "head:male": _("households headed by men"),
        "head:female": _("households headed by women"),
        "language:majority": _("households of the majority language"),
        "language:minority": _("households of the minority language"),
        "distance:near": _("households near the facility"),
        "distance:remote": _("households far from the facility"),
        "hesitancy:not hesitant": _("those who do not hesitate"),
        "hesitancy:hesitant": _("the hesitant"),
    }


def costs(comparison: Comparison, behaviour: str, words: Words = ENGLISH) -> str:
    """What each additional adopter (or case served) costs under each strategy, with its interval."""
    _ = words
    ratios = {s: comparison.cost(s, behaviour) for s in comparison.campaigns}
    known = {s: ratio for s, ratio in ratios.items() if math.isfinite(ratio.value)}
    parts: list[str] = []
    for s, ratio in known.items():
        said = dict(zip(("value", "low", "high"), (money(x, words) for x in ratio), strict=True))
        said["strategy"] = strategy_name(s, words)
        if parts:
            parts.append(_("{value} under {strategy} ({low} to {high})", **said))
        else:  # what the interval is, is said once
            parts.append(_("{value} under {strategy} (95% interval {low} to {high})", **said))
    listed = words.listed(parts)
    unknown = words.listed([strategy_name(s, words) for s in ratios if s not in known], "or")
    texts = []
    if by_case(comparison, behaviour):
        if parts:
            texts.append(_("each additional case served, beyond those with no campaign, costs {listed}", listed=listed))
        if unknown:
            texts.append(_("no additional cases served that could be told from chance under {listed}", listed=unknown))
    else:
        if parts:
            texts.append(_("each additional adopter, beyond those with no campaign, costs {listed}", listed=listed))
        if unknown:
            texts.append(_("no additional adopters that could be told from chance under {listed}", listed=unknown))
    return _("{behaviour}: {sentence}.", behaviour=behaviour, sentence=_("; ").join(texts))


def turned_away(comparison: Comparison, behaviour: str, words: Words = ENGLISH) -> str:
    """Who sought the service and was turned away; nothing where hardly anybody was."""
    _ = words
    shares = {s: comparison.mean(s, "unmet_demand", behaviour) for s in comparison.strategies}
    if not max((x for x in shares.values() if math.isfinite(x)), default=0) >= WORTH_A_WORD:
        return ""
    parts = [under(percent(x, words=words), s, words) for s, x in shares.items() if math.isfinite(x)]
    return _(
        "{behaviour}: of those who sought the service during the campaign, {listed} were turned away.",
        behaviour=behaviour, listed=words.listed(parts),
    )  # fmt: skip


def fit(comparison: Comparison, behaviour: str, words: Words = ENGLISH) -> str:
    """How many of the behaviour's targets are met."""
    _ = words
    checks = [c for c in targets_of(comparison) if c.behaviour == behaviour and c.verdict != "not compared"]
    if not checks:
        return ""
    each = [
        _(
            "{value} {moment} (simulated {median})",
            value=percent(c.target, words=words), moment=_moment(c, words), median=percent(c.median, words=words),
        )
        for c in checks
    ]  # fmt: skip
    return words.plural(
        "{behaviour}: {met} of {n} target met: {each}.", "{behaviour}: {met} of {n} targets met: {each}.", len(checks),
        behaviour=behaviour, met=words.number(sum(c.verdict == "met" for c in checks)), each=words.listed(each),
    )  # fmt: skip


def _moment(check: TargetCheck, words: Words) -> str:
    _ = words
    if check.when == "baseline":  # strategies do not differ yet
        return _("before the campaign")
    when = _("at the end") if check.when == "end" else _("after the follow-up")
    if check.measure == "administrative":
        when = _("{when}, as the programme counts it,", when=when)
    moment = under(when, check.strategy, words)
    if check.against:
        return _("{moment} above {strategy}", moment=moment, strategy=strategy_name(check.against, words))
    return moment


def spending(comparison: Comparison, words: Words = ENGLISH) -> str:
    """Whether the budget was spent, and what is left of it."""
    _ = words
    budget = money(comparison.mean(comparison.campaigns[0], "budget"), words)
    each = words.money(float(comparison.scenario.campaign["budget_per_household"]), cents=True)  # as given
    unspent = {s: comparison.mean(s, "unspent") for s in comparison.campaigns}
    left = [under(money(x, words), s, words) for s, x in unspent.items() if x > CENT]
    if not left:
        return _(
            "Every strategy has the same budget, {budget} ({each} per treated household), and spent all of it.",
            budget=budget, each=each,
        )  # fmt: skip
    return _(
        "Every strategy has the same budget, {budget} ({each} per treated household). Money for visits that the "
        "mobilizers could not make is left unspent: {listed}.",
        budget=budget, each=each, listed=words.listed(left),
    )  # fmt: skip


def _more(needed: float, words: Words, several: bool = False) -> str:
    _ = words
    if math.isfinite(needed) and needed <= MANY_WORLDS:
        return _("about {number} would be needed", number=count(needed, words))
    return _("the closest of them hardly differ") if several else _("they hardly differ")


def under(value: str, strategy: str, words: Words) -> str:
    """A value with the strategy that it belongs to."""
    _ = words
    if strategy == NONE:
        return _("{value} with no campaign", value=value)
    return _("{value} under {strategy}", value=value, strategy=strategy_name(strategy, words))


# ---- numbers in sentences


def by_case(comparison: Comparison, behaviour: str) -> bool:
    """Whether cases served are counted as the adopters of a behaviour."""
    return comparison.scenario.behaviours[behaviour]["kind"] in COUNTED_BY_CASE


def worlds(number: int, words: Words = ENGLISH) -> str:
    """So many simulated worlds."""
    return words.plural("{n} simulated world", "{n} simulated worlds", number)


def percent(value: float, digits: int = 1, words: Words = ENGLISH) -> str:
    """A share as per cent; a dash if missing."""
    return words.percent(value, digits, exact=True)


def points(value: float, words: Words = ENGLISH, digits: int = 1) -> str:
    """A difference of shares in percentage points; a dash if missing."""
    _ = words
    return _("{number} points", number=bare_points(value, words, digits)) if math.isfinite(value) else MISSING


def bare_points(value: float, words: Words = ENGLISH, digits: int = 1) -> str:
    """The same without the word."""
    return words.number(100 * value, digits, exact=True)


def point_digits(*values: float) -> int:
    """Decimals of differences of shares, in points: one, or as many as show on which side of zero each of them lies.

    An interval that is printed as "0.0 to 1.4" would look as if it held zero.
    """
    ends = [100 * value for value in values if math.isfinite(value) and value != 0]
    return next((d for d in range(1, MOST_DIGITS) if all(round(end, d) for end in ends)), MOST_DIGITS)


def with_interval(found: Difference, words: Words = ENGLISH) -> str:
    """A paired difference in points with its interval in brackets; a dash if missing, no brackets without interval."""
    _ = words
    digits = point_digits(found.mean, found.lower, found.upper)
    mean = points(found.mean, words, digits)
    if not math.isfinite(found.upper - found.lower):
        return mean
    low, high = (bare_points(end, words, digits) for end in (found.lower, found.upper))
    return f"{mean} ({_('{low} to {high}', low=low, high=high)})"


def money(value: float, words: Words = ENGLISH) -> str:
    """Dollars, to the cent below ten; a dash if missing."""
    return words.money(value, cents=abs(value) < 10)


def count(value: float, words: Words = ENGLISH) -> str:
    """A whole number of worlds, two digits once it is large."""
    if value >= 1000:
        step = 10 ** (int(math.log10(value)) - 1)
        value = math.ceil(value / step) * step
    return words.number(value)


def joined(parts: Iterable[str], how: Literal["standard", "or"] = "standard") -> str:
    """a, b and c, in English."""
    return ENGLISH.listed(parts, how)
