"""Tables of ties: who is tied to whom by row, read with pyarrow; `table_notes.py` says what was decided.

Names of people are what the cells of two columns hold, without white space around them. A row with one name is a
person without a tie.
"""

import csv
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError
from sim.people.file_content import MAX_NAME, format_name
from sim.people.table_columns import (
    Ends,
    find_asked_ends,
    find_ends,
    find_listed,
    find_remaining_ends,
    format_place,
    is_plural,
    is_row_number,
    list_columns,
    looks_like_header,
)
from sim.people.table_layout import (
    MISSING,
    Layout,
    TableOptions,
    find_layout,
    is_number,
    is_plain_number,
    iterate_rows,
)
from sim.people.table_notes import count_words, describe_columns, describe_dropped, describe_layout

I32 = NDArray[np.int32]

ALL = ("all",)  #: columns of a list of followees
_BLOCK = 16 * 2**20  #: bytes of the longest row
_LOST_DIGITS = re.compile(r"\d+(?:[.,]\d+)?[eE]\+?\d+")
_WHOLE = re.compile(r"(\d+)(?:\.0+|,0{1,2}|,0{4,})")  #: a comma and three zeros are thousands
_FRACTION = re.compile(r"[-+]?\d+[.,]\d+(?:[eE]-\d+)?|[-+]?\d+[eE]-\d+")
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?(?:[T ].*)?|\d\d?([./])\d\d?\1\d{4}(?: .*)?|\d\d?:\d\d(?::\d\d)?")
_LIST = re.compile(r"\[.*\]|\{.*\}|\(.*\)|\d+(?:\s*[|;]\s*\d+)+", re.DOTALL)
_SEVERAL = re.compile(r"[^|;,]+(?:[|;,][^|;,]+)+|\d+(?:\s+\d+)+")
_CLOSING = {"'": "'", '"': '"', "[": "]", "{": "}", "(": ")"}
_KINDS = {"directed": False, "undirected": True, "mutual": True}  #: of Gephi's column Type: whether both ways


class EdgeTable(NamedTuple):
    """The ties of a table."""

    labels: tuple[str, ...]  #: [n] of the people: ascending, as numbers if all are plain numbers, else as text
    first: I32  #: [ties] who follows
    second: I32  #: [ties] who is followed
    both_ways: NDArray[np.bool_] | None  #: [ties] whether the row says so; None if rows say nothing
    comments: str  #: lines of comment above the first row
    named_ends: tuple[str, str] | None  #: what the header calls the ends
    decided: tuple[str, ...]  #: how the table was read, in a few words each
    notes: tuple[str, ...]  #: sentences


class _Cells(NamedTuple):
    """The cells of some columns: for each, int32 [rows] in 0 .. len(names) - 1."""

    columns: list[I32]
    names: list[str]


def read_edge_table(content: bytes, options: TableOptions, where: str) -> EdgeTable:
    """Return the ties of a table.

    Args:
        content: UTF-8.
        options: what the user says about it.
        where: name of the file in messages.

    Raises:
        InputError: it is no table of ties, or it leaves open how it is to be read.
    """
    layout = find_layout(content, options, where)
    layout, people = _take_matrix_size(layout, where)
    width = max((len(row) for row in layout.sample), default=0)
    if layout.header is not None:
        width = max(width, len(layout.header))
    if width < 2 and not layout.header:
        raise InputError(f"{where} has no line with two names: give one with two columns, or say graph.separator=NAME")
    _refuse_matrix(layout, options, where)
    _refuse_parts(layout, where)
    decided = describe_layout(layout)
    if not options.columns and (layout.listed or (layout.header and find_listed(layout.header))):
        options = options._replace(columns=ALL)
    table = None if options.columns == ALL else _read_even(layout, options, width, where)
    if table is None:
        table = _read_uneven(layout, options, where)
    return _number_people(table, people, layout, decided, options, where)


def read_values(content: bytes, column: str, where: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return ({name: value}, notes) of a table of people and one value for each.

    Args:
        content: UTF-8.
        column: name of the column of values, if there is a header that has it; else it is the second.
        where: name of the file in messages.

    Raises:
        InputError: a person appears twice, or has no value.
    """
    layout = find_layout(content, TableOptions(), where)
    rows = list(_list_rows(layout, where))
    header = layout.header
    if header is None and rows and rows[0][-1:] and not any(map(is_number, rows[0])) and len(rows) > 1:
        words = [word.lower() for word in rows[0]]
        if words[:2] == ["node", column.lower()]:
            header, rows = tuple(rows[0]), rows[1:]
    place, who = 1, 0
    notes: tuple[str, ...] = ()
    if header is not None:
        words = [word.strip().lower() for word in header]
        place = words.index(column.lower()) if column.lower() in words else 1
        named = [at for at, word in enumerate(words) if at != place and not is_row_number(word)]
        who = named[0] if named else 0
        notes = (f"stances are the column {format_name(header[place])} of {format_name(header[who])}",)
    given: dict[str, str] = {}
    for row in rows:
        if len(row) <= max(place, who) or not row[who] or not row[place]:
            raise InputError(f"{where}, {format_name(' '.join(row))}: two columns are needed, a name and a value")
        if row[who] in given:
            raise InputError(f"{where} names node {format_name(row[who])} twice: keep one line for each node")
        value = row[place]
        given[row[who]] = value.replace(",", ".") if layout.separator != "," else value
    return given, notes


# ---- rows


class _Table(NamedTuple):
    """Ties by name, and how they were found."""

    first: I32  #: [rows] in 0 .. len(names) - 1
    second: I32
    names: list[str]
    kind: tuple[I32, list[str]] | None  #: [rows] of a column that says directed or undirected, and its words
    decided: tuple[str, ...]
    ends: tuple[str, str] | None  #: what the header calls them


def _read_even(layout: Layout, options: TableOptions, width: int, where: str) -> _Table | None:
    """Return the ties of a table whose rows have the same number of cells; None if they do not."""
    if layout.header is None and not options.columns and width > 2:
        return _read_headless(layout, width, where)
    ends = _choose_ends(layout, options, width, where)
    cells = _read_columns(layout, [*ends, *_find_kind(layout.header, ends)], width, where)
    if cells is not None and not options.columns:
        _check_ends(cells, ends, layout, where)
    return None if cells is None else _tie_cells(cells, ends, layout.header, width)


def _check_ends(cells: _Cells, ends: Ends, layout: Layout, where: str) -> None:
    """Raise InputError if a column of words or numbers that is an end may hold something else than people."""
    header = layout.header
    if header is None:
        return _check_amounts(cells, ends, layout, where)
    words = [format_name(header[at], 20) for at in ends]
    cure = f"graph.columns=[{','.join(words)}]"
    for at, side in enumerate(ends):
        if not is_plural(header[side]):
            continue
        kind, other = _list_kind(cells, at), cells.columns[1 - at]
        if listed := min((name for name in kind if _SEVERAL.fullmatch(name)), default=""):
            raise InputError(
                f"{where} has {format_name(listed)} in the column {words[at]}, which may be several people: "
                "give each tie a line"
            )
        if all(map(is_number, kind)) and len(np.unique(other)) == len(other):
            raise InputError(
                f"{where}: the column {words[at]} may say how many people or who: say {cure} if it names one"
            )
    named = find_ends(header) or all(header[at].strip().isdigit() for at in ends)
    if not named and len(cells.columns[0]) and not _list_kind(cells, 0) & _list_kind(cells, 1):
        raise InputError(
            f"{where}: nobody stands in both columns {' and '.join(words)}: say {cure} if both name people, the "
            "follower first"
        )
    return None


def _check_amounts(cells: _Cells, ends: Ends, layout: Layout, where: str) -> None:
    """Raise InputError if one end of ties without header is a number, date or time in all rows, not always whole."""
    for at, side in enumerate(ends):
        amounts = [row[side] for row in layout.sample if len(row) > side and _is_amount(row[side])]
        if amounts and all(is_number(name) or _is_amount(name) for name in _list_kind(cells, at)):
            other = "[2,3]" if side == 0 and len(layout.sample[0]) > 2 else "[1,2]"
            raise InputError(
                f"{where}: the {format_place(side)} column has {format_name(amounts[0], 30)}, which may be no person: "
                f"say which two are tied, the follower first, as in graph.columns={other}"
            )


def _list_kind(cells: _Cells, at: int) -> set[str]:
    """Return the names in a column."""
    return {cells.names[code].strip() for code in np.flatnonzero(np.bincount(cells.columns[at]))} - MISSING


def _is_amount(name: str) -> bool:
    """Return whether a name is a fraction, a date or a time."""
    return bool(_DATE.fullmatch(name) or (_FRACTION.fullmatch(name) and not _WHOLE.fullmatch(name)))


def _find_kind(header: Sequence[str] | None, ends: Ends) -> list[int]:
    """Return the place of Gephi's column Type, [] if there is none."""
    words = [word.strip().lower() for word in header or ()]
    return [words.index("type")] if "type" in words and words.index("type") not in ends else []


def _tie_cells(cells: _Cells, ends: Ends, header: Sequence[str] | None, width: int) -> _Table:
    """Return the ties in two columns of cells; a third may say their kind."""
    told = describe_columns(header, ends, width)
    kind = None
    if len(cells.columns) > 2:
        found = {cells.names[code].strip().lower() for code in np.unique(cells.columns[2])}
        if found - {""} and found - {""} <= set(_KINDS):
            kind = (cells.columns[2], cells.names)
            told = (*told, f"its column Type says {' and '.join(sorted(found - {''}))}")
    named = (header[ends.first], header[ends.second]) if header else None
    return _Table(cells.columns[0], cells.columns[1], cells.names, kind, told, named)


def _read_headless(layout: Layout, width: int, where: str) -> _Table | None:
    """Return the ties of a table of three columns or more without header: the first two, or those behind row numbers.

    Raises:
        InputError: the first column may number the rows, or the third may hold people too.
    """
    counted = [row[0] for row in layout.sample]
    numbered = any(counted == [str(at + begin) for at in range(len(counted))] for begin in (0, 1))
    text = not any(is_number(row[2]) for row in layout.sample if len(row) > 2)
    sample = [{row[at] for row in layout.sample if len(row) > at} for at in range(3)]
    recur = bool((sample[0] & sample[1]) - MISSING)
    if (text or width > 3) and (recur or not numbered) and _is_ragged(layout.sample):
        rows = [list(filter(None, row)) for row in layout.sample]
        if _lists_people([row for row in rows if row], where):
            return None
    aside = _stands_aside([column - MISSING for column in sample])
    cells = _read_columns(layout, [0, 1, 2] if numbered or text or aside else [0, 1], width, where)
    if cells is None:
        return None
    ends, row_number = Ends(0, 1), ""
    if (numbered or aside) and len(cells.columns[0]) > 1:
        ends, row_number = _judge_third(cells, numbered and _is_sequence(cells), where)
    if not row_number:
        _check_amounts(cells, ends, layout, where)
        if text and len(cells.columns[0]) > 1:
            _refuse_third(cells, where)
    told = describe_columns(None, ends, width)
    return _Table(
        cells.columns[ends.first],
        cells.columns[ends.second],
        cells.names,
        None,
        (*told[:1], *((row_number,) if row_number else ()), *told[1:]),
        None,
    )


def _is_ragged(sample: list[list[str]]) -> bool:
    """Return whether rows end in different numbers of empty cells, as spreadsheets write lists."""
    return len({max((at for at, cell in enumerate(row) if cell), default=0) for row in sample} - {0}) > 1


def _stands_aside(kinds: Sequence[set[str]]) -> bool:
    """Return whether the first of three columns may be no person: the others share names, or are smaller numbers."""
    if len(kinds) < 3 or not all(kinds) or kinds[0] & kinds[1] or not all(map(is_plain_number, kinds[0])):
        return False
    if kinds[1] & kinds[2]:
        return True
    whole = all(map(is_plain_number, kinds[1] | kinds[2]))
    return whole and min(map(int, kinds[0])) > max(map(int, kinds[1] | kinds[2]))


def _judge_third(cells: _Cells, counts: bool, where: str) -> tuple[Ends, str]:
    """Return (the ends among three columns, what the first is if it is none); `counts`: whether it numbers the rows.

    Raises:
        InputError: the first column may be the one or the other.
    """
    kinds = [_list_kind(cells, at) for at in range(3)]
    if not counts:
        if _stands_aside(kinds):
            raise InputError(
                f"{where}: the 1st column may be a row number or a time, as it shares no name with the 2nd: say "
                "graph.columns=[1,2] or [2,3]"
            )
        return Ends(0, 1), ""
    as_first, as_number = kinds[0] & kinds[1], kinds[1] & kinds[2]
    missing = any(cells.names[code].strip() in MISSING for code in np.unique(cells.columns[2]))
    plain = (not missing and all(map(is_plain_number, kinds[2]))) or not any(map(is_number, kinds[2]))
    if plain and as_number and not as_first:
        return Ends(1, 2), "the 1st is a row number"
    if plain and bool(as_number) == bool(as_first):
        raise InputError(f"{where}: the 1st column may be a row number, as it counts: say graph.columns=[1,2] or [2,3]")
    return Ends(0, 1), ""


def _refuse_third(cells: _Cells, where: str) -> None:
    """Raise InputError if a third column of words may name people as the first two do."""
    first, second, third = (_list_kind(cells, at) for at in range(3))
    spaced = any(" " in name for name in third) and not any(" " in name for name in first | second)
    labels = first & second or len(third) < len(cells.columns[2]) or spaced or any(map(_is_amount, third))
    if third & (first | second) or not labels:
        raise InputError(
            f"{where}: the 3rd column may name people too: say graph.columns=[1,2] or [1,3] if a row is one tie, "
            "graph.columns=all if it is a person and all that this person follows"
        )


def _is_sequence(cells: _Cells) -> bool:
    """Return whether the first column counts from 0 or 1 without a gap."""
    first = [cells.names[code] for code in cells.columns[0][:1]]
    if first not in (["0"], ["1"]):
        return False
    begin = int(first[0])
    return all(cells.names[code] == str(at) for at, code in enumerate(cells.columns[0].tolist(), begin))


def _choose_ends(layout: Layout, options: TableOptions, width: int, where: str) -> Ends:
    if options.columns:
        return find_asked_ends(options.columns, layout.header, width, where)
    if layout.header is None:
        return Ends(0, 1)
    found = find_ends(layout.header) or find_remaining_ends(layout.header)
    if found is None:
        words = [format_name(word, 20) for word in layout.header[:2]]
        example = ",".join(words) if all(words) else "1,2"
        raise InputError(
            f"{where} has the columns {list_columns(layout.header, width)}: say which two are tied, the follower "
            f"first, as in graph.columns=[{example}]"
        )
    return found


def _read_columns(layout: Layout, places: Sequence[int], width: int, where: str) -> _Cells | None:
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
        return _Cells([np.zeros(0, np.int32) for _ in places], [])
    chunks = [table.column(str(at)).chunks for at in places]
    joined = pa.chunked_array([chunk for column in chunks for chunk in column])
    encoded = joined.dictionary_encode().unify_dictionaries()
    dictionary: list[str] = encoded.chunk(0).dictionary.to_pylist()
    codes = [np.asarray(chunk.indices, np.int32) for chunk in encoded.chunks]
    columns, at = [], 0
    for column in chunks:
        columns.append(np.concatenate(codes[at : at + len(column)]))
        at += len(column)
    return _Cells(columns, dictionary)


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


# ---- rows of unequal length


def _list_rows(layout: Layout, where: str) -> list[list[str]]:
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


def _read_uneven(layout: Layout, options: TableOptions, where: str) -> _Table:
    """Return the ties of a table whose rows have different numbers of cells.

    Lines with one name are people without ties; behind the ends there may be text; else it is a list of followees.

    Raises:
        InputError: it may be the one or the other.
    """
    rows = _list_rows(layout, where)
    if options.columns != ALL:
        asked = bool(options.columns) or layout.header is not None
        rows = rows if asked else _cut_comments(rows, layout.separator)
        width = max(map(len, rows), default=0)
        if asked or width <= 2 or not _lists_people(rows, where):
            ends = _choose_ends(layout, options, width, where)
            places = [*ends, *_find_kind(layout.header, ends)]
            cells = _number_cells(rows, places)
            if not options.columns:
                _check_ends(cells, ends, layout, where)
            return _tie_cells(cells, ends, layout.header, width)
    names: dict[str, int] = {}
    first, second = [], []
    for row in rows:
        codes = [names.setdefault(cell, len(names)) for cell in (row[0], *filter(None, row[1:]))]
        first += [codes[0]] * max(len(codes) - 1, 1)
        second += codes[1:] or [names.setdefault("", len(names))]
    told = "a line is a person and all that this person follows"
    named = None if layout.header is None else (layout.header[0], layout.header[1])
    if named and find_listed(layout.header or ()) == "follower":
        first, second, named = second, first, (named[1], named[0])
        told = "a line is a person and all who follow this person"
    return _Table(np.array(first, np.int32), np.array(second, np.int32), list(names), None, (told,), named)


def _number_cells(rows: list[list[str]], places: list[int]) -> _Cells:
    """Return some columns of rows of unequal length; what is not there is an empty name."""
    names: dict[str, int] = {}
    columns = [
        np.array([names.setdefault(row[at] if at < len(row) else "", len(names)) for row in rows], np.int32)
        for at in places
    ]
    return _Cells(columns, list(names))


def _cut_comments(rows: list[list[str]], separator: str) -> list[list[str]]:
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


def _lists_people(rows: list[list[str]], where: str) -> bool:
    """Return whether cells behind the second of each row are people.

    They are, if at least half of them are named among the first two, or all are numbers and lengths vary much. They
    are not, if there are fractions, or none is named there and the first two share names, as ends of ties do, or are
    of another kind.

    Raises:
        InputError: neither, or the first row may be a header that has no cell above names of rows.
    """
    rest = rows[1:]
    short = len(rest) > 1 and all(len(row) == len(rows[0]) + 1 for row in rest)
    if short and not any(cell in row for row in rest for cell in rows[0]):
        raise InputError(
            f"{where} has one cell fewer in its first line: say graph.header=yes if it names the columns, "
            "graph.columns=all if a line is a person and all that this person follows"
        )
    sides = [{row[at] for row in rows if len(row) > at} - {""} for at in (0, 1)]
    ends = sides[0] | sides[1]
    behind = [cell for row in rows for cell in row[2:] if cell]
    further = set(behind)
    shared = len(further & ends)
    numbers = all(map(is_plain_number, further | ends))
    if any(map(_is_amount, further)):
        return False
    weights = max(map(len, rows)) == 3 and all(map(is_number, further))
    if not shared and (
        sides[0] & sides[1] or len(further) < len(behind) or any(map(is_number, further)) != any(map(is_number, ends))
    ):
        return False
    if shared and not weights and (shared * 2 >= len(further) or (numbers and len(set(map(len, rows)) - {1}) > 2)):
        return True
    if not all(map(is_plain_number, further)) and all(map(is_plain_number, ends)):
        return False
    raise InputError(
        f"{where} has lines of different lengths: say graph.columns=[1,2] if a line is one tie, graph.columns=all if "
        "it is a person and all that this person follows"
    )


# ---- people


def _number_people(
    table: _Table, people: int, layout: Layout, decided: tuple[str, ...], options: TableOptions, where: str
) -> EdgeTable:
    names, said = _clean_names(table, options, where)
    repeated = _find_repeated_headers(table)
    kept = {names[code] for code in _list_used(table, ~repeated)} - {None}
    labels: list[str] = [str(at) for at in range(1, people + 1)] if people else list(kept)  # type: ignore[arg-type]
    if people and not kept <= set(labels):
        raise InputError(f"{where} names people above {people}, the number in its first line: it is damaged")
    labels.sort()
    if all(map(is_plain_number, labels)):
        labels.sort(key=len)  # among those of one length they stay sorted
    place = {label: at for at, label in enumerate(labels)}
    places = np.array([-1 if name is None else place.get(name, -1) for name in names] or [-1], np.int32)
    first, second = places[table.first], places[table.second]
    whole = (first >= 0) & (second >= 0) & ~repeated
    alone = int(((first >= 0) != (second >= 0)).sum())
    nobody = int(((first < 0) & (second < 0) & ~repeated).sum())
    both_ways = None
    if table.kind is not None:
        codes, words = table.kind
        both_ways = np.array([_KINDS.get(word.strip().lower(), False) for word in words], np.bool_)[codes][whole]
    header = () if layout.header is not None else (_describe_no_header(table, layout, options, where),)
    return EdgeTable(
        tuple(labels),
        first[whole],
        second[whole],
        both_ways,
        layout.comments,
        table.ends,
        (*decided, *header, *table.decided, *describe_dropped(int(repeated.sum()), alone, nobody)),
        said,
    )


def _clean_names(table: _Table, options: TableOptions, where: str) -> tuple[list[str | None], tuple[str, ...]]:
    """Return the names as people have them, None where there is none, and notes on what was done to them.

    Raises:
        InputError: a name is too long, or may be a mark of a missing one.
    """
    names: list[str | None] = [name.strip() for name in table.names]
    used = _list_used(table)
    present = {name for code in used if (name := names[code])}
    if longest := next((name for name in present if len(name) > MAX_NAME), None):
        raise InputError(f"{where} has a name of {len(longest):,} characters: at most {MAX_NAME:,} are allowed")
    if all(map(is_plain_number, present)):
        return [name or None for name in names], ()
    if odd := min((name for name in present if name[0] == '"' and name.count('"') % 2), default=""):
        raise InputError(f"{where} has the name {format_name(odd)}: double quotes must enclose a whole cell")
    if listed := min((name for name in present if _LIST.fullmatch(name)), default=""):
        raise InputError(
            f"{where} has {format_name(listed)} for a name, which seems to be a list: give each tie a line"
        )
    names, notes = _cut_comments_in_names(names, present, options.comment, where)
    present = {name for code in used if (name := names[code])}
    gaps = {name for name in present if name in MISSING}
    numeric = bool(present - gaps) and all(map(is_number, present - gaps))
    if gaps and options.missing == "auto" and not numeric:
        raise InputError(
            f"{where} has the name {min(gaps)}, which may mean that there is none: say graph.missing=drop if so, "
            "graph.missing=keep if it is a person"
        )
    if gaps and options.missing != "keep":
        names = [None if name in gaps else name for name in names]
        notes.append(f"{' and '.join(sorted(gaps))} read as no name")
        present -= gaps
    names = [name or None for name in names]
    whole = {name: found[1] for name in present if (found := _WHOLE.fullmatch(name))}
    if whole:
        names = [whole.get(name, name) if name else None for name in names]
        example = min(whole)
        notes.append(f"names such as {example} read as {whole[example]}: a table with gaps wrote them so")
    exponents = [name for name in present if _LOST_DIGITS.fullmatch(name)]
    if lost := [name for name in exponents if numeric or not name.isalnum()]:  # 5e3 may be a name
        notes.append(
            f"{count_words(len(lost), 'name')}, such as {min(lost)}, lost digits, so that one may be several people: "
            "export ids as text"
        )
    return names, tuple(notes)


def _find_repeated_headers(table: _Table) -> NDArray[np.bool_]:
    """Return which rows are the header once more, as in tables that were put one behind the other: bool [rows]."""
    if table.ends is None or not set(table.ends) <= set(table.names):
        return np.zeros(len(table.first), np.bool_)
    one, other = map(table.names.index, table.ends)
    return (table.first == one) & (table.second == other)


def _list_used(table: _Table, rows: NDArray[np.bool_] | slice = slice(None)) -> list[int]:
    used = np.zeros(len(table.names), np.bool_)
    used[table.first[rows]] = used[table.second[rows]] = True
    return np.flatnonzero(used).tolist()


def _cut_comments_in_names(
    names: list[str | None], present: set[str], comment: str, where: str
) -> tuple[list[str | None], list[str]]:
    """Return the names without comments behind them, as in "1,2 # said so", and notes.

    Raises:
        InputError: it may be a part of a name.
    """
    cut = {name: found[1] for name in present if (found := re.fullmatch(r"(.*?)\s+#(?:\s.*)?", name, re.DOTALL))}
    if not cut or comment in ("none", "percent"):
        return names, []
    if comment == "auto" and not all(is_plain_number(cut.get(name, name)) for name in present - MISSING):
        raise InputError(
            f"{where} has the name {format_name(min(cut))}: say graph.comment=hash if a comment begins there, "
            "graph.comment=none if not"
        )
    told = f"comments behind {count_words(len(cut), 'name')} dropped"
    return [cut.get(name, name) if name else name for name in names], [told]


# ---- what the file is


def _describe_no_header(table: _Table, layout: Layout, options: TableOptions, where: str) -> str:
    """Return "no header", with a hint if the first row names two people whom no other row names.

    Raises:
        InputError: the first row may number the columns, as pandas does.
    """
    if options.header != "auto" or len(table.first) < 2:
        return "no header"
    one, other = int(table.first[0]), int(table.second[0])
    recurring = sum(np.count_nonzero((column == one) | (column == other)) for column in (table.first, table.second))
    if recurring > 2:
        return "no header"
    first = layout.sample[0]
    if layout.separator in (",", ";") and first == [str(at) for at in range(len(first))]:
        raise InputError(
            f"{where} begins with {','.join(first)}, which may number the columns: say graph.header=yes if so, "
            "graph.header=no if it is a tie"
        )
    if any(map(is_number, (table.names[one], table.names[other]))):
        return "no header"
    below = [cell for row in layout.sample[1:] for cell in row[:2]]
    if looks_like_header((table.names[one], table.names[other]), below):
        raise InputError(
            f"{where} begins with {format_name(' '.join(first[:2]))}, which may name the columns: say graph.header=yes "
            "if so, graph.header=no if it is a tie"
        )
    return f"no header (if the first line, {format_name(' '.join(first[:2]))}, is one: graph.header=yes)"


def _take_matrix_size(layout: Layout, where: str) -> tuple[Layout, int]:
    """Return (the layout without the line of sizes, the number of people) of a Matrix Market file; else (as is, 0).

    Raises:
        InputError: it is no square matrix of coordinates, or not whole.
    """
    said = re.match(r"%+\s*MatrixMarket\s+(\S+)\s+(\S+)", layout.comments, re.IGNORECASE)
    if not said:
        return layout, 0
    sizes = layout.sample[0] if layout.sample else []
    if said[2].lower() != "coordinate" or len(sizes) != 3 or not all(map(is_plain_number, sizes)):
        raise InputError(f"{where} is a Matrix Market file, but no list of coordinates: save it as ties")
    rows, columns, entries = map(int, sizes)
    if rows != columns:
        raise InputError(f"{where} ties {rows} rows to {columns} columns, two kinds of nodes: give one of people alone")
    body = layout.body.lstrip(b"\n")
    body = body[body.find(b"\n") + 1 :] if b"\n" in body else b""
    lines = body.count(b"\n") + (not body.endswith(b"\n") and bool(body))
    if lines < entries or rows > 10 * (len(layout.body) + 1000):
        raise InputError(f"{where} says {entries:,} entries of {rows:,} nodes and holds {lines:,} lines: it is damaged")
    return layout._replace(body=body, sample=layout.sample[1:]), rows


def _refuse_parts(layout: Layout, where: str) -> None:
    """Raise InputError if names seem to be cut by the separator: 'Lee, Ann' or [1, 2]."""
    cut = []
    for row in layout.sample:
        for at, cell in enumerate(row[:2]):
            end = _CLOSING.get(cell[:1])
            inside = end and (len(cell) == 1 or cell[-1] != end)
            if inside and any(one.endswith(end) and not one.startswith(cell[0]) for one in row[at + 1 :]):  # type: ignore[arg-type]
                cut.append(row)
                break
    if cut and len(cut) * 2 >= len(layout.sample):
        raise InputError(
            f"{where} has {format_name(' and '.join(cut[0][:2]))} in two cells, which seem to be one: put names that "
            "hold the separator in double quotes, or say graph.separator=NAME"
        )


def _refuse_matrix(layout: Layout, options: TableOptions, where: str) -> None:
    """Raise InputError if the table seems to be a square matrix with a row and a column for each person."""
    rows = layout.sample if layout.header is None else [list(layout.header), *layout.sample]
    if options.columns or len(rows) < 3 or any(len(row) != len(rows[0]) for row in rows):
        return
    below = [row[0] for row in rows[1:]]
    named = len(rows[0]) > 3 and rows[0][1 : len(below) + 1] == below[: len(rows[0]) - 1]
    bits = len(rows) == len(rows[0]) and all(cell in ("0", "1") for row in rows for cell in row)
    if named or bits:
        raise InputError(
            f"{where} seems to be a matrix with a row for each person: save it as a list of ties, or say "
            "graph.columns=[1,2] if a line is one tie"
        )
