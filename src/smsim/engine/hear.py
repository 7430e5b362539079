"""What reaches households: persuasion, and news from neighbours; and who has something to do at all (steps 2-7)."""

from __future__ import annotations

import numpy as np

from smsim.engine import inlined, inner
from smsim.engine.arrays import (
    ADOPTED,
    CONTACT_MEDIA,
    FADED,
    MAINTAINED,
    SPREADS_RUMOUR,
    UNAWARE,
    WILLING,
)
from smsim.engine.lanes import WIDTH, bits, lanes, lowest
from smsim.engine.rules import inside

FEW = 0.1  # share of households that are sooner looked up one by one than done with all others


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
                credit[i, k] = credit[i, k] * fade[b]
            persuaded[i] = (credit[i, 0] + credit[i, 1]) + credit[i, 2]
        persuaded_sum.fill(-1.0)  # to be added up again
        fade[b] = 1.0


@inner
def persuade(touched, touched_until, c, minority, female, gains, credit, persuaded, norm_memory, fade, norm_fade):  # type: ignore[no-untyped-def]
    """Step 2, second half: this week's contacts with a community persuade, each with what the one before left to win.

    Returns whether there are any. gains: psi q, for visits and dialogues psi T q, times the share of messages on the
    behaviour; by channel and 2 minority + female.
    """
    some = np.int64(0)
    for channel in range(3):
        those, first, last = touched[channel], touched_until[channel, c], touched_until[channel, c + 1]
        gain = gains[channel]
        some += last - first
        for n in range(np.uintp(first), np.uintp(last)):
            i = np.uintp(those[n])
            # p <- p + psi T q (1 - p)
            credit[i, channel] = (
                credit[i, channel] + gain[2 * minority[i] + female[i]] * (1 - persuaded[i] * fade) / fade
            )
            persuaded[i] = (credit[i, 0] + credit[i, 1]) + credit[i, 2]
    those = touched[2]
    for n in range(np.uintp(touched_until[2, c]), np.uintp(touched_until[2, c + 1])):
        norm_memory[np.uintp(those[n])] = 1.0 / norm_fade
    return some > 0


@inner
def wear(  # type: ignore[no-untyped-def]
    stage, voicing, talking, rumouring, resist_talk, resist_rumour, peers, unaware, silent_information, rumours,
    passing, arrival, start, stop, gives,
):  # fmt: skip
    """Steps 3 and 4: what households start ... stop - 1 hear from their neighbours wears down what they resist with.

    Into gives, uint8: 1 for whoever gives way, to news or to the rumour. peers: whether neighbours inform anybody;
    unaware: the share of all households that have not heard; rumours: whether anything is heard of the rumour.
    """
    low, high = np.uintp(start), np.uintp(stop)
    if peers and unaware > FEW:
        # All of them in a row: to find out whom it concerns would take longer.
        for i in range(low, high):
            # U -> A with hazard beta (n_V + eta n_T); the resistance is in units of exposure, beta is in it already
            resist_talk[i] = resist_talk[i] - (voicing[i] + silent_information * talking[i])
            gives[i] = resist_talk[i] < 0
    else:
        gives[low:high].fill(0)
    if peers and 0 < unaware <= FEW:
        for first in range(start, stop, WIDTH):
            word = inside(stop - first) & bits(lanes(stage, first) == UNAWARE)
            while word != np.uint64(0):
                home = np.uintp(first + lowest(word))
                resist_talk[home] = resist_talk[home] - (voicing[home] + silent_information * talking[home])
                gives[home] = resist_talk[home] < 0
                word &= word - np.uint64(1)
    if rumours:
        for i in range(low, high):
            # 0 -> 1 with hazard (beta_r n_B + iota_r) (1 + hes); the last factor is in the resistance already
            resist_rumour[i] = resist_rumour[i] - (passing * rumouring[i] + arrival)
            gives[i] |= resist_rumour[i] < 0


@inner
def rouse(stage, shown, due, touch, gives, low, high, t, act):  # type: ignore[no-untyped-def]
    """Mark who of a block has something to do.

    Whoever has a clock that strikes or gives way to its neighbours, or whom a contact tells something: the unaware, and
    believers of the rumour whom somebody talks to.
    """
    for g in range(act.shape[0]):
        at = low + WIDTH * g
        now, contact, shows, giving, clock = (
            lanes(stage, at), lanes(touch, at), lanes(shown, at), lanes(gives, at), lanes(due, at),
        )  # fmt: skip
        told = (now == UNAWARE) & (contact != 0)
        talks = (contact > CONTACT_MEDIA) & ((shows & SPREADS_RUMOUR) != 0)
        act[g] = inside(high - at) & bits(told | talks | (giving != 0) | (clock <= t))


@inner
def reconsider(stage, hot, touch, low, high, keeps_up, act):  # type: ignore[no-untyped-def]
    """Mark who of a block weighs the behaviour anew, after news or a contact. Who has not heard has nothing to weigh.

    keeps_up: whether adopters do.
    """
    for g in range(act.shape[0]):
        at = low + WIDTH * g
        now, news = lanes(stage, at), lanes(hot, at) | lanes(touch, at)
        weighs = bits((news != 0) & (now != UNAWARE))
        if not keeps_up:
            weighs &= bits((now != ADOPTED) & (now != MAINTAINED))
        act[g] = inside(high - at) & weighs


@inner
def seek(stage, child, low, high, round_week, act, tries):  # type: ignore[no-untyped-def]
    """Mark in `tries` who of a block seeks the service though nothing moves it: the willing; in a round all supporters
    with a child.
    """
    for g in range(act.shape[0]):
        at = low + WIDTH * g
        now, children = lanes(stage, at), lanes(child, at)
        goes = bits(now == WILLING)
        if round_week:
            goes = bits(((now == WILLING) | (now == ADOPTED) | (now == MAINTAINED)) & (children == 1))
        tries[g] = inside(high - at) & goes & ~act[g]


@inlined
def mark(marks, k, holds):  # type: ignore[no-untyped-def]
    """Set the bit of household k of a block if this holds."""
    marks[k // np.uintp(WIDTH)] |= np.uint64(holds) << np.uint64(k % np.uintp(WIDTH))


@inner
def mark_all(marks, many):  # type: ignore[no-untyped-def]
    """Mark the first `many` households of a block, and no others."""
    for g in range(marks.shape[0]):
        marks[g] = inside(many - WIDTH * g)
