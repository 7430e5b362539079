"""Sixty-four households side by side: a comparison of all of them is an instruction or two of the processor.

`lanes` takes 64 neighbours out of an array; what it gives is compared, added, subtracted and combined as an array of
NumPy is, each with its own or all with one number. Where nothing is compiled it is an array of NumPy. Where kernels are
compiled it is a vector of LLVM's, which fits the registers of any processor: a loop would be made into the same by
LLVM, but only behind tests, for every 64 households anew, that its arrays do not overlap.

Numba reference: https://numba.readthedocs.io/en/stable/extending/low-level.html.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import llvmlite.ir as ir
import numpy as np
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin, register_model, type_callable

from smsim.engine.arrays import Array

WIDTH = 64
SIXTEEN = 16


def lanes(array: Array, low: int) -> Array:
    """The 64 numbers from array[low] on; zeros beyond its end."""
    found = np.zeros(WIDTH, array.dtype)
    there = array[low : low + WIDTH]
    found[: there.size] = there
    return found


def put(array: Array, low: int, values: Any) -> None:
    """Write these, or one number 64 times, into the array from array[low] on, as far as it goes."""
    array[low : low + WIDTH] = np.broadcast_to(values, WIDTH)[: array[low : low + WIDTH].size]


def where(mask: Array, values: Array, others: Any) -> Array:
    """The values where the mask holds, and elsewhere the others, or one number."""
    return np.where(mask, values, np.asarray(others, values.dtype))


def bits(mask: Array) -> np.uint64:
    """The mask as a word, the first of its lanes in the lowest bit."""
    return np.packbits(mask, bitorder="little").view(np.uint64)[0]


def mask(word: np.uint64) -> Array:
    """What `bits` made a word of."""
    return np.unpackbits(np.array([word], np.uint64).view(np.uint8), bitorder="little").astype(bool)


def lowest(word: np.uint64) -> int:
    """Place of a word's lowest bit; 64 if it has none."""
    return (int(word) & -int(word)).bit_length() - 1 if word else 64


def copy_sixteen(source: Array, start: int, into: Array, at: int) -> None:
    """Sixteen numbers from source[start] on to into[at] on."""
    into[at : at + SIXTEEN] = source[start : start + SIXTEEN]


def prefetch(array: Array, k: int) -> None:
    """Bid the processor fetch array[k] into its cache; changes nothing."""


class Lanes(types.Type):
    """Type of 64 whole numbers of so many bits; of one bit: a mask."""

    def __init__(self, width: int, signed: bool) -> None:
        self.width, self.signed = width, signed
        super().__init__(f"Lanes({width}, {signed})")


@register_model(Lanes)
class _Vector(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, dmm: Any, kind: Lanes) -> None:
        super().__init__(dmm, kind, ir.VectorType(ir.IntType(kind.width), WIDTH))


MASK = Lanes(1, signed=False)


def _pair(of: Callable[..., Any], instruction: str, compares: bool) -> None:
    """Let lanes be combined with lanes or with a number: the operator, and its instruction or comparison of LLVM."""

    class Pair(AbstractTemplate):  # type: ignore[misc]
        key = of

        def generic(self, args: Any, kws: Any) -> Any:
            if isinstance(args[0], Lanes) and (args[1] == args[0] or isinstance(args[1], types.Integer)):
                return signature(MASK if compares else args[0], *args)
            return None

    infer_global(of)(Pair)

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        other = _spread(builder, context, args[1], sig.args[1], args[0].type)
        if compares:
            compare = builder.icmp_signed if sig.args[0].signed else builder.icmp_unsigned
            return compare(instruction, args[0], other)
        return getattr(builder, instruction)(args[0], other)

    lower_builtin(of, Lanes, Lanes)(lower)
    lower_builtin(of, Lanes, types.Integer)(lower)


for _of, _instruction in (
    (operator.eq, "=="),
    (operator.ne, "!="),
    (operator.lt, "<"),
    (operator.le, "<="),
    (operator.gt, ">"),
    (operator.ge, ">="),
):
    _pair(_of, _instruction, compares=True)
for _of, _instruction in ((operator.add, "add"), (operator.sub, "sub"), (operator.and_, "and_"), (operator.or_, "or_")):
    _pair(_of, _instruction, compares=False)


def _spread(builder: Any, context: Any, value: Any, kind: Any, vector: Any) -> Any:
    """A number in every lane; lanes as they are."""
    if isinstance(kind, Lanes):
        return value
    one = context.cast(builder, value, kind, types.Integer.from_bitwidth(vector.element.width, signed=False))
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), one, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
    return builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), zeros)


@type_callable(lanes)  # type: ignore[untyped-decorator]
def _(context: Any) -> Any:
    return lambda array, low: Lanes(array.dtype.bitwidth, array.dtype.signed)


@type_callable(put)  # type: ignore[untyped-decorator]
def _(context: Any) -> Any:
    return lambda array, low, values: types.none


@type_callable(where)  # type: ignore[untyped-decorator]
def _(context: Any) -> Any:
    return lambda mask, values, others: values


@type_callable(bits)  # type: ignore[untyped-decorator]
def _(context: Any) -> Any:
    return lambda mask: types.uint64


@type_callable(mask)  # type: ignore[untyped-decorator]
def _(context: Any) -> Any:
    return lambda word: MASK


@type_callable(lowest)  # type: ignore[untyped-decorator]
def _(context: Any) -> Any:
    return lambda word: types.int64


def _place(context: Any, builder: Any, kind: Any, array: Any, k: Any, of: Any) -> Any:
    """Pointer to array[k], as one to a value of another type."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [k]), of.as_pointer())


def _left(context: Any, builder: Any, kind: Any, array: Any, low: Any) -> tuple[Any, Any]:
    """Whether the array has 64 numbers from array[low] on; how many bytes it has there."""
    made = context.make_array(kind)(context, builder, array)
    left = builder.sub(builder.extract_value(made.shape, 0), low)
    some = builder.select(builder.icmp_signed(">", left, left.type(0)), left, left.type(0))
    return builder.icmp_signed(">=", left, left.type(WIDTH)), builder.mul(some, some.type(kind.dtype.bitwidth // 8))


@lower_builtin(lanes, types.Array, types.Integer)  # type: ignore[untyped-decorator]
def _(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    vector = context.get_value_type(sig.return_type)
    place, room = _place(context, builder, sig.args[0], *args, vector), cgutils.alloca_once(builder, vector)
    enough, size = _left(context, builder, sig.args[0], *args)
    with builder.if_else(enough, likely=True) as (whole, part):
        with whole:
            loaded = builder.load(place)
            loaded.align = 1
            after_whole = builder.block
        with part:
            builder.store(ir.Constant(vector, None), room)
            cgutils.raw_memcpy(builder, room, place, size, 1, 1)
            copied = builder.load(room)
            after_part = builder.block
    either = builder.phi(vector)
    either.add_incoming(loaded, after_whole)
    either.add_incoming(copied, after_part)
    return either


@lower_builtin(put, types.Array, types.Integer, Lanes)  # type: ignore[untyped-decorator]
@lower_builtin(put, types.Array, types.Integer, types.Integer)  # type: ignore[untyped-decorator]
def _(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    vector = ir.VectorType(context.get_value_type(sig.args[0].dtype), WIDTH)
    values = _spread(builder, context, args[2], sig.args[2], vector)
    place, room = _place(context, builder, sig.args[0], *args[:2], vector), cgutils.alloca_once(builder, vector)
    enough, size = _left(context, builder, sig.args[0], *args[:2])
    with builder.if_else(enough, likely=True) as (whole, part):
        with whole:
            builder.store(values, place).align = 1
        with part:
            builder.store(values, room)
            cgutils.raw_memcpy(builder, place, room, size, 1, 1)
    return context.get_dummy_value()


@lower_builtin(where, Lanes, Lanes, Lanes)  # type: ignore[untyped-decorator]
@lower_builtin(where, Lanes, Lanes, types.Integer)  # type: ignore[untyped-decorator]
def _(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.select(args[0], args[1], _spread(builder, context, args[2], sig.args[2], args[1].type))


@lower_builtin(mask, types.uint64)  # type: ignore[untyped-decorator]
def _(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.bitcast(args[0], ir.VectorType(ir.IntType(1), WIDTH))


@lower_builtin(bits, Lanes)  # type: ignore[untyped-decorator]
def _(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.bitcast(args[0], ir.IntType(64))


@lower_builtin(lowest, types.uint64)  # type: ignore[untyped-decorator]
def _(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.cttz(args[0], ir.IntType(1)(0))


@type_callable(copy_sixteen)  # type: ignore[untyped-decorator]
def _(context: Any) -> Any:
    return lambda source, start, into, at: types.none


@type_callable(prefetch)  # type: ignore[untyped-decorator]
def _(context: Any) -> Any:
    return lambda array, k: types.none


@lower_builtin(copy_sixteen, types.Array, types.Integer, types.Array, types.Integer)  # type: ignore[untyped-decorator]
def _(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    vector = ir.VectorType(context.get_value_type(sig.args[0].dtype), SIXTEEN)
    copied = builder.load(_place(context, builder, sig.args[0], *args[:2], vector))
    copied.align = 1
    builder.store(copied, _place(context, builder, sig.args[2], *args[2:], vector)).align = 1
    return context.get_dummy_value()


@lower_builtin(prefetch, types.Array, types.Integer)  # type: ignore[untyped-decorator]
def _(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    i32, byte = ir.IntType(32), ir.IntType(8).as_pointer()
    kind = ir.FunctionType(ir.VoidType(), [byte, i32, i32, i32])
    to_read, keep, data = i32(0), i32(3), i32(1)
    builder.call(
        builder.module.declare_intrinsic("llvm.prefetch", [byte], kind),
        [_place(context, builder, sig.args[0], *args, ir.IntType(8)), to_read, keep, data],
    )
    return context.get_dummy_value()
