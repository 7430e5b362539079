"""Arrays in one piece of memory."""

from __future__ import annotations

import numpy as np

from smsim.engine.arrays import lay_out, zeros
from smsim.engine.run import new_record


def test_arrays_in_one_piece_do_not_touch():
    made = zeros(lay_out(a=((3, 5), np.uint8), none=((0, 4), np.int32), b=((7,), np.float64), c=((), np.int64)))
    for number, array in enumerate(made.values(), 1):
        array[...] = number
    assert {name: set(array.ravel().tolist()) for name, array in made.items()} == {
        "a": {1}, "none": set(), "b": {3}, "c": {4},
    }  # fmt: skip


def test_a_piece_may_be_larger_than_a_type_of_numpys():
    large = lay_out(a=((2**28,), np.int64), b=((3,), np.int32))
    assert zeros(large)["b"].tolist() == [0, 0, 0]  # of memory that nobody writes to, the system gives none


def test_the_records_of_several_runs_are_each_that_of_one():
    one, several = new_record(4, 2, 80, 3, 1), new_record(4, 2, 80, 3, 1, (5,))
    for name, array in one._asdict().items():
        own = getattr(several, name)[2]
        assert (own.shape, own.dtype, own.flags.c_contiguous) == (array.shape, array.dtype, True)
