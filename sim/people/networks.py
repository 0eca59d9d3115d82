"""Who follows whom: the rules that lay a graph under a population, and place its stances on the nodes.

A rule is called as rule(size, stance, seed). Its result is a pure function of these and of its own fields.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError
from sim.noise import stream, stream_key
from sim.people import graph_files, wiring
from sim.rules import Rule, parameter, share
from sim.state.accounts import F64, I64
from sim.state.graph import Graph, assortativity, from_edges, mutual_edges, reciprocity

I32 = NDArray[np.int32]

_PLACES = stream("graph.places")
_POPULARITY = stream("graph.popularity")
_COUNTS = stream("graph.counts")
_FOLLOWEES = stream("graph.followees")
_RETURNS = stream("graph.returns")
_ATTACHMENT = stream("graph.attachment")
_LINE = stream("graph.line")
_WITHIN = stream("graph.within")


class Network(NamedTuple):
    """A graph with stances on its n nodes."""

    graph: Graph
    stance: F64  #: [n] towards the principal's line, [-1, 1]
    community: I32  #: [n] community of each node, 0 .. ; all 0 where a rule knows none
    notes: tuple[str, ...]  #: sentences for the report: measures, and what was ignored


@dataclass(frozen=True, kw_only=True)
class CommunityGraph(Rule):
    """Directed follow graph with popular accounts, communities, homophily and reciprocity.

    People are split into equal communities; a share `homophily` takes its place in the order of stance, the rest
    anywhere. Each follows a lognormal number of others, drawn by Pareto popularity, in the manner of Chung & Lu
    (2002), "Connected components in random graphs with given expected degree sequences", Annals of Combinatorics
    6, 125-145 (doi:10.1007/PL00012580); a share `mixing` of them outside the own community. One-way edges are then
    returned (or mutual ones made one-way) with the one probability that brings the graph to its `reciprocity`; so
    the popular, who have many to return, follow more than others. Where a community is exhausted, fewer are
    followed than wanted.
    """

    mean_following: float = parameter(40.0, unit="accounts", source="assumption", low=1.0, high=10_000.0)
    spread: float = parameter(0.8, unit="log-SD of accounts followed", source="assumption", low=0.0, high=2.0)
    tail: float = parameter(
        1.5, unit="exponent of P(popularity > x)", source="fitted to fact 7 (scripts/fit.py)", low=1.05, high=10.0
    )
    reciprocity: float = share(0.3, source="assumption")
    communities: int = parameter(8, unit="communities", source="assumption", low=1, high=100_000)
    mixing: float = share(0.2, source="assumption")
    homophily: float = share(0.7, source="assumption")

    def size(self, default: int) -> int:
        """Return the number of nodes this rule makes when asked for `default`."""
        return default

    def __call__(self, size: int, stance: F64, seed: int) -> Network:
        """Draw the network of `size` people with these stances, float64 [size]; they stay where they are."""
        order, community = self._communities(stance, seed)
        drawn = self._drawn(order, community, seed)
        graph = _with_reciprocity(drawn, self.reciprocity, _key(seed, _RETURNS))
        return Network(graph, stance, community, _measures(graph, stance))

    def _communities(self, stance: F64, seed: int) -> tuple[I64, I32]:
        """Return (nodes in order of community, community of each node)."""
        n = len(stance)
        keys = wiring.mixed_places(_key(seed, _PLACES), _inverse(np.argsort(stance, kind="stable")), self.homophily)
        order = np.argsort(keys, kind="stable")
        community = np.empty(n, np.int32)
        community[order] = np.arange(n) * min(self.communities, n) // n
        return order, community

    def _drawn(self, order: I64, community: I32, seed: int) -> Graph:
        n = len(order)
        mean = self.mean_following * (1.0 - self.reciprocity / 2.0)
        counts = wiring.lognormal_counts(_key(seed, _COUNTS), n, mean, self.spread)
        line = np.argsort(wiring.uniforms(_key(seed, _POPULARITY), n), kind="stable")
        weights = wiring.pareto_weights(line, self.tail)
        cumulative, guide = wiring.indexed(weights, order)
        start = np.searchsorted(community[order], np.arange(community.max() + 2))
        source, target = wiring.followees(
            _key(seed, _FOLLOWEES), counts, order, start, community, cumulative, guide, self.mixing
        )
        return from_edges(source, target, n)


@dataclass(frozen=True, kw_only=True)
class PreferentialAttachment(Rule):
    """Newcomers link to the well-connected: a heavy tail without communities, homophily or chosen reciprocity.

    Barabasi & Albert (1999), "Emergence of scaling in random networks", Science 286, 509-512
    (doi:10.1126/science.286.5439.509), in linear time as by Batagelj & Brandes (2005), "Efficient generation of
    large random networks", Physical Review E 71, 036113 (doi:10.1103/PhysRevE.71.036113). Growth starts from a
    star of links + 1 nodes. Stances stay as proposed.
    """

    links: int = parameter(12, unit="links of a newcomer", source="assumption", low=1, high=10_000)
    mutual: bool = parameter(True, unit="links are friendships; else the newcomer follows", source="the paper")

    def size(self, default: int) -> int:
        """Return the number of nodes this rule makes when asked for `default`."""
        return default

    def __call__(self, size: int, stance: F64, seed: int) -> Network:
        """Grow the network of `size` people with these stances, float64 [size].

        Raises:
            InputError: `links` is not below `size`.
        """
        if self.links >= size:
            cure = f"say graph.links={max(size - 1, 1)} or less, or a larger population.size"
            raise InputError(f"graph.links={self.links} needs a population above {self.links}, not {size}: {cure}")
        newcomer, earlier = wiring.attached(_key(seed, _ATTACHMENT), size, self.links)
        if self.mutual:
            newcomer, earlier = np.concatenate((newcomer, earlier)), np.concatenate((earlier, newcomer))
        graph = from_edges(newcomer, earlier, size)
        return Network(graph, stance, np.zeros(size, np.int32), _measures(graph, stance))


@dataclass(frozen=True, kw_only=True)
class EdgeListFile(Rule):
    """A graph from an edge list, plain or .gz: "source target" means that source follows (reads) target.

    Separators are white space or commas, `#` begins a comment, further columns (weights) are ignored with a note;
    labels are numbers or text. The population is as large as the file. Stances come

    - `column`: from `stance_path`, a file of node and stance in [-1, 1];
    - `communities`: the proposed ones, sorted and handed out along the graph's Louvain communities, which stand in
      a random line; a share `homophily` of nodes keeps its place in that line, the rest gets any;
    - `random`: the proposed ones as they come.
    """

    path: str = parameter("", unit="file", source="the user")
    edges: str = parameter("auto", unit="1", source="the user", choices=("auto", "directed", "undirected"))
    stance: str = parameter("communities", unit="1", source="the user", choices=("column", "communities", "random"))
    stance_path: str = parameter("", unit="file", source="the user")
    homophily: float = share(0.7, source="assumption")

    def size(self, default: int) -> int:
        """Return the number of nodes in the file, whatever the `default`.

        Raises:
            InputError: the file is not named, missing, unreadable, malformed or without an edge.
        """
        return len(self._read().labels)

    def __call__(self, size: int, stance: F64, seed: int) -> Network:
        """Place stances, proposed as float64 [size], on the file's graph; `size` is what `size()` returned.

        Raises:
            InputError: as `size()`, and for the file of stances.
            ValueError: `size` is not that of the file (a programmer's mistake).
        """
        found = self._read()
        if size != len(found.labels) or len(stance) != size:
            raise ValueError(f"{size} people and {len(stance)} stances for a file of {len(found.labels)} nodes")
        notes, community = found.notes, np.zeros(size, np.int32)
        if self.stance == "communities":
            community = graph_files.louvain(self.path, self.edges)
            stance = _along(community, stance, self.homophily, seed)
            notes += (f"stances follow {community.max() + 1} Louvain communities, homophily {self.homophily:g}",)
        elif self.stance == "column":
            stance, ignored = graph_files.stances(self.stance_path, found.labels)
            notes += ignored
        else:
            notes += ("stances are placed at random",)
        return Network(found.graph, stance, community, notes + _measures(found.graph, stance))

    def _read(self) -> graph_files.Reading:
        if not self.path:
            raise InputError("graph=file needs a file: say graph.path=FILE (an edge list, plain or .gz)")
        return graph_files.read(self.path, self.edges)


def _along(community: I32, stance: F64, homophily: float, seed: int) -> F64:
    """Hand out the sorted stances along the communities, which stand in a keyed line. Returns float64 [n]."""
    line = wiring.uniforms(_key(seed, _LINE), int(community.max()) + 1)
    within = wiring.uniforms(_key(seed, _WITHIN), len(community))
    place = _inverse(np.lexsort((within, line[community])))
    keys = wiring.mixed_places(_key(seed, _PLACES), place, homophily)
    placed = np.empty(len(stance))
    placed[np.argsort(keys, kind="stable")] = np.sort(stance)
    return placed


def _with_reciprocity(drawn: Graph, target: float, key: np.uint64) -> Graph:
    """Return edges, or make mutual pairs one-way, so that the expected share of reciprocated edges is `target`."""
    total, mutual = len(drawn.following), int(mutual_edges(*drawn))
    missing = target * total - mutual
    one_way = total - mutual
    added = missing / (one_way * (2.0 - target)) if missing > 0 else 0.0
    dropped = -missing / (0.5 * mutual * (2.0 - target)) if missing < 0 else 0.0
    source, target = wiring.reciprocated(key, *drawn, added, dropped)
    return from_edges(source, target, len(drawn.following_start) - 1)


def _measures(graph: Graph, stance: F64) -> tuple[str, ...]:
    return (
        f"{len(stance)} nodes, {len(graph.following)} edges, reciprocity {reciprocity(graph):.3f}, "
        f"stance assortativity {assortativity(graph, stance):.3f}",
    )


def _key(seed: int, name: np.uint64) -> np.uint64:
    return np.uint64(stream_key(seed, name, 0))


def _inverse(order: I64) -> I64:
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return place
