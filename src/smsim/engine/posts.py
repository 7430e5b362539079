"""The posts of a campaign's staff: who holds one in which week, and what that makes of each community.

Arrays are those of `smsim.staff.Staff`: W campaign weeks, M posts, K parts of a caseload that lie in one community
each, C communities.
"""

from __future__ import annotations

import math

from smsim.engine import kernel
from smsim.engine.draws import weeks_until

GOLDEN = 0.6180339887498949  # successive holders of a post spread evenly over (0, 1)


@kernel
def hold(seed, stream, posts, number, first, leaving, vacancy, position, profile, active, traits, tenures):  # type: ignore[no-untyped-def]
    """Fill these posts from campaign week `first` on; returns how many people that takes.

    posts: uint32. The `number`-th holder comes first; each stays until she leaves (hazard `leaving`), and after
    `vacancy` weeks the next one comes. She has trait k (resident, language, woman) if her place in (0, 1) lies below
    profile[k]; position: float64 (3, M), the places of first holders. active: bool (W, M), traits: float64 (4, W, M),
    those of these posts zeros before. tenures: int64 (..., 7), a row for everybody: post, number, start, stop, traits;
    (W - first) // (1 + vacancy) + 1 rows for each post are enough.
    """
    found = 0
    for k in range(posts.shape[0]):
        post, holder, start = posts[k], number, first
        while start < active.shape[0]:
            stop = start + weeks_until(seed, stream, holder, post, leaving)
            row = tenures[found]
            row[0], row[1], row[2], row[3] = post, holder, start, stop
            for trait in range(3):
                place = position[trait, post] + holder * GOLDEN
                row[4 + trait] = place - math.floor(place) < profile[trait]
            for week in range(start, min(stop, active.shape[0])):
                active[week, post] = True
                for trait in range(3):
                    traits[trait, week, post] = row[4 + trait]
                traits[3, week, post] = profile[3]
            found, holder, start = found + 1, holder + 1, stop + vacancy
    return found


@kernel
def add_up(active, traits, first, post, community, caseload, visits, profile, households, rows):  # type: ignore[no-untyped-def]
    """Visits a week and mean traits of those who are active in every community, from campaign week `first` on.

    rows: float64 (5, weeks, C), zeros; filled here. post, community, caseload, visits: (K,), of each part. Traits count
    by caseload, added in the order of the parts; where nobody is active they are those of profile, float64 (4,).
    households: float64 (C,) scratch.
    """
    for week in range(rows.shape[1]):
        households.fill(0.0)
        for k in range(post.shape[0]):
            holder, c = post[k], community[k]
            if active[first + week, holder]:
                rows[0, week, c] += visits[k]
                households[c] += caseload[k]
                for j in range(4):
                    rows[1 + j, week, c] += caseload[k] * traits[j, first + week, holder]
        for c in range(households.shape[0]):
            for j in range(4):
                some = households[c] > 0
                rows[1 + j, week, c] = rows[1 + j, week, c] / households[c] if some else profile[j]
