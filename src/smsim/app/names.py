"""What the workshop calls things: groups, plans, what support is made of, stages, households. See `smsim.labels`."""

from __future__ import annotations

from smsim.app.history import TERMS
from smsim.i18n import Words
from smsim.labels import group_names, source_names, strategy_name
from smsim.outcomes import GROUPS

# Rows of "who is left out": group, and what people call it.
SHOWN_GROUPS = (
    "all", "wealth:richest", "wealth:richer", "wealth:middle", "wealth:poorer", "wealth:poorest", "head:female",
    "language:minority", "hesitancy:hesitant", "distance:remote",
)  # fmt: skip


def shown_groups(words: Words) -> dict[str, str]:
    """The groups that the workshop shows, in plain words."""
    names = group_names(words)
    return {group: names[group] for group in SHOWN_GROUPS if group in GROUPS}


def plan_name(words: Words, name: str, changed: bool = False) -> str:
    """A plan in plain words, those of the lessons too; those of a file keep their name."""
    _ = words
    lessons = {
        "lesson-visits": _("home visits"),
        "lesson-radio": _("radio"),
        "lesson-dialogues": _("group dialogues"),
        "lesson-demand": _("demand alone"),
        "lesson-supply": _("demand and supply"),
        "lesson-incentives": _("incentives"),
    }
    said = lessons.get(name) or strategy_name(name, words)
    return _("{strategy}, changed", strategy=said) if changed else said


def term_names(words: Words) -> dict[str, str]:
    """What a household's support is made of, by `TERMS`: as its sources are called, except what it sees and hears."""
    _ = words
    said = source_names(words) | {"peer": _("neighbours who show it"), "leader": _("leaders' word")}
    return {term: said[term] for term in TERMS}


def stage_names(words: Words) -> tuple[str, ...]:
    """The stages in the plain words of the workshop, in the order of `smsim.engine.arrays.STAGES`."""
    _ = words
    return (
        _("has not heard"),
        _("knows of it"),
        _("willing, not served"),
        _("does it"),
        _("keeps it up"),
        _("gave it up"),
    )


def household_name(words: Words, i: int) -> str:
    """What a household is called: its number in the village, from 1."""
    _ = words
    return _("household {number}", number=words.number(i + 1))
