"""Names in a table of ties: which are people, what is done to them, and which are amounts or dates."""

import re

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError
from sim.people.file_content import MAX_NAME, format_name
from sim.people.spellings import clean_name, describe_alike
from sim.people.table_cells import TieTable
from sim.people.table_layout import MISSING, TableOptions, is_number, is_plain_number
from sim.people.table_notes import count_words

_LOST_DIGITS = re.compile(r"\d+(?:[.,]\d+)?[eE]\+?\d+")
_WHOLE = re.compile(r"(\d+)(?:\.0+|,0{1,2}|,0{4,})")  #: a comma and three zeros are thousands
_FRACTION = re.compile(r"[-+]?\d+[.,]\d+(?:[eE]-\d+)?|[-+]?\d+[eE]-\d+")
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?(?:[T ].*)?|\d\d?([./])\d\d?\1\d{4}(?: .*)?|\d\d?:\d\d(?::\d\d)?")
#: words without signs of a list may be a name: [deleted user]
_BRACKETED = r"""[^\W\d][^][(){},;|'"]*"""
_LIST = re.compile(rf"(?!\[{_BRACKETED}\]|\({_BRACKETED}\))(?:\[.*\]|\{{.*\}}|\(.*\))|\d+(?:\s*[|;]\s*\d+)+", re.DOTALL)


def is_amount(name: str) -> bool:
    """Return whether a name is a fraction, a date or a time."""
    return bool(_DATE.fullmatch(name) or (_FRACTION.fullmatch(name) and not _WHOLE.fullmatch(name)))


def clean_names(table: TieTable, options: TableOptions, where: str) -> tuple[list[str | None], tuple[str, ...]]:
    """Return the names as people have them, None where there is none, and notes on what was done to them.

    Raises:
        InputError: a name is too long, or may be a mark of a missing one.
    """
    names: list[str | None] = list(map(clean_name, table.names))
    used = list_used(table)
    present = {name for code in used if (name := names[code])}
    joined = _describe_joined([(table.names[code].strip(), names[code] or "") for code in used])
    if longest := next((name for name in present if len(name) > MAX_NAME), None):
        raise InputError(f"{where} has a name of {len(longest):,} characters: at most {MAX_NAME:,} are allowed")
    if all(map(is_plain_number, present)):
        return [name or None for name in names], joined
    if odd := min((name for name in present if name[0] == '"' and name.count('"') % 2), default=""):
        raise InputError(f"{where} has the name {format_name(odd)}: double quotes must enclose a whole cell")
    if listed := min((name for name in present if _LIST.fullmatch(name)), default=""):
        raise InputError(
            f"{where} has {format_name(listed)} for a name, which seems to be a list: give each tie a line"
        )
    names, notes = _cut_comments_in_names(names, present, options.comment, where)
    notes[:0] = joined
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
    handles = {name: name[1:] for name in present if name[0] == "@" and name[1:]}
    if not present.isdisjoint(handles.values()):
        names = [handles.get(name, name) if name else None for name in names]
        present = {name for code in used if (name := names[code])}
        notes.append(f"names such as {format_name(min(handles))} read as {format_name(handles[min(handles)])}")
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
    return names, (*notes, *describe_alike({name for code in used if (name := names[code])}))


def _describe_joined(pairs: list[tuple[str, str]]) -> tuple[str, ...]:
    """Return a note if names, each with what is read of it, are of one person although they are not the same."""
    spellings: dict[str, set[str]] = {}
    for raw, name in pairs:
        if not raw.isascii() or name in spellings:
            spellings.setdefault(name, set()).add(raw)
    plain = {raw for raw, _ in pairs} & spellings.keys()
    several = [name for name, raws in spellings.items() if name and len(raws | (plain & {name})) > 1]
    if not several:
        return ()
    told = f"names such as {format_name(min(several))} read as one person"
    return (f"{told}: they differ in signs that nobody sees (Unicode's forms, or of width zero)",)


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


def find_repeated_headers(table: TieTable) -> NDArray[np.bool_]:
    """Return which rows are the header once more, as in tables that were put one behind the other: bool [rows]."""
    if table.ends is None or not set(table.ends) <= set(table.names):
        return np.zeros(len(table.first), np.bool_)
    one, other = map(table.names.index, table.ends)
    return (table.first == one) & (table.second == other)


def list_used(table: TieTable, rows: NDArray[np.bool_] | slice = slice(None)) -> list[int]:
    """Return which places of `names` these rows use, ascending."""
    used = np.zeros(len(table.names), np.bool_)
    used[table.first[rows]] = used[table.second[rows]] = True
    return np.flatnonzero(used).tolist()
