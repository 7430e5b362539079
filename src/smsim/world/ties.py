"""Ties: kin, neighbours, groups and a few across communities; then one compressed row per household.

Inside a community households stand in an order in which those alike in language, hesitancy and wealth are close
(homophily 1) or not (0). Kin are blocks of four in that order, neighbours the places four and five further on (some
rewired), and the women's, youth and religious groups are random paths through their members.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from smsim.engine.draws import log, uniform
from smsim.world import samplers as on

KIN = 4
KIN_TIES = 3.0  # per household
RING_TIES = 4.0
SOCIAL_TIES = 1.2  # women's and youth paths: 2 x (.35 + .25)
PATH_TIES = 1.8  # one religious path: 2 x .9
FULLEST = 0.9  # of all possible ties in a community: beyond, random paths would find hardly any new one
RELIGIOUS, WOMENS, YOUTH = 1, 4, 8


@njit(nogil=True, cache=True)
def homophily_order(seed, start, homophily, minority, hesitant, rank, order):  # type: ignore[no-untyped-def]
    """order (N,): the households of each community by h (minor + hes + m) + (1 - h) 3 U, m = 1 - rank."""
    key = np.empty(order.shape[0])
    for c in range(start.shape[0] - 1):
        first, stop = start[c], start[c + 1]
        for i in range(first, stop):
            alike = minority[i] + hesitant[i] + (1.0 - rank[i])
            key[i] = homophily * alike + (1.0 - homophily) * 3.0 * uniform(seed, on.TIE_ORDER, 0, i)
        order[first:stop] = first + np.argsort(key[first:stop], kind="mergesort")


@njit(nogil=True, cache=True)
def passes_wanted(n, inside):  # type: ignore[no-untyped-def]
    """Shares kept of kin, and of ring and social ties; and the number of religious paths, for a mean of `inside` ties.

    Every new random tie of a household with d ties among n falls on an old one with chance d / n, so a path of r ties
    per household adds r (1 - d / n): d grows as n - (n - d0) e^(-r p / n), which is solved for p.
    """
    most = FULLEST * (n - 1)
    wanted = min(inside, most)
    base = KIN_TIES + RING_TIES + SOCIAL_TIES
    if wanted <= KIN_TIES:
        return wanted / KIN_TIES, 0.0, 0.0
    if wanted <= base:
        return 1.0, (wanted - KIN_TIES) / (base - KIN_TIES), 0.0
    already = min(base * (1.0 - 0.5 * base / n), most) if n > base else 0.0
    if already >= wanted:
        return 1.0, 1.0, 0.0
    return 1.0, 1.0, n / PATH_TIES * log((n - already) / (n - wanted))


@njit(nogil=True, cache=True)
def draw_ties(seed, start, district_start, order, membership, mean_ties, rewiring, cross):  # type: ignore[no-untyped-def]
    """Ends and weights of all ties, each once, before duplicates are merged: two int32 and one uint8 array."""
    n = order.shape[0]
    inside = mean_ties / (1.0 + cross)
    size = 0
    for c in range(start.shape[0] - 1):
        people = start[c + 1] - start[c]
        _, _, passes = passes_wanted(people, inside)
        size += people * (7 + 2 + int(passes) + 1)
    size = int(size * (1.0 + cross)) + 16
    a, b, w = np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size, np.uint8)
    group = np.empty(n, np.int32)
    m = 0
    for c in range(start.shape[0] - 1):
        first, stop = start[c], start[c + 1]
        people = stop - first
        keep_kin, keep_near, passes = passes_wanted(people, inside)
        m = kin_ties(seed, order, first, stop, keep_kin, a, b, w, m)
        if keep_near > 0.0:
            m = ring_ties(seed, order, first, stop, rewiring, keep_near, a, b, w, m)
            m = path_ties(seed, 0, order, membership, WOMENS, first, stop, keep_near, group, a, b, w, m)
            m = path_ties(seed, 1, order, membership, YOUTH, first, stop, keep_near, group, a, b, w, m)
        for k in range(int(np.ceil(passes))):
            keep = min(passes - k, 1.0)
            m = path_ties(seed, 2 + k, order, membership, RELIGIOUS, first, stop, keep, group, a, b, w, m)
    m = cross_ties(seed, start, district_start, int(cross * m + 0.5), a, b, w, m)
    return a[:m], b[:m], w[:m]


@njit(nogil=True, cache=True)
def kin_ties(seed, order, first, stop, keep, a, b, w, m):  # type: ignore[no-untyped-def]
    """Cliques of four in the order, weight 2."""
    for x in range(first, stop):
        block_end = min(first + ((x - first) // KIN + 1) * KIN, stop)
        for y in range(x + 1, block_end):
            if keep >= 1.0 or uniform(seed, on.TIE_KIN, y - x, order[x]) < keep:
                a[m], b[m], w[m] = order[x], order[y], 2
                m += 1
    return m


@njit(nogil=True, cache=True)
def ring_ties(seed, order, first, stop, rewiring, keep, a, b, w, m):  # type: ignore[no-untyped-def]
    """Neighbours four and five places on, weight 1; some go to a random household of the community instead."""
    people = stop - first
    for x in range(first, stop):
        for step in (4, 5):
            if keep < 1.0 and uniform(seed, on.TIE_KEEP, step, order[x]) >= keep:
                continue
            y = first + (x - first + step) % people
            if uniform(seed, on.TIE_RING, step, order[x]) < rewiring:
                y = first + int(uniform(seed, on.TIE_RING, 8 + step, order[x]) * people)
            if y != x:
                a[m], b[m], w[m] = order[x], order[y], 1
                m += 1
    return m


@njit(nogil=True, cache=True)
def path_ties(seed, which, order, membership, bit, first, stop, keep, group, a, b, w, m):  # type: ignore[no-untyped-def]
    """A random path through the members of a group, weight 1; each of its ties kept with chance `keep`."""
    members = 0
    for x in range(first, stop):
        if membership[order[x]] & bit:
            group[members] = order[x]
            members += 1
    stream = on.TIE_PATH + (which << 12)
    # Fisher-Yates; the draws are numbered by place in the community.
    for x in range(members - 1, 0, -1):
        y = int(uniform(seed, stream, 0, first + x) * (x + 1))
        group[x], group[y] = group[y], group[x]
    for x in range(members - 1):
        if keep >= 1.0 or uniform(seed, stream, 1, first + x) < keep:
            a[m], b[m], w[m] = group[x], group[x + 1], 1
            m += 1
    return m


@njit(nogil=True, cache=True)
def cross_ties(seed, start, district_start, wanted, a, b, w, m):  # type: ignore[no-untyped-def]
    """Random ties between two communities of one district, weight 1. Districts of one community have none."""
    n = start[-1]
    most = a.shape[0]
    for k in range(wanted):
        x = int(uniform(seed, on.TIE_CROSS, 0, k) * n)
        d = np.searchsorted(district_start, x, side="right") - 1
        c = np.searchsorted(start, x, side="right") - 1
        low, high = district_start[d], district_start[d + 1]
        outside = (high - low) - (start[c + 1] - start[c])
        if outside <= 0 or m >= most:
            continue
        # Uniform over the district less the own community.
        y = low + int(uniform(seed, on.TIE_CROSS, 1, k) * outside)
        if y >= start[c]:
            y += start[c + 1] - start[c]
        a[m], b[m], w[m] = x, y, 1
        m += 1
    return m


@njit(nogil=True, cache=True)
def compress(n, a, b, w):  # type: ignore[no-untyped-def]
    """Symmetric rows sorted by neighbour: indptr int64 (n + 1,), neighbor int32, weight uint8.

    Two counting sorts, by neighbour and then by household; duplicates take the larger weight.
    """
    m = a.shape[0]
    count = np.zeros(n + 1, np.int64)
    for e in range(m):
        count[a[e] + 1] += 1
        count[b[e] + 1] += 1
    for i in range(n):
        count[i + 1] += count[i]
    place = count[:-1].copy()
    by_neighbor = np.empty(2 * m, np.int32)
    its_weight = np.empty(2 * m, np.uint8)
    for e in range(m):
        by_neighbor[place[b[e]]], its_weight[place[b[e]]] = a[e], w[e]
        place[b[e]] += 1
        by_neighbor[place[a[e]]], its_weight[place[a[e]]] = b[e], w[e]
        place[a[e]] += 1
    neighbor = np.empty(2 * m, np.int32)
    weight = np.empty(2 * m, np.uint8)
    place = count[:-1].copy()
    for j in range(n):
        for e in range(count[j], count[j + 1]):
            i = by_neighbor[e]
            neighbor[place[i]], weight[place[i]] = j, its_weight[e]
            place[i] += 1
    indptr = np.zeros(n + 1, np.int64)
    kept = 0
    for i in range(n):
        for e in range(count[i], count[i + 1]):
            if kept > indptr[i] and neighbor[kept - 1] == neighbor[e]:
                weight[kept - 1] = max(weight[kept - 1], weight[e])
            else:
                neighbor[kept], weight[kept] = neighbor[e], weight[e]
                kept += 1
        indptr[i + 1] = kept
    return indptr, neighbor[:kept].copy(), weight[:kept].copy()


@njit(nogil=True, cache=True)
def invitations(kind, start, order, joiner, indptr, neighbor, weight, degree, identity, weights):  # type: ignore[no-untyped-def]
    """Who is invited to dialogues, into identity uint32 (N,) and weights float64 (N,), mean 1 over joiners.

    kind 0: anybody; 1: whom neighbours name, sum_j w_ij / k_j; 2: those with most ties; 3: whole kin blocks together.
    """
    for c in range(start.shape[0] - 1):
        first, stop = start[c], start[c + 1]
        total = 0.0
        joiners = 0
        for i in range(first, stop):
            weights[i] = 1.0
            if kind == 1:
                weights[i] = 0.0
                for e in range(indptr[i], indptr[i + 1]):
                    weights[i] += weight[e] / degree[neighbor[e]]
            elif kind == 2:
                weights[i] = degree[i]
            if joiner[i]:
                total += weights[i]
                joiners += 1
        for x in range(first, stop):
            i = order[x]
            identity[i] = order[first + ((x - first) // KIN) * KIN] if kind == 3 else i
            if kind in (1, 2):
                weights[i] = weights[i] * joiners / total if total > 0.0 else 1.0


@njit(nogil=True, cache=True)
def weighted_degree(indptr, weight):  # type: ignore[no-untyped-def]
    """Sum of tie weights of each household, float64 (N,)."""
    degree = np.zeros(indptr.shape[0] - 1)
    for i in range(degree.shape[0]):
        for e in range(indptr[i], indptr[i + 1]):
            degree[i] += weight[e]
    return degree


FLAWS = (
    "",
    "neighbours must be households of the world",
    "no household may be tied to itself",
    "neighbours must ascend, none twice",
    "ties must be symmetric, with one weight both ways",
    "weights must be in 1 to 255",
)


@njit(nogil=True, cache=True)
def flaw(indptr, neighbor, weight):  # type: ignore[no-untyped-def]
    """What is wrong with the rows first, index into `FLAWS` (0: nothing), and the household where."""
    n = indptr.shape[0] - 1
    for i in range(n):
        for e in range(indptr[i], indptr[i + 1]):
            if not 0 <= neighbor[e] < n:
                return 1, i
            if neighbor[e] == i:
                return 2, i
            if e > indptr[i] and neighbor[e] <= neighbor[e - 1]:
                return 3, i
            if not 1 <= weight[e] <= 255:
                return 5, i
    # Rows ascend: walking through them in order meets the entries of every other row in theirs.
    met = indptr[:-1].copy()
    for i in range(n):
        for e in range(indptr[i], indptr[i + 1]):
            j = neighbor[e]
            back = met[j]
            if back >= indptr[j + 1] or neighbor[back] != i or weight[back] != weight[e]:
                return 4, i
            met[j] += 1
    return 0, 0
