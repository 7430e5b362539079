"""What an evaluation would report and find, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from smsim import survey
from smsim.findings import WORTH_A_WORD, bare_points, joined, money, percent, points
from smsim.saying import say_count
from smsim.survey import MOST_CLUSTERS, MOST_PER_LOT, POWER

if TYPE_CHECKING:
    from smsim.evaluate import Evaluation


def sentences_of(evaluation: Evaluation) -> list[str]:
    """The findings, sentence by sentence."""
    e = evaluation
    return [s for s in (_size(e), _crowded(e), _report(e), _gain(e), _faults(e), _by_list(e), *_found(e)) if s]


def _size(e: Evaluation) -> str:
    arms = "in each arm, " if e.controlled else ""
    each = say_count(e.design.per_cluster, "household")
    what = f"{e.design.clusters} clusters of {each}"
    if e.design.lots:
        what = f"{each} in every lot (the catchment area of a facility)"
    price = e.interviews * float(e.scenario.campaign["survey_cost"])
    words = f"The survey: {what} {arms}before and after, {e.interviews:,} interviews, {money(price)}."
    if e.design.lots or e.design.question == "list":
        return words
    half = survey.half_width(0.5, e.design.clusters * e.design.per_cluster, 2)
    return (
        f"{words} On paper, for a coverage of half and a design effect of 2, it is good to {points(half)} either way."
    )


def _crowded(e: Evaluation) -> str:
    """Where an arm has fewer communities than there are clusters: what a planner would take for 30 places are not."""
    if e.design.lots or e.design.clusters <= e.communities:
        return ""
    what = "an arm has" if e.controlled else "the campaign has"
    clusters = e.design.clusters
    return (
        f"But {what} only {say_count(e.communities, 'community', 'communities')}, visited more than once, and the gain "
        f"is tested on {e.communities}, not on {clusters}. Simulate a larger area to see what {clusters} communities "
        "would find."
    )


def _report(e: Evaluation) -> str:
    table = e.table().set_index("quantity")
    before, after = table.loc["coverage before"], table.loc["coverage after"]
    if not all(world.has_baseline for world in e.worlds):
        return (
            f"Nobody could be asked about {e.behaviour} before the campaign: there is no baseline. At its end "
            f"coverage was {percent(after['true'])}; the survey would report {percent(after['reported'])}, give or "
            f"take {points(table.loc['half width', 'reported'])}."
        )
    question = "a list experiment" if e.design.question == "list" else "the survey"
    ratio = table.loc["design effect", "reported"]
    effect = "" if e.design.question == "list" or math.isnan(ratio) else f" (design effect {ratio:.1f})"
    return (
        f"Coverage of {e.behaviour} in the communities with the campaign went from {percent(before['true'])} to "
        f"{percent(after['true'])}; {question} would report {percent(before['reported'])} and "
        f"{percent(after['reported'])}, give or take {points(table.loc['half width', 'reported'])}{effect}."
    )


def _gain(e: Evaluation) -> str:
    table = e.table().set_index("quantity")
    gain, true = table.loc["change"], table.loc["effect on the treated", "true"]
    how = "as a difference in differences" if e.controlled else "as a change, for there is no control arm"
    if not all(world.has_baseline for world in e.worlds):
        how = (
            "as the difference between the arms"
            if e.controlled
            else "as a change, for there is neither baseline nor control arm"
        )
    rest = f"{points(gain['true'] - true)} would have come without the campaign"
    if e.controlled:
        rest = f"{points(table.loc['effect on the control arm', 'true'])} came to the control arm as well"
    return (
        f"It would report a gain of {points(gain['reported'])} {how} (90% of the surveys: "
        f"{bare_points(gain['lower'])} to {points(gain['upper'])}). The true effect is {points(true)}; {rest}."
    )


def _faults(e: Evaluation) -> str:
    before = e.table().set_index("quantity").loc["coverage after", "true"]
    parts = []
    for name, value in e.bias().items():
        if abs(value - before) >= WORTH_A_WORD / 10:
            parts.append(f"{name} {points(value - before)}")
        before = value
    return f"What shifts the reported coverage: {joined(parts)}." if parts else ""


def _by_list(e: Evaluation) -> str:
    if e.design.lots or e.design.question == "list" or not e.scenario.behaviours[e.behaviour]["taboo"] > 0:
        return ""
    own, other = e.table().set_index("quantity"), e.asked_by_list().table().set_index("quantity")
    after = "coverage after"
    return (
        f"The topic is a taboo: a list experiment with as many interviews would report "
        f"{percent(other.loc[after, 'reported'])} instead of {percent(own.loc[after, 'reported'])} (true: "
        f"{percent(own.loc[after, 'true'])}), give or take {points(other.loc['half width', 'reported'])}."
    )


def _found(e: Evaluation) -> list[str]:
    power, low, high = e.power()
    sure = f"95% interval over the worlds {percent(low, 0)} to {percent(high, 0)}"
    paper = f"the formula of a t-test gives {percent(e.power_on_paper(), 0)}"
    sentences = [f"It would find the effect in {percent(power, 0)} of the surveys ({sure}; {paper})."]
    if e.smallest is None:
        limit = f"{MOST_PER_LOT} households per lot" if e.design.lots else f"{MOST_CLUSTERS} clusters per arm"
        sentences.append(
            f"No survey of this kind up to {limit} would find it in {percent(POWER, 0)}: the effect is too small "
            "beside what differs between communities, or there is none."
        )
    else:
        design, own = e.smallest
        what = f"{design.per_cluster} per lot" if design.lots else f"{design.clusters} clusters of {design.per_cluster}"
        arms = " in each arm" if e.controlled and not design.lots else ""
        sentences.append(
            f"The smallest survey that would find it in {percent(POWER, 0)}: {what}{arms}, "
            f"{e.interviews_of(design):,} interviews ({percent(own, 0)})."
        )
        if not design.lots and design.clusters > e.communities:
            where = "an arm has" if e.controlled else "the campaign has"
            sentences.append(
                f"These are more clusters than {where} communities ({e.communities}): some would lie in the same one. "
                f"Simulate an area with {design.clusters} communities or more{arms} before you plan so many."
            )
    if e.design.lots:
        upper, lower = survey.thresholds(e.scenario.run["target_coverage"])
        rule = survey.decision_rule(e.design.per_cluster, upper, lower)
        table = e.table().set_index("quantity")["reported"]
        sentences.append(
            f"Decision rule: a lot passes with {rule.least} or more of {rule.size} (thresholds {percent(upper, 0)} and "
            f"{percent(lower, 0)}; on paper {percent(rule.fails_good, 0)} of lots at the upper fail and "
            f"{percent(rule.passes_bad, 0)} at the lower pass)."
        )
        for name, words in (("good lots that pass", "of the lots at or above the upper threshold pass"),
                            ("bad lots that fail", "of the lots at or below the lower threshold fail")):  # fmt: skip
            if math.isfinite(table[name]):
                sentences.append(f"In the simulation {percent(table[name], 0)} {words}.")
    return sentences
