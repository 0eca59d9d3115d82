"""Edge lists and stances from text files, read once in a process. Each error is one line with its cure."""

import gzip
import re
import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError
from sim.state.graph import Graph, from_edges

HEADERS = {("source", "target"), ("from", "to"), ("follower", "followee"), ("node", "stance")}  #: first lines skipped
_UNDIRECTED = re.compile(r"\bundirected\b", re.IGNORECASE)


class GraphData(NamedTuple):
    """The contents of an edge list or another given graph."""

    graph: Graph
    labels: tuple[str, ...]  #: [n] of the nodes; of an edge list ascending, as numbers if all are numbers, else as text
    notes: tuple[str, ...]  #: what was decided and what was ignored
    nodes: tuple[Mapping[str, object], ...] = ()  #: [n] attributes of the nodes, () for an edge list


class _EdgeTable(NamedTuple):
    first: list[str]
    second: list[str]
    comments: str  #: comment lines before the first row
    notes: tuple[str, ...]


def read_edge_list(path: str, direction: str) -> GraphData:
    """Read an edge list, plain or .gz; cached by path, time and size of the file.

    Args:
        path: the file; two columns (more are ignored), white space or commas between them, `#` comments.
        direction: "directed", "undirected" (each line counts both ways), or "auto": undirected where a comment
            above the first edge says so, else directed.

    Raises:
        InputError: the file is missing, unreadable or not text, or has fewer than two columns or no edge.
    """
    return _read_cached(path, *get_stamp(path, "graph.path"), direction)


def build_graph(
    first: NDArray[np.int32], second: NDArray[np.int32], n: int, undirected: bool, where: str
) -> tuple[Graph, tuple[str, ...]]:
    """Return the graph of n nodes in which first[e] follows second[e], and notes on what was ignored.

    Args:
        first, second: int32 [edges], in 0 .. n - 1.
        n: number of nodes.
        undirected: each edge counts in both directions.
        where: name of the graph in messages.

    Raises:
        InputError: no edge joins two different nodes.
    """
    loops = int(np.count_nonzero(first == second))
    ways = 2 if undirected else 1
    source, target = (
        (np.concatenate((first, second)), np.concatenate((second, first))) if undirected else (first, second)
    )
    graph = from_edges(source, target, n)
    if not len(graph.following):
        raise InputError(f"{where} is an empty graph: it needs at least one line with two different nodes")
    repeated = len(source) - loops * ways - len(graph.following)
    notes = ((loops, "self-loops"), (repeated, "repeated edges"))
    return graph, tuple(f"{number} {what} ignored" for number, what in notes if number)


def read_stances(path: str, labels: tuple[str, ...]) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Read the stance of each node: (float64 [n] in [-1, 1], notes).

    Args:
        path: a file of node and stance, in the format of an edge list.
        labels: the nodes; others in the file are ignored with a note.

    Raises:
        InputError: no file is named, a value is not a number in [-1, 1], or a node is missing or appears twice.
    """
    if not path:
        raise InputError("graph.stance=column needs a file of node and stance: set graph.stance_path=FILE")
    placed, notes = _read_stances(path, *get_stamp(path, "graph.stance_path"), labels)
    return placed.copy(), notes


def get_stamp(path: str, key: str) -> tuple[int, int, str]:
    """Return (time, size, key), the key of the cache of read files; `key` names the file in messages.

    Raises:
        InputError: there is no such file.
    """
    try:
        about = Path(path).stat()
    except OSError as problem:
        raise InputError(f"{key}={path} cannot be opened ({problem.strerror}): set {key}=FILE that exists") from None
    return about.st_mtime_ns, about.st_size, key


@lru_cache(maxsize=4)
def _read_cached(path: str, time: int, size: int, key: str, direction: str) -> GraphData:
    rows = _read_table(path, key)
    labels, node = _number_nodes(rows.first + rows.second)
    source, target = node[: len(rows.first)], node[len(rows.first) :]
    undirected, decision = _decide_direction(direction, rows.comments)
    graph, ignored = build_graph(source, target, len(labels), undirected, f"{key}={path}")
    return GraphData(graph, labels, (*rows.notes, decision, *ignored))


@lru_cache(maxsize=4)
def _read_stances(
    path: str, time: int, size: int, key: str, labels: tuple[str, ...]
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    rows = _read_table(path, key)
    given = dict(zip(rows.first, rows.second, strict=True))
    if len(given) < len(rows.first):
        twice = next(label for label in given if rows.first.count(label) > 1)
        raise InputError(f"{key}={path} names node {twice} twice: keep one line for each node")
    placed = check_stances([given.get(label) for label in labels], labels, f"{key}={path}")
    others = len(given) - len(labels)
    return placed, rows.notes + ((f"stances of {others} nodes outside the graph ignored",) if others else ())


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
        example = ", ".join(missing[:3])
        raise InputError(f"{where} has no stance for {len(missing)} of {len(labels)} nodes ({example}): add them")
    return np.array([_parse_stance(value, label, where) for value, label in zip(given, labels, strict=True)])


def _parse_stance(given: object, label: str, where: str) -> float:
    try:
        value = float(given)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        value = np.nan
    if not -1.0 <= value <= 1.0:
        raise InputError(f"{where}: stance {given} of node {label} must be a number in [-1, 1]: rescale it")
    return value


def _decide_direction(direction: str, comments: str) -> tuple[bool, str]:
    if direction != "auto":
        return direction == "undirected", f"read as {direction}, as asked"
    if _UNDIRECTED.search(comments):
        return True, "read as undirected, as its comment says: each line counts both ways"
    return False, "read as directed: the first node of a line follows the second (else set graph.edges=undirected)"


def _number_nodes(names: list[str]) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Return (distinct names in order, index of each name); the order is numeric if all names are plain numbers."""
    distinct = sorted(set(names))
    if all(map(_is_plain_number, distinct)):
        distinct.sort(key=int)
    place = {name: number for number, name in enumerate(distinct)}
    return tuple(distinct), np.fromiter(map(place.__getitem__, names), np.int32, len(names))


def _is_plain_number(name: str) -> bool:
    return name.isascii() and name.isdigit() and (name == "0" or name[0] != "0")


def _read_table(path: str, key: str) -> _EdgeTable:
    lines = read_text(path, key).splitlines()
    numbers = [at for at, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith("#")]
    if not numbers:
        raise InputError(f"{key}={path} holds no line of data: it needs one line for each edge or node")
    comma = "," in lines[numbers[0] - 1]
    pieces = [_split_line(lines[at - 1], comma) for at in numbers]
    for at, piece in zip(numbers, pieces, strict=True):
        if len(piece) < 2 or not piece[0] or not piece[1]:
            between = "a comma" if comma else "white space"
            raise InputError(f"{key}={path}, line {at}: two columns with {between} between them are needed")
    notes: tuple[str, ...] = ()
    if _is_header(pieces):
        notes += (f"line {numbers[0]} read as a header: {' '.join(pieces[0][:2])}",)
        del pieces[0]
    if any(len(piece) > 2 for piece in pieces):
        notes += ("columns after the second (weights) ignored",)
    comments = "\n".join(line for line in lines[: numbers[0] - 1])
    return _EdgeTable([piece[0] for piece in pieces], [piece[1] for piece in pieces], comments, notes)


def _split_line(line: str, comma: bool) -> list[str]:
    data = line.split("#", 1)[0]
    return [piece.strip() for piece in data.split(",", 2)] if comma else data.split(None, 2)


def _is_header(pieces: list[list[str]]) -> bool:
    return (pieces[0][0].lower(), pieces[0][1].lower()) in HEADERS


def read_content(path: str, key: str) -> bytes:
    """Return the contents of a file, decompressed if necessary; `key` names it in messages.

    Raises:
        InputError: it cannot be read, or its compression is damaged.
    """
    try:
        raw = Path(path).read_bytes()
        return gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    except OSError as problem:
        reason = problem.strerror or "a damaged .gz file"
        raise InputError(f"{key}={path} cannot be read ({reason}): give a readable text file, plain or .gz") from None
    except (EOFError, zlib.error):
        raise InputError(f"{key}={path} is a damaged .gz file: download or compress it again") from None


def read_text(path: str, key: str) -> str:
    """Return the text of a file, read by `read_content`.

    Raises:
        InputError: as `read_content`, and if it is not UTF-8 text.
    """
    raw = read_content(path, key)
    try:
        if b"\x00" in raw:
            raise UnicodeError
        return raw.decode("utf-8-sig")
    except UnicodeError:
        raise InputError(f"{key}={path} is not text: give plain UTF-8 text, or that as .gz") from None
