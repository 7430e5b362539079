"""The floor of the full model: smsim's own passes over all households, with nobody visited.

A bare run is prepared and begun as any other. Then, week by week and part by part as in smsim: what neighbours show is
taken off two resistances (off the first in weeks in which many have not heard, in a run of smsim's), clocks are looked
at, and in weeks of the campaign a number is drawn for every household and channel (media, visits, dialogues) and
compared with the chance of a contact. From the campaign on, when persuasion fades and support with it, everybody's
support is added up and compared with what it asks for. No contact is noted, nobody hears, decides, queues, lapses or
moves, nothing is told to a neighbour, counted or recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numba import njit

from benchmarks.full import PRESET, STRATEGY, preset, year
from benchmarks.graph import WEEKS
from benchmarks.measure import Row, Spread, interleave, ratios
from benchmarks.sizes import Sizes
from smsim.engine.arrays import BLOCK, UNAWARE
from smsim.engine.draws import DIALOGUE_CONTACT, MEDIA_CONTACT, VISIT_CONTACT, words_into
from smsim.engine.hear import FEW, rouse, wear
from smsim.engine.lanes import WIDTH
from smsim.engine.room import divide, look
from smsim.engine.weigh import wake, weigh

FAMILY = "floor of the full model"
RARE = 2**28  # of 2**32: a chance of a contact in a week, which decides nothing here
SHARED = 8  # worlds of a sweep's runs
SLOWEST = "s4-supply-bound-responsive"  # of the presets


def rows(sizes: Sizes) -> Iterator[Row]:
    """A run of a sweep, an answer at once, the slowest of them, and a large run, each against its floor."""
    year_of = f"{sizes.sweep_households:,} households x {WEEKS} weeks"
    for key, work, households in (
        ("sweep", f"a run of the sweep, {year_of}", sizes.sweep_households),
        ("small", f"{PRESET}, {sizes.small:,} households", sizes.small),
        ("slowest", f"{SLOWEST}, {sizes.small:,} households", sizes.small),
        ("large", f"{PRESET}, {sizes.large:,} households, 8 ties", sizes.large),
    ):
        seen = sizes.ask(replay, which=key, households=households, repeats=sizes.repeats)
        spread = ratios(seen["smsim"], seen["floor"])
        yield Row(FAMILY, f"bare/{key}", work, "smsim", Spread.of(seen["smsim"]), None, spread, "times the floor")
        yield Row(FAMILY, f"bare/{key}/floor", work, "floor", Spread.of(seen["floor"]))


@njit(error_model="numpy", nogil=True)  # type: ignore[untyped-decorator]
def pass_by(state, households, places, behaviours, room, seed, first_week, last_week, unaware):  # type: ignore[no-untyped-def]
    """The passes of the module's text.

    first_week, last_week: of the campaign. unaware: float64 (T, B), the share who have not heard.
    """
    look(households, places, room)
    parts = divide(places, room)
    draw_id, invite_id, fear, reference = (
        households.draw_id, households.invite_id, households.fear, households.reference,
    )  # fmt: skip
    starts, words, act, verdict, gives = places.community_start, room.words, room.act, room.verdict, room.gives
    met, people = 0, draw_id.shape[0]
    for t in range(unaware.shape[0]):
        for part in range(parts):
            here, there = room.part_start[part], room.part_start[part + 1]
            for c in range(here, there if first_week <= t < last_week else here):
                start, stop = starts[c], starts[c + 1]
                for channel in range(3):
                    stream = MEDIA_CONTACT if channel == 0 else VISIT_CONTACT if channel == 1 else DIALOGUE_CONTACT
                    who = invite_id[start:stop] if channel == 2 else draw_id[start:stop]
                    row = (room.invited_in_a_row[c] if channel == 2 else room.in_a_row[c]) == 1
                    drawn = words[channel]
                    lead = words_into(seed, stream, t, who, row, drawn)
                    for k in range(np.uintp(lead), np.uintp(lead + stop - start)):
                        met += drawn[k] < RARE
            for b in range(behaviours.shape[0]):
                behaviour = behaviours[b]
                stage, shown, pending, due = state.stage[b], state.shown[b], state.pending[b], state.due[b]
                voicing, wait, lapse_class = state.voicing[b], state.decision_wait[b], state.lapse_class[b]
                wear(
                    stage, voicing, state.talking[b], state.rumouring[b], state.resist_talk[b], state.resist_rumour[b],
                    behaviour.peer_information > 0 and unaware[t, b] > FEW, 1.0, behaviour.silent_information,
                    behaviour.rumour_passing > 0 or behaviour.rumour_arrival > 0, behaviour.rumour_passing,
                    behaviour.rumour_arrival, starts[here], starts[there], gives,
                )  # fmt: skip
                for c in range(here, there):
                    for low in range(starts[c], starts[c + 1], BLOCK):
                        high = min(low + BLOCK, starts[c + 1])
                        groups = (high - low + WIDTH - 1) // WIDTH
                        rouse(stage, shown, due, room.touch, gives, low, high, t, act[:groups])
                        if t >= first_week:
                            weigh(
                                voicing, reference[b], state.norm_memory, state.persuaded[b], state.needed[b],
                                room.lead, fear, shown, low, min(low + WIDTH * groups, people), 1.0, 1.0, 0.0,
                                behaviour.norm_weight, behaviour.persuasion_weight, 0.0, 0.0, behaviour.taboo,
                                verdict[: WIDTH * groups],
                            )  # fmt: skip
                        wake(
                            stage, shown, pending, wait, lapse_class, due, low, high, t, True, False, behaviour.taboo,
                            act[:groups],
                        )  # fmt: skip
    return met


def replay(which: str, households: int, repeats: int) -> dict[str, list[float]]:
    """CPU seconds of runs and of their floors, in turn."""
    _measure("sweep", 500, 1)  # compiles
    return _measure(which, households, repeats)


def _measure(which: str, households: int, repeats: int) -> dict[str, list[float]]:
    from smsim import simulate
    from smsim.engine.arrays import frozen, frozen_array
    from smsim.engine.room import new_room
    from smsim.simulate import prepare
    from smsim.world import build_world

    ties, name = {"mean_ties": 8} if which == "large" else {}, SLOWEST if which == "slowest" else PRESET
    scenario = year(households) if which == "sweep" else preset(name, households, **ties)
    worlds = [build_world(scenario, seed) for seed in range(SHARED if which == "sweep" else 1)]

    seen = simulate(scenario, STRATEGY, 0, worlds[0]).record.stage  # (T, B, G, 6)
    unaware = seen[..., UNAWARE].sum(axis=2) / households

    def bare(seed: int) -> Any:
        world = worlds[seed % len(worlds)]
        prepared = prepare(scenario, STRATEGY, seed, world)
        state, _ = prepared.begin()
        people, room = frozen(world.households), new_room(world.households, world.places)
        room.lead.fill(0.0)
        first = prepared.plan.first_week
        last = first + len(prepared.plan.spending)
        behaviours = frozen_array(prepared.behaviours)
        return pass_by(state, people, frozen(world.places), behaviours, room, np.uint64(seed), first, last, unaware)

    runs = range(4 * SHARED if which == "sweep" else 1 if which == "large" else 3)
    works = {
        "smsim": lambda: [simulate(scenario, STRATEGY, seed, worlds[seed % len(worlds)]) for seed in runs],
        "floor": lambda: [bare(seed) for seed in runs],
    }
    return {name: [each / len(runs) for each in seconds] for name, seconds in interleave(works, repeats).items()}
