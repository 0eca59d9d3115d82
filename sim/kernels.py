"""How loops over columns are compiled.

Where most time goes, loops count in `U64`: Python wants a signed index to be checked for being negative at each access.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload
from numpy.typing import NDArray

from sim.kernel_cache import cached_njit_with

# Numba would count every array that a loop touches, atomically, which costs as much as the work; kernels are given all
# their arrays and make none, so nothing has to be counted.
_UNCOUNTED: dict[str, Any] = {"_nrt": False}

#: Compiles a function as numba's njit does, and keeps the result where this project keeps its kernels.
cached_njit = cached_njit_with()

#: Compiles a loop over columns that makes no arrays. It runs outside Python's lock.
kernel = cached_njit_with(nogil=True, **_UNCOUNTED)

#: Compiles a piece of a kernel, which is written into the kernel wherever it is called: handing over a tuple of
#: columns would cost more than a few steps on them.
inline_kernel = cached_njit_with(inline="always", **_UNCOUNTED)

_CACHE_LINE = 64  # bytes that a processor fetches at once


def empty_aligned(rows: int, width: int) -> NDArray[np.uint8]:
    """Return room, uint8 [rows, width], that begins where a cache line does: rows of 32 bytes never lie across two."""
    room = np.empty(rows * width + _CACHE_LINE, np.uint8)
    first = -room.ctypes.data % _CACHE_LINE
    return room[first : first + rows * width].reshape(rows, width)


def prefetch(column: Any, row: Any) -> None:
    """Ask the processor to fetch `row` of a column into its cache, as it will soon be read: it waits for nothing."""


@overload(prefetch, inline="always")
def _prefetch(column, row):
    return lambda column, row: _fetch(column, types.int64(row))  # type: ignore[call-arg]


@intrinsic
def _fetch(context, column, row):
    """Compile to the instruction that processors have for it (LLVM Language Reference, llvm.prefetch)."""

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
