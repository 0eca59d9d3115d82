"""How loops over columns are compiled.

The slowest loops count in `U64`, because each access with a signed index is checked for negative values.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload
from numpy.typing import NDArray

from sim.kernel_cache import make_cached_njit

# Numba counts references to every array that a loop uses, with atomic operations that cost as much as the work. Kernels
# receive all their arrays and make none, so they need no counting.
_UNCOUNTED: dict[str, Any] = {"_nrt": False}

#: Compiles a function as numba's njit does, and caches the result.
cached_njit = make_cached_njit()

#: Compiles a loop over columns that makes no arrays. It runs outside Python's lock.
kernel = make_cached_njit(nogil=True, **_UNCOUNTED)

#: Compiles a part of a kernel and inlines it, because passing a tuple of columns costs more than a few steps on them.
inline_kernel = make_cached_njit(inline="always", **_UNCOUNTED)

_CACHE_LINE = 64  # bytes


def empty_aligned(rows: int, width: int) -> NDArray[np.uint8]:
    """Return empty memory, uint8 [rows, width], aligned to cache lines: a row of 32 bytes never crosses one."""
    room = np.empty(rows * width + _CACHE_LINE, np.uint8)
    first = -room.ctypes.data % _CACHE_LINE
    return room[first : first + rows * width].reshape(rows, width)


def prefetch(column: Any, row: Any) -> None:
    """Ask the processor to fetch `row` of a column into its cache, without waiting for it."""


@overload(prefetch, inline="always")
def _prefetch(column, row):
    return lambda column, row: _fetch(column, types.int64(row))  # type: ignore[call-arg]


@intrinsic
def _fetch(context, column, row):
    """Compile to the processor's prefetch instruction (LLVM Language Reference, llvm.prefetch)."""

    def generate(target, builder, signature, given):
        array = target.make_array(signature.args[0])(target, builder, given[0])
        stride, byte, whole = cgutils.unpack_tuple(builder, array.strides)[0], ir.IntType(8), ir.IntType(32)
        place = builder.gep(builder.bitcast(array.data, byte.as_pointer()), [builder.mul(given[1], stride)])
        kind = ir.FunctionType(ir.VoidType(), [byte.as_pointer(), whole, whole, whole])
        to_read, keep, data = whole(0), whole(3), whole(1)
        fetch = builder.module.declare_intrinsic("llvm.prefetch", [byte.as_pointer()], kind)
        builder.call(fetch, [place, to_read, keep, data])
        return target.get_dummy_value()

    return types.void(column, row), generate
