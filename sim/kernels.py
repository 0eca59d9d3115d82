"""How loops over columns are compiled."""

from typing import Any

from numba import njit

# Numba would count every array that a loop touches, atomically, which costs as much as the work; kernels are given all
# their arrays and make none, so nothing has to be counted.
_UNCOUNTED: dict[str, Any] = {"cache": True, "_nrt": False}

#: Compiles a loop over columns that makes no arrays. It runs outside Python's lock.
kernel = njit(nogil=True, **_UNCOUNTED)

#: Compiles a piece of a kernel, which is written into the kernel wherever it is called: handing over a tuple of
#: columns would cost more than a few steps on them.
piece = njit(inline="always", **_UNCOUNTED)
