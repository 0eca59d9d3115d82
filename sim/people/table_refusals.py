"""What in a table may be no ties, or ties of others: a line that names the choice, before anything is read wrongly."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from sim.errors import InputError
from sim.people.file_content import format_name
from sim.people.table_cells import Cells, TieTable, list_names
from sim.people.table_columns import (
    ATTRIBUTE,
    PERSON,
    Ends,
    find_ends,
    format_place,
    is_plural,
    looks_like_header,
    split_words,
)
from sim.people.table_layout import MISSING, Layout, TableOptions, find_header, is_number, is_plain_number, read_sample
from sim.people.table_names import is_amount

_SEVERAL = re.compile(r"[^|;,]+(?:[|;,][^|;,]+)+|\d+(?:\s+\d+)+")
#: words of which a row of people holds not both
_SURE_ENDS = ({"source", "target"}, {"from", "to"}, {"vertex 1", "vertex 2"}, {":start_id", ":end_id"})
#: names of the last line of a report
_TOTALS = frozenset(
    re.findall(r"\w+", "total totals sum subtotal summe gesamt somme suma totale totaal итого всего المجموع 合计 合計")
)
_COUNTED = frozenset(("grand", "of", "rows", "lines", "records", "edges", "ties", "links", "nodes"))
_BLANK = re.compile(rb"\n(?:[ \t,;|]*\n)+(?=[^\n])")
_BLOCK = 2**14  #: bytes of a part of a file that are looked at
_MANY_BLOCKS = 50  #: parts of a file between empty lines: so many are no tables
_CLOSING = {"'": "'", '"': '"', "[": "]", "{": "}", "(": ")"}


def refuse_other_separator(rows: list[list[str]], layout: Layout, where: str) -> None:
    """Raise InputError if a line with one name seems to be a tie whose two names another sign separates.

    White space does so if both are names of other lines, or numbers; a person may be called "Ann Lee".
    """
    alone = [row[0] for row in rows if row and row[0] and not any(row[1:])]
    known = {cell for row in rows if len(row) > 1 and row[1] for cell in row} if alone else set()
    for name in alone:
        for sign in [one for one in ",;\t|" if one != layout.separator] + [None]:
            parts = [part.strip() for part in name.split(sign)]
            sure = sign is not None or all(part in known or is_plain_number(part) for part in parts)
            if len(parts) == 2 and all(parts) and sure:
                raise InputError(
                    f"{where} has {format_name(name)} alone in a line, which may be two people: correct the line, or "
                    "say graph.separator=NAME if it is one"
                )


def check_ends(cells: Cells, ends: Ends, layout: Layout, where: str) -> None:
    """Raise InputError if a column of words or numbers that is an end may hold something else than people."""
    header = layout.header
    if header is None:
        return check_amounts(cells, ends, layout, where)
    words = [format_name(header[at], 20) for at in ends]
    cure = f"graph.columns=[{','.join(words)}]"
    for at, side in enumerate(ends):
        if not is_plural(header[side]):
            continue
        kind, other = list_names(cells, at), cells.columns[1 - at]
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
    if not named and len(cells.columns[0]) and not list_names(cells, 0) & list_names(cells, 1):
        raise InputError(
            f"{where}: nobody stands in both columns {' and '.join(words)}: say {cure} if both name people, the "
            "follower first"
        )
    return None


def check_amounts(cells: Cells, ends: Ends, layout: Layout, where: str) -> None:
    """Raise InputError if one end of ties without header is a number, date or time in all rows, not always whole."""
    for at, side in enumerate(ends):
        amounts = [row[side] for row in layout.sample if len(row) > side and is_amount(row[side])]
        if amounts and all(is_number(name) or is_amount(name) for name in list_names(cells, at)):
            other = "[2,3]" if side == 0 and len(layout.sample[0]) > 2 else "[1,2]"
            raise InputError(
                f"{where}: the {format_place(side)} column has {format_name(amounts[0], 30)}, which may be no person: "
                f"say which two are tied, the follower first, as in graph.columns={other}"
            )


def refuse_third(cells: Cells, where: str) -> None:
    """Raise InputError if a third column of words may name people as the first two do."""
    first, second, third = (list_names(cells, at) for at in range(3))
    spaced = any(" " in name for name in third) and not any(" " in name for name in first | second)
    labels = first & second or len(third) < len(cells.columns[2]) or spaced or any(map(is_amount, third))
    if third & (first | second) or not labels:
        raise InputError(
            f"{where}: the 3rd column may name people too: say graph.columns=[1,2] or [1,3] if a row is one tie, "
            "graph.columns=all if it is a person and all that this person follows"
        )


def refuse_parts(layout: Layout, where: str) -> None:
    """Raise InputError if names seem to be cut by the separator: 'Lee, Ann' or [1, 2]."""
    cut = []
    for row in layout.sample:
        for at, cell in enumerate(row[:2]):
            end = _CLOSING.get(cell[:1])
            inside = end and (len(cell) == 1 or cell[-1] != end)
            if inside and any(one.endswith(end) and not one.startswith(cell[0]) for one in row[at + 1 :]):  # type: ignore[arg-type]
                cut.append(row)
                break
    if cut and (cut[0][0][:1] == "'" or len(cut) * 2 >= len(layout.sample)):
        raise InputError(
            f"{where} has {format_name(' and '.join(cut[0][:2]))} in two cells, which seem to be one: put names that "
            "hold the separator in double quotes, or say graph.separator=NAME"
        )


def refuse_matrix(layout: Layout, options: TableOptions, where: str) -> None:
    """Raise InputError if the table seems to be a square matrix with a row and a column for each person."""
    rows = layout.sample if layout.header is None else [list(layout.header), *layout.sample]
    if options.columns or len(rows) < 3 or any(len(row) != len(rows[0]) for row in rows):
        return
    below = [row[0] for row in rows[1:]]
    inside = {cell for row in rows[1:] for cell in row[1:]}
    named = len(rows[0]) > 3 and rows[0][1 : len(below) + 1] == below[: len(rows[0]) - 1] and not inside & {*below}
    bits = len(rows) == len(rows[0]) and all(cell in ("0", "1") for row in rows for cell in row)
    if named or bits:
        raise InputError(
            f"{where} seems to be a matrix with a row for each person: save it as a list of ties, or say "
            "graph.columns=[1,2] if a line is one tie"
        )


def refuse_title(layout: Layout, options: TableOptions, where: str) -> None:
    """Raise InputError if a row near the top names columns, so that what stands above it is a title."""
    if options.header != "auto" or options.columns or (layout.header is not None and find_ends(layout.header)):
        return
    rows = layout.sample[1:] if layout.header is None else layout.sample
    for row in rows[:5]:
        if any(pair <= {cell.lower() for cell in row} for pair in _SURE_ENDS):
            line = format_name(" ".join(filter(None, row)))
            raise InputError(f"{where} names its columns below its first line, in {line}: delete what is above that")


def refuse_second(layout: Layout, options: TableOptions, where: str) -> None:
    """Raise InputError if the names of other columns stand below an empty line, so that another table begins there."""
    if layout.across or options.header != "auto":
        return
    for block in islice(_iterate_blocks(layout), _MANY_BLOCKS):
        first = tuple(block[0]) if block else ()
        if len(first) < 2 or any(map(is_number, first)) or "" in first or first == layout.header:
            continue
        told = all(set(split_words(cell)) & (ATTRIBUTE | PERSON) for cell in first)
        if told or find_ends(first) or find_header(block, options):
            line = format_name(" ".join(first))
            cure = f"say graph.header={'no' if layout.header is None else 'yes'} if that line is a tie"
            raise InputError(f"{where} holds a second table, from the line {line}: keep the ties alone; {cure}")


def _iterate_blocks(layout: Layout) -> Iterator[list[list[str]]]:
    """Yield the first rows below each place where lines are empty."""
    body, begin = layout.body, re.match(rb"[\s,;|]*", layout.body)
    if any(sign in body for sign in (b"\n\n", b"\n,", b"\n;", b"\n\t", b"\n|", b"\n ")):
        for found in _BLANK.finditer(body, begin.end() if begin else 0):
            block = body[found.end() : found.end() + _BLOCK].partition(b"\n\n")[0]
            rows = read_sample(block, layout.separator, layout.quoted)
            yield [row[: max(at for at, cell in enumerate(row, 1) if cell)] for row in rows]


def refuse_total(layout: Layout, options: TableOptions, where: str) -> None:
    """Raise InputError if the last line seems to sum up the others, or to say what they were."""
    rows = layout.sample
    if options.columns or layout.across or len(rows) < 2:
        return
    end = layout.body[-_BLOCK:].rstrip(b"\n\t ,;|")
    last = read_sample(end[end.rfind(b"\n") + 1 :], layout.separator, layout.quoted)
    if not last:
        return
    cells = [cell for cell in last[0] if cell]
    words = [word.lower() for word in re.findall(r"[^\s:=]+", " ".join(cells)) if not is_number(word)]
    above = {cell for row in (rows[:-1] if rows[-1] == last[0] else rows) for cell in row if cell}
    sums = _TOTALS & {*words} and {*words} <= _TOTALS | _COUNTED and cells[0] not in above
    alone = len(cells) == 1 and len(words) > 1 and all(map(is_number, above))
    if sums or alone:
        raise InputError(
            f"{where} ends with {format_name(' '.join(cells))}, which may be no tie: delete that line if so, say "
            "graph.columns=[1,2] if it is one"
        )


def refuse_counts(layout: Layout, options: TableOptions, where: str) -> None:
    """Raise InputError if the first row may say how many people and ties there are."""
    first, rest = layout.sample[0] if layout.sample else [], layout.sample[1:]
    if options.header != "auto" or layout.header or not 1 <= len(first) <= 3 or len(rest) < 2:
        return
    cells = [cell for row in rest for cell in row if cell]
    if not all(map(is_plain_number, (*first, *cells))):
        return
    lines = sum(1 for line in layout.body.split(b"\n") if line.strip()) - 1
    sizes, highest = list(map(int, first)), max(int(cell) for row in rest for cell in row[:2])
    ragged = len(set(map(len, rest))) > 1
    alone = len(first) == 1 and not ragged and (sizes[0] == lines or 0 <= sizes[0] - highest <= 1)
    both = len(first) > 1 and sizes[1] == lines and highest <= sizes[0]
    listed = len(first) > 1 and ragged and sizes[0] == lines and max(map(int, cells)) <= lines
    if alone or both or listed:
        raise InputError(
            f"{where} begins with {format_name(' '.join(first))}, which may say how many people and ties there are: "
            f"delete that line if so{', and give each tie a line' if listed else ''}; say graph.header=no if it names "
            "people"
        )


def refuse_unnamed(rows: list[list[str]], header: Sequence[str], ends: Ends, where: str) -> None:
    """Raise InputError if words behind the ends have no name above them, and may be people as the ends are."""
    last = max((at for at, word in enumerate(header) if word.strip()), default=0)
    unnamed = [cell for row in rows for cell in row[max(last, *ends) + 1 :] if cell]
    people = {row[at] for row in rows for at in ends if len(row) > at} - MISSING
    same = any(map(is_number, unnamed)) == any(map(is_number, people))
    spaced = any(" " in cell for cell in unnamed) and not any(" " in name for name in people)
    if unnamed and same and not spaced and not all(map(is_number, unnamed)):
        raise InputError(
            f"{where} has {format_name(unnamed[0])} behind the columns that its header names: say graph.columns=[1,2] "
            "if a line is one tie, graph.columns=all if it is a person and all that this person follows"
        )


def refuse_runs(rows: list[list[str]], where: str) -> None:
    """Raise InputError if a name and a number may say how many lines below hold whom this person follows."""
    left = 0
    for row in rows:
        if len(row) > 2 or (len(row) == 2) == (left > 0) or (len(row) == 2 and not is_plain_number(row[1])):
            return
        left = left - 1 if len(row) == 1 else int(row[1])
    if not left and any(len(row) == 1 for row in rows):
        raise InputError(
            f"{where} begins with {format_name(' '.join(rows[0]))}, which may say that this person follows those of as "
            "many lines below: give each tie a line; say graph.columns=[1,2] if it is a tie"
        )


def describe_no_header(table: TieTable, layout: Layout, options: TableOptions, where: str) -> str:
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
