"""Edge lists and stances from files: read once a process, every mistake told in one line with its cure."""

import gzip
import re
import zlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError
from sim.state.graph import Graph, edges, from_edges

HEADERS = {("source", "target"), ("from", "to"), ("follower", "followee"), ("node", "stance")}  #: first lines skipped
_UNDIRECTED = re.compile(r"\bundirected\b", re.IGNORECASE)


class Reading(NamedTuple):
    """What an edge list holds."""

    graph: Graph
    labels: tuple[str, ...]  #: [n] labels of the nodes, ascending: as numbers where all are numbers, else as text
    notes: tuple[str, ...]  #: what was decided and what was ignored


class _Rows(NamedTuple):
    first: list[str]
    second: list[str]
    comments: str  #: comment lines before the first row
    notes: tuple[str, ...]


def read(path: str, direction: str) -> Reading:
    """Read an edge list, plain or .gz; cached by path, time and size of the file.

    Args:
        path: the file; two columns (more are ignored), white space or commas between them, `#` comments.
        direction: "directed", "undirected" (each line counts both ways), or "auto": undirected where a comment
            above the first edge says so, else directed.

    Raises:
        InputError: missing, unreadable, not text, fewer than two columns, or no edge.
    """
    return _reading(path, *_stamp(path, "graph.path"), direction)


def louvain(path: str, direction: str) -> NDArray[np.int32]:
    """Return the community of each node of an edge list, int32 [n], the largest community first; cached like `read`.

    Louvain's method on the undirected graph: Blondel, Guillaume, Lambiotte & Lefebvre (2008), "Fast unfolding of
    communities in large networks", doi:10.1088/1742-5468/2008/10/P10008, by networkx with a fixed seed, so that
    communities belong to the file and not to a run.
    """
    return _louvain(path, *_stamp(path, "graph.path"), direction).copy()


def stances(path: str, labels: tuple[str, ...]) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Read the stance of each node: (float64 [n] in [-1, 1], notes).

    Args:
        path: a file of node and stance, in the format of an edge list.
        labels: the nodes; others in the file are ignored with a note.

    Raises:
        InputError: no file named, a value that is no number in [-1, 1], a node missing or there twice.
    """
    if not path:
        raise InputError("graph.stance=column needs a file of node and stance: say graph.stance_path=FILE")
    placed, notes = _stances(path, *_stamp(path, "graph.stance_path"), labels)
    return placed.copy(), notes


def _stamp(path: str, key: str) -> tuple[int, int, str]:
    try:
        about = Path(path).stat()
    except OSError as problem:
        raise InputError(f"{key}={path} can not be opened ({problem.strerror}): say {key}=FILE that exists") from None
    return about.st_mtime_ns, about.st_size, key


@lru_cache(maxsize=4)
def _reading(path: str, time: int, size: int, key: str, direction: str) -> Reading:
    rows = _rows(path, key)
    labels, node = _numbered(rows.first + rows.second)
    source, target = node[: len(rows.first)], node[len(rows.first) :]
    undirected, decision = _direction(direction, rows.comments)
    if undirected:
        source, target = np.concatenate((source, target)), np.concatenate((target, source))
    graph = from_edges(source, target, len(labels))
    if not len(graph.following):
        raise InputError(f"{key}={path} is an empty graph: it needs at least one line with two different nodes")
    loops = int(np.count_nonzero(node[: len(rows.first)] == node[len(rows.first) :]))
    notes = (*rows.notes, decision)
    if loops:
        notes += (f"{loops} self-loops ignored",)
    repeated = len(source) - loops * (2 if undirected else 1) - len(graph.following)
    if repeated:
        notes += (f"{repeated} repeated edges ignored",)
    return Reading(graph, labels, notes)


@lru_cache(maxsize=4)
def _louvain(path: str, time: int, size: int, key: str, direction: str) -> NDArray[np.int32]:
    import networkx  # slow to import, and needed for this alone

    graph = _reading(path, time, size, key, direction).graph
    undirected = networkx.Graph()
    undirected.add_nodes_from(range(len(graph.following_start) - 1))
    undirected.add_edges_from(zip(*(ends.tolist() for ends in edges(graph)), strict=True))
    found = networkx.community.louvain_communities(undirected, seed=0)
    community = np.empty(len(undirected), np.int32)
    for number, members in enumerate(sorted(found, key=lambda members: (-len(members), min(members)))):
        community[list(members)] = number
    return community


@lru_cache(maxsize=4)
def _stances(
    path: str, time: int, size: int, key: str, labels: tuple[str, ...]
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    rows = _rows(path, key)
    given = dict(zip(rows.first, rows.second, strict=True))
    if len(given) < len(rows.first):
        twice = next(label for label in given if rows.first.count(label) > 1)
        raise InputError(f"{key}={path} names node {twice} twice: keep one line a node")
    missing = [label for label in labels if label not in given]
    if missing:
        example = ", ".join(missing[:3])
        raise InputError(f"{key}={path} has no stance for {len(missing)} of {len(labels)} nodes ({example}): add them")
    placed = np.array([_stance(given[label], label, f"{key}={path}") for label in labels])
    others = len(given) - len(labels)
    return placed, rows.notes + ((f"stances of {others} nodes outside the graph ignored",) if others else ())


def _stance(text: str, label: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not -1.0 <= value <= 1.0:
        raise InputError(f"{where}: stance {text} of node {label} must be a number in [-1, 1]: rescale it")
    return value


def _direction(direction: str, comments: str) -> tuple[bool, str]:
    if direction != "auto":
        return direction == "undirected", f"read as {direction}, as asked"
    if _UNDIRECTED.search(comments):
        return True, "read as undirected, as its comment says: each line counts both ways"
    return False, "read as directed: the first node of a line follows the second (else say graph.edges=undirected)"


def _numbered(names: list[str]) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Return (distinct names in order, place of each name): in order of number where all names are plain numbers."""
    distinct = sorted(set(names))
    if all(map(_plain_number, distinct)):
        distinct.sort(key=int)
    place = {name: number for number, name in enumerate(distinct)}
    return tuple(distinct), np.fromiter(map(place.__getitem__, names), np.int32, len(names))


def _plain_number(name: str) -> bool:
    return name.isascii() and name.isdigit() and (name == "0" or name[0] != "0")


def _rows(path: str, key: str) -> _Rows:
    lines = _text(path, key).splitlines()
    numbers = [at for at, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith("#")]
    if not numbers:
        raise InputError(f"{key}={path} holds no line of data: it needs one line for each edge or node")
    comma = "," in lines[numbers[0] - 1]
    pieces = [_pieces(lines[at - 1], comma) for at in numbers]
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
    return _Rows([piece[0] for piece in pieces], [piece[1] for piece in pieces], comments, notes)


def _pieces(line: str, comma: bool) -> list[str]:
    data = line.split("#", 1)[0]
    return [piece.strip() for piece in data.split(",", 2)] if comma else data.split(None, 2)


def _is_header(pieces: list[list[str]]) -> bool:
    return (pieces[0][0].lower(), pieces[0][1].lower()) in HEADERS


def _text(path: str, key: str) -> str:
    try:
        raw = Path(path).read_bytes()
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
    except OSError as problem:
        reason = problem.strerror or "a damaged .gz file"
        raise InputError(f"{key}={path} can not be read ({reason}): give a readable text file, plain or .gz") from None
    except (EOFError, zlib.error):
        raise InputError(f"{key}={path} is a damaged .gz file: fetch or compress it again") from None
    try:
        if b"\x00" in raw:
            raise UnicodeError
        return raw.decode("utf-8-sig")
    except UnicodeError:
        raise InputError(f"{key}={path} is not text: give an edge list as plain UTF-8 text or .gz") from None
