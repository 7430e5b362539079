"""Ties: kin, neighbours, groups and a few across communities; then one compressed row per household.

Inside a community households stand in an order in which those alike in language, hesitancy and wealth are close
(homophily 1) or not (0). Kin are blocks in that order, neighbours the two places after a block's length further on
(some rewired), and the women's, youth and religious groups, and parents at a school, are random paths through their
members. Ties across communities are made in the district, or at the market of those that share a facility.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from smsim.engine import kernel
from smsim.engine.arrays import Array, Places
from smsim.engine.draws import log
from smsim.world import samplers as on
from smsim.world.samplers import identities, sort_within, uniforms

RING_TIES = 4.0  # per household
FULLEST = 0.9  # of all possible ties in a community: beyond, random paths would find hardly any new one
RELIGIOUS, WOMENS, YOUTH = 1, 4, 8
CHILD = 1


def homophily_order(seed: np.uint64, start: Array, ids: Array, homophily: float, unlike: Array) -> Array:
    """The households of each community by h unlike + (1 - h) 3 U, int32 (N,).

    unlike: float64 (N,), minor + hes + m with m = 1 - rank.
    """
    return sort_within(start, homophily * unlike + (1.0 - homophily) * 3.0 * uniforms(seed, on.TIE_ORDER, ids))


def draw_ties(
    seed: np.uint64, start: Array, people: Mapping[str, Array], places: Places, order: Array, world: Mapping[str, Any]
) -> tuple[Array, Array, Array]:
    """Ends and weights of all ties, each once, before duplicates are merged: two int32 and one uint8 array."""
    ids, membership = people["draw_id"], people["membership"]
    cross, block, school = world["cross_community_ties"], world["kin_households"], world["school_share"]
    inside = world["mean_ties"] / (1.0 + cross)
    # Ties per household: a path gives two to each of its members.
    social = 2.0 * (world["womens_following"] + world["youth_following"]) + 2.0 * school * world["child_share"]
    path = 2.0 * world["religious_following"]
    sizes = np.diff(start)
    # Communities have few different sizes.
    by_size = np.array(
        [passes_wanted(n, inside, block - 1.0, social, path) for n in range(int(sizes.min()), int(sizes.max()) + 1)]
    )
    keep_kin, keep_near, passes = np.ascontiguousarray(by_size[sizes - sizes.min()].T)
    # At most: among kin, 2 along the ring, 1 in each group and path.
    most = int(np.sum(sizes * (0.5 * (block - 1) + 5.0 + np.ceil(passes))))
    room = most + int(cross * most) + 1
    a, b, w = np.empty(room, np.int32), np.empty(room, np.int32), np.ones(room, np.uint8)

    def chance(stream: int, n: int, keep: Array) -> Array:
        """What must be below `keep`, float64 (N,): draws, or zeros where all ties are kept."""
        return uniforms(seed, stream, ids, n) if keep.min() < 1.0 else np.zeros(len(ids))

    m = 0
    for further in range(1, block):
        m = kin_ties(start, order, block, further, keep_kin, chance(on.TIE_KIN, further, keep_kin), a, b, m)
    w[:m] = 2
    for step in (block, block + 1):
        rewired, target = uniforms(seed, on.TIE_RING, ids, step), uniforms(seed, on.TIE_RING, ids, 8 + step)
        kept = chance(on.TIE_KEEP, step, keep_near)
        m = ring_ties(start, order, step, world["rewiring"], rewired, target, keep_near, kept, a, b, m)
    paths = [(membership, WOMENS, on.TIE_PATH, keep_near), (membership, YOUTH, on.TIE_PATH + (1 << 12), keep_near)]
    if school > 0.0:
        paths += [(people["child"], CHILD, on.TIE_SCHOOL, school * keep_near)]
    for k in range(int(np.ceil(passes.max()))):
        paths += [(membership, RELIGIOUS, on.TIE_PATH + (2 + k << 12), np.minimum(passes - k, 1.0))]
    for groups, group, stream, keep in paths:
        swap, kept = uniforms(seed, stream, ids), chance(stream, 1, keep)
        m = path_ties(start, order, groups, group, swap, keep, kept, np.empty(sizes.max(), np.int32), a, b, m)
    x, y = cross_ties(seed, start, places, people["community"], world["market_share"], int(cross * m + 0.5))
    stop = m + len(x)
    a[m:stop], b[m:stop] = x, y
    return a[:stop], b[:stop], w[:stop]


@kernel
def passes_wanted(n, inside, kin, social, path):  # type: ignore[no-untyped-def]
    """Shares kept of kin, and of ring and social ties; and the number of religious paths, for a mean of `inside` ties.

    kin, social, path: ties per household among kin, in the other groups, and in one religious path.

    Every new random tie of a household with d ties among n falls on an old one with chance d / n, so a path of r ties
    per household adds r (1 - d / n): d grows as n - (n - d0) e^(-r p / n), which is solved for p.
    """
    most = FULLEST * (n - 1)
    wanted = min(inside, most)
    base = kin + RING_TIES + social
    if wanted <= kin:
        return wanted / kin, 0.0, 0.0
    if wanted <= base:
        return 1.0, (wanted - kin) / (base - kin), 0.0
    already = min(base * (1.0 - 0.5 * base / n), most) if n > base else 0.0
    if already >= wanted:
        return 1.0, 1.0, 0.0
    return 1.0, 1.0, n / path * log((n - already) / (n - wanted))


@kernel
def kin_ties(start, order, block, further, keep, kept, a, b, m):  # type: ignore[no-untyped-def]
    """Ties `further` places on inside the cliques, behind the m ties in a and b; how many there are then.

    keep: float64 (C,), share of them that is kept: those whose `kept`, float64 (N,), is below.
    """
    for c in range(start.shape[0] - 1):
        first, stop = start[c], start[c + 1]
        for x in range(first, stop - further):
            if (x - first) % block + further < block and kept[order[x]] < keep[c]:
                a[m], b[m] = order[x], order[x + further]
                m += 1
    return m


@kernel
def ring_ties(start, order, step, rewiring, rewired, target, keep, kept, a, b, m):  # type: ignore[no-untyped-def]
    """Ties `step` places on, behind the m ties in a and b; some go to a random household of the community instead.

    rewired, target: uniforms (N,); keep and kept as in `kin_ties`.
    """
    for c in range(start.shape[0] - 1):
        first, stop = start[c], start[c + 1]
        people = stop - first
        for x in range(first, stop):
            i = order[x]
            y = x + step
            if y >= stop:
                y = first + (y - first) % people
            if rewired[i] < rewiring:
                y = first + int(target[i] * people)
            if y != x and kept[i] < keep[c]:
                a[m], b[m] = i, order[y]
                m += 1
    return m


@kernel
def path_ties(start, order, membership, bit, swap, keep, kept, group, a, b, m):  # type: ignore[no-untyped-def]
    """A random path through the members of a group in each community, behind the m ties in a and b.

    swap: uniforms (N,), numbered by place in the community, as `kept` is here; group: a buffer for one community.
    """
    for c in range(start.shape[0] - 1):
        first, stop = start[c], start[c + 1]
        if keep[c] <= 0.0:
            continue
        members = 0
        for x in range(first, stop):
            group[members] = order[x]
            members += (membership[order[x]] & bit) != 0
        # Fisher-Yates
        for x in range(members - 1, 0, -1):
            y = int(swap[first + x] * (x + 1))
            group[x], group[y] = group[y], group[x]
        for x in range(members - 1):
            if kept[first + x] < keep[c]:
                a[m], b[m] = group[x], group[x + 1]
                m += 1
    return m


def cross_ties(
    seed: np.uint64, start: Array, places: Places, community: Array, market_share: float, wanted: int
) -> tuple[Array, Array]:
    """Ends of random ties between two communities of one district. Districts of one community have none.

    A share of them joins communities that share a facility too, at whose place the market is, where there are such.
    """
    ids = identities(wanted)
    x = (uniforms(seed, on.TIE_CROSS, ids) * start[-1]).astype(np.int64)
    home = community[x]
    low, high = _extent(start, places.district)
    own = np.diff(start)[home]
    if market_share > 0.0:
        low_near, high_near = (end[home] for end in _extent(start, places.facility))
        low_near, high_near = np.maximum(low[home], low_near), np.minimum(high[home], high_near)
        at_market = (uniforms(seed, on.TIE_MARKET, ids) < market_share) & (high_near - low_near > own)
        low, high = np.where(at_market, low_near, low[home]), np.where(at_market, high_near, high[home])
    else:
        low, high = low[home], high[home]
    outside = (high - low) - own
    # Uniform over the district or market less the own community.
    y = low + (uniforms(seed, on.TIE_CROSS, ids, 1) * outside).astype(np.int64)
    y += np.where(y >= start[home], own, 0)
    return x[outside > 0], y[outside > 0]


def _extent(start: Array, area: Array) -> tuple[Array, Array]:
    """First household of the area of each community, and of the next area: two int64 (C,)."""
    bounds = np.searchsorted(area, np.arange(area[-1] + 2))
    return start[bounds[area]], start[bounds[area + 1]]


def compress(n: int, a: Array, b: Array, w: Array) -> tuple[Array, Array, Array]:
    """Symmetric rows sorted by neighbour: indptr int64 (n + 1,), neighbor int32, weight uint8.

    Weights are 1 or 2, so that a neighbour and a weight fit into one word, 2 neighbor + weight - 1. Words are put into
    their rows and sorted there; of duplicates, which follow each other, the last has the larger weight.
    """
    indptr = np.zeros(n + 1, np.int64)
    words = np.empty(2 * len(a), np.uint32)
    kept = fill_rows(a, b, w, indptr, words)
    neighbor = (words[:kept] >> 1).view(np.int32)
    return indptr, neighbor, (words[:kept].astype(np.uint8) & np.uint8(1)) + np.uint8(1)


@kernel
def fill_rows(a, b, w, indptr, words):  # type: ignore[no-untyped-def]
    """Rows of words of all households, one after the other; how many there are. See `compress`."""
    n = indptr.shape[0] - 1
    for e in range(a.shape[0]):
        indptr[a[e]] += 1
        indptr[b[e]] += 1
    place = 0
    for i in range(n):
        place += indptr[i]
        indptr[i] = place
    # Rows are filled from their ends; where the last word goes is the beginning.
    for e in range(a.shape[0]):
        indptr[a[e]] -= 1
        words[indptr[a[e]]] = 2 * b[e] + w[e] - 1
        indptr[b[e]] -= 1
        words[indptr[b[e]]] = 2 * a[e] + w[e] - 1
    indptr[n] = place
    kept = 0
    for i in range(n):
        first, stop = indptr[i], indptr[i + 1]
        for e in range(first + 1, stop):
            word = words[e]
            y = e
            while y > first and words[y - 1] > word:
                words[y] = words[y - 1]
                y -= 1
            words[y] = word
        indptr[i] = kept
        for e in range(first, stop):
            if e + 1 == stop or words[e] >> 1 != words[e + 1] >> 1:
                words[kept] = words[e]
                kept += 1
    indptr[n] = kept
    return kept


@kernel
def invitations(kind, block, start, order, joiner, indptr, neighbor, weight, degree, identity, weights):  # type: ignore[no-untyped-def]
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
            identity[i] = order[first + ((x - first) // block) * block] if kind == 3 else i
            if kind in (1, 2):
                weights[i] = weights[i] * joiners / total if total > 0.0 else 1.0


@kernel
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


@kernel
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
