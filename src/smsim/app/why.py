"""What a household went through, in sentences; what it lacked; and the same with one of its reasons taken away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from smsim.app.history import TERMS, History
from smsim.app.names import household_name, stage_names, term_names
from smsim.engine.arrays import ADOPTED, AWARE, LAPSED, MAINTAINED, UNAWARE, WILLING
from smsim.i18n import Words

DOES = (ADOPTED, MAINTAINED)


class Event(NamedTuple):
    """One thing that happened to a household."""

    week: int  # campaign week, from 0; below 0: before the campaign
    kind: str  # of the mark beside it: visit, dialogue, media, neighbour, mind, does, rumour, lost
    text: str


@dataclass(frozen=True)
class Why:
    """Why a household does it, or not yet, as of one week."""

    title: str
    verdict: str
    events: tuple[Event, ...]  # in order
    support: tuple[tuple[str, float], ...]  # what its support was made of when it last weighed it: label, points
    needed: float  # points of support that it needs; NaN where it has not heard
    support_week: int  # of these points, campaign week
    later: str  # what becomes of it by the end of the run; "" if the week is the last


def why(history: History, i: int, week: int, words: Words) -> Why:
    """Why household i does it, or what is missing, as of a week of the run.

    Parameters
    ----------
    i : position in the history
    week : 0 ... T - 1, counted from the start of the run; of the weeks before the campaign only the last is told
    """
    _ = words
    first, last = history.first_week, len(history.stage) - 1
    name = household_name(words, i)
    title = name[:1].upper() + name[1:]
    later = _("At the end of the run: {stage}.", stage=stage_names(words)[int(history.stage[last, i])])
    events = tuple(e for e in _events(history, i, words) if e.week <= week - first)
    if week < first:
        return Why(title, events[0].text, events, (), float("nan"), -1, later)
    stage = int(history.stage[week, i])
    decided = np.flatnonzero(history.decided()[: week + 1, i])
    at = week
    if stage in (WILLING, *DOES):
        at = int(decided[-1]) if len(decided) and decided[-1] >= first else week
    points = 100 * history.terms[at, i]
    support = tuple((term_names(words)[term], float(points[k])) for k, term in enumerate(TERMS))
    needed = float(100 * history.needed[at, i]) if stage != UNAWARE else float("nan")
    verdict = _verdict(history, i, week, at, words)
    return Why(title, verdict, events, support, needed, at - first, later if week < last else "")


def _verdict(history: History, i: int, week: int, at: int, words: Words) -> str:
    _ = words
    stage = int(history.stage[week, i])
    if stage in DOES:
        if at == week and not history.decided()[week, i]:
            return _("It did this already before the campaign.")
        return _("It does it. {reason}", reason=_reason(history, i, at, words))
    if stage == UNAWARE:
        return _("Not yet: it has not heard of it. No visit, dialogue, broadcast or neighbour has told it so far.")
    if stage == WILLING:
        return _willing(history, i, week, words)
    sum_, needed = float(history.terms[week, i].sum()), float(history.needed[week, i])
    lead = _("It did it and gave it up.") if stage == LAPSED else _("Not yet.")
    if sum_ >= needed:
        return lead + " " + _("It now sees enough support, and is about to make up its mind.")
    if needed - sum_ < 0.01:
        gap = _("It lacks less than a point of support.")
    else:
        points = round(100 * (needed - sum_))
        gap = words.plural("It lacks {n} point of support.", "It lacks {n} points of support.", points)
    text = f"{lead} {gap}"
    shown, of = _showing(history, i, week)
    if of:
        text += " " + _("Neighbours here who show that they do it: {shown} of {of}.", shown=shown, of=of)
    if history.believes[week, i]:
        text += " " + _("It believes the rumour, and so needs more.")
    return text


def _willing(history: History, i: int, week: int, words: Words) -> str:
    _ = words
    since = week
    while since > 0 and history.stage[since - 1, i] == WILLING:
        since -= 1
    tries = int(history.turned_away[since : week + 1, i].sum())
    closed = int((~history.facility_up[since : week + 1]).sum())
    weeks = week + 1 - since
    text = words.plural(
        "Willing, but not yet served. It has waited for {n} week.",
        "Willing, but not yet served. It has waited for {n} weeks.",
        weeks,
    )
    if closed:
        text += " " + words.plural(
            "The facility was without stock in {n} of them.", "The facility was without stock in {n} of them.", closed
        )
    if tries:
        text += " " + words.plural("It was turned away {n} time.", "It was turned away {n} times.", tries)
    if not closed and not tries:
        text += " " + _("The way to the service is long, or others were before it.")
    return text


def _reason(history: History, i: int, at: int, words: Words) -> str:
    _ = words
    terms, needed = history.terms[at, i], float(history.needed[at, i])
    if needed <= 0:
        return _("It needed nobody's support, only to hear of it.")
    total = float(terms.sum())
    # Taken away alone, which of them would have left it short?
    pivotal = [k for k in range(len(TERMS)) if terms[k] > 0 and total - terms[k] < needed]
    names = term_names(words)
    if not pivotal:
        return _("It had more support than it needed: no single source was decisive.")
    listed = words.listed(names[TERMS[k]] for k in sorted(pivotal, key=lambda k: -terms[k]))
    return _("Decisive, for without it the support would not have been enough: {sources}.", sources=listed)


def _showing(history: History, i: int, week: int) -> tuple[int, int]:
    """Neighbours in the village who show it at the end of a week, and all of them."""
    others = [j for j, _ in history.neighbours(i)]
    return int(history.voices[week, others].sum()), len(others)


def _events(history: History, i: int, words: Words) -> Iterator[Event]:
    _ = words
    first = history.first_week
    others = [j for j, _ in history.neighbours(i)]
    stage, names = history.stage[:, i], term_names(words)
    before = {
        UNAWARE: _("Had not heard of it."),
        AWARE: _("Knew of it, and did not do it."),
        WILLING: _("Was willing, and not yet served."),
        LAPSED: _("Had done it, and given it up."),
    }
    yield Event(-1, "mind", before.get(int(stage[max(first - 1, 0)]), _("Did it already.")))
    shown = int(history.voices[max(first - 1, 0), others].sum())
    if shown:
        text = words.plural(
            "{n} of its neighbours here showed that they did it.",
            "{n} of its neighbours here showed that they did it.",
            shown,
        )
        yield Event(-1, "neighbour", text)
    broadcasts = visits = dialogues = 0
    for t in range(first, len(stage)):
        week, old, new = t - first, int(stage[t - 1]) if t else UNAWARE, int(stage[t])
        media, visit, dialogue = (bool(x) for x in history.contacts[t, i])
        if media:
            broadcasts += 1
            if broadcasts == 1:
                yield Event(week, "media", _("Hears the first broadcast."))
            elif broadcasts % 10 == 0:
                yield Event(week, "media", _("Has heard {n} broadcasts by now.", n=words.number(broadcasts)))
        if visit:
            visits += 1
            yield Event(week, "visit", _("A mobilizer visits (visit {n}).", n=words.number(visits)))
        if dialogue:
            dialogues += 1
            text = _("Takes part in a dialogue (its {n}.), and learns what the village really thinks.")
            yield Event(week, "dialogue", text.format(n=words.number(dialogues)))
        if old == UNAWARE and new != UNAWARE and not (media or visit or dialogue):
            yield Event(week, "neighbour", _("Hears of it from neighbours."))
        if t:
            begun = [j for j in others if history.voices[t, j] and not history.voices[t - 1, j]]
            ended = [j for j in others if history.voices[t - 1, j] and not history.voices[t, j]]
            if begun:
                listed = words.listed(household_name(words, j) for j in begun[:4])
                yield Event(week, "neighbour", _("Sees it done by: {households}.", households=listed))
            if ended:
                listed = words.listed(household_name(words, j) for j in ended[:4])
                yield Event(week, "lost", _("No longer sees it done by: {households}.", households=listed))
            if history.believes[t, i] != history.believes[t - 1, i]:
                text = _("Believes the rumour.") if history.believes[t, i] else _("No longer believes the rumour.")
                yield Event(week, "rumour", text)
        if history.new_lives[t, i]:
            yield Event(week, "lost", _("A new caregiver moves in, who has not heard of it."))
            continue
        if old not in (WILLING, *DOES) and new in (WILLING, *DOES):
            parts = sorted(((float(history.terms[t, i, k]), term) for k, term in enumerate(TERMS)), reverse=True)
            listed = words.listed(f"{names[term]} {words.number(100 * p)}" for p, term in parts if p >= 0.005)
            total, needed = 100 * float(history.terms[t, i].sum()), 100 * float(history.needed[t, i])
            text = _(
                "Makes up its mind: has {total} points of support and needs {needed} ({parts}).",
                total=words.number(total), needed=words.number(max(needed, 0)), parts=listed or words.number(0),
            )  # fmt: skip
            yield Event(week, "mind", text)
        if history.turned_away[t, i]:
            yield Event(week, "lost", _("Goes to the service and is turned away."))
        if new in DOES and old not in DOES:
            yield Event(week, "does", _("Does it for the first time.") if old != LAPSED else _("Does it again."))
        elif new == MAINTAINED and old == ADOPTED:
            yield Event(week, "does", _("It has become a habit."))
        elif old == WILLING and new == AWARE:
            text = _("Gives up after being turned away.") if history.turned_away[t, i] else _("Changes its mind.")
            yield Event(week, "lost", text)
        elif new == LAPSED and old in DOES:
            yield Event(week, "lost", _("Gives it up."))


class WhatIf(NamedTuple):
    """A household and its village, with and without something, in the same world with the same luck."""

    week: int | None  # campaign week of its adoption as it was; None: never
    week_without: int | None
    village: int  # households that did it at the end of the campaign, as it was
    village_without: int

    def say(self, words: Words, what: str) -> str:
        """In sentences. `what` was taken away."""
        _ = words
        if self.week == self.week_without:
            own = _("Without {what}, nothing changes for this household.", what=what)
        elif self.week_without is None:
            own = _("Without {what}, this household would not have done it.", what=what)
        elif self.week is None:
            own = _(
                "Without {what}, this household would have done it in week {week}.",
                what=what, week=words.number(self.week_without + 1),
            )  # fmt: skip
        else:
            own = _(
                "Without {what}, this household would have done it in week {without} instead of week {week}.",
                what=what, without=words.number(self.week_without + 1), week=words.number(self.week + 1),
            )  # fmt: skip
        village = words.plural(
            "At the end of the campaign, {n} household of the village would do it instead of {households}.",
            "At the end of the campaign, {n} households of the village would do it instead of {households}.",
            self.village_without, households=words.number(self.village),
        )  # fmt: skip
        if self.village == self.village_without:
            village = words.plural(
                "At the end of the campaign, {n} household of the village does it all the same.",
                "At the end of the campaign, {n} households of the village do it all the same.",
                self.village,
            )
        return f"{own} {village}"


def what_if(history: History, without: History, i: int) -> WhatIf:
    """Two histories of the same households compared, for household i."""
    end = history.first_week + int(history.scenario.campaign["weeks"]) - 1
    does = [int(np.isin(h.stage[end], DOES).sum()) for h in (history, without)]
    return WhatIf(history.adopted_week(i), without.adopted_week(i), does[0], does[1])
