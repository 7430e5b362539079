"""Keyed randomness: every draw is a pure function of (seed, stream, n, identity).

No draw depends on another having been made, so strategies share every draw they can, unused draws
cost nothing, and neither threads nor order can change a result. The generator is Philox4x32-10
(Salmon et al. 2011, SC'11, doi:10.1145/2063384.2063405), counter (identity // 4, n, stream, 0), key
(low, high half of the seed); the draw is word identity % 4, as ``(word + 0.5) / 2**32``.
Four neighbours in the array share a block, so a scan over households pays a quarter of it.

``log`` and ``exp`` are our own, from IEEE additions, products and quotients only: numba and Python may call
different math libraries, whose last digits differ, and then the bits would depend on the machine.
"""

from __future__ import annotations

import math

import numpy as np

from smsim.engine import inlined, inlined_kernel, inner, kernel

# Streams of a run. A number, once given, is never used for anything else.
(
    INITIAL_RUMOUR,
    TALK,
    RUMOUR_HEAR,
    RUMOUR_END,
    DECIDE,
    EVENTS,
    ATTEMPT,
    GIVE_UP,
    LAPSE,
    MATURE,
    TURNOVER,
    MEDIA_CONTACT,
    VISIT_CONTACT,
    DIALOGUE_CONTACT,
    VISIT_ACCEPT,
    DIALOGUE_ACCEPT,
    DEBUNK,
    RUMOUR_SHOCK,
    STOCK,
    RATION,
    APPROVE,
    SURVEY_WHO,
    SURVEY_ERROR,
    DISSEMINATE,
) = map(np.int64, range(24))  # a plain number would make Numba compile its callers once for each
# A stream that differs by behaviour is `stream + BEHAVIOUR_STRIDE * b`.
BEHAVIOUR_STRIDE = 64

_MASK = np.uint64(0xFFFFFFFF)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_32 = np.uint64(32)
_THREE, _FOUR = np.uint64(3), np.uint64(4)

_MANTISSA, _ONE = np.int64(0x000FFFFFFFFFFFFF), np.int64(0x3FF0000000000000)  # of a double: its fraction, and 1.0

CERTAIN = 64.0  # hazard of what happens for certain: no resistance that is drawn reaches 23
NEVER_IN = 1_000_000_000  # weeks until what never happens

LN2 = 0.6931471805599453
LN2_HIGH, LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10  # k times the first is exact for |k| below 2**21
SHIFT = 1.5 * 2.0**52  # a number below 2**51 added to it is rounded to a whole one
SQRT_HALF = 0.7071067811865476


@inlined_kernel
def philox(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    """Four 32-bit words of Philox4x32-10, as uint64, from a counter and a key of 32-bit words (uint64)."""
    for _ in range(10):
        p0 = _M0 * c0
        p1 = _M1 * c2
        c0, c1, c2, c3 = (p1 >> _32) ^ c1 ^ k0, p1 & _MASK, (p0 >> _32) ^ c3 ^ k1, p0 & _MASK
        k0 = (k0 + _W0) & _MASK
        k1 = (k1 + _W1) & _MASK
    return c0, c1, c2, c3


@inlined
def word_of(identity, n, stream, key_low, key_high):  # type: ignore[no-untyped-def]
    """The word of one identity, from uint64 throughout; without a branch, for loops over scattered households."""
    a, b, c, d = philox(identity >> np.uint64(2), n, stream, np.uint64(0), key_low, key_high)
    which = identity & np.uint64(3)
    low = a if which == np.uint64(0) else b
    high = c if which == np.uint64(2) else d
    return low if which < np.uint64(2) else high


@kernel
def uniform(seed, stream, n, identity):  # type: ignore[no-untyped-def]
    """One uniform in (0, 1): stream and n are non-negative integers below 2**32, seed below 2**64."""
    key = np.uint64(seed)
    word = word_of(np.uint64(identity), np.uint64(n), np.uint64(stream), key & _MASK, key >> _32)
    return (float(word) + 0.5) * 2.0**-32


@inner
def in_a_row(identities):  # type: ignore[no-untyped-def]
    """Whether these ascend one by one, as they do in a world that was not reordered."""
    apart = np.uint32(0)
    for k in range(np.uintp(1), np.uintp(identities.shape[0])):
        apart |= (identities[k] - identities[k - np.uintp(1)]) ^ np.uint32(1)
    return apart == 0


@kernel
def fill_words(seed, stream, n, identities, start, stop, out):  # type: ignore[no-untyped-def]
    """Words of the households start ... stop - 1 into out[0 ...], uint32: that of `uniform`, before it is a float.

    identities: uint32 (N,). What is filled of out beyond the words asked for means nothing.
    """
    fill_words_of(seed, stream, n, identities[start:stop], in_a_row(identities[start:stop]), out)


@inner
def fill_words_of(seed, stream, n, identities, row, out):  # type: ignore[no-untyped-def]
    """`fill_words` of all these; where they ascend one by one (row), whole blocks are computed side by side."""
    key = np.uint64(seed)
    key_low, key_high = key & _MASK, key >> _32
    n64, stream64 = np.uint64(n), np.uint64(stream)
    people = identities.shape[0]
    head = people
    blocks = 0
    if row and people > 8:
        first = np.uint64(identities[0])
        head = int((_FOUR - (first & _THREE)) & _THREE)
        # Sixteen at a time: rather some too many than the last ones singly, where there is room.
        blocks = min((people - head + 63) // 64 * 16, (out.shape[0] - head) // 4)
        fill_blocks(seed, stream, n, (first >> np.uint64(2)) + np.uint64(head > 0), blocks, out[head:])
    k = 0
    while k < people:
        if k == head and blocks > 0:
            k += 4 * blocks
            continue
        out[k] = word_of(np.uint64(identities[k]), n64, stream64, key_low, key_high)
        k += 1


@inner
def fill_blocks(seed, stream, n, low, blocks, out):  # type: ignore[no-untyped-def]
    """All words of so many blocks, the first being `low` (uint64); sixteen are computed side by side."""
    key = np.uint64(seed)
    key_low, key_high = key & _MASK, key >> _32
    n64, stream64, zero = np.uint64(n), np.uint64(stream), np.uint64(0)
    body = out[: 4 * blocks]
    for q in range(blocks):
        a, b, c, d = philox(low + np.uint64(q), n64, stream64, zero, key_low, key_high)
        body[4 * q] = a
        body[4 * q + 1] = b
        body[4 * q + 2] = c
        body[4 * q + 3] = d


@inner
def words_into(seed, stream, n, identities, row, out):  # type: ignore[no-untyped-def]
    """`fill_words_of` where out has room; returns its place for the first word, 0 to 3.

    out: longer by 66 than there are identities, of which there are some. Of a row all blocks are computed whole, also
    the one it begins in.
    """
    if not row:
        fill_words_of(seed, stream, n, identities, row, out)
        return 0
    first = np.uint64(identities[0])
    lead = int(first & _THREE)
    fill_blocks(seed, stream, n, first >> np.uint64(2), (lead + identities.shape[0] + 63) // 64 * 16, out)
    return lead


@kernel
def fill_uniforms(seed, stream, n, identities, start, stop, out):  # type: ignore[no-untyped-def]
    """Uniforms of the households start ... stop - 1 into out[0 ...], each equal to `uniform` of its identity.

    identities: uint32 (N,); see `fill_words`.
    """
    words = np.empty(stop - start, np.uint32)
    fill_words(seed, stream, n, identities, start, stop, words)
    for k in range(words.shape[0]):
        out[k] = (float(words[k]) + 0.5) * 2.0**-32


@inlined_kernel
def log(x):  # type: ignore[no-untyped-def]
    """Natural logarithm of a positive normal float, within 2.1 units of the last place.

    x = m 2**e with m in [sqrt(1/2), sqrt(2)); ln x = e ln 2 + 2 artanh s, s = (m - 1) / (m + 1). With q = s**2,
    artanh s is s + s q (1/3 + q/5 + q**2/7 + ...); for that sum stands the polynomial of degree 6 with which the
    logarithm is most nearly right, by Remez's algorithm: to less than 2**-59 of itself, before rounding. Without a
    branch, so that a loop of logarithms is computed side by side.
    """
    bits = np.float64(x).view(np.int64)
    m = np.int64((bits & _MANTISSA) | _ONE).view(np.float64)
    above = np.int64(m >= 2.0 * SQRT_HALF)
    e = (bits >> np.int64(52)) - np.int64(1023) + above
    m = m * (1.0 - 0.5 * above)
    s = (m - 1.0) / (m + 1.0)
    q = s * s
    q2 = q * q
    first = (0.3333333333333356 + 0.19999999999769416 * q) + (0.14285714359187635 + 0.1111110039259205 * q) * q2
    last = (0.09091729503092355 + 0.07658277116774126 * q) + 0.07386215818860145 * q2
    tail = first + last * (q2 * q2)
    return e * LN2 + 2.0 * (s + s * (q * tail))


@inlined_kernel
def exp(x):  # type: ignore[no-untyped-def]
    """Exponential of a float, within 1.1 units of the last place; 0 below -700, and above 700 that of 700.

    x = k ln 2 + r with r in [-ln 2 / 2, ln 2 / 2]; e**x = 2**k (1 + r + r**2 / 2! + ... + r**13 / 13!). Without a
    branch, as `log`.
    """
    y = max(min(x, 700.0), -700.0)
    shifted = y * (1.0 / LN2) + SHIFT  # its last digits are k
    k = shifted - SHIFT
    r = (y - k * LN2_HIGH) - k * LN2_LOW
    r2 = r * r
    r4 = r2 * r2
    first = (1.0 / 2.0 + 1.0 / 6.0 * r) + (1.0 / 24.0 + 1.0 / 120.0 * r) * r2
    middle = (1.0 / 720.0 + 1.0 / 5040.0 * r) + (1.0 / 40320.0 + 1.0 / 362880.0 * r) * r2
    last = (1.0 / 3628800.0 + 1.0 / 39916800.0 * r) + (1.0 / 479001600.0 + 1.0 / 6227020800.0 * r) * r2
    tail = first + (middle + last * r4) * r4
    power = np.int64((np.float64(shifted).view(np.int64) + np.int64(1023)) << np.int64(52)).view(np.float64)
    return 0.0 if x < -700.0 else power * (1.0 + (r + r2 * tail))


@inlined
def eights(many, most):  # type: ignore[no-untyped-def]
    """So many, or up to seven more, but no more than `most`: eight are drawn side by side, and a rest singly."""
    return np.uintp(min((many + 7) // 8 * 8, most))


@inner
def exponentials(numbers, many):  # type: ignore[no-untyped-def]
    """`exp` of the first `many` of these, in place and side by side; what becomes of up to seven more means nothing."""
    for k in range(eights(many, numbers.shape[0])):
        numbers[k] = exp(numbers[k])


@kernel
def exponential(u):  # type: ignore[no-untyped-def]
    """The Exp(1) variate of a uniform: -ln(1 - u). A small u is a small resistance."""
    return -log(1.0 - u)


@kernel
def strikes(u, hazard):  # type: ignore[no-untyped-def]
    """True with probability 1 - exp(-hazard): u < 1 - e**-h, decided as -ln(1 - u) < h.

    h - h**2 / 2 <= 1 - e**-h <= h settles most draws without a logarithm.
    """
    if u >= hazard:
        return False
    if u < hazard - 0.5 * hazard * hazard:
        return True
    return -log(1.0 - u) < hazard


@kernel
def words_below(hazard):  # type: ignore[no-untyped-def]
    """How many of the 2**32 words strike at this hazard: a word strikes if it is less than that, int64 below 2**32.

    For many draws at one hazard.
    """
    return cut(exp(-hazard))


@inlined
def cut(survival):  # type: ignore[no-untyped-def]
    """`words_below` of the hazard h with e**-h = survival.

    (x + 1/2) 2**-32 < 1 - e**-h if and only if x < (1 - e**-h) 2**32 - 1/2. The last word strikes at no hazard, so that
    the number fits into a word.
    """
    return min(int(math.ceil((1.0 - survival) * 4294967296.0 - 0.5)), 0xFFFFFFFF)


@kernel
def trials(u, hazard):  # type: ignore[no-untyped-def]
    """Number of weekly trials up to and including the first success (geometric, at least 1), by the weekly hazard.

    With h = -ln(1 - p), P(K > n) = (1 - p)**n = exp(-n h), so K = ceil(-ln(1 - u) / h). No hazard: never.
    """
    k = -log(1.0 - u) / hazard
    if k >= 1e9:
        return NEVER_IN
    return int(k) + 1


@kernel
def weeks_until(seed, stream, n, identity, hazard):  # type: ignore[no-untyped-def]
    """`trials` of a keyed uniform, which is drawn only where it matters."""
    if hazard >= CERTAIN:
        return 1
    if hazard <= 0.0:
        return NEVER_IN
    return trials(uniform(seed, stream, n, identity), hazard)


@kernel
def fill_weeks(seed, stream, n, identities, start, stop, hazard, words, out):  # type: ignore[no-untyped-def]
    """`weeks_until` of the households start ... stop - 1 into out[0 ...], int32; words: uint32 scratch, as long."""
    people = stop - start
    if hazard >= CERTAIN or hazard <= 0.0:
        out[:people].fill(np.int32(1 if hazard > 0.0 else NEVER_IN))
        return
    fill_words(seed, stream, n, identities, start, stop, words)
    for k in range(people):
        u = (float(words[k]) + 0.5) * 2.0**-32
        out[k] = int(min(-log(1.0 - u) / hazard, NEVER_IN - 1.0)) + 1


@kernel
def weeks_of_each(seed, stream, numbers, identities, people, hazard, out):  # type: ignore[no-untyped-def]
    """`weeks_until` of the first `people` of a list, each with its own n and identity, into out, int32.

    numbers, identities: uint64, scattered households, whose draws are computed side by side. What is filled of out
    beyond the first `people` means nothing.
    """
    if hazard >= CERTAIN or hazard <= 0.0:
        out[:people].fill(np.int32(1 if hazard > 0.0 else NEVER_IN))
        return
    key = np.uint64(seed)
    stream64, key_low, key_high = np.uint64(stream), key & _MASK, key >> _32
    for k in range(eights(people, min(identities.shape[0], out.shape[0]))):
        u = (float(word_of(identities[k], numbers[k], stream64, key_low, key_high)) + 0.5) * 2.0**-32
        out[k] = int(min(-log(1.0 - u) / hazard, NEVER_IN - 1.0)) + 1


@kernel
def uniforms_of_each(seed, stream, n, identities, people, out):  # type: ignore[no-untyped-def]
    """`uniform` of the first `people` of a list of identities, with one n for all, into out: see `weeks_of_each`."""
    key = np.uint64(seed)
    n64, stream64, key_low, key_high = np.uint64(n), np.uint64(stream), key & _MASK, key >> _32
    for k in range(eights(people, min(identities.shape[0], out.shape[0]))):
        out[k] = (float(word_of(identities[k], n64, stream64, key_low, key_high)) + 0.5) * 2.0**-32


@kernel
def exponentials_of_each(seed, stream, numbers, identities, people, out):  # type: ignore[no-untyped-def]
    """`exponential` of the uniforms of a list, as `weeks_of_each`, into out."""
    key = np.uint64(seed)
    stream64, key_low, key_high = np.uint64(stream), key & _MASK, key >> _32
    for k in range(eights(people, min(identities.shape[0], out.shape[0]))):
        u = (float(word_of(identities[k], numbers[k], stream64, key_low, key_high)) + 0.5) * 2.0**-32
        out[k] = -log(1.0 - u)


@inlined
def list_draws(those, first, few, numbered, draw_id, numbers, identities):  # type: ignore[no-untyped-def]
    """What is drawn for those[first : first + few]: the number of each household's draw, and its identity."""
    for n in range(np.uintp(few)):
        home = np.uintp(those[np.uintp(first) + n])
        numbers[n], identities[n] = numbered[home], draw_id[home]


@inner
def draw_weeks(those, many, numbered, draw_id, seed, stream, hazard, since, into, numbers, identities, weeks):  # type: ignore[no-untyped-def]
    """`weeks_until` after week `since` of the first `many` of those, each with a number of its own, into their `into`.

    numbered, into: of every household. numbers, identities, weeks: scratch as for `weeks_of_each`.
    """
    at_once = min(identities.shape[0], weeks.shape[0])
    for first in range(0, many, at_once):
        few = min(at_once, many - first)
        list_draws(those, first, few, numbered, draw_id, numbers, identities)
        weeks_of_each(seed, stream, numbers, identities, few, hazard, weeks)
        for n in range(np.uintp(few)):
            into[np.uintp(those[np.uintp(first) + n])] = since + weeks[n]


@inner
def draw_exponentials(those, many, numbered, draw_id, seed, stream, into, numbers, identities, drawn):  # type: ignore[no-untyped-def]
    """The same of exponentials."""
    at_once = min(identities.shape[0], drawn.shape[0])
    for first in range(0, many, at_once):
        few = min(at_once, many - first)
        list_draws(those, first, few, numbered, draw_id, numbers, identities)
        exponentials_of_each(seed, stream, numbers, identities, few, drawn)
        for n in range(np.uintp(few)):
            into[np.uintp(those[np.uintp(first) + n])] = drawn[n]


@kernel
def fill_exponentials(seed, stream, n, identities, start, stop, words, out):  # type: ignore[no-untyped-def]
    """`exponential` of the uniforms of the households start ... stop - 1 into out[0 ...]; words: uint32 scratch."""
    fill_words(seed, stream, n, identities, start, stop, words)
    for k in range(stop - start):
        u = (float(words[k]) + 0.5) * 2.0**-32
        out[k] = -log(1.0 - u)


@inner
def chances_to_hazards(chances, many):  # type: ignore[no-untyped-def]
    """`chance_to_hazard` of the first `many` of these, none below 0, in place and side by side."""
    for k in range(many):
        p = chances[k]
        hazard = -log(1.0 - (p if p < 1.0 else 0.0))
        chances[k] = hazard if p < 1.0 else CERTAIN


@kernel
def chance_to_hazard(probability):  # type: ignore[no-untyped-def]
    """The weekly hazard h with 1 - exp(-h) = probability; a chance of 1 or more is a hazard of 64."""
    if probability >= 1.0:
        return CERTAIN
    if probability <= 0.0:
        return 0.0
    return -log(1.0 - probability)
