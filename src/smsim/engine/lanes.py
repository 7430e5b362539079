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
Whole = int | np.integer[Any]


def lanes(array: Array, low: Whole) -> Array:
    """The 64 numbers from array[low] on; zeros beyond its end."""
    found = np.zeros(WIDTH, array.dtype)
    there = array[low : low + WIDTH]
    found[: there.size] = there
    return found


def put(array: Array, low: Whole, values: Any) -> None:
    """Write these, or one number 64 times, into the array from array[low] on, as far as it goes."""
    array[low : low + WIDTH] = np.broadcast_to(values, WIDTH)[: array[low : low + WIDTH].size]


def where(word: np.uint64, values: Array, others: Any) -> Array:
    """The values where the word's bits are set, and elsewhere the others, or one number."""
    holds = np.unpackbits(np.array([word], np.uint64).view(np.uint8), bitorder="little").astype(bool)
    return np.where(holds, values, np.asarray(others, values.dtype))


def bits(comparison: Array) -> np.uint64:
    """What is compared, as a word: the first lane in the lowest bit.

    Comparisons may be combined with & and |, but only after all lanes in question were taken, and without a branch:
    what is carried over a branch is a word. Registers of less than 512 bits have no other form for 64 comparisons, and
    are taken apart bit by bit.
    """
    return np.uint64(np.packbits(comparison, bitorder="little").view(np.uint64)[0])


def count(word: np.uint64) -> int:
    """How many bits of a word are set."""
    return int(word).bit_count()


def lowest(word: np.uint64) -> int:
    """Place of a word's lowest bit; 64 if it has none."""
    return (int(word) & -int(word)).bit_length() - 1 if word else 64


def copy_sixteen(source: Array, start: Whole, into: Array, at: Whole) -> None:
    """Sixteen numbers from source[start] on to into[at] on."""
    into[at : at + SIXTEEN] = source[start : start + SIXTEEN]


def prefetch(array: Array, k: Whole) -> None:
    """Bid the processor fetch array[k] into its cache; changes nothing."""


class Lanes(types.Type):
    """Type of 64 whole numbers of so many bits; of one bit: what a comparison gives."""

    def __init__(self, width: int, signed: bool) -> None:
        self.width, self.signed = width, signed
        super().__init__(f"Lanes({width}, {signed})")


@register_model(Lanes)
class _Vector(models.PrimitiveModel):
    def __init__(self, dmm: Any, kind: Lanes) -> None:
        super().__init__(dmm, kind, ir.VectorType(ir.IntType(kind.width), WIDTH))


COMPARISON = Lanes(1, signed=False)


def _pair(of: Callable[..., Any], instruction: str, compares: bool) -> None:
    """Let lanes be combined with lanes or with a number: the operator, and its instruction or comparison of LLVM."""

    class Pair(AbstractTemplate):
        key = of

        def generic(self, args: Any, kws: Any) -> Any:
            if isinstance(args[0], Lanes) and (args[1] == args[0] or isinstance(args[1], types.Integer)):
                return signature(COMPARISON if compares else args[0], *args)
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


Lower = Callable[[Any, Any, Any, Any], Any]  # context, builder, signature, arguments


def _compiled(of: Callable[..., Any], gives: Callable[..., Any], *kinds: tuple[Any, ...]) -> Callable[[Lower], Lower]:
    """Decorator: how a call is compiled. gives: its type, of those of its arguments, which may be of these kinds."""
    type_callable(of)(lambda context: gives)

    def lowers(lower: Lower) -> Lower:
        for kind in kinds:
            lower_builtin(of, *kind)(lower)
        return lower

    return lowers


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


@_compiled(lanes, lambda array, low: Lanes(array.dtype.bitwidth, array.dtype.signed), (types.Array, types.Integer))
def _lanes(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    kind, (array, low) = sig.args[0], args
    vector = context.get_value_type(sig.return_type)
    place, room = _place(context, builder, kind, array, low, vector), cgutils.alloca_once(builder, vector)
    enough, size = _left(context, builder, kind, array, low)
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


@_compiled(
    put,
    lambda array, low, values: types.none,
    (types.Array, types.Integer, Lanes),
    (types.Array, types.Integer, types.Integer),
)
def _put(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    kind, (array, low, values) = sig.args[0], args
    vector = ir.VectorType(context.get_value_type(kind.dtype), WIDTH)
    spread = _spread(builder, context, values, sig.args[2], vector)
    place, room = _place(context, builder, kind, array, low, vector), cgutils.alloca_once(builder, vector)
    enough, size = _left(context, builder, kind, array, low)
    with builder.if_else(enough, likely=True) as (whole, part):
        with whole:
            builder.store(spread, place).align = 1
        with part:
            builder.store(spread, room)
            cgutils.raw_memcpy(builder, place, room, size, 1, 1)
    return context.get_dummy_value()


@_compiled(
    where, lambda word, values, others: values, (types.uint64, Lanes, Lanes), (types.uint64, Lanes, types.Integer)
)
def _where(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    word, values, others = args
    # Eight copies of each of its bytes, and one bit of each copy: as many instructions on any processor.
    byte, i32 = ir.IntType(8), ir.IntType(32)
    eight = builder.bitcast(word, ir.VectorType(byte, 8))
    which = ir.Constant(ir.VectorType(i32, WIDTH), [lane // 8 for lane in range(WIDTH)])
    one_each = ir.Constant(ir.VectorType(byte, WIDTH), [1 << lane % 8 for lane in range(WIDTH)])
    copies = builder.shuffle_vector(eight, ir.Constant(eight.type, ir.Undefined), which)
    holds = builder.icmp_unsigned("!=", builder.and_(copies, one_each), ir.Constant(copies.type, None))
    return builder.select(holds, values, _spread(builder, context, others, sig.args[2], values.type))


@_compiled(bits, lambda comparison: types.uint64, (Lanes,))
def _bits(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.bitcast(args[0], ir.IntType(64))


@_compiled(count, lambda word: types.int64, (types.uint64,))
def _count(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.ctpop(args[0])


@_compiled(lowest, lambda word: types.int64, (types.uint64,))
def _lowest(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.cttz(args[0], ir.IntType(1)(0))


@_compiled(
    copy_sixteen,
    lambda source, start, into, at: types.none,
    (types.Array, types.Integer, types.Array, types.Integer),
)
def _copy_sixteen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    source, start, into, at = args
    vector = ir.VectorType(context.get_value_type(sig.args[0].dtype), SIXTEEN)
    copied = builder.load(_place(context, builder, sig.args[0], source, start, vector))
    copied.align = 1
    builder.store(copied, _place(context, builder, sig.args[2], into, at, vector)).align = 1
    return context.get_dummy_value()


@_compiled(prefetch, lambda array, k: types.none, (types.Array, types.Integer))
def _prefetch(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    i32, byte = ir.IntType(32), ir.IntType(8)
    kind = ir.FunctionType(ir.VoidType(), [byte.as_pointer(), i32, i32, i32])
    to_read, keep, data = i32(0), i32(3), i32(1)
    array, k = args
    place = _place(context, builder, sig.args[0], array, k, byte)
    builder.call(
        builder.module.declare_intrinsic("llvm.prefetch", [byte.as_pointer()], kind), [place, to_read, keep, data]
    )
    return context.get_dummy_value()
