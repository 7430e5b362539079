"""What readers call the things of a campaign, in their language: strategies, groups, what money buys, what moves.

The keys are the names that files, tables and the engine use.
"""

from __future__ import annotations

from smsim.i18n import Words
from smsim.strategy import NONE

ENGLISH = Words()


def strategy_name(name: str, words: Words = ENGLISH) -> str:
    """A strategy in plain words; those of a file keep their name."""
    _ = words
    known = {
        NONE: _("no campaign"),
        "pragmatic": _("pragmatic"),
        "activist": _("activist"),
        "hybrid": _("hybrid"),
    }
    return known.get(name, name)


def activity_names(words: Words = ENGLISH) -> dict[str, str]:
    """What money buys, in plain words: the activities, the set-up, supervision, and what is left."""
    _ = words
    return {
        "visit": _("home visits"),
        "dialogue": _("group dialogues"),
        "leader": _("sessions with leaders"),
        "media": _("radio and other media"),
        "action": _("collective action"),
        "service": _("extra service"),
        "incentive": _("incentives"),
        "monitor": _("monitoring"),
        "training": _("training"),
        "pretest": _("testing materials"),
        "needs assessment": _("needs assessment"),
        "documentation": _("documentation"),
        "strategy design": _("designing the strategy"),
        "partner selection": _("choosing partners"),
        "mobilizer selection": _("choosing mobilizers"),
        "translation": _("translation"),
        "real situations": _("situations from real life"),
        "evaluation": _("evaluation"),
        "supervision": _("supervision"),
        "unspent": _("left unspent"),
    }


def group_names(words: Words = ENGLISH) -> dict[str, str]:
    """Groups of households, in plain words."""
    _ = words
    return {
        "all": _("everybody"),
        "wealth:richest": _("richest fifth"),
        "wealth:richer": _("richer fifth"),
        "wealth:middle": _("middle fifth"),
        "wealth:poorer": _("poorer fifth"),
        "wealth:poorest": _("poorest fifth"),
        "head:male": _("headed by a man"),
        "head:female": _("headed by a woman"),
        "language:majority": _("majority language"),
        "language:minority": _("minority language"),
        "hesitancy:not hesitant": _("not hesitant"),
        "hesitancy:hesitant": _("hesitant group"),
        "distance:near": _("near the facility"),
        "distance:remote": _("far from the facility"),
    }


def source_names(words: Words = ENGLISH) -> dict[str, str]:
    """What moved a household, by the names of the engine."""
    _ = words
    return {
        "own": _("it was ready anyway"),
        "peer": _("neighbours"),
        "leader": _("leaders"),
        "media": _("broadcasts"),
        "visit": _("home visits"),
        "dialogue": _("dialogues"),
        "incentive": _("incentives"),
        "link": _("the other behaviour"),
    }


def moment_names(words: Words = ENGLISH) -> dict[str, str]:
    """When coverage is looked at."""
    _ = words
    return {
        "baseline": _("before the campaign"),
        "end": _("end of campaign"),
        "follow_up": _("end of follow-up"),
    }


def verdict_names(words: Words = ENGLISH) -> dict[str, str]:
    """Whether a target is met."""
    _ = words
    return {"met": _("met"), "missed": _("missed"), "not compared": _("not compared")}
