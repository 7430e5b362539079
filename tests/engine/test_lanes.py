"""Lanes compiled against the same lines in NumPy, also where an array ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsim.engine.lanes import SIXTEEN, WIDTH, bits, copy_sixteen, lanes, lowest, prefetch, put, where

compiles = pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")
SCENARIO = Path(__file__).parent.parent.parent / "scenarios" / "village.yaml"
KINDS = [np.uint8, np.uint16, np.int32]


@numba.njit
def lowest_of(word):
    return lowest(word)


@numba.njit
def copied(source, start, into, at):
    copy_sixteen(source, start, into, at)


@numba.njit
def compared(a, b, low, number, words):
    these, those = lanes(a, low), lanes(b, low)
    words[0], words[1], words[2] = bits(these == those), bits(these != those), bits(these < those)
    words[3], words[4], words[5] = bits(these <= number), bits(these > number), bits(these >= number)
    words[6], words[7] = bits((these == number) & (those < number) | (these != those)), bits((these & number) == those)


@numba.njit
def combined(a, b, low, number, word, out):
    these, those = lanes(a, low), lanes(b, low)
    put(out, low, where(word, these + those, these - those))
    put(out, 64, where(~word, these, number))
    put(out, 0, (lanes(out, 0) & number) | those)
    put(out, out.shape[0] - 1, number)
    prefetch(a, low)


@compiles
@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None)  # the first example is compiled
@given(st.integers(0, 2**32), st.integers(1, 200), st.integers(0, 200), st.integers(0, 9))
def test_comparisons_are_those_of_numpy_and_zeros_follow_an_array(kind, seed, size, low, number):
    a, b = np.random.default_rng(seed).integers(-4 if kind is np.int32 else 0, 10, (2, size)).astype(kind)
    found, expected = np.zeros((2, 8), np.uint64)
    compared(a, b, low, kind(number), found)
    compared.py_func(a, b, low, kind(number), expected)
    np.testing.assert_array_equal(found, expected)


@compiles
@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None)  # the first example is compiled
@given(st.integers(0, 2**32), st.integers(1, 200), st.integers(0, 200), st.integers(0, 9), st.integers(0, 2**64 - 1))
def test_sums_are_those_of_numpy_and_nothing_is_written_beyond_an_array(kind, seed, size, low, number, word):
    a, b = np.random.default_rng(seed).integers(0, 250, (2, size)).astype(kind)
    room = np.full((2, size + 2 * WIDTH), 7, kind)
    combined(a, b, low, kind(number), np.uint64(word), room[0, WIDTH:-WIDTH])
    combined.py_func(a, b, low, kind(number), np.uint64(word), room[1, WIDTH:-WIDTH])
    np.testing.assert_array_equal(room[0], room[1])
    assert (room[:, :WIDTH] == 7).all()
    assert (room[:, -WIDTH:] == 7).all()


@given(st.integers(0, 2**64 - 1))
def test_a_word_chooses_and_a_comparison_gives_it_back(word):
    chosen = where(np.uint64(word), np.arange(1, 65), 0)
    assert bits(chosen != 0) == word
    assert [k for k, number in enumerate(chosen) if number] == [k for k in range(64) if word >> k & 1]


@compiles
@settings(deadline=None)
@given(st.one_of(st.integers(0, 2**64 - 1), st.integers(0, 63).map(lambda k: 2**k), st.just(0)))
def test_the_lowest_bit_is_that_which_counting_finds(word):
    counted = next((k for k in range(64) if word >> k & 1), 64)
    assert lowest_of(np.uint64(word)) == lowest(np.uint64(word)) == counted


@compiles
@pytest.mark.parametrize("kind", KINDS)
def test_sixteen_are_copied_and_no_more(kind):
    source, into = np.arange(100).astype(kind), np.zeros(100, kind)
    copied(source, 3, into, 50)
    assert into[50 : 50 + SIXTEEN].tolist() == list(range(3, 3 + SIXTEEN))
    assert into[:50].sum() == into[50 + SIXTEEN :].sum() == 0


RUNS = """
import hashlib, sys
from smsim import load_scenario, simulate
from smsim.simulate import prepare
digest = hashlib.sha256()
village = load_scenario(sys.argv[1])
silent = {"taboo": 0, "rumour_passing": 0, "rumour_arrival": 0, "rumour_initial": 0, "talk_weeks": 0}
quiet = silent | {"place": "home", "kind": "permanent", "service_capacity": 1}
alone = village.replace(world={"turnover": 0}, behaviours={name: quiet for name in village.behaviours})
assert prepare(alone, "none", 1).is_contagion
for scenario, strategy in ((village, "hybrid"), (alone, "none")):
    for array in simulate(scenario, strategy, 1).record:
        digest.update(array.tobytes())
print(digest.hexdigest())
"""


@compiles
@pytest.mark.validation
def test_a_processor_without_wide_registers_gives_the_same_bits(tmp_path):
    plain = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NUMBA_CACHE_DIR": str(tmp_path)}
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", RUNS, str(SCENARIO)]
    printed = [
        subprocess.run(command, env=environment | more, capture_output=True, text=True, check=True).stdout
        for more in ({}, plain)
    ]
    assert printed[0] == printed[1] != ""
