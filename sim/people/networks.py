"""Who follows whom: rules that draw the graph of a population and place stances on its nodes.

A rule is called as rule(size, stance, seed). Its result is a pure function of these and of its fields.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError
from sim.people import wiring
from sim.rng import lognormals, make_key, stream
from sim.rules import Rule, parameter, share
from sim.state.accounts import F64, I64
from sim.state.graph import Graph, assortativity, count_mutual_edges, from_edges, reciprocity

I32 = NDArray[np.int32]

_PLACES = stream("graph.places")
_POPULARITY = stream("graph.popularity")
_COUNTS = stream("graph.counts")
_FOLLOWEES = stream("graph.followees")
_RETURNS = stream("graph.returns")
_ATTACHMENT = stream("graph.attachment")
_LINE = stream("graph.line")
_WITHIN = stream("graph.within")
_FAME = stream("graph.fame")


class SocialNetwork(NamedTuple):
    """A graph with stances on its n nodes."""

    graph: Graph
    stance: F64  #: [n] towards the principal's line, [-1, 1]
    community: I32  #: [n] community of each node, 0 .. ; all 0 if the rule has none
    notes: tuple[str, ...]  #: sentences for the report: measures, and ignored data


@dataclass(frozen=True, kw_only=True)
class CommunityGraph(Rule):
    """Directed follow graph with popular accounts, communities, homophily and reciprocity.

    People are split into equal communities; a share `homophily` is placed in order of stance, the rest at random. Each
    person follows a lognormal number of others, a share `mixing` of them outside the community, drawn by popularity,
    Pareto times lognormal, as by Chung & Lu (2002), "Connected components in random graphs with given expected degree
    sequences", Annals of Combinatorics 6, 125-145 (doi:10.1007/PL00012580). Then one-way edges are returned (or mutual
    ones made one-way) with the probability that gives the graph its `reciprocity`; so popular people, who return many,
    follow more than others. In an exhausted community people follow fewer than wanted.

    Example:
        >>> import infowar_lab as lab
        >>> graph = lab.CommunityGraph(mean_following=10.0, communities=4)
        >>> world = lab.World(graph=graph, **{"population.size": 200})
        >>> len(world.agents[0].following) > 0
        True
    """

    mean_following: float = parameter(40.0, unit="accounts", source="assumption", low=1.0, high=10_000.0)
    spread: float = parameter(
        1.5,
        unit="log-SD of accounts followed",
        source="assumption: 90th percentile over median about 6, as of accounts in data",
        low=0.0,
        high=2.0,
    )
    tail: float = parameter(1.5, unit="exponent of P(popularity > x)", source="assumption", low=1.05, high=10.0)
    fame: float = parameter(
        2.5,
        unit="log-SD of popularity besides its tail",
        source="assumption: 90th percentile over median about 10, as of accounts in data; 0 = the tail alone",
        low=0.0,
        high=4.0,
    )
    reciprocity: float = share(0.3, source="fitted to fact 7 (scripts/fit.py)")
    communities: int = parameter(8, unit="communities", source="assumption", low=1, high=100_000)
    mixing: float = share(0.2, source="assumption")
    homophily: float = share(0.7, source="assumption")

    def size(self, default: int) -> int:
        """Return the number of nodes this rule makes when asked for `default`."""
        return default

    def __call__(self, size: int, stance: F64, seed: int) -> SocialNetwork:
        """Draw the network of `size` people with these stances, float64 [size]; they stay where they are."""
        order, community = self._assign_communities(stance, seed)
        drawn = self._draw_graph(order, community, seed)
        graph = _set_reciprocity(drawn, self.reciprocity, make_key(seed, _RETURNS))
        return SocialNetwork(graph, stance, community, describe_network(graph, stance))

    def _assign_communities(self, stance: F64, seed: int) -> tuple[I64, I32]:
        """Return (nodes in order of community, community of each node)."""
        n = len(stance)
        keys = wiring.mix_places(
            make_key(seed, _PLACES), _invert_order(np.argsort(stance, kind="stable")), self.homophily
        )
        order = np.argsort(keys, kind="stable")
        community = np.empty(n, np.int32)
        community[order] = np.arange(n) * min(self.communities, n) // n
        return order, community

    def _draw_graph(self, order: I64, community: I32, seed: int) -> Graph:
        n = len(order)
        mean = self.mean_following * (1.0 - self.reciprocity / 2.0)
        counts = wiring.lognormal_counts(make_key(seed, _COUNTS), n, mean, self.spread)
        line = np.argsort(wiring.uniforms(make_key(seed, _POPULARITY), n), kind="stable")
        weights = wiring.pareto_weights(line, self.tail)
        if self.fame:
            weights *= lognormals(1.0, self.fame, make_key(seed, _FAME), np.arange(n, dtype=np.uint64))
        cumulative, guide = wiring.build_index(weights, order)
        start = np.searchsorted(community[order], np.arange(community.max() + 2))
        source, target = wiring.draw_followees(
            make_key(seed, _FOLLOWEES), counts, order, start, community, cumulative, guide, self.mixing
        )
        return from_edges(source, target, n)


@dataclass(frozen=True, kw_only=True)
class PreferentialAttachment(Rule):
    """New nodes link to well-connected ones: a heavy tail without communities, homophily or chosen reciprocity.

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

    def __call__(self, size: int, stance: F64, seed: int) -> SocialNetwork:
        """Grow the network of `size` people with these stances, float64 [size].

        Raises:
            InputError: `links` is not below `size`.
        """
        if self.links >= size:
            cure = f"set graph.links={max(size - 1, 1)} or less, or a larger population.size"
            raise InputError(f"graph.links={self.links} needs a population above {self.links}, not {size}: {cure}")
        newcomer, earlier = wiring.grow_attachment(make_key(seed, _ATTACHMENT), size, self.links)
        graph = make_friendships(newcomer, earlier, size) if self.mutual else from_edges(newcomer, earlier, size)
        return SocialNetwork(graph, stance, np.zeros(size, np.int32), describe_network(graph, stance))


def make_friendships(source: NDArray[Any], target: NDArray[Any], n: int) -> Graph:
    """Return the graph of n nodes in which source[e] and target[e] follow one another."""
    return from_edges(np.concatenate((source, target)), np.concatenate((target, source)), n)


def place_stances(community: I32, stance: F64, homophily: float, seed: int) -> F64:
    """Assign the sorted stances along the communities, in a keyed order. Returns float64 [n].

    Args:
        community: int32 [n], 0 .. ; of each node.
        stance: float64 [n], in any order.
        homophily: share of nodes that keep their community's place in this order; the rest gets a random place.
        seed: of the world.
    """
    line = wiring.uniforms(make_key(seed, _LINE), int(community.max()) + 1)
    within = wiring.uniforms(make_key(seed, _WITHIN), len(community))
    place = _invert_order(np.lexsort((within, line[community])))
    keys = wiring.mix_places(make_key(seed, _PLACES), place, homophily)
    placed = np.empty(len(stance))
    placed[np.argsort(keys, kind="stable")] = np.sort(stance)
    return placed


def _set_reciprocity(drawn: Graph, target: float, key: np.uint64) -> Graph:
    """Return edges, or make mutual pairs one-way, so that the expected share of reciprocated edges is `target`."""
    total, mutual = len(drawn.following), int(count_mutual_edges(*drawn))
    missing = target * total - mutual
    one_way = total - mutual
    added = missing / (one_way * (2.0 - target)) if missing > 0 else 0.0
    dropped = -missing / (0.5 * mutual * (2.0 - target)) if missing < 0 else 0.0
    source, target = wiring.adjust_reciprocity(key, *drawn, added, dropped)
    return from_edges(source, target, len(drawn.following_start) - 1)


def describe_network(graph: Graph, stance: F64) -> tuple[str, ...]:
    """Return the last note of every network: nodes, edges, reciprocity and stance assortativity."""
    mutual, alike = (
        "undefined" if np.isnan(value) else f"{value:.3f}"
        for value in (reciprocity(graph), assortativity(graph, stance))
    )
    return (f"{len(stance)} nodes, {len(graph.following)} edges, reciprocity {mutual}, stance assortativity {alike}",)


def _invert_order(order: I64) -> I64:
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return place
