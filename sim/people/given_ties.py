"""The graph of ties that somebody gives, and how it is described in one sentence."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError
from sim.people.file_content import format_name
from sim.people.table_notes import count_words
from sim.state.graph import Graph, from_edges


class GraphData(NamedTuple):
    """The contents of a file or of another given graph."""

    graph: Graph
    labels: tuple[str, ...]  #: [n] of the nodes; of a table ascending, as numbers if all are numbers, else as text
    notes: tuple[str, ...]  #: what was decided and what was dropped; of a file, the first says how it was read
    nodes: tuple[Mapping[str, object], ...] = ()  #: [n] attributes of the nodes, () for a table


def build_graph(
    first: NDArray[np.int32], second: NDArray[np.int32], n: int, both_ways: bool | NDArray[np.bool_], where: str
) -> tuple[Graph, tuple[str, ...]]:
    """Return the graph of n nodes in which first[e] follows second[e], and what was dropped.

    Args:
        first, second: int32 [ties], in 0 .. n - 1.
        n: number of nodes.
        both_ways: whether second[e] follows first[e] too: of all ties, or bool [ties].
        where: name of the graph in messages.

    Raises:
        InputError: no tie joins two different nodes.
    """
    if isinstance(both_ways, bool):
        mutual = slice(None) if both_ways else slice(0)
        source, target = np.concatenate((first, second[mutual])), np.concatenate((second, first[mutual]))
    else:
        source = np.concatenate((first, second[both_ways]))
        target = np.concatenate((second, first[both_ways]))
    graph = from_edges(source, target, n)
    if not len(graph.following):
        raise InputError(f"{where} is an empty graph: it needs at least one line with two different nodes")
    loops = int(np.count_nonzero(first == second))
    repeated = len(first) - loops - _count_ties(graph, first, second, n, both_ways)
    told = [count_words(repeated, "repeated tie")] if repeated else []
    told += [f"{count_words(loops, 'tie')} to oneself"] if loops else []
    return graph, (f"{' and '.join(told)} dropped",) if told else ()


def describe_ties(graph: Graph, both_ways: bool | NDArray[np.bool_], name: str, told: Sequence[str]) -> str:
    """Return the sentence about a file that was read; `told`: how, in a few words each."""
    n = len(graph.following_start) - 1
    number = len(graph.following) // 2 if both_ways is True else len(graph.following)
    what = "tie" if isinstance(both_ways, bool) else "follow"
    people = "1 person" if n == 1 else f"{n:,} people"
    return f"read {people} and {count_words(number, what)} from {format_name(name, 60)}: {'; '.join(told)}"


def _count_ties(
    graph: Graph, first: NDArray[np.int32], second: NDArray[np.int32], n: int, both_ways: bool | NDArray[np.bool_]
) -> int:
    """Return the number of different ties that join two nodes."""
    if isinstance(both_ways, bool):
        return len(graph.following) // (2 if both_ways else 1)
    one, other = first.astype(np.int64), second.astype(np.int64)
    low, high = np.where(both_ways, np.minimum(one, other), one), np.where(both_ways, np.maximum(one, other), other)
    different = one != other
    return sum(len(np.unique((low * n + high)[different & group])) for group in (both_ways, ~both_ways))
