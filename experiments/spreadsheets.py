"""A table that a user has written, as spreadsheets save it: in any encoding, with any separator and decimal sign.

What the file leaves open is an error of one line. What was decided is said in a note.
"""

import csv
import logging
import re
from collections.abc import Sequence
from io import StringIO
from typing import NamedTuple

from sim.errors import InputError
from sim.people.file_content import format_name, read_text
from sim.people.table_columns import is_row_number
from sim.people.table_layout import SEPARATOR_NAMES

LOGGER = logging.getLogger(__name__)
IGNORED = "#"  #: how the name of a column begins that is not read
_SEPARATORS = "\t;,|"
_NUMBER = re.compile(r"([-+]?)(\d+)([.,])(\d+)((?:[eE][-+]?\d+)?)\s*(%?)")
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}(?:([.,' ])\d{3})(?:\1\d{3})*(?:[.,]\d+)?\s*%?")


class Sheet(NamedTuple):
    """A table whose numbers are written with a decimal point."""

    names: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    places: tuple[str, ...]  #: of each row, for messages: "line 3 of KEY=FILE"


def read_sheet(path: str, key: str) -> Sheet:
    """Read a CSV file with a first row of names; rows without a value, row numbers and columns with # are left out.

    Args:
        path: the file, plain or compressed.
        key: names it in messages.

    Raises:
        InputError: the file cannot be read, a row has more cells than there are names or fewer, a column has no name
            or one twice, or it is open what a comma means.
    """
    where = f"{key}={path}"
    lines = list(StringIO(read_text(path, key), newline=None))
    said = re.fullmatch(r'"?sep=([\t;,|])"?\s*', lines[0], re.IGNORECASE) if lines else None
    skipped = int(said is not None)
    separator = said[1] if said else _find_separator(lines[0] if lines else "")
    reader = csv.reader(lines[skipped:], delimiter=separator, skipinitialspace=True)
    try:
        found = [(reader.line_num + skipped, [_clean(cell) for cell in row]) for row in reader]
    except csv.Error as error:
        raise InputError(f"{where} cannot be read ({error}): save it as CSV") from None
    found = [(line, row) for line, row in found if any(row)]
    names = found[0][1] if found else []
    for line, row in found[1:]:
        if len(row) != len(names):
            raise InputError(
                f"line {line} of {where} has {len(row)} cells under {len(names)} names: give one for each, in double "
                "quotes if it has a comma"
            )
    kept, notes = _choose_columns(names, [row for _, row in found[1:]], where)
    places = tuple(f"line {line} of {where}" for line, _ in found[1:])
    rows, decimal = _read_numbers([[row[at] for at in kept] for _, row in found[1:]], separator, where)
    if len(names) > 1 and separator != ",":
        notes.insert(0, f"separated by {SEPARATOR_NAMES[separator]}")
    if notes or decimal:
        LOGGER.info("read %s: %s", where, "; ".join([*notes, *decimal]))
    shown = tuple(names[at] for at in kept)
    return Sheet(shown, tuple(dict(zip(shown, row, strict=True)) for row in rows), places)


def parse_share(cell: str, whole: float = 1.0) -> float:
    """Return the number in a cell; one with a percent sign is that share of `whole`.

    Raises:
        ValueError: it holds no number.
    """
    return float(cell.removesuffix("%")) * whole / 100 if cell.endswith("%") else float(cell)


def _find_separator(header: str) -> str:
    """Return what separates the names of a header; a semicolon, which no number has, if it is a single name."""
    bare = re.sub(r'"[^"]*"', "", header)
    return next((sign for sign in _SEPARATORS if sign in bare), ";")


def _clean(cell: str) -> str:
    return re.sub(r"[\u00a0\u2007\u202f]", " ", cell).strip().replace("\u2212", "-")


def _choose_columns(names: Sequence[str], rows: Sequence[Sequence[str]], where: str) -> tuple[list[int], list[str]]:
    """Return the columns that hold something, and notes on those that are left out."""
    kept, notes = [], []
    for at, name in enumerate(names):
        cells = [row[at] for row in rows]
        numbers = [str(number) for number in range(len(cells) + 1)]
        if name.startswith(IGNORED):
            notes.append(f"column {format_name(name)} left out")
        elif is_row_number(name) and cells in (numbers[:-1], numbers[1:]):
            notes.append("row numbers left out")
        elif name:
            kept.append(at)
        elif any(cells):
            raise InputError(
                f"{where} has no name above column {at + 1}, which holds {format_name(next(filter(None, cells)))}: "
                f"name it, or begin its name with {IGNORED} to have it left out"
            )
    for name in (shown := [names[at] for at in kept]):
        if shown.count(name) > 1:
            raise InputError(f"{where} names {format_name(name)} twice: name it once")
    return kept, notes


def _read_numbers(rows: Sequence[Sequence[str]], separator: str, where: str) -> tuple[list[list[str]], list[str]]:
    """Return the cells with decimal points and without signs of thousands, and a note if they had commas."""
    cells = [cell for row in rows for cell in row]
    numbers = {cell: found[3] for cell in cells if (found := _NUMBER.fullmatch(cell))}
    commas, points = ([cell for cell, sign in numbers.items() if sign == one] for one in ",.")
    if grouped := [cell for cell in cells if _THOUSANDS.fullmatch(cell) and cell not in numbers]:
        raise InputError(f"{where} has the number {grouped[0]}: write numbers without signs of thousands")
    if commas and points:
        raise InputError(f"{where} has both {commas[0]} and {points[0]}: write all numbers with one decimal sign")
    doubtful = points if separator == ";" else commas
    if doubtful and all(map(_THOUSANDS.fullmatch, doubtful)):
        one = re.sub(r"\s*%", "", doubtful[0])
        whole = re.sub("[.,]", "", one)
        raise InputError(
            f"{where} has the number {one}, which may be a fraction or {whole}: write {one}0 if the sign is the "
            f"decimal one, {whole} if it is not"
        )
    if not commas:
        return [list(row) for row in rows], []
    return [[_NUMBER.sub(r"\1\2.\4\5\6", cell) if cell in numbers else cell for cell in row] for row in rows], [
        "decimal commas"
    ]
