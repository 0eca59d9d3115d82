"""Graphs from files: tables of ties, and the formats that networkx reads. Each error is one line with its cure.

A file is read once in a process. What was decided is said in a note, which is logged too (`sim.people.graph_files`).
"""

import logging
import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError
from sim.people import graph_formats
from sim.people.edge_tables import EdgeTable, read_edge_table, read_values
from sim.people.file_content import AUTO, format_name, get_stamp, read_content, recode
from sim.people.given_ties import GraphData, build_graph, describe_ties
from sim.people.numbered_graphs import NUMBERED
from sim.people.spellings import clean_name
from sim.people.table_layout import TableOptions
from sim.people.table_notes import count_words

LOGGER = logging.getLogger(__name__)
DEFAULT = TableOptions()
_UNDIRECTED = re.compile(r"\bundirected\b|^%+\s*(?:sym\b|MatrixMarket\b.*(?:symmetric|hermitian)\b)", re.I | re.M)
_DIRECTED = re.compile(r"^%+\s*(?:asym\b|MatrixMarket\b.*\bgeneral\b)", re.I | re.M)
_BIPARTITE = re.compile(r"^%+\s*bip\b", re.I | re.M)


def read_graph_file(path: str, direction: str, options: TableOptions = DEFAULT) -> GraphData:
    """Read a graph: a table of ties, or GraphML, GEXF, GML, Pajek, JSON, DIMACS or METIS; plain or compressed.

    The format is known by the first characters of the file, else by the ending of its name. Cached by path, time and
    size of the file.

    Args:
        path: the file.
        direction: "directed" (the first end of a tie follows the second), "undirected" (each tie counts both ways), or
            "auto": as the file says; a table that says nothing is directed.
        options: what the user says about a table.

    Raises:
        InputError: the file is missing, unreadable or of no such format, leaves open how to read it, or has no tie.
    """
    return _read_cached(path, *get_stamp(path, "graph.path"), direction, options)


def read_edge_list(path: str, direction: str) -> GraphData:
    """Read a graph as `read_graph_file` does, with nothing said about it.

    Raises:
        InputError: as `read_graph_file`.
    """
    return read_graph_file(path, direction)


def read_stances(
    path: str, labels: tuple[str, ...], column: str = "stance", encoding: str = AUTO
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Read the stance of each node: (float64 [n] in [-1, 1], notes).

    Args:
        path: a table of node and stance.
        labels: the nodes; others in the file are ignored with a note.
        column: the stances, if a header has it; else they are the second column.
        encoding: of the file.

    Raises:
        InputError: no file is named, a value is not a number in [-1, 1], or a node is missing or appears twice.
    """
    if not path:
        raise InputError("graph.stance=column needs a file of node and stance: set graph.stance_path=FILE")
    placed, notes = _read_stances(path, *get_stamp(path, "graph.stance_path"), labels, column, encoding)
    return placed.copy(), notes


def check_stances(given: Sequence[object], labels: Sequence[str], where: str) -> NDArray[np.float64]:
    """Return stances as float64 [n].

    Args:
        given: stance of each node; None if it has none.
        labels: of the nodes.
        where: name of their source in messages.

    Raises:
        InputError: a stance is missing or is not a number in [-1, 1].
    """
    missing = [label for label, value in zip(labels, given, strict=True) if value is None]
    if missing:
        example = ", ".join(map(format_name, missing[:3]))
        raise InputError(f"{where} has no stance for {len(missing)} of {len(labels)} nodes ({example}): add them")
    return np.array([_parse_stance(value, label, where) for value, label in zip(given, labels, strict=True)])


@lru_cache(maxsize=4)
def _read_cached(path: str, time: int, size: int, key: str, direction: str, options: TableOptions) -> GraphData:
    where = f"{key}={path}"
    content = read_content(path, key, options.max_size, options.encoding)
    kind = graph_formats.find_format(content)
    if kind in NUMBERED and (options.columns or options.header != "auto"):
        kind = ""  # the user says that it is a table
    if kind:
        found = graph_formats.read_graph(content, kind, direction, where)
    else:
        text, said = recode(content.raw, where)
        found = _read_table(text, content.name, direction, options, where)
        found = found._replace(notes=(*found.notes, *said))
    found = found._replace(notes=(*found.notes, *content.notes))
    for note in found.notes:
        LOGGER.info("%s", note)
    return found


def _read_table(text: bytes, name: str, direction: str, options: TableOptions, where: str) -> GraphData:
    table = read_edge_table(text, options, where)
    both_ways, decision = _decide_direction(direction, table, where)
    graph, dropped = build_graph(table.first, table.second, len(table.labels), both_ways, where)
    told = (*table.decided, decision, *dropped)
    return GraphData(graph, table.labels, (describe_ties(graph, both_ways, name, told), *table.notes))


def _decide_direction(direction: str, table: EdgeTable, where: str) -> tuple[bool | NDArray[np.bool_], str]:
    """Return (whether ties count both ways: of all, or bool [ties]; what was decided)."""
    if direction != "auto":
        return direction == "undirected", f"{direction}, as asked"
    if _BIPARTITE.search(table.comments):
        raise InputError(
            f"{where} has two kinds of nodes, as its comment says (bip): tie those of one kind by what they share"
        )
    if table.both_ways is not None and len(table.both_ways):
        if table.both_ways.all() or not table.both_ways.any():
            every = bool(table.both_ways.all())
            return every, ("undirected: each tie counts both ways" if every else "directed")
        return table.both_ways, f"{count_words(int(table.both_ways.sum()), 'tie')} both ways, the others one way"
    if _UNDIRECTED.search(table.comments) and not _DIRECTED.search(table.comments):
        return True, "undirected, as its comment says: each tie counts both ways"
    if _DIRECTED.search(table.comments):
        return False, "directed, as its comment says: who stands first follows"
    if table.named_ends:
        one, other = map(format_name, table.named_ends)
        return False, f"directed: {one} follows {other} (else set graph.edges=undirected)"
    return False, "directed: who stands first follows (else set graph.edges=undirected)"


@lru_cache(maxsize=4)
def _read_stances(
    path: str, time: int, size: int, key: str, labels: tuple[str, ...], column: str, encoding: str
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    where = f"{key}={path}"
    content = read_content(path, key, encoding=encoding)
    text, said = recode(content.raw, where)
    given, notes = read_values(text, column, where)
    wanted = list(map(clean_name, labels))
    for spelled in (r"(\d+)(?:\.0+)?", r"(?s)@?(.+)"):
        found = [re.fullmatch(spelled, name) for name in given]
        renamed = {one[1]: value for one, value in zip(found, given.values(), strict=True) if one}
        if len(renamed) == len(given) and not given.keys() >= set(wanted):
            given = renamed
    placed = check_stances([given.get(label) for label in wanted], labels, where)
    others = len(given.keys() - set(wanted))
    percent = next((value for value in given.values() if value.endswith("%")), "")
    if percent:
        notes += (f"stances in percent: {percent} is {_parse_stance(percent, '', where):g}",)
    ignored = (f"stances of {others} nodes outside the graph ignored",) if others else ()
    return placed, (*notes, *content.notes, *said, *ignored)


def _parse_stance(given: object, label: str, where: str) -> float:
    text = given.replace(",", ".").strip() if isinstance(given, str) else given
    try:
        share = isinstance(text, str) and text.endswith("%")
        value = float(text[:-1]) / 100 if share else float(text)  # type: ignore[arg-type, index]
    except (TypeError, ValueError):
        value = np.nan
    if not -1.0 <= value <= 1.0:
        told = f"stance {format_name(given)} of node {format_name(label)}"
        raise InputError(f"{where}: {told} must be a number in [-1, 1]: rescale it")
    return value
