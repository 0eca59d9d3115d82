"""The LFR benchmark: a rule as in `sim.people.networks`."""

import math
from dataclasses import dataclass

import numpy as np

from sim.errors import InputError
from sim.people import graph_kernels, stubs, wiring
from sim.people.networks import I32, SocialNetwork, describe_network, make_friendships, place_stances
from sim.rng import make_key, stream
from sim.rules import Rule, parameter, share
from sim.state.accounts import F64, I64
from sim.state.graph import Graph

_DEGREES = stream("graph.degrees")
_REST = stream("graph.rest")
_SIZES = stream("graph.sizes")
_MEMBERS = stream("graph.members")
_SHARES = stream("graph.shares")
_PAIRS = stream("graph.pairs")
_EXCHANGES = stream("graph.exchanges")

_LEAST = 0.01  #: least lower end of a power law of degrees


@dataclass(frozen=True, kw_only=True)
class LFR(Rule):
    """The LFR benchmark: power laws of degrees and community sizes; a share `mixing` of ties leaves the community.

    Lancichinetti, Fortunato & Radicchi (2008), "Benchmark graphs for testing community detection algorithms",
    Physical Review E 78, 046110 (doi:10.1103/PhysRevE.78.046110), in its undirected form: ties are friendships. Sizes
    are drawn until they hold everybody, then scaled to fit. People are put at random into communities that can hold
    their inner ties. Stubs are matched at random, inside and outside (`sim.people.stubs`). People with more inner ties
    than the community has other members get the rest outside. Stances are assigned along the communities.
    Defaults but for the mean are those of Lancichinetti & Fortunato (2009), "Community detection algorithms: a
    comparative analysis", Physical Review E 80, 056117 (doi:10.1103/PhysRevE.80.056117), for large communities.
    """

    mean_following: float = parameter(20.0, unit="friends", source="assumption", low=1.0, high=10_000.0)
    max_following: float = parameter(
        50.0, unit="friends", source="Lancichinetti & Fortunato 2009", low=1.0, high=100_000.0
    )
    degree_exponent: float = parameter(
        2.0, unit="exponent of the density of degrees", source="Lancichinetti & Fortunato 2009", low=0.0, high=10.0
    )
    min_community: int = parameter(20, unit="people", source="Lancichinetti & Fortunato 2009", low=2, high=10**7)
    max_community: int = parameter(100, unit="people", source="Lancichinetti & Fortunato 2009", low=2, high=10**7)
    community_exponent: float = parameter(
        1.0, unit="exponent of the density of sizes", source="Lancichinetti & Fortunato 2009", low=0.0, high=10.0
    )
    mixing: float = share(0.2, source="as graph=community")
    homophily: float = share(0.7, source="as graph=community")

    def __post_init__(self) -> None:
        super().__post_init__()
        for low, high in (("mean_following", "max_following"), ("min_community", "max_community")):
            if getattr(self, low) > getattr(self, high):
                given = f"graph.{low}={getattr(self, low):g} is above graph.{high}={getattr(self, high):g}"
                raise InputError(f"{given}: raise {high} or lower {low}")
        if _power_law_mean(_LEAST, self.max_following, self.degree_exponent) > self.mean_following:
            given = f"graph.mean_following={self.mean_following:g} with degree_exponent={self.degree_exponent:g}"
            raise InputError(f"{given} needs a smaller graph.max_following than {self.max_following:g}")

    def size(self, default: int) -> int:
        """Return the number of nodes this rule makes when asked for `default`."""
        return default

    def __call__(self, size: int, stance: F64, seed: int) -> SocialNetwork:
        """Draw the network of `size` people; the stances, float64 [size], are moved between nodes."""
        degree = self._draw_degrees(size, seed)
        sizes = self._draw_sizes(size, seed)
        staying = 1.0 - self.mixing if len(sizes) > 1 else 1.0
        inner = _round_randomly(staying * degree.astype(np.float64), make_key(seed, _SHARES))
        community = _assign_members(inner, sizes, seed)
        inner = _make_even(np.minimum(inner, sizes[community] - 1), community)
        graph, lost = self._match_stubs(inner, degree - inner, community, seed)
        placed = place_stances(community, stance, self.homophily, seed)
        notes: tuple[str, ...] = (f"{len(sizes)} LFR communities, homophily {self.homophily:g}; ties are mutual",)
        if lost:
            notes += (f"{lost} of {degree.sum() // 2} ties given up, for want of two who could be tied",)
        return SocialNetwork(graph, placed, community, notes + describe_network(graph, placed))

    def _draw_degrees(self, size: int, seed: int) -> I64:
        """Draw degrees, int64 [size] in 0 .. size - 1, of an even sum."""
        key = make_key(seed, _DEGREES)
        least = _find_low_end(self.mean_following, self.max_following, self.degree_exponent)
        drawn = _draw_power_law(wiring.uniforms(key, size), self.degree_exponent, least, self.max_following)
        degree = np.minimum(_round_randomly(drawn, make_key(seed, _REST)), size - 1)
        degree[np.argmax(degree)] -= degree.sum() % 2
        return degree

    def _draw_sizes(self, size: int, seed: int) -> I64:
        """Draw sizes of communities, int64 [communities], the largest first, of the sum `size`."""
        draws = wiring.uniforms(make_key(seed, _SIZES), size // self.min_community + 1)
        drawn = _draw_power_law(draws, self.community_exponent, self.min_community, self.max_community)
        ends = np.cumsum(drawn)
        ends = ends[: np.searchsorted(ends, size) + 1]
        cuts = np.rint(ends / ends[-1] * size).astype(np.int64)
        sizes = np.sort(np.diff(cuts, prepend=0))[::-1]
        return sizes[sizes > 0]

    def _match_stubs(self, inner: I64, outer: I64, community: I32, seed: int) -> tuple[Graph, int]:
        people, outside = np.arange(len(inner)), int(community.max()) + 1
        owner = np.concatenate((np.repeat(people, inner), np.repeat(people, outer)))
        group = np.concatenate((np.repeat(community, inner), np.full(outer.sum(), outside))).astype(np.int64)
        ends = stubs.pair_stubs(make_key(seed, _PAIRS), owner, group)
        tangled = stubs.Multigraph(*ends, community.astype(np.int64), outside if outside > 1 else -1, True)
        source, target, lost = stubs.remove_conflicts(make_key(seed, _EXCHANGES), tangled)
        return make_friendships(source, target, len(people)), lost


def _round_randomly(values: F64, key: np.uint64) -> I64:
    """Round each value up or down at random, so that its mean is kept. Returns int64 [n]."""
    return np.floor(values + wiring.uniforms(key, len(values))).astype(np.int64)


def _draw_power_law(draws: F64, exponent: float, low: float, high: float) -> F64:
    drawn = np.empty_like(draws)
    graph_kernels.power_law(draws, exponent, float(low), float(high), drawn)
    return drawn


def _power_law_mean(low: float, high: float, exponent: float) -> float:
    """Return the mean of the density x^-exponent on low .. high."""
    if low == high:
        return low
    first, second = (
        math.log(high / low) if abs(power) < 1e-9 else (high**power - low**power) / power
        for power in (2.0 - exponent, 1.0 - exponent)
    )
    return first / second


def _find_low_end(mean: float, high: float, exponent: float) -> float:
    """Return the lower end at which the power law up to `high` has this mean, by bisection."""
    low, up = _LEAST, high
    for _ in range(60):
        middle = 0.5 * (low + up)
        low, up = (middle, up) if _power_law_mean(middle, high, exponent) < mean else (low, middle)
    return up


def _assign_members(inner: I64, sizes: I64, seed: int) -> I32:
    """Put nodes at random into communities with more members than the node has inner ties. Returns int32 [n]."""
    order = np.argsort(-inner, kind="stable")
    large_enough = np.searchsorted(-sizes, -inner[order])
    eligible = np.concatenate(([0], np.cumsum(sizes)))[large_enough]
    community = np.empty(len(inner), np.int32)
    slots = np.repeat(np.arange(len(sizes)), sizes)
    graph_kernels.assign_members(make_key(seed, _MEMBERS), eligible, order, slots, community)
    return community


def _make_even(inner: I64, community: I32) -> I64:
    """Remove one inner tie in each community with an odd sum. Returns int64 [n]."""
    order = np.lexsort((inner, community))
    most = order[np.flatnonzero(np.diff(community[order], append=-1))]
    odd = np.bincount(community, inner).astype(np.int64) % 2 == 1
    evened = inner.copy()
    evened[most[odd]] -= 1
    return evened
