"""The posts of a campaign's staff: who holds one in which week, and what that makes of each community.

Arrays are those of `smsim.staff.Staff`: W campaign weeks, M posts, K parts of a caseload that lie in one community
each, C communities.
"""

from __future__ import annotations

from smsim.engine import kernel


@kernel
def hold(active, traits, posts, start, stop, has, training):  # type: ignore[no-untyped-def]
    """Let somebody hold each of these posts, vacant before, from campaign week start[n] up to stop[n].

    active: bool (W, M), traits: float64 (4, W, M). has: bool (3, len(posts)): resident, language, woman.
    """
    for n in range(posts.shape[0]):
        for week in range(start[n], min(stop[n], active.shape[0])):
            active[week, posts[n]] = True
            for k in range(3):
                traits[k, week, posts[n]] = has[k, n]
            traits[3, week, posts[n]] = training


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
