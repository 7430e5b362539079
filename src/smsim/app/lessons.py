"""Five lessons of ten minutes: a place, two plans, a question to guess at, one thing to move, and what it shows.

A lesson claims something about the model, as statements that a test checks: in matched worlds, more households do it
in one corner of the lesson than in another. The places are invented so that one mechanism stands out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from smsim.app.compute import WORLDS, Answer, Bench
from smsim.app.state import Visitor
from smsim.engine.arrays import Array
from smsim.i18n import mark
from smsim.outcomes import ALL, GROUPS
from smsim.paired import Difference, paired_difference
from smsim.scenario import Scenario
from smsim.strategy import NONE

MINUTES = 10
RICHEST, POOREST = "wealth:richest", "wealth:poorest"
PREFIX = "lesson "  # of a lesson's name where scenarios are chosen


class Corner(NamedTuple):
    """A share of households in every world of a lesson."""

    plan: str
    moved: bool = False  # after the lesson's slider has been moved
    later: bool = False  # at the end of the follow-up instead of the campaign's last week
    group: str = ALL
    gained: bool = False  # less what no campaign brings in the same world
    behind: str = ""  # less this group's share: a gap between two groups


class Statement(NamedTuple):
    """More households do it in one corner than in the other, by at least so many points, in matched worlds."""

    more: Corner
    less: Corner
    points: float = 0.0


@dataclass(frozen=True)
class Lesson:
    """One lesson; its texts are English and are said through `Words`."""

    key: str
    title: str
    setting: str  # the place and the two plans, to be read aloud
    question: str
    happens: str  # what the reveal shows
    why: str
    move: str  # what to move, and what to ask before
    moved: str  # what happens then, and why
    claim: str
    statements: tuple[Statement, ...]
    given: Mapping[str, Any]  # of the scenario
    plans: tuple[str, str]  # A and B
    path: str  # of the slider to move
    to: float

    @cached_property
    def scenario(self) -> Scenario:
        """The lesson's place, with its two plans among the strategies."""
        about = {"title": self.title, "what": "a lesson of the workshop; no place, no data"}
        plans = {name: PLANS[name] for name in self.plans}
        return Scenario.from_mapping({"about": about, "strategies": plans} | _place(self.given), f"lesson-{self.key}")

    def visitor(self, moved: bool = False) -> Visitor:
        """A visitor with the lesson's place and two plans before them, and with its slider moved if asked for."""
        one = Visitor(self.scenario)
        for side, name in zip(("A", "B"), self.plans, strict=True):
            one.choose(side, name)
        if moved:
            one.move(self.path, self.to)
        return one

    def answers(self, bench: Bench, worlds: int = WORLDS) -> tuple[Answer, Answer]:
        """What the lesson shows as it is set, and after its slider has been moved; the same worlds in both."""
        asked = [self.visitor(moved).question()[0] for moved in (False, True)]
        first, second = (bench.answer(scenario, self.plans, worlds) for scenario in asked)
        return first, second


def check(statement: Statement, answers: tuple[Answer, Answer]) -> Difference:
    """By how much the first corner is ahead of the second, beyond the points claimed: paired over the worlds."""
    more, less = (_worlds(corner, answers) for corner in (statement.more, statement.less))
    return paired_difference(more - statement.points / 100, less, better=1)


def _worlds(corner: Corner, answers: tuple[Answer, Answer]) -> Array:
    answer = answers[corner.moved]
    table = answer.follow_up if corner.later else answer.end

    def of(plan: str, group: str) -> Array:
        worlds: Array = table[answer.names.index(plan), :, 0, GROUPS.index(group)]
        return worlds

    found = of(corner.plan, corner.group)
    if corner.behind:
        found = found - of(corner.plan, corner.behind)
    return found - of(NONE, corner.group) if corner.gained else found


def _place(given: Mapping[str, Any]) -> dict[str, Any]:
    """A small rural area, in which the mobilizers' time does not bind, with what a lesson says of it."""
    usual: dict[str, dict[str, Any]] = {
        "world": {
            "households": 1000, "households_per_community": 125, "communities_per_facility": 2,
            "median_distance_km": 2.0, "availability": 0.95, "acceptance_unapproved": 0.8,
        },
        "campaign": {"weeks": 52, "budget_per_household": 6.0, "training_cost": 0, "pretest_cost": 0},
        "activities": {},
        "run": {"burn_in_weeks": 52, "follow_up_weeks": 52, "seed": 0},
    }  # fmt: skip
    laid = {section: values | given.get(section, {}) for section, values in usual.items()}
    return laid | {"behaviours": {"behaviour": dict(given["behaviour"])}}


PLANS: dict[str, dict[str, Any]] = {
    "lesson-visits": {"shares": {"visit": 1.0}},
    "lesson-radio": {"shares": {"media": 1.0}},
    "lesson-dialogues": {"shares": {"dialogue": 1.0}},
    "lesson-demand": {"shares": {"visit": 0.5, "media": 0.5}},
    "lesson-supply": {"shares": {"visit": 0.25, "media": 0.25, "service": 0.5}},
    "lesson-incentives": {"shares": {"incentive": 1.0}},
}

_ALL = (
    Lesson(
        key="peers",
        title=mark("Why peers matter"),
        setting=mark(
            "Most people have heard of it, and many would do it if enough of their neighbours did. Plan A pays for "
            "home visits, plan B spends the same money on radio."
        ),
        question=mark(
            "Without a campaign about four households in ten come to do it. How many of a hundred will do it after "
            "a year of home visits, and how many after a year of radio?"
        ),
        happens=mark("Home visits bring more, and a year after the campaign there are more adopters still."),
        why=mark(
            "A visit moves one household. What that household then does is seen by its neighbours, and some of them "
            "needed just one more example. They were never visited."
        ),
        move=mark(
            "Move “weight of what neighbours visibly do” from 0.8 to 0.2: now people hardly look at each other. "
            "Same visits, same money. Guess again what plan A gains over no campaign."
        ),
        moved=mark("The gain shrinks to well under a half, and nothing grows after the campaign. The visits are the "
                   "same; the neighbours no longer pass them on."),
        claim=mark("The same visits gain more households where neighbours’ example counts than where it hardly does."),
        statements=(
            Statement(Corner("lesson-visits", gained=True), Corner("lesson-visits", moved=True, gained=True), 2),
            Statement(Corner("lesson-visits"), Corner("lesson-radio"), 2),
            Statement(Corner("lesson-visits", later=True), Corner("lesson-visits"), 1),
        ),
        given={"behaviour": {"norm_weight": 0.8, "threshold_mean": 0.3, "threshold_sd": 0.25, "aware_share": 0.7}},
        plans=("lesson-visits", "lesson-radio"),
        path="behaviours.behaviour.norm_weight",
        to=0.2,
    ),
    Lesson(
        key="silence",
        title=mark("The silent majority"),
        setting=mark(
            "Nearly everybody has heard of it, and many are for it, but one does not speak about it. Plan A pays for "
            "home visits, where people are persuaded one by one; plan B for group dialogues, where they hear what "
            "the others think."
        ),
        question=mark(
            "A visit persuades about as much per dollar as a dialogue does. How many of a hundred will do it at the "
            "end under each plan?"
        ),
        happens=mark("The dialogues are far ahead, and what they reached is still there a year later."),
        why=mark(
            "People believed that they were alone. In a dialogue they learn that many others are for it too, dare to "
            "show it, and are seen by those who were not there. A visit changes a mind and leaves it silent."
        ),
        move=mark(
            "Move “visible support that the most fearful needs before it speaks” to 0: nobody is afraid. Ask first: "
            "which plan gains more from that?"
        ),
        moved=mark("Far more households do it under both plans, and the lead of the dialogues is gone: there is no "
                   "silence left to break."),
        claim=mark(
            "Under a taboo dialogues bring more than visits of the same money; without it visits alone bring more "
            "than they did, and the lead is gone."
        ),
        statements=(
            Statement(Corner("lesson-dialogues"), Corner("lesson-visits"), 5),
            Statement(Corner("lesson-dialogues", later=True), Corner("lesson-visits", later=True), 5),
            Statement(Corner("lesson-visits", moved=True), Corner("lesson-visits"), 10),
            Statement(Corner("lesson-visits", moved=True), Corner("lesson-dialogues", moved=True), -2),
        ),
        given={
            "behaviour": {
                "taboo": 0.6, "aware_share": 0.9, "threshold_mean": 0.22, "threshold_sd": 0.34, "norm_weight": 0.55,
            },
        },
        plans=("lesson-visits", "lesson-dialogues"),
        path="behaviours.behaviour.taboo",
        to=0.0,
    ),
    Lesson(
        key="supply",
        title=mark("Demand without supply"),
        setting=mark(
            "Many are willing, but the clinic serves few and is often without stock. Plan A spends everything on "
            "visits and radio; plan B gives half of the money to extra service."
        ),
        question=mark("Plan A persuades with twice the money of plan B. How many of a hundred will do it under each?"),
        happens=mark("Plan A brings hardly anything over no campaign at all. Plan B brings far more."),
        why=mark(
            "Those who come are turned away: look at the card “turned away at the service”. Some of them give up, "
            "and tell nobody to go. More demand makes the queue longer, not the number served larger."
        ),
        move=mark("Move “service capacity” from 0.004 to 0.05. Ask first: is the extra service still worth half of the "
                  "money?"),
        moved=mark("Now both plans reach about as many: where the clinic has room, money for more room is lost to "
                   "persuasion."),
        claim=mark(
            "Where the service is full, persuasion alone gains almost nothing, and money shared with the service "
            "gains much; where there is room, the advantage is gone."
        ),
        statements=(
            Statement(Corner("lesson-supply"), Corner("lesson-demand"), 10),
            Statement(Corner(NONE), Corner("lesson-demand"), -3),
            Statement(Corner("lesson-demand", moved=True), Corner("lesson-supply", moved=True), -4),
        ),
        given={
            "world": {"availability": 0.6, "median_distance_km": 4.0, "acceptance_unapproved": 0.4},
            "behaviour": {"aware_share": 0.7, "threshold_mean": 0.25, "service_capacity": 0.004},
        },
        plans=("lesson-demand", "lesson-supply"),
        path="behaviours.behaviour.service_capacity",
        to=0.05,
    ),
    Lesson(
        key="left-out",
        title=mark("Who is left out"),
        setting=mark(
            "Hardly anybody has heard of it, and people speak little about it. The rich have radios, most of the "
            "poor have none. Plan A pays for radio, plan B for home visits."
        ),
        question=mark(
            "Guess for everybody first. Then say, at each table: of a hundred of the poorest fifth, how many under "
            "each plan? The picture “Who is left out” shows it."
        ),
        happens=mark("Under the radio plan the richest fifth is far ahead of the poorest. Under visits there is hardly "
                     "a gap."),
        why=mark(
            "A broadcast reaches those who can hear it. The average hides it: a plan can look good on average and "
            "pass by the households that it was meant for."
        ),
        move=mark("Move “information passed by one voicing neighbour” to 0.05: people talk. Ask first: does talk close "
                  "the gap?"),
        moved=mark("Much of it: those who listen tell those who cannot. A plan may lean on neighbours, where "
                   "neighbours talk across wealth."),
        claim=mark(
            "Radio leaves the poorest fifth far behind the richest, visits much less; and the gap under radio shrinks "
            "where people talk more."
        ),
        statements=(
            Statement(Corner("lesson-radio", group=RICHEST), Corner("lesson-radio", group=POOREST), 10),
            Statement(
                Corner("lesson-radio", group=RICHEST, behind=POOREST),
                Corner("lesson-visits", group=RICHEST, behind=POOREST), 10,
            ),
            Statement(Corner("lesson-visits", group=POOREST), Corner("lesson-radio", group=POOREST), 10),
            Statement(
                Corner("lesson-radio", group=RICHEST, behind=POOREST),
                Corner("lesson-radio", moved=True, group=RICHEST, behind=POOREST), 5,
            ),
        ),
        given={
            "world": {"media_access_log_odds": -0.5, "media_wealth_gradient": 6.0},
            "behaviour": {
                "threshold_mean": 0.2, "threshold_sd": 0.25, "aware_share": 0.1, "peer_information": 0.005,
            },
        },
        plans=("lesson-radio", "lesson-visits"),
        path="behaviours.behaviour.peer_information",
        to=0.05,
    ),
    Lesson(
        key="remains",
        title=mark("What remains after the campaign"),
        setting=mark(
            "One does not speak about it easily, and those who begin may stop again. Plan A pays incentives, plan B "
            "group dialogues. After a year the money ends."
        ),
        question=mark(
            "How many of a hundred will do it in the last week of the campaign under each plan? And a year later: "
            "who is ahead?"
        ),
        happens=mark(
            "The incentives are ahead at the end. A year later they have lost half, and the dialogues have kept nearly "
            "all and are ahead."
        ),
        why=mark(
            "Who did it for an incentive has one reason less when it ends. Who has seen that the others are for it "
            "keeps that reason, because the others are still there."
        ),
        move=mark("Move “weight of what neighbours visibly do” from 0.5 to 1. Ask first: which plan gains, and does it "
                  "last?"),
        moved=mark("The dialogues gain much, and go on growing after the money has ended: neighbours carry them on. "
                   "The incentives gain nothing: behind the silence nobody sees who took it up."),
        claim=mark(
            "Incentives are ahead at the campaign’s end and behind a year later; where example counts more, what "
            "dialogues began goes on growing."
        ),
        statements=(
            Statement(Corner("lesson-incentives"), Corner("lesson-dialogues"), 5),
            Statement(Corner("lesson-dialogues", later=True), Corner("lesson-incentives", later=True), 2),
            Statement(Corner("lesson-incentives"), Corner("lesson-incentives", later=True), 10),
            Statement(
                Corner("lesson-dialogues", moved=True, later=True), Corner("lesson-dialogues", moved=True), 3
            ),
        ),
        given={
            "behaviour": {
                "taboo": 0.5, "aware_share": 0.9, "threshold_mean": 0.25, "threshold_sd": 0.3, "norm_weight": 0.5,
                "incentive_weight": 0.4, "lapse_rate": 0.012,
            },
            "activities": {"incentive_cost": 4.0},
        },
        plans=("lesson-incentives", "lesson-dialogues"),
        path="behaviours.behaviour.norm_weight",
        to=1.0,
    ),
)  # fmt: skip
LESSONS: dict[str, Lesson] = {one.key: one for one in _ALL}
