"""How households weigh the behaviour: the support they find, and whom that moves (steps 5-6)."""

from __future__ import annotations

import numpy as np

from smsim.engine import inner
from smsim.engine.arrays import (
    ADOPTED,
    AWARE,
    LAPSED,
    MAINTAINED,
    NOT_KEEPING,
    OWN,
    PENDING_OK,
    PENDING_VOICE,
    SUPPORTS,
    VOICES,
    WILLING,
)
from smsim.engine.lanes import WIDTH, bits, lanes, put, where
from smsim.engine.rules import convincer, inside


@inner
def norm_of(voicing, reference, g, omega):  # type: ignore[no-untyped-def]
    """f = (1 - g) n_V / k + g omega_c of one household."""
    visible = voicing / (reference if reference > 0.0 else 1.0)
    return (1 - g) * visible + g * omega


@inner
def support(voicing, reference, g, omega, leader, p, norm_weight, persuasion_weight, incentive):  # type: ignore[no-untyped-def]
    """f and S (without a link) of one household.

    S = alpha_N f + alpha_I I + alpha_P p + alpha_inc inc
    """
    norm = norm_of(voicing, reference, g, omega)
    return norm, ((norm_weight * norm + leader) + persuasion_weight * p) + incentive


@inner
def weigh(  # type: ignore[no-untyped-def]
    voicing, reference, norm_memory, persuaded, needed, lead, fear, shown_link, low, high, norm_fade, fade,
    omega, norm_weight, persuasion_weight, incentive, link_weight, taboo, verdict,
):  # fmt: skip
    """Every household of a block weighs the behaviour, into verdict, as long: bits PENDING_OK and PENDING_VOICE.

    lead: alpha_I I of each of the block, looked up beforehand: gathered in the loop it would cost more than the rest.
    """
    low, high = np.uintp(low), np.uintp(high)
    if taboo > 0:  # without one nobody's fear is read: one loop for both was slower
        for i in range(low, high):
            norm, total = support(
                voicing[i], reference[i], norm_memory[i] * norm_fade, omega, lead[i - low], persuaded[i] * fade,
                norm_weight, persuasion_weight, incentive,
            )  # fmt: skip
            linked = link_weight if shown_link[i] & SUPPORTS else 0.0
            # V = 1 if it supports and f + alpha_I I >= tau v
            voice = 0 if norm + lead[i - low] < taboo * fear[i] else PENDING_VOICE
            verdict[i - low] = voice + (total + linked >= needed[i])
    else:
        for i in range(low, high):
            _, total = support(
                voicing[i], reference[i], norm_memory[i] * norm_fade, omega, lead[i - low], persuaded[i] * fade,
                norm_weight, persuasion_weight, incentive,
            )  # fmt: skip
            linked = link_weight if shown_link[i] & SUPPORTS else 0.0
            verdict[i - low] = PENDING_VOICE + (total + linked >= needed[i])


@inner
def weigh_some(  # type: ignore[no-untyped-def]
    those, few, voicing, reference, norm_memory, persuaded, needed, led, membership, fear, shown_link, norm_fade, fade,
    omega, norm_weight, persuasion_weight, incentive, link_weight, taboo, pending, hot,
):  # fmt: skip
    """The first `few` of those weigh the behaviour, as in `weigh`; their verdict is kept."""
    for n in range(np.uintp(few)):
        i = np.uintp(those[n])
        leader = led[membership[i]]
        norm, total = support(
            voicing[i], reference[i], norm_memory[i] * norm_fade, omega, leader, persuaded[i] * fade,
            norm_weight, persuasion_weight, incentive,
        )  # fmt: skip
        linked = link_weight if link_weight > 0 and (shown_link[i] & SUPPORTS) != 0 else 0.0
        ready = taboo <= 0 or norm + leader >= taboo * fear[i]
        pending[i] = (PENDING_OK if total + linked >= needed[i] else 0) | (PENDING_VOICE if ready else 0)
        hot[i] = 0


@inner
def attribute(  # type: ignore[no-untyped-def]
    deciders, first, last, stage, minds, voicing, reference, norm_memory, credit, needed, led, membership, shown_link,
    norm_fade, fade, omega, norm_weight, persuasion_weight, incentive, link_weight,
):  # fmt: skip
    """What moved those of deciders[first:last] who have become willing: see `convincer`; OWN if nothing had to."""
    for n in range(np.uintp(first), np.uintp(last)):
        i = np.uintp(deciders[n])
        if stage[i] != WILLING:
            continue
        leader = led[membership[i]]
        linked = link_weight if link_weight > 0 and (shown_link[i] & SUPPORTS) != 0 else 0.0
        norm = norm_of(voicing[i], reference[i], norm_memory[i] * norm_fade, omega)
        by = convincer(
            norm_weight * norm, leader, persuasion_weight * (credit[i, 0] * fade),
            persuasion_weight * (credit[i, 1] * fade), persuasion_weight * (credit[i, 2] * fade), incentive, linked,
        )  # fmt: skip
        minds[i].source = by if needed[i] > 0 else OWN


@inner
def wake(stage, shown, pending, wait, lapse_class, due, low, high, t, lapsing, happens, taboo, act):  # type: ignore[no-untyped-def]
    """Mark whom its verdict moves: who has waited long enough to change its mind, who keeps it up with less or more
    support than before, who falls silent or speaks up, to whom an event happens.

    Who is about to change its mind waits one week less.
    """
    for g in range(act.shape[0]):
        at = low + WIDTH * g
        here, now, found = inside(high - at), lanes(stage, at), lanes(pending, at)
        ok, ready = found & PENDING_OK, found & PENDING_VOICE
        counts = here & bits(((now == AWARE) | (now == LAPSED)) & (ok != 0) | (now == WILLING) & (ok == 0))
        moves = bits(lanes(due, at) <= t) if happens else np.uint64(0)
        if lapsing:
            # The class says unsupported (bit 2) though it is supported, or the reverse.
            under = lanes(lapse_class, at)
            unsupported, keeps = under & 2, under != NOT_KEEPING
            moves |= bits(keeps & ((unsupported != 0) & (ok != 0) | (unsupported == 0) & (ok == 0)))
        if taboo > 0:
            voices = lanes(shown, at) & VOICES
            supported = (now == WILLING) | (now == ADOPTED) | (now == MAINTAINED)
            moves |= bits(supported & ((ready != 0) & (voices == 0) | (ready == 0) & (voices != 0)))
        moves &= here
        if counts != np.uint64(0):
            left = lanes(wait, at)
            left = where(counts, left - np.int32(1), left)
            put(wait, at, left)
            moves |= counts & bits(left <= np.int32(0))
        act[g] = moves


@inner
def keep(verdict, pending, hot, low, high):  # type: ignore[no-untyped-def]
    """Those of a block have weighed the behaviour: their verdict is kept, and there is nothing new to them."""
    for i in range(np.uintp(low), np.uintp(high)):
        pending[i] = verdict[i - np.uintp(low)]
        hot[i] = 0
