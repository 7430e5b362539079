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

import numpy as np
from numba import njit

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
) = range(24)
# A stream that differs by behaviour is `stream + BEHAVIOUR_STRIDE * b`.
BEHAVIOUR_STRIDE = 64

_MASK = np.uint64(0xFFFFFFFF)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_32 = np.uint64(32)

LN2 = 0.6931471805599453
SQRT_HALF = 0.7071067811865476


@njit(nogil=True, cache=True, inline="always")
def philox(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    """Four 32-bit words of Philox4x32-10, as uint64, from a counter and a key of 32-bit words (uint64)."""
    for _ in range(10):
        p0 = _M0 * c0
        p1 = _M1 * c2
        c0, c1, c2, c3 = (p1 >> _32) ^ c1 ^ k0, p1 & _MASK, (p0 >> _32) ^ c3 ^ k1, p0 & _MASK
        k0 = (k0 + _W0) & _MASK
        k1 = (k1 + _W1) & _MASK
    return c0, c1, c2, c3


@njit(nogil=True, cache=True)
def uniform(seed, stream, n, identity):  # type: ignore[no-untyped-def]
    """One uniform in (0, 1): stream and n are non-negative integers below 2**32, seed below 2**64."""
    key = np.uint64(seed)
    i = np.uint64(identity)
    a, b, c, d = philox(i >> np.uint64(2), np.uint64(n), np.uint64(stream), np.uint64(0), key & _MASK, key >> _32)
    word = i & np.uint64(3)
    if word == np.uint64(0):
        x = a
    elif word == np.uint64(1):
        x = b
    elif word == np.uint64(2):
        x = c
    else:
        x = d
    return (float(x) + 0.5) * 2.0**-32


@njit(nogil=True, cache=True)
def fill_uniforms(seed, stream, n, identities, start, stop, out):  # type: ignore[no-untyped-def]
    """Uniforms of the households start ... stop - 1 into out[0 ...], each equal to `uniform` of its identity.

    identities: uint32 (N,). Neighbours in the array mostly share a Philox block, which is computed once.
    """
    key = np.uint64(seed)
    key_low, key_high = key & _MASK, key >> _32
    n64, stream64, zero = np.uint64(n), np.uint64(stream), np.uint64(0)
    block = np.uint64(0xFFFFFFFFFF)  # none: identities have 32 bits
    a = b = c = d = zero
    for i in range(np.uintp(start), np.uintp(stop)):
        identity = np.uint64(identities[i])
        if identity >> np.uint64(2) != block:
            block = identity >> np.uint64(2)
            a, b, c, d = philox(block, n64, stream64, zero, key_low, key_high)
        word = identity & np.uint64(3)
        x = (a if word == np.uint64(0) else b) if word < np.uint64(2) else (c if word == np.uint64(2) else d)
        out[i - np.uintp(start)] = (float(x) + 0.5) * 2.0**-32


@njit(nogil=True, cache=True)
def log(x):  # type: ignore[no-untyped-def]
    """Natural logarithm of a positive float, within 2 units of the last place.

    x = m 2**e with m in [sqrt(1/2), sqrt(2)); ln x = e ln 2 + 2 artanh s, s = (m - 1) / (m + 1).
    """
    e = 0
    m = x
    while m < SQRT_HALF:
        m = m * 2.0
        e -= 1
    while m >= 2.0 * SQRT_HALF:
        m = m * 0.5
        e += 1
    s = (m - 1.0) / (m + 1.0)
    q = s * s
    tail = 1.0 / 23.0
    tail = tail * q + 1.0 / 21.0
    tail = tail * q + 1.0 / 19.0
    tail = tail * q + 1.0 / 17.0
    tail = tail * q + 1.0 / 15.0
    tail = tail * q + 1.0 / 13.0
    tail = tail * q + 1.0 / 11.0
    tail = tail * q + 1.0 / 9.0
    tail = tail * q + 1.0 / 7.0
    tail = tail * q + 1.0 / 5.0
    tail = tail * q + 1.0 / 3.0
    return e * LN2 + 2.0 * (s + s * (q * tail))


@njit(nogil=True, cache=True)
def exp(x):  # type: ignore[no-untyped-def]
    """Exponential of a float in [-700, 700]: halved until below 1/8, 12 terms of its series, squared back."""
    if x < -700.0:
        return 0.0
    if x > 700.0:
        x = 700.0
    halvings = 0
    y = x
    while y > 0.125 or y < -0.125:
        y = y * 0.5
        halvings += 1
    term = 1.0
    total = 1.0
    for k in range(1, 13):
        term = term * y / k
        total = total + term
    for _ in range(halvings):
        total = total * total
    return total


@njit(nogil=True, cache=True)
def exponential(u):  # type: ignore[no-untyped-def]
    """The Exp(1) variate of a uniform: -ln(1 - u). A small u is a small resistance."""
    return -log(1.0 - u)


@njit(nogil=True, cache=True)
def strikes(u, hazard):  # type: ignore[no-untyped-def]
    """True with probability 1 - exp(-hazard): u < 1 - e**-h, decided as -ln(1 - u) < h.

    h - h**2 / 2 <= 1 - e**-h <= h settles most draws without a logarithm.
    """
    if u >= hazard:
        return False
    if u < hazard - 0.5 * hazard * hazard:
        return True
    return -log(1.0 - u) < hazard


@njit(nogil=True, cache=True)
def strikes_at(u, hazard, chance):  # type: ignore[no-untyped-def]
    """`strikes`, given chance = 1 - exp(-hazard) up to rounding: for many draws at one hazard.

    Away from the chance the comparison is safe; within 1e-9 of it the logarithm decides, as in `strikes`.
    """
    if u < chance - 1e-9:
        return True
    if u > chance + 1e-9:
        return False
    return -log(1.0 - u) < hazard


@njit(nogil=True, cache=True)
def trials(u, probability):  # type: ignore[no-untyped-def]
    """Number of weekly trials up to and including the first success (geometric, at least 1).

    P(K > n) = (1 - p)**n, so K = ceil(ln(1 - u) / ln(1 - p)). p >= 1 gives 1; p <= 0 never happens.
    """
    if probability >= 1.0:
        return 1
    if probability <= 0.0:
        return 1_000_000_000
    k = log(1.0 - u) / log(1.0 - probability)
    if k >= 1e9:
        return 1_000_000_000
    return int(k) + 1


@njit(nogil=True, cache=True)
def chance_to_hazard(probability):  # type: ignore[no-untyped-def]
    """The weekly hazard h with 1 - exp(-h) = probability; a chance of 1 or more is a hazard of 1e9."""
    if probability >= 1.0:
        return 1e9
    if probability <= 0.0:
        return 0.0
    return -log(1.0 - probability)
