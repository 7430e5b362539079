"""What reaches households: persuasion, and news from neighbours; and who has something to do at all (steps 2-7)."""

from __future__ import annotations

import numpy as np

from smsim.engine import inlined, inner
from smsim.engine.arrays import (
    ADOPTED,
    CONTACT_DIALOGUE,
    CONTACT_MEDIA,
    CONTACT_VISIT,
    FADED,
    MAINTAINED,
    NEW_RUMOUR,
    NEW_TALK,
    NEW_VOICES,
    RECONSIDERS,
    SPREADS_RUMOUR,
    SUSCEPTIBLE,
    UNAWARE,
    WILLING,
)
from smsim.engine.draws import draw_exponentials
from smsim.engine.lanes import WIDTH, bits, lanes
from smsim.engine.rules import crossing_week, hazard_of_rumour, inside


@inner
def fade_all(norm_memory, norm_fade, credit, persuaded, persuaded_sum, fade, behaviours, context):  # type: ignore[no-untyped-def]
    """Persuasion and norm memory fade, for everybody at once."""
    fade_memory(norm_memory, norm_fade, 1 - context.norm_memory_decay)
    for b in range(behaviours.shape[0]):
        fade_persuasion(credit[b], persuaded[b], persuaded_sum[b], fade, b, 1 - behaviours[b].persuasion_decay)


@inner
def fade_memory(norm_memory, norm_fade, keep):  # type: ignore[no-untyped-def]
    """g <- (1 - delta_p) g; units worth too little are made anew."""
    norm_fade[0] = norm_fade[0] * keep
    if norm_fade[0] < FADED:
        for i in range(norm_memory.shape[0]):
            norm_memory[i] = norm_memory[i] * norm_fade[0]
        norm_fade[0] = 1.0


@inner
def fade_persuasion(credit, persuaded, persuaded_sum, fade, b, keep):  # type: ignore[no-untyped-def]
    """p <- (1 - delta_p) p; units worth too little are made anew."""
    fade[b] = fade[b] * keep
    if fade[b] < FADED:
        for i in range(persuaded.shape[0]):
            for k in range(3):
                credit[k, i] = credit[k, i] * fade[b]
            persuaded[i] = (credit[0, i] + credit[1, i]) + credit[2, i]
        persuaded_sum.fill(-1.0)  # to be added up again
        fade[b] = 1.0


@inner
def persuade(  # type: ignore[no-untyped-def]
    touched, first, last, touch, minority, female, trusts, qualities, credit, persuaded, norm_memory, fade, norm_fade,
    media_gain, visit_gain, dialogue_gain,
):  # fmt: skip
    """Step 2, second half: this week's contacts persuade, each with what the one before left to win.

    touched: the households touched[first] ... touched[last - 1]. trusts: by 2 minority + female; qualities: of the
    material, by minority. The gains are psi times the share of messages on the behaviour.
    """
    by_media, by_visit, by_dialogue = credit[0], credit[1], credit[2]
    for n in range(np.uintp(first), np.uintp(last)):
        i = np.uintp(touched[n])
        contact, p = touch[i], persuaded[i]
        quality = qualities[minority[i]]
        # p <- p + psi q (1 - p), for visits and dialogues psi T q
        if contact & CONTACT_MEDIA:
            by_media[i] = by_media[i] + media_gain * quality * (1 - p * fade) / fade
            p = (by_media[i] + by_visit[i]) + by_dialogue[i]
        if contact & (CONTACT_VISIT | CONTACT_DIALOGUE):
            its_trust = trusts[2 * minority[i] + female[i]]
            if contact & CONTACT_VISIT:
                by_visit[i] = by_visit[i] + visit_gain * its_trust * quality * (1 - p * fade) / fade
                p = (by_media[i] + by_visit[i]) + by_dialogue[i]
            if contact & CONTACT_DIALOGUE:
                by_dialogue[i] = by_dialogue[i] + dialogue_gain * its_trust * quality * (1 - p * fade) / fade
                p = (by_media[i] + by_visit[i]) + by_dialogue[i]
                norm_memory[i] = 1.0 / norm_fade
        persuaded[i] = p


@inner
def rouse(stage, shown, hot, due, touch, low, high, t, act, news, gossip):  # type: ignore[no-untyped-def]
    """Mark who of a block has something to do.

    act: whoever has a clock that strikes, or whom a contact tells something: the unaware, and believers of the rumour
    whom somebody talks to. news: the unaware who are not touched and whose neighbours voice or talk otherwise than
    before. gossip: whose neighbours spread the rumour otherwise than before.
    """
    for g in range(act.shape[0]):
        at = low + WIDTH * g
        here = inside(high - at)
        unaware, contact, new = lanes(stage, at) == UNAWARE, lanes(touch, at), lanes(hot, at)
        talks = (contact > CONTACT_MEDIA) & ((lanes(shown, at) & SPREADS_RUMOUR) != 0)
        act[g] = here & bits((unaware & (contact != 0)) | talks | (lanes(due, at) <= t))
        news[g] = here & bits(unaware & (contact == 0) & ((new & (NEW_VOICES | NEW_TALK)) != 0))
        gossip[g] = here & bits((new & NEW_RUMOUR) != 0)


@inner
def reconsider(hot, due, touch, low, high, t, happens, act):  # type: ignore[no-untyped-def]
    """Mark who of a block weighs the behaviour anew, after news of voices or a contact; to whom an event happens."""
    for g in range(act.shape[0]):
        at = low + WIDTH * g
        weighs = ((lanes(hot, at) & (NEW_VOICES | RECONSIDERS)) | lanes(touch, at)) != 0
        if happens:
            weighs = weighs | (lanes(due, at) <= t)
        act[g] = inside(high - at) & bits(weighs)


@inner
def seek(stage, child, low, high, round_week, act, tries):  # type: ignore[no-untyped-def]
    """Mark in `tries` who of a block seeks the service though it weighs nothing: the willing; in a round all supporters
    with a child.
    """
    for g in range(act.shape[0]):
        at = low + WIDTH * g
        now = lanes(stage, at)
        goes = now == WILLING
        if round_week:
            goes = (goes | (now == ADOPTED) | (now == MAINTAINED)) & (lanes(child, at) == 1)
        tries[g] = inside(high - at) & bits(goes) & ~act[g]


@inlined
def mark(marks, k, holds):  # type: ignore[no-untyped-def]
    """Set the bit of household k of a block if this holds."""
    marks[k // np.uintp(WIDTH)] |= np.uint64(holds) << np.uint64(k % np.uintp(WIDTH))


@inner
def mark_all(marks, many):  # type: ignore[no-untyped-def]
    """Mark the first `many` households of a block, and no others."""
    for g in range(marks.shape[0]):
        marks[g] = inside(many - WIDTH * g)


@inner
def listen(  # type: ignore[no-untyped-def]
    hot, due, voicing, talking, heard, low, t, peers, silent_information, act, visit, found
):
    """Step 3, first half: what the unaware of a block hear from their neighbours has changed; when is it enough?

    The first `found` of visit: the marks `news` of `rouse`. Most of them go on waiting, and nothing else is asked of
    them this week. Whom the campaign touches has heard already. peers: whether neighbours inform at all.
    """
    for n in range(np.uintp(found)):
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
            mark(act, home - np.uintp(low), due[home] <= t)
        hot[home] &= NEW_RUMOUR


@inner
def overhear(hot, due, rumouring, hesitant, minds, low, t, passing, arrival, act, visit, found):  # type: ignore[no-untyped-def]
    """Step 4, first half: what those who do not believe the rumour hear of it has changed; when is it enough?

    The first `found` of visit: the marks `gossip` of `rouse`.
    """
    for n in range(np.uintp(found)):
        home = np.uintp(visit[n])
        mind = minds[home]
        hot[home] &= NEW_VOICES | NEW_TALK | RECONSIDERS
        if mind.rumour != SUSCEPTIBLE:
            continue
        hazard = hazard_of_rumour(passing, arrival, rumouring[home], hesitant[home])
        if hazard != mind.rumour_hazard:
            mind.resist_rumour = mind.resist_rumour - (t - mind.rumour_since) * mind.rumour_hazard
            mind.rumour_hazard = hazard
            mind.rumour_since = t
            mind.rumour_due = crossing_week(mind.resist_rumour, t, hazard)
            due[home] = min(due[home], mind.rumour_due)
            mark(act, home - np.uintp(low), due[home] <= t)


@inner
def listen_again(those, many, minds, draw_id, seed, stream, rumours, t, numbers, identities, resistances):  # type: ignore[no-untyped-def]
    """The first `many` of those forgot the rumour, or what they were told: when will it be enough for them again?"""
    if rumours:
        draw_exponentials(
            those, many, minds.rumour_spells, draw_id, seed, stream, minds.resist_rumour, numbers, identities,
            resistances,
        )  # fmt: skip
    for n in range(np.uintp(many)):
        mind = minds[np.uintp(those[n])]
        mind.rumour_due = crossing_week(mind.resist_rumour, t + 1, mind.rumour_hazard)
