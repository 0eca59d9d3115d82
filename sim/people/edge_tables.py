"""Tables of ties: who is tied to whom by row.

`table_layout.py` finds separator and header, `table_columns.py` the columns that tie, `table_cells.py` reads them,
`table_refusals.py` asks where two readings are possible, `table_names.py` cleans names, `table_notes.py` says what was
decided.

Names of people are what the cells of two columns hold, without white space around them. A row with one name is a
person without a tie.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError
from sim.people.file_content import format_name
from sim.people.spellings import clean_name
from sim.people.table_cells import Cells, TieTable, cut_comments, list_names, list_rows, number_cells, read_columns
from sim.people.table_columns import (
    Ends,
    find_asked_ends,
    find_ends,
    find_listed,
    find_remaining_ends,
    is_row_number,
    list_columns,
)
from sim.people.table_layout import (
    MISSING,
    Layout,
    TableOptions,
    find_layout,
    is_number,
    is_plain_number,
)
from sim.people.table_names import clean_names, find_repeated_headers, is_amount, list_used
from sim.people.table_notes import describe_columns, describe_dropped, describe_layout
from sim.people.table_refusals import (
    check_amounts,
    check_ends,
    describe_no_header,
    refuse_counts,
    refuse_matrix,
    refuse_other_separator,
    refuse_parts,
    refuse_runs,
    refuse_second,
    refuse_third,
    refuse_title,
    refuse_total,
    refuse_unnamed,
)

I32 = NDArray[np.int32]

ALL = ("all",)  #: columns of a list of followees
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
    refuse_title(layout, options, where)
    refuse_second(layout, options, where)
    layout, people = _take_matrix_size(layout, where)
    width = max((len(row) for row in layout.sample), default=0)
    if layout.header is not None:
        width = max(width, len(layout.header))
    if width < 2 and not layout.header:
        raise InputError(f"{where} has no line with two names: give one with two columns, or say graph.separator=NAME")
    refuse_matrix(layout, options, where)
    refuse_parts(layout, where)
    if not people:
        refuse_counts(layout, options, where)
        refuse_total(layout, options, where)
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
    rows = list(list_rows(layout, where))
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
        name = clean_name(row[who])
        if name in given:
            raise InputError(f"{where} names node {format_name(name)} twice: keep one line for each node")
        value = row[place]
        given[name] = value.replace(",", ".") if layout.separator != "," else value
    return given, notes


def _read_even(layout: Layout, options: TableOptions, width: int, where: str) -> TieTable | None:
    """Return the ties of a table whose rows have the same number of cells; None if they do not."""
    if layout.header is None and not options.columns and width > 2:
        return _read_headless(layout, width, where)
    ends = _choose_ends(layout, options, width, where)
    if layout.header is not None and not options.columns:
        refuse_unnamed(layout.sample, layout.header, ends, where)
    cells = read_columns(layout, [*ends, *_find_kind(layout.header, ends)], width, where)
    if cells is not None and not options.columns:
        check_ends(cells, ends, layout, where)
    return None if cells is None else _tie_cells(cells, ends, layout.header, _count_filled(layout, ends, width))


def _count_filled(layout: Layout, ends: Ends, width: int) -> int:
    """Return how many columns there are without those at the end that have neither a name nor a cell."""
    rows = (layout.header or (), *layout.sample)
    return min(width, max(at + 1 for row in rows for at, cell in enumerate(row) if cell.strip() or at in ends))


def _find_kind(header: Sequence[str] | None, ends: Ends) -> list[int]:
    """Return the place of Gephi's column Type, [] if there is none."""
    words = [word.strip().lower() for word in header or ()]
    return [words.index("type")] if "type" in words and words.index("type") not in ends else []


def _tie_cells(cells: Cells, ends: Ends, header: Sequence[str] | None, width: int) -> TieTable:
    """Return the ties in two columns of cells; a third may say their kind."""
    told = describe_columns(header, ends, width)
    kind = None
    if len(cells.columns) > 2:
        found = {cells.names[code].strip().lower() for code in np.unique(cells.columns[2])}
        if found - {""} and found - {""} <= set(_KINDS):
            kind = (cells.columns[2], cells.names)
            told = (*told, f"its column Type says {' and '.join(sorted(found - {''}))}")
    named = (header[ends.first], header[ends.second]) if header else None
    return TieTable(cells.columns[0], cells.columns[1], cells.names, kind, told, named)


def _read_headless(layout: Layout, width: int, where: str) -> TieTable | None:
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
    cells = read_columns(layout, [0, 1, 2] if numbered or text or aside else [0, 1], width, where)
    if cells is None:
        return None
    ends, row_number = Ends(0, 1), ""
    if (numbered or aside) and len(cells.columns[0]) > 1:
        ends, row_number = _judge_third(cells, numbered and _is_sequence(cells), where)
    if not row_number:
        check_amounts(cells, ends, layout, where)
        if text and len(cells.columns[0]) > 1:
            refuse_third(cells, where)
    told = describe_columns(None, ends, _count_filled(layout, ends, width))
    return TieTable(
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
    """Return whether the first of three columns may be no person: the others share names, or are smaller numbers.

    It may be one word that stands in all rows, too.
    """
    if len(kinds) < 3 or not all(kinds) or kinds[0] & kinds[1]:
        return False
    numbers = all(map(is_plain_number, kinds[0]))
    if not numbers and len(kinds[0]) > 1:
        return False
    if kinds[1] & kinds[2]:
        return True
    whole = all(map(is_plain_number, kinds[1] | kinds[2]))
    return whole and (not numbers or min(map(int, kinds[0])) > max(map(int, kinds[1] | kinds[2])))


def _judge_third(cells: Cells, counts: bool, where: str) -> tuple[Ends, str]:
    """Return (the ends among three columns, what the first is if it is none); `counts`: whether it numbers the rows.

    Raises:
        InputError: the first column may be the one or the other.
    """
    kinds = [list_names(cells, at) for at in range(3)]
    if not counts:
        if _stands_aside(kinds):
            raise InputError(
                f"{where}: the 1st column may be no person (a row number, a time or a sign), as it shares no name with "
                "the 2nd: say graph.columns=[1,2] or [2,3]"
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


def _is_sequence(cells: Cells) -> bool:
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


def _read_uneven(layout: Layout, options: TableOptions, where: str) -> TieTable:
    """Return the ties of a table whose rows have different numbers of cells.

    Lines with one name are people without ties; behind the ends there may be text; else it is a list of followees.

    Raises:
        InputError: it may be the one or the other.
    """
    rows = list_rows(layout, where)
    if options.separator == "auto":
        refuse_other_separator(rows, layout, where)
    if options.columns != ALL:
        asked = bool(options.columns) or layout.header is not None
        if not asked:
            rows = cut_comments(rows, layout.separator)
            refuse_runs(rows, where)
        width = max(map(len, rows), default=0)
        if asked or width <= 2 or not _lists_people(rows, where):
            ends = _choose_ends(layout, options, width, where)
            if layout.header is not None and not options.columns:
                refuse_unnamed(rows, layout.header, ends, where)
            places = [*ends, *_find_kind(layout.header, ends)]
            cells = number_cells(rows, places)
            if not options.columns:
                check_ends(cells, ends, layout, where)
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
    return TieTable(np.array(first, np.int32), np.array(second, np.int32), list(names), None, (told,), named)


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
    if any(is_amount(cell) or cell[0] == "{" for cell in further):  # {} as networkx writes what it knows of a tie
        return False
    weights = max(map(len, rows)) == 3 and all(map(is_number, further))
    kinds = any(map(is_number, further)), any(map(is_number, ends))
    spaced = any(" " in cell for cell in further) and not any(" " in cell for cell in ends)
    if not shared and (kinds[0] != kinds[1] or (kinds[0] and (sides[0] & sides[1] or len(further) < len(behind)))):
        return False
    if not shared and spaced:
        return False
    if shared and not weights and (shared * 2 >= len(further) or (numbers and len(set(map(len, rows)) - {1}) > 2)):
        return True
    if not all(map(is_plain_number, further)) and all(map(is_plain_number, ends)):
        return False
    raise InputError(
        f"{where} has lines of different lengths: say graph.columns=[1,2] if a line is one tie, graph.columns=all if "
        "it is a person and all that this person follows"
    )


def _number_people(
    table: TieTable, people: int, layout: Layout, decided: tuple[str, ...], options: TableOptions, where: str
) -> EdgeTable:
    names, said = clean_names(table, options, where)
    repeated = find_repeated_headers(table)
    kept = {names[code] for code in list_used(table, ~repeated)} - {None}
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
    header = () if layout.header is not None else (describe_no_header(table, layout, options, where),)
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
