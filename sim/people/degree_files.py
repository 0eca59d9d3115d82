"""Degrees of people from a file, for the configuration model. Each error is one line with its cure."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from sim.errors import InputError
from sim.people.file_content import get_stamp, read_text
from sim.state.accounts import I64

HEADERS = {("followers", "following"), ("in", "out"), ("degree",), ("friends",)}  #: first lines that are skipped


class Degrees(NamedTuple):
    """The contents of a file of degrees, for n people."""

    followers: I64  #: [n] wanted
    following: I64  #: [n] wanted; the same numbers where `mutual`
    mutual: bool  #: one number a person: friends
    notes: tuple[str, ...]  #: what was decided and what was ignored


def read_degrees(path: str) -> Degrees:
    """Read degrees, one person in each line, plain or .gz; cached by path, time and size of the file.

    Args:
        path: the file; followers and following, or one number of friends; white space or commas, `#` comments.

    Raises:
        InputError: the file is missing or unreadable, has no whole numbers, or no graph has such degrees.
    """
    return _read_cached(path, *get_stamp(path, "graph.path"))


@lru_cache(maxsize=4)
def _read_cached(path: str, time: int, size: int, key: str) -> Degrees:
    where = f"{key}={path}"
    lines = read_text(path, key).splitlines()
    rows = [(at, line.replace(",", " ").split("#")[0].split()) for at, line in enumerate(lines, 1)]
    rows = [(at, row) for at, row in rows if row]
    notes: tuple[str, ...] = ()
    if rows and tuple(word.lower() for word in rows[0][1][:2]) in HEADERS:
        notes += (f"line {rows[0][0]} read as a header: {' '.join(rows[0][1][:2])}",)
        del rows[0]
    if not rows:
        raise InputError(f"{where} holds no line of data: it needs one line for each person")
    columns = min(2, len(rows[0][1]))
    if any(len(row) > 2 for _, row in rows):
        notes += ("columns after the second ignored",)
    table = np.array([_parse_numbers(row, columns, f"{where}, line {at}") for at, row in rows], np.int64)
    mutual = columns == 1
    _check_degrees(table, mutual, where)
    decision = "one number a person: friends, who follow one another" if mutual else "read as followers, following"
    return Degrees(table[:, 0], table[:, -1], mutual, (*notes, decision))


def _parse_numbers(row: list[str], columns: int, where: str) -> list[int]:
    if len(row) < columns or (columns == 1 and len(row) > 1):
        raise InputError(f"{where}: as many numbers as on the first line ({columns}) are needed")
    if not all(word.isascii() and word.isdigit() for word in row[:columns]):
        raise InputError(f"{where}: {' '.join(row[:columns])} must be whole numbers of at least 0")
    return [int(word) for word in row[:columns]]


def _check_degrees(table: I64, mutual: bool, where: str) -> None:
    """Raise InputError if no graph has such degrees."""
    people, most, sums = len(table), int(table.max()), table.sum(axis=0)
    if not most:
        raise InputError(f"{where} is an empty graph: somebody must follow somebody")
    if most >= people:
        raise InputError(f"{where}: {most} ties are more than {people - 1} others: lower them, or add people")
    if mutual and sums[0] % 2:
        raise InputError(
            f"{where}: friends sum to {sums[0]}, which is odd: each friendship counts twice, so change one"
        )
    if sums[0] != sums[-1]:
        raise InputError(f"{where}: followers sum to {sums[0]}, following to {sums[-1]}: make them the same")
