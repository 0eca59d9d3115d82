"""Textbook graphs: planted partition, small world, configuration model (the LFR benchmark is in `sim.people.lfr`).

The rules are called as in `sim.people.networks`; the time to draw a graph grows with its edges.
"""

from dataclasses import dataclass

import numpy as np

from sim.errors import InputError
from sim.people import degree_files, graph_kernels, stubs, wiring
from sim.people.networks import SocialNetwork, describe_network, make_friendships, place_stances
from sim.rng import make_key, stream
from sim.rules import Rule, parameter, share
from sim.state.accounts import F64
from sim.state.graph import Graph, from_edges

_TIES = stream("graph.ties")
_PAIRS = stream("graph.pairs")
_EXCHANGES = stream("graph.exchanges")


@dataclass(frozen=True, kw_only=True)
class PlantedPartition(Rule):
    """Equal blocks; one probability of ties within a block, another between blocks.

    The stochastic block model of Holland, Laskey & Leinhardt (1983), "Stochastic blockmodels: first steps", Social
    Networks 5, 109-137, with equal blocks, as the planted l-partition of Condon & Karp (2001), "Algorithms for graph
    partitioning on the planted partition model", Random Structures & Algorithms 18, 116-140. `mean_following` and
    `mixing`, the share of ties that leave the block, determine the two probabilities; they are at most 1, so people in
    very small blocks have fewer ties. Stances are assigned along the blocks.
    """

    mean_following: float = parameter(40.0, unit="accounts", source="as graph=community", low=0.0, high=10_000.0)
    communities: int = parameter(8, unit="blocks", source="as graph=community", low=1, high=100_000)
    mixing: float = share(0.2, source="as graph=community")
    homophily: float = share(0.7, source="as graph=community")
    mutual: bool = parameter(True, unit="ties are friendships; else each direction by itself", source="the papers")

    def size(self, default: int) -> int:
        """Return the number of nodes this rule makes when asked for `default`."""
        return default

    def __call__(self, size: int, stance: F64, seed: int) -> SocialNetwork:
        """Draw the network of `size` people; the stances, float64 [size], are moved between nodes."""
        number = min(self.communities, size)
        community = (np.arange(size) * number // size).astype(np.int32)
        inside, outside = self._compute_probabilities(size, number)
        graph = self._draw_graph(size, number, min(inside, 1.0), min(outside, 1.0), seed)
        placed = place_stances(community, stance, self.homophily, seed)
        notes: tuple[str, ...] = (f"{number} planted blocks, homophily {self.homophily:g}",)
        if max(inside, outside) > 1.0:
            notes += (f"blocks of about {size // number} people are too small for so many ties: all are made",)
        return SocialNetwork(graph, placed, community, notes + describe_network(graph, placed))

    def _compute_probabilities(self, size: int, number: int) -> tuple[float, float]:
        """Return the probabilities of a tie within a block and of one that leaves it, before they are cut at 1."""
        block = size / number
        leaving = self.mixing if number > 1 else 0.0
        leaving = leaving if block > 1.0 else 1.0
        inside = self.mean_following * (1.0 - leaving) / (block - 1.0) if block > 1.0 else 0.0
        outside = self.mean_following * leaving / (size - block) if number > 1 else 0.0
        return inside, outside

    def _draw_graph(self, size: int, number: int, inside: float, outside: float, seed: int) -> Graph:
        key, blocks = make_key(seed, _TIES), (size, number)
        none = np.empty(0, np.int32)
        number = graph_kernels.draw_planted_partition(key, blocks, inside, outside, self.mutual, none, none)
        source, target = np.empty(number, np.int32), np.empty(number, np.int32)
        graph_kernels.draw_planted_partition(key, blocks, inside, outside, self.mutual, source, target)
        return make_friendships(source, target, size) if self.mutual else from_edges(source, target, size)


@dataclass(frozen=True, kw_only=True)
class SmallWorld(Rule):
    """A ring of friends with some ties rewired at random: clustered, with short paths.

    Watts & Strogatz (1998), "Collective dynamics of 'small-world' networks", Nature 393, 440-442
    (doi:10.1038/30918). A rewired tie avoids friends on the ring and friends chosen before. Two people who choose each
    other get one tie, so a few ties are lost. Stances stay as proposed.
    """

    neighbours: int = parameter(10, unit="friends before rewiring, even", source="the paper", low=2, high=10_000)
    rewiring: float = share(0.1, source="assumption: clustered, with short paths")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.neighbours % 2:
            cure = f"set graph.neighbours={self.neighbours - 1} or {self.neighbours + 1}"
            raise InputError(f"graph.neighbours={self.neighbours} must be even, half on either side: {cure}")

    def size(self, default: int) -> int:
        """Return the number of nodes this rule makes when asked for `default`."""
        return default

    def __call__(self, size: int, stance: F64, seed: int) -> SocialNetwork:
        """Draw the network of `size` people with these stances, float64 [size].

        Raises:
            InputError: `neighbours` is not below `size`.
        """
        if self.neighbours >= size:
            cure = f"set graph.neighbours={max(2, (size - 1) // 2 * 2)} or a larger population.size"
            raise InputError(f"graph.neighbours={self.neighbours} needs more than {size} people: {cure}")
        reach = self.neighbours // 2
        source, target = np.empty(size * reach, np.int32), np.empty(size * reach, np.int32)
        graph_kernels.draw_small_world(make_key(seed, _TIES), size, reach, self.rewiring, source, target)
        graph = make_friendships(source, target, size)
        return SocialNetwork(graph, stance, np.zeros(size, np.int32), describe_network(graph, stance))


@dataclass(frozen=True, kw_only=True)
class ConfigurationModel(Rule):
    """Numbers of followers and followees from a file, connected at random.

    The file has one line for each person: followers and following, or one number of friends; white space or commas, `#`
    comments, plain or .gz. The population is as large as the file. Stubs are matched at random, as by Molloy & Reed
    (1995), "A critical point for random graphs with a given degree sequence", Random Structures & Algorithms 6,
    161-179 (doi:10.1002/rsa.3240060204), directed as by Newman, Strogatz & Watts (2001), "Random graphs with
    arbitrary degree distributions and their applications", Physical Review E 64, 026118
    (doi:10.1103/PhysRevE.64.026118). Self-loops and repeated edges then exchange ends with other edges, which keeps
    degrees; edges without a valid exchange are dropped, with a note. Stances stay as proposed.
    """

    path: str = parameter("", unit="file", source="the user")

    def size(self, default: int) -> int:
        """Return the number of people in the file, whatever the `default`.

        Raises:
            InputError: the file is not named, missing, malformed, or no graph has such degrees.
        """
        return len(self._read().following)

    def __call__(self, size: int, stance: F64, seed: int) -> SocialNetwork:
        """Draw the network with these stances, float64 [size]; `size` is what `size()` returned.

        Raises:
            InputError: as `size()`.
            ValueError: `size` is not that of the file (a programmer's mistake).
        """
        found = self._read()
        if size != len(found.following) or len(stance) != size:
            raise ValueError(f"{size} people and {len(stance)} stances for a file of {len(found.following)} people")
        graph, lost = self._match_stubs(found, seed)
        notes = found.notes
        if lost:
            notes += (f"{lost} ties dropped, which were self-loops or there already",)
        return SocialNetwork(graph, stance, np.zeros(size, np.int32), notes + describe_network(graph, stance))

    def _match_stubs(self, found: degree_files.Degrees, seed: int) -> tuple[Graph, int]:
        people = np.arange(len(found.following))
        if found.mutual:
            owner = np.repeat(people, found.following)
            ends = stubs.pair_stubs(make_key(seed, _PAIRS), owner, np.zeros_like(owner))
        else:
            source, target = np.repeat(people, found.following), np.repeat(people, found.followers)
            target = target[np.argsort(wiring.uniforms(make_key(seed, _PAIRS), len(target)), kind="stable")]
            ends = source, target, np.zeros_like(source)
        tangled = stubs.Multigraph(*ends, np.zeros_like(people), -1, found.mutual)
        source, target, lost = stubs.remove_conflicts(make_key(seed, _EXCHANGES), tangled)
        lay = make_friendships if found.mutual else from_edges
        return lay(source, target, len(people)), lost

    def _read(self) -> degree_files.Degrees:
        if not self.path:
            raise InputError("graph=configuration needs a file: set graph.path=FILE (degrees, one person in each line)")
        return degree_files.read_degrees(self.path)
