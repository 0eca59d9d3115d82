"""Graphs from and to networkx.

networkx is slow to import, so each function imports it when it is called.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.errors import InputError
from sim.people.given_ties import GraphData, build_graph
from sim.state.graph import Graph, list_edges

if TYPE_CHECKING:
    import networkx

BOTH_WAYS = "infowar-lab: both ways"  #: attribute of a tie while a file is read: "true" or "false"


def to_networkx(graph: Graph, **columns: ArrayLike) -> "networkx.DiGraph":
    """Return the graph as a `networkx.DiGraph`: nodes 0 .. n-1, an edge from follower to followee.

    Args:
        graph: of n accounts, such as `world.graph`.
        columns: node attributes by name, each [n], such as `stance=world.accounts.stance_principal`.

    Raises:
        ValueError: a column is not of n values (a programmer's mistake).
    """
    import networkx

    n = len(graph.following_start) - 1
    made = networkx.DiGraph()
    made.add_nodes_from(range(n))
    made.add_edges_from(zip(*(ends.tolist() for ends in list_edges(graph)), strict=True))
    for name, column in columns.items():
        values = np.asarray(column)
        if values.shape != (n,):
            raise ValueError(f"column {name} has shape {values.shape}, not ({n},)")
        networkx.set_node_attributes(made, dict(enumerate(values.tolist())), name)
    return made


def write_graphml(path: str | Path, graph: Graph, **columns: ArrayLike) -> None:
    """Write the graph as GraphML, with node attributes as in `to_networkx`; compressed if `path` ends in .gz.

    Raises:
        OSError: the file cannot be written.
        ValueError: as `to_networkx`.
    """
    import networkx

    networkx.write_graphml_xml(to_networkx(graph, **columns), path)


def from_networkx(graph: "networkx.Graph", direction: str = "auto", where: str = "the networkx graph") -> GraphData:
    """Return the contents of a networkx graph; row i is its i-th node.

    Args:
        graph: a Graph, DiGraph, MultiGraph or MultiDiGraph; its edge attributes are ignored with a note.
        direction: "directed" (the first end of a tie follows the second), "undirected" (each edge counts in both
            directions), or "auto": as the graph is.
        where: name of the graph in messages.

    Raises:
        InputError: it is not a networkx graph, or no edge joins two different nodes.
    """
    import networkx

    if not isinstance(graph, networkx.Graph):
        raise InputError(f"{where} is of type {type(graph).__name__}: a networkx graph is needed")
    ends = list_ends(graph)
    undirected = direction == "undirected" or (direction == "auto" and not graph.is_directed())
    laid_out, dropped = build_graph(ends[:, 0], ends[:, 1], len(graph), undirected, where)
    names = list_attributes(graph)
    return GraphData(
        laid_out,
        tuple(map(str, graph)),
        (
            _describe_direction(direction, undirected),
            *dropped,
            *((f"attributes of ties (weights) not used: {', '.join(names)}",) if names else ()),
        ),
        tuple(dict(attributes) for _, attributes in graph.nodes(data=True)),
    )


def list_ends(graph: "networkx.Graph") -> NDArray[np.int32]:
    """Return the ends of each edge as places of nodes, int32 [edges, 2]."""
    place = {node: number for number, node in enumerate(graph)}
    return np.array([(place[one], place[other]) for one, other in graph.edges()], np.int32).reshape(-1, 2)


def list_attributes(graph: "networkx.Graph") -> list[str]:
    """Return the names of the attributes of edges, without their ids."""
    return sorted({str(name) for *_, attributes in graph.edges(data=True) for name in attributes} - {"id", BOTH_WAYS})


def find_communities(graph: Graph) -> NDArray[np.int32]:
    """Return the community of each node, int32 [n], the largest community first.

    Louvain's method on the undirected graph: Blondel, Guillaume, Lambiotte & Lefebvre (2008), "Fast unfolding of
    communities in large networks", doi:10.1088/1742-5468/2008/10/P10008, with a fixed seed, so that communities
    belong to the graph and not to a run.
    """
    import networkx

    undirected = networkx.Graph()
    undirected.add_nodes_from(range(len(graph.following_start) - 1))
    undirected.add_edges_from(zip(*(ends.tolist() for ends in list_edges(graph)), strict=True))
    found = networkx.community.louvain_communities(undirected, seed=0)
    community = np.empty(len(undirected), np.int32)
    for number, members in enumerate(sorted(found, key=lambda members: (-len(members), min(members)))):
        community[list(members)] = number
    return community


def _describe_direction(direction: str, undirected: bool) -> str:
    if direction != "auto":
        return f"read as {direction}, as asked"
    if undirected:
        return "read as undirected, as the graph is: each tie counts both ways"
    return "read as directed, as the graph is: the first end of a tie follows the second"
