"""The cells of a table of ties: some columns, read with pyarrow, or the rows one by one where they are uneven."""

import csv
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError
from sim.people.table_layout import MAX_LINE, MISSING, Layout, iterate_rows

I32 = NDArray[np.int32]

_BLOCK = MAX_LINE


class Cells(NamedTuple):
    """The cells of some columns: for each, int32 [rows] in 0 .. len(names) - 1."""

    columns: list[I32]
    names: list[str]


class TieTable(NamedTuple):
    """Ties by name, and how they were found."""

    first: I32  #: [rows] in 0 .. len(names) - 1
    second: I32
    names: list[str]
    kind: tuple[I32, list[str]] | None  #: [rows] of a column that says directed or undirected, and its words
    decided: tuple[str, ...]
    ends: tuple[str, str] | None  #: what the header calls them


def read_columns(layout: Layout, places: Sequence[int], width: int, where: str) -> Cells | None:
    """Return some columns of a table by pyarrow; None if its rows have different numbers of cells."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    body, separator = layout.body, layout.separator
    if not separator:
        body, separator = _unify_white_space(body, layout.quoted), "\t"
    names = [str(at) for at in range(width)]
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(body),
            arrow_csv.ReadOptions(column_names=names, block_size=_BLOCK),
            arrow_csv.ParseOptions(
                delimiter=separator, quote_char='"' if layout.quoted else False, newlines_in_values=layout.across
            ),
            arrow_csv.ConvertOptions(
                column_types={str(at): pa.large_string() for at in places},
                include_columns=[str(at) for at in dict.fromkeys(places)],
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid as problem:
        if "straddling" in str(problem) or "too large" in str(problem):
            raise InputError(f"{where} has a line of more than {_BLOCK // 2**20} MB: it is no table of ties") from None
        return None
    if not len(table):
        return Cells([np.zeros(0, np.int32) for _ in places], [])
    chunks = [table.column(str(at)).chunks for at in places]
    joined = pa.chunked_array([chunk for column in chunks for chunk in column])
    encoded = joined.dictionary_encode().unify_dictionaries()
    dictionary: list[str] = encoded.chunk(0).dictionary.to_pylist()
    codes = [np.asarray(chunk.indices, np.int32) for chunk in encoded.chunks]
    columns, at = [], 0
    for column in chunks:
        columns.append(np.concatenate(codes[at : at + len(column)]))
        at += len(column)
    return Cells(columns, dictionary)


def _unify_white_space(body: bytes, quoted: bool) -> bytes:
    """Return the body with one tab in place of white space between cells."""
    if quoted:
        body = re.sub(rb'("(?:[^"\n]|"")*")(?=[ \t\v\f\n]|\Z)|[ \t\v\f]+', lambda found: found[1] or b"\t", body)
    else:
        single = [sign for sign in (b" ", b"\t") if sign in body]
        doubled = any(sign in body for sign in (b"  ", b"\t\t", b"\n ", b"\n\t", b" \n", b"\t\n", b"\v", b"\f"))
        if len(single) == 1 and not doubled and body[:1] not in b" \t":
            return body.replace(b" ", b"\t").rstrip(b"\t") if single == [b" "] else body.rstrip(b"\t")
        body = re.sub(rb"[ \t\v\f]+", b"\t", body)
    return re.sub(rb"(?m)^\t|\t$", b"", body)


def list_rows(layout: Layout, where: str) -> list[list[str]]:
    """Return the cells of all rows that are not empty, without empty ones at the end."""
    found = []
    try:
        for row in iterate_rows(layout.body.decode().split("\n"), layout.separator, layout.quoted):
            cells = [cell.strip() for cell in row]
            while cells and not cells[-1]:
                cells.pop()
            if cells:
                found.append(cells)
    except csv.Error as problem:
        raise InputError(f"{where} is no table that can be read ({problem}): export it again as CSV") from None
    return found


def number_cells(rows: list[list[str]], places: list[int]) -> Cells:
    """Return some columns of rows of unequal length; what is not there is an empty name."""
    names: dict[str, int] = {}
    columns = [
        np.array([names.setdefault(row[at] if at < len(row) else "", len(names)) for row in rows], np.int32)
        for at in places
    ]
    return Cells(columns, list(names))


def cut_comments(rows: list[list[str]], separator: str) -> list[list[str]]:
    """Return rows without comments behind the ends ("1 2 # said so"), if that makes them even."""
    cut = []
    for row in rows:
        if separator:
            at = next((at for at, cell in enumerate(row) if re.search(r"\s#", cell)), None)
            row = row if at is None else [*row[:at], re.split(r"\s+#", row[at])[0]]
        else:
            at = next((at for at, cell in enumerate(row) if at > 1 and cell.startswith("#")), None)
            row = row[:at]
        cut.append(row)
    return cut if len({len(row) for row in cut}) == 1 else rows


def list_names(cells: Cells, at: int) -> set[str]:
    """Return the names in a column."""
    return {cells.names[code].strip() for code in np.flatnonzero(np.bincount(cells.columns[at]))} - MISSING
