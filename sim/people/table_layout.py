"""How a text file is laid out as a table: comments, separator, quotes and header, decided from the file itself.

What the file does not decide is an error of one line that names the choices.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from sim.errors import InputError
from sim.people.file_content import AUTO, MAX_SIZE, format_name
from sim.people.table_columns import find_ends, find_listed, find_numbered_ends, get_stem, is_row_number
from sim.people.table_comments import Comments, find_comments, refuse_odd_comment
from sim.people.table_quotes import double_single_quotes, drop_spaces_before_quotes, judge_quotes

SEPARATORS = {"tab": "\t", "semicolon": ";", "comma": ",", "pipe": "|", "space": ""}  #: "" is any white space
SEPARATOR_NAMES = {sign: name for name, sign in SEPARATORS.items()}
NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?")
PLAIN_NUMBER = re.compile(r"0|[1-9][0-9]*", re.ASCII)
#: what programs write where there is nobody, and platforms for whom they deleted
MISSING = frozenset(
    re.findall(
        r"\S+",
        r"""#N/A #NA <NA> N/A NA n/a n.a. N.A. NaN NAN nan -NaN -nan NaT NULL Null null (null) <null> \N None none NONE
        (none) nil NIL undefined Undefined unknown Unknown UNKNOWN - ? . [deleted] (deleted) [removed] (removed)""",
    )
) | {""}
MAX_LINE = 16 * 2**20  #: bytes
csv.field_size_limit(MAX_LINE)
_SAMPLE = 2**20  #: bytes from which the layout is decided
_SAMPLE_ROWS = 1000
_WHITE = " \t\v\f"


class TableOptions(NamedTuple):
    """What a user says about a table of ties; `auto` and () leave it to the file."""

    columns: tuple[str | int, ...] = ()  #: two names or numbers of columns, or ("all",) for lists of followees
    separator: str = "auto"  #: one of `SEPARATORS`
    comment: str = "auto"  #: one of `sim.people.table_comments.COMMENTS`, or none
    header: str = "auto"  #: yes or no
    missing: str = "auto"  #: drop or keep
    max_size: int = MAX_SIZE  #: MB
    encoding: str = AUTO  #: of the text, as Python names it


class Layout(NamedTuple):
    """A table, laid open."""

    body: bytes  #: UTF-8, without comments and header; lines end with a line feed
    separator: str  #: one sign; "" is any white space
    quoted: bool  #: a cell may stand in double quotes
    across: bool  #: such a cell may go over several lines
    header: tuple[str, ...] | None
    sample: list[list[str]]  #: cells of the first rows
    comments: str  #: lines of comment above the first row
    skipped: int  #: number of lines of comment
    listed: bool = False  #: each line is a name, a colon, and all that this person follows
    single: bool = False  #: single quotes enclosed cells


def find_layout(content: bytes, options: TableOptions, where: str) -> Layout:
    """Return the layout of a table.

    Args:
        content: UTF-8.
        options: what the user says.
        where: name of the file in messages.

    Raises:
        InputError: there is no row, or the file leaves the choice open.
    """
    content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    _check_lines(content, where)
    content, said = _take_separator_line(content)
    content, single = double_single_quotes(content)
    quoted, across = judge_quotes(content)
    if not across and b"\n\n\n" in content:
        content = re.sub(rb"\n\n+", b"\n", content)
    found = find_comments(content, options.comment, across, where)
    if options.comment == "auto" and not across:
        refuse_odd_comment(content, where)
    body = found.remove(content, everything=True)
    if not body.strip() and any(re.search(r"[\s,;|]\"?[#%]\w", line) for line in found.unsure[:1]):
        body = found.remove(content, everything=False)
        found = found._replace(unsure=[], places=[place for place in found.places if place[2]])
    if not body.strip():
        raise InputError(f"{where} holds no line of data: it needs one line for each edge or node")
    body, listed = _take_colons(body)
    separator = SEPARATORS.get(options.separator) if said is None or options.separator != "auto" else said
    if separator is None:
        separator = _choose_separator(body, quoted, where)
    across = across and bool(separator)
    if quoted and separator:
        body = drop_spaces_before_quotes(body, separator)
    sample = read_sample(body, separator, quoted)
    header: Sequence[str] | None = None
    skipped = len(found.places)
    if found.unsure:
        header, keep = _judge_unsure(found, sample, separator, quoted, where)
        if keep:
            body = found.remove(content, everything=False)
            body = drop_spaces_before_quotes(body, separator) if quoted and separator else body
            sample = read_sample(body, separator, quoted)
            skipped -= len(found.unsure)
    if header is None and (header := find_header(sample, options)) is not None:
        body = _drop_first_row(body, across)
        sample = sample[1:]
    if header is None and options.header != "no":
        header = _find_commented_header(found.top, sample, separator)
    if header is not None and sample and len(header) == Counter(map(len, sample)).most_common(1)[0][0] - 1:
        header = _align_header(header, sample, body, options, where)
    names = None if header is None else tuple(header)
    return Layout(body, separator, quoted, across, names, sample, found.top, skipped, listed, single)


def _align_header(
    header: Sequence[str], sample: list[list[str]], body: bytes, options: TableOptions, where: str
) -> Sequence[str]:
    """Return the header, one name shorter than the rows, with "" above the cells without a name.

    These are the first if they number the rows, or name them and the user says that there is a header, as R writes
    them; and the last if they are empty, as Excel does.

    Raises:
        InputError: they are neither, and the user says nothing.
    """
    rows = [row for row in sample if len(row) == len(header) + 1]
    first, start = [row[0] for row in rows], int(rows[0][0] == "1")
    counts = first == [str(start + number) for number in range(len(rows))]
    apart = len(set(first)) == len(rows) and not set(first) & {cell for row in rows for cell in row[1:3]}
    if (counts and (apart or re.match(rb'"\d+"', body))) or (apart and options.header == "yes"):
        return ("", *header)
    numbered = [one for one in options.columns if isinstance(one, int)]
    if max(numbered, default=0) > len(header):
        return ("", *header)
    if options.columns or not any(row[-1] for row in rows):
        return (*header, "")
    raise InputError(
        f"{where} has {len(header)} names in its header and {len(header) + 1} cells in its lines: say "
        "graph.columns=[1,2], or [2,3] if lines begin with a number or name of their own"
    )


def iterate_rows(lines: Iterable[str], separator: str, quoted: bool) -> Iterator[list[str]]:
    """Yield the cells of each line; a quoted cell may go on in the next line if there is a separator."""
    if separator:
        feed = (f"{line}\n" for line in lines)
        yield from csv.reader(
            feed,
            delimiter=separator,
            quotechar='"',
            quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
            skipinitialspace=quoted,
        )
    elif quoted:
        for line in lines:
            found = re.findall(r'"((?:[^"]|"")*)"(?=[ \t\v\f]|$)|([^ \t\v\f]+)', line)
            yield [inner.replace('""', '"') or plain for inner, plain in found]
    else:
        for line in lines:
            yield _split_words(line)


def read_sample(body: bytes, separator: str, quoted: bool) -> list[list[str]]:
    """Return the cells of the first rows, without those that are empty."""
    try:
        rows = iterate_rows(_get_head(body).split("\n"), separator, quoted)
        found = list(islice((row for row in rows if any(map(str.strip, row))), _SAMPLE_ROWS))
    except csv.Error:
        return []
    return [[cell.strip() for cell in row] for row in found]


def _get_head(body: bytes) -> str:
    head = body[:_SAMPLE]
    if len(body) > len(head):
        head = head[: head.rfind(b"\n") + 1] or head
    return head.decode("utf-8", "ignore")


def is_number(cell: str) -> bool:
    """Return whether a cell holds a number, maybe with a decimal comma or an exponent."""
    return NUMBER.fullmatch(cell) is not None


def is_plain_number(cell: str) -> bool:
    """Return whether a cell holds a whole number as people are numbered: without sign, point or leading zero."""
    return PLAIN_NUMBER.fullmatch(cell) is not None


def _split_words(line: str) -> list[str]:
    line = line.strip(_WHITE)
    return re.split(r"[ \t\v\f]+", line) if line else []


def _check_lines(content: bytes, where: str) -> None:
    ends = np.flatnonzero(np.frombuffer(content, np.uint8) == ord("\n"))
    if np.diff(ends, prepend=-1, append=len(content)).max() > MAX_LINE:
        raise InputError(f"{where} has a line of more than {MAX_LINE // 2**20} MB: it is no table of ties")


def _take_separator_line(content: bytes) -> tuple[bytes, str | None]:
    """Return (the rest, the separator) of a file whose first line is Excel's sep=; and the like."""
    found = re.match(rb'"?sep=([,;|\t])"?\n', content, re.IGNORECASE)
    return (content[found.end() :], found[1].decode()) if found else (content, None)


def _take_colons(body: bytes) -> tuple[bytes, bool]:
    """Return (the body, whether it was a list of followees as "1: 2 3 4"); colons behind first names are left out."""
    lines = [line for line in _get_head(body).split("\n") if line.strip()]
    found = [re.fullmatch(r'[ \t]*[^\s:,;|"]+:(?:[ \t]+(.*)|)', line) for line in lines]
    rest = " ".join(line[1] or "" for line in found if line).strip()
    if not all(found) or not rest:
        return body, False
    sign = next((sign for sign in "\t,;|" if sign in rest), " ")
    return re.sub(rb"(?m)^([ \t]*[^\s:]+):[ \t]*", rb"\1" + sign.encode(), body), True


# ---- comments


def _judge_unsure(
    found: Comments, sample: list[list[str]], separator: str, quoted: bool, where: str
) -> tuple[list[str] | None, bool]:
    """Return (a header that stands behind the sign of a comment, whether lines such as "#tag ann" are rows)."""
    rows = read_sample("\n".join(found.unsure).encode(), separator, quoted)
    width = Counter(map(len, sample)).most_common(1)[0][0]
    for cells in rows[: found.top_unsure]:
        words = [cells[0][1:], *cells[1:]]
        if len(words) == width and find_ends(words):
            return words, False
    ends = [cell for row in sample for cell in row[:2]]
    signs = {line[0] for line in found.unsure}
    if any(cell[:1] in signs for cell in (*ends, *(row[1] for row in rows if len(row) > 1))):
        return None, True
    if all(map(is_plain_number, ends)) or all(len(row) != width for row in rows):
        return None, False
    word = "hash" if "#" in signs else "percent"
    line = format_name(found.unsure[0], 30)
    cure = f"say graph.comment={word} if it is a comment, graph.comment=none if it is a name"
    raise InputError(f"{where} has the line {line}, which may be a comment or a tie: {cure}")


# ---- separator


def _choose_separator(body: bytes, quoted: bool, where: str) -> str:
    samples = {sign: read_sample(body, sign, quoted) for sign in ("\t", ";", ",", "|", "")}
    even = [sign for sign, rows in samples.items() if sign and _is_even(rows)]
    if "\t" in even:
        cells = [cell for row in samples["\t"] for cell in row[:1]]
        pairs = all(re.fullmatch(r"\d+ +\d+", cell) for cell in cells)
        return "" if pairs and _is_even(samples[""]) else "\t"
    if quoted and len(even) > 1:
        whole = [sign for sign in even if not any(cell.count('"') % 2 for row in samples[sign] for cell in row)]
        even = whole or even
    if len(even) > 1:
        return _choose_between(even, samples, _get_head(body), where)
    if even == [","] and _has_decimal_commas(samples[""]):
        return ""
    if even:
        return even[0]
    if all(len(row) > 1 and is_number(row[0]) and is_plain_number(row[1]) for row in samples[""]) and samples[""]:
        return ""
    for sign, rows in samples.items():
        if sign and sum(len(row) > 1 for row in rows) * 2 >= len(rows) > 0:
            return sign
    return ""


def _is_even(rows: list[list[str]]) -> bool:
    """Return whether rows have as many cells, at least 2; some may have one, a header one fewer (above row names)."""
    if not rows:
        return False
    widths = [len(row) for row in rows]
    width = Counter(widths[1:] or widths).most_common(1)[0][0]
    usual = sum(one == width for one in widths)
    alike = widths[0] in (1, width, width - 1) and all(one in (1, width) for one in widths[1:])
    return width >= 2 and usual * 2 >= len(rows) and alike


def _choose_between(even: list[str], samples: dict[str, list[list[str]]], head: str, where: str) -> str:
    """Return which of several separators, each of which would make a table, is the one."""
    known = [sign for sign in even if find_ends(samples[sign][0])]
    if len(known) == 1:
        return known[0]
    if set(even) == {";", ","}:
        if not re.search(r"(?<!\d),|,(?!\d)", head):  # all are decimal commas
            return ";"
        spaced = {sign: not re.search(f"{sign}(?! )", head) for sign in even}
        if spaced[","] != spaced[";"]:
            return ";" if spaced[","] else ","
    names = [SEPARATOR_NAMES[sign] for sign in even]
    cure = " or ".join(f"graph.separator={name}" for name in names)
    raise InputError(f"{where} may be separated by {' or by '.join(names)}: say {cure}")


def _has_decimal_commas(rows: list[list[str]]) -> bool:
    """Return whether cells between white space have commas in numbers alone, in columns behind the first two."""
    return _is_even(rows) and all(
        len(row) > 2
        and all("," not in cell for cell in row[:2])
        and all(re.fullmatch(r"-?\d+,\d+", cell) for cell in row[2:] if "," in cell)
        for row in rows
    )


# ---- header


def find_header(sample: list[list[str]], options: TableOptions) -> list[str] | None:
    """Return the first row if it names columns, else None."""
    if not sample or options.header == "no":
        return None
    first, rest = sample[0], sample[1:]
    names = {one.strip().lower() for one in options.columns if isinstance(one, str)}
    if options.header == "yes" or (names and names <= {cell.lower() for cell in first}):
        return first
    if len(first) == 1 and first[0] and not find_ends(first):
        return None
    if len(first) > 2 and is_row_number(first[0]) and not first[0] and all(first[1:]):
        return first
    if find_listed(first):
        return first
    if find_ends(first):
        return None if find_numbered_ends(first) and not _is_above_others(first, rest) else first
    if len(rest) > 1 and all(len(row) == len(first) + 1 and row[0] == str(at) for at, row in enumerate(rest, 1)):
        return None if any(map(is_number, first)) else first
    if len(set(first)) < len(first) or any(is_number(cell) or cell in MISSING for cell in first):
        return None
    columns = list(zip(*(row for row in rest if len(row) == len(first)), strict=True))
    return first if any(_is_column_of_numbers(column) for column in columns) else None


def _find_commented_header(comments: str, sample: list[list[str]], separator: str) -> list[str] | None:
    """Return the names of columns in the last comment above the first row, as in "# FromNodeId ToNodeId"."""
    line = comments.rpartition("\n")[2].lstrip("#% ")
    cells = line.split(separator) if separator and separator in line else _split_words(line)
    words = [word.strip() for word in cells]
    return words if sample and len(words) == len(sample[0]) and find_ends(words) else None


def _is_above_others(first: list[str], rest: list[list[str]]) -> bool:
    """Return whether cells such as user1, user2 are names of columns: there are rows, and none has another of them."""
    stems = {get_stem(word) for word in first} - {()}
    return bool(rest) and not any(get_stem(cell) in stems for row in rest for cell in row[:2])


def _is_column_of_numbers(cells: tuple[str, ...]) -> bool:
    return any(map(is_number, cells)) and all(is_number(cell) or cell in MISSING for cell in cells)


def _drop_first_row(body: bytes, across: bool) -> bytes:
    empty = re.match(rb'(?:[ \t,;|"]*\n)*', body)
    body = body[empty.end() :] if empty else body
    end = body.find(b"\n")
    while across and end >= 0 and body.count(b'"', 0, end) % 2:
        end = body.find(b"\n", end + 1)
    return body[end + 1 :] if end >= 0 else b""
