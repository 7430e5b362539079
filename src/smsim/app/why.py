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
        if at == week and not history.decided()[week, i]:  # it had made up its mind before anybody watched
            before = _before(history)
            if history.stage[before, i] in DOES:
                return _("It did this already before the campaign.")
            served = before + int(np.argmax(np.isin(history.stage[before:, i], DOES)))
            when = words.number(served - history.first_week + 1)
            return _("It was willing before the campaign, and was served in week {week}.", week=when)
        return _("It does it. {reason}", reason=_reason(history, i, at, words))
    if stage == UNAWARE:
        came = np.flatnonzero(history.new_lives[: week + 1, i])
        if len(came):
            when = words.number(int(came[-1]) - history.first_week + 1)
            return _("Not yet: a new caregiver moved in in week {week}, and has not heard of it so far.", week=when)
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


def _before(history: History) -> int:
    """The week that stands for all before the campaign."""
    return max(history.first_week - 1, 0)


def _willing(history: History, i: int, week: int, words: Words) -> str:
    _ = words
    since = week
    while since > history.first_week and history.stage[since - 1, i] == WILLING:
        since -= 1
    tries = int(history.turned_away[since : week + 1, i].sum())
    closed = int((~history.facility_up[since : week + 1]).sum())
    weeks = week + 1 - since
    if since == history.first_week and history.stage[_before(history), i] == WILLING:
        text = words.plural(
            "Willing, but not yet served. It waited already before the campaign, and has for {n} week since.",
            "Willing, but not yet served. It waited already before the campaign, and has for {n} weeks since.",
            weeks,
        )
    else:
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
    stage = history.stage[:, i]
    before = {
        UNAWARE: _("Had not heard of it."),
        AWARE: _("Knew of it, and did not do it."),
        WILLING: _("Was willing, and not yet served."),
        LAPSED: _("Had done it, and given it up."),
    }
    found = int(stage[_before(history)])
    yield Event(-1, "mind", before.get(found, _("Did it already.")))
    shown = int(history.voices[_before(history), others].sum())
    if shown:
        text = words.plural(
            "{n} of its neighbours here showed that they did it.",
            "{n} of its neighbours here showed that they did it.",
            shown,
        )
        yield Event(-1, "neighbour", text)
    broadcasts = visits = dialogues = 0
    has_done = found in (*DOES, LAPSED)
    for t in range(first, len(stage)):  # within a week, in the order of docs/week.md
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
        replaced = bool(history.new_lives[t, i])
        if t and history.believes[t, i] != history.believes[t - 1, i] and not replaced:
            text = _("Believes the rumour.") if history.believes[t, i] else _("No longer believes the rumour.")
            yield Event(week, "rumour", text)
        if replaced:
            yield Event(week, "lost", _("A new caregiver moves in, who has not heard of it."))
        else:
            yield from _own_events(history, i, t, old, has_done, words)
        has_done = not replaced and (has_done or new in DOES)
        if t:  # what it sees at the week's end, and can reckon with in the next
            begun = [j for j in others if history.voices[t, j] and not history.voices[t - 1, j]]
            ended = [j for j in others if history.voices[t - 1, j] and not history.voices[t, j]]
            if begun:
                listed = words.listed(household_name(words, j) for j in begun[:4])
                yield Event(week, "neighbour", _("Sees it done by: {households}.", households=listed))
            if ended:
                listed = words.listed(household_name(words, j) for j in ended[:4])
                yield Event(week, "lost", _("No longer sees it done by: {households}.", households=listed))


def _own_events(history: History, i: int, t: int, old: int, has_done: bool, words: Words) -> Iterator[Event]:
    """What a household itself does in a week: deciding, seeking the service, keeping it up.

    has_done: whether it did it in some week before, the same caregiver
    """
    _ = words
    week, new, names = t - history.first_week, int(history.stage[t, i]), term_names(words)
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
        yield Event(week, "does", _("Does it again.") if has_done else _("Does it for the first time."))
    elif new == MAINTAINED and old == ADOPTED:
        yield Event(week, "does", _("It has become a habit."))
    elif old == WILLING and new == AWARE:
        text = _("Gives up after being turned away.") if history.turned_away[t, i] else _("Changes its mind.")
        yield Event(week, "lost", text)
    elif new == LAPSED and old in DOES:
        yield Event(week, "lost", _("Gives it up."))


class WhatIf(NamedTuple):
    """A household and its village, with and without something, in the same world with the same luck."""

    week: int | None  # campaign week of its adoption as it was, below 0 before the campaign; None: never
    week_without: int | None
    weeks: int  # of campaign and follow-up in which it did it, as it was
    weeks_without: int
    village: int  # households that did it at the end of the campaign, as it was
    village_without: int
    absent: int | None = None  # household that was taken away, and is not counted; None: something else was

    def say(self, words: Words, what: str) -> str:
        """In sentences. `what` was taken away."""
        return f"{self._own(words, what)} {self._village(words)}"

    def _own(self, words: Words, what: str) -> str:
        _ = words
        if self.week == self.week_without:
            if self.weeks == self.weeks_without:
                return _("Without {what}, nothing changes for this household.", what=what)
            return _.plural(
                "Without {what}, this household would have begun at the same time, and done it for {n} week instead of "
                "{weeks}.",
                "Without {what}, this household would have begun at the same time, and done it for {n} weeks instead "
                "of {weeks}.",
                self.weeks_without, what=what, weeks=words.number(self.weeks),
            )  # fmt: skip
        if self.week_without is None:
            return _("Without {what}, this household would not have done it.", what=what)
        if self.week_without < 0:
            return _("Without {what}, this household would have done it before the campaign already.", what=what)
        without = words.number(self.week_without + 1)
        if self.week is None:
            return _("Without {what}, this household would have done it in week {week}.", what=what, week=without)
        if self.week < 0:
            return _(
                "Without {what}, this household would not have done it before the campaign, but in week {week}.",
                what=what, week=without,
            )  # fmt: skip
        return _(
            "Without {what}, this household would have done it in week {without} instead of week {week}.",
            what=what, without=without, week=words.number(self.week + 1),
        )  # fmt: skip

    def _village(self, words: Words) -> str:
        _ = words
        was, without = words.number(self.village), words.number(self.village_without)
        if self.absent is not None:
            if self.village == self.village_without:
                return _(
                    "At the end of the campaign, {households} of the other households of the village do it all the "
                    "same.", households=was,
                )  # fmt: skip
            return _(
                "At the end of the campaign, {without} of the other households of the village would do it instead of "
                "{households}.", without=without, households=was,
            )  # fmt: skip
        if self.village == self.village_without:
            return words.plural(
                "At the end of the campaign, {n} household of the village does it all the same.",
                "At the end of the campaign, {n} households of the village do it all the same.",
                self.village,
            )
        return words.plural(
            "At the end of the campaign, {n} household of the village would do it instead of {households}.",
            "At the end of the campaign, {n} households of the village would do it instead of {households}.",
            self.village_without, households=was,
        )  # fmt: skip


def what_if(history: History, without: History, i: int, absent: int | None = None) -> WhatIf:
    """Two histories of the same households compared, for household i.

    Parameters
    ----------
    absent : position of the household that was taken away, if it was one; it is not counted
    """
    first = history.first_week
    end = first + int(history.scenario.campaign["weeks"]) - 1
    does = [np.isin(h.stage, DOES) for h in (history, without)]
    if absent is not None:
        for one in does:
            one[:, absent] = False
    weeks, weeks_without = (int(one[first:, i].sum()) for one in does)
    village, village_without = (int(one[end].sum()) for one in does)
    began, began_without = history.adopted_week(i), without.adopted_week(i)
    return WhatIf(began, began_without, weeks, weeks_without, village, village_without, absent)
