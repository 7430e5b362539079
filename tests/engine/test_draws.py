"""Draws: the generator is Philox, the variates have their laws, and nothing depends on the machine's libm."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest
from scipy import stats

from smsim.engine.draws import (
    CERTAIN,
    chance_to_hazard,
    exp,
    exponential,
    exponentials,
    exponentials_of_each,
    fill_exponentials,
    fill_uniforms,
    fill_weeks,
    fill_words,
    log,
    philox,
    strikes,
    trials,
    uniform,
    weeks_of_each,
    weeks_until,
    words_below,
)

ONES = 0xFFFFFFFF
# Known answers of Philox4x32-10, from the Random123 distribution (kat_vectors): counter, key, output.
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ONES,) * 4, (ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_philox_gives_the_published_words(counter, key, expected):
    words = philox(*(np.uint64(x) for x in (*counter, *key)))
    assert tuple(int(w) for w in words) == expected


def test_a_uniform_is_the_word_of_its_identity():
    block = philox(*(np.uint64(x) for x in (25, 7, 3, 0, 12345, 0)))
    given = [uniform(np.uint64(12345), 3, 7, 100 + word) for word in range(4)]
    assert given == [(int(w) + 0.5) / 2**32 for w in block]


def test_the_high_half_of_a_seed_counts():
    assert uniform(np.uint64(5), 1, 1, 1) != uniform(np.uint64(5 + 2**32), 1, 1, 1)


def test_filling_gives_what_single_draws_give_for_any_identities():
    identities = np.array([0, 1, 2, 3, 4, 9, 8, 8, 4_000_000_000, 17, 16], np.uint32)
    out = np.empty(9)
    fill_uniforms(np.uint64(9), 11, 52, identities, 1, 10, out)
    assert out.tolist() == [uniform(np.uint64(9), 11, 52, i) for i in identities[1:10]]


@pytest.mark.parametrize("vary", ["identity", "week", "stream", "seed"])
def test_draws_are_uniform_along_every_coordinate(vary):
    n = 20_000
    key = {"seed": 1, "stream": 2, "week": 3, "identity": 4}
    draws = []
    for k in range(n):
        key[vary] = k
        draws.append(uniform(np.uint64(key["seed"]), key["stream"], key["week"], key["identity"]))
    assert stats.kstest(draws, "uniform").pvalue > 1e-4


@pytest.mark.parametrize("step", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (4, 0, 0), (0, 0, 64)])
def test_neighbouring_draws_are_uncorrelated(step):
    i, t, s = step
    pairs = [
        (uniform(np.uint64(8), s0, t0, h), uniform(np.uint64(8), s0 + s, t0 + t, h + i))
        for h in range(0, 4000, 2)
        for t0 in range(3)
        for s0 in range(3)
    ]
    x, y = np.array(pairs).T
    # 18,000 independent pairs: |r| exceeds 5 / sqrt(n) with probability 6e-7.
    assert abs(np.corrcoef(x, y)[0, 1]) < 5 / math.sqrt(len(pairs))


def test_the_logarithm_is_that_of_the_standard_library():
    x = np.concatenate([np.random.default_rng(1).random(2000), [2.0**-33, 1 - 2.0**-33, 0.5, 1.0, 2.0, 1e9]])
    worst = max(abs(log(v) - math.log(v)) / max(abs(math.log(v)), 1e-300) for v in x if v != 1.0)
    assert worst < 1e-15 * 2
    assert log(1.0) == 0.0


def test_the_exponential_is_that_of_the_standard_library():
    x = np.linspace(-30, 30, 2001)
    assert max(abs(exp(v) / math.exp(v) - 1) for v in x) < 3e-16
    assert exp(-1000.0) == 0.0


ALL_SMALL = np.concatenate([np.linspace(-1 / 64, 1 / 64, 2000), -np.geomspace(1e-300, 1 / 64, 60), [0.0, -0.0]])
SOME_LARGE = np.concatenate([np.linspace(-30, 0, 2000), -np.geomspace(1e-300, 1e9, 60), [-0.125, -0.25, 1.0, 800.0]])


@pytest.mark.parametrize("x", [ALL_SMALL, SOME_LARGE], ids=["all small", "some large"])
def test_exponentials_of_many_are_those_of_each(x):
    out = x.copy()
    numba.njit(lambda numbers: exponentials(numbers, len(numbers)))(out)
    assert out.tolist() == [exp(v) for v in x]


def test_no_resistance_outlasts_what_is_certain():
    assert exponential((2**32 - 0.5) * 2.0**-32) < CERTAIN


def test_no_chance_below_one_is_certain():
    assert chance_to_hazard(math.nextafter(1, 0)) < CERTAIN


def test_resistances_are_exponential():
    draws = [exponential(uniform(np.uint64(1), 1, 0, i)) for i in range(20_000)]
    assert stats.kstest(draws, "expon").pvalue > 1e-4


@pytest.mark.parametrize("hazard", [0.001, 0.2, 1.0, 3.0])
def test_a_hazard_strikes_as_often_as_it_says(hazard):
    n = 20_000
    hits = sum(strikes(uniform(np.uint64(2), 1, 0, i), hazard) for i in range(n))
    assert stats.binomtest(hits, n, 1 - math.exp(-hazard)).pvalue > 1e-4


@pytest.mark.parametrize("hazard", [1e-9, 0.001, 0.2, 1.0, 3.0, 40.0])
def test_shortcuts_decide_as_the_logarithm_does(hazard):
    edge = 1 - math.exp(-hazard)
    near = [edge + d for d in (-1e-3, -1e-8, -1e-10, -1e-13, 1e-13, 1e-10, 1e-8, 1e-3)]
    for u in [v for v in near if 0 < v < 1] + list(np.random.default_rng(3).random(500)):
        assert strikes(u, hazard) == (exponential(u) < hazard)


@pytest.mark.parametrize("hazard", [0.0, 1e-9, 0.001, 0.2, 1.0, 3.0, 40.0])
def test_the_words_below_the_cut_are_those_that_strike(hazard):
    """The last word struck and the first one spared, as exact fractions of 2**32."""
    cut = words_below(hazard)
    chance = -math.expm1(-hazard)
    assert 0 <= cut < 2**32
    # exp is right to about its last digit, and a word is 2.3e-10 wide.
    assert (cut - 0.5) * 2.0**-32 < chance + 1e-15
    assert cut == 2**32 - 1 or (cut + 0.5) * 2.0**-32 > chance - 1e-15


def test_words_and_uniforms_are_the_same_draws():
    for start, identities in ((3, np.arange(5, 300, dtype=np.uint32)), (0, np.array([7, 7, 2, 9], np.uint32))):
        words = np.empty(len(identities), np.uint32)
        fill_words(np.uint64(9), 11, 52, identities, start, len(identities), words)
        single = [uniform(np.uint64(9), 11, 52, i) for i in identities[start:]]
        assert [(w + 0.5) * 2.0**-32 for w in words[: len(single)].tolist()] == single


@pytest.mark.parametrize("chance", [0.0, 0.3, 1.0])
def test_a_wait_is_the_geometric_number_of_its_draw(chance):
    hazard = chance_to_hazard(chance)
    for i in range(50):
        expected = trials(uniform(np.uint64(3), 2, 1, i), hazard)
        assert weeks_until(np.uint64(3), 2, 1, i, hazard) == expected


@pytest.mark.parametrize("chance", [0.0, 1e-12, 0.3, 1.0])
def test_waits_of_many_are_those_of_each(chance):
    identities, hazard = np.arange(3, 260, dtype=np.uint32), chance_to_hazard(chance)
    words, weeks = np.empty(250, np.uint32), np.empty(250, np.int32)
    fill_weeks(np.uint64(9), 11, 52, identities, 5, 255, hazard, words, weeks)
    assert weeks.tolist() == [weeks_until(np.uint64(9), 11, 52, i, hazard) for i in identities[5:255]]


@pytest.mark.parametrize("chance", [0.0, 1e-12, 0.3, 1.0])
def test_draws_of_scattered_households_are_those_of_each(chance):
    identities, hazard = np.array([7, 4_000_000_000, 2, 2, 9, 1023], np.uint64), chance_to_hazard(chance)
    numbers = np.array([0, 3, 1, 2, 65_000, 5], np.uint64)
    weeks, resistances = np.empty(6, np.int32), np.empty(6)
    weeks_of_each(np.uint64(9), 11, numbers, identities, 6, hazard, weeks)
    exponentials_of_each(np.uint64(9), 11, numbers, identities, 6, resistances)
    pairs = list(zip(numbers, identities, strict=True))
    assert weeks.tolist() == [weeks_until(np.uint64(9), 11, n, i, hazard) for n, i in pairs]
    assert resistances.tolist() == [exponential(uniform(np.uint64(9), 11, n, i)) for n, i in pairs]


def test_resistances_of_many_are_those_of_each():
    identities = np.arange(3, 260, dtype=np.uint32)
    words, out = np.empty(250, np.uint32), np.empty(250)
    fill_exponentials(np.uint64(9), 11, 52, identities, 5, 255, words, out)
    assert out.tolist() == [exponential(uniform(np.uint64(9), 11, 52, i)) for i in identities[5:255]]


def test_a_larger_dose_strikes_wherever_a_smaller_does():
    for i in range(2000):
        u = uniform(np.uint64(4), 1, 0, i)
        assert not (strikes(u, 0.3) and not strikes(u, 0.31))


@pytest.mark.parametrize("chance", [0.004, 0.25, 0.9])
def test_waiting_weeks_are_geometric(chance):
    hazard = chance_to_hazard(chance)
    draws = np.array([trials(uniform(np.uint64(5), 1, 0, i), hazard) for i in range(20_000)])
    # Mean 1 / p, standard deviation sqrt(1 - p) / p: five standard errors.
    assert abs(draws.mean() - 1 / chance) < 5 * math.sqrt(1 - chance) / chance / math.sqrt(len(draws))
    assert draws.min() == 1


def test_certain_and_impossible_weekly_chances_have_their_limits():
    assert trials(0.999, chance_to_hazard(1.0)) == 1
    assert trials(0.001, chance_to_hazard(0.0)) > 10**8
    assert chance_to_hazard(0.0) == 0.0
    assert 1 - math.exp(-chance_to_hazard(0.06)) == pytest.approx(0.06, rel=1e-14)
