"""Where to draw things: the model knows distances and ties, and no map."""

from __future__ import annotations

import numpy as np

from smsim.engine.arrays import Array, Places
from smsim.world import World

GOLDEN_ANGLE = 2.399963229728653  # turns that spread evenly


def village(households: int, ties: Array, rounds: int = 150) -> Array:
    """Positions of households such that the tied stand near each other, float64 (n, 2) in [-1, 1].

    Springs along ties and repulsion between all (Fruchterman & Reingold 1991), from a spiral in the order of the
    households; the same village is always drawn the same.
    """
    n = households
    k = np.arange(n)
    at = np.sqrt((k + 0.5) / n)[:, None] * np.column_stack([np.cos(k * GOLDEN_ANGLE), np.sin(k * GOLDEN_ANGLE)])
    if n < 3:
        return np.asarray(at)
    a, b, weight = ties[:, 0], ties[:, 1], np.sqrt(ties[:, 2])
    ideal = 1.3 / np.sqrt(n)
    for step in 0.12 * (1 - np.arange(rounds) / rounds) + 0.002:
        apart = at[:, None] - at
        distance = np.maximum(np.hypot(apart[..., 0], apart[..., 1]), 1e-3)
        push = (apart * (ideal**2 / distance**2)[..., None]).sum(axis=1)
        along = at[a] - at[b]
        pull = along * (weight * np.hypot(along[:, 0], along[:, 1]) / ideal)[:, None] * 0.35
        for axis in (0, 1):
            push[:, axis] += np.bincount(b, pull[:, axis], n) - np.bincount(a, pull[:, axis], n)
        push -= 0.4 * at  # the village stays together
        length = np.maximum(np.hypot(push[:, 0], push[:, 1]), 1e-9)
        at = at + push / length[:, None] * np.minimum(length, step)[:, None]
    at = at - (at.max(axis=0) + at.min(axis=0)) / 2
    scaled: Array = at / np.abs(at).max(axis=0)
    return scaled


def area(world: World) -> tuple[Array, Array]:
    """A schematic map: communities around their facility at their true mean distance, directions made up.

    Returns
    -------
    communities float64 (C, 2), facilities float64 (F, 2), both in km
    """
    places: Places = world.places
    start = places.community_start
    km = np.add.reduceat(world.households.distance_km, start[:-1]) / np.diff(start)
    facilities = len(places.facility_households)
    columns = int(np.ceil(np.sqrt(facilities)))
    reach = np.array([km[places.facility == f].max() for f in range(facilities)])
    gap = 1.9 * float(np.quantile(reach, 0.8)) + 1.0
    centre = np.column_stack([np.arange(facilities) % columns * gap, -(np.arange(facilities) // columns) * gap])
    at = np.empty((len(km), 2))
    for f in range(facilities):
        around = np.flatnonzero(places.facility == f)
        turn = 2 * np.pi * (np.arange(len(around)) + 0.25 * (f % 3)) / max(len(around), 1) + 0.6
        at[around] = centre[f] + km[around, None] * np.column_stack([np.cos(turn), np.sin(turn)])
    return at, centre.astype(float)
