"""Degrees of people from a file, for the configuration model. Each error is one line with its cure.

The file is a table, laid out as those of ties are (`table_layout.py`).
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from sim.errors import InputError
from sim.people.file_content import format_name, get_stamp, read_text
from sim.people.table_cells import list_rows
from sim.people.table_columns import split_words
from sim.people.table_layout import SEPARATOR_NAMES, Layout, TableOptions, find_layout, is_number
from sim.state.accounts import I64

#: words of a header
_FOLLOWERS = {"followers", "in", "indegree"}
_FOLLOWING = {"following", "followees", "followings", "out", "outdegree"}
_FRIENDS = {"friends", "degree", "degrees"}  #: beside followers, whom a person follows
_BESIDE = {"degree", "count", "counts", "number", "of", "n", "num"}
_CURE = "name the columns in its first line: followers,following or friends"


class Degrees(NamedTuple):
    """The contents of a file of degrees, for n people."""

    followers: I64  #: [n] wanted
    following: I64  #: [n] wanted; the same numbers where `mutual`
    mutual: bool  #: one number a person: friends
    notes: tuple[str, ...]  #: what was decided and what was ignored


def read_degrees(path: str) -> Degrees:
    """Read degrees, one person in each line, plain or compressed; cached by path, time and size of the file.

    Args:
        path: the file; followers and following, or one number of friends. A header may name the columns in any order;
            row numbers and columns of other names are left out.

    Raises:
        InputError: the file is missing or unreadable, has no whole numbers, leaves open what its columns are, or no
            graph has such degrees.
    """
    return _read_cached(path, *get_stamp(path, "graph.path"))


@lru_cache(maxsize=4)
def _read_cached(path: str, time: int, size: int, key: str) -> Degrees:
    where = f"{key}={path}"
    layout = _find_layout(read_text(path, key).encode(), where)
    rows, header = list_rows(layout, where), layout.header
    if header is None and rows and not any(map(is_number, rows[0])):
        header, rows = tuple(rows[0]), rows[1:]
    if not rows:
        raise InputError(f"{where} holds no line of data: it needs one line for each person")
    said = () if layout.separator in ("", ",") else (f"{SEPARATOR_NAMES[layout.separator]}-separated",)
    places = _find_places(header, where) if header else _judge_places(rows, where)
    table = _parse_table(rows, places, where)
    _check_degrees(table, where)
    told = [f"header, columns {' and '.join(format_name(header[at]) for at in places)}"] if header else []
    told += ["the 1st column is a row number"] if not header and places[0] else []
    others = len(header or rows[0]) - len(places)
    told += ["further columns ignored"] if others > (0 if header else places[0]) else []
    mutual = len(places) == 1
    told += ["one number a person: friends, who follow one another" if mutual else "read as followers, following"]
    return Degrees(table[:, 0], table[:, -1], mutual, (*said, *told))


def _find_layout(content: bytes, where: str) -> Layout:
    """Return how the file is laid out.

    Raises:
        InputError: as `find_layout`, but without the keys that only ties have.
    """
    if not content.strip():
        raise InputError(f"{where} holds no line of data: it needs one line for each person")
    try:
        return find_layout(content, TableOptions(), where)
    except InputError as problem:
        told, is_said, _ = str(problem).partition(": say graph.")
        raise InputError(f"{told}: save it as CSV, and {_CURE}") if is_said else problem from None


def _find_places(header: Sequence[str], where: str) -> list[int]:
    """Return the places of followers and following, or of friends, by the words of a header."""
    kinds: dict[str, list[int]] = {}
    for at, word in enumerate(header):
        words = set(split_words(word))
        for name, known in (("followers", _FOLLOWERS), ("following", _FOLLOWING), ("friends", _FRIENDS)):
            if words & known and words <= known | _BESIDE:
                kinds.setdefault(name, []).append(at)
                break
    if "followers" in kinds and "following" not in kinds and "friends" in kinds:
        kinds["following"] = kinds.pop("friends")
    names = ["followers", "following"] if "followers" in kinds else ["friends"]
    if set(names) != set(kinds) or any(len(kinds[name]) > 1 for name in names):
        shown = ", ".join(format_name(word, 20) or "(no name)" for word in header[:6])
        raise InputError(f"{where} has the columns {shown}: {_CURE}")
    return [kinds[name][0] for name in names]


def _judge_places(rows: list[list[str]], where: str) -> list[int]:
    """Return the places of degrees without header: the first ones, or those behind row numbers.

    Raises:
        InputError: both are possible, or neither.
    """
    width = min(2, len(rows[0]))
    if width < 2 and (longer := next((row for row in rows if len(row) > 1), None)):
        raise InputError(
            f"{where}, {format_name(' '.join(longer))}: as many numbers as in the first line (1) are needed"
        )
    counted = [row[0] for row in rows]
    if width < 2 or len(rows) < 2 or not any(counted == [str(at + one) for at in range(len(rows))] for one in (0, 1)):
        return list(range(width))
    behind = [1, 2] if all(len(row) > 2 and is_number(row[2]) for row in rows) else [1]
    possible = []
    for places in ([0, 1], behind):
        with suppress(InputError):
            _check_degrees(_parse_table(rows, places, where), where)
            possible.append(places)
    if len(possible) > 1:
        raise InputError(f"{where}: the 1st column may be a row number, as it counts: {_CURE}")
    return possible[0] if possible else [0, 1]


def _parse_table(rows: list[list[str]], places: list[int], where: str) -> I64:
    """Return the numbers in some columns, int64 [rows, places]."""
    for row in rows:
        if len(row) <= max(places) or not all(row[at] for at in places):
            told = f"as many numbers as in the first line ({len(places)}) are needed"
            raise InputError(f"{where}, {format_name(' '.join(row))}: {told}")
    return np.array([_parse_numbers([row[at] for at in places], where) for row in rows], np.int64)


def _parse_numbers(cells: list[str], where: str) -> list[int]:
    found = [re.fullmatch(r"([0-9]{1,18})(?:[.,]0+)?", cell) for cell in cells]
    if not all(found):
        raise InputError(f"{where}: {format_name(' '.join(cells))} must be whole numbers of at least 0")
    return [int(one[1]) for one in found if one]


def _check_degrees(table: I64, where: str) -> None:
    """Raise InputError if no graph has such degrees."""
    people, most, sums = len(table), int(table.max()), table.sum(axis=0)
    if not most:
        raise InputError(f"{where} is an empty graph: somebody must follow somebody")
    if most >= people:
        raise InputError(f"{where}: {most} ties are more than {people - 1} others: lower them, or add people")
    if table.shape[1] == 1 and sums[0] % 2:
        raise InputError(
            f"{where}: friends sum to {sums[0]}, which is odd: each friendship counts twice, so change one"
        )
    if sums[0] != sums[-1]:
        raise InputError(f"{where}: followers sum to {sums[0]}, following to {sums[-1]}: make them the same")
