"""Arrays as text: small, and read back by a browser without any library (`player/film.js`)."""

import base64
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.state.graph import Graph

TYPES = {"uint8": 1, "uint16": 2, "float32": 4}
U8 = NDArray[np.uint8]


class Pack:
    """Collects arrays; `text` is all of them, deflated, in base64.

    Attributes:
        index: name -> [dtype, first byte, shape].
    """

    def __init__(self) -> None:
        self.index: dict[str, list[Any]] = {}
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, name: str, array: NDArray[Any]) -> str:
        """Take an array of one of `TYPES`; return its name.

        Raises:
            ValueError: of another type, or the name is taken.
        """
        if array.dtype.name not in TYPES or name in self.index:
            raise ValueError(f"{name} ({array.dtype}) cannot be packed: {', '.join(TYPES)}, each name once")
        data = array.astype(array.dtype.newbyteorder("<")).tobytes()
        self.index[name] = [array.dtype.name, self._size, list(array.shape)]
        data += b"\0" * (-len(data) % 4)
        self._parts.append(data)
        self._size += len(data)
        return name

    def encode(self) -> str:
        """Return everything in base64, deflated with a zlib header."""
        return base64.b64encode(zlib.compress(b"".join(self._parts), 9)).decode("ascii")


def encode_steps(levels: U8) -> U8:
    """Return what changes from hour to hour, modulo 256 (uint8 [hours, N]): mostly 0, so that it deflates well."""
    changes = levels.copy()
    changes[1:] -= levels[:-1]
    return changes


def encode_ties(graph: Graph, rows: NDArray[np.int64]) -> tuple[NDArray[np.uint16], U8, U8]:
    """Return who follows whom among `rows`, in numbers of the film.

    Returns:
        how many each follows (uint16 [N]), and the steps from one to the next in ascending order, low and high bytes.
    """
    number = np.full(len(graph.following_start) - 1, -1, np.int64)
    number[rows] = np.arange(len(rows))
    count, targets = np.empty(len(rows), np.uint16), []
    for place, row in enumerate(rows):
        found = number[graph.following[graph.following_start[row] : graph.following_start[row + 1]]]
        found = np.sort(found[found >= 0])
        count[place] = len(found)
        targets.append(np.diff(found, prepend=0))
    gaps = np.concatenate(targets).astype(np.uint16) if targets else np.zeros(0, np.uint16)
    return count, (gaps & 255).astype(np.uint8), (gaps >> 8).astype(np.uint8)
