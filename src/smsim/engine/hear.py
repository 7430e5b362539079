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
    UNAWARE,
)
from smsim.engine.rules import crossing_week

EVERY_BIT = 255


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
def persuade(credit, persuaded, fade, i, touched, media, visit, dialogue):  # type: ignore[no-untyped-def]
    """Step 2, second half: this week's contacts persuade, each with what the one before left to win."""
    # p <- p + psi q (1 - p), for visits and dialogues psi T q
    if touched & CONTACT_MEDIA:
        credit[0, i] = credit[0, i] + media * (1 - persuaded[i] * fade) / fade
        persuaded[i] = (credit[0, i] + credit[1, i]) + credit[2, i]
    if touched & CONTACT_VISIT:
        credit[1, i] = credit[1, i] + visit * (1 - persuaded[i] * fade) / fade
        persuaded[i] = (credit[0, i] + credit[1, i]) + credit[2, i]
    if touched & CONTACT_DIALOGUE:
        credit[2, i] = credit[2, i] + dialogue * (1 - persuaded[i] * fade) / fade
        persuaded[i] = (credit[0, i] + credit[1, i]) + credit[2, i]


@inner
def rouse(stage, hot, due, touch, t, others, act):  # type: ignore[no-untyped-def]
    """Mark who has something to do: act is the block's bytes, 0 beyond its end.

    others: bits of news that matter to who has heard already; whoever has not minds all.
    """
    for k in range(hot.shape[0]):
        act[k] = (hot[k] & (others if stage[k] != UNAWARE else EVERY_BIT)) | touch[k] | np.uint8(due[k] <= t)
    for k in range(hot.shape[0], act.shape[0]):
        act[k] = 0


@inner
def listen(stage, hot, due, touch, voicing, talking, heard, t, peer_information, silent_information, act, visit):  # type: ignore[no-untyped-def]
    """Step 3, first half: what the unaware of a block hear from their neighbours has changed; when is it enough?

    Most of them go on waiting, and nothing else is asked of them this week: their mark in act is taken back. Whom the
    campaign touches has heard already.
    """
    found = 0
    for k in range(hot.shape[0]):
        visit[found] = k
        found += (stage[k] == UNAWARE) & (touch[k] == 0) & ((hot[k] & (NEW_VOICES | NEW_TALK)) != 0)
    for n in range(found):
        k = visit[n]
        one = heard[k]
        # U -> A with hazard beta (n_V + eta n_T)
        hazard = peer_information * (voicing[k] + silent_information * talking[k])
        if hazard != one.hazard:
            one.resist = one.resist - (t - one.since) * one.hazard
            one.hazard = hazard
            one.since = t
            due[k] = min(due[k], crossing_week(one.resist, t, hazard))
        hot[k] &= NEW_RUMOUR
        act[k] = hot[k] | np.uint8(due[k] <= t)
