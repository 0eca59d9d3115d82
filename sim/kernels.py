"""How loops over columns are compiled."""

from numba import njit

#: Compiles a loop that is given all its arrays and makes none, so that nothing in it is counted by reference: numba
#: would count every array a loop touches, atomically, which costs as much as the work. Runs outside Python's lock.
kernel = njit(cache=True, nogil=True, _nrt=False)

#: Compiles a piece of a kernel that is written into the kernel wherever it is called: handing over a tuple of
#: columns would cost more than a few steps on them.
piece = njit(cache=True, inline="always", _nrt=False)
