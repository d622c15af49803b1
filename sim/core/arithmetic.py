"""Python's arithmetic for machine code: the same number, or an error, never another number.

Machine integers end at 64 bits, those of a NumPy array earlier; Python's do not end, and NumPy's wrap around. Where the forms
would part, these raise, and the engine plays the run interpreted instead. A type for which they always part does not compile.

Left as they are: comparisons of an integer beyond 2^53 with a float, which Python makes exactly and machine code after rounding.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core.errors import NumbaTypeError
from numba.extending import intrinsic, overload
from numba.np.numpy_support import as_dtype

OPTIONS: Any = {"nogil": True, "_nrt": False}
WORD, REAL = ir.IntType(64), ir.DoubleType()
INTEGER: Any = types.Integer
WHOLE: Any = types.Integer | types.Boolean
ALL = (-(2**63), 2**63 - 1)
EXACT = (-(2**53), 2**53)
"""Within this range every integer is a float."""


def _raise_if(context: Any, builder: Any, condition: Any) -> None:
    with builder.if_then(condition, likely=False):
        text = "an integer beyond 64 bits, or beyond those of its array"
        context.call_conv.return_user_exc(builder, OverflowError, (text,))


def _limits(*kinds: Any) -> tuple[int, int]:
    """The range of what NumPy makes of integers of these types; numbers of 64 bits may be Python's, which adapt to the others."""
    narrow = [as_dtype(types.unliteral(k)) for k in kinds if isinstance(k, INTEGER) and k.bitwidth < 64]
    if not narrow or np.result_type(*narrow).itemsize == 8:
        return ALL
    info = np.iinfo(np.result_type(*narrow))
    return int(info.min), int(info.max)


def _raise_outside(context: Any, builder: Any, word: Any, limits: tuple[int, int]) -> None:
    """Raises unless a word lies within limits, by one unsigned comparison."""
    if limits != ALL:
        shifted = builder.sub(word, ir.Constant(WORD, limits[0]))
        _raise_if(context, builder, builder.icmp_unsigned(">", shifted, ir.Constant(WORD, limits[1] - limits[0])))


def _raise_beyond(context: Any, builder: Any, number: Any, limits: tuple[int, int]) -> None:
    """Raises unless a float, cut to an integer, lies within limits."""
    above = builder.fcmp_ordered(">" if limits != ALL else ">=", number, ir.Constant(REAL, float(limits[0]) - 1))
    below = builder.fcmp_ordered("<", number, ir.Constant(REAL, float(limits[1]) + 1))
    _raise_if(context, builder, builder.not_(builder.and_(above, below)))


def _refuse_types(*kinds: Any) -> None:
    if any(isinstance(kind, INTEGER) and kind.bitwidth == 64 and not kind.signed for kind in kinds):
        raise NumbaTypeError("arithmetic with an unsigned integer of 64 bits; int64 compiles")
    if all(isinstance(kind, types.Boolean) for kind in kinds):
        raise NumbaTypeError("arithmetic of truth values, which NumPy and Python do differently; int(...) compiles")


def _words(context: Any, builder: Any, values: Any, kinds: Any, limits: tuple[int, int]) -> list[Any]:
    """The operands as words; one of 64 bits must fit into the type of the other, as NumPy demands of Python's numbers."""
    words = [context.cast(builder, value, kind, types.int64) for value, kind in zip(values, kinds, strict=True)]
    for word, kind in zip(words, kinds, strict=True):
        if isinstance(kind, INTEGER) and kind.bitwidth == 64:
            _raise_outside(context, builder, word, limits)
    return words


def _delegated(operation: Callable[..., Any], exact: Callable[..., Any]) -> Any:
    """An intrinsic for a binary operation: `exact(context, builder, words, limits)` for integers, else numba's own.

    `exact` gives the resulting word, or None where numba's own is right once the operands are known to fit.
    """

    def typed(typingctx: Any, a: Any, b: Any) -> Any:
        if operation not in LOGICAL:
            _refuse_types(a, b)
        signature = typingctx.resolve_function_type(operation, (a, b), {})
        if signature is None:
            return None
        kinds = (types.unliteral(a), types.unliteral(b))

        def generate(context: Any, builder: Any, given: Any, arguments: Any) -> Any:
            values = [context.cast(builder, v, t, s) for v, t, s in zip(arguments, kinds, signature.args, strict=True)]
            if all(isinstance(kind, WHOLE) for kind in kinds):
                limits = _limits(*kinds)
                words = _words(context, builder, arguments, kinds, limits)
                result = exact(context, builder, words, limits)
                if result is not None:
                    return context.cast(builder, result, types.int64, signature.return_type)
            return context.get_function(operation, signature)(builder, values)

        return signature.return_type(*kinds), generate

    typed.__name__ = operation.__name__
    return intrinsic(typed)


def _overflowing(name: str) -> Callable[..., Any]:
    def exact(context: Any, builder: Any, words: Any, limits: tuple[int, int]) -> Any:
        pair = getattr(builder, f"{name}_with_overflow")(*words)
        result = builder.extract_value(pair, 0)
        _raise_if(context, builder, builder.extract_value(pair, 1))
        _raise_outside(context, builder, result, limits)
        return result

    return exact


def _fitting(context: Any, builder: Any, words: Any, limits: tuple[int, int]) -> None:
    return


def _dividing(context: Any, builder: Any, words: Any, limits: tuple[int, int]) -> None:
    """Python divides whole numbers exactly and rounds once; machine code rounds each to a float first."""
    for word in words:
        _raise_outside(context, builder, word, EXACT)


def _floor_dividing(context: Any, builder: Any, words: Any, limits: tuple[int, int]) -> None:
    """One quotient alone lies outside: that of the least integer and -1."""
    is_least, is_minus_one = (
        builder.icmp_signed("==", word, ir.Constant(WORD, value))
        for word, value in zip(words, (limits[0], -1), strict=True)
    )
    _raise_if(context, builder, builder.and_(is_least, is_minus_one))


def _shifting_left(context: Any, builder: Any, words: Any, limits: tuple[int, int]) -> Any:
    value, by = words
    _raise_outside(context, builder, by, (0, 63))
    result = builder.shl(value, by)
    _raise_if(context, builder, builder.icmp_signed("!=", builder.ashr(result, by), value))
    _raise_outside(context, builder, result, limits)
    return result


def _shifting_right(context: Any, builder: Any, words: Any, limits: tuple[int, int]) -> Any:
    value, by = words
    _raise_outside(context, builder, by, (0, 63))
    return builder.ashr(value, by)


LOGICAL = {operator.and_, operator.or_, operator.xor, operator.iand, operator.ior, operator.ixor}

add, iadd = (_delegated(operation, _overflowing("sadd")) for operation in (operator.add, operator.iadd))
sub, isub = (_delegated(operation, _overflowing("ssub")) for operation in (operator.sub, operator.isub))
mul, imul = (_delegated(operation, _overflowing("smul")) for operation in (operator.mul, operator.imul))
truediv, itruediv = (_delegated(operation, _dividing) for operation in (operator.truediv, operator.itruediv))
floordiv, ifloordiv = (_delegated(operation, _floor_dividing) for operation in (operator.floordiv, operator.ifloordiv))
mod, imod = (_delegated(operation, _fitting) for operation in (operator.mod, operator.imod))
lshift, ilshift = (_delegated(operation, _shifting_left) for operation in (operator.lshift, operator.ilshift))
rshift, irshift = (_delegated(operation, _shifting_right) for operation in (operator.rshift, operator.irshift))
and_, iand = (_delegated(operation, _fitting) for operation in (operator.and_, operator.iand))
or_, ior = (_delegated(operation, _fitting) for operation in (operator.or_, operator.ior))
xor, ixor = (_delegated(operation, _fitting) for operation in (operator.xor, operator.ixor))


@intrinsic
def neg(typingctx, a):
    _refuse_types(a)
    signature = typingctx.resolve_function_type(operator.neg, (a,), {})
    if signature is None:
        return None
    kind = types.unliteral(a)

    def generate(context, builder, given, arguments):
        if not isinstance(kind, INTEGER):
            return context.get_function(operator.neg, signature)(builder, arguments)
        zero, limits = ir.Constant(WORD, 0), _limits(kind)
        result = _overflowing("ssub")(
            context, builder, (zero, context.cast(builder, arguments[0], kind, types.int64)), limits
        )
        return context.cast(builder, result, types.int64, signature.return_type)

    return signature.return_type(kind), generate


@intrinsic
def invert(typingctx, a):
    if not (isinstance(a, types.Integer) and a.signed):
        raise NumbaTypeError("~ of anything but a signed integer; int(...) compiles")
    kind = types.unliteral(a)

    def generate(context, builder, signature, arguments):
        return builder.not_(context.cast(builder, arguments[0], kind, types.int64))

    return types.int64(kind), generate


@intrinsic
def whole(typingctx, a):
    """`int(a)`: a float beyond 64 bits, infinite or no number raises."""
    if not isinstance(a, WHOLE | types.Float):
        raise NumbaTypeError("int() of anything but a number")
    kind = types.unliteral(a)

    def generate(context, builder, signature, arguments):
        if isinstance(kind, types.Float):
            _raise_beyond(context, builder, context.cast(builder, arguments[0], kind, types.float64), ALL)
        return context.cast(builder, arguments[0], kind, types.int64)

    return types.int64(kind), generate


@intrinsic
def word(typingctx, index):
    """An index as an unsigned word, so that one comparison finds those below zero too."""
    if not isinstance(index, types.Integer):
        raise NumbaTypeError("an index that is no integer")
    kind = types.unliteral(index)

    def generate(context, builder, signature, arguments):
        return context.cast(builder, arguments[0], kind, types.int64)

    return types.uint64(kind), generate


@intrinsic
def touch(typingctx, array, index):
    """Starts to load the beginning of `array[index]` into the processor's cache; an address that is none does no harm."""

    def generate(context, builder, signature, arguments):
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        offset = builder.mul(arguments[1], builder.extract_value(view.strides, 0))
        if array.layout == "C" and array.ndim == 1:
            offset = builder.mul(arguments[1], ir.Constant(WORD, as_dtype(array.dtype).itemsize))
        place = builder.inttoptr(builder.add(builder.ptrtoint(view.data, WORD), offset), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", [place.type], kind)
        builder.call(prefetch, [place, number(0), number(3), number(1)])  # to read, into all levels, data
        return context.get_dummy_value()

    return types.none(array, types.int64), generate


@intrinsic
def fit(typingctx, array, value):
    """A value on its way into an array: what does not fit raises, as NumPy does for Python's numbers."""
    kind = types.unliteral(value)
    is_checked = isinstance(array, types.Array) and isinstance(array.dtype, INTEGER)

    def generate(context, builder, signature, arguments):
        if is_checked and isinstance(kind, INTEGER):
            word = context.cast(builder, arguments[1], kind, types.int64)
            _raise_outside(context, builder, word, _limits(array.dtype))
        elif is_checked and isinstance(kind, types.Float):
            number = context.cast(builder, arguments[1], kind, types.float64)
            _raise_beyond(context, builder, number, _limits(array.dtype))
        return arguments[1]

    return kind(array, kind), generate


@njit(**OPTIONS)
def _raised(base, exponent):
    if exponent < 0:
        raise OverflowError("a negative power of an integer")
    result = 1
    while exponent > 0:
        if exponent & 1:
            result = mul(result, base)
        exponent >>= 1
        if exponent > 0:
            base = mul(base, base)
    return result


def power(a, b): ...


@overload(power, jit_options=OPTIONS)
def _power(a, b):
    if isinstance(a, types.Integer) and isinstance(b, types.Integer):
        _refuse_types(a, b)
        if _limits(a, b) != ALL:
            raise NumbaTypeError("a power of an integer of fewer than 64 bits; int(...) compiles")
        return lambda a, b: _raised(a, b)
    raise NumbaTypeError("a power of a float, whose last bit may differ when compiled; math.sqrt and products do not")


def floor(a): ...
def ceil(a): ...
def nearest(a): ...


def _rounding(function: Any) -> Any:
    def typed(a):
        if isinstance(a, types.Integer):
            return lambda a: whole(a)
        return lambda a: whole(function(a))

    return typed


overload(floor, jit_options=OPTIONS)(_rounding(np.floor))
overload(ceil, jit_options=OPTIONS)(_rounding(np.ceil))
overload(nearest, jit_options=OPTIONS)(_rounding(np.rint))
