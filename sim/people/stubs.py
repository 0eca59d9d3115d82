"""Random matching of half-edges (stubs), for the configuration model and the LFR benchmark.

Draws are keyed by the number of a stub or edge, which the degrees decide, and by the ordinal of the attempt.
"""

from typing import NamedTuple

import numpy as np

from sim.kernels import kernel
from sim.people.wiring import uniforms
from sim.rng import U64, mix, uniform
from sim.state.accounts import I64

PASSES = 10  #: passes over all edges; edges in conflict after them are dropped
ATTEMPTS = 60  #: exchanges tried for an edge in each pass


class Multigraph(NamedTuple):
    """E edges in groups; some may be self-loops, repeated, or within a community that they must leave."""

    source: I64  #: [E]
    target: I64  #: [E]
    group: I64  #: [E] ascending; ends are exchanged within a group
    community: I64  #: [n] of each node; edges of the group `outside` must join two
    outside: int  #: that group, or -1
    mutual: bool  #: an edge is the same in both directions


def pair_stubs(key: np.uint64, owner: I64, group: I64) -> tuple[I64, I64, I64]:
    """Pair stubs within their groups at random: (one end, the other end, group), each int64 [stubs / 2].

    Args:
        key: of the stream.
        owner: int64 [stubs], node of each stub.
        group: int64 [stubs], group of each stub; an even number of stubs in every group.
    """
    order = np.lexsort((uniforms(key, len(owner)), group))
    return owner[order[::2]], owner[order[1::2]], group[order[::2]]


def remove_conflicts(key: np.uint64, tangled: Multigraph) -> tuple[I64, I64, int]:
    """Exchange ends between edges, which keeps all degrees, until no edge is in conflict; the rest is dropped.

    Returns:
        (source, target, number of dropped edges), int64.
    """
    graph = tangled._replace(source=tangled.source.copy(), target=tangled.target.copy())
    start = np.searchsorted(graph.group, np.arange(graph.group.max(initial=0) + 2))
    room = 1 << int(4 * len(graph.source) + 8).bit_length()
    codes, counts = np.full(room, -1), np.zeros(room, np.int32)
    _count(graph, codes, counts)
    for turn in range(PASSES):
        if not _exchange(U64(mix(key, U64(turn))), graph, start, codes, counts):
            break
    stays = np.zeros(len(graph.source), np.bool_)
    lost = _keep(graph, codes, counts, stays)
    return graph.source[stays], graph.target[stays], lost


@kernel
def _count(graph, codes, counts):
    """Count every edge in a table with room for more: codes int64 [2^k] of -1, counts int32 [2^k] of 0."""
    for edge in range(len(graph.source)):
        counts[_find_place(graph, graph.source[edge], graph.target[edge], codes)] += 1


@kernel
def _exchange(key, graph, start, codes, counts):
    """Let each edge in conflict exchange targets with a random edge of its group. Returns the number of conflicts."""
    found = 0
    for edge in range(len(graph.source)):
        one, other, group = graph.source[edge], graph.target[edge], graph.group[edge]
        count = counts[_find_place(graph, one, other, codes)]
        if count == 1 and _is_allowed(graph, group, one, other):
            continue
        found += 1
        here = mix(key, U64(edge))
        for attempt in range(ATTEMPTS):
            drawn = uniform(here, U64(attempt)) * (start[group + 1] - start[group])
            partner = start[group] + int(drawn)
            if graph.mutual and drawn - int(drawn) < 0.5:
                graph.source[partner], graph.target[partner] = graph.target[partner], graph.source[partner]
            third, fourth = graph.source[partner], graph.target[partner]
            if _fits(graph, group, one, fourth, codes, counts) and _fits(graph, group, third, other, codes, counts):
                counts[_find_place(graph, one, other, codes)] -= 1
                counts[_find_place(graph, third, fourth, codes)] -= 1
                counts[_find_place(graph, one, fourth, codes)] += 1
                counts[_find_place(graph, third, other, codes)] += 1
                graph.target[edge], graph.target[partner] = fourth, other
                break
    return found


@kernel
def _keep(graph, codes, counts, stays):
    """Mark the edges without conflict, and one of each repeated edge. Returns the number of the others."""
    lost = 0
    for edge in range(len(graph.source)):
        place = _find_place(graph, graph.source[edge], graph.target[edge], codes)
        stays[edge] = counts[place] == 1 and _is_allowed(
            graph, graph.group[edge], graph.source[edge], graph.target[edge]
        )
        counts[place] -= 1
        lost += not stays[edge]
    return lost


@kernel
def _fits(graph, group, one, other, codes, counts):
    return _is_allowed(graph, group, one, other) and counts[_find_place(graph, one, other, codes)] == 0


@kernel
def _is_allowed(graph, group, one, other):
    return one != other and (group != graph.outside or graph.community[one] != graph.community[other])


@kernel
def _find_place(graph, one, other, codes):
    """Return the place of an edge in the table of codes (open addressing); a new code is written."""
    low, high = (min(one, other), max(one, other)) if graph.mutual else (one, other)
    code = low * len(graph.community) + high
    place = np.int64(mix(U64(0), U64(code)) >> U64(1)) % len(codes)
    while codes[place] != -1 and codes[place] != code:
        place = (place + 1) % len(codes)
    codes[place] = code
    return place
