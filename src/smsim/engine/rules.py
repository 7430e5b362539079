"""The rules of one household, each a few lines of arithmetic; docs/week.md gives the same in words."""

from __future__ import annotations

import math

import numpy as np

from smsim.engine import inlined, inner
from smsim.engine.arrays import (
    ADOPTED,
    BY_DIALOGUE,
    BY_INCENTIVE,
    BY_LEADER,
    BY_LINK,
    BY_MEDIA,
    BY_PEER,
    BY_VISIT,
    MAINTAINED,
    WILLING,
)
from smsim.engine.lanes import WIDTH, lowest, prefetch

FOLLOWED = tuple(float(membership.bit_count()) for membership in range(16))  # leaders of a combination of memberships


@inner
def supports(stage):  # type: ignore[no-untyped-def]
    """Private support: willing, adopted or maintained."""
    return stage == WILLING or stage == ADOPTED or stage == MAINTAINED


@inner
def trust(context, resident, language, women, training, minority, female):  # type: ignore[no-untyped-def]
    """Trust of a household in the mobilizers of its community this week, in [0, 1]."""
    # T = T0 (1 - .35(1 - s_res)) (1 - .35 minor (1 - s_lang)) (1 - .15 fem (1 - s_fem)) (.5 + .5 train)
    return (
        context.trust
        * (1 - context.outsider_penalty * (1 - resident))
        * (1 - context.language_penalty * minority * (1 - language))
        * (1 - context.gender_penalty * female * (1 - women))
        * (0.5 + 0.5 * training)
    )


@inner
def endorsements(endorsement, c, weight, out):  # type: ignore[no-untyped-def]
    """alpha_I I for each of the 16 combinations of memberships, into out (16,); True if any is above 0.

    I is the mean endorsement by the leaders whom a household follows, 0 if it follows none.
    """
    out.fill(0.0)
    anybody = False
    for k in range(4):
        anybody = anybody or endorsement[c, k] > 0
    if not anybody or not weight > 0:
        return False
    for k in range(4):
        # The sum over those below leader k, with leader k: each sum in the leaders' order.
        for below in range(1 << k):
            out[(1 << k) + below] = out[below] + endorsement[c, k]
    for membership in range(1, 16):
        out[membership] = weight * (out[membership] / FOLLOWED[membership])
    return True


@inner
def convincer(norm, leader, media, visit, dialogue, incentive, link):  # type: ignore[no-untyped-def]
    """The largest term of the support S: what moved the household. The first of equals."""
    best = norm
    by = BY_PEER
    if leader > best:
        best = leader
        by = BY_LEADER
    if media > best:
        best = media
        by = BY_MEDIA
    if visit > best:
        best = visit
        by = BY_VISIT
    if dialogue > best:
        best = dialogue
        by = BY_DIALOGUE
    if incentive > best:
        best = incentive
        by = BY_INCENTIVE
    if link > best:
        by = BY_LINK
    return by


@inlined
def rationed(seekers, of, capacity, offset):  # type: ignore[no-untyped-def]
    """How many of the first seekers are served where there are too many: of all, exactly floor or ceil of the capacity,
    with equal chances.
    """
    return math.floor(seekers * capacity / of + offset)


@inner
def policy_step(response, target, context, ownership):  # type: ignore[no-untyped-def]
    """Y after one week: it builds up towards its target in response_weeks, and ownership keeps it from fading."""
    if target > response:
        return response + (target - response) / context.response_weeks
    return response - context.response_decay * (1 - ownership) * (response - target)


@inlined
def inside(many):  # type: ignore[no-untyped-def]
    """A word with a bit for each of the first `many` of 64 households; all for more, none for less than one."""
    if many <= 0:
        return np.uint64(0)
    return np.uint64(0xFFFFFFFFFFFFFFFF) >> np.uint64(WIDTH - min(many, WIDTH))


@inner
def marked(marks, low, visit, found):  # type: ignore[no-untyped-def]
    """Append to visit, of which `found` are filled, the households whose bit is set, the first being `low`.

    Returns how many there are then. marks: words of 64 households each.
    """
    for g in range(marks.shape[0]):
        word, first = marks[g], low + WIDTH * g
        # Four of them without a branch: how many they are cannot be foreseen.
        for _ in range(4):
            another = np.uint64(word != np.uint64(0))
            visit[np.uintp(found)] = first + lowest(word)
            found += np.int64(another)
            word &= word - another
        while word != np.uint64(0):
            visit[np.uintp(found)] = first + lowest(word)
            found += 1
            word &= word - np.uint64(1)
    return found


@inner
def visits(marks, low, minds, visit):  # type: ignore[no-untyped-def]
    """Fill visit as `marked` does, and have the households' records brought; returns their number.

    The visits themselves would wait for each record in turn; the processor fetches many at a time.
    """
    found = marked(marks, low, visit, 0)
    for n in range(np.uintp(found)):
        prefetch(minds, np.uintp(visit[n]))
    return found
