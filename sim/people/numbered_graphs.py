"""Graphs whose people are numbers from 1: DIMACS, a tie in each line, and METIS, the neighbours of a person in each."""

import re
from typing import TYPE_CHECKING

from sim.errors import InputError
from sim.people.file_content import format_name, recode
from sim.people.networkx_graphs import BOTH_WAYS

if TYPE_CHECKING:
    import networkx

    Parsed = tuple[networkx.Graph, tuple[str, ...]]

NUMBERED = ("DIMACS", "METIS")
_PROBLEM = re.compile(r"(?:c(?:[ \t][^\n]*)?\r?\n|[ \t]*\r?\n)*p[ \t]+(\w+)[ \t]+(\d+)[ \t]+(\d+)[ \t]*(?:\r?\n|\Z)")
_SIZES = re.compile(rb"(?:%[^\n]*\n)*[ \t]*(\d{1,9})[ \t]+(\d{1,9})(?:[ \t]+[01]{1,3}(?:[ \t]+\d)?)?[ \t]*\r?\n")
_ENDS = {"e": 0, "a": 1}  #: lines of DIMACS that tie; whether one way


def find_numbered_format(raw: bytes, text: str) -> str:
    """Return DIMACS or METIS, "" for neither.

    Args:
        raw: the file.
        text: its beginning.
    """
    if _PROBLEM.match(text):
        return "DIMACS"
    sizes = _SIZES.match(raw)
    if sizes is None or int(sizes[1]) + 1 < raw.count(b"\n", sizes.end()):
        return ""
    try:
        _list_neighbours(raw, "")
    except (InputError, ValueError):
        return ""
    return "METIS"


def read_dimacs(raw: bytes, where: str) -> "Parsed":
    """Return the graph of a DIMACS file: `p KIND PEOPLE TIES`, then `e 1 2` (both ways) or `a 1 2 LENGTH` (one way).

    Raises:
        InputError: the numbers in its first line are not those of the file.
        ValueError: a line is of no such kind.
    """
    text, said = recode(raw, where)
    head = _PROBLEM.match(text.decode())
    if head is None:
        raise ValueError("it has no line p KIND PEOPLE TIES")
    people, ties = int(head[2]), int(head[3])
    if people > 10 * (len(text) + 1000):
        raise InputError(f"{where} says {people:,} people and holds {len(text):,} bytes: correct the number")
    found: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    for line in text.decode()[head.end() :].splitlines():
        words = line.split()
        if not words or words[0] in ("c", "n"):
            continue
        if words[0] not in _ENDS or len(words) < 3:
            raise ValueError(f"no tie in the line {format_name(line)}")
        found[_ENDS[words[0]]].append((int(words[1]), int(words[2])))
    number = len(found[0]) + len(found[1])
    if number not in (ties, 2 * ties):
        raise InputError(f"{where} says {ties:,} ties and holds {number:,}: it is damaged, or correct the number")
    return _build(people, found[0], found[1], where), said


def read_metis(raw: bytes, where: str) -> "Parsed":
    """Return the graph of a METIS file: `PEOPLE TIES [FORMAT]`, then a line for each person with its neighbours.

    Raises:
        InputError: the numbers in its first line are not those of the file, or a tie stands in one of its lines alone.
        ValueError: a cell is no number.
    """
    neighbours = _list_neighbours(raw, where)
    pairs = [(at, one) for at, row in enumerate(neighbours, 1) for one in row if one > at]
    return _build(len(neighbours), pairs, [], where), ("a line holds the neighbours of the person of its number",)


def _list_neighbours(raw: bytes, where: str) -> list[list[int]]:
    lines = [line for line in raw.decode().splitlines() if not line.startswith("%")]
    sizes = [int(word) for word in lines[0].split()] if lines else []
    if len(sizes) < 2:
        raise ValueError("it has no line PEOPLE TIES")
    people, ties = sizes[:2]
    weights = f"{sizes[2] if len(sizes) > 2 else 0:03}"
    skipped = (weights[0] == "1") + (weights[1] == "1") * (sizes[3] if len(sizes) > 3 else 1)
    step = 2 if weights[2] == "1" else 1
    rows = [[int(word) for word in line.split()][skipped::step] for line in lines[1:]]
    while len(rows) > people and not rows[-1]:
        rows.pop()
    number = sum(map(len, rows))
    if not people / 2 <= len(rows) <= people or number != 2 * ties:
        raise InputError(
            f"{where} says {people:,} people and {ties:,} ties, and holds {len(rows):,} lines and {number:,} "
            "neighbours, not two for a tie: it is damaged"
        )
    pairs = {(at, one) for at, row in enumerate(rows, 1) for one in row}
    if odd := min((pair for pair in pairs if pair[0] == pair[1] or pair[::-1] not in pairs), default=None):
        raise InputError(f"{where} has {odd[1]} in line {odd[0]} and not {odd[0]} in line {odd[1]}: it is damaged")
    return rows + [[] for _ in range(people - len(rows))]  # an editor may have cut empty lines


def _build(people: int, both: list[tuple[int, int]], one_way: list[tuple[int, int]], where: str) -> "networkx.Graph":
    import networkx

    if above := max((end for tie in (*both, *one_way) for end in tie if not 1 <= end <= people), default=0):
        raise InputError(f"{where} ties {above}, and says that there are {people:,} people: correct the number")
    graph = networkx.MultiDiGraph()
    graph.add_nodes_from(map(str, range(1, people + 1)))
    for ties, mark in ((both, "true"), (one_way, "false")):
        graph.add_edges_from((str(one), str(other), {BOTH_WAYS: mark}) for one, other in ties)
    return graph
