"""Networks of Truong et al. (2024): random-walk growth, bots who infiltrate, and shuffles that keep hubs or not.

An edge u -> v says that u follows v; messages travel from v to u. People are rows 0 .. N-1, bots the rows after them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.published import simsom_growth as kernels
from sim.errors import InputError
from sim.people.graph_files import read_edge_list
from sim.people.wiring import uniforms
from sim.rng import U64, make_key, mix, stream
from sim.rules import Rule, parameter, share
from sim.state.accounts import F64
from sim.state.graph import Graph, extend_graph, from_edges, list_edges

SOURCE = "Truong et al. 2024, public code"
TARGETINGS = ("random", "hubs")
SHUFFLES = ("none", "hubs kept", "hubs gone")
BOT_LINKS, BOT_COPIED = 3, 0.5  #: growth among bots

_GROWTH = stream("simsom_2024.growth")
_AMONG_BOTS = stream("simsom_2024.among_bots")
_HOW_MANY = stream("simsom_2024.how_many")
_WHO = stream("simsom_2024.who")
_SHUFFLE = stream("simsom_2024.shuffle")
_RETURN = stream("simsom_2024.return")


def grow_network(n: int, k: int, p: float, seed: int, kind: np.uint64 = _GROWTH) -> Graph:
    """Return the random-walk growth network of n nodes.

    The complete digraph on k nodes comes first. Each new node picks an earlier one at random and follows it, m of those
    that it follows, m ~ Binomial(k - 1, p), and k - 1 - m nodes drawn from all earlier ones, who may be among the
    former. Up to k + 1 nodes are the complete digraph.
    """
    if n <= k + 1:
        one, other = np.divmod(np.arange(n * n, dtype=np.int32), max(n, 1))
        return from_edges(one, other, n)
    source, target = np.empty((2, n * k), np.int32)
    made = kernels.grow(make_key(seed, kind), n, k, p, source, target)
    return from_edges(source[:made], target[:made], n)


@dataclass(frozen=True, kw_only=True)
class SimSomNetwork(Rule):
    """A network of people by growth, and the bots among them."""

    people: int = parameter(10_006, unit="people", source=SOURCE, low=2, high=10_000_000)
    links: int = parameter(184, unit="followees of a newcomer (k)", source="as many follows as in the paper", low=1)
    copied: float = share(0.5, source=SOURCE)
    returned: float = share(
        0.0, source="0: the authors' generator; else an assumption, so that the popular follow many"
    )
    beta: float = share(0.05, source=SOURCE)
    gamma: float = share(0.01, source=SOURCE)
    targeting: str = parameter("random", unit="1", source=SOURCE, choices=TARGETINGS)
    shuffle: str = parameter("none", unit="1", source="as the paper's, without communities", choices=SHUFFLES)

    @property
    def bots(self) -> int:
        """How many bots there are."""
        return int(self.beta * self.people) if self.gamma else 0

    def build_people_graph(self, seed: int) -> Graph:
        """Return who follows whom among people; a pure function of the parameters and `seed`."""
        graph = grow_network(self.people, self.links, self.copied, seed)
        if self.returned:
            graph = add_returned_follows(graph, self.returned, seed)
        return graph if self.shuffle == "none" else shuffle_follows(graph, self.shuffle, seed)

    def __call__(self, seed: int) -> Graph:
        """Return the whole network."""
        return self.add_bots(self.build_people_graph(seed), seed)

    def add_bots(self, graph: Graph, seed: int) -> Graph:
        """Return `graph` with the bots behind its people, each followed by Binomial(people, gamma) of them."""
        people = len(graph.following_start) - 1
        if not self.bots:
            return graph
        source, target = list_edges(grow_network(self.bots, BOT_LINKS, BOT_COPIED, seed, _AMONG_BOTS))
        weight = np.diff(graph.followers_start).astype(np.float64) if self.targeting == "hubs" else np.ones(people)
        sources, targets = [source + people], [target + people]
        for bot in range(self.bots):
            wanted = kernels.count_successes(make_key(seed, _HOW_MANY), bot, people, self.gamma, 0)
            chosen = draw_weighted(mix(make_key(seed, _WHO), U64(bot)), weight, wanted)
            sources.append(chosen.astype(np.int32))
            targets.append(np.full(len(chosen), people + bot, np.int32))
        return extend_graph(graph, np.concatenate(sources), np.concatenate(targets), people + self.bots)


def draw_weighted(key: np.uint64, weight: F64, wanted: int) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """Return `wanted` different rows, each next one with probability proportional to its weight (float64 [n]).

    By exponential races (Efraimidis & Spirakis 2006, doi:10.1016/j.ipl.2005.11.003): more draws hold fewer ones.
    """
    race = -np.log(uniforms(U64(key), len(weight))) / np.where(weight > 0.0, weight, np.nan)
    return np.argsort(race, kind="stable")[: min(wanted, int((weight > 0.0).sum()))]


def add_returned_follows(graph: Graph, returned: float, seed: int) -> Graph:
    """Return `graph` with each follow returned with probability `returned`: who has many followers follows many."""
    source, target = list_edges(graph)
    chosen = uniforms(make_key(seed, _RETURN), len(target)) < returned
    both = (np.concatenate([source, target[chosen]]), np.concatenate([target, source[chosen]]))
    return from_edges(*both, len(graph.following_start) - 1)


def shuffle_follows(graph: Graph, how: str, seed: int) -> Graph:
    """Return `graph` with everybody following as many as before, but others.

    "hubs kept": followees of all are pooled and dealt anew, so that popularity stays and clustering goes; "hubs gone":
    each is anybody. Self-loops and repeats that this makes are dropped.
    """
    people = len(graph.following_start) - 1
    source, target = list_edges(graph)
    draws = uniforms(make_key(seed, _SHUFFLE), len(target))
    if how == "hubs kept":
        return from_edges(source, target[np.argsort(draws, kind="stable")], people)
    return from_edges(source, (draws * people).astype(np.int32), people)


def read_network(path: str, bots: int) -> Graph:
    """Return the network in a file of "follower followee" lines, whose last `bots` nodes are bots.

    Raises:
        InputError: the file cannot be read, or there are as many bots as nodes.
    """
    graph = read_edge_list(path, "directed").graph
    nodes = len(graph.following_start) - 1
    if not 0 <= bots < nodes:
        raise InputError(f"graph.bots={bots} must leave people among the {nodes} nodes of graph.path={path}: say less")
    return graph
