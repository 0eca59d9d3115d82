"""A Parquet file that is written as it grows, in row groups of one size, through a buffer of that size."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

GROUP_ROWS = 2**17  #: rows of a row group; only the last one of a file has fewer


class TableWriter:
    """Columns that leave memory whenever a row group is full.

    Args:
        path: of the file, which appears with the first rows; its folder is made.
        rows: of a row group, at least 1.
    """

    def __init__(self, path: Path, rows: int = GROUP_ROWS) -> None:
        self.path, self.rows = path, rows
        self._buffer: dict[str, NDArray[Any]] = {}
        self._filled = 0
        self._file: pq.ParquetWriter | None = None

    def add(self, columns: Mapping[str, NDArray[Any]]) -> None:
        """Copy rows behind those there are: arrays [n] by name, of the same names and dtypes every time."""
        if not self._buffer:
            self._buffer = {name: np.empty(self.rows, column.dtype) for name, column in columns.items()}
        taken, length = 0, len(next(iter(columns.values())))
        while taken < length:
            count = min(length - taken, self.rows - self._filled)
            for name, column in columns.items():
                self._buffer[name][self._filled : self._filled + count] = column[taken : taken + count]
            taken += count
            self._filled += count
            if self._filled == self.rows:
                self._flush()

    def close(self) -> None:
        """Write what is left and end the file; without a single `add` there is none."""
        if self._buffer and (self._filled or self._file is None):
            self._flush()
        if self._file is not None:
            self._file.close()

    def _flush(self) -> None:
        group = pa.table({name: pa.array(column[: self._filled]) for name, column in self._buffer.items()})
        if self._file is None:
            self.path.parent.mkdir(exist_ok=True)
            self._file = pq.ParquetWriter(self.path, group.schema)
        self._file.write_table(group)
        self._filled = 0
