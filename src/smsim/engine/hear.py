"""What reaches households: persuasion, and news from neighbours; and who has something to do at all (steps 2-3)."""

from __future__ import annotations

import numpy as np

from smsim.engine import inner
from smsim.engine.arrays import (
    CONTACT_DIALOGUE,
    CONTACT_MEDIA,
    CONTACT_VISIT,
    FADED,
    NEW_RUMOUR,
    NEW_TALK,
    NEW_VOICES,
    RECONSIDERS,
    UNAWARE,
    WILLING,
)
from smsim.engine.rules import crossing_week, marked


@inner
def fade_persuasion(credit, persuaded, persuaded_sum, fade, b, keep):  # type: ignore[no-untyped-def]
    """p <- (1 - delta_p) p, for everybody at once; units worth too little are made anew."""
    fade[b] = fade[b] * keep
    if fade[b] < FADED:
        for i in range(persuaded.shape[0]):
            for k in range(3):
                credit[k, i] = credit[k, i] * fade[b]
            persuaded[i] = (credit[0, i] + credit[1, i]) + credit[2, i]
        persuaded_sum.fill(-1.0)  # to be added up again
        fade[b] = 1.0


@inner
def persuade(by_media, by_visit, by_dialogue, persuaded, fade, touched, media, visit, dialogue):  # type: ignore[no-untyped-def]
    """Step 2, second half: this week's contacts persuade, each with what the one before left to win.

    Takes and returns a household's credits and their sum. (Handing over the arrays instead would count references.)
    """
    # p <- p + psi q (1 - p), for visits and dialogues psi T q
    if touched & CONTACT_MEDIA:
        by_media = by_media + media * (1 - persuaded * fade) / fade
        persuaded = (by_media + by_visit) + by_dialogue
    if touched & CONTACT_VISIT:
        by_visit = by_visit + visit * (1 - persuaded * fade) / fade
        persuaded = (by_media + by_visit) + by_dialogue
    if touched & CONTACT_DIALOGUE:
        by_dialogue = by_dialogue + dialogue * (1 - persuaded * fade) / fade
        persuaded = (by_media + by_visit) + by_dialogue
    return by_media, by_visit, by_dialogue, persuaded


@inner
def rouse(stage, hot, due, touch, low, high, t, act, news):  # type: ignore[no-untyped-def]
    """Mark who has something to do, in bytes of the block, 0 beyond its end.

    act: whoever is touched, has a clock that strikes or news of the rumour. news: the unaware who are not touched and
    whose neighbours voice or talk otherwise than before.
    """
    low, high = np.uintp(low), np.uintp(high)
    for i in range(low, high):
        act[i - low] = (hot[i] & NEW_RUMOUR) | touch[i] | np.uint8(due[i] <= t)
        waits = np.uint8(stage[i] == UNAWARE) & np.uint8(touch[i] == 0)
        news[i - low] = waits * (hot[i] & (NEW_VOICES | NEW_TALK))
    for k in range(high - low, np.uintp(act.shape[0])):
        act[k] = 0
        news[k] = 0


@inner
def reconsider(stage, hot, due, touch, low, high, t, waiting, act):  # type: ignore[no-untyped-def]
    """Mark who of a block weighs the behaviour anew: news of voices, a contact or a clock; and the willing who wait."""
    low, high = np.uintp(low), np.uintp(high)
    for i in range(low, high):
        act[i - low] = (
            (hot[i] & (NEW_VOICES | RECONSIDERS)) | touch[i] | np.uint8(due[i] <= t)
            | (waiting & np.uint8(stage[i] == WILLING))
        )  # fmt: skip


@inner
def listen(  # type: ignore[no-untyped-def]
    hot, due, voicing, talking, heard, low, t, peers, silent_information, act, news, visit
):
    """Step 3, first half: what the unaware of a block hear from their neighbours has changed; when is it enough?

    news: marks of `rouse`. Most of them go on waiting, and nothing else is asked of them this week. Whom the campaign
    touches has heard already. peers: whether neighbours inform at all.
    """
    found = marked(news, low, visit, 0)
    for n in range(found):
        home = np.uintp(visit[n])
        one = heard[home]
        # U -> A with hazard beta (n_V + eta n_T); the resistance is in units of exposure, beta is in it already
        exposure = voicing[home] + silent_information * talking[home] if peers else 0.0
        if exposure != one.exposure:
            one.resist = one.resist - (t - one.since) * one.exposure
            one.exposure = exposure
            one.since = t
            one.due = crossing_week(one.resist, t, exposure)
            due[home] = min(due[home], one.due)
            act[home - low] |= np.uint8(due[home] <= t)
        hot[home] &= NEW_RUMOUR
