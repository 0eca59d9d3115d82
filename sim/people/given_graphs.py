"""Graphs from a file or a networkx object, as rules like those in `sim.people.networks`."""

from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property, lru_cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from sim.errors import InputError
from sim.people import graph_files, networkx_graphs
from sim.people.file_content import AUTO, MAX_SIZE, check_encoding, get_stamp
from sim.people.given_ties import GraphData
from sim.people.networks import I32, SocialNetwork, describe_network, place_stances
from sim.people.table_comments import COMMENTS
from sim.people.table_layout import SEPARATORS, TableOptions
from sim.rules import Rule, parameter, share
from sim.state.accounts import F64

if TYPE_CHECKING:
    import networkx


@dataclass(frozen=True, kw_only=True)
class GraphFile(Rule):
    """A graph from a file: a table of ties, or GraphML, GEXF, GML, Pajek, JSON, DIMACS or METIS; packed or not.

    A row of a table is a tie: who follows, and whom. Encoding, comments, separator, quotes, header and columns are
    found in the file; a note says what was decided. What cannot be decided is an error that names the key to say it
    with. A row with one name is a person without ties. Further columns and attributes of ties (weights) are not used.
    The population is as large as the file. Stances come from, by the value of `stance`:

    - `column`: the node attribute `column` of a file in a format of graphs, or `stance_path`, a table of nodes and
      stances; all in [-1, 1];
    - `communities`: the proposed stances, sorted and assigned along the graph's Louvain communities in random order; a
      share `homophily` of nodes keeps its place in this order, the rest gets a random place;
    - `random`: the proposed stances in random order.
    """

    fixed: ClassVar[bool] = True  #: the graph is the same for every seed

    path: str = parameter("", unit="file", source="the user")
    edges: str = parameter("auto", unit="1", source="the user", choices=("auto", "directed", "undirected"))
    stance: str = parameter("communities", unit="1", source="the user", choices=("column", "communities", "random"))
    stance_path: str = parameter("", unit="file", source="the user")
    column: str = parameter("stance", unit="node attribute", source="the user")
    homophily: float = share(0.7, source="assumption")
    columns: tuple[str | int, ...] = parameter((), unit="names or numbers", source="the user")
    separator: str = parameter("auto", unit="1", source="the user", choices=("auto", *SEPARATORS))
    comment: str = parameter("auto", unit="1", source="the user", choices=("auto", "none", *COMMENTS))
    header: str = parameter("auto", unit="1", source="the user", choices=("auto", "yes", "no"))
    missing: str = parameter("auto", unit="1", source="the user", choices=("auto", "drop", "keep"))
    encoding: str = parameter(AUTO, unit="name", source="the user")
    max_size: int = parameter(MAX_SIZE, unit="MB", source="memory: about 10 GB are needed", low=1, high=1_000_000)

    def __post_init__(self) -> None:
        """Take words as a configuration may have them.

        Raises:
            InputError: a value is of the wrong kind.
        """
        for name in ("path", "stance_path", "column"):
            given = getattr(self, name)
            if isinstance(given, bool) or not isinstance(given, str | int | PurePath):
                raise InputError(f"GraphFile.{name}={given!r} must be text")
            object.__setattr__(self, name, str(given))
        if isinstance(self.header, bool):  # as YAML reads yes and no
            object.__setattr__(self, "header", "yes" if self.header else "no")
        object.__setattr__(self, "columns", _check_columns(self.columns))
        object.__setattr__(self, "encoding", check_encoding(self.encoding, "GraphFile.encoding"))
        super().__post_init__()

    def size(self, default: int) -> int:
        """Return the number of nodes in the file, whatever the `default`.

        Raises:
            InputError: the file is not named, missing, unreadable, malformed or without an edge.
        """
        return len(self._read().labels)

    def __call__(self, size: int, stance: F64, seed: int) -> SocialNetwork:
        """Place stances, proposed as float64 [size], on the file's graph; `size` is what `size()` returned.

        Raises:
            InputError: as `size()`, and for the stances.
            ValueError: `size` is not that of the file (a programmer's mistake).
        """
        found = self._read()
        _check_size(found, size, stance)
        if self.stance == "column":
            return _place_column(found, *self._read_column(found))
        if self.stance == "communities":
            stamp = get_stamp(self.path, "graph.path")
            return _place_by_communities(
                found, _find_communities(self.path, *stamp, self.edges, self._options), stance, self.homophily, seed
            )
        return _place_randomly(found, stance)

    def _read(self) -> GraphData:
        return _read_graph(self.path, self.edges, self._options)

    @property
    def _options(self) -> TableOptions:
        return TableOptions(
            self.columns, self.separator, self.comment, self.header, self.missing, self.max_size, self.encoding
        )

    def _read_column(self, found: GraphData) -> tuple[F64, tuple[str, ...]]:
        if found.nodes and not self.stance_path:
            return _read_attribute(found, self.column, f"graph.path={self.path}")
        return graph_files.read_stances(self.stance_path, found.labels, self.column, self.encoding)


@dataclass(frozen=True)
class NetworkxGraph(Rule):
    """A networkx graph, copied when the rule is made: an edge from a to b means that a follows b.

    Edges of an undirected graph are follows in both directions; attributes of edges (weights) are not used, and a note
    says so. The population is as large as the graph; row i is its i-th node. Stances come as in `GraphFile`, where
    `column` is a node attribute; `auto` takes the attribute if a node has it, else communities.

    Raises:
        InputError: it is not a networkx graph, or has no edge.

    Example:
        >>> import infowar_lab as lab
        >>> import networkx as nx
        >>> friends = lab.NetworkxGraph(nx.karate_club_graph())
        >>> lab.World(graph=friends, **{"army.size": 5}).n_organic
        34
    """

    fixed: ClassVar[bool] = True  #: the graph is the same for every seed
    _data: ClassVar[GraphData]  #: of this rule; no field, so it takes no part in equality and hash

    graph: "networkx.Graph" = field(default=None, metadata={"unit": "networkx graph", "source": "the user"})
    _: KW_ONLY
    stance: str = parameter("auto", unit="1", source="the user", choices=("auto", "column", "communities", "random"))
    column: str = parameter("stance", unit="node attribute", source="the user")
    homophily: float = share(0.7, source="assumption")

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "_data", networkx_graphs.from_networkx(self.graph, where="NetworkxGraph.graph"))

    def size(self, default: int) -> int:
        """Return the number of nodes, whatever the `default`."""
        return len(self._data.labels)

    def __call__(self, size: int, stance: F64, seed: int) -> SocialNetwork:
        """Place stances, proposed as float64 [size], on the graph; `size` is what `size()` returned.

        Raises:
            InputError: a node has no stance, or a stance is not a number in [-1, 1].
            ValueError: `size` is not that of the graph (a programmer's mistake).
        """
        found = self._data
        _check_size(found, size, stance)
        there = any(self.column in attributes for attributes in found.nodes)
        if self.stance == "column" or (self.stance == "auto" and there):
            return _place_column(found, *_read_attribute(found, self.column, "NetworkxGraph.graph"))
        if self.stance == "random":
            return _place_randomly(found, stance)
        return _place_by_communities(found, self._community, stance, self.homophily, seed)

    @cached_property
    def _community(self) -> I32:
        return networkx_graphs.find_communities(self._data.graph)


def _check_columns(given: Any) -> tuple[str | int, ...]:
    """Return `columns` as a tuple.

    Raises:
        InputError: it is neither empty, nor "all", nor two names or numbers.
    """
    found = (given,) if given == "all" else tuple(given) if isinstance(given, list | tuple) else None
    kinds = found is not None and all(isinstance(one, str | int) and not isinstance(one, bool) for one in found)
    if not kinds or (found not in ((), ("all",)) and (len(found) != 2 or found[0] == found[1])):  # type: ignore[arg-type, index]
        raise InputError(
            f"GraphFile.columns={given!r} must be two names or numbers of columns, as in [from,to] or [1,2], or all"
        )
    return found  # type: ignore[return-value]


def _read_graph(path: str, direction: str, options: TableOptions) -> GraphData:
    if not path:
        raise InputError(
            "graph=file needs a file: set graph.path=FILE (a table of ties, GraphML, GEXF, GML, Pajek, JSON, DIMACS or "
            "METIS)"
        )
    return graph_files.read_graph_file(path, direction, options)


@lru_cache(maxsize=4)
def _find_communities(path: str, time: int, size: int, key: str, direction: str, options: TableOptions) -> I32:
    return networkx_graphs.find_communities(_read_graph(path, direction, options).graph)


def _check_size(found: GraphData, size: int, stance: F64) -> None:
    if size != len(found.labels) or len(stance) != size:
        raise ValueError(f"{size} people and {len(stance)} stances for a file of {len(found.labels)} nodes")


def _read_attribute(found: GraphData, name: str, where: str) -> tuple[F64, tuple[str, ...]]:
    stance = graph_files.check_stances([attributes.get(name) for attributes in found.nodes], found.labels, where)
    return stance, (f"stances are the node attribute {name}",)


def _place_column(found: GraphData, stance: F64, notes: tuple[str, ...]) -> SocialNetwork:
    community = np.zeros(len(stance), np.int32)
    return SocialNetwork(found.graph, stance, community, found.notes + notes + describe_network(found.graph, stance))


def _place_by_communities(found: GraphData, community: I32, stance: F64, homophily: float, seed: int) -> SocialNetwork:
    placed = place_stances(community, stance, homophily, seed)
    note = f"stances follow {community.max() + 1} Louvain communities, homophily {homophily:g}"
    return SocialNetwork(
        found.graph, placed, community.copy(), (*found.notes, note, *describe_network(found.graph, placed))
    )


def _place_randomly(found: GraphData, stance: F64) -> SocialNetwork:
    community = np.zeros(len(stance), np.int32)
    notes = (*found.notes, "stances are placed at random", *describe_network(found.graph, stance))
    return SocialNetwork(found.graph, stance, community, notes)
